package keeper

import (
	"context"
	"slices"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// Accept gives a node a place in a request, against its deposit or bond.
func (k *Keeper) Accept(ctx context.Context, owner sdk.AccAddress, m *types.MsgAcceptJob) error {
	if err := m.Validate(); err != nil {
		return err
	}
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return err
	}
	if open := openingOf(l.Request); open != m.Role {
		if m.Role == program.ROLE_WORKER && l.ClosedMs != 0 {
			return types.ErrContractClosed.Wrapf("request %d has its %d workers", l.Id, l.Workers)
		}
		return types.ErrState.Wrapf("request %d is %s and has no place for %s", l.Id, l.State, m.Role)
	}
	if err := k.checkNotRevoked(ctx, l); err != nil {
		return err
	}
	if err := k.checkNotExpired(ctx, l.Request); err != nil {
		return err
	}
	if err := k.checkPlace(ctx, l, owner); err != nil {
		return err
	}
	if !l.IsCandidate(owner.String(), m.Role) {
		return types.ErrCandidate.Wrapf("%s, request %d, as %s: its client named others", owner, l.Id, m.Role)
	}
	requirement, err := types.MergeRequirements(l.rules.terms.Requirement, l.Spec.Requirement)
	if err != nil {
		return err
	}
	if err := k.reputation.Eligible(ctx, l.Spec.JobId, owner, m.Role, requirement); err != nil {
		return err
	}
	if err := k.checkRating(ctx, l, owner, m.Role); err != nil {
		return err
	}
	now, err := k.now(ctx)
	if err != nil {
		return err
	}
	if err := emit(ctx, &types.EventJobAccepted{RequestId: l.Id, JobId: l.Spec.JobId, Node: owner.String(), Role: m.Role}); err != nil {
		return err
	}
	if m.Role == program.ROLE_EVALUATOR {
		err = k.acceptEvaluator(ctx, l, owner, now)
	} else {
		err = k.acceptWorker(ctx, l, owner, now)
	}
	if err != nil {
		return err
	}
	if err := k.places.Set(ctx, collections.Join3(owner, false, l.Id)); err != nil {
		return err
	}
	return k.save(ctx, l)
}

// checkRating holds a worker against the rating that the request asks for.
func (k *Keeper) checkRating(ctx context.Context, l *live, owner sdk.AccAddress, role program.Role) error {
	if l.Spec.MinRating == 0 || role != program.ROLE_WORKER {
		return nil
	}
	rating, err := k.reputation.Rating(ctx, l.Spec.JobId, owner)
	if err == nil && rating < int64(l.Spec.MinRating) {
		err = types.ErrRating.Wrapf("worker %s has %d in job %#x, request %d wants %d", owner, rating, l.Spec.JobId, l.Id, l.Spec.MinRating)
	}
	return err
}

// acceptEvaluator starts the request's clock, or, where it was reopened, a new
// evaluation.
func (k *Keeper) acceptEvaluator(ctx context.Context, l *live, owner sdk.AccAddress, now int64) error {
	ancestors, err := k.reputation.Ancestors(ctx, l.Spec.JobId, owner, l.rules.params.ChallengeLevels)
	if err != nil {
		return err
	}
	if want := max(1, int(l.Spec.MinChallengeLevels)); len(ancestors) < want {
		return types.ErrAncestors.Wrapf("evaluator %s has %d, request %d wants %d who can resolve a challenge",
			owner, len(ancestors), l.Id, want)
	}
	if l.Spec.JudgesNeedKeys() {
		if l.EvaluatorEncryptionKey, err = k.encryptionKey(ctx, l, owner); err != nil {
			return err
		}
	}
	if err := k.escrow.LockStake(ctx, l.HoldId, owner, l.Deposit); err != nil {
		return err
	}
	l.Evaluator = owner.String()
	l.Ancestors = make([]string, len(ancestors))
	for i, ancestor := range ancestors {
		l.Ancestors[i] = ancestor.String()
	}
	if l.State == types.REQUEST_STATE_REOPENED {
		return k.startEvaluation(ctx, l, now)
	}
	l.start(now)
	return nil
}

// start begins the time limit, and the time in which workers are hired.
func (l *live) start(now int64) {
	l.State = types.REQUEST_STATE_RUNNING
	l.StartedMs = now
	l.waitUntil(now + min(int64(l.rules.windows.HiringMs), int64(l.Spec.TimeLimitMs/2)))
}

// acceptWorker adds a worker, and closes the contract where it was the last. Where nobody evaluates, the first one starts
// the request's clock.
func (k *Keeper) acceptWorker(ctx context.Context, l *live, owner sdk.AccAddress, now int64) error {
	if slices.Contains(l.Rejected, owner.String()) {
		return types.ErrRejected.Wrapf("worker %s, request %d", owner, l.Id)
	}
	a := types.Assignment{RequestId: l.Id, Worker: owner.String(), AcceptedMs: now}
	if l.Spec.WorkersNeedKeys() {
		var err error
		if a.EncryptionKey, err = k.encryptionKey(ctx, l, owner); err != nil {
			return err
		}
	}
	if err := k.escrow.LockStake(ctx, l.HoldId, owner, l.WorkerBond); err != nil {
		return err
	}
	if err := k.setAssignment(ctx, owner, a); err != nil {
		return err
	}
	if l.State == types.REQUEST_STATE_OPEN {
		l.start(now)
	}
	l.Workers++
	if l.Workers < l.Spec.MaxWorkers {
		return nil
	}
	return k.endPhaseNow(ctx, l, now)
}

// Resign gives a worker's place up: freely until the contract closes, afterwards
// as a timeout. Who has committed to a result cannot take that back.
func (k *Keeper) Resign(ctx context.Context, owner sdk.AccAddress, id uint64) error {
	l, err := k.due(ctx, id)
	if err != nil {
		return err
	}
	a, err := k.assignment(ctx, id, owner)
	if err != nil {
		return err
	}
	if a.Resigned {
		return types.ErrState.Wrapf("worker %s has resigned from request %d", owner, id)
	}
	if l.State != types.REQUEST_STATE_RUNNING {
		return types.ErrState.Wrapf("request %d is %s; worker %s cannot resign any more", id, l.State, owner)
	}
	closed := l.ClosedMs != 0
	if err := emit(ctx, &types.EventWorkerResigned{RequestId: id, Worker: a.Worker, Closed: closed}); err != nil {
		return err
	}
	if !closed {
		return k.release(ctx, l, owner, a, program.OutcomeResigned)
	}
	if a.HasCommitted() {
		return types.ErrCommitted.Wrapf("worker %s, request %d: reveal the result instead", owner, id)
	}
	a.Resigned = true
	if err := k.setAssignment(ctx, owner, a); err != nil {
		return err
	}
	l.Resigned++
	if a.HasKey() {
		l.Granted--
	}
	if err := k.endIfAllCommitted(ctx, l); err != nil {
		return err
	}
	return k.save(ctx, l)
}

// Reject is the client's refusal of a worker until the contract closes. The worker
// cannot come back.
func (k *Keeper) Reject(ctx context.Context, client sdk.AccAddress, m *types.MsgRejectWorker) error {
	worker, err := types.ParseAddress("worker", m.Worker)
	if err != nil {
		return err
	}
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return err
	}
	if l.Client != client.String() {
		return types.ErrUnauthorized.Wrapf("%s rejects a worker of request %d; only its client %s may", client, l.Id, l.Client)
	}
	a, err := k.assignment(ctx, l.Id, worker)
	if err != nil {
		return err
	}
	if l.State != types.REQUEST_STATE_RUNNING || l.ClosedMs != 0 {
		return types.ErrContractClosed.Wrapf("request %d is %s; workers can be rejected until the contract closes", l.Id, l.State)
	}
	if limit := int(l.rules.params.MaxWorkers); len(l.Rejected) >= limit {
		return types.ErrLimit.Wrapf("request %d: %d workers rejected of at most %d", l.Id, len(l.Rejected), limit)
	}
	l.Rejected = append(l.Rejected, a.Worker)
	if err := emit(ctx, &types.EventWorkerRejected{RequestId: l.Id, Worker: a.Worker}); err != nil {
		return err
	}
	return k.release(ctx, l, worker, a, program.OutcomeReleased)
}

// release frees a worker's place before the contract closes; the bond goes back.
func (k *Keeper) release(ctx context.Context, l *live, worker sdk.AccAddress, a types.Assignment, outcome program.Outcome) error {
	if err := k.free(ctx, l, worker, a, outcome); err != nil {
		return err
	}
	return k.save(ctx, l)
}

// free takes a worker out of a request as if it had never been in it.
func (k *Keeper) free(ctx context.Context, l *live, worker sdk.AccAddress, a types.Assignment, outcome program.Outcome) error {
	if err := k.escrow.ReturnStake(ctx, l.HoldId, worker, l.WorkerBond, types.ReasonBond); err != nil {
		return err
	}
	if err := k.assignments.Remove(ctx, collections.Join(l.Id, worker)); err != nil {
		return err
	}
	if err := k.places.Remove(ctx, collections.Join3(worker, false, l.Id)); err != nil {
		return err
	}
	l.Workers--
	if a.HasCommitted() {
		l.Committed--
	}
	if err := k.leaveRoom(ctx, l, a.Space); err != nil {
		return err
	}
	return k.reputation.Report(ctx, l.Spec.JobId, worker, program.ROLE_WORKER, outcome, 0, math.ZeroInt())
}
