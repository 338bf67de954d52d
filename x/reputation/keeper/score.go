package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// Report counts how one piece of accepted work ended for an account, in the job
// and in total. It is called once for each place in a request, when its end is
// known. responseMs is the time to the answer, 0 if none was measured; earned is
// in uain. A node that was dropped since it accepted is counted too.
func (k *Keeper) Report(
	ctx context.Context, jobID uint64, owner sdk.AccAddress, role program.Role,
	outcome program.Outcome, responseMs uint64, earned math.Int,
) error {
	if err := types.ValidateReport(role, earned); err != nil {
		return err
	}
	if _, err := k.tree(ctx, jobID); err != nil {
		return err
	}
	for _, job := range []uint64{jobID, types.TotalJobID} {
		score, err := k.score(ctx, job, owner)
		if err != nil {
			return err
		}
		if err := score.Add(outcome, responseMs, earned); err != nil {
			return err
		}
		if err := k.scores.Set(ctx, collections.Join(job, owner), score); err != nil {
			return err
		}
	}
	return emit(ctx, &types.EventScored{
		JobId: jobID, Owner: owner.String(), Outcome: string(outcome), ResponseMs: responseMs, Earned: earned.String(),
	})
}

// score returns what an account did in a job, zeros if nothing; job 0: in all.
func (k *Keeper) score(ctx context.Context, jobID uint64, owner sdk.AccAddress) (types.Score, error) {
	score, err := k.scores.Get(ctx, collections.Join(jobID, owner))
	if errors.Is(err, collections.ErrNotFound) {
		return types.NewScore(jobID, owner), nil
	}
	return score, err
}
