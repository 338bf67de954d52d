package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/cosmos/gogoproto/proto"

	"github.com/ain-network/aind/x/escrow/types"
)

func TestSetStake(t *testing.T) {
	tests := []struct {
		name                 string
		before, amount       int64
		wantStake, wantInBag int64
		wantEvent            bool
	}{
		{"raising the stake takes the difference from the wallet", 30, 70, 70, 30, true},
		{"lowering the stake gives the difference back", 70, 30, 30, 70, true},
		{"a stake of zero gives everything back", 70, 0, 0, 100, true},
		{"the whole wallet can be staked", 0, 100, 100, 0, true},
		{"the same stake again changes nothing", 70, 70, 70, 30, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			alice := f.account("alice", 100)
			require.NoError(t, f.keeper.SetStake(f.ctx, alice, math.NewInt(tt.before)))

			events := f.events(func(ctx sdk.Context) {
				require.NoError(t, f.keeper.SetStake(ctx, alice, math.NewInt(tt.amount)))
			})

			require.Equal(t, tt.wantStake, f.stake(alice))
			require.Equal(t, tt.wantInBag, f.wallet(alice))
			var want []proto.Message
			if tt.wantEvent {
				want = append(want, &types.EventStakeSet{Owner: alice.String(), Stake: math.NewInt(tt.amount).String()})
			}
			require.Equal(t, want, events)
		})
	}
}

func TestSetStakeRefused(t *testing.T) {
	tests := []struct {
		name   string
		owner  sdk.AccAddress
		amount math.Int
		err    error
		says   string
	}{
		{"more than the wallet has", nil, math.NewInt(101), sdkerrors.ErrInsufficientFunds, "send it coins or ask for less"},
		{"a negative stake", nil, math.NewInt(-1), types.ErrInvalidAmount, "amount: -1 is negative"},
		{"no amount", nil, math.Int{}, types.ErrInvalidAmount, "amount: missing"},
		{"a module account as owner", authtypes.NewModuleAddress(mintName), math.NewInt(1), types.ErrBlockedAddress, "stake from another"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			alice := f.account("alice", 100)
			owner := tt.owner
			if owner == nil {
				owner = alice
			}

			err := f.keeper.SetStake(f.ctx, owner, tt.amount)

			require.ErrorIs(t, err, tt.err)
			require.ErrorContains(t, err, tt.says)
			require.Zero(t, f.stake(owner))
			require.EqualValues(t, 100, f.wallet(alice))
		})
	}
}

func TestSetPayout(t *testing.T) {
	f := newFixture(t)
	alice, cold := f.account("alice", 0), f.account("cold", 0)

	set := func(payout sdk.AccAddress) []proto.Message {
		return f.events(func(ctx sdk.Context) { require.NoError(t, f.keeper.SetPayout(ctx, alice, payout)) })
	}

	require.Equal(t, []proto.Message{&types.EventPayoutSet{Owner: alice.String(), Payout: cold.String()}}, set(cold))
	require.Empty(t, set(cold), "the same address again changes nothing")
	require.Equal(t, []proto.Message{&types.EventPayoutSet{Owner: alice.String()}}, set(alice), "the owner itself is no payout address")
	require.Empty(t, set(nil))
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.Empty(t, state.Accounts, "an account that states nothing is not kept")
}

func TestSetPayoutRefusesAnAccountOfTheChain(t *testing.T) {
	f := newFixture(t)

	err := f.keeper.SetPayout(f.ctx, f.account("alice", 0), authtypes.NewModuleAddress(authtypes.FeeCollectorName))

	require.ErrorIs(t, err, types.ErrBlockedAddress)
	require.ErrorContains(t, err, "payout")
}
