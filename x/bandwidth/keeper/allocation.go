package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// Allocate sets how many coins of a root's stake count for its job. Coins whose room
// is in use, the root's own or the job's, stay on their side until it is free.
func (k *Keeper) Allocate(ctx context.Context, root sdk.AccAddress, jobID uint64, amount math.Int) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if err := k.checkRoot(ctx, root, jobID); err != nil {
		return err
	}
	p, known, err := k.pot(ctx, params, jobID)
	if err != nil {
		return err
	}
	if !known {
		p.allocation.Root = root.String()
	}
	room, err := k.ownRoom(ctx, params, root)
	if err != nil {
		return err
	}
	before := p.allocation.Amount
	switch {
	case amount.LT(before):
		err = checkLower(ctx, params, p, amount)
	case amount.GT(before):
		err = checkRaise(params, room, jobID, amount.Sub(before))
	default:
		return nil
	}
	if err != nil {
		return err
	}
	if err := k.move(ctx, params, room, p, amount); err != nil {
		return err
	}
	return emit(ctx, &types.EventAllocated{JobId: jobID, Root: root.String(), Amount: amount.String()})
}

func (k *Keeper) checkRoot(ctx context.Context, account sdk.AccAddress, jobID uint64) error {
	root, err := k.jobs.Root(ctx, jobID)
	if err != nil {
		return err
	}
	if root == nil {
		return types.ErrUnknownJob.Wrapf("job_id: %#x; list the jobs there are", jobID)
	}
	if !root.Equals(account) {
		return types.ErrNotRoot.Wrapf("%s allocates to job %#x; only its root %s or the root's operator may", account, jobID, root)
	}
	return nil
}

// checkLower: the job keeps the coins whose room it is using.
func checkLower(ctx context.Context, params types.Params, p pot, amount math.Int) error {
	bound := params.CoinsFor(p.meter.Used, types.Room{})
	if amount.GTE(bound) {
		return nil
	}
	return types.ErrBound.Wrapf("amount: %s uain; job %#x uses the room of %s until %s; ask for %s or more",
		amount, p.allocation.JobId, bound, freeAt(ctx, params, p.allocation.Meter, p.meter.Full), bound)
}

// checkRaise: the root has coins in stake that count for no job, and whose room it
// is not using.
func checkRaise(params types.Params, room ownRoom, jobID uint64, more math.Int) error {
	bound := room.bound(params)
	spare := math.MaxInt(room.stake.Sub(room.account.Allocated).Sub(bound), math.ZeroInt())
	if more.LTE(spare) {
		return nil
	}
	return types.ErrBound.Wrapf(
		"amount: %s uain more for job %#x; the stake is %s, of which %s count for jobs and the room of %s is in use; stake %s uain more",
		more, jobID, room.stake, room.account.Allocated, bound, more.Sub(spare))
}

// move writes both sides. What is in use stays where it is; from now on it is freed
// at the pace of the new rooms.
func (k *Keeper) move(ctx context.Context, params types.Params, room ownRoom, p pot, amount math.Int) error {
	room.account.Allocated = room.account.Allocated.Sub(p.allocation.Amount).Add(amount)
	room.account.Meter = room.meter
	room.account.Meter.Full = room.full(params, room.stake)
	if err := k.accounts.Set(ctx, room.owner, room.account); err != nil {
		return err
	}
	p.allocation.Amount = amount
	full := params.RoomOf(amount)
	p.allocation.Meter, p.allocation.Applicants = p.meter, p.applicants
	p.allocation.Meter.Full, p.allocation.Applicants.Full = full, full.Part(params.ApplicantsBps)
	return k.allocations.Set(ctx, p.allocation.JobId, p.allocation)
}
