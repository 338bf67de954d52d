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
	var invalid error
	err := k.changeScore(ctx, jobID, owner, func(score *types.Score) { invalid = score.Add(outcome, responseMs, earned) })
	if err := errors.Join(err, invalid); err != nil {
		return err
	}
	if err := emit(ctx, &types.EventScored{
		JobId: jobID, Owner: owner.String(), Outcome: string(outcome), ResponseMs: responseMs, Earned: earned.String(),
	}); err != nil {
		return err
	}
	return k.answer(ctx, jobID, owner, outcome)
}

// answer is what an outcome costs beside being counted: an overturned ranking moves
// ratings, forged work bars an account from coming back.
func (k *Keeper) answer(ctx context.Context, jobID uint64, owner sdk.AccAddress, outcome program.Outcome) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	switch outcome {
	case program.OutcomeOverturned:
		return k.rate(ctx, jobID, owner, -params.OverturnedCost(), string(outcome))
	case program.OutcomeChildOverturned:
		return k.rate(ctx, jobID, owner, -params.ParentCost(), string(outcome))
	case program.OutcomeForged:
		node, err := k.node(ctx, jobID, owner)
		if err != nil {
			return err
		}
		node.Forged = true
		return k.nodes.Set(ctx, collections.Join(jobID, owner), node)
	}
	return nil
}

// Rank lets the workers of one request play each other: places are theirs in the
// final ranking, from 1; equal places draw.
func (k *Keeper) Rank(ctx context.Context, jobID uint64, workers []sdk.AccAddress, places []int) error {
	if len(workers) != len(places) {
		return types.ErrInvalidReport.Wrapf("%d workers on %d places", len(workers), len(places))
	}
	if len(workers) < 2 {
		return nil
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	standings, played := make([]types.Standing, len(workers)), &types.EventPlayed{JobId: jobID}
	for i, worker := range workers {
		score, err := k.score(ctx, jobID, worker)
		if err != nil {
			return err
		}
		standings[i] = types.Standing{Rating: score.RatingChange, Place: places[i]}
		played.Players = append(played.Players, types.Player{Owner: worker.String(), Place: uint32(places[i])})
	}
	if err := emit(ctx, played); err != nil {
		return err
	}
	for i, change := range types.Elo(params.EloK, standings) {
		if err := k.rate(ctx, jobID, workers[i], change, "ranked"); err != nil {
			return err
		}
	}
	return nil
}

// rate moves a rating, in the job and in total.
func (k *Keeper) rate(ctx context.Context, jobID uint64, owner sdk.AccAddress, change int64, reason string) error {
	if change == 0 {
		return nil
	}
	if err := k.changeScore(ctx, jobID, owner, func(score *types.Score) { score.RatingChange += change }); err != nil {
		return err
	}
	return emit(ctx, &types.EventRated{JobId: jobID, Owner: owner.String(), Change: change, Reason: reason})
}

// Rating is an account's Elo rating in a job, in points, rounded down.
func (k *Keeper) Rating(ctx context.Context, jobID uint64, owner sdk.AccAddress) (int64, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return 0, err
	}
	score, err := k.score(ctx, jobID, owner)
	return score.Rating(params), err
}

// Measure folds a value of one of the job's own measures into a node's score there.
func (k *Keeper) Measure(ctx context.Context, jobID uint64, owner sdk.AccAddress, field string, fold program.MetricFold, value int64) error {
	if field == "" || !types.KnownFold(fold) {
		return types.ErrInvalidMetric.Wrapf("field %q, fold %s", field, fold)
	}
	score, err := k.score(ctx, jobID, owner)
	if err != nil {
		return err
	}
	kept := score.Measure(field, fold, value)
	if err := k.scores.Set(ctx, collections.Join(jobID, owner), score); err != nil {
		return err
	}
	return emit(ctx, &types.EventMeasured{JobId: jobID, Owner: owner.String(), Field: field, Fold: fold, Value: value, Kept: kept})
}

// changeScore changes what is kept of an account in a job, and in total.
func (k *Keeper) changeScore(ctx context.Context, jobID uint64, owner sdk.AccAddress, change func(score *types.Score)) error {
	for _, job := range []uint64{jobID, types.TotalJobID} {
		score, err := k.score(ctx, job, owner)
		if err != nil {
			return err
		}
		change(&score)
		if err := k.scores.Set(ctx, collections.Join(job, owner), score); err != nil {
			return err
		}
	}
	return nil
}

// score returns what an account did in a job, zeros if nothing; job 0: in all.
func (k *Keeper) score(ctx context.Context, jobID uint64, owner sdk.AccAddress) (types.Score, error) {
	score, err := k.scores.Get(ctx, collections.Join(jobID, owner))
	if errors.Is(err, collections.ErrNotFound) {
		return types.NewScore(jobID, owner), nil
	}
	return score, err
}
