package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// ExpireApplications removes what nobody decided in time, oldest first, at most a
// param's number in one block; the rest waits for the next. An application that
// cannot be removed is logged and passed over: it must not halt the chain.
func (k *Keeper) ExpireApplications(ctx context.Context) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	due, err := k.expired(ctx, int(params.ExpiredPerBlock))
	if err != nil {
		return err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	for _, id := range due {
		cached, write := sdkCtx.CacheContext()
		application, err := k.applications.Get(cached, id)
		if err == nil {
			err = k.expire(cached, application)
		}
		if err != nil {
			sdkCtx.Logger().Error("application cannot expire", "application", id, "error", err)
			continue
		}
		write()
	}
	return nil
}

// expired returns the ids of up to limit applications whose time has passed.
func (k *Keeper) expired(ctx context.Context, limit int) ([]uint64, error) {
	// In time is before expires_ms: what expires in this very millisecond is due.
	until := collections.NewPrefixUntilPairRange[int64, uint64](nowMs(ctx))
	iterator, err := k.applications.Indexes.Expiry.Iterate(ctx, until)
	if err != nil {
		return nil, err
	}
	defer iterator.Close()
	var due []uint64
	for ; iterator.Valid() && len(due) < limit; iterator.Next() {
		id, err := iterator.PrimaryKey()
		if err != nil {
			return nil, err
		}
		due = append(due, id)
	}
	return due, nil
}

func (k *Keeper) expire(ctx context.Context, application types.Application) error {
	if err := k.removeApplication(ctx, application); err != nil {
		return err
	}
	return emit(ctx, &types.EventApplicationExpired{
		ApplicationId: application.Id, JobId: application.JobId, Applicant: application.Applicant,
	})
}
