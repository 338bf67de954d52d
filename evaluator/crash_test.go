package evaluator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/evaluator"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// TestCrashAtEveryFailpoint has the evaluator die at each of its failpoints once, in the middle of a life that reaches all
// of them, and start again. Nothing is done twice, nothing is lost, nothing is left behind.
func TestCrashAtEveryFailpoint(t *testing.T) {
	for _, point := range daemon.Failpoints() {
		if point.Daemon != "evaluator" {
			continue
		}
		t.Run(point.Name, func(t *testing.T) {
			s := newScenery(t)
			s.chain.AddNode(s.job, me, stake) // its stake, and no role yet
			cfg := s.config()
			cfg.Apply, cfg.Jobs = true, []daemon.JobID{daemon.JobID(s.job)}
			l := &life{scene: s, cfg: cfg}
			l.crash = daemontest.CrashAt(t, point.Number, func() {
				daemontest.Kill(t, l.evaluator.connection, l.evaluator.Journal, l.evaluator.cancel)
			})
			l.live()
			require.True(t, l.crash.Happened(), "the failpoint was never reached: %s", point.When)
		})
	}
}

// life is an evaluator's, from its application to its last request, with a restart after each crash.
type life struct {
	*scene
	cfg       evaluator.Config
	evaluator *running
	crash     *daemontest.Crash
}

// begin starts the evaluator, which may die before this returns.
func (l *life) begin() {
	l.evaluator = l.build(l.cfg)
	l.evaluator.begin()
}

func (l *life) until(what string, condition func() bool) {
	l.Helper()
	daemontest.Eventually(l, what, func() bool {
		if l.crash.Dead() {
			require.NoError(l, l.evaluator.stop())
			l.begin()
		}
		return condition()
	})
}

func (l *life) live() {
	l.begin()
	l.until("approval", func() bool {
		list, err := l.chain.Connect().Applications(l.Context(), l.job, "", "")
		require.NoError(l, err)
		for _, application := range list {
			l.chain.DoAs(l, root, &reputationtypes.MsgApproveNode{ApplicationId: application.Id})
		}
		return len(l.chain.Decisions()) > 0
	})
	reveals := []reveal{{name: "one", reply: right}, {name: "two", reply: daemontest.Answer(42, make([]byte, 1000)), stored: true}}
	id := l.request(reveals...)
	l.until("acceptance", func() bool {
		r, _ := l.chain.Peek(id)
		return r.State == jobstypes.REQUEST_STATE_RUNNING
	})
	l.work(id, reveals...)
	var r jobstypes.Request
	l.until("ranking", func() bool {
		r, _ = l.chain.Peek(id)
		return r.RankedMs != 0
	})
	require.Len(l, r.Ranking, 2)
	beats := l.chain.Heartbeats(me)
	l.until("another heartbeat", func() bool { return l.chain.Heartbeats(me) > beats+1 })
	l.chain.Skip(2 * time.Minute) // the window for challenges
	l.until("an empty journal", func() bool {
		r, _ := l.chain.Peek(id)
		return r.IsFinished() && l.crash.Happened() && len(l.evaluator.Journal.Keys("request/")) == 0
	})
	require.Equal(l, 1, l.chain.Executed(me, &jobstypes.MsgAcceptJob{}))
	require.Equal(l, 1, l.chain.Executed(me, &jobstypes.MsgRank{}))
	require.Equal(l, 1, l.chain.Executed(me, &reputationtypes.MsgApplyJob{}))
	earned, left := l.chain.Money(me)
	require.EqualValues(l, daemontest.EvaluatorReward, earned)
	require.EqualValues(l, stake, left, "the deposit is back")
}
