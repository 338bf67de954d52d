package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// finish pays everything out by the row of the payout table, closes the hold,
// reports every node's outcome, and keeps the request for its retention.
func (k *Keeper) finish(ctx context.Context, l *live, outcome types.Outcome) error {
	assignments, err := k.workersOf(ctx, l.Request)
	if err != nil {
		return err
	}
	if l.FinishedMs, err = k.now(ctx); err != nil {
		return err
	}
	l.Outcome = outcome
	l.State = types.REQUEST_STATE_SETTLED
	if outcome.IsCancelled() {
		l.State = types.REQUEST_STATE_CANCELLED
	}
	l.AwaitingKeys = false
	l.waitUntil(0)
	l.Payouts = types.Settle(l.rules.params, l.rules.terms, l.Request, assignments, outcome)
	for _, payout := range l.Payouts {
		if err := k.pay(ctx, l, payout); err != nil {
			return err
		}
	}
	if err := k.escrow.CloseHold(ctx, l.HoldId); err != nil {
		return err
	}
	if err := k.doneWithSpaces(ctx, l); err != nil {
		return err
	}
	if err := k.report(ctx, l, assignments); err != nil {
		return err
	}
	if err := k.retire(ctx, l, assignments); err != nil {
		return err
	}
	if outcome.IsCancelled() {
		return emit(ctx, &types.EventRequestCancelled{
			RequestId: l.Id, JobId: l.Spec.JobId, Client: l.Client, Outcome: outcome, Payouts: l.Payouts,
		})
	}
	return emit(ctx, &types.EventRequestSettled{
		RequestId: l.Id, JobId: l.Spec.JobId, Client: l.Client, Outcome: outcome, Payouts: l.Payouts,
	})
}

// pay moves one payout out of a hold: earnings to payout addresses, what was
// pledged to stakes, the client's coins to its wallet.
func (k *Keeper) pay(ctx context.Context, l *live, p types.Payout) error {
	hold := l.HoldId
	switch p.Reason {
	case types.ReasonChainShare:
		return k.escrow.PayFee(ctx, hold, p.Amount)
	case types.ReasonBurn:
		return k.escrow.Burn(ctx, hold, p.Amount)
	}
	account, err := types.ParseAddress("payout.account", p.Account)
	if err != nil {
		return err
	}
	switch p.Reason {
	case types.ReasonChallengeFee:
		if p.Account == l.Client {
			return k.escrow.Refund(ctx, hold, account, p.Amount, p.Reason)
		}
		return k.escrow.ReturnStake(ctx, hold, account, p.Amount, p.Reason)
	case types.ReasonDeposit, types.ReasonBond:
		return k.escrow.ReturnStake(ctx, hold, account, p.Amount, p.Reason)
	case types.ReasonRefund, types.ReasonLostBond:
		return k.escrow.Refund(ctx, hold, account, p.Amount, p.Reason)
	default:
		return k.escrow.Pay(ctx, hold, account, p.Amount, p.Reason)
	}
}

// report tells reputation how the request ended for each of its nodes. Silent
// evaluators were reported when their time was up.
func (k *Keeper) report(ctx context.Context, l *live, assignments []types.Assignment) error {
	earned := map[string]math.Int{}
	for _, p := range l.Payouts {
		switch p.Reason {
		case types.ReasonReward, types.ReasonEvaluation, types.ReasonSlash, types.ReasonVerdict, types.ReasonCompensation:
			before, ok := earned[p.Account]
			if !ok {
				before = math.ZeroInt()
			}
			earned[p.Account] = before.Add(p.Amount)
		}
	}
	send := func(address string, role program.Role, outcome program.Outcome, ms int64) error {
		account, err := types.ParseAddress("node", address)
		if err != nil {
			return err
		}
		amount, ok := earned[address]
		if !ok {
			amount = math.ZeroInt()
		}
		return k.reputation.Report(ctx, l.Spec.JobId, account, role, outcome, uint64(max(0, ms)), amount)
	}
	if l.Evaluator != "" {
		outcome, ms := program.OutcomeReleased, int64(0)
		if l.RankedMs != 0 {
			outcome, ms = program.OutcomeCompleted, l.RankedMs-l.EvaluatingMs
		}
		if l.IsOverturned() && l.Outcome.IsFinal() {
			outcome = program.OutcomeOverturned
		}
		if err := send(l.Evaluator, program.ROLE_EVALUATOR, outcome, ms); err != nil {
			return err
		}
	}
	ranked := make(map[string]bool, len(l.Ranking))
	for _, entry := range l.Ranking {
		ranked[entry.Node] = true
	}
	for _, a := range assignments {
		outcome, ms := workerOutcome(l, a, ranked[a.Worker]), int64(0)
		if a.HasRevealed() {
			ms = a.CommittedMs - max(a.AcceptedMs, a.GrantedMs)
		}
		if err := send(a.Worker, program.ROLE_WORKER, outcome, ms); err != nil {
			return err
		}
	}
	if err := k.reportChallenges(ctx, l, earned); err != nil {
		return err
	}
	if !l.Outcome.IsFinal() {
		return nil
	}
	if err := k.reportLiability(ctx, l); err != nil {
		return err
	}
	return k.reportRanking(ctx, l, assignments)
}

// reportLiability puts an overturned ranking on the record of the evaluator's parent
// too, unless the final verdict was the parent's own; and forged work on that of
// whom the final verdict names.
func (k *Keeper) reportLiability(ctx context.Context, l *live) error {
	if parent := l.Ancestors[0]; l.IsOverturned() && !l.GaveFinalVerdict(parent) {
		if err := k.reportChallenge(ctx, l, parent, program.ROLE_ADMIN, program.OutcomeChildOverturned, math.ZeroInt()); err != nil {
			return err
		}
	}
	for _, worker := range l.Forged() {
		if err := k.reportChallenge(ctx, l, worker, program.ROLE_WORKER, program.OutcomeForged, math.ZeroInt()); err != nil {
			return err
		}
	}
	return nil
}

// reportRanking has the workers that revealed play each other for their ratings, the
// invalid ones sharing the place behind all others, and keeps the job's metrics.
func (k *Keeper) reportRanking(ctx context.Context, l *live, assignments []types.Assignment) error {
	if l.InputUnusable {
		return nil
	}
	places := types.Places(l.Ranking)
	var workers []sdk.AccAddress
	var taken []int
	for _, a := range assignments {
		if !a.HasRevealed() {
			continue
		}
		worker, err := types.ParseAddress("worker", a.Worker)
		if err != nil {
			return err
		}
		place, ok := places[a.Worker]
		if !ok {
			place = len(l.Ranking) + 1
		}
		workers, taken = append(workers, worker), append(taken, place)
	}
	if err := k.reputation.Rank(ctx, l.Spec.JobId, workers, taken); err != nil {
		return err
	}
	for _, entry := range l.Ranking {
		worker, err := types.ParseAddress("worker", entry.Node)
		if err != nil {
			return err
		}
		for i, metric := range l.rules.terms.Metrics {
			if err := k.reputation.Measure(ctx, l.Spec.JobId, worker, metric.Field, metric.Fold, entry.Metrics[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func workerOutcome(l *live, a types.Assignment, ranked bool) program.Outcome {
	switch {
	case l.Outcome.IsCancelled():
		return program.OutcomeReleased
	case !a.HasRevealed() && (l.InputUnusable || l.rules.terms.Interrupts(l.Outcome)):
		return program.OutcomeReleased
	case !a.HasRevealed():
		return program.OutcomeTimedOut
	case !l.Outcome.IsFinal() || l.InputUnusable: // nobody has judged it
		return program.OutcomeCompleted
	case ranked:
		return program.OutcomeValid
	default:
		return program.OutcomeInvalid
	}
}

// retire takes a finished request out of everybody's open work and notes when it
// leaves the state.
func (k *Keeper) retire(ctx context.Context, l *live, assignments []types.Assignment) error {
	for _, node := range nodesOf(l.Request, assignments) {
		account, err := types.ParseAddress("node", node)
		if err != nil {
			return err
		}
		if err := k.places.Remove(ctx, collections.Join3(account, false, l.Id)); err != nil {
			return err
		}
		if err := k.places.Set(ctx, collections.Join3(account, true, l.Id)); err != nil {
			return err
		}
	}
	if err := k.removals.Set(ctx, collections.Join(removalOf(l.Request, l.rules.params), l.Id)); err != nil {
		return err
	}
	return k.save(ctx, l)
}

// nodesOf lists a request's evaluators, workers and resolvers, silent ones included.
func nodesOf(r types.Request, assignments []types.Assignment) []string {
	var nodes []string
	if r.Evaluator != "" {
		nodes = append(nodes, r.Evaluator)
	}
	for _, silent := range r.Silent {
		nodes = append(nodes, silent.Evaluator)
	}
	for _, a := range assignments {
		nodes = append(nodes, a.Worker)
	}
	return append(nodes, r.Resolvers()...)
}

// removalOf is when a finished request leaves the state, by the chain clock.
func removalOf(r types.Request, p types.Params) int64 { return r.FinishedMs + int64(p.RetentionMs) }
