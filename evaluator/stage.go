package evaluator

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/daemon"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const recordPrefix = "request/"

// record is what the journal keeps about one request until it is settled.
type record struct {
	daemon.Progress
	Job uint64 `json:"job"`
	// Judged: Ranking is what will be sent, or was.
	Judged  bool                  `json:"judged,omitempty"`
	Ranking []jobstypes.RankEntry `json:"ranking,omitempty"`
	// InputUnusable is the verdict in place of a ranking.
	InputUnusable bool `json:"input_unusable,omitempty"`
	// Failures of the evaluator program on this request.
	Failures int `json:"failures,omitempty"`
}

func recordKey(requestID uint64) string { return recordPrefix + strconv.FormatUint(requestID, 10) }

// messageKey names a step's message for the outbox.
func messageKey(requestID uint64, step daemon.Step) string {
	return strconv.FormatUint(requestID, 10) + "/" + step.Name
}

// task is one request of ours on its way: what the chain said about it, and what the journal holds.
type task struct {
	*Evaluator
	request jobstypes.Request
	rec     record
	log     *slog.Logger

	// material is too large for the journal, and gathered again after a crash.
	material daemon.Material
}

// stage is a part of a request's way. It is due or not by what chain and journal say; doing it twice is harmless.
type stage struct {
	step daemon.Step
	due  func(t *task) bool
	do   func(ctx context.Context, t *task) error
}

// stages in their order. Doing one makes the next due, or waits for the chain.
var stages = []stage{
	{daemon.EvaluatorGather, (*task).mustJudge, gather},
	{daemon.EvaluatorJudge, (*task).mustJudge, judge},
	{daemon.EvaluatorRank, (*task).mustRank, rank},
}

// maxFailures of the program on one request: a program that fails thrice on the same input and seed will go on to fail.
const maxFailures = 3

func (e *Evaluator) newTask(request jobstypes.Request) (*task, error) {
	t := &task{Evaluator: e, request: request, rec: record{Job: request.Spec.JobId}, log: e.requests.LogOf(request)}
	_, err := e.Journal.Get(recordKey(request.Id), &t.rec)
	return t, err
}

// advance does the stages that are due.
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

func (t *task) evaluating() bool {
	return t.request.State == jobstypes.REQUEST_STATE_EVALUATING && t.request.Evaluator == t.Owner.String()
}

func (t *task) mustJudge() bool {
	return t.evaluating() && !t.request.AwaitingKeys && !t.rec.Judged && t.rec.Failures < maxFailures
}

func (t *task) mustRank() bool { return t.evaluating() && t.rec.Judged }

// send sends a step's message.
func (t *task) send(ctx context.Context, step daemon.Step, msg sdk.Msg) error {
	return t.Outbox.Do(ctx, step, messageKey(t.request.Id, step), msg)
}
