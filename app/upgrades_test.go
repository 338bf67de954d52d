package app_test

import (
	"fmt"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client/flags"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// node is a machine: its database and its home folder are the same whichever version of the program runs on it.
type node struct {
	t    *testing.T
	db   dbm.DB
	home string
}

func (n node) Get(name string) any {
	if name == flags.FlagHome {
		return n.home
	}
	return nil
}

func (n node) start(options ...app.Option) (*app.App, error) {
	made, err := app.New(log.NewNopLogger(), n.db, n, append(options, app.WithInvariantCheck(), app.WithBaseApp(baseapp.SetChainID(apptest.ChainID)))...)
	if err == nil {
		n.t.Cleanup(func() { require.NoError(n.t, made.Close()) })
	}
	return made, err
}

// next starts the next version of the program: jobs have a new version, whose migration writes into a new store.
func (n node) next(migrations *int) (*app.App, error) {
	made, err := n.start(app.WithoutLoading())
	if err != nil {
		return nil, err
	}
	return made, made.Become(app.Upgraded{
		Name: "second", Module: jobstypes.ModuleName, Store: "second",
		Migrate: func(ctx sdk.Context, key storetypes.StoreKey) error {
			*migrations++
			ctx.KVStore(key).Set([]byte("height"), sdk.Uint64ToBigEndian(uint64(ctx.BlockHeight())))
			return nil
		},
	}, n.home)
}

// A chain votes for an upgrade at a height. The old program stops there and makes no block more; the next one, on the
// same database, runs the module's migration once, with the new store there, and the chain goes on.
func TestAPlannedUpgradeRunsItsMigration(t *testing.T) {
	machine := node{t: t, db: dbm.NewMemDB(), home: t.TempDir()}
	c := apptest.New(t, apptest.Config{
		Accounts: map[string]int64{"alice": 2_000_000_000_000},
		Node:     func() (*app.App, error) { return machine.start() },
		Genesis: func(g *app.GenesisBuilder) {
			app.EditGenesis(g, govtypes.ModuleName, func(state *govv1.GenesisState) {
				period, half := 4*time.Second, 2*time.Second
				state.Params.VotingPeriod, state.Params.ExpeditedVotingPeriod = &period, &half
			})
		},
	})
	alice, plan := apptest.NewAccount("alice"), upgradetypes.Plan{Name: "second", Height: c.App.LastBlockHeight() + 20}
	propose, err := govv1.NewMsgSubmitProposal([]sdk.Msg{&upgradetypes.MsgSoftwareUpgrade{Authority: app.Authority(), Plan: plan}},
		sdk.NewCoins(chain.Coin(1_000_000_000)), alice.String(), "", "second", "the next version", false)
	require.NoError(t, err)
	c.Must(alice, propose)
	c.Must(c.Validator(), govv1.NewMsgVote(c.Validator().Address, 1, govv1.OptionYes, ""))
	for c.App.LastBlockHeight() < plan.Height-1 {
		c.Block()
	}
	before, err := c.App.Upgrade.GetModuleVersionMap(c.Context())
	require.NoError(t, err)
	stopped := func(program *app.App) error {
		_, err := program.FinalizeBlock(&abci.RequestFinalizeBlock{Height: plan.Height, Time: c.Time.Add(time.Second)})
		return err
	}
	require.ErrorContains(t, stopped(c.App), fmt.Sprintf(`UPGRADE "second" NEEDED at height: %d`, plan.Height))
	again, err := machine.start()
	require.NoError(t, err)
	require.ErrorContains(t, stopped(again), `UPGRADE "second" NEEDED`, "starting the old program again does not help")

	migrations := 0
	c.App, err = machine.next(&migrations)
	require.NoError(t, err)
	c.Block()
	require.Equal(t, 1, migrations)
	require.Equal(t, plan.Height, c.App.LastBlockHeight())
	after, err := c.App.Upgrade.GetModuleVersionMap(c.Context())
	require.NoError(t, err)
	before[jobstypes.ModuleName]++
	require.Equal(t, before, after, "one module has a new version")
	c.Block()
	c.Must(alice, banktypes.NewMsgSend(alice.Address, c.Validator().Address, sdk.NewCoins(chain.Coin(1))))

	c.App, err = machine.next(&migrations)
	require.NoError(t, err, "the next program starts again")
	c.Block()
	require.Equal(t, 1, migrations, "a migration runs once")
	back, err := machine.start()
	if err == nil {
		_, err = back.FinalizeBlock(&abci.RequestFinalizeBlock{Height: c.App.LastBlockHeight() + 1, Time: c.Time.Add(time.Second)})
	}
	require.ErrorContains(t, err, "upgrade handler is missing for second upgrade plan", "there is no way back to the old program")
}

func TestTheNextProgramStopsWhereItWasStartedTooEarly(t *testing.T) {
	machine := node{t: t, db: dbm.NewMemDB(), home: t.TempDir()}
	c := apptest.New(t, apptest.Config{Node: func() (*app.App, error) { return machine.start() }})
	plan := upgradetypes.Plan{Name: "second", Height: c.App.LastBlockHeight() + 5}
	c.Tamper(func(ctx sdk.Context) error { return c.App.Upgrade.ScheduleUpgrade(ctx, plan) })
	c.Block()
	made, err := machine.start(app.WithoutLoading())
	require.NoError(t, err)
	none := func(sdk.Context, storetypes.StoreKey) error { return nil }
	err = made.Become(app.Upgraded{Name: "second", Module: jobstypes.ModuleName, Store: "second", Migrate: none}, machine.home)
	if err == nil {
		_, err = made.FinalizeBlock(&abci.RequestFinalizeBlock{Height: c.App.LastBlockHeight() + 1, Time: c.Time.Add(time.Second)})
	}
	require.ErrorContains(t, err, "version of store second mismatch")
}
