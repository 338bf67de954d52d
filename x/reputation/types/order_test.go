package types_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/reputation/types"
)

// Whoever was never measured is last, whichever of the two is compared with the other.
func TestWhoWasNeverMeasuredRespondsLast(t *testing.T) {
	compare, err := types.ScoreOrderOf(types.SCORE_ORDER_RESPONSE)
	require.NoError(t, err)
	fast := types.Score{Owner: "fast", ResponseMs: 30, ResponseCount: 3}
	slow := types.Score{Owner: "slow", ResponseMs: 20, ResponseCount: 1}
	never := types.Score{Owner: "never"}
	for _, scores := range [][]types.Score{{fast, slow, never}, {never, slow, fast}, {slow, never, fast}} {
		slices.SortFunc(scores, compare)
		require.Equal(t, []types.Score{fast, slow, never}, scores)
	}
	require.Zero(t, compare(never, never))
}

// Means are compared in whole milliseconds, rounded down.
func TestMeansAreComparedInMilliseconds(t *testing.T) {
	compare, err := types.ScoreOrderOf(types.SCORE_ORDER_RESPONSE)
	require.NoError(t, err)
	ten, more, eleven := types.Score{ResponseMs: 10, ResponseCount: 1}, types.Score{ResponseMs: 21, ResponseCount: 2}, types.Score{ResponseMs: 11, ResponseCount: 1}
	require.Zero(t, compare(ten, more))
	require.Zero(t, compare(more, ten))
	require.Negative(t, compare(more, eleven))
	require.Positive(t, compare(eleven, more))
}
