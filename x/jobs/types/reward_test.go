package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/jobs/types"
)

func TestSplit(t *testing.T) {
	even := types.RewardFunction{Kind: types.REWARD_KIND_EVEN}
	winner := types.RewardFunction{Kind: types.REWARD_KIND_WINNER_TAKES_ALL}
	weights := types.RewardFunction{Kind: types.REWARD_KIND_WEIGHTS, Weights: []uint64{5, 3, 2}}
	geometric := types.RewardFunction{Kind: types.REWARD_KIND_GEOMETRIC, RatioNumerator: 1, RatioDenominator: 2}
	proportional := types.RewardFunction{Kind: types.REWARD_KIND_PROPORTIONAL}
	for name, c := range map[string]struct {
		fn         types.RewardFunction
		total      int64
		contracted int
		scores     []uint64
		want       []int64
	}{
		"even is a share of the contracted":           {even, 1000, 3, []uint64{9, 1}, []int64{333, 333}},
		"even pays nothing below one uain each":       {even, 2, 3, []uint64{1, 1, 1}, []int64{0, 0, 0}},
		"the winner takes all":                        {winner, 1000, 3, []uint64{5, 5, 1}, []int64{1000, 0, 0}},
		"weights over the whole list":                 {weights, 1001, 3, []uint64{1, 1}, []int64{500, 300}},
		"more places than weights":                    {weights, 100, 5, []uint64{1, 1, 1, 1}, []int64{50, 30, 20, 0}},
		"weights that sum to zero pay nothing":        {types.RewardFunction{Kind: types.REWARD_KIND_WEIGHTS}, 100, 1, []uint64{1}, []int64{0}},
		"geometric halves from place to place":        {geometric, 700, 3, []uint64{1, 1, 1}, []int64{400, 200, 100}},
		"geometric is normalized over the contracted": {geometric, 700, 3, []uint64{1}, []int64{400}},
		"geometric with p = q is even":                {types.RewardFunction{Kind: types.REWARD_KIND_GEOMETRIC, RatioNumerator: 7, RatioDenominator: 7}, 100, 3, []uint64{1, 1, 1}, []int64{33, 33, 33}},
		"geometric with p = 0 is winner takes all":    {types.RewardFunction{Kind: types.REWARD_KIND_GEOMETRIC, RatioDenominator: 3}, 100, 3, []uint64{1, 1}, []int64{100, 0}},
		"proportional to valid scores":                {proportional, 100, 4, []uint64{6, 3, 0}, []int64{66, 33, 0}},
		"proportional with a zero sum pays nothing":   {proportional, 100, 2, []uint64{0, 0}, []int64{0, 0}},
		"proportional with the largest scores":        {proportional, 100, 2, []uint64{1<<64 - 1, 1<<64 - 1}, []int64{50, 50}},
		"nobody valid":                                {even, 100, 2, nil, []int64{}},
		"no reward":                                   {winner, 0, 2, []uint64{1}, []int64{0}},
		"no function":                                 {types.RewardFunction{}, 100, 2, []uint64{1}, []int64{0}},
		"more valid than contracted is nobody's due":  {even, 100, 1, []uint64{1, 1}, []int64{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			got := []int64{}
			for _, share := range types.Split(c.fn, math.NewInt(c.total), c.contracted, c.scores) {
				got = append(got, share.Int64())
			}
			require.Equal(t, c.want, got)
		})
	}
}

// TestSplitNeverPaysMoreThanThereIs holds for every function and the hardest numbers.
func TestSplitNeverPaysMoreThanThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fn := types.RewardFunction{
			Kind:             types.RewardKind(rapid.IntRange(1, 5).Draw(t, "kind")),
			Weights:          rapid.SliceOfN(rapid.Uint64(), 0, 70).Draw(t, "weights"),
			RatioNumerator:   rapid.Uint64().Draw(t, "p"),
			RatioDenominator: rapid.Uint64().Draw(t, "q"),
		}
		contracted := rapid.IntRange(1, 64).Draw(t, "contracted")
		scores := rapid.SliceOfN(rapid.Uint64(), 0, contracted).Draw(t, "scores")
		total := math.NewIntFromUint64(rapid.Uint64().Draw(t, "total")).MulRaw(1 << 30)
		paid := math.ZeroInt()
		for _, share := range types.Split(fn, total, contracted, scores) {
			require.False(t, share.IsNegative())
			paid = paid.Add(share)
		}
		require.True(t, paid.LTE(total), "%s of %s", paid, total)
	})
}

func TestLargestShareIsThatOfTheFirstPlace(t *testing.T) {
	total := math.NewInt(1000)
	require.Equal(t, int64(333), types.LargestShare(types.RewardFunction{Kind: types.REWARD_KIND_EVEN}, total, 3).Int64())
	require.Equal(t, int64(1000), types.LargestShare(types.RewardFunction{Kind: types.REWARD_KIND_WINNER_TAKES_ALL}, total, 3).Int64())
	require.Equal(t, int64(1000), types.LargestShare(types.RewardFunction{Kind: types.REWARD_KIND_PROPORTIONAL}, total, 3).Int64())
	require.True(t, types.LargestShare(types.RewardFunction{Kind: types.REWARD_KIND_EVEN}, total, 0).IsZero())
}
