package keeper

import (
	"bytes"
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// Submit records a worker's commitment to a result, or, where results are open, the result, once and for all.
func (k *Keeper) Submit(ctx context.Context, owner sdk.AccAddress, m *types.MsgSubmitResult) error {
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return err
	}
	if err := m.Validate(l.rules.params, l.rules.terms); err != nil {
		return err
	}
	a, err := k.assignment(ctx, l.Id, owner)
	if err != nil {
		return err
	}
	if a.Resigned {
		return types.ErrState.Wrapf("worker %s has resigned from request %d", owner, l.Id)
	}
	if l.State != types.REQUEST_STATE_RUNNING {
		return types.ErrState.Wrapf("request %d is %s; worker %s cannot commit any more", l.Id, l.State, owner)
	}
	if a.HasCommitted() {
		return types.ErrCommitted.Wrapf("worker %s, request %d", owner, l.Id)
	}
	if l.Spec.WorkersNeedKeys() && !a.HasKey() {
		return types.ErrState.Wrapf("worker %s has no key of request %d yet; its client grants it once the contract has closed", owner, l.Id)
	}
	// Otherwise a client could read it, and then reject the worker or let the request be cancelled.
	if m.Result != nil && l.ClosedMs == 0 {
		return types.ErrState.Wrapf("request %d still hires; open results are sent once the contract has closed", l.Id)
	}
	if m.Result != nil && l.AwaitingKeys {
		return types.ErrState.Wrapf("request %d still waits for keys; open results are sent once it is known who has one", l.Id)
	}
	if a.CommittedMs, err = k.now(ctx); err != nil {
		return err
	}
	l.Committed++
	l.LastCommitOrder++
	a.CommitOrder, a.Commitment, a.Space = l.LastCommitOrder, m.Commitment, m.Space
	if err := k.nameRoom(ctx, l, owner, m.Space); err != nil {
		return err
	}
	if m.Result != nil {
		if err := k.checkReply(ctx, l, *m.Result); err != nil {
			return err
		}
		if err := k.nameResult(ctx, l, owner, 0, *m.Result); err != nil {
			return err
		}
		a.RevealedMs, a.Result = a.CommittedMs, m.Result
		l.Revealed++
	}
	if err := k.setAssignment(ctx, owner, a); err != nil {
		return err
	}
	if err := emit(ctx, &types.EventResultSubmitted{RequestId: l.Id, Worker: a.Worker}); err != nil {
		return err
	}
	if m.Result != nil {
		if err := emit(ctx, &types.EventResultRevealed{RequestId: l.Id, Worker: a.Worker}); err != nil {
			return err
		}
	}
	if err := k.endIfAllCommitted(ctx, l); err != nil {
		return err
	}
	return k.save(ctx, l)
}

// Reveal opens a worker's commitment.
func (k *Keeper) Reveal(ctx context.Context, owner sdk.AccAddress, m *types.MsgRevealResult) error {
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return err
	}
	if err := m.Validate(l.rules.params); err != nil {
		return err
	}
	a, err := k.assignment(ctx, l.Id, owner)
	if err != nil {
		return err
	}
	switch {
	case a.HasRevealed():
		return types.ErrRevealed.Wrapf("worker %s, request %d", owner, l.Id)
	case !a.HasCommitted():
		return types.ErrState.Wrapf("worker %s committed to no result of request %d", owner, l.Id)
	case l.State != types.REQUEST_STATE_REVEALING:
		return types.ErrState.Wrapf("request %d is %s; results are revealed after all have committed or the time limit", l.Id, l.State)
	}
	if err := k.checkReveal(ctx, l, owner, a, m); err != nil {
		return err
	}
	if err := k.nameResult(ctx, l, owner, a.Space, m.Result); err != nil {
		return err
	}
	now, err := k.now(ctx)
	if err != nil {
		return err
	}
	a.RevealedMs, a.Result = now, &m.Result
	if err := k.setAssignment(ctx, owner, a); err != nil {
		return err
	}
	if err := emit(ctx, &types.EventResultRevealed{RequestId: l.Id, Worker: a.Worker}); err != nil {
		return err
	}
	l.Revealed++
	if l.Revealed == l.Committed {
		if err := k.endPhaseNow(ctx, l, now); err != nil {
			return err
		}
	}
	return k.save(ctx, l)
}

// checkReveal holds a result against its commitment and its type.
func (k *Keeper) checkReveal(ctx context.Context, l *live, owner sdk.AccAddress, a types.Assignment, m *types.MsgRevealResult) error {
	digest, err := types.ResultDigest(m.Result)
	if err != nil {
		return err
	}
	chainID := sdk.UnwrapSDKContext(ctx).ChainID()
	commitment := types.Commitment(chainID, l.Id, owner, digest, m.Salt, m.Result.Files...)
	if !bytes.Equal(commitment[:], a.Commitment) {
		return types.ErrCommitment.Wrapf("worker %s, request %d: another result or salt was committed to", owner, l.Id)
	}
	return k.checkReply(ctx, l, m.Result)
}

// checkReply decodes an inline result. What lies in storage is decoded by those that fetch it. Only programs that requests
// name leave files: nobody would look at those of others.
func (k *Keeper) checkReply(ctx context.Context, l *live, result types.Result) error {
	if n := len(result.Files); n > 0 {
		release, err := k.releases.Get(ctx, l.WorkerRelease)
		if err != nil {
			return err
		}
		if release.Spec.Program.Kind != program.PROGRAM_KIND_REQUESTED {
			return types.ErrInvalid.Wrapf("result.files: %d, but only programs that requests name leave files; leave them out", n)
		}
	}
	if result.Reference != nil {
		return nil
	}
	job, err := k.job(ctx, l.Spec.JobId)
	if err != nil {
		return err
	}
	schema, err := k.schema(ctx, job.SchemaDigest)
	if err != nil {
		return err
	}
	chargeDecoding(ctx, l.rules.params, len(result.Inline))
	if err := schema.DecodeReply(result.Inline); err != nil {
		return types.ErrDecode.Wrapf("result.inline: %s", err)
	}
	return nil
}
