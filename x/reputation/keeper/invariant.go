package keeper

import (
	"context"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/reputation/types"
)

// CheckState returns an error unless the whole state is consistent: every tree is
// a tree, owners and operators are apart, counts and totals add up. It reads
// everything: for tests.
func (k *Keeper) CheckState(ctx context.Context) error {
	state, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := state.Validate(); err != nil {
		return err
	}
	if err := checkTotals(state.Scores); err != nil {
		return err
	}
	return k.checkPending(ctx, state.Applications)
}

// checkTotals compares each account's total with the sum over its jobs.
func checkTotals(scores []types.Score) error {
	sums := make(map[string]types.Score)
	for _, score := range scores {
		sum, ok := sums[score.Owner]
		if !ok {
			sum.Earned = math.ZeroInt()
		}
		if score.JobId == types.TotalJobID {
			sum = minus(sum, score)
		} else {
			sum = plus(sum, score)
		}
		sums[score.Owner] = sum
	}
	zero := types.Score{Earned: math.ZeroInt()}
	for _, score := range scores {
		if rest := sums[score.Owner]; rest.String() != zero.String() {
			return types.ErrInvalidGenesis.Wrapf("scores: total of %s is not the sum of its jobs; difference %s", score.Owner, rest.String())
		}
	}
	return nil
}

// plus and minus wrap around, so that a sum comes back to zero in any order.
func plus(a, b types.Score) types.Score {
	return types.Score{
		Accepted: a.Accepted + b.Accepted, Completed: a.Completed + b.Completed, Valid: a.Valid + b.Valid,
		Invalid: a.Invalid + b.Invalid, TimedOut: a.TimedOut + b.TimedOut, Resigned: a.Resigned + b.Resigned,
		Silent: a.Silent + b.Silent, ResponseMs: a.ResponseMs + b.ResponseMs, ResponseCount: a.ResponseCount + b.ResponseCount,
		Earned: a.Earned.Add(b.Earned),
	}
}

func minus(a, b types.Score) types.Score {
	return types.Score{
		Accepted: a.Accepted - b.Accepted, Completed: a.Completed - b.Completed, Valid: a.Valid - b.Valid,
		Invalid: a.Invalid - b.Invalid, TimedOut: a.TimedOut - b.TimedOut, Resigned: a.Resigned - b.Resigned,
		Silent: a.Silent - b.Silent, ResponseMs: a.ResponseMs - b.ResponseMs, ResponseCount: a.ResponseCount - b.ResponseCount,
		Earned: a.Earned.Sub(b.Earned),
	}
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
