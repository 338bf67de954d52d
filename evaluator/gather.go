package evaluator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// parallelFetches of one request's results.
const parallelFetches = 4

// gather collects the request's input and what its workers revealed. A result that is not there, is not what was committed
// to or does not decode is left out, which makes it invalid. A store that does not answer is asked again as long as there
// is time; after that its results, too, are left out.
func gather(ctx context.Context, t *task) error {
	request, assignments, err := t.Network.Request(ctx, t.request.Id)
	if err != nil {
		return err
	}
	if request == nil {
		return daemon.ErrLater
	}
	job, err := t.Catalog.Job(ctx, t.request.Spec.JobId)
	if err != nil {
		return err
	}
	if t.input, err = daemon.ReadInput(ctx, t.Store, t.request.Spec.Input, int64(t.Config.Limits.Input)); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	patience, err := t.patience(ctx)
	if err != nil {
		return err
	}
	replies := make([]*jobstypes.WorkerReply, len(assignments))
	group, fetching := errgroup.WithContext(ctx)
	group.SetLimit(parallelFetches)
	for i, assignment := range assignments {
		if assignment.RevealedMs == 0 || assignment.Result == nil {
			continue
		}
		group.Go(func() error {
			reply, err := t.fetch(fetching, job.Schema, assignment, patience)
			replies[i] = reply
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	t.replies = nil
	for _, reply := range replies {
		if reply != nil {
			t.replies = append(t.replies, *reply)
		}
	}
	return nil
}

// fetch returns a worker's reply; nil if it is invalid. It errs only where trying again may help and there is time for it.
func (t *task) fetch(ctx context.Context, schema daemon.Schema, a jobstypes.Assignment, patience bool) (*jobstypes.WorkerReply, error) {
	content, err := daemon.ReadResult(ctx, t.Store, *a.Result, int64(t.Config.Limits.Output))
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil && !isForGood(err) && patience {
		return nil, fmt.Errorf("result of %s: %w", a.Worker, err)
	}
	if err == nil {
		err = schema.DecodeReply(content)
	}
	if err != nil {
		t.log.Warn("result is invalid", "node", a.Worker, "error", err)
		return nil, nil
	}
	return &jobstypes.WorkerReply{Node: a.Worker, Reply: content}, nil
}

// isForGood tells whether fetching again would end in the same way. Workers store a result before they reveal it.
func isForGood(err error) bool {
	for _, lasting := range []error{storage.ErrNotFound, storage.ErrDigestMismatch, storage.ErrSizeMismatch, storage.ErrTooLarge} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	return false
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
