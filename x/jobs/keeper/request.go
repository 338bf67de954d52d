package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// live is a request being changed, with the keys under which it is stored now.
type live struct {
	types.Request
	rules   rules
	sweepMs int64
	opening program.Role
	// freed counts the workers that the end of a phase let go, for the sweep's budget.
	freed int
}

// waitUntil sets the end of the present phase. An event that ends a phase early
// sets it to now: advance, or this block's sweep, does the rest.
func (l *live) waitUntil(ms int64) { l.DeadlineMs, l.SweepMs = ms, ms }

// Order makes a request of a client and holds the rewards and the chain's share.
// Coins come from the wallet where the client signed itself, and from its stake
// where its operator did.
func (k *Keeper) Order(ctx context.Context, signer, client sdk.AccAddress, m *types.MsgRequestJob) (uint64, error) {
	version, params, err := k.currentParams(ctx)
	if err != nil {
		return 0, err
	}
	if err := m.Validate(params); err != nil {
		return 0, err
	}
	if err := m.Spec.RefuseOwn(client.String()); err != nil {
		return 0, err
	}
	if k.bank.BlockedAddr(client) {
		return 0, types.ErrBlocked.Wrapf("%s: a module account cannot be a client", client)
	}
	job, err := k.job(ctx, m.Spec.JobId)
	if err != nil {
		return 0, err
	}
	terms, err := k.terms.Get(ctx, termsKeyOf(job))
	if err != nil {
		return 0, err
	}
	if _, err := types.MergeRequirements(terms.Requirement, m.Spec.Requirement); err != nil {
		return 0, err
	}
	schema, err := k.schema(ctx, job.SchemaDigest)
	if err != nil {
		return 0, err
	}
	if !schema.HasEvaluator() && !m.Spec.SkipEvaluation {
		return 0, types.ErrInvalid.Wrapf("spec.skip_evaluation: not set, but nobody evaluates in job %#x", job.Id)
	}
	if err := terms.CheckSpec(m.Spec); err != nil {
		return 0, err
	}
	if m.Spec.SkipEvaluation {
		job.EvaluatorRelease = 0
	}
	if job.WorkerRelease == 0 || job.EvaluatorRelease == 0 && !m.Spec.SkipEvaluation {
		return 0, types.ErrRevoked.Wrapf("job %#x has none left of its worker or of its evaluator; its root has to publish one", job.Id)
	}
	if err := checkInput(ctx, "spec.input", schema, m.Spec.Input, params); err != nil {
		return 0, err
	}
	r := types.Request{
		Client:           client.String(),
		Spec:             m.Spec,
		TermsVersion:     job.TermsVersion,
		ParamsVersion:    version,
		WorkerRelease:    job.WorkerRelease,
		EvaluatorRelease: job.EvaluatorRelease,
		ChainShare:       types.ChainShare(params, m.Spec.Rewards()),
		WorkerBond:       types.WorkerBond(params, terms, m.Spec),
		Deposit:          types.Deposit(params, terms, m.Spec),
	}
	if err := k.checkNotExpired(ctx, r); err != nil {
		return 0, err
	}
	return k.open(ctx, signer, client, r, params, terms.Windows.Or(params.DefaultWindows))
}

// open takes the coins and stores a new request.
func (k *Keeper) open(ctx context.Context, signer, client sdk.AccAddress, r types.Request, params types.Params, windows types.Windows) (uint64, error) {
	now, err := k.now(ctx)
	if err != nil {
		return 0, err
	}
	if r.Id, err = next(ctx, k.nextRequest); err != nil {
		return 0, err
	}
	if r.HoldId, err = k.escrow.OpenHold(ctx, fmt.Sprintf("request %d", r.Id)); err != nil {
		return 0, err
	}
	lock := k.escrow.LockStake
	if signer.Equals(client) {
		lock = k.escrow.LockWallet
	}
	if err := lock(ctx, r.HoldId, client, r.Spec.Rewards().Add(r.ChainShare)); err != nil {
		return 0, err
	}
	l := &live{Request: r}
	l.State = types.REQUEST_STATE_OPEN
	l.RequestedMs = now
	l.waitUntil(now + int64(windows.OpenMs))
	if err := k.nameInputs(ctx, l, client, l.EndsBy(params, windows)); err != nil {
		return 0, err
	}
	if err := k.requestsByJob.Set(ctx, collections.Join(r.Spec.JobId, r.Id)); err != nil {
		return 0, err
	}
	if err := k.requestsByClient.Set(ctx, collections.Join(client, r.Id)); err != nil {
		return 0, err
	}
	if err := k.save(ctx, l); err != nil {
		return 0, err
	}
	return r.Id, emit(ctx, &types.EventJobRequested{RequestId: r.Id, JobId: r.Spec.JobId, Client: r.Client})
}

// Cancel takes back a request that nobody has accepted.
func (k *Keeper) Cancel(ctx context.Context, client sdk.AccAddress, id uint64) error {
	l, err := k.due(ctx, id)
	if err != nil {
		return err
	}
	if l.Client != client.String() {
		return types.ErrUnauthorized.Wrapf("%s cancels request %d; only its client %s may", client, id, l.Client)
	}
	if l.State != types.REQUEST_STATE_OPEN {
		return types.ErrState.Wrapf("request %d is %s; it can be cancelled until somebody accepts", id, l.State)
	}
	return k.finish(ctx, l, types.OUTCOME_CANCELLED_BY_CLIENT)
}

// load reads a request for a change.
func (k *Keeper) load(ctx context.Context, id uint64) (*live, error) {
	r, err := k.requests.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, types.ErrUnknownRequest.Wrapf("request %d", id)
	}
	if err != nil {
		return nil, err
	}
	rules, err := k.rulesOf(ctx, r)
	if err != nil {
		return nil, err
	}
	return &live{Request: r, rules: rules, sweepMs: r.SweepMs, opening: openingOf(r)}, nil
}

// due loads a request for a message and applies what is due before it, so that a
// late message meets the right state however far behind the sweep is. A request
// whose end is due is over for every message, though the sweep pays it out later.
func (k *Keeper) due(ctx context.Context, id uint64) (*live, error) {
	l, err := k.load(ctx, id)
	if err != nil {
		return nil, err
	}
	if l.IsFinished() {
		return nil, types.ErrState.Wrapf("request %d is over: %s", id, l.Outcome)
	}
	outcome, err := k.advance(ctx, l)
	if err != nil {
		return nil, err
	}
	if outcome != types.OUTCOME_UNSPECIFIED {
		return nil, types.ErrState.Wrapf("request %d is over: %s", id, outcome)
	}
	return l, nil
}

// save stores a request and moves the look-ups that its change has touched.
func (k *Keeper) save(ctx context.Context, l *live) error {
	if l.SweepMs != l.sweepMs {
		if err := move(ctx, k.deadlines, l.sweepMs != 0, l.SweepMs != 0,
			collections.Join(l.sweepMs, l.Id), collections.Join(l.SweepMs, l.Id)); err != nil {
			return err
		}
	}
	opening := openingOf(l.Request)
	if opening != l.opening {
		job := l.Spec.JobId
		if err := move(ctx, k.openings, l.opening != 0, opening != 0,
			collections.Join3(job, int32(l.opening), l.Id), collections.Join3(job, int32(opening), l.Id)); err != nil {
			return err
		}
	}
	l.sweepMs, l.opening = l.SweepMs, opening
	return k.requests.Set(ctx, l.Id, l.Request)
}

// move takes an old key out of a set where there was one, and puts a new one in
// where there is one.
func move[K any](ctx context.Context, set collections.KeySet[K], was, is bool, from, to K) error {
	if was {
		if err := set.Remove(ctx, from); err != nil {
			return err
		}
	}
	if !is {
		return nil
	}
	return set.Set(ctx, to)
}

// openingOf is the role that a request has a place for; 0: none.
func openingOf(r types.Request) program.Role {
	switch r.State {
	case types.REQUEST_STATE_OPEN, types.REQUEST_STATE_REOPENED:
		if r.Spec.SkipEvaluation {
			return program.ROLE_WORKER
		}
		return program.ROLE_EVALUATOR
	case types.REQUEST_STATE_RUNNING:
		if r.ClosedMs == 0 {
			return program.ROLE_WORKER
		}
	}
	return program.ROLE_UNSPECIFIED
}

func termsOf(r types.Request) termsKey { return collections.Join(r.Spec.JobId, r.TermsVersion) }
