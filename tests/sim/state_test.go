package sim

import (
	"encoding/json"
	"maps"
	"math/rand"
	"slices"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/baseapp/txnrunner"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/chain"
)

// What follows looks at one seed.
const oneSeed = 4

// ourStores are compared byte by byte: their look-ups are no part of an export and have to be made anew.
var ourStores = []string{"bandwidth", "escrow", "jobs", "permissions", "reputation"}

// end is the state that a run has led to.
type end struct {
	hash     []byte
	exported servertypes.ExportedApp
	stores   map[string]map[string][]byte
	people   []simtypes.Account
	at       time.Time
}

func endOf(t *testing.T, a *app.App, people []simtypes.Account) end {
	t.Helper()
	exported, err := a.ExportAppStateAndValidators(false, nil, nil)
	require.NoError(t, err)
	clock, err := a.Jobs.Clock(a.NewContext(true))
	require.NoError(t, err)
	return end{
		hash: a.LastCommitID().Hash, exported: exported, stores: dump(t, a), people: people, at: time.UnixMilli(clock.BlockMs),
	}
}

func TestSameSeedSameState(t *testing.T) {
	first := once(t, oneSeed)
	var hash []byte
	second := run(t, oneSeed, func(_ testing.TB, ti simsx.TestInstance[*Chain], _ []simtypes.Account) {
		hash = ti.App.LastCommitID().Hash
	})
	require.NotEmpty(t, hash)
	require.Equal(t, first.hash, hash)
	require.Equal(t, first.delivered, second.delivered)
	require.Equal(t, first.finished, second.finished)
}

func TestExportedStateIsImportedAsItIs(t *testing.T) {
	run := once(t, oneSeed)
	imported := importState(t, run.exported.AppState, run.at)
	again, err := imported.ExportAppStateAndValidators(false, nil, nil)
	require.NoError(t, err)
	requireSameModules(t, run.exported.AppState, again.AppState)
	stores := dump(t, imported)
	for _, name := range ourStores {
		require.NotEmpty(t, run.stores[name])
		require.Equal(t, run.stores[name], stores[name], "store of %s", name)
	}
}

// A chain goes on under random messages from a state that another has exported, invariants and all.
func TestImportedStateGoesOn(t *testing.T) {
	before := once(t, oneSeed)
	w := newWatch()
	cfg := config(*blocks)
	cfg.GenesisTime = before.at.Unix()
	simsx.RunWithSeedAndRandAcc(t, cfg, newChain(t, w), func(c *Chain) simsx.SimStateFactory {
		factory := startState(c)
		factory.AppStateFn = func(*rand.Rand, []simtypes.Account, simtypes.Config) (json.RawMessage, []simtypes.Account, string, time.Time) {
			return before.exported.AppState, before.people, ChainID, before.at
		}
		return factory
	}, oneSeed, nil, accounts)
	live := 0
	for id := range w.finished {
		if _, seen := before.finished[id]; !seen && id <= before.last {
			live++
		}
	}
	require.NotZero(t, live, "requests that were under way at the export end after it")
	require.NotZero(t, w.delivered["/ain.jobs.v1.MsgRank"])
}

// importState starts an application on an exported state, and makes no block.
func importState(t *testing.T, state json.RawMessage, at time.Time) *app.App {
	t.Helper()
	a, err := app.New(log.NewNopLogger(), dbm.NewMemDB(), simtestutil.EmptyAppOptions{}, app.WithBaseApp(baseapp.SetChainID(ChainID)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	params := app.DefaultConsensusParams().ToProto()
	_, err = a.InitChain(&abci.RequestInitChain{
		Time: at, ChainId: ChainID, ConsensusParams: &params, AppStateBytes: state, InitialHeight: 1,
	})
	require.NoError(t, err)
	a.SimWriteState()
	return a
}

// requireSameModules compares the modules' states as they are written.
func requireSameModules(t *testing.T, want, got json.RawMessage) {
	t.Helper()
	var first, second map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(want, &first))
	require.NoError(t, json.Unmarshal(got, &second))
	require.Equal(t, slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(second)))
	for _, name := range slices.Sorted(maps.Keys(first)) {
		require.Equal(t, string(first[name]), string(second[name]), "genesis of %s", name)
	}
}

// dump is everything in our stores.
func dump(t *testing.T, a *app.App) map[string]map[string][]byte {
	ctx, stores := a.NewContext(true), map[string]map[string][]byte{}
	for _, name := range ourStores {
		stores[name] = map[string][]byte{}
		iterator := ctx.KVStore(a.StoreKey(name)).Iterator(nil, nil)
		for ; iterator.Valid(); iterator.Next() {
			stores[name][string(iterator.Key())] = iterator.Value()
		}
		require.NoError(t, iterator.Close())
	}
	return stores
}

// What a run delivered is put into blocks and executed one transaction after the other, and by Block-STM on several
// processors: state, results and gas are the same.
func TestParallelExecutionGivesTheSameState(t *testing.T) {
	tape := once(t, oneSeed).tape
	one := tape.play(t, func(*app.App) {}, func(abci.Event) {}, func(*playing) {})
	parallel := tape.play(t, executeInParallel, func(abci.Event) {}, func(*playing) {})
	require.Equal(t, one.hashes, parallel.hashes)
	require.Equal(t, one.results, parallel.results)

	passed := len(slices.DeleteFunc(slices.Clone(one.results), func(r result) bool { return r.Code != 0 }))
	t.Logf("%d of %d transactions passed in %d blocks", passed, len(one.results), len(one.hashes))
	require.Greater(t, passed, len(one.results)*2/3, "too little passed to say anything")
}

// executeInParallel installs Block-STM. It needs the block gas meter off: with it a transaction's gas would depend on
// those beside it. Governance's params bound a block by what its transactions ask for anyway.
func executeInParallel(a *app.App) {
	named, ok := a.CommitMultiStore().(interface {
		StoreKeysByName() map[string]storetypes.StoreKey
	})
	if !ok {
		panic("the store does not list its keys")
	}
	byName := named.StoreKeysByName()
	var keys []storetypes.StoreKey
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		keys = append(keys, byName[name])
	}
	const workers = 4
	a.SetDisableBlockGasMeter(true)
	a.SetBlockSTMTxRunner(txnrunner.NewSTMRunner(a.TxConfig().TxDecoder(), keys, workers, false,
		func(storetypes.MultiStore) string { return chain.Denom }))
}
