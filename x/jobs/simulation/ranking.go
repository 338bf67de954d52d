package simulation

import (
	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// rank is the evaluator's ranking by the request's fate, or one of an account that is not its evaluator.
func rank(v *view) *types.MsgRank {
	r := v.request(func(r types.Request) bool {
		return r.State == types.REQUEST_STATE_EVALUATING && !v.keepsSilent(r) && !r.AwaitingKeys
	})
	if r == nil {
		return nil
	}
	msg := &types.MsgRank{RequestId: r.Id}
	switch {
	case is(*r, worthless):
	case is(*r, unusable), is(*r, anything) && v.Often(10):
		msg.InputUnusable = true
	default:
		msg.Ranking = v.ranking(*r)
	}
	evaluator := r.Evaluator
	switch {
	case v.Often(5):
		evaluator = r.Client
		v.Expect(types.ErrUnauthorized)
	case v.Often(5) && len(msg.Ranking) > 0:
		msg.Ranking = append(msg.Ranking, types.RankEntry{Node: msg.Ranking[0].Node})
		v.Expect(types.ErrRanking)
	}
	msg.Signer = v.sign(evaluator)
	return msg
}

func (v *view) keepsSilent(r types.Request) bool {
	return is(r, silentAlways) || is(r, silentOnce) && len(r.Silent) == 0 && v.paramsOf(r).EvaluationRounds > 1
}

// ranking is some of the revealed workers in an order that is drawn, at least one of them; where results are compared, those
// with one result.
func (v *view) ranking(r types.Request) []types.RankEntry {
	revealed := v.workers(r.Id, types.Assignment.HasRevealed)
	if v.termsOf(r).ByExecution() {
		return types.SameResult(revealed, simulation.Pick(v.Draw, revealed).Worker)
	}
	v.Shuffle(len(revealed), func(i, j int) { revealed[i], revealed[j] = revealed[j], revealed[i] })
	score := v.Uint64InRange(0, 1_000)
	var ranking []types.RankEntry
	for i, a := range revealed {
		if i > 0 && v.Often(20) {
			continue
		}
		entry := types.RankEntry{Node: a.Worker, Score: score}
		for range v.termsOf(r).Metrics {
			entry.Metrics = append(entry.Metrics, int64(v.IntInRange(-1_000, 1_000)))
		}
		ranking = append(ranking, entry)
		score = score * v.Uint64InRange(0, 11) / 10
	}
	return ranking
}

// acceptResult gives up the right to challenge, or tries once more.
func acceptResult(v *view) *types.MsgAcceptResult {
	r := v.request(func(r types.Request) bool {
		return r.State == types.REQUEST_STATE_RANKED && !is(r, confirmed, overturned, unresolved, withheld)
	})
	if r == nil {
		return nil
	}
	if v.Often(40) {
		if r.ClientConceded {
			v.Expect(types.ErrConceded)
		}
		return &types.MsgAcceptResult{Signer: v.sign(r.Client), RequestId: r.Id}
	}
	a := simulation.Pick(v.Draw, v.workers(r.Id, types.Assignment.HasRevealed))
	if a == nil {
		return nil
	}
	if a.Conceded {
		v.Expect(types.ErrConceded)
	}
	return &types.MsgAcceptResult{Signer: v.sign(a.Worker), RequestId: r.Id}
}
