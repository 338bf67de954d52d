package evaluator

import (
	"context"
	"errors"
	"time"

	"github.com/ain-network/aind/daemon"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// judge runs drawn segments of the work again, where the job wants that, and the evaluator program on what was gathered.
func judge(ctx context.Context, t *task) error {
	if err := t.enterRun(ctx); err != nil {
		return err
	}
	defer func() { <-t.runs }()
	left, err := t.timeToJudge(ctx)
	if err != nil {
		return err
	}
	if left <= 0 {
		return errors.New("no time is left to judge")
	}
	until := time.Now().Add(left)
	patience, err := t.patience(ctx)
	if err != nil {
		return err
	}
	material, err := t.CheckSegments(ctx, t.request, t.material, left, patience, t.log)
	if errors.Is(err, daemon.ErrNotDrawn) {
		return daemon.ErrLater
	}
	if err != nil {
		return err
	}
	ranking, err := t.Judge(ctx, t.request, material, time.Until(until), t.log)
	if errors.Is(err, daemon.ErrInputUnusable) {
		t.log.Warn("nobody can judge by what the request names", "error", err)
		t.rec.Ranking, t.rec.InputUnusable, t.rec.Judged = nil, true, true
		return nil
	}
	if errors.Is(err, daemon.ErrRanking) || daemon.IsProgramFault(err) {
		return t.failed(err)
	}
	if err != nil {
		return err
	}
	t.rec.Ranking, t.rec.Judged = ranking, true
	return nil
}

func (t *task) enterRun(ctx context.Context) error {
	select {
	case t.runs <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed notes a failure of the program and returns it. After the last, the request waits for its deadline: no ranking is
// better than one that nobody computed.
func (t *task) failed(err error) error {
	t.rec.Failures++
	if t.rec.Failures >= maxFailures {
		t.log.Error("the evaluator program fails: the deposit is at risk", "failures", t.rec.Failures, "error", err)
	}
	return errors.Join(err, t.Journal.Put(recordKey(t.request.Id), &t.rec))
}

func rank(ctx context.Context, t *task) error {
	err := t.send(ctx, daemon.EvaluatorRank, &jobstypes.MsgRank{Signer: t.Signer, RequestId: t.request.Id, Ranking: t.rec.Ranking, InputUnusable: t.rec.InputUnusable})
	if err != nil {
		return err
	}
	t.request.State = jobstypes.REQUEST_STATE_RANKED
	t.log.Info("ranked", "valid", len(t.rec.Ranking), "revealed", t.request.Revealed)
	return nil
}
