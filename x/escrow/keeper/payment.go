package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/escrow/types"
)

// Pay gives an owner an earning out of a hold: to its payout address, or, if that
// cannot receive, into its stake. Settling never fails because of a receiver.
// Zero does nothing. The reason is the payout's rule, for people and indexers.
func (k *Keeper) Pay(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string) error {
	account, err := k.account(ctx, owner)
	if err != nil {
		return err
	}
	to := owner
	if account.Payout != "" {
		if to, err = types.ParseAddress("payout", account.Payout); err != nil {
			return err
		}
	}
	return k.payOut(ctx, hold, owner, to, amount, reason)
}

// Refund gives an owner's own coins back to its wallet, or, if that cannot
// receive, into its stake. Zero does nothing.
func (k *Keeper) Refund(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string) error {
	return k.payOut(ctx, hold, owner, owner, amount, reason)
}

// ReturnStake gives a bond or deposit back to the stake it was locked from. Zero
// does nothing.
func (k *Keeper) ReturnStake(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string) error {
	if err := k.drain(ctx, hold, amount); err != nil || amount.IsZero() {
		return err
	}
	if err := k.credit(ctx, owner, amount); err != nil {
		return err
	}
	return emitPaid(ctx, hold, owner, amount, reason, true)
}

// PayFee gives coins out of a hold to validators and delegators. Zero does nothing.
func (k *Keeper) PayFee(ctx context.Context, hold uint64, amount math.Int) error {
	if err := k.drain(ctx, hold, amount); err != nil || amount.IsZero() {
		return err
	}
	if err := k.bank.SendCoinsFromModuleToModule(ctx, types.ModuleName, k.feeCollector, k.coins(amount)); err != nil {
		return wrapf(err, "pay a fee of %s%s out of hold %d", amount, k.denom, hold)
	}
	return emit(ctx, &types.EventFeePaid{HoldId: hold, Amount: amount.String()})
}

// Burn destroys coins of a hold. Zero does nothing.
func (k *Keeper) Burn(ctx context.Context, hold uint64, amount math.Int) error {
	if err := k.drain(ctx, hold, amount); err != nil || amount.IsZero() {
		return err
	}
	if err := k.bank.BurnCoins(ctx, types.ModuleName, k.coins(amount)); err != nil {
		return wrapf(err, "burn %s%s of hold %d", amount, k.denom, hold)
	}
	return emit(ctx, &types.EventBurned{HoldId: hold, Amount: amount.String()})
}

func (k *Keeper) payOut(ctx context.Context, hold uint64, owner, to sdk.AccAddress, amount math.Int, reason string) error {
	if err := k.drain(ctx, hold, amount); err != nil || amount.IsZero() {
		return err
	}
	toStake := !k.send(ctx, to, amount)
	if toStake {
		if err := k.credit(ctx, owner, amount); err != nil {
			return err
		}
	}
	return emitPaid(ctx, hold, owner, amount, reason, toStake)
}

// send says whether to received the coins. What a failed transfer has written is
// thrown away with its cached context.
func (k *Keeper) send(ctx context.Context, to sdk.AccAddress, amount math.Int) bool {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	cached, write := sdkCtx.CacheContext()
	if err := k.bank.SendCoinsFromModuleToAccount(cached, types.ModuleName, to, k.coins(amount)); err != nil {
		sdkCtx.Logger().Info("receiver cannot be paid, its stake is credited", "receiver", to.String(), "amount", amount.String(), "error", err)
		return false
	}
	write()
	return true
}

func emitPaid(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string, toStake bool) error {
	return emit(ctx, &types.EventPaid{HoldId: hold, Owner: owner.String(), Amount: amount.String(), ToStake: toStake, Reason: reason})
}
