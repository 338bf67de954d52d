package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/storage/types"
)

// coins are an amount of uain.
type coins = math.Int

// add keeps a new space and lists it.
func (k *Keeper) add(ctx context.Context, space types.Space) error {
	owner, err := types.ParseAddress("owner", space.Owner)
	if err != nil {
		return err
	}
	provider, err := types.ParseAddress("provider", space.Provider)
	if err != nil {
		return err
	}
	if err := k.spacesByOwner.Set(ctx, collections.Join(owner, space.Id)); err != nil {
		return err
	}
	if err := k.spacesByProvider.Set(ctx, collections.Join(provider, space.Id)); err != nil {
		return err
	}
	if err := k.due.Set(ctx, collections.Join(space.DueMs, space.Id)); err != nil {
		return err
	}
	return k.spaces.Set(ctx, space.Id, space)
}

// save keeps a space that is listed already, and was due at another time or at the same.
func (k *Keeper) save(ctx context.Context, space types.Space, before int64) error {
	if before != space.DueMs {
		if err := k.due.Remove(ctx, collections.Join(before, space.Id)); err != nil {
			return err
		}
		if err := k.due.Set(ctx, collections.Join(space.DueMs, space.Id)); err != nil {
			return err
		}
	}
	return k.spaces.Set(ctx, space.Id, space)
}

// remove forgets a space and gives its room back to the provider.
func (k *Keeper) remove(ctx context.Context, space types.Space, before int64) error {
	owner, err := types.ParseAddress("owner", space.Owner)
	if err != nil {
		return err
	}
	provider, err := types.ParseAddress("provider", space.Provider)
	if err != nil {
		return err
	}
	if err := k.free(ctx, provider, space.SizeBytes); err != nil {
		return err
	}
	if err := k.spacesByOwner.Remove(ctx, collections.Join(owner, space.Id)); err != nil {
		return err
	}
	if err := k.spacesByProvider.Remove(ctx, collections.Join(provider, space.Id)); err != nil {
		return err
	}
	if err := k.due.Remove(ctx, collections.Join(before, space.Id)); err != nil {
		return err
	}
	if err := k.spaces.Remove(ctx, space.Id); err != nil {
		return err
	}
	return emit(ctx, &types.EventSpaceRemoved{Space: space.Id})
}
