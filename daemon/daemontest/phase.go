package daemontest

import (
	"slices"
	"strings"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// sweep moves every request as far as the clock and its nodes have come. The caller holds the lock.
func (c *Chain) sweep() {
	for _, r := range c.state.requests {
		for c.step(r) {
		}
	}
}

// step moves a request by one phase if that is due, and says whether it was.
func (c *Chain) step(r *request) bool {
	late := c.now() >= r.DeadlineMs
	switch r.State {
	case jobstypes.REQUEST_STATE_RUNNING:
		return c.stepRunning(r, late)
	case jobstypes.REQUEST_STATE_REVEALING:
		if r.Revealed < r.Committed && !late {
			return false
		}
		return c.endReveal(r)
	case jobstypes.REQUEST_STATE_EVALUATING:
		if !late {
			return false
		}
		if r.AwaitingKeys {
			return c.finish(r, jobstypes.OUTCOME_INPUT_NOT_GRANTED)
		}
		r.Silent = append(slices.Clone(r.Silent), jobstypes.SilentEvaluator{Evaluator: r.Evaluator, Deposit: r.Deposit})
		r.Evaluator = ""
		r.State, r.DeadlineMs = jobstypes.REQUEST_STATE_REOPENED, c.now()+int64(c.Windows.OpenMs)
		return true
	case jobstypes.REQUEST_STATE_RANKED:
		if !late && c.mayBeChallenged(r) {
			return false
		}
		if len(r.Ranking) == 0 {
			return c.finish(r, jobstypes.OUTCOME_NOBODY_VALID)
		}
		return c.finish(r, jobstypes.OUTCOME_RANKED)
	case jobstypes.REQUEST_STATE_OPEN:
		if r.Spec.SkipEvaluation {
			return late && c.finish(r, jobstypes.OUTCOME_CANCELLED_TOO_FEW_WORKERS)
		}
		return late && c.finish(r, jobstypes.OUTCOME_CANCELLED_NO_EVALUATOR)
	}
	return false
}

func (c *Chain) stepRunning(r *request, late bool) bool {
	if r.ClosedMs == 0 {
		if !late {
			return false
		}
		if r.Workers < max(1, r.Spec.MinWorkers) {
			return c.finish(r, jobstypes.OUTCOME_CANCELLED_TOO_FEW_WORKERS)
		}
		r.ClosedMs, r.DeadlineMs = r.DeadlineMs, r.StartedMs+int64(r.Spec.TimeLimitMs)
		if r.Spec.WorkersNeedKeys() {
			r.AwaitingKeys, r.DeadlineMs = true, r.ClosedMs+int64(c.Windows.GrantMs)
		}
		return true
	}
	if r.AwaitingKeys {
		return late && c.finish(r, jobstypes.OUTCOME_CANCELLED_NO_KEY_GRANTED)
	}
	resigned := uint32(0)
	for _, a := range r.assignments {
		if a.Resigned {
			resigned++
		}
	}
	if r.Committed+resigned < r.Workers && !late {
		return false
	}
	if r.Committed == r.Revealed {
		return c.endReveal(r)
	}
	r.State, r.DeadlineMs = jobstypes.REQUEST_STATE_REVEALING, c.now()+int64(c.Windows.RevealMs)
	if c.state.jobs[r.Spec.JobId].terms.ByCheckpoint() {
		draw := jobstypes.Draw(ChainID, r.Id, appHash)
		r.Draw = draw[:]
	}
	return true
}

func (c *Chain) endReveal(r *request) bool {
	switch {
	case r.Revealed == 0:
		return c.finish(r, jobstypes.OUTCOME_NOTHING_REVEALED)
	case r.Spec.SkipEvaluation:
		return c.finish(r, jobstypes.OUTCOME_UNEVALUATED)
	}
	r.State, r.DeadlineMs = jobstypes.REQUEST_STATE_EVALUATING, c.now()+int64(c.Windows.EvaluationMs)
	if r.Spec.JudgesNeedKeys() {
		r.AwaitingKeys, r.DeadlineMs = true, c.now()+int64(c.Windows.GrantMs)
	}
	return true
}

func (c *Chain) mayBeChallenged(r *request) bool {
	if !r.ClientConceded {
		return true
	}
	couldGain := jobstypes.CouldGain(r.Request)
	for _, a := range r.assignments {
		if a.HasRevealed() && !a.Conceded && couldGain(a.Worker) {
			return true
		}
	}
	return false
}

// finish pays by the protocol's table.
func (c *Chain) finish(r *request, outcome jobstypes.Outcome) bool {
	r.Outcome, r.State = outcome, jobstypes.REQUEST_STATE_SETTLED
	if outcome.IsCancelled() {
		r.State = jobstypes.REQUEST_STATE_CANCELLED
	}
	r.FinishedMs = c.now()
	r.Payouts = jobstypes.Settle(c.Params, c.state.jobs[r.Spec.JobId].terms, r.Request, sorted(r.assignments), outcome)
	for _, p := range r.Payouts {
		if p.Reason == jobstypes.ReasonBond || p.Reason == jobstypes.ReasonDeposit {
			c.state.stakes[p.Account] = c.stake(p.Account).Add(p.Amount)
			continue
		}
		if _, ok := c.state.earned[p.Account]; !ok {
			c.state.earned[p.Account] = math.ZeroInt()
		}
		c.state.earned[p.Account] = c.state.earned[p.Account].Add(p.Amount)
	}
	return true
}

func sorted(assignments map[string]jobstypes.Assignment) []jobstypes.Assignment {
	var list []jobstypes.Assignment
	for _, a := range assignments {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b jobstypes.Assignment) int { return strings.Compare(a.Worker, b.Worker) })
	return list
}

// opening is the role that a request can still be accepted in.
func opening(r jobstypes.Request) program.Role {
	switch {
	case r.State == jobstypes.REQUEST_STATE_OPEN && r.Spec.SkipEvaluation:
		return program.ROLE_WORKER
	case r.State == jobstypes.REQUEST_STATE_OPEN || r.State == jobstypes.REQUEST_STATE_REOPENED:
		return program.ROLE_EVALUATOR
	case r.State == jobstypes.REQUEST_STATE_RUNNING && r.ClosedMs == 0 && r.Workers < r.Spec.MaxWorkers:
		return program.ROLE_WORKER
	}
	return program.ROLE_UNSPECIFIED
}
