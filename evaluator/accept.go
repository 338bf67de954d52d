package evaluator

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// takeOpenings accepts what pays enough and what the stake covers.
func (e *Evaluator) takeOpenings(ctx context.Context, job daemon.Job, look daemon.Look) error {
	free := e.freePlaces(look)
	if free <= 0 {
		return nil
	}
	openings, err := e.Network.Openings(ctx, job.Id, program.ROLE_EVALUATOR)
	if err != nil {
		return err
	}
	var stake math.Int
	for _, request := range openings {
		if free <= 0 {
			return nil
		}
		known, err := e.knows(request, look)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if stake.IsNil() {
			if stake, err = e.Network.Stake(ctx, e.Owner.String()); err != nil {
				return err
			}
		}
		why, err := e.refuses(ctx, job, request, stake)
		if err != nil {
			return err
		}
		if why != "" {
			e.requests.Tell(request, "not taken", why)
			continue
		}
		stake = stake.Sub(request.Deposit)
		free--
		e.take(ctx, request)
	}
	return nil
}

// knows tells whether we have or had to do with a request already.
func (e *Evaluator) knows(request jobstypes.Request, look daemon.Look) (bool, error) {
	if look.Has(request.Id) || !look.MayStart(request.Id) {
		return true, nil
	}
	var rec record
	return e.Journal.Get(recordKey(request.Id), &rec)
}

// refuses says why a request is not taken; empty: it is.
func (e *Evaluator) refuses(ctx context.Context, job daemon.Job, request jobstypes.Request, stake math.Int) (string, error) {
	owner := e.Owner.String()
	if request.Client == owner {
		return "its client is this node's owner", nil
	}
	for _, silent := range request.Silent {
		if silent.Evaluator == owner {
			return "this node was silent in an earlier round", nil
		}
	}
	if !request.IsCandidate(owner, program.ROLE_EVALUATOR) {
		return "its client named others", nil
	}
	if request.Spec.JudgesNeedKeys() {
		if why, err := e.CannotOpen(ctx, request); why != "" || err != nil {
			return why, err
		}
	}
	if requested, err := e.Programs.Requested(ctx, request.EvaluatorRelease); err != nil {
		return "", err
	} else if requested && !e.Config.Policy.CustomCode {
		return "it names a program of its own, and policy.custom_code is off", nil
	}
	needed, err := e.Needed(ctx, request)
	if err != nil {
		return "", err
	}
	if lacks := e.Config.Capability().Lacks(needed); lacks != "" {
		return "it needs more than this node has, " + lacks, nil
	}
	least := e.Config.Policy.MinRewardFor(job.Id)
	if reward := request.Spec.EvaluatorReward; reward.LT(least) {
		return fmt.Sprintf("it pays %s AIN, policy.min_reward is %s", chain.FormatAmount(reward), chain.FormatAmount(least)), nil
	}
	if stake.LT(request.Deposit) {
		return fmt.Sprintf("its deposit is %s AIN, the free stake %s: raise the stake with `aind stake`",
			chain.FormatAmount(request.Deposit), chain.FormatAmount(stake)), nil
	}
	if why, err := e.RefusesFiles(ctx, request); why != "" || err != nil {
		return why, err
	}
	if why, err := e.Programs.Resting(request.EvaluatorRelease); why != "" || err != nil {
		return why, err
	}
	if why, err := e.Programs.Refuses(ctx, request.EvaluatorRelease); why != "" || err != nil {
		return why, err
	}
	if !e.Programs.PrepareSoon(ctx, job.Id, request.EvaluatorRelease) {
		return "its program is not ready yet", nil
	}
	terms, err := e.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	if err != nil {
		return "", err
	}
	if terms.ByCheckpoint() && !e.Programs.PrepareSoon(ctx, job.Id, request.WorkerRelease) {
		return "the workers' program, whose segments it runs again, is not ready yet", nil
	}
	return e.refusesTime(ctx, request)
}

// refusesTime wants half as much time again as a run usually takes within the window for rankings.
func (e *Evaluator) refusesTime(ctx context.Context, request jobstypes.Request) (string, error) {
	terms, err := e.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	if err != nil {
		return "", err
	}
	params, err := e.Catalog.Params(ctx, request.ParamsVersion)
	if err != nil {
		return "", err
	}
	typical, err := e.Programs.Typical(request.EvaluatorRelease)
	if err != nil {
		return "", err
	}
	window := terms.Windows.Or(params.DefaultWindows).EvaluationMs
	if need := typical + typical/2 + e.Config.Margin.Std(); need.Milliseconds() > int64(window) {
		return fmt.Sprintf("the window for a ranking is %d ms, a run needs %s", window, need), nil
	}
	return "", nil
}

// freePlaces is how many requests may still be accepted. One that was being accepted when the chain was asked counts,
// whatever the chain said.
func (e *Evaluator) freePlaces(look daemon.Look) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := len(e.accepting)
	for _, place := range look.As(program.ROLE_EVALUATOR) {
		if place.Request.RankedMs == 0 && !e.accepting[place.Request.Id] {
			taken++
		}
	}
	for _, requestID := range look.Unseen() {
		if !e.accepting[requestID] {
			taken++
		}
	}
	return e.cfg.MaxRequests - taken
}

// take accepts a request. Accepts go alone: one that comes too late must not take others with it.
func (e *Evaluator) take(ctx context.Context, request jobstypes.Request) {
	e.setAccepting(request.Id, true)
	started := e.requests.Start(ctx, request.Id, func() error {
		defer e.setAccepting(request.Id, false)
		t, err := e.newTask(request)
		if err != nil {
			return err
		}
		if err := t.prepareCheck(ctx); err != nil {
			t.requests.Tell(request, "not taken", err.Error())
			return daemon.ErrLater
		}
		return t.accept(ctx)
	})
	if !started {
		e.setAccepting(request.Id, false)
	}
}

// prepareCheck has the program ready with which a request wants its results checked, where its job leaves that to it.
func (t *task) prepareCheck(ctx context.Context) error {
	requested, err := t.Programs.Requested(ctx, t.request.EvaluatorRelease)
	if err != nil || !requested {
		return err
	}
	input, err := daemon.ReadInput(ctx, t.Source, t.request.Spec.Input, int64(t.Config.Limits.Input))
	if err != nil {
		return fmt.Errorf("input: %w", err)
	}
	task, err := daemon.ReadTask(input)
	if err != nil {
		return err
	}
	left, err := t.Clock.Left(ctx, t.request.DeadlineMs)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, left) // later nobody wants it any more
	defer cancel()
	if err := t.PrepareCode(ctx, t.request, task.Check); !daemon.InSpaces(t.request) || !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	return nil // what is for participants alone shows once this node is one; if it is not there then, nobody can judge
}

func (t *task) accept(ctx context.Context) error {
	err := t.Journal.Do(daemon.EvaluatorAccept, recordKey(t.request.Id), &t.rec, func() error { return t.sendAccept(ctx) })
	var refused *client.TxError
	switch {
	case errors.As(err, &refused): // somebody was faster, most of the time
		t.log.Info("not accepted", "why", refused)
		return errors.Join(daemon.ErrLater, t.Journal.Delete(recordKey(t.request.Id)))
	case err != nil:
		return fmt.Errorf("accept: %w", err)
	}
	t.log.Info("accepted", "node", t.Owner.String())
	return nil
}

func (t *task) sendAccept(ctx context.Context) error {
	return t.send(ctx, daemon.EvaluatorAccept, &jobstypes.MsgAcceptJob{
		Signer: t.Signer, RequestId: t.request.Id, Role: program.ROLE_EVALUATOR,
	})
}

func (e *Evaluator) setAccepting(requestID uint64, accepting bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if accepting {
		e.accepting[requestID] = true
		return
	}
	delete(e.accepting, requestID)
}
