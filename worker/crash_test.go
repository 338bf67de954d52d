package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/worker"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// unlucky is the number in requests whose program crashes.
const unlucky = 13

// TestCrashAtEveryFailpoint has the worker die at each of its failpoints once, in the middle of a life that reaches all of
// them, and start again. Nothing is done twice, nothing is lost, nothing is left behind.
func TestCrashAtEveryFailpoint(t *testing.T) {
	for _, point := range daemon.Failpoints() {
		if point.Daemon != "worker" {
			continue
		}
		if step := point.Number / 10 * 10; step != daemon.WorkerSegment.Number && step != daemon.WorkerPublish.Number {
			t.Run(point.Name, func(t *testing.T) { dieAt(t, point, newScenery(t)) })
		}
		if point.Number < daemon.WorkerAccept.Number {
			continue // whatever the job verifies by
		}
		t.Run(point.Name+" in segments", func(t *testing.T) {
			s := newScenery(t)
			s.chain.ByCheckpoint(s.job, 4, 2)
			dieAt(t, point, s)
			require.Equal(t, 1, s.chain.Executed(me, &jobstypes.MsgPublishCheckpoints{}))
		})
	}
}

func dieAt(t *testing.T, point daemon.Failpoint, s *scene) {
	s.chain.AddNode(s.job, me, stake) // its stake, and no role yet
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		if run.Env[sandbox.EnvSegment] == "" {
			return largeOrCrash(ctx, run)
		}
		return daemontest.InSegments(2, largeOrCrash)(ctx, run)
	})
	life := newLife(s)
	life.crashAt(point.Number)
	life.live()
	require.True(t, life.crash.Happened(), "the failpoint was never reached: %s", point.When)
}

// largeOrCrash has replies that go by reference, and crashes on the unlucky number.
func largeOrCrash(ctx context.Context, run sandbox.Run) ([]byte, error) {
	if string(run.Input) == string(daemontest.Question(unlucky)) {
		return daemontest.Fail(ctx, run)
	}
	return daemontest.Answer(42, make([]byte, 2000)), nil
}

// life is a worker's, from its application to its last request, with a restart after each crash.
type life struct {
	*scene
	cfg    worker.Config
	worker *running
	crash  *daemontest.Crash
}

func newLife(s *scene) *life {
	cfg := s.config()
	cfg.Apply, cfg.Jobs = true, []daemon.JobID{daemon.JobID(s.job)}
	return &life{scene: s, cfg: cfg}
}

// crashAt has the worker die when it reaches a failpoint for the first time.
func (l *life) crashAt(number int) {
	l.crash = daemontest.CrashAt(l, number, func() {
		daemontest.Kill(l, l.worker.connection, l.worker.Journal, l.worker.cancel)
	})
}

func (l *life) restartTheDead() {
	if !l.crash.Dead() {
		return
	}
	require.NoError(l, l.worker.stop())
	now, _ := l.machine.Sandbox.Running()
	require.Zero(l, now)
	l.begin()
}

func (l *life) until(what string, condition func() bool) {
	l.Helper()
	daemontest.Eventually(l, what, func() bool {
		l.restartTheDead()
		return condition()
	})
}

// begin starts the worker, which may die before this returns.
func (l *life) begin() {
	l.worker = l.build(l.cfg)
	l.worker.begin()
}

func (l *life) live() {
	l.begin()
	l.until("approval", func() bool {
		for _, application := range l.undecided() {
			l.chain.DoAs(l, root, &reputationtypes.MsgApproveNode{ApplicationId: application.Id})
		}
		return len(l.chain.Decisions()) > 0
	})
	good := l.loseToTheRival()
	bad := l.resignFromTheUnlucky()
	beats := l.chain.Heartbeats(me)
	l.until("another heartbeat", func() bool { return l.chain.Heartbeats(me) > beats+1 })
	l.chain.Skip(2 * time.Minute) // the unlucky request ends without workers
	l.until("an empty journal", func() bool {
		r, _ := l.chain.Peek(bad)
		return r.IsFinished() && l.crash.Happened() && len(l.worker.Journal.Keys("request/")) == 0
	})
	l.check(good)
}

func (l *life) undecided() []reputationtypes.Application {
	list, err := l.chain.Connect().Applications(context.Background(), l.job, "", "")
	require.NoError(l, err)
	return list
}

// loseToTheRival takes a request that the other worker wins, so that there is something to concede.
func (l *life) loseToTheRival() uint64 {
	id := l.request(func(r *jobstypes.Request) {
		workers(2, 2)(r)
		r.Spec.RewardFunction.Kind = jobstypes.REWARD_KIND_WINNER_TAKES_ALL
	})
	l.until("settlement", func() bool {
		r, assignments := l.chain.Peek(id)
		if _, in := assignments[me]; in {
			l.rivalGoesOn(id)
		}
		if r.State == jobstypes.REQUEST_STATE_EVALUATING {
			l.chain.RankAs(l, evaluator, id, rival, me)
		}
		return r.State == jobstypes.REQUEST_STATE_SETTLED
	})
	return id
}

func (l *life) resignFromTheUnlucky() uint64 {
	id := l.request(func(r *jobstypes.Request) {
		workers(1, 2)(r)
		r.Spec.Input = jobstypes.Input{Inline: daemontest.Question(unlucky)}
	})
	l.until("resignation", func() bool { return l.chain.Executed(me, &jobstypes.MsgResign{}) > 0 })
	return id
}

func (l *life) check(good uint64) {
	require.Equal(l, 2, l.chain.Executed(me, &jobstypes.MsgAcceptJob{}))
	require.Equal(l, 1, l.chain.Executed(me, &jobstypes.MsgSubmitResult{}))
	require.Equal(l, 1, l.chain.Executed(me, &jobstypes.MsgRevealResult{}))
	require.Equal(l, 1, l.chain.Executed(me, &jobstypes.MsgAcceptResult{}))
	require.Equal(l, 1, l.chain.Executed(me, &jobstypes.MsgResign{}))
	require.Equal(l, 1, l.chain.Executed(me, &reputationtypes.MsgApplyJob{}))
	r, assignments := l.chain.Peek(good)
	require.Equal(l, jobstypes.OUTCOME_RANKED, r.Outcome)
	require.True(l, assignments[me].HasRevealed())
	_, left := l.chain.Money(me)
	require.EqualValues(l, stake, left, "both bonds are back")
	l.nothingLeft(l.worker)
}
