// Package apptest runs the whole application in a test, without a network: transactions pass the real ante handler and
// the real blocks, time is the test's own, and every invariant is checked after each block.
package apptest

import (
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/chain"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
)

// ChainID of chains in tests.
const ChainID = "ain-test-1"

// genesisTime is fixed, so that a run is the same every time.
var genesisTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Config says what chain to run.
type Config struct {
	// Accounts by name, with their coins in uain. A validator is added.
	Accounts map[string]int64
	// Genesis changes what the modules start with. Everybody has all the room that it can use, unless this says otherwise.
	Genesis func(*app.GenesisBuilder)
	// BlockTime passes between two blocks. 0: one second.
	BlockTime time.Duration
	// Node makes the application that the chain runs on; nil: one over a database in memory.
	Node func() (*app.App, error)
}

// Account is a key with its address.
type Account struct {
	Name    string
	Key     cryptotypes.PrivKey
	Address sdk.AccAddress
}

// NewAccount makes the account that the name always has.
func NewAccount(name string) Account {
	key := secp256k1.GenPrivKeyFromSecret([]byte(name))
	return Account{Name: name, Key: key, Address: sdk.AccAddress(key.PubKey().Address())}
}

// String is the address.
func (a Account) String() string { return a.Address.String() }

// Chain is an application with one validator that makes a block when it is told to.
type Chain struct {
	App *app.App
	// Time of the last block.
	Time time.Time
	// BlockTime passes between two blocks.
	BlockTime time.Duration

	t         testing.TB
	first     int64
	proposer  []byte
	validator Account
	nonce     time.Duration
}

// New starts a chain and makes its first block.
func New(t testing.TB, config Config) *Chain {
	t.Helper()
	builder := app.NewGenesisBuilder(newApp(t), ChainID, genesisTime)
	validator := NewAccount("validator")
	fund := func(account Account, amount int64) {
		require.NoError(t, builder.Fund(account.Address, chain.Coin(amount)))
	}
	fund(validator, 2_000_000_000_000)
	for _, name := range sortedNames(config.Accounts) {
		fund(NewAccount(name), config.Accounts[name])
	}
	consensus := ed25519.GenPrivKeyFromSecret([]byte("validator")).PubKey()
	require.NoError(t, builder.AddValidator("validator", validator.Key, consensus, chain.Coin(1_000_000_000_000)))
	app.EditGenesis(builder, bandwidthtypes.ModuleName, func(state *bandwidthtypes.GenesisState) {
		state.Params = bandwidthtypes.OpenParams()
	})
	if config.Genesis != nil {
		config.Genesis(builder)
	}
	doc, err := builder.Build()
	require.NoError(t, err)

	node := newApp(t)
	if config.Node != nil {
		node, err = config.Node()
		require.NoError(t, err)
	}
	c := start(t, doc, node)
	if config.BlockTime != 0 {
		c.BlockTime = config.BlockTime
	}
	c.Block()
	return c
}

// FromGenesis starts a chain from a genesis file and makes no block yet.
func FromGenesis(t testing.TB, doc *genutiltypes.AppGenesis) *Chain {
	t.Helper()
	return start(t, doc, newApp(t))
}

func start(t testing.TB, doc *genutiltypes.AppGenesis, node *app.App) *Chain {
	t.Helper()
	c := &Chain{
		App:       node,
		Time:      doc.GenesisTime,
		BlockTime: time.Second,
		t:         t,
		first:     doc.InitialHeight,
		proposer:  ed25519.GenPrivKeyFromSecret([]byte("validator")).PubKey().Address(),
		validator: NewAccount("validator"),
	}
	comet, err := doc.ToGenesisDoc()
	require.NoError(t, err)
	params := comet.ConsensusParams.ToProto()
	_, err = c.App.InitChain(&abci.RequestInitChain{
		Time:            comet.GenesisTime,
		ChainId:         comet.ChainID,
		ConsensusParams: &params,
		Validators:      updates(comet.Validators),
		AppStateBytes:   comet.AppState,
		InitialHeight:   comet.InitialHeight,
	})
	require.NoError(t, err)
	return c
}

// newApp is an application without a past.
func newApp(t testing.TB) *app.App {
	t.Helper()
	made, err := app.New(log.NewNopLogger(), dbm.NewMemDB(), noOptions{},
		app.WithInvariantCheck(), app.WithBaseApp(baseapp.SetChainID(ChainID)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, made.Close()) })
	return made
}

// noOptions is a node without flags and files.
type noOptions struct{}

func (noOptions) Get(string) any { return nil }

// updates are the validators of a genesis file as CometBFT tells them to the application.
func updates(validators []cmttypes.GenesisValidator) []abci.ValidatorUpdate {
	all := make([]*cmttypes.Validator, 0, len(validators))
	for _, v := range validators {
		all = append(all, cmttypes.NewValidator(v.PubKey, v.Power))
	}
	return cmttypes.TM2PB.ValidatorUpdates(cmttypes.NewValidatorSet(all))
}

// Validator is the account of the one validator.
func (c *Chain) Validator() Account { return c.validator }

// Context reads the state after the last block; what is written to it is lost.
func (c *Chain) Context() sdk.Context {
	header := cmtproto.Header{ChainID: ChainID, Height: c.App.LastBlockHeight(), Time: c.Time}
	ctx, _ := sdk.NewContext(c.App.CommitMultiStore(), header, true, c.App.Logger()).CacheContext()
	return ctx
}

// Tamper changes the state behind the back of every rule, as part of the next block.
func (c *Chain) Tamper(change func(sdk.Context) error) {
	c.t.Helper()
	header := cmtproto.Header{ChainID: ChainID, Height: c.nextHeight(), Time: c.Time}
	require.NoError(c.t, change(c.App.NewNextBlockContext(header)))
}

// Block makes a block of transactions, BlockTime after the last one, and commits it.
func (c *Chain) Block(txs ...[]byte) *abci.ResponseFinalizeBlock {
	c.t.Helper()
	c.Time = c.Time.Add(c.BlockTime)
	response, err := c.App.FinalizeBlock(&abci.RequestFinalizeBlock{
		Txs:               txs,
		Height:            c.nextHeight(),
		Time:              c.Time,
		ProposerAddress:   c.proposer,
		DecidedLastCommit: c.lastCommit(),
	})
	require.NoError(c.t, err)
	_, err = c.App.Commit()
	require.NoError(c.t, err)
	return response
}

// nextHeight is one after the last block; the first block's height is the genesis file's.
func (c *Chain) nextHeight() int64 {
	if height := c.App.LastBlockHeight(); height > 0 {
		return height + 1
	}
	return c.first
}

// lastCommit says that the validator signed the last block.
func (c *Chain) lastCommit() abci.CommitInfo {
	if c.App.LastBlockHeight() == 0 {
		return abci.CommitInfo{}
	}
	return abci.CommitInfo{Votes: []abci.VoteInfo{{
		Validator:   abci.Validator{Address: c.proposer, Power: 1_000_000},
		BlockIdFlag: cmtproto.BlockIDFlagCommit,
	}}}
}

// Export writes the state as a genesis file that FromGenesis takes.
func (c *Chain) Export() *genutiltypes.AppGenesis {
	c.t.Helper()
	exported, err := c.App.ExportAppStateAndValidators(false, nil, nil)
	require.NoError(c.t, err)
	return &genutiltypes.AppGenesis{
		AppName:       app.Name,
		GenesisTime:   c.Time,
		ChainID:       ChainID,
		InitialHeight: exported.Height,
		AppState:      exported.AppState,
		Consensus:     genutiltypes.NewConsensusGenesis(exported.ConsensusParams, exported.Validators),
	}
}
