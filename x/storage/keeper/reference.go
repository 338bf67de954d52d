package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// CheckInput refuses content that a client may not name as the input of a job's request: its space must be paid for, be
// kept as long as the request may last, and let the participants read. A space that reads by participants is the
// client's own, or else anybody could have participants of its choice read what is others'.
func (k *Keeper) CheckInput(ctx context.Context, id uint64, client sdk.AccAddress, jobID uint64, until int64) error {
	space, _, err := k.liveSpace(ctx, id)
	if err != nil {
		return err
	}
	if !space.Read.ReadByParticipants(jobID) {
		return types.ErrNotReadable.Wrapf("space %d: read is %s, and those who work on the request must read it; set it to %s",
			id, space.Read.Kind, types.ACCESS_KIND_PARTICIPANTS)
	}
	if space.Read.Kind == types.ACCESS_KIND_PARTICIPANTS && space.Owner != client.String() {
		return types.ErrNotOwner.Wrapf("space %d is that of %s; only its owner lets participants of requests read it", id, space.Owner)
	}
	params, err := k.Params(ctx)
	if err == nil && space.KeptAtMost(params) < until {
		err = types.ErrExpired.Wrapf("space %d expires at %d, and the request may last until %d; extend it by %d ms",
			id, space.ExpiresMs, until, until-space.KeptAtMost(params))
	}
	return err
}

// CheckProgram refuses a program that a job's nodes cannot read, since its space lets in neither everybody nor them. A
// job that is not there yet is 0. Releases live as long as their jobs, so who publishes one extends its space.
func (k *Keeper) CheckProgram(ctx context.Context, id, jobID uint64) error {
	space, _, err := k.liveSpace(ctx, id)
	if err != nil {
		return err
	}
	if space.Read.Kind == types.ACCESS_KIND_EVERYBODY || jobID != 0 && space.Read.Kind == types.ACCESS_KIND_JOB && space.Read.JobId == jobID {
		return nil
	}
	return types.ErrNotReadable.Wrapf("space %d: read is %s, and the job's nodes must read its programs; set it to %s, or to %s of this job",
		id, space.Read.Kind, types.ACCESS_KIND_EVERYBODY, types.ACCESS_KIND_JOB)
}

// CheckOutput refuses content that an account cannot have put into a space: it must be paid for, and the account must
// be let write.
func (k *Keeper) CheckOutput(ctx context.Context, id uint64, account sdk.AccAddress) error {
	space, _, err := k.liveSpace(ctx, id)
	if err != nil {
		return err
	}
	reason, err := k.lets(ctx, space, space.Write, account)
	if err == nil && reason == "" {
		err = types.ErrNotWritable.Wrapf("space %d: %s may not write there; name a space of its own", id, account)
	}
	return err
}

// Need notes that one more request needs a space, which is kept until a time.
func (k *Keeper) Need(ctx context.Context, id uint64, until int64) error {
	return k.needed(ctx, id, func(space *types.Space, p types.Params) {
		space.Needs++
		space.KeepUntilMs = max(space.KeepUntilMs, min(until, space.KeptAtMost(p)))
	})
}

// Keep has a space that a request needs kept until a time, also beyond its expiry, but no longer beyond it than a param.
func (k *Keeper) Keep(ctx context.Context, id uint64, until int64) error {
	return k.needed(ctx, id, func(space *types.Space, p types.Params) {
		space.KeepUntilMs = max(space.KeepUntilMs, min(until, space.KeptAtMost(p)))
	})
}

// Done notes that a request which needed a space is over. Without any left, the space need not be kept.
func (k *Keeper) Done(ctx context.Context, id uint64) error {
	return k.needed(ctx, id, func(space *types.Space, _ types.Params) {
		if space.Needs--; space.Needs == 0 {
			space.KeepUntilMs = 0
		}
	})
}

// needed changes what requests need of a space. One that has left the state is needed by nobody, which is no error: a
// param bounds how long a space is kept beyond its expiry, and nobody bounds for how long requests are challenged.
func (k *Keeper) needed(ctx context.Context, id uint64, change func(*types.Space, types.Params)) error {
	space, err := k.spaces.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	now, err := k.jobs.Now(ctx)
	if err != nil {
		return err
	}
	before, kept, gone := space.DueMs, space.KeepUntilMs, space.Gone(now)
	change(&space, params)
	if gone { // its content may have been deleted already, and the sweep is on its way
		space.KeepUntilMs = kept
	}
	if space.HoldId == 0 {
		space.DueMs = space.KeepUntilMs
	}
	if err := k.save(ctx, space, before); err != nil || kept == space.KeepUntilMs {
		return err
	}
	return emit(ctx, &types.EventSpaceKept{Space: space.Id, KeepUntilMs: space.KeepUntilMs})
}
