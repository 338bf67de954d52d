package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// addApplication stores an application and counts it with its admin, of which
// at most limit may wait.
func (k *Keeper) addApplication(ctx context.Context, application types.Application, limit uint32) error {
	admin, err := types.ParseAddress("admin", application.Admin)
	if err != nil {
		return err
	}
	count, err := k.pendingOf(ctx, admin)
	if err != nil {
		return err
	}
	if count >= limit {
		return types.ErrTooManyApplications.Wrapf("admin %s has %d undecided applications of at most %d; try again later", admin, count, limit)
	}
	if err := k.pending.Set(ctx, admin, count+1); err != nil {
		return err
	}
	return k.applications.Set(ctx, application.Id, application)
}

// removeApplication deletes a decided, withdrawn or expired application.
func (k *Keeper) removeApplication(ctx context.Context, application types.Application) error {
	admin, err := types.ParseAddress("admin", application.Admin)
	if err != nil {
		return err
	}
	count, err := k.pendingOf(ctx, admin)
	if err != nil {
		return err
	}
	if count > 1 {
		err = k.pending.Set(ctx, admin, count-1)
	} else {
		err = k.pending.Remove(ctx, admin)
	}
	if err != nil {
		return err
	}
	return k.applications.Remove(ctx, application.Id)
}

func (k *Keeper) pendingOf(ctx context.Context, admin sdk.AccAddress) (uint32, error) {
	count, err := k.pending.Get(ctx, admin)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return count, err
}
