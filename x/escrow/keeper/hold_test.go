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

func TestHoldIDsStartAtOneAndNeverRepeat(t *testing.T) {
	f := newFixture(t)
	for want := uint64(1); want <= 3; want++ {
		id, err := f.keeper.OpenHold(f.ctx, "request")
		require.NoError(t, err)
		require.Equal(t, want, id)
		require.NoError(t, f.keeper.CloseHold(f.ctx, id))
	}
}

func TestLockWallet(t *testing.T) {
	f := newFixture(t)
	alice := f.account("alice", 100)
	id := f.hold(5)

	events := f.events(func(ctx sdk.Context) {
		require.NoError(t, f.keeper.LockWallet(ctx, id, alice, math.NewInt(60)))
	})

	require.EqualValues(t, 65, f.balance(id))
	require.EqualValues(t, 40, f.wallet(alice))
	require.Equal(t, []proto.Message{&types.EventLocked{HoldId: id, From: alice.String(), Amount: "60"}}, events)
}

func TestLockStake(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", 100)
	id := f.hold(5)

	events := f.events(func(ctx sdk.Context) {
		require.NoError(t, f.keeper.LockStake(ctx, id, alice, math.NewInt(60)))
	})

	require.EqualValues(t, 65, f.balance(id))
	require.EqualValues(t, 40, f.stake(alice))
	require.Equal(t, []proto.Message{&types.EventLocked{HoldId: id, From: alice.String(), Amount: "60", FromStake: true}}, events)
}

func TestLockRefused(t *testing.T) {
	const unknown = 99
	tests := []struct {
		name string
		lock func(f *fixture, id uint64, alice sdk.AccAddress) error
		err  error
		says string
	}{
		{"more than the stake has", func(f *fixture, id uint64, alice sdk.AccAddress) error {
			return f.keeper.LockStake(f.ctx, id, alice, math.NewInt(31))
		}, types.ErrInsufficientStake, "has 30uain in stake, request 42 needs 31uain: set the stake to 1uain more"},
		{"more than the wallet has", func(f *fixture, id uint64, alice sdk.AccAddress) error {
			return f.keeper.LockWallet(f.ctx, id, alice, math.NewInt(71))
		}, sdkerrors.ErrInsufficientFunds, "71uain"},
		{"less than nothing from the stake", func(f *fixture, id uint64, alice sdk.AccAddress) error {
			return f.keeper.LockStake(f.ctx, id, alice, math.NewInt(-1))
		}, types.ErrInvalidAmount, "negative"},
		{"less than nothing from the wallet", func(f *fixture, id uint64, alice sdk.AccAddress) error {
			return f.keeper.LockWallet(f.ctx, id, alice, math.NewInt(-1))
		}, types.ErrInvalidAmount, "negative"},
		{"into a hold that was never opened, from the stake", func(f *fixture, _ uint64, alice sdk.AccAddress) error {
			return f.keeper.LockStake(f.ctx, unknown, alice, math.NewInt(1))
		}, types.ErrUnknownHold, "hold 99"},
		{"into a hold that was never opened, from the wallet", func(f *fixture, _ uint64, alice sdk.AccAddress) error {
			return f.keeper.LockWallet(f.ctx, unknown, alice, math.NewInt(1))
		}, types.ErrUnknownHold, "hold 99"},
		{"from an account of the chain", func(f *fixture, id uint64, _ sdk.AccAddress) error {
			return f.keeper.LockWallet(f.ctx, id, authtypes.NewModuleAddress(mintName), math.NewInt(1))
		}, types.ErrBlockedAddress, "could not be refunded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			alice := f.account("alice", 100)
			require.NoError(t, f.keeper.SetStake(f.ctx, alice, math.NewInt(30)))
			id := f.hold(5)

			err := tt.lock(f, id, alice)

			require.ErrorIs(t, err, tt.err)
			require.ErrorContains(t, err, tt.says)
			require.EqualValues(t, 5, f.balance(id))
			require.EqualValues(t, 30, f.stake(alice))
			require.EqualValues(t, 70, f.wallet(alice))
		})
	}
}

func TestCloseHold(t *testing.T) {
	f := newFixture(t)
	id := f.hold(5)

	require.ErrorIs(t, f.keeper.CloseHold(f.ctx, id), types.ErrHoldNotEmpty)

	require.NoError(t, f.keeper.Burn(f.ctx, id, math.NewInt(5)))
	require.NoError(t, f.keeper.CloseHold(f.ctx, id))
	require.ErrorIs(t, f.keeper.CloseHold(f.ctx, id), types.ErrUnknownHold, "a closed hold is gone")
	_, err := f.keeper.Balance(f.ctx, id)
	require.ErrorIs(t, err, types.ErrUnknownHold)
}
