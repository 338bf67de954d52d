package keeper

import (
	"context"
	"errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// CheckInput refuses content that a client may not name as the input of a job's request: its space must be paid for and
// let the participants read. A space that reads by participants is the client's own, or else anybody could have
// participants of its choice read what is others'.
func (k *Keeper) CheckInput(ctx context.Context, id uint64, client sdk.AccAddress, jobID uint64) error {
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
	return nil
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

// Keep has a space's content kept until a time, also beyond its expiry, but no longer beyond it than a param. A space
// that is gone cannot be kept, which is no error.
func (k *Keeper) Keep(ctx context.Context, id uint64, until int64) error {
	space, _, err := k.space(ctx, id)
	if errors.Is(err, types.ErrUnknownSpace) {
		return nil
	}
	if err != nil {
		return err
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	until = min(until, space.ExpiresMs+int64(params.MaxKeepMs))
	if until <= space.KeepUntilMs {
		return nil
	}
	before := space.DueMs
	space.KeepUntilMs = until
	if space.HoldId == 0 {
		space.DueMs = until
	}
	if err := k.save(ctx, space, before); err != nil {
		return err
	}
	return emit(ctx, &types.EventSpaceKept{Space: space.Id, KeepUntilMs: until})
}
