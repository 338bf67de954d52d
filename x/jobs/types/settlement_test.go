package types_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/jobs/types"
)

// TestSettlementPaysExactlyWhatWasLocked draws requests at their end, with the
// hardest numbers, and holds every outcome against what is in the hold.
func TestSettlementPaysExactlyWhatWasLocked(t *testing.T) {
	ended := []types.Outcome{
		types.OUTCOME_RANKED, types.OUTCOME_NOBODY_VALID, types.OUTCOME_NOTHING_REVEALED, types.OUTCOME_SILENT,
		types.OUTCOME_INPUT_NOT_GRANTED, types.OUTCOME_CANCELLED_NO_KEY_GRANTED,
		types.OUTCOME_OVERTURNED, types.OUTCOME_INPUT_UNUSABLE, types.OUTCOME_CANCELLED_BY_CLIENT, types.OUTCOME_CANCELLED_NO_EVALUATOR, types.OUTCOME_CANCELLED_TOO_FEW_WORKERS,
		types.OUTCOME_RELEASE_REVOKED, types.OUTCOME_UNEVALUATED,
	}
	rapid.Check(t, func(t *rapid.T) {
		params := types.DefaultParams()
		params.ChainShareBps = uint32(rapid.IntRange(0, 10_000).Draw(t, "chain_share_bps"))
		params.BurnShareBps = uint32(rapid.IntRange(0, 10_000).Draw(t, "burn_share_bps"))
		params.SilentSlashBps = uint32(rapid.IntRange(0, 10_000).Draw(t, "silent_slash_bps"))
		amount := func(name string) math.Int { return math.NewIntFromUint64(rapid.Uint64().Draw(t, name)) }
		r := types.Request{
			Client: "client",
			Spec: types.RequestSpec{
				EvaluatorReward: amount("R_e"), WorkerReward: amount("R_w"),
				RewardFunction: types.RewardFunction{
					Kind: types.RewardKind(rapid.IntRange(1, 5).Draw(t, "fn")), Weights: []uint64{5, 3, 1}, RatioNumerator: 2, RatioDenominator: 3,
				},
			},
			WorkerBond: amount("bond"), Deposit: amount("deposit"),
		}
		r.ChainShare = types.ChainShare(params, r.Spec.Rewards())
		locked := r.Spec.Rewards().Add(r.ChainShare)

		outcome := rapid.SampledFrom(ended).Draw(t, "outcome")
		// Keys may be missing before there is a ranking, or after.
		isRanked := outcome.IsFinal() || outcome == types.OUTCOME_INPUT_NOT_GRANTED
		if isRanked || rapid.Bool().Draw(t, "evaluator") {
			r.Evaluator = "evaluator"
			locked = locked.Add(r.Deposit)
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "silent") {
			r.Silent = append(r.Silent, types.SilentEvaluator{Evaluator: fmt.Sprintf("silent%d", i), Deposit: r.Deposit})
			locked = locked.Add(r.Deposit)
		}
		var assignments []types.Assignment
		for i := range rapid.IntRange(0, 5).Draw(t, "workers") {
			a := types.Assignment{Worker: fmt.Sprintf("worker%d", i)}
			if rapid.Bool().Draw(t, "revealed") {
				a.Result, a.CommitOrder = &types.Result{}, uint32(i+1)
				r.Revealed++
				if rapid.Bool().Draw(t, "valid") {
					r.Ranking = append(r.Ranking, types.RankEntry{Node: a.Worker})
				}
			}
			assignments = append(assignments, a)
			r.Workers++
			locked = locked.Add(r.WorkerBond)
		}

		if isRanked {
			locked = locked.Add(drawChallenges(t, &r, outcome))
		}

		terms := types.TermsSpec{
			InvalidLosesBond: rapid.Bool().Draw(t, "invalid loses bond"), OpenResults: rapid.Bool().Draw(t, "open results"),
		}
		paid := math.ZeroInt()
		for _, p := range types.Settle(params, terms, r, assignments, outcome) {
			require.True(t, p.Amount.IsPositive(), "%+v", p)
			require.Equal(t, p.Account == "", p.Reason == types.ReasonChainShare || p.Reason == types.ReasonBurn, "%+v", p)
			paid = paid.Add(p.Amount)
		}
		require.Equal(t, locked.String(), paid.String())
	})
}

// drawChallenges gives a ranked request a history that ends in an outcome, and returns
// what the challenges locked.
func drawChallenges(t *rapid.T, r *types.Request, outcome types.Outcome) math.Int {
	first := types.Ranking{Entries: r.Ranking}
	switch outcome {
	case types.OUTCOME_INPUT_UNUSABLE:
		first = types.Ranking{InputUnusable: true}
	case types.OUTCOME_NOBODY_VALID:
		first = types.Ranking{}
	}
	r.Rankings = []types.Ranking{first, {InputUnusable: rapid.Bool().Draw(t, "unusable")}, {Entries: r.Ranking}}
	r.Standing = 0
	if outcome == types.OUTCOME_OVERTURNED || outcome == types.OUTCOME_INPUT_NOT_GRANTED && rapid.Bool().Draw(t, "overturned") {
		r.Standing = uint32(rapid.IntRange(1, 2).Draw(t, "standing"))
	}
	current := r.Rankings[r.Standing]
	r.Ranking, r.InputUnusable = current.Entries, current.InputUnusable
	locked := math.ZeroInt()
	for level := range rapid.IntRange(0, 3).Draw(t, "challenges") {
		c := types.Challenge{
			Challenger: rapid.SampledFrom([]string{"client", "evaluator", "worker0"}).Draw(t, "challenger"),
			Level:      uint32(level), Fee: math.NewIntFromUint64(rapid.Uint64().Draw(t, "fee")), Resolver: fmt.Sprintf("admin%d", level),
			Attacked: uint32(rapid.IntRange(0, 2).Draw(t, "attacked")), Upheld: uint32(rapid.IntRange(0, 2).Draw(t, "upheld")),
			Verdict: types.Verdict(rapid.IntRange(1, 4).Draw(t, "verdict")),
		}
		r.Challenges = append(r.Challenges, c)
		locked = locked.Add(c.Fee)
	}
	return locked
}
