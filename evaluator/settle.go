package evaluator

import (
	"context"

	"github.com/ain-network/aind/daemon"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// settle closes the record of a request in which we have no place any more: it is finished, we were silent, or the place
// was never ours.
func (e *Evaluator) settle(ctx context.Context, requestID uint64) error {
	request, _, err := e.Network.Request(ctx, requestID)
	if err != nil {
		return err
	}
	if request == nil {
		request = &jobstypes.Request{Id: requestID, State: jobstypes.REQUEST_STATE_SETTLED}
	}
	t, err := e.newTask(*request)
	if err != nil {
		return err
	}
	switch {
	case request.IsFinished():
	case request.Evaluator == e.Owner.String():
		return nil // it has become ours since we asked for our places
	case t.Outbox.IsPending(messageKey(requestID, daemon.EvaluatorAccept)):
		return t.findAccept(ctx)
	default:
		return e.Journal.Delete(recordKey(requestID))
	}
	if err := e.Journal.Do(daemon.EvaluatorSettle, recordKey(requestID), &t.rec, t.close); err != nil {
		return err
	}
	return e.Journal.Delete(recordKey(requestID))
}

// findAccept clears up what became of an acceptance whose outcome a crash has hidden.
func (t *task) findAccept(ctx context.Context) error {
	if err := t.sendAccept(ctx); err == nil {
		return nil // ours after all: the next look at the chain shows it
	}
	if t.Outbox.IsPending(messageKey(t.request.Id, daemon.EvaluatorAccept)) {
		return daemon.ErrLater // the chain does not answer
	}
	return t.Journal.Delete(recordKey(t.request.Id))
}

// close says how a finished request went, and removes its traces.
func (t *task) close() error {
	for _, payout := range t.request.Payouts {
		if payout.Account == t.Owner.String() {
			t.log.Info("paid", "amount", payout.Amount.String()+"uain", "reason", payout.Reason)
		}
	}
	t.log.Info("request finished", "state", t.request.State.String(), "outcome", t.request.Outcome.String())
	for _, step := range []daemon.Step{daemon.EvaluatorAccept, daemon.EvaluatorRank} {
		if err := t.Outbox.Forget(messageKey(t.request.Id, step)); err != nil {
			return err
		}
	}
	return nil
}
