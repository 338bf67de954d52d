package simulation

import (
	"slices"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// challenge attacks a ranking that stands. Who might is the client, a worker that could gain and an overturned
// evaluator; an evaluator whose own ranking stands tries in vain.
func challenge(v *view) *types.MsgChallenge {
	r := v.request(func(r types.Request) bool {
		return r.State == types.REQUEST_STATE_RANKED && is(r, anything, confirmed, overturned, unresolved, withheld)
	})
	if r == nil {
		return nil
	}
	if int(r.Level) >= len(r.Ancestors) || !v.hasJudge(*r) {
		return nil
	}
	if v.Often(5) && !r.IsOverturned() {
		v.Expect(types.ErrChallenge)
		return &types.MsgChallenge{Signer: v.sign(r.Evaluator), RequestId: r.Id}
	}
	challenger := simulation.Pick(v.Draw, v.challengers(*r))
	if challenger == nil {
		return nil
	}
	signer := v.sign(*challenger)
	purse := v.stake(*challenger)
	if signer == r.Client {
		purse = v.Purse(signer)
	}
	if purse.LT(types.ChallengeFee(v.termsOf(*r), r.Level)) {
		return nil
	}
	return &types.MsgChallenge{Signer: signer, RequestId: r.Id}
}

// challengers are all who may attack the ranking that stands.
func (v *view) challengers(r types.Request) []string {
	var may []string
	if !r.ClientConceded {
		may = append(may, r.Client)
	}
	if r.IsOverturned() && !r.EvaluatorConceded {
		may = append(may, r.Evaluator)
	}
	couldGain := types.CouldGain(r)
	for _, a := range v.workers(r.Id, func(a types.Assignment) bool { return a.HasRevealed() && !a.Conceded }) {
		if couldGain(a.Worker) {
			may = append(may, a.Worker)
		}
	}
	return may
}

// resolveChallenge gives the verdict that is owed, by the request's fate.
func resolveChallenge(v *view) *types.MsgResolveChallenge {
	r := v.request(func(r types.Request) bool {
		return r.State == types.REQUEST_STATE_CHALLENGED && !is(r, unresolved) && !r.AwaitingKeys
	})
	if r == nil {
		return nil
	}
	msg := &types.MsgResolveChallenge{RequestId: r.Id}
	resolver := r.Pending().Resolver
	if v.Often(5) {
		msg.Confirm = true
		resolver = r.Client
		v.Expect(types.ErrUnauthorized)
	} else {
		v.decide(*r, msg)
	}
	msg.Signer = v.sign(resolver)
	return msg
}

// decide draws a verdict. One that overturns differs from the ranking that stands in whom it pays.
func (v *view) decide(r types.Request, msg *types.MsgResolveChallenge) {
	switch {
	case is(r, confirmed), is(r, anything) && v.Often(40):
		msg.Confirm = true
	case v.Often(60):
		msg.Ranking = v.ranking(r)
		if v.termsOf(r).ByExecution() {
			return
		}
		slices.Reverse(msg.Ranking)
		for i := range msg.Ranking {
			msg.Ranking[i].Score = uint64(len(msg.Ranking) - i)
		}
	case len(r.Ranking) > 0 && v.Bool():
		msg.Forged = v.forged(r)
	default:
		msg.InputUnusable = true
	}
}

// forged accuses one of those that revealed, or none.
func (v *view) forged(r types.Request) []string {
	if accused := simulation.Pick(v.Draw, v.workers(r.Id, types.Assignment.HasRevealed)); accused != nil && v.Bool() {
		return []string{accused.Worker}
	}
	return nil
}
