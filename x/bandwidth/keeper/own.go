package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// ownRoom is an owner's room as it is now.
type ownRoom struct {
	owner   sdk.AccAddress
	account types.Account // as it is kept
	stake   math.Int
	base    types.Room
	meter   types.Meter // now
}

// ownRoom reads an owner's room.
func (k *Keeper) ownRoom(ctx context.Context, params types.Params, owner sdk.AccAddress) (ownRoom, error) {
	account, err := k.account(ctx, owner)
	if err != nil {
		return ownRoom{}, err
	}
	stake, err := k.escrow.Stake(ctx, owner)
	if err != nil {
		return ownRoom{}, err
	}
	room := ownRoom{owner: owner, account: account, stake: stake, base: k.base(ctx, params, owner)}
	room.meter = account.Meter.At(nowMs(ctx), room.full(params, stake), params.WindowMs)
	return room, nil
}

// base is the room that an account has without any stake.
func (k *Keeper) base(ctx context.Context, params types.Params, owner sdk.AccAddress) types.Room {
	if params.Base.IsZero() {
		return types.Room{}
	}
	if params.BaseBalance > 0 {
		wallet := k.bank.GetBalance(ctx, owner, k.denom).Amount
		if wallet.LT(math.NewIntFromUint64(params.BaseBalance)) {
			return types.Room{}
		}
	}
	return params.Base
}

// full is the whole room that a stake gives its owner: what counts for jobs does
// not count here.
func (r ownRoom) full(params types.Params, stake math.Int) types.Room {
	return params.RoomOf(math.MaxInt(stake.Sub(r.account.Allocated), math.ZeroInt())).Add(r.base)
}

// bound are the coins whose room is in use.
func (r ownRoom) bound(params types.Params) math.Int {
	return params.CoinsFor(r.meter.Used, r.base)
}

// chargeOwn counts a transaction against its payer's own room.
func (k *Keeper) chargeOwn(ctx context.Context, params types.Params, tx transaction) (refusal, error) {
	room, err := k.ownRoom(ctx, params, tx.payer)
	if err != nil {
		return refusal{}, err
	}
	kept := room.account.Meter
	kept.Full = kept.Full.Min(room.meter.Full)
	room.meter.Full = room.full(params, k.stakeThatCounts(ctx, tx, room))
	if !room.meter.Fits(tx.need) && !tx.simulated {
		refused := refusal{
			whose:    "of " + tx.payer.String(),
			used:     room.meter.Used,
			full:     room.meter.Full,
			passesMs: kept.PassesAt(tx.need, room.meter.Full, params.WindowMs),
		}
		refused.stake = room.account.Allocated.Add(params.CoinsFor(room.meter.Used.Add(tx.need), room.base))
		return refused, nil
	}
	room.account.Meter = room.meter.Use(tx.need)
	return refusal{}, k.accounts.Set(ctx, room.owner, room.account)
}

// raiseGas is more than raising a stake ever takes. With less left the message could
// run out of gas, and its coins would have given room and not be in stake.
const raiseGas = 100_000

// stakeThatCounts is the payer's stake, or, where the transaction does nothing but
// raise it, the stake that it makes: a wallet with coins and nothing in stake could
// not begin otherwise. The wallet can spend the difference and there is gas enough,
// so the message will not fail.
func (k *Keeper) stakeThatCounts(ctx context.Context, tx transaction, room ownRoom) math.Int {
	if len(tx.msgs) != 1 || sdk.UnwrapSDKContext(ctx).GasMeter().GasRemaining() < raiseGas {
		return room.stake
	}
	owner, amount, ok := k.escrow.StakeAfter(tx.msgs[0])
	if !ok || !owner.Equals(room.owner) || amount.LTE(room.stake) {
		return room.stake
	}
	if k.bank.SpendableCoin(ctx, owner, k.denom).Amount.LT(amount.Sub(room.stake)) {
		return room.stake
	}
	return amount
}
