package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// StakeChanges is told by x/escrow of every change of a stake before it is made. What
// is in use is brought up to date: it is freed at the pace of the coins that lay in
// stake at the time, however they come and go. Coins that count for a job never leave
// the stake, and coins whose room is in use are not locked in a hold: from there they
// could come to somebody else, and give the same room again.
func (k *Keeper) StakeChanges(ctx context.Context, owner sdk.AccAddress, before, after math.Int, locks bool) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	room, err := k.ownRoom(ctx, params, owner)
	if err != nil {
		return err
	}
	if after.LT(before) {
		if err := checkLeaving(ctx, params, room, after, locks); err != nil {
			return err
		}
	}
	if room.account.Meter.Used.IsZero() {
		return nil
	}
	kept := room.account.Meter
	room.account.Meter = room.meter
	room.account.Meter.Full = room.full(params, after)
	if kept == room.account.Meter {
		return nil
	}
	return k.accounts.Set(ctx, owner, room.account)
}

// checkLeaving looks at a stake that gets smaller. A withdrawal was held against the
// room in use before the transaction began; see checkWithdrawals.
func checkLeaving(ctx context.Context, params types.Params, room ownRoom, after math.Int, locks bool) error {
	least, bound := room.account.Allocated, math.ZeroInt()
	if locks {
		bound = room.bound(params)
		least = least.Add(bound)
	}
	if after.GTE(least) {
		return nil
	}
	return types.ErrBound.Wrapf("stake of %s: %s uain would be left; %s of it count for jobs, and the room of %s is in use until %s; stake %s uain more",
		room.owner, after, room.account.Allocated, bound, freeAt(ctx, params, room.account.Meter, room.meter.Full), least.Sub(after))
}
