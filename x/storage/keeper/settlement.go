package keeper

import (
	"context"

	"github.com/ain-network/aind/x/storage/types"
)

// Reasons that payouts carry, for people and indexers.
const (
	reasonStorage = "storage"
	reasonUnused  = "unused"
)

// settle pays the provider what it has earned, and the owner what rounding left of terms that are over. The hold of a
// space that has expired is closed.
func (k *Keeper) settle(ctx context.Context, space *types.Space, now int64) error {
	if space.HoldId == 0 {
		return nil
	}
	provider, err := types.ParseAddress("provider", space.Provider)
	if err != nil {
		return err
	}
	owner, err := types.ParseAddress("owner", space.Owner)
	if err != nil {
		return err
	}
	earned, dust := space.Settle(now)
	if err := k.escrow.Pay(ctx, space.HoldId, provider, earned, reasonStorage); err != nil {
		return err
	}
	if err := k.escrow.Refund(ctx, space.HoldId, owner, dust, reasonUnused); err != nil {
		return err
	}
	if earned.IsPositive() {
		if err := emit(ctx, &types.EventProviderPaid{Space: space.Id, Provider: space.Provider, Amount: earned.String()}); err != nil {
			return err
		}
	}
	if space.Live(now) {
		return nil
	}
	hold := space.HoldId
	space.HoldId = 0
	return k.escrow.CloseHold(ctx, hold)
}

// lookAt settles a space, and removes it if nobody pays for it or needs it any more. It was due before.
func (k *Keeper) lookAt(ctx context.Context, space types.Space, before, now int64, params types.Params) error {
	expires := space.HoldId != 0 && !space.Live(now)
	if err := k.settle(ctx, &space, now); err != nil {
		return err
	}
	if expires {
		kept := space.KeepUntilMs
		if kept <= now {
			kept = 0
		}
		if err := emit(ctx, &types.EventSpaceExpired{Space: space.Id, KeepUntilMs: kept}); err != nil {
			return err
		}
	}
	if space.Gone(now) {
		return k.remove(ctx, space, before)
	}
	space.DueMs = space.NextDue(now, params)
	return k.save(ctx, space, before)
}
