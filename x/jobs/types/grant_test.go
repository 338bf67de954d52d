package types_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

func TestKeysAreRefused(t *testing.T) {
	one := sdk.AccAddress("one_________________").String()
	key := func(account string, bytes int) types.WrappedKey {
		return types.WrappedKey{Account: account, Key: make([]byte, bytes)}
	}
	for name, c := range map[string]struct {
		keys []types.WrappedKey
		err  error
		says string
	}{
		"no key":                 {nil, types.ErrInvalid, "keys: none"},
		"an empty key":           {[]types.WrappedKey{key(one, 0)}, types.ErrInvalid, "keys[0].key: empty"},
		"a key that is too long": {[]types.WrappedKey{key(one, 1025)}, types.ErrLimit, "keys[0].key: 1025 bytes of at most 1024"},
		"a key for nobody":       {[]types.WrappedKey{key("", 1)}, types.ErrInvalid, "keys[0]"},
		"two keys for one":       {[]types.WrappedKey{key(one, 1), key(strings.ToUpper(one), 1)}, types.ErrInvalid, "keys[1]"},
		"more keys than workers": {make([]types.WrappedKey, 65), types.ErrLimit, "keys: 65 of at most 64"},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&types.MsgGrantKey{Keys: c.keys}).Validate(types.DefaultParams())
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
		})
	}
	m := &types.MsgGrantKey{Keys: []types.WrappedKey{key(strings.ToUpper(one), 1024)}}
	require.NoError(t, m.Validate(types.DefaultParams()))
	require.Equal(t, one, m.Keys[0].Account, "as places name it")
}

// TestWhoNeedsKeys: what is encrypted for the workers is so for those who judge them.
func TestWhoNeedsKeys(t *testing.T) {
	for _, c := range []struct {
		spec            types.RequestSpec
		workers, judges bool
	}{
		{types.RequestSpec{}, false, false},
		{types.RequestSpec{GrantKeys: true}, true, true},
		{types.RequestSpec{EvaluatorInput: &types.Input{}}, false, true},
		{types.RequestSpec{GrantKeys: true, EvaluatorInput: &types.Input{}}, true, true},
	} {
		require.Equal(t, c.workers, c.spec.WorkersNeedKeys(), "%+v", c.spec)
		require.Equal(t, c.judges, c.spec.JudgesNeedKeys(), "%+v", c.spec)
	}
}

// TestWithheldKeysCostTheClientAll: three revealed, of whom the ranking that stands pays one; the client's fee is burned,
// the others' go back, and the evaluator is paid although its ranking was overturned.
func TestWithheldKeysCostTheClientAll(t *testing.T) {
	amount := math.NewInt
	r := types.Request{
		Client: "client", Evaluator: "evaluator", Workers: 4, Revealed: 3,
		Spec: types.RequestSpec{
			EvaluatorReward: amount(100), WorkerReward: amount(1000), GrantKeys: true,
			RewardFunction: types.RewardFunction{Kind: types.REWARD_KIND_WINNER_TAKES_ALL},
		},
		WorkerBond: amount(20), Deposit: amount(500), ChainShare: amount(11),
		Ranking: []types.RankEntry{{Node: "b"}}, Rankings: []types.Ranking{{}, {Entries: []types.RankEntry{{Node: "b"}}}}, Standing: 1,
		Challenges: []types.Challenge{
			{Challenger: "b", Fee: amount(5), Verdict: types.VERDICT_OVERTURNED, Upheld: 1},
			{Challenger: "client", Fee: amount(10), Verdict: types.VERDICT_NOT_GRANTED},
		},
	}
	var assignments []types.Assignment
	for _, worker := range []string{"a", "b", "c"} {
		assignments = append(assignments, types.Assignment{Worker: worker, Result: &types.Result{}})
	}
	assignments = append(assignments, types.Assignment{Worker: "late"})
	got := map[string]int64{}
	for _, p := range types.Settle(types.DefaultParams(), types.TermsSpec{InvalidLosesBond: true}, r, assignments, types.OUTCOME_INPUT_NOT_GRANTED) {
		got[p.Account+" "+p.Reason] += p.Amount.Int64()
	}
	require.Equal(t, map[string]int64{
		"a reward": 333, "b reward": 333, "c reward": 333, "evaluator evaluation": 100, "evaluator deposit": 500,
		"b challenge_fee": 5, " burn": 10, "a bond": 20, "b bond": 20, "c bond": 20, "client lost_bond": 20,
		" chain_share": 11, "client refund": 1,
	}, got)
}
