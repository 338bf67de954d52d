package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/jobs/types"
)

// Forged work is what the last verdict that was given says, whichever way it went.
func TestForgedIsOfTheLastVerdict(t *testing.T) {
	first := types.Challenge{Verdict: types.VERDICT_OVERTURNED, Forged: []string{"w1"}}
	for name, c := range map[string]struct {
		last types.Challenge
		want []string
	}{
		"confirms":   {types.Challenge{Verdict: types.VERDICT_CONFIRMED, Forged: []string{"w2"}}, []string{"w2"}},
		"overturns":  {types.Challenge{Verdict: types.VERDICT_OVERTURNED, Forged: []string{"w2"}}, []string{"w2"}},
		"names none": {types.Challenge{Verdict: types.VERDICT_CONFIRMED}, nil},
		"is silent":  {types.Challenge{Verdict: types.VERDICT_SILENT}, []string{"w1"}},
		"is owed":    {types.Challenge{}, []string{"w1"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, types.Request{Challenges: []types.Challenge{first, c.last}}.Forged())
		})
	}
}

// A verdict that moves less than a twentieth of R_w, by the default, confirms the ranking that it judges.
func TestHardlyDifferentIsTheSame(t *testing.T) {
	ranking := func(a, b uint64) types.Ranking {
		return types.Ranking{Entries: []types.RankEntry{{Node: "a", Score: a}, {Node: "b", Score: b}}}
	}
	workers := []types.Assignment{{Worker: "a"}, {Worker: "b"}}
	request := func(reward int64) *types.Request {
		r := &types.Request{Workers: 2, Ranking: ranking(5000, 5000).Entries, Spec: types.RequestSpec{
			WorkerReward: math.NewInt(reward), RewardFunction: types.RewardFunction{Kind: types.REWARD_KIND_PROPORTIONAL},
		}}
		return r
	}
	for _, c := range []struct {
		reward  int64
		verdict types.Ranking
		changed bool
	}{
		{10_000, ranking(5000, 5000), false},
		{10_000, ranking(5499, 4501), false},
		{10_000, ranking(5500, 4500), true},
		{10_000, types.Ranking{}, true},
		{10_000, types.Ranking{InputUnusable: true}, false},
		{0, ranking(10_000, 0), false},
	} {
		r := request(c.reward)
		require.Equal(t, c.changed, r.Adopt(types.DefaultParams(), c.verdict, workers), "%+v", c)
		require.Equal(t, c.changed, r.IsOverturned(), "%+v", c)
	}

	r := request(10_000)
	require.True(t, r.Adopt(types.DefaultParams(), ranking(9000, 1000), workers))
	require.Equal(t, uint32(1), r.Standing)
	require.True(t, r.Adopt(types.DefaultParams(), ranking(5001, 4999), workers), "it restores the first")
	require.Equal(t, uint32(0), r.Standing)
	require.Equal(t, ranking(5000, 5000).Entries, r.Ranking)
	require.Len(t, r.Rankings, 2)
	require.True(t, r.Adopt(types.DefaultParams(), ranking(1000, 9000), workers))
	require.Equal(t, uint32(2), r.Standing)
}

// Who has the largest share that there is cannot gain by another ranking.
func TestWhoCouldGain(t *testing.T) {
	even, winner := types.REWARD_KIND_EVEN, types.REWARD_KIND_WINNER_TAKES_ALL
	for name, c := range map[string]struct {
		reward   int64
		kind     types.RewardKind
		unusable bool
		want     []string // of a, who is first, b, who is second, and c, who is not ranked
	}{
		"even":                             {90, even, false, []string{"c"}},
		"the winner takes all":             {90, winner, false, []string{"b", "c"}},
		"nothing is paid":                  {0, winner, false, nil},
		"unusable, even":                   {90, even, true, nil},
		"unusable, the winner would have":  {90, winner, true, []string{"a", "b", "c"}},
		"unusable, and there is no reward": {0, winner, true, nil},
	} {
		r := types.Request{Workers: 3, Revealed: 3, InputUnusable: c.unusable, Spec: types.RequestSpec{
			WorkerReward: math.NewInt(c.reward), RewardFunction: types.RewardFunction{Kind: c.kind},
		}}
		if !c.unusable {
			r.Ranking = []types.RankEntry{{Node: "a", Score: 2}, {Node: "b", Score: 1}}
		}
		could := types.CouldGain(r)
		var got []string
		for _, worker := range []string{"a", "b", "c"} {
			if could(worker) {
				got = append(got, worker)
			}
		}
		require.Equal(t, c.want, got, name)
	}
}

func TestPlacesAreSharedByEqualScores(t *testing.T) {
	require.Equal(t, map[string]int{"a": 1, "b": 1, "c": 3, "d": 4}, types.Places([]types.RankEntry{
		{Node: "a", Score: 5}, {Node: "b", Score: 5}, {Node: "c", Score: 4}, {Node: "d", Score: 3},
	}))
	require.Empty(t, types.Places(nil))
}
