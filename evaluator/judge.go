package evaluator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// judge runs the evaluator program on what was gathered. Where nothing valid was gathered nobody is ranked, and there is
// nothing to ask the program.
func judge(ctx context.Context, t *task) error {
	ranking := []jobstypes.RankEntry{}
	if len(t.replies) > 0 {
		var err error
		if ranking, err = t.askProgram(ctx); err != nil {
			return err
		}
	}
	t.rec.Ranking, t.rec.Judged = ranking, true
	return nil
}

func (t *task) askProgram(ctx context.Context) ([]jobstypes.RankEntry, error) {
	job, err := t.Catalog.Job(ctx, t.request.Spec.JobId)
	if err != nil {
		return nil, err
	}
	question, err := job.Schema.BuildEvaluatorInput(t.input, t.replies)
	if err != nil {
		return nil, fmt.Errorf("put request and replies together: %w", err)
	}
	if err := t.enterRun(ctx); err != nil {
		return nil, err
	}
	defer func() { <-t.runs }()
	left, err := t.timeToJudge(ctx)
	if err != nil {
		return nil, err
	}
	if left <= 0 {
		return nil, errors.New("no time is left to judge")
	}
	// Whoever has to resolve a challenge can repeat this run: its seed is the request's.
	output, err := t.Programs.Run(ctx, daemon.Call{
		JobID: t.request.Spec.JobId, ReleaseID: t.request.EvaluatorRelease, Role: program.ROLE_EVALUATOR,
		RequestID: t.request.Id, DeadlineMs: t.request.DeadlineMs,
		Seed: jobstypes.Seed(t.Network.ChainID(), t.request.Id, nil), Input: question, Wall: left,
	})
	var ranked []jobstypes.Ranked
	if err == nil {
		if ranked, err = job.Schema.ParseRanking(output); err != nil {
			return nil, t.failed(fmt.Errorf("the program's ranking: %w", err))
		}
	}
	if daemon.IsProgramFault(err) {
		return nil, t.failed(err)
	}
	if err != nil {
		return nil, err
	}
	return t.entries(ranked), nil
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

// entries turns the program's ranking into the chain's, without nodes that have no reply: the chain refuses those.
func (t *task) entries(ranked []jobstypes.Ranked) []jobstypes.RankEntry {
	entries := make([]jobstypes.RankEntry, 0, len(ranked))
	for _, r := range ranked {
		if !slices.ContainsFunc(t.replies, func(w jobstypes.WorkerReply) bool { return w.Node == r.Node }) {
			t.log.Warn("the program ranked a node that has no result", "node", r.Node)
			continue
		}
		entries = append(entries, jobstypes.RankEntry{Node: r.Node, Score: r.Score})
	}
	return entries
}

func rank(ctx context.Context, t *task) error {
	err := t.send(ctx, daemon.EvaluatorRank, &jobstypes.MsgRank{Signer: t.Signer, RequestId: t.request.Id, Ranking: t.rec.Ranking})
	if err != nil {
		return err
	}
	t.request.State = jobstypes.REQUEST_STATE_RANKED
	t.log.Info("ranked", "valid", len(t.rec.Ranking), "revealed", t.request.Revealed)
	return nil
}
