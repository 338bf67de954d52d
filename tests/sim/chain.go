// Package sim runs the whole application under random messages: see README.md.
package sim

import (
	"context"
	"encoding/json"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"
	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/simulation"
	bandwidthsim "github.com/ain-network/aind/x/bandwidth/simulation"
	escrowsim "github.com/ain-network/aind/x/escrow/simulation"
	jobssim "github.com/ain-network/aind/x/jobs/simulation"
	permissionssim "github.com/ain-network/aind/x/permissions/simulation"
	reputationsim "github.com/ain-network/aind/x/reputation/simulation"
	storagesim "github.com/ain-network/aind/x/storage/simulation"
)

// ChainID of the chain under test.
const ChainID = "ain-sim-1"

// genesisTime is fixed, so that a run is the same every time.
var genesisTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Chain is the application as the SDK's runner wants it.
type Chain struct {
	*app.App
	simulations *module.SimulationManager
	txConfig    client.TxConfig
}

var _ simsx.SimulationApp = (*Chain)(nil)

// GetBaseApp implements simsx.SimulationApp.
func (c *Chain) GetBaseApp() *baseapp.BaseApp { return c.BaseApp }

// TxConfig implements simsx.SimulationApp.
func (c *Chain) TxConfig() client.TxConfig { return c.txConfig }

// SimulationManager implements simsx.SimulationApp.
func (c *Chain) SimulationManager() *module.SimulationManager { return c.simulations }

// ownModules are the simulations of our modules by the module's name. A new module, and so a new message, is added here.
func ownModules(k app.Keepers) map[string]simulation.Module {
	return map[string]simulation.Module{
		"escrow":      escrowsim.NewModule(k.Escrow, k.Bandwidth),
		"bandwidth":   bandwidthsim.NewModule(k.Bandwidth, k.Reputation, k.Jobs),
		"reputation":  reputationsim.NewModule(k.Reputation),
		"jobs":        jobssim.NewModule(k.Jobs, k.Reputation, free{k}, rooms{k}),
		"permissions": permissionssim.NewModule(k.Permissions),
		"storage":     storagesim.NewModule(k.Storage, k.Reputation, k.Jobs, free{k}),
	}
}

// free tells what of a stake may be locked: what counts for no job, and whose room is not in use.
type free struct{ app.Keepers }

// Stake implements jobssim.Stakes.
func (f free) Stake(ctx context.Context, owner sdk.AccAddress) (math.Int, error) {
	stake, err := f.Escrow.Stake(ctx, owner)
	if err != nil {
		return math.Int{}, err
	}
	least, err := f.Bandwidth.LeastStake(ctx, owner)
	if err != nil {
		return math.Int{}, err
	}
	return stake.Sub(least), nil
}

// rooms tells where a client may have the input of a request, and a node what it puts out.
type rooms struct{ app.Keepers }

// ForInput implements jobssim.Spaces.
func (i rooms) ForInput(ctx context.Context, client sdk.AccAddress, jobID uint64, until int64) (uint64, error) {
	state, err := i.Storage.ExportGenesis(ctx)
	if err != nil {
		return 0, err
	}
	for _, space := range state.Spaces {
		if i.Storage.CheckInput(ctx, space.Id, client, jobID, until) == nil {
			return space.Id, nil
		}
	}
	return 0, nil
}

// ForOutput implements jobssim.Spaces.
func (i rooms) ForOutput(ctx context.Context, account sdk.AccAddress) (uint64, error) {
	state, err := i.Storage.ExportGenesis(ctx)
	if err != nil {
		return 0, err
	}
	for _, space := range state.Spaces {
		if i.Storage.CheckOutput(ctx, space.Id, account) == nil {
			return space.Id, nil
		}
	}
	return 0, nil
}

// ownMessages lists the messages that ownModules draw.
func ownMessages(t testing.TB) []string {
	t.Helper()
	var names []string
	for _, m := range ownModules(newApplication(t).Keepers) {
		for _, w := range slices.Concat(m.Messages, m.Proposals) {
			names = append(names, sdk.MsgTypeURL(w.Factory.MsgType()))
		}
	}
	slices.Sort(names)
	return names
}

// isOwn tells whether a message is one of ours.
func isOwn(name string) bool { return strings.HasPrefix(name, "/ain.") }

// newApplication is an application without a past, for its codecs and keepers.
func newApplication(t testing.TB) *app.App {
	t.Helper()
	made, err := app.New(log.NewNopLogger(), dbm.NewMemDB(), simtestutil.EmptyAppOptions{}, app.WithoutLoading())
	require.NoError(t, err)
	return made
}

// newChain builds an application whose blocks are all held against the invariants, and has them watched.
func newChain(t testing.TB, watch *watch) func(log.Logger, dbm.DB, bool, servertypes.AppOptions, ...func(*baseapp.BaseApp)) *Chain {
	t.Helper()
	return func(logger log.Logger, db dbm.DB, _ bool, options servertypes.AppOptions, base ...func(*baseapp.BaseApp)) *Chain {
		c := &Chain{}
		base = append(base, func(b *baseapp.BaseApp) {
			b.SetPrepareCheckStater(func(ctx sdk.Context) { watch.block(t, ctx, c) })
			watch.tape.record(b)
		})
		made, err := app.New(logger, db, options, app.WithInvariantCheck(), app.WithBaseApp(base...))
		require.NoError(t, err)
		c.App, c.txConfig = made, recorder{TxConfig: made.TxConfig(), tape: &watch.tape}
		c.simulations = module.NewSimulationManager(drawn(t, c, watch)...)
		return c
	}
}

var operations = flag.Int("operations", 120, "about how many messages are drawn a block")

var blocks = flag.Int("blocks", 50, "how many blocks each seed has")

// drawn are all modules' genesis, and their messages at our pace: ours as they are, those of the SDK less often. Its
// proposals are not drawn at all: they would pass here and set params that no chain lives with.
func drawn(t testing.TB, c *Chain, watch *watch) []module.AppModuleSimulation {
	pace := newPace(t, c, *operations)
	modules := []module.AppModuleSimulation{pace}
	own, weights := ownModules(c.Keepers), simsx.ParamWeightSource(nil)
	proposals := simsx.NewUniqueTypeRegistry()
	for _, name := range sortedKeys(own) {
		w := watched{Module: own[name], rules: c.Permissions, watch: watch}
		w.WeightedOperationsX(weights, pace)
		w.ProposalMsgsX(weights, proposals)
		modules = append(modules, silent{w})
	}
	for _, m := range c.App.SimulationManager().Modules {
		if _, ok := m.(auth.AppModule); ok {
			m = auth.NewAppModule(c.AppCodec(), c.Auth, plainAccounts)
		}
		switch drawn := m.(type) {
		case simsx.HasWeightedOperationsXWithProposals: // governance
			drawn.WeightedOperationsX(weights, pace, proposals.Iterator(), nil)
		case simsx.HasWeightedOperationsX:
			drawn.WeightedOperationsX(fewer(weights), pace)
		}
		modules = append(modules, silent{m})
	}
	return modules
}

// plainAccounts are accounts as this chain has them: none is vesting.
func plainAccounts(state *module.SimulationState) authtypes.GenesisAccounts {
	accounts := make(authtypes.GenesisAccounts, len(state.Accounts))
	for i, account := range state.Accounts {
		accounts[i] = authtypes.NewBaseAccountWithAddress(account.Address)
	}
	return accounts
}

// oneIn is how much more seldom the SDK's messages are drawn than the SDK would: they move coins that ours need.
const oneIn = 10

// namesHeights is a message that names a block's height, and heights differ between a run and its tape.
const namesHeights = "msg_cancel_unbonding_delegation"

func fewer(weights simsx.WeightSource) simsx.WeightSource {
	return simsx.WeightSourceFn(func(name string, weight uint32) uint32 {
		if name == namesHeights {
			return 0
		}
		return (weights.Get(name, weight) + oneIn - 1) / oneIn
	})
}

// silent has a genesis and no messages.
type silent struct{ module.AppModuleSimulation }

// WeightedOperations implements module.AppModuleSimulation.
func (silent) WeightedOperations(module.SimulationState) []simtypes.WeightedOperation { return nil }

// startState draws a chain's genesis.
func startState(c *Chain) simsx.SimStateFactory {
	return simsx.SimStateFactory{
		Codec: c.AppCodec(),
		AppStateFn: simtestutil.AppStateFnWithExtendedCb(c.AppCodec(), c.simulations,
			app.DefaultGenesis(c.AppCodec(), c.Basics()), func(state map[string]json.RawMessage) { settle(c.AppCodec(), state) }),
		BlockedAddr:   map[string]bool{},
		AccountSource: c.Auth,
		BalanceSource: c.Bank,
	}
}

// settle changes what the SDK draws where a short run would not get anywhere: proposals pass by a few votes within two
// blocks, memos fit, and validators are not thrown out for blocks that nobody asked them to sign.
func settle(cdc codec.JSONCodec, state map[string]json.RawMessage) {
	edit(cdc, state, govtypes.ModuleName, func(g *govv1.GenesisState) {
		voting, expedited := 2*simulation.BlockMs*time.Millisecond, simulation.BlockMs*time.Millisecond
		g.Params.VotingPeriod, g.Params.ExpeditedVotingPeriod = &voting, &expedited
		g.Params.Quorum = math.LegacyNewDecWithPrec(1, 3).String()
		g.Params.Threshold = math.LegacyNewDecWithPrec(5, 2).String()
		g.Params.ExpeditedThreshold = math.LegacyNewDecWithPrec(6, 2).String()
		g.Params.VetoThreshold = math.LegacyNewDecWithPrec(95, 2).String()
	})
	edit(cdc, state, authtypes.ModuleName, func(g *authtypes.GenesisState) {
		g.Params.MaxMemoCharacters = 256 // the runner writes memos of up to 100
	})
	edit(cdc, state, slashingtypes.ModuleName, func(g *slashingtypes.GenesisState) {
		g.Params.SignedBlocksWindow = 1_000_000
	})
}

type protoMessage[T any] interface {
	*T
	proto.Message
}

func edit[T any, P protoMessage[T]](cdc codec.JSONCodec, state map[string]json.RawMessage, name string, change func(P)) {
	genesis := P(new(T))
	cdc.MustUnmarshalJSON(state[name], genesis)
	change(genesis)
	state[name] = cdc.MustMarshalJSON(genesis)
}

// config of a run. The SDK's runner sets seed and test.
func config(blocks int) simtypes.Config {
	chain.SetPrefixes()
	sdk.DefaultBondDenom = chain.Denom
	return simtypes.Config{
		InitialBlockHeight: 1,
		GenesisTime:        genesisTime.Unix(),
		NumBlocks:          blocks,
		BlockSize:          10, // any: see pace
		ChainID:            ChainID,
		Lean:               true,
		Commit:             true,
		DBBackend:          "memdb",
		BlockMaxGas:        app.MaxBlockGas * 100,
	}
}
