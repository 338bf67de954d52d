package evaluator

import (
	"context"
	"errors"
	"time"

	"github.com/ain-network/aind/daemon"
)

// gather collects the request's input and what its workers revealed.
func gather(ctx context.Context, t *task) error {
	request, assignments, err := t.Network.Request(ctx, t.request.Id)
	if err != nil {
		return err
	}
	if request == nil {
		return daemon.ErrLater
	}
	patience, err := t.patience(ctx)
	if err != nil {
		return err
	}
	t.material, err = t.Gather(ctx, t.request, assignments, patience, t.log)
	if errors.Is(err, daemon.ErrInputUnusable) {
		t.log.Warn("nobody could have used the input", "error", err)
		t.rec.Ranking, t.rec.InputUnusable, t.rec.Judged = nil, true, true
		return nil
	}
	return err
}

// patience says whether there is time to wait for a store, and then to judge twice over.
func (t *task) patience(ctx context.Context) (bool, error) {
	left, err := t.timeToJudge(ctx)
	if err != nil {
		return false, err
	}
	typical, err := t.Programs.Typical(t.request.EvaluatorRelease)
	return left > 2*typical+time.Second, err
}

// timeToJudge is how long a run that starts now may take, so that the ranking is in time.
func (t *task) timeToJudge(ctx context.Context) (time.Duration, error) {
	left, err := t.Clock.Left(ctx, t.request.DeadlineMs)
	return left - t.Config.Margin.Std(), err
}
