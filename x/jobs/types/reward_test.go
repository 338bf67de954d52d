package types_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/cosmos/gogoproto/jsonpb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/jobs/types"
)

// TestRewardFunctions holds the published vectors, which anybody else who reckons
// shares can be held against, too.
func TestRewardFunctions(t *testing.T) {
	content, err := os.ReadFile("../testdata/reward_functions.json")
	require.NoError(t, err)
	var vectors []struct {
		Name           string
		RewardFunction json.RawMessage `json:"reward_function"`
		WorkerReward   math.Int        `json:"worker_reward"`
		Contracted     int
		Scores, Shares []string
	}
	require.NoError(t, json.Unmarshal(content, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			var fn types.RewardFunction
			require.NoError(t, jsonpb.UnmarshalString(string(v.RewardFunction), &fn))
			scores := make([]uint64, len(v.Scores))
			for i, score := range v.Scores {
				scores[i], err = strconv.ParseUint(score, 10, 64)
				require.NoError(t, err)
			}
			got := []string{}
			for _, share := range types.Split(fn, v.WorkerReward, v.Contracted, scores) {
				got = append(got, share.String())
			}
			require.Equal(t, v.Shares, got)
		})
	}
}

// TestSplitOfWhatIsRefusedPaysNothing: what no order can contain harms nobody.
func TestSplitOfWhatIsRefusedPaysNothing(t *testing.T) {
	for name, fn := range map[string]types.RewardFunction{
		"no function":                   {},
		"weights that sum to zero":      {Kind: types.REWARD_KIND_WEIGHTS},
		"a ratio of nothing to nothing": {Kind: types.REWARD_KIND_GEOMETRIC},
	} {
		require.Equal(t, "0", types.Split(fn, math.NewInt(100), 2, []uint64{1})[0].String(), name)
	}
	even := types.RewardFunction{Kind: types.REWARD_KIND_EVEN}
	require.Equal(t, "0", types.Split(even, math.NewInt(100), 1, []uint64{1, 1})[0].String(), "more valid than contracted")
	require.Equal(t, "50", types.Split(even, math.NewInt(100), 2, []uint64{1, 1})[1].String(), "all who were contracted")
	require.Equal(t, "0", types.Split(even, math.NewInt(-100), 2, []uint64{1, 1})[1].String(), "less than nothing")
	require.Empty(t, types.Split(even, math.NewInt(100), 0, nil), "nobody contracted, nobody valid")
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
