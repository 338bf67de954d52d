// Package statemachine runs the application in the process of a benchmark, as a node with the devnet's settings does, on a
// database on disk, but makes blocks when it is told to and at the times it is told: no network, no consensus, no waiting.
// What it takes is the state machine's alone.
//
// Transactions are signed and pass the real ante handler, once when they are checked and once in their block, as in a node.
package statemachine

import (
	"errors"
	"fmt"
	"os"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
)

const (
	// ChainID of chains of benchmarks.
	ChainID = "ain-bench-1"

	// iavlCache is the SDK's default for nodes, in nodes of the tree.
	iavlCache = 781_250
	// power of the validator, in uain: half of its coins.
	power = 1_000_000_000_000
)

// Chain is an application with one validator.
type Chain struct {
	App *app.App
	// Time of the last block.
	Time time.Time
	// BlockTime passes between two blocks.
	BlockTime time.Duration

	folder   string
	proposer []byte
	numbers  map[string]uint64 // of accounts that have signed
	nonce    time.Duration
	ended    int // requests whose end nobody has asked about
}

// Config says what chain to open.
type Config struct {
	// Accounts that have coins from the first block on, each so many uain.
	Accounts []client.Key
	Coins    int64
	// Genesis changes what the modules start with; nil: nothing.
	Genesis func(*app.GenesisBuilder)
}

// Open starts a chain in a temporary folder and makes its first block.
func Open(config Config) (*Chain, error) {
	folder, err := os.MkdirTemp("", "ain-bench-")
	if err != nil {
		return nil, err
	}
	c := &Chain{
		Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), BlockTime: 100 * time.Millisecond,
		folder: folder, numbers: map[string]uint64{},
	}
	if err := c.begin(config); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Chain) begin(config Config) error {
	db, err := dbm.NewDB("application", dbm.PebbleDBBackend, c.folder)
	if err != nil {
		return err
	}
	app.TradeMemoryForPace() // as a node does
	c.App, err = app.New(log.NewNopLogger(), db, noOptions{}, app.WithBaseApp(
		baseapp.SetChainID(ChainID), baseapp.SetIAVLCacheSize(iavlCache),
		baseapp.SetPruning(pruningtypes.NewCustomPruningOptions(1000, 100)),
	))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	builder := app.NewGenesisBuilder(c.App, ChainID, c.Time)
	validator, consensus := client.GenerateKey(), ed25519.GenPrivKey().PubKey()
	c.proposer = consensus.Address()
	if err := builder.Fund(validator.Address(), chain.Coin(2*power)); err != nil {
		return err
	}
	for _, key := range config.Accounts {
		if err := builder.Fund(key.Address(), chain.Coin(config.Coins)); err != nil {
			return err
		}
	}
	if err := builder.AddValidator("validator", validator, consensus, chain.Coin(power)); err != nil {
		return err
	}
	app.EditGenesis(builder, bandwidthtypes.ModuleName, func(state *bandwidthtypes.GenesisState) {
		state.Params = bandwidthtypes.OpenParams() // how fast is measured, not how much
	})
	if config.Genesis != nil {
		config.Genesis(builder)
	}
	genesis, err := builder.Build()
	if err != nil {
		return err
	}
	doc, err := genesis.ToGenesisDoc()
	if err != nil {
		return err
	}
	validators := make([]*cmttypes.Validator, 0, len(doc.Validators))
	for _, v := range doc.Validators {
		validators = append(validators, cmttypes.NewValidator(v.PubKey, v.Power))
	}
	params := doc.ConsensusParams.ToProto()
	if _, err = c.App.InitChain(&abci.RequestInitChain{
		Time: doc.GenesisTime, ChainId: ChainID, ConsensusParams: &params, AppStateBytes: doc.AppState, InitialHeight: 1,
		Validators: cmttypes.TM2PB.ValidatorUpdates(cmttypes.NewValidatorSet(validators)),
	}); err != nil {
		return err
	}
	_, err = c.Block()
	return err
}

// noOptions is a node without flags and files.
type noOptions struct{}

func (noOptions) Get(string) any { return nil }

// Close deletes the chain.
func (c *Chain) Close() error {
	var err error
	if c.App != nil {
		err = c.App.Close()
	}
	return errors.Join(err, os.RemoveAll(c.folder))
}

// Context reads the state after the last block; what is written to it is lost.
func (c *Chain) Context() sdk.Context {
	header := cmtproto.Header{ChainID: ChainID, Height: c.App.LastBlockHeight(), Time: c.Time}
	ctx, _ := sdk.NewContext(c.App.CommitMultiStore(), header, true, c.App.Logger()).CacheContext()
	return ctx
}

// Plant changes the state past every rule, and makes a block of it: for a past that would take long to live through.
func (c *Chain) Plant(change func(sdk.Context) error) error {
	header := cmtproto.Header{ChainID: ChainID, Height: c.App.LastBlockHeight() + 1, Time: c.Time}
	if err := change(c.App.NewNextBlockContext(header)); err != nil {
		return err
	}
	_, err := c.Block()
	return err
}

// Block is what one block took.
type Block struct {
	Results []*abci.ExecTxResult
	Events  []abci.Event // of the block itself, not of its transactions
	// Finalize executes the block and computes the hash of the state, Commit writes it to disk.
	Finalize, Commit time.Duration
}

// Block makes a block of transactions, BlockTime after the last one.
func (c *Chain) Block(txs ...[]byte) (Block, error) {
	c.Time = c.Time.Add(c.BlockTime)
	request := &abci.RequestFinalizeBlock{Txs: txs, Height: c.App.LastBlockHeight() + 1, Time: c.Time, ProposerAddress: c.proposer}
	if request.Height > 1 {
		request.DecidedLastCommit = abci.CommitInfo{Votes: []abci.VoteInfo{{
			Validator: abci.Validator{Address: c.proposer, Power: power / 1_000_000}, BlockIdFlag: cmtproto.BlockIDFlagCommit,
		}}}
	}
	began := time.Now()
	response, err := c.App.FinalizeBlock(request)
	if err != nil {
		return Block{}, fmt.Errorf("block %d: %w", request.Height, err)
	}
	b := Block{Results: response.TxResults, Events: response.Events, Finalize: time.Since(began)}
	c.ended += b.Ended()
	began = time.Now()
	_, err = c.App.Commit()
	b.Commit = time.Since(began)
	return b, err
}
