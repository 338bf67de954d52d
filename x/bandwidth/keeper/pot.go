package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// pot is a job's room as it is now.
type pot struct {
	allocation types.Allocation // as it is kept
	meter      types.Meter      // now
	applicants types.Meter      // now
}

// pot reads a job's room; empty, and false, if nothing was ever allocated to the job.
func (k *Keeper) pot(ctx context.Context, params types.Params, jobID uint64) (pot, bool, error) {
	allocation, err := k.allocations.Get(ctx, jobID)
	known := err == nil
	if errors.Is(err, collections.ErrNotFound) {
		allocation, err = types.Allocation{JobId: jobID, Amount: math.ZeroInt()}, nil
	}
	if err != nil {
		return pot{}, false, err
	}
	now, full := nowMs(ctx), params.RoomOf(allocation.Amount)
	return pot{
		allocation: allocation,
		meter:      allocation.Meter.At(now, full, params.WindowMs),
		applicants: allocation.Applicants.At(now, full.Part(params.ApplicantsBps), params.WindowMs),
	}, known, nil
}

// member is who uses a job's room.
type member struct {
	jobID   uint64
	account sdk.AccAddress
	applies bool
}

// shareFull is the most that a member may use in a window.
func (p pot) shareFull(params types.Params, applies bool) types.Room {
	if applies {
		return p.applicants.Full.Part(params.AccountBps)
	}
	return p.meter.Full.Part(params.AccountBps)
}

// chargePot counts a transaction against a job's room, the member's share of it,
// and, for an applicant, the applicants' part of it. All three must have room; if
// not, it returns the block time at which they would have.
func (k *Keeper) chargePot(ctx context.Context, params types.Params, tx transaction, m member) (charged bool, passesMs int64, _ error) {
	p, ok, err := k.pot(ctx, params, m.jobID)
	if err != nil || !ok {
		return false, types.Never, err
	}
	kept, err := k.share(ctx, m.jobID, m.account)
	if err != nil {
		return false, types.Never, err
	}
	share := kept.At(nowMs(ctx), p.shareFull(params, m.applies), params.WindowMs)

	fits := p.meter.Fits(tx.need) && share.Fits(tx.need) && (!m.applies || p.applicants.Fits(tx.need))
	if !fits {
		passes := latest(
			p.allocation.Meter.PassesAt(tx.need, p.meter.Full, params.WindowMs),
			kept.PassesAt(tx.need, share.Full, params.WindowMs),
		)
		if m.applies {
			passes = latest(passes, p.allocation.Applicants.PassesAt(tx.need, p.applicants.Full, params.WindowMs))
		}
		return false, passes, nil
	}
	p.allocation.Meter = p.meter.Use(tx.need)
	if m.applies {
		p.allocation.Applicants = p.applicants.Use(tx.need)
	}
	if err := k.allocations.Set(ctx, m.jobID, p.allocation); err != nil {
		return false, types.Never, err
	}
	return true, 0, k.shares.Set(ctx, collections.Join(m.jobID, m.account), share.Use(tx.need))
}

// latest is the later of two times at which something passes.
func latest(a, b int64) int64 {
	if a == types.Never || b == types.Never {
		return types.Never
	}
	return max(a, b)
}
