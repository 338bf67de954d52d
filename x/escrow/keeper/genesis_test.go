package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/escrow/keeper"
	"github.com/ain-network/aind/x/escrow/types"
)

func TestExportImportExportGivesTheSameBytes(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", 10)
	f.staked("bob", 20)
	require.NoError(t, f.keeper.SetPayout(f.ctx, alice, f.account("cold", 0)))
	require.NoError(t, f.keeper.SetPayout(f.ctx, f.account("carol", 0), f.account("cold", 0)))
	closed := f.hold(0)
	f.hold(30)
	f.hold(40)
	require.NoError(t, f.keeper.CloseHold(f.ctx, closed))

	first, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.Len(t, first.Accounts, 3)
	require.Len(t, first.Holds, 2)

	other := newFixture(t)
	coins := sdk.NewCoins(sdk.NewInt64Coin(chain.Denom, 100))
	require.NoError(t, other.bank.MintCoins(other.ctx, mintName, coins))
	require.NoError(t, other.bank.SendCoinsFromModuleToModule(other.ctx, mintName, types.ModuleName, coins))
	require.NoError(t, other.keeper.InitGenesis(other.ctx, *first))
	second, err := other.keeper.ExportGenesis(other.ctx)
	require.NoError(t, err)

	want, err := first.Marshal()
	require.NoError(t, err)
	got, err := second.Marshal()
	require.NoError(t, err)
	require.Equal(t, want, got)
	id, err := other.keeper.OpenHold(other.ctx, "next")
	require.NoError(t, err)
	require.EqualValues(t, 4, id, "ids go on where they stopped")
}

func TestGenesisOpensTheModulesAccount(t *testing.T) {
	f := newFixture(t)
	require.True(t, f.accounts.HasAccount(f.ctx, authtypes.NewModuleAddress(types.ModuleName)), "before any coin comes in")
}

// Coins of a module without an account would be anybody's.
func TestAppWithoutTheModulesAccountDoesNotStart(t *testing.T) {
	require.PanicsWithValue(t, `module account "escrow" is missing; give it the Burner permission`, func() {
		keeper.NewKeeper(nil, nil, noAccounts{}, nil, chain.Denom, authtypes.FeeCollectorName)
	})
}

type noAccounts struct{ types.AccountKeeper }

func (noAccounts) GetModuleAddress(string) sdk.AccAddress { return nil }

func TestGenesisIsRefusedWhenTheBankHasOtherBalances(t *testing.T) {
	f := newFixture(t)
	good := f.ctx
	f.ctx, _ = f.ctx.CacheContext()
	state := types.DefaultGenesis()
	state.Accounts = []types.Account{{Owner: f.account("alice", 0).String(), Stake: math.NewInt(1)}}

	require.ErrorIs(t, f.keeper.InitGenesis(f.ctx, *state), types.ErrBooks)
	f.ctx = good
}
