package integration_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobskeeper "github.com/ain-network/aind/x/jobs/keeper"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func jobsQuery(c *apptest.Chain) jobstypes.QueryServer { return jobskeeper.NewQueryServer(c.App.Jobs) }

func TestTwoNodesReachTheSameState(t *testing.T) {
	run := func(t *testing.T, threads int) []string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		c := funded(t)
		var hashes []string
		note := func() { hashes = append(hashes, fmt.Sprintf("%X", c.App.LastCommitID().Hash)) }
		live(t, c)
		note()
		for i := range 20 {
			c.Block(
				c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, int64(i)+1)}}),
				c.Sign(apptest.Tx{From: bob, Msgs: []sdk.Msg{setStake(bob, int64(i)*10)}}),
				c.Sign(apptest.Tx{From: stranger, Msgs: []sdk.Msg{send(stranger, bob, 1_000_000)}}), // refused
			)
			note()
		}
		return hashes
	}
	require.Equal(t, run(t, 1), run(t, runtime.NumCPU()+1))
}

func TestBrokenBooksStopTheChainBeforeTheBlockIsCommitted(t *testing.T) {
	for name, tamper := range map[string]func(*apptest.Chain, sdk.Context) error{
		"coins that no stake and no hold accounts for": func(c *apptest.Chain, ctx sdk.Context) error {
			return c.App.Bank.SendCoinsFromAccountToModule(ctx, alice.Address, escrowtypes.ModuleName, sdk.NewCoins(chain.Coin(1)))
		},
		"stakes that no coins stand behind": func(c *apptest.Chain, ctx sdk.Context) error {
			return c.App.Bank.BurnCoins(ctx, escrowtypes.ModuleName, sdk.NewCoins(chain.Coin(1)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := funded(t)
			c.Must(alice, setStake(alice, 10))
			height := c.App.LastBlockHeight()
			c.Tamper(func(ctx sdk.Context) error { return tamper(c, ctx) })
			require.Contains(t, panicOf(func() { c.Block() }), "invariant broken")
			require.Equal(t, height, c.App.LastBlockHeight())
		})
	}
}

func TestGenesisWithBrokenBooksDoesNotStart(t *testing.T) {
	require.Panics(t, func() {
		apptest.New(t, apptest.Config{Genesis: func(g *app.GenesisBuilder) {
			app.EditGenesis(g, escrowtypes.ModuleName, func(state *escrowtypes.GenesisState) {
				account := escrowtypes.NewAccount(alice.Address)
				account.Stake = chain.Coin(1).Amount
				state.Accounts = append(state.Accounts, account)
			})
		}})
	})
}

// panicOf is what a function panics with, as text; empty if it does not.
func panicOf(run func()) (text string) {
	defer func() {
		if raised := recover(); raised != nil {
			text = fmt.Sprint(raised)
		}
	}()
	run()
	return ""
}
