package keeper_test

import (
	stdmath "math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// report counts an outcome in the job that grows.
func (f *fixture) report(ctx sdk.Context, name string, role program.Role, outcome program.Outcome) {
	f.t.Helper()
	require.NoError(f.t, f.keeper.Report(ctx, grown, address(name), role, outcome, 0, math.ZeroInt()))
}

func (f *fixture) rank(names []string, places ...int) {
	f.t.Helper()
	var workers []sdk.AccAddress
	for _, name := range names {
		workers = append(workers, address(name))
	}
	require.NoError(f.t, f.keeper.Rank(f.ctx, grown, workers, places))
}

func (f *fixture) rating(name string) int64 {
	f.t.Helper()
	rating, err := f.keeper.Rating(f.ctx, grown, address(name))
	require.NoError(f.t, err)
	return rating
}

func TestWorkersOfOneRequestPlayEachOther(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{})
	f.rank([]string{"a", "b"}, 1, 2)
	require.EqualValues(t, 1516, f.rating("a"))
	require.EqualValues(t, 1484, f.rating("b"))
	require.EqualValues(t, 16_000, f.score(types.TotalJobID, address("a")).RatingChange, "in total, too")
	f.rank([]string{"a", "b"}, 1, 1)
	require.Less(t, f.rating("a"), int64(1516), "a draw is less than was expected")
	before := f.rating("a")
	f.rank([]string{"a"}, 1)
	require.Equal(t, before, f.rating("a"), "alone nobody plays")
	require.ErrorIs(t, f.keeper.Rank(f.ctx, grown, []sdk.AccAddress{address("a"), address("b")}, []int{1}), types.ErrInvalidReport)
}

// Who is alone plays nobody.
func TestOneWorkerPlaysNoGame(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{})
	require.Empty(t, f.events(func(ctx sdk.Context) {
		require.NoError(t, f.keeper.Rank(ctx, grown, []sdk.AccAddress{address("a")}, []int{1}))
		require.NoError(t, f.keeper.Rank(ctx, grown, nil, nil))
	}))
	require.ErrorIs(t, f.keeper.Rank(f.ctx, grown, []sdk.AccAddress{address("a"), address("b")}, []int{1}), types.ErrInvalidReport)
}

func TestPlacesAreOnRecord(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{})
	events := f.events(func(ctx sdk.Context) {
		require.NoError(t, f.keeper.Rank(ctx, grown, []sdk.AccAddress{address("a"), address("b")}, []int{2, 1}))
	})
	require.Equal(t, []proto.Message{
		&types.EventPlayed{JobId: grown, Players: []types.Player{{Owner: address("a").String(), Place: 2}, {Owner: address("b").String(), Place: 1}}},
		&types.EventRated{JobId: grown, Owner: address("a").String(), Change: -16_000, Reason: "ranked"},
		&types.EventRated{JobId: grown, Owner: address("b").String(), Change: 16_000, Reason: "ranked"},
	}, events)
}

func TestARatingThatDoesNotMoveIsNoEvent(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{})
	events := f.events(func(ctx sdk.Context) {
		require.NoError(t, f.keeper.Rank(ctx, grown, []sdk.AccAddress{address("a"), address("b")}, []int{1, 1}))
	})
	require.Len(t, events, 1, "equals draw")
	require.IsType(t, &types.EventPlayed{}, events[0])
	require.EqualValues(t, 1500, f.rating("a"))
}

func TestAnOverturnedRankingCostsRating(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{})
	events := f.events(func(ctx sdk.Context) {
		f.report(ctx, "e", evaluator, program.OutcomeOverturned)
		f.report(ctx, "p", admin, program.OutcomeChildOverturned)
	})
	require.EqualValues(t, 1460, f.rating("e"))
	require.EqualValues(t, 1490, f.rating("p"), "a quarter of it")
	require.EqualValues(t, 1, f.score(grown, address("p")).ChildrenOverturned)
	require.Zero(t, f.score(grown, address("p")).Accepted)
	require.Equal(t, []proto.Message{
		&types.EventScored{JobId: grown, Owner: address("e").String(), Outcome: "overturned", Earned: "0"},
		&types.EventRated{JobId: grown, Owner: address("e").String(), Change: -40_000, Reason: "overturned"},
		&types.EventScored{JobId: grown, Owner: address("p").String(), Outcome: "child_overturned", Earned: "0"},
		&types.EventRated{JobId: grown, Owner: address("p").String(), Change: -10_000, Reason: "child_overturned"},
	}, events)
}

func TestStreakCountsValidResultsInARow(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{})
	f.below("root", "w", worker)
	for _, step := range []struct {
		outcome program.Outcome
		want    uint64
	}{
		{program.OutcomeValid, 1},
		{program.OutcomeValid, 2},
		{program.OutcomeReleased, 2},
		{program.OutcomeCompleted, 2},
		{program.OutcomeInvalid, 0},
		{program.OutcomeValid, 1},
		{program.OutcomeTimedOut, 0},
		{program.OutcomeValid, 1},
		{program.OutcomeForged, 0},
	} {
		f.report(f.ctx, "w", worker, step.outcome)
		require.Equal(t, step.want, f.score(grown, address("w")).Streak, step.outcome)
		require.Equal(t, step.want, f.score(types.TotalJobID, address("w")).Streak, step.outcome)
	}
}

func TestMetricsAreFolded(t *testing.T) {
	for _, tt := range []struct {
		fold   program.MetricFold
		values []int64
		want   int64
	}{
		{program.METRIC_FOLD_SUM, []int64{3, -5, 7}, 5},
		{program.METRIC_FOLD_SUM, []int64{stdmath.MaxInt64, 1}, stdmath.MaxInt64},
		{program.METRIC_FOLD_SUM, []int64{stdmath.MinInt64, -1}, stdmath.MinInt64},
		{program.METRIC_FOLD_SUM, []int64{stdmath.MinInt64, stdmath.MinInt64}, stdmath.MinInt64},
		{program.METRIC_FOLD_SUM, []int64{stdmath.MaxInt64, stdmath.MinInt64}, -1},
		{program.METRIC_FOLD_MIN, []int64{3, -5, 7}, -5},
		{program.METRIC_FOLD_MAX, []int64{3, -5, 7}, 7},
		{program.METRIC_FOLD_LAST, []int64{3, 7, -5}, -5},
	} {
		t.Run(tt.fold.String(), func(t *testing.T) {
			f := newGrowing(t, program.TreePolicy{})
			var last proto.Message
			for _, value := range tt.values {
				events := f.events(func(ctx sdk.Context) {
					require.NoError(t, f.keeper.Measure(ctx, grown, address("w"), "loss", tt.fold, value))
				})
				last = events[0]
			}
			require.Equal(t, []types.MetricValue{{Field: "loss", Fold: tt.fold, Value: tt.want, Count: uint64(len(tt.values))}},
				f.score(grown, address("w")).Metrics)
			require.Empty(t, f.score(types.TotalJobID, address("w")).Metrics, "measures of different jobs have nothing in common")
			require.Equal(t, &types.EventMeasured{
				JobId: grown, Owner: address("w").String(), Field: "loss", Fold: tt.fold, Value: tt.values[len(tt.values)-1], Kept: tt.want,
			}, last)
		})
	}
	f := newGrowing(t, program.TreePolicy{})
	for _, fold := range []program.MetricFold{0, 5, -1} {
		require.ErrorIs(t, f.keeper.Measure(f.ctx, grown, address("w"), "loss", fold, 1), types.ErrInvalidMetric)
	}
	require.ErrorIs(t, f.keeper.Measure(f.ctx, grown, address("w"), "", program.METRIC_FOLD_SUM, 1), types.ErrInvalidMetric)
}

func TestScoresRankAndFilter(t *testing.T) {
	f := newGrowing(t, program.TreePolicy{})
	for _, name := range []string{"a", "b", "c"} {
		f.below("root", name, worker)
	}
	f.below("root", "gone", worker)
	f.dropFrom("root", "gone")
	f.rank([]string{"a", "b", "c"}, 3, 1, 2)
	require.NoError(t, f.keeper.Report(f.ctx, grown, address("a"), worker, program.OutcomeValid, 30, math.NewInt(9)))
	require.NoError(t, f.keeper.Report(f.ctx, grown, address("c"), worker, program.OutcomeValid, 10, math.NewInt(7)))
	require.NoError(t, f.keeper.Report(f.ctx, grown, address("c"), worker, program.OutcomeValid, 10, math.NewInt(1)))

	list := func(req types.QueryScoresRequest) (names []string) {
		req.JobId = grown
		response, err := f.query.Scores(f.ctx, &req)
		require.NoError(t, err)
		for _, entry := range response.Scores {
			for _, name := range []string{"root", "a", "b", "c", "gone"} {
				if entry.Node.Node.Owner == address(name).String() {
					names = append(names, name)
				}
			}
		}
		return names
	}
	require.Equal(t, []string{"b", "c", "a"}, list(types.QueryScoresRequest{Role: worker}))
	require.Equal(t, []string{"c", "a", "b"}, list(types.QueryScoresRequest{Role: worker, Order: types.SCORE_ORDER_VALID}))
	require.Equal(t, []string{"c", "a", "b"}, list(types.QueryScoresRequest{Role: worker, Order: types.SCORE_ORDER_STREAK}))
	require.Equal(t, []string{"a", "c", "b"}, list(types.QueryScoresRequest{Role: worker, Order: types.SCORE_ORDER_EARNED}))
	require.Equal(t, []string{"c", "a", "b"}, list(types.QueryScoresRequest{Role: worker, Order: types.SCORE_ORDER_RESPONSE}))
	require.Equal(t, []string{"b", "c"}, list(types.QueryScoresRequest{Role: worker, MinRating: 1500}))
	require.Equal(t, []string{"b"}, list(types.QueryScoresRequest{Limit: 1}))
	require.Equal(t, []string{"b", "root"}, list(types.QueryScoresRequest{Limit: 2}), "who never played has the rating that all begin with")
	require.Equal(t, []string{"b", "root", "c", "a"}[:2], list(types.QueryScoresRequest{MinRating: uint64(f.rating("root"))})[:2])
	f.pass(time.Hour)
	require.NoError(t, f.keeper.Touch(f.ctx, address("c")))
	require.Equal(t, []string{"c"}, list(types.QueryScoresRequest{RunningOnly: true}))
	require.Equal(t, []string{"root"}, list(types.QueryScoresRequest{Role: admin}))
	_, err := f.query.Scores(f.ctx, &types.QueryScoresRequest{JobId: grown, Order: 99})
	require.ErrorContains(t, err, "order: 99")
	_, err = f.query.Scores(f.ctx, &types.QueryScoresRequest{JobId: unknownJob})
	require.ErrorContains(t, err, "unknown job")
}
