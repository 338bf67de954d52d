package keeper

import (
	"context"

	"github.com/ain-network/aind/x/reputation/types"
)

// CheckState returns an error unless the whole state could be imported and the
// derived counts are right. It reads everything: for tests.
func (k *Keeper) CheckState(ctx context.Context) error {
	state, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := state.Validate(); err != nil {
		return err
	}
	return k.checkPending(ctx, state.Applications)
}

// checkPending compares each admin's count with its undecided applications.
func (k *Keeper) checkPending(ctx context.Context, applications []types.Application) error {
	waiting := make(map[string]uint32)
	for _, application := range applications {
		waiting[application.Admin]++
	}
	for _, application := range applications {
		admin, err := types.ParseAddress("admin", application.Admin)
		if err != nil {
			return err
		}
		count, err := k.pendingOf(ctx, admin)
		if err != nil {
			return err
		}
		if count != waiting[application.Admin] {
			return types.ErrInvalidGenesis.Wrapf("admin %s: %d applications wait, %d are counted", application.Admin, waiting[application.Admin], count)
		}
	}
	counts, err := values(ctx, k.pending)
	if err != nil {
		return err
	}
	counted := 0
	for _, count := range counts {
		counted += int(count)
	}
	if counted != len(applications) {
		return types.ErrInvalidGenesis.Wrapf("%d applications wait, %d are counted", len(applications), counted)
	}
	return nil
}
