package sim

import (
	"context"
	"encoding/json"
	"math/rand"
	"slices"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"

	"github.com/ain-network/aind/app"
)

// tape is what a run delivered. The runner delivers between blocks, past what a network records; a tape is played in
// blocks as a network makes them, with results and events.
type tape struct {
	genesis json.RawMessage
	blocks  []taped
}

// taped is one of the runner's blocks, and what was delivered after it at the same time.
type taped struct {
	block abci.RequestFinalizeBlock
	txs   [][]byte
}

var _ storetypes.ABCIListener = (*tape)(nil)

// ListenFinalizeBlock implements storetypes.ABCIListener.
func (tp *tape) ListenFinalizeBlock(_ context.Context, req abci.RequestFinalizeBlock, _ abci.ResponseFinalizeBlock) error {
	tp.blocks = append(tp.blocks, taped{block: req})
	return nil
}

// ListenCommit implements storetypes.ABCIListener.
func (tp *tape) ListenCommit(context.Context, abci.ResponseCommit, []*storetypes.StoreKVPair) error {
	return nil
}

// record has an application note its blocks on the tape.
func (tp *tape) record(b *baseapp.BaseApp) {
	b.SetStreamingManager(storetypes.StreamingManager{ABCIListeners: []storetypes.ABCIListener{tp}})
}

// recorder is a TxConfig that notes each transaction on the tape as the runner delivers it.
type recorder struct {
	client.TxConfig
	tape *tape
}

// TxEncoder implements client.TxConfig.
func (r recorder) TxEncoder() sdk.TxEncoder {
	encode := r.TxConfig.TxEncoder()
	return func(tx sdk.Tx) ([]byte, error) {
		bz, err := encode(tx)
		if err == nil {
			last := &r.tape.blocks[len(r.tape.blocks)-1]
			last.txs = append(last.txs, bz)
		}
		return bz, err
	}
}

// start draws a chain's genesis and notes it.
func (tp *tape) start(c *Chain) simsx.SimStateFactory {
	factory := startState(c)
	draw := factory.AppStateFn
	factory.AppStateFn = func(r *rand.Rand, accounts []simtypes.Account, config simtypes.Config) (
		json.RawMessage, []simtypes.Account, string, time.Time,
	) {
		state, accounts, chainID, at := draw(r, accounts, config)
		tp.genesis = state
		return state, accounts, chainID, at
	}
	return factory
}

// module is a module's state at the beginning.
func (tp *tape) module(t *testing.T, name string) json.RawMessage {
	t.Helper()
	var state map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(tp.genesis, &state))
	return state[name]
}

// result is what validators agree on of a transaction, and its log.
type result struct {
	Codespace string
	Code      uint32
	Data      string
	GasUsed   int64
	Log       string
}

// playing is a tape on its way through a new chain.
type playing struct {
	*app.App
	hashes  [][]byte
	results []result
	// seen is told of each event of a transaction that passed, and of each block's own.
	seen func(abci.Event)
}

// play runs the tape on a new chain: each of the runner's blocks, and a second one at the same time with what was
// delivered after it. After each, then is called.
func (tp *tape) play(t *testing.T, prepare func(*app.App), seen func(abci.Event), then func(*playing)) *playing {
	t.Helper()
	a, err := app.New(log.NewNopLogger(), dbm.NewMemDB(), simtestutil.EmptyAppOptions{},
		app.WithBaseApp(baseapp.SetChainID(ChainID)))
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	prepare(a)
	params := app.DefaultConsensusParams().ToProto()
	_, err = a.InitChain(&abci.RequestInitChain{
		Time: genesisTime, ChainId: ChainID, ConsensusParams: &params, AppStateBytes: tp.genesis, InitialHeight: 1,
	})
	require.NoError(t, err)
	p := &playing{App: a, seen: seen}
	for _, b := range tp.blocks {
		p.block(t, b.block)
		p.block(t, abci.RequestFinalizeBlock{Time: b.block.Time, ProposerAddress: b.block.ProposerAddress, Txs: b.txs})
		then(p)
	}
	return p
}

func (p *playing) block(t *testing.T, req abci.RequestFinalizeBlock) {
	t.Helper()
	req.Height = int64(len(p.hashes) + 1)
	block, err := p.FinalizeBlock(&req)
	require.NoError(t, err)
	_, err = p.Commit()
	require.NoError(t, err)
	p.hashes = append(p.hashes, block.AppHash)
	began := slices.IndexFunc(block.Events, isOfEndBlock)
	if began < 0 {
		began = len(block.Events)
	}
	p.tell(block.Events[:began])
	for _, r := range block.TxResults {
		p.results = append(p.results, result{r.Codespace, r.Code, string(r.Data), r.GasUsed, r.Log})
		if r.Code == 0 {
			p.tell(r.Events)
		}
	}
	p.tell(block.Events[began:])
}

func (p *playing) tell(events []abci.Event) {
	for _, e := range events {
		p.seen(e)
	}
}

// isOfEndBlock tells a block's own events after its transactions from those before them.
func isOfEndBlock(e abci.Event) bool {
	return slices.ContainsFunc(e.Attributes, func(a abci.EventAttribute) bool { return a.Key == "mode" && a.Value == "EndBlock" })
}
