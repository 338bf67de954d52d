package keeper

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/ain-network/aind/x/storage/types"
)

// CheckState returns an error unless the whole state could be imported, every hold has what its provider has not been
// paid yet, and every space is listed once by owner, by provider and by time. It reads everything: for tests.
func (k *Keeper) CheckState(ctx context.Context) error {
	state, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := state.Validate(); err != nil {
		return err
	}
	for _, space := range state.Spaces {
		if err := k.checkHold(ctx, space); err != nil {
			return err
		}
		if err := k.checkListed(ctx, space); err != nil {
			return err
		}
	}
	return k.checkLists(ctx, len(state.Spaces))
}

// CheckNeeds returns an error unless every space counts the requests that need it, given by space. For tests.
func (k *Keeper) CheckNeeds(ctx context.Context, needs map[uint64]uint64) error {
	return k.spaces.Walk(ctx, nil, func(id uint64, space types.Space) (bool, error) {
		if space.Needs != needs[id] {
			return true, types.ErrInvalidGenesis.Wrapf("space %d: counts %d requests that need it, there are %d", id, space.Needs, needs[id])
		}
		return false, nil
	})
}

// checkHold compares a space's hold with what is unpaid of its cost.
func (k *Keeper) checkHold(ctx context.Context, space types.Space) error {
	if space.HoldId == 0 {
		return nil
	}
	balance, err := k.escrow.Balance(ctx, space.HoldId)
	if err != nil {
		return types.ErrInvalidGenesis.Wrapf("space %d: %v", space.Id, err)
	}
	if unpaid := space.Unpaid(); !balance.Equal(unpaid) {
		return types.ErrInvalidGenesis.Wrapf("space %d: hold %d has %s uain, %s are unpaid", space.Id, space.HoldId, balance, unpaid)
	}
	return nil
}

func (k *Keeper) checkListed(ctx context.Context, space types.Space) error {
	owner, err := types.ParseAddress("owner", space.Owner)
	if err != nil {
		return err
	}
	provider, err := types.ParseAddress("provider", space.Provider)
	if err != nil {
		return err
	}
	byOwner, err := k.spacesByOwner.Has(ctx, collections.Join(owner, space.Id))
	if err != nil {
		return err
	}
	byProvider, err := k.spacesByProvider.Has(ctx, collections.Join(provider, space.Id))
	if err != nil {
		return err
	}
	byTime, err := k.due.Has(ctx, collections.Join(space.DueMs, space.Id))
	if err != nil {
		return err
	}
	if !byOwner || !byProvider || !byTime {
		return types.ErrInvalidGenesis.Wrapf("space %d: listed by owner %t, by provider %t, by time %t", space.Id, byOwner, byProvider, byTime)
	}
	return nil
}

// checkLists wants no list to name more than the spaces there are.
func (k *Keeper) checkLists(ctx context.Context, spaces int) error {
	byOwner, err := count(ctx, k.spacesByOwner)
	if err != nil {
		return err
	}
	byProvider, err := count(ctx, k.spacesByProvider)
	if err != nil {
		return err
	}
	byTime, err := count(ctx, k.due)
	if err != nil {
		return err
	}
	if byOwner != spaces || byProvider != spaces || byTime != spaces {
		return types.ErrInvalidGenesis.Wrapf("%d spaces; listed are %d by owner, %d by provider, %d by time", spaces, byOwner, byProvider, byTime)
	}
	return nil
}

func count[K any](ctx context.Context, set collections.KeySet[K]) (n int, err error) {
	err = set.Walk(ctx, nil, func(K) (bool, error) {
		n++
		return false, nil
	})
	return n, err
}
