package simulation

import (
	"slices"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// opening is the role that a request has a place for; 0: none.
func opening(r types.Request) program.Role {
	switch {
	case r.State == types.REQUEST_STATE_OPEN && r.Spec.SkipEvaluation:
		return program.ROLE_WORKER
	case r.State == types.REQUEST_STATE_OPEN, r.State == types.REQUEST_STATE_REOPENED:
		return program.ROLE_EVALUATOR
	case r.State == types.REQUEST_STATE_RUNNING && r.ClosedMs == 0:
		return program.ROLE_WORKER
	}
	return program.ROLE_UNSPECIFIED
}

// acceptJob has one who may take a place that is open, or the client try to.
func acceptJob(v *view) *types.MsgAcceptJob {
	r := v.request(func(r types.Request) bool { return opening(r) != 0 && wanted(r) })
	if r == nil {
		return nil
	}
	role := opening(*r)
	if v.isRevoked(r.WorkerRelease) || v.isRevoked(r.EvaluatorRelease) {
		return nil // a sweep is about to end it
	}
	if v.Often(3) {
		v.Expect(types.ErrPlaceTaken)
		return &types.MsgAcceptJob{Signer: v.sign(r.Client), RequestId: r.Id, Role: role}
	}
	requirement, err := types.MergeRequirements(v.termsOf(*r).Requirement, r.Spec.Requirement)
	v.note(err)
	fit := simulation.Filter(v.owners(), func(a string) bool {
		return v.eligible(r.Spec.JobId, a, role, requirement) == nil && v.mayAccept(*r, a, role)
	})
	node := simulation.Pick(v.Draw, fit)
	if node == nil {
		return nil
	}
	return &types.MsgAcceptJob{Signer: v.sign(*node), RequestId: r.Id, Role: role}
}

// wanted tells whether anybody means to take the open place.
func wanted(r types.Request) bool {
	switch {
	case r.State == types.REQUEST_STATE_OPEN:
		return !is(r, unclaimed, withdrawn)
	case r.State == types.REQUEST_STATE_RUNNING && is(r, understaffed):
		return r.Workers+1 < r.Spec.MinWorkers
	}
	return true
}

// mayAccept holds all but the eligibility of a node.
func (v *view) mayAccept(r types.Request, account string, role program.Role) bool {
	pledge := r.Deposit
	if role == program.ROLE_WORKER {
		pledge = r.WorkerBond
		rating, err := v.reputation.Rating(v.ctx, r.Spec.JobId, v.address(account))
		v.note(err)
		if slices.Contains(r.Rejected, account) || r.Spec.MinRating > 0 && rating < int64(r.Spec.MinRating) {
			return false
		}
	} else {
		ancestors, err := v.reputation.Ancestors(v.ctx, r.Spec.JobId, v.address(account), v.paramsOf(r).ChallengeLevels)
		v.note(err)
		if len(ancestors) < max(1, int(r.Spec.MinChallengeLevels)) {
			return false
		}
	}
	if role == program.ROLE_WORKER && r.Spec.WorkersNeedKeys() || role == program.ROLE_EVALUATOR && r.Spec.JudgesNeedKeys() {
		if !v.hasEncryptionKey(account) {
			return false
		}
	}
	return r.IsCandidate(account, role) && !v.hasPlace(r, account) && !v.hasPlace(r, v.operator(account)) &&
		v.stake(account).GTE(pledge)
}

func (v *view) hasPlace(r types.Request, account string) bool {
	if account == "" {
		return false
	}
	return account == r.Client || account == r.Evaluator ||
		slices.ContainsFunc(r.Silent, func(s types.SilentEvaluator) bool { return s.Evaluator == account }) ||
		len(v.workers(r.Id, func(a types.Assignment) bool { return a.Worker == account })) > 0
}

// resign gives a place up before or after the contract closes, or tries after having committed.
func resign(v *view) *types.MsgResign {
	r := v.request(func(r types.Request) bool { return r.State == types.REQUEST_STATE_RUNNING && r.Workers > 0 })
	if r == nil {
		return nil
	}
	a := simulation.Pick(v.Draw, v.workers(r.Id, func(a types.Assignment) bool { return !a.Resigned }))
	if a == nil {
		return nil
	}
	if a.HasCommitted() && r.ClosedMs != 0 {
		v.Expect(types.ErrCommitted)
	}
	return &types.MsgResign{Signer: v.sign(a.Worker), RequestId: r.Id}
}

// rejectWorker has a client send a worker away, or somebody try who is not the client.
func rejectWorker(v *view) *types.MsgRejectWorker {
	r := v.request(func(r types.Request) bool {
		return r.State == types.REQUEST_STATE_RUNNING && r.Workers > 0 && len(r.Rejected) < int(v.paramsOf(r).MaxWorkers)
	})
	if r == nil {
		return nil
	}
	a := simulation.Pick(v.Draw, v.workers(r.Id, anyWorker))
	client := r.Client
	switch {
	case v.Often(10):
		client = a.Worker
		v.Expect(types.ErrUnauthorized)
	case r.ClosedMs != 0:
		v.Expect(types.ErrContractClosed)
	}
	return &types.MsgRejectWorker{Signer: v.sign(client), RequestId: r.Id, Worker: a.Worker}
}
