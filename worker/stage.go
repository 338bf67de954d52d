package worker

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// task is one request of ours on its way: what the chain said about it, and what the journal holds.
type task struct {
	*Worker
	request jobstypes.Request
	mine    jobstypes.Assignment
	rec     record
	log     *slog.Logger

	// fetched is the input, read before the request was accepted, or, where it is encrypted, when the key was there.
	fetched *[]byte
	// key opens the input, and the result is sealed to it; nil: it is not encrypted, or not known yet.
	key *seal.Key
}

// stage is a part of a request's way. It is due or not by what chain and journal say; doing it twice is harmless.
type stage struct {
	step daemon.Step
	due  func(t *task) bool
	do   func(ctx context.Context, t *task) error
}

// stages in their order. Doing one makes the next due, or waits for the chain.
var stages = []stage{
	{daemon.WorkerRun, (*task).mustRun, run},
	{daemon.WorkerPublish, (*task).mustPublish, publish},
	{daemon.WorkerResign, (*task).mustResign, resign},
	{daemon.WorkerUpload, (*task).mustUploadFirst, upload},
	{daemon.WorkerCommit, (*task).mustCommit, commit},
	{daemon.WorkerUpload, (*task).mustUpload, upload},
	{daemon.WorkerReveal, (*task).mustReveal, reveal},
	{daemon.WorkerConcede, (*task).mustConcede, concede},
}

func (w *Worker) newTask(request jobstypes.Request, mine jobstypes.Assignment) (*task, error) {
	t := &task{Worker: w, request: request, mine: mine, rec: record{Job: request.Spec.JobId}, log: w.requests.LogOf(request)}
	_, err := w.Journal.Get(recordKey(request.Id), &t.rec)
	return t, err
}

// advance does the stages that are due. What a stage has changed on the chain it notes in the task, so that the next one
// need not wait for a query.
func (t *task) advance(ctx context.Context) error {
	for _, s := range stages {
		if !s.due(t) {
			continue
		}
		if err := t.Journal.Do(s.step, recordKey(t.request.Id), &t.rec, func() error { return s.do(ctx, t) }); err != nil {
			return fmt.Errorf("%s: %w", s.step.Name, err)
		}
	}
	return nil
}

func (t *task) isDue() bool {
	return slices.ContainsFunc(stages, func(s stage) bool { return s.due(t) })
}

// warnIfLost says that a bond is lost, since the journal that held the result is not the one that we have.
func (t *task) warnIfLost() {
	if t.mine.CommittedMs != 0 && t.mine.RevealedMs == 0 && t.rec.Outcome == nil {
		t.requests.Tell(t.request, "cannot reveal", "the journal has no result for the commitment on the chain: was it moved or removed?")
	}
}

// tellIfLeftOut says what the owner can do about a result that was found invalid, as long as it can.
func (t *task) tellIfLeftOut() {
	if t.isLeftOut() && !t.mustConcede() && !t.mine.Conceded {
		t.requests.Tell(t.request, "result was found invalid", fmt.Sprintf("if it is not, `aind challenge %d` before the window ends", t.request.Id))
	}
}

func (t *task) running() bool {
	return t.request.State == jobstypes.REQUEST_STATE_RUNNING && t.mine.CommittedMs == 0 && !t.mine.Resigned
}

// mustRun waits for the key where the input is encrypted.
func (t *task) mustRun() bool {
	return t.running() && t.rec.Outcome == nil && t.rec.Failure == "" && (!t.request.Spec.WorkersNeedKeys() || t.mine.HasKey())
}

func (t *task) mustResign() bool { return t.running() && t.rec.Failure != "" }

// mustPublish wants the work done: what is published before that is published on the way.
func (t *task) mustPublish() bool {
	return t.running() && t.request.ClosedMs != 0 && t.rec.Outcome != nil && t.rec.Published < len(t.rec.States) && t.rec.Failure == ""
}

// mustCommit waits until all states are published: afterwards the chain takes none.
func (t *task) mustCommit() bool {
	return t.running() && t.rec.Outcome != nil && !t.rec.Outcome.Open && t.rec.Published == len(t.rec.States) && t.rec.Failure == ""
}

// revealing tells that the chain takes the result now.
func (t *task) revealing() bool {
	if t.running() && t.rec.Outcome != nil && t.rec.Outcome.Open {
		return t.request.ClosedMs != 0
	}
	return t.request.State == jobstypes.REQUEST_STATE_REVEALING && t.mine.CommittedMs != 0 && t.mine.RevealedMs == 0 &&
		t.rec.Outcome != nil
}

// mustUploadFirst wants in its space what the commitment will say is there: afterwards nobody who shuts us out takes the result from us.
func (t *task) mustUploadFirst() bool {
	return t.mustCommit() && t.Space != 0 && (t.mustStoreResult() || t.mustStoreOutput())
}

func (t *task) mustUpload() bool {
	return t.revealing() && (t.mustStoreResult() || t.mustStoreOutput() || t.mustStoreStates() && len(t.request.Draw) > 0)
}

func (t *task) mustStoreResult() bool { return t.rec.Outcome.Digest != "" && !t.rec.Outcome.Uploaded }

func (t *task) mustStoreOutput() bool {
	return t.rec.Outcome.Output != "" && !t.rec.Outcome.OutputUploaded
}

// mustStoreStates tells whether states are not where others look for them. Which ones is drawn in the block after that in which
// reveals began.
func (t *task) mustStoreStates() bool { return len(t.rec.States) > 0 && !t.rec.StatesStored }

func (t *task) mustReveal() bool { return t.revealing() && !t.mustStoreStates() }

// mustConcede leaves out whom no other ranking could give more: the chain counts them as content.
func (t *task) mustConcede() bool {
	if t.request.State != jobstypes.REQUEST_STATE_RANKED || t.mine.RevealedMs == 0 || t.mine.Conceded {
		return false
	}
	if !jobstypes.CouldGain(t.request)(t.mine.Worker) {
		return false
	}
	return t.cfg.Concede == ConcedeAlways || !t.isLeftOut()
}

// isLeftOut tells whether our result was found invalid.
func (t *task) isLeftOut() bool {
	return t.request.State == jobstypes.REQUEST_STATE_RANKED && t.mine.RevealedMs != 0 && !t.request.InputUnusable &&
		!slices.ContainsFunc(t.request.Ranking, func(entry jobstypes.RankEntry) bool { return entry.Node == t.mine.Worker })
}
