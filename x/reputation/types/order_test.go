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
