package keeper

import (
	"context"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// advance applies every phase's end that is due by the chain clock, each as of its
// own deadline and not as of now: a window starts where the one before it ended. It
// returns the outcome where the end of the whole request is due; what it did to l
// until then counts only if the caller goes on to finish l.
func (k *Keeper) advance(ctx context.Context, l *live) (types.Outcome, error) {
	now, err := k.now(ctx)
	if err != nil {
		return types.OUTCOME_UNSPECIFIED, err
	}
	for l.DeadlineMs <= now {
		outcome, err := k.endPhase(ctx, l, l.DeadlineMs)
		if err != nil || outcome != types.OUTCOME_UNSPECIFIED {
			return outcome, err
		}
	}
	return types.OUTCOME_UNSPECIFIED, nil
}

// endPhase ends the present phase at a time of the chain clock.
func (k *Keeper) endPhase(ctx context.Context, l *live, at int64) (types.Outcome, error) {
	if l.Revoked {
		return revokedOutcome(l.Request), nil
	}
	if l.AwaitingKeys {
		return k.endGrants(ctx, l, at)
	}
	switch l.State {
	case types.REQUEST_STATE_OPEN:
		if l.Spec.SkipEvaluation {
			return types.OUTCOME_CANCELLED_TOO_FEW_WORKERS, nil
		}
		return types.OUTCOME_CANCELLED_NO_EVALUATOR, nil
	case types.REQUEST_STATE_RUNNING:
		if l.ClosedMs == 0 {
			return k.closeContract(ctx, l, at)
		}
		return k.startReveal(ctx, l, at)
	case types.REQUEST_STATE_REVEALING:
		return k.endReveal(ctx, l, at)
	case types.REQUEST_STATE_EVALUATING:
		return k.replaceSilent(ctx, l, at)
	case types.REQUEST_STATE_REOPENED:
		return types.OUTCOME_SILENT, nil
	case types.REQUEST_STATE_RANKED:
		return l.Final(), nil
	case types.REQUEST_STATE_CHALLENGED:
		return types.OUTCOME_UNSPECIFIED, k.passOver(ctx, l, at)
	}
	return types.OUTCOME_UNSPECIFIED, types.ErrState.Wrapf("request %d: %s has no end", l.Id, l.State)
}

// endPhaseNow ends the present phase because of what just happened. Where that is
// the end of the request, this block's sweep finishes it.
func (k *Keeper) endPhaseNow(ctx context.Context, l *live, now int64) error {
	l.waitUntil(now)
	_, err := k.advance(ctx, l)
	return err
}

// endIfAllCommitted ends the run when nobody is left in the closed contract who
// could still commit, and the wait for keys when nobody is left who needs one.
func (k *Keeper) endIfAllCommitted(ctx context.Context, l *live) error {
	if l.ClosedMs == 0 || !l.AwaitingKeys && l.Committed+l.Resigned < l.Workers {
		return nil
	}
	now, err := k.now(ctx)
	if err != nil {
		return err
	}
	if l.AwaitingKeys {
		return k.endIfAllGranted(ctx, l, now)
	}
	return k.endPhaseNow(ctx, l, now)
}

// closeContract fixes who the workers are, if they are enough.
func (k *Keeper) closeContract(ctx context.Context, l *live, at int64) (types.Outcome, error) {
	if l.Workers < l.Spec.MinWorkers {
		return types.OUTCOME_CANCELLED_TOO_FEW_WORKERS, nil
	}
	l.ClosedMs = at
	if err := emit(ctx, &types.EventContractClosed{RequestId: l.Id, Workers: l.Workers}); err != nil {
		return types.OUTCOME_UNSPECIFIED, err
	}
	if l.Spec.WorkersNeedKeys() {
		return types.OUTCOME_UNSPECIFIED, k.awaitKeys(ctx, l, program.ROLE_WORKER, at)
	}
	if l.Committed == l.Workers {
		return k.startReveal(ctx, l, at)
	}
	l.waitUntil(l.StartedMs + int64(l.Spec.TimeLimitMs))
	return types.OUTCOME_UNSPECIFIED, nil
}

// startReveal lets those who committed reveal. Without any, or where results are open, waiting helps nobody.
func (k *Keeper) startReveal(ctx context.Context, l *live, at int64) (types.Outcome, error) {
	if l.Revealed == l.Committed {
		return k.endReveal(ctx, l, at)
	}
	l.State = types.REQUEST_STATE_REVEALING
	if l.rules.terms.ByCheckpoint() {
		if err := k.drawings.Set(ctx, l.Id); err != nil {
			return types.OUTCOME_UNSPECIFIED, err
		}
	}
	l.waitUntil(at + int64(l.rules.windows.RevealMs))
	return types.OUTCOME_UNSPECIFIED, emit(ctx, &types.EventRevealStarted{
		RequestId: l.Id, Committed: l.Committed, DeadlineMs: l.DeadlineMs,
	})
}

// endReveal has what was revealed evaluated, if it is to be.
func (k *Keeper) endReveal(ctx context.Context, l *live, at int64) (types.Outcome, error) {
	switch {
	case l.Revealed == 0:
		return types.OUTCOME_NOTHING_REVEALED, nil
	case l.Spec.SkipEvaluation:
		return types.OUTCOME_UNEVALUATED, nil
	}
	return types.OUTCOME_UNSPECIFIED, k.startEvaluation(ctx, l, at)
}

// startEvaluation makes the evaluator owe a ranking, once it has what it needs.
func (k *Keeper) startEvaluation(ctx context.Context, l *live, at int64) error {
	l.State = types.REQUEST_STATE_EVALUATING
	l.EvaluatingMs = 0
	if l.Spec.JudgesNeedKeys() {
		return k.awaitKeys(ctx, l, program.ROLE_EVALUATOR, at)
	}
	return k.oweRanking(ctx, l, at)
}

// oweRanking starts the window for the evaluator's ranking.
func (k *Keeper) oweRanking(ctx context.Context, l *live, at int64) error {
	l.EvaluatingMs = at
	l.waitUntil(at + int64(l.rules.windows.EvaluationMs))
	return emit(ctx, &types.EventEvaluationStarted{
		RequestId: l.Id, Evaluator: l.Evaluator, Revealed: l.Revealed, DeadlineMs: l.DeadlineMs,
	})
}

// replaceSilent puts a silent evaluator on record and reopens the request for
// another, unless all rounds are used up.
func (k *Keeper) replaceSilent(ctx context.Context, l *live, at int64) (types.Outcome, error) {
	silent, err := types.ParseAddress("evaluator", l.Evaluator)
	if err != nil {
		return types.OUTCOME_UNSPECIFIED, err
	}
	l.Silent = append(l.Silent, types.SilentEvaluator{Evaluator: l.Evaluator, Deposit: l.Deposit})
	round := uint32(len(l.Silent))
	if err := emit(ctx, &types.EventEvaluatorSilent{RequestId: l.Id, Evaluator: l.Evaluator, Round: round}); err != nil {
		return types.OUTCOME_UNSPECIFIED, err
	}
	if err := k.reputation.Report(ctx, l.Spec.JobId, silent, program.ROLE_EVALUATOR, program.OutcomeSilent, 0, math.ZeroInt()); err != nil {
		return types.OUTCOME_UNSPECIFIED, err
	}
	l.Evaluator, l.EvaluatorEncryptionKey, l.Ancestors = "", "", nil
	if round >= l.rules.params.EvaluationRounds {
		return types.OUTCOME_SILENT, nil
	}
	l.State = types.REQUEST_STATE_REOPENED
	l.waitUntil(at + int64(l.rules.windows.OpenMs))
	return types.OUTCOME_UNSPECIFIED, emit(ctx, &types.EventRequestReopened{RequestId: l.Id, JobId: l.Spec.JobId, Round: round + 1})
}
