package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/escrow/types"
)

// OpenHold opens an empty hold and returns its id, never 0. The purpose is a
// label for people, for example "request 42".
func (k *Keeper) OpenHold(ctx context.Context, purpose string) (uint64, error) {
	id, err := k.nextHoldID.Next(ctx)
	if err != nil {
		return 0, err
	}
	hold := types.Hold{Id: id, Purpose: purpose, Balance: math.ZeroInt()}
	return id, k.holds.Set(ctx, id, hold)
}

// CloseHold deletes an empty hold. It returns ErrHoldNotEmpty if coins are left:
// whoever opened it owes them to somebody.
func (k *Keeper) CloseHold(ctx context.Context, id uint64) error {
	hold, err := k.hold(ctx, id)
	if err != nil {
		return err
	}
	if !hold.Balance.IsZero() {
		return types.ErrHoldNotEmpty.Wrapf("hold %d (%s) has %s%s", id, hold.Purpose, hold.Balance, k.denom)
	}
	return k.holds.Remove(ctx, id)
}

// Balance returns what is in a hold, in uain.
func (k *Keeper) Balance(ctx context.Context, id uint64) (math.Int, error) {
	hold, err := k.hold(ctx, id)
	return hold.Balance, err
}

// LockWallet moves coins from a wallet into a hold. Zero does nothing.
func (k *Keeper) LockWallet(ctx context.Context, id uint64, from sdk.AccAddress, amount math.Int) error {
	hold, err := k.open(ctx, id, amount)
	if err != nil || amount.IsZero() {
		return err
	}
	if k.bank.BlockedAddr(from) {
		return types.ErrBlockedAddress.Wrapf("%s is an account of the chain itself and could not be refunded; pay from another", from)
	}
	if err := k.take(ctx, from, amount); err != nil {
		return err
	}
	return k.fill(ctx, hold, from, amount, false)
}

// LockStake moves coins from an owner's stake into a hold. Zero does nothing. It
// returns ErrInsufficientStake if the stake is less than amount.
func (k *Keeper) LockStake(ctx context.Context, id uint64, owner sdk.AccAddress, amount math.Int) error {
	hold, err := k.open(ctx, id, amount)
	if err != nil || amount.IsZero() {
		return err
	}
	account, err := k.account(ctx, owner)
	if err != nil {
		return err
	}
	if account.Stake.LT(amount) {
		return types.ErrInsufficientStake.Wrapf("owner %s has %s%s in stake, %s needs %s%s: set the stake to %s%s more",
			owner, account.Stake, k.denom, hold.Purpose, amount, k.denom, amount.Sub(account.Stake), k.denom)
	}
	after := account.Stake.Sub(amount)
	if err := k.announce(ctx, owner, account.Stake, after, true); err != nil {
		return err
	}
	account.Stake = after
	if err := k.setAccount(ctx, owner, account); err != nil {
		return err
	}
	return k.fill(ctx, hold, owner, amount, true)
}

func (k *Keeper) fill(ctx context.Context, hold types.Hold, from sdk.AccAddress, amount math.Int, fromStake bool) error {
	hold.Balance = hold.Balance.Add(amount)
	if err := k.holds.Set(ctx, hold.Id, hold); err != nil {
		return err
	}
	return emit(ctx, &types.EventLocked{HoldId: hold.Id, From: from.String(), Amount: amount.String(), FromStake: fromStake})
}

// drain takes amount out of a hold. The caller says where the coins go.
func (k *Keeper) drain(ctx context.Context, id uint64, amount math.Int) error {
	hold, err := k.open(ctx, id, amount)
	if err != nil || amount.IsZero() {
		return err
	}
	if hold.Balance.LT(amount) {
		return types.ErrInsufficientHold.Wrapf("hold %d (%s) has %s%s, not %s%s", id, hold.Purpose, hold.Balance, k.denom, amount, k.denom)
	}
	hold.Balance = hold.Balance.Sub(amount)
	return k.holds.Set(ctx, id, hold)
}

// open returns a hold that amount is about to enter or leave.
func (k *Keeper) open(ctx context.Context, id uint64, amount math.Int) (types.Hold, error) {
	if err := types.ValidateAmount("amount", amount); err != nil {
		return types.Hold{}, err
	}
	return k.hold(ctx, id)
}

func (k *Keeper) hold(ctx context.Context, id uint64) (types.Hold, error) {
	hold, err := k.holds.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Hold{}, types.ErrUnknownHold.Wrapf("hold %d was never opened or is closed", id)
	}
	return hold, err
}

// wrapf adds context and keeps the code of the error it wraps.
func wrapf(err error, format string, args ...any) error {
	return errorsmod.Wrapf(err, format, args...)
}
