package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// A transaction that asks for no more than this, and does nothing but lower its payer's own stake, may take along the
// coins whose room it uses itself: a stake without use could not be withdrawn to the last coin otherwise.
const (
	withdrawalGas   = 300_000
	withdrawalBytes = 1000
)

// onlyWithdraws says whether a transaction does nothing but set its payer's own stake, and asks for no more than that
// takes.
func (k *Keeper) onlyWithdraws(tx transaction) bool {
	if len(tx.msgs) != 1 || tx.need.Gas > withdrawalGas || tx.need.Bytes > withdrawalBytes {
		return false
	}
	owner, _, ok := k.escrow.StakeAfter(tx.msgs[0])
	return ok && owner.Equals(tx.payer)
}

// checkWithdrawals refuses to let coins out of a stake while their room is in use or
// counts for a job: on another account the same coins would give the same room
// again.
func (k *Keeper) checkWithdrawals(ctx context.Context, params types.Params, msgs []sdk.Msg) error {
	for _, msg := range msgs {
		if exec, ok := msg.(*authz.MsgExec); ok {
			inner, err := exec.GetMessages()
			if err != nil {
				return err
			}
			if err := k.checkWithdrawals(ctx, params, inner); err != nil {
				return err
			}
			continue
		}
		owner, amount, ok := k.escrow.StakeAfter(msg)
		if !ok {
			continue
		}
		if err := k.checkWithdrawal(ctx, params, owner, amount); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) checkWithdrawal(ctx context.Context, params types.Params, owner sdk.AccAddress, amount math.Int) error {
	room, err := k.ownRoom(ctx, params, owner)
	if err != nil {
		return err
	}
	least := room.leastStake(params)
	if amount.GTE(least) {
		return nil
	}
	return types.ErrBound.Wrapf("amount: %s uain; %s of the stake count for jobs, and the room of %s is in use until %s; ask for %s or more",
		amount, room.account.Allocated, room.bound(params), freeAt(ctx, params, room.account.Meter, room.meter.Full), least)
}

// LeastStake is the least in uain that an owner's stake can be lowered to now.
func (k *Keeper) LeastStake(ctx context.Context, owner sdk.AccAddress) (math.Int, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return math.Int{}, err
	}
	room, err := k.ownRoom(ctx, params, owner)
	if err != nil {
		return math.Int{}, err
	}
	return room.leastStake(params), nil
}

// leastStake is what counts for jobs and what is bound, if so much is left.
func (r ownRoom) leastStake(params types.Params) math.Int {
	return math.MinInt(r.account.Allocated.Add(r.bound(params)), r.stake)
}

// freeAt is when a meter is empty, for people.
func freeAt(ctx context.Context, params types.Params, kept types.Meter, full types.Room) string {
	at := kept.FreeAt(full, params.WindowMs)
	if at == types.Never {
		return "more is staked"
	}
	return stamp(max(at, nowMs(ctx)))
}
