package worker

import (
	"context"
	"errors"
	"fmt"
	"os"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// resign gives the place up when there will be no result: before the contract closes it is free for another, and
// afterwards nobody has to wait for us.
func resign(ctx context.Context, t *task) error {
	err := t.send(ctx, daemon.WorkerResign, &jobstypes.MsgResign{Signer: t.Signer, RequestId: t.request.Id})
	if err == nil {
		t.mine.Resigned = true
		t.log.Info("resigned", "why", t.rec.Failure)
	}
	return err
}

func commit(ctx context.Context, t *task) error {
	result := t.rec.Outcome.result()
	digest, err := jobstypes.ResultDigest(result)
	if err != nil {
		return err
	}
	commitment := jobstypes.Commitment(t.Network.ChainID(), t.request.Id, t.Owner, digest, t.rec.Salt, result.Files...)
	err = t.send(ctx, daemon.WorkerCommit, &jobstypes.MsgSubmitResult{
		Signer: t.Signer, RequestId: t.request.Id, Commitment: commitment[:], Space: t.rec.Outcome.space(),
	})
	if err != nil {
		return err
	}
	t.log.Info("committed", "digest", fmt.Sprintf("sha256:%x", digest))
	t.mine.CommittedMs, err = t.Clock.Now(ctx)
	return err
}

// upload stores a result that is too large for the chain, and states that others will run again from, once everybody has
// committed. What goes into a space, which nobody looks into before, is stored before the commitment, which names it.
func upload(ctx context.Context, t *task) error {
	if t.mustStoreResult() {
		if err := t.storeResult(ctx); err != nil {
			return err
		}
	}
	if t.mustStoreOutput() {
		if err := t.storeOutput(ctx); err != nil {
			return err
		}
	}
	if t.mustStoreStates() && len(t.request.Draw) > 0 {
		return t.storeStates(ctx)
	}
	return nil
}

// storeAt opens the store that a result or states were promised in: this node's, unless its config has changed meanwhile.
func (t *task) storeAt(ctx context.Context, space uint64) (storage.Store, error) {
	if space == t.Space {
		return t.Store, nil
	}
	return t.Source.At(ctx, space)
}

func (t *task) storeResult(ctx context.Context) error {
	digest, err := storage.ParseDigest(t.rec.Outcome.Digest)
	if err != nil {
		return err
	}
	store, err := t.storeAt(ctx, t.rec.Outcome.Space)
	if err != nil {
		return err
	}
	if _, err := storage.PutFile(ctx, store, t.resultPath(), storage.ExpectDigest(digest), storage.ExpectSize(int64(t.rec.Outcome.Size))); err != nil {
		return err
	}
	t.rec.Outcome.Uploaded = true
	t.log.Info("stored the result", "digest", digest, "size", t.rec.Outcome.Size)
	return nil
}

// reveal sends the result: with the salt of its commitment, or in place of one.
func reveal(ctx context.Context, t *task) error {
	result := t.rec.Outcome.result()
	var msg sdk.Msg = &jobstypes.MsgRevealResult{Signer: t.Signer, RequestId: t.request.Id, Result: result, Salt: t.rec.Salt}
	if t.rec.Outcome.Open {
		msg = &jobstypes.MsgSubmitResult{Signer: t.Signer, RequestId: t.request.Id, Result: &result}
	}
	if err := t.send(ctx, daemon.WorkerReveal, msg); err != nil {
		return err
	}
	t.log.Info("revealed")
	now, err := t.Clock.Now(ctx)
	if t.rec.Outcome.Open {
		t.mine.CommittedMs = now
	}
	t.mine.RevealedMs = now
	return err
}

func concede(ctx context.Context, t *task) error {
	err := t.send(ctx, daemon.WorkerConcede, &jobstypes.MsgAcceptResult{Signer: t.Signer, RequestId: t.request.Id})
	if err == nil {
		t.mine.Conceded = true
		t.log.Info("accepted the ranking")
	}
	return err
}

// settle closes the record of a request in which we have no place any more: it is finished, or the place was given up, or
// it was never ours.
func (w *Worker) settle(ctx context.Context, requestID uint64) error {
	request, assignments, err := w.Network.Request(ctx, requestID)
	if err != nil {
		return err
	}
	if request == nil {
		request = &jobstypes.Request{Id: requestID, State: jobstypes.REQUEST_STATE_SETTLED}
	}
	t, err := w.newTask(*request, jobstypes.Assignment{})
	if err != nil {
		return err
	}
	if !request.IsFinished() {
		for _, assignment := range assignments {
			if assignment.Worker == w.Owner.String() {
				return nil // it has become ours since we asked for our places
			}
		}
		if t.rec.Failure != "" {
			return daemon.ErrLater // remembered to the end, so that the place is not taken again
		}
		return t.findAccept(ctx)
	}
	if err := t.Journal.Do(daemon.WorkerSettle, recordKey(requestID), &t.rec, t.close); err != nil {
		return err
	}
	return t.Journal.Delete(recordKey(requestID))
}

// findAccept clears up what became of an acceptance whose outcome a crash has hidden.
func (t *task) findAccept(ctx context.Context) error {
	key := messageKey(t.request.Id, daemon.WorkerAccept)
	if t.Outbox.IsPending(key) {
		if err := t.sendAccept(ctx); err == nil {
			return nil // ours after all: the next look at the chain shows it
		}
		if t.Outbox.IsPending(key) {
			return daemon.ErrLater // the chain does not answer
		}
	}
	return errors.Join(t.forgetStates(), t.Journal.Delete(recordKey(t.request.Id)))
}

// close says how a finished request went, and removes its traces.
func (t *task) close() error {
	t.Programs.GPUs.GiveBack(t.request.Id)
	earned := "0"
	for _, payout := range t.request.Payouts {
		if payout.Account == t.Owner.String() {
			t.log.Info("paid", "amount", payout.Amount.String()+"uain", "reason", payout.Reason)
			earned = payout.Amount.String()
		}
	}
	t.log.Info("request finished", "state", t.request.State.String(), "outcome", t.request.Outcome.String(), "last_payout_uain", earned)
	for _, s := range append([]stage{{step: daemon.WorkerAccept}}, stages...) {
		if err := t.Outbox.Forget(messageKey(t.request.Id, s.step)); err != nil {
			return err
		}
	}
	if err := t.forgetStates(); err != nil {
		return err
	}
	for _, path := range []string{t.resultPath(), t.outputPath()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// send sends a step's message.
func (t *task) send(ctx context.Context, step daemon.Step, msg sdk.Msg) error {
	return t.Outbox.Do(ctx, step, messageKey(t.request.Id, step), msg)
}
