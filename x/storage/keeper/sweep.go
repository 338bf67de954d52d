package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// retryMs is how long a space waits that could not be looked at. That is a fault in this program: the space stays as it
// was, nobody's coins move, and the others go on.
const retryMs = 60_000

// EndBlock pays providers and ends spaces, the longest due first. What is too much for one block is carried on in the
// next.
func (k *Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	now, err := k.jobs.Now(ctx)
	if err != nil {
		return err
	}
	keys, err := k.dueKeys(ctx, now, int(params.SweepSpaces))
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := k.sweepOne(ctx, key.K2(), now, params); err != nil {
			if err := k.postpone(ctx, key, now+retryMs, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepOne looks at one space, all or nothing. A panic is an error like any other.
func (k *Keeper) sweepOne(ctx context.Context, id uint64, now int64, params types.Params) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	cached, write := sdk.UnwrapSDKContext(ctx).CacheContext()
	space, err := k.spaces.Get(cached, id)
	if err != nil {
		return err
	}
	if err := k.lookAt(cached, space, space.DueMs, now, params); err != nil {
		return err
	}
	write()
	return nil
}

// postpone moves a space that could not be looked at out of the others' way.
func (k *Keeper) postpone(ctx context.Context, key dueKey, retry int64, cause error) error {
	sdk.UnwrapSDKContext(ctx).Logger().Error("space cannot be swept", "space", key.K2(), "retry_ms", retry, "error", cause)
	if err := k.due.Remove(ctx, key); err != nil {
		return err
	}
	space, err := k.spaces.Get(ctx, key.K2())
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	space.DueMs = retry
	if err := k.save(ctx, space, key.K1()); err != nil {
		return err
	}
	return emit(ctx, &types.EventSweepFailed{Space: space.Id, RetryMs: retry})
}

// dueKeys lists at most limit spaces whose time is now or before.
func (k *Keeper) dueKeys(ctx context.Context, now int64, limit int) ([]dueKey, error) {
	var keys []dueKey
	err := k.due.Walk(ctx, new(collections.Range[dueKey]).EndExclusive(collections.Join(now+1, uint64(0))), func(key dueKey) (bool, error) {
		keys = append(keys, key)
		return len(keys) >= limit, nil
	})
	return keys, err
}
