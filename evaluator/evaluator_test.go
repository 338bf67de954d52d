package evaluator_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/evaluator"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

var right, wrong = daemontest.Answer(42, nil), daemontest.Answer(41, nil)

func TestEvaluatorRanks(t *testing.T) {
	large := daemontest.Answer(42, bytes.Repeat([]byte{1}, 1000))
	for name, c := range map[string]struct {
		reveals []reveal
		valid   []string
	}{
		"those who are right":                    {[]reveal{{name: "one", reply: right}, {name: "two", reply: wrong}}, []string{"one"}},
		"a result by reference":                  {[]reveal{{name: "one", reply: large, stored: true}}, []string{"one"}},
		"not a result that is not in the store":  {[]reveal{{name: "one", reply: large, lost: true}, {name: "two", reply: right}}, []string{"two"}},
		"not a result that is no reply":          {[]reveal{{name: "one", reply: []byte("garbage"), stored: true}, {name: "two", reply: right}}, []string{"two"}},
		"nobody, where nobody is right":          {[]reveal{{name: "one", reply: wrong}}, nil},
		"nobody, where there is nothing to rank": {[]reveal{{name: "one", reply: large, lost: true}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			r := s.start(s.config())
			id := s.request(c.reveals...)
			s.work(id, c.reveals...)
			valid, request := s.ranked(id, c.reveals...)
			require.Equal(t, c.valid, valid)
			require.Len(t, request.Ranking, len(c.valid))

			s.chain.Skip(2 * time.Minute) // the window for challenges
			s.reaches(id, jobstypes.REQUEST_STATE_SETTLED)
			earned, left := s.chain.Money(me)
			require.EqualValues(t, daemontest.EvaluatorReward, earned)
			require.EqualValues(t, stake, left, "the deposit is back")
			daemontest.Eventually(t, "an empty journal", func() bool { return len(r.Journal.Keys("request/")) == 0 })
			require.NoError(t, r.stop())
		})
	}
}

// Where results are compared the majority is ranked, and no program is asked.
func TestTheMajorityIsRanked(t *testing.T) {
	for name, c := range map[string]struct {
		reveals []reveal
		valid   []string
	}{
		"two of three":    {[]reveal{{name: "one", reply: right}, {name: "two", reply: wrong}, {name: "three", reply: right}}, []string{"one", "three"}},
		"nobody, if half": {[]reveal{{name: "one", reply: right}, {name: "two", reply: wrong}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.chain.Terms(s.job, func(t *jobstypes.TermsSpec) {
				t.Deterministic, t.Verification = true, jobstypes.VERIFICATION_EXECUTION
			})
			s.start(s.config())
			id := s.request(c.reveals...)
			s.work(id, c.reveals...)
			valid, _ := s.ranked(id, c.reveals...)
			require.Equal(t, c.valid, valid)
			require.Empty(t, s.machine.Sandbox.Runs(daemontest.EvaluatorProgram))
		})
	}
}

func TestWhatTheEvaluatorProgramSees(t *testing.T) {
	s := newScene(t)
	s.start(s.config())
	reveals := []reveal{{name: "one", reply: right}}
	id := s.request(reveals...)
	s.work(id, reveals...)
	s.ranked(id)
	runs := s.machine.Sandbox.Runs(daemontest.EvaluatorProgram)
	require.Len(t, runs, 1)
	seed := jobstypes.Seed(daemontest.ChainID, id, nil)
	require.Equal(t, hex.EncodeToString(seed[:]), runs[0].Env[sandbox.EnvSeed], "so that it can be repeated by others")
	require.LessOrEqual(t, runs[0].Limits.WallTime, time.Minute)
}

func TestRequestThatIsOpenAgain(t *testing.T) {
	s := newScene(t)
	silent := daemontest.Address("silent")
	s.chain.AddNode(s.job, silent, stake, program.ROLE_EVALUATOR)
	reveals := []reveal{{name: "one", reply: right}}
	id := s.request(reveals...)
	s.chain.AcceptAs(t, silent, id)
	s.work(id, reveals...)
	s.chain.Skip(61 * time.Second)
	s.reaches(id, jobstypes.REQUEST_STATE_REOPENED)
	s.start(s.config())
	valid, r := s.ranked(id, reveals...)
	require.Equal(t, []string{"one"}, valid)
	require.Equal(t, me, r.Evaluator)
}

func TestEvaluatorProgramThatFails(t *testing.T) {
	unknown := func(context.Context, sandbox.Run) ([]byte, error) {
		return daemontest.Verdict("ain1stranger", daemontest.Address("one")), nil
	}
	for name, c := range map[string]struct {
		program daemontest.Behaviour
		runs    int
		valid   []string
	}{
		"is asked thrice, and no ranking is made up":     {daemontest.Fail, 3, nil},
		"by ranking twice is asked thrice":               {verdictOf("one", "one"), 3, nil},
		"by ranking a stranger has the stranger removed": {unknown, 1, []string{"one"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.machine.Sandbox.Use(daemontest.EvaluatorProgram, c.program)
			s.start(s.config())
			reveals := []reveal{{name: "one", reply: right}}
			id := s.request(reveals...)
			s.work(id, reveals...)
			daemontest.Eventually(t, "the last run", func() bool {
				return len(s.machine.Sandbox.Runs(daemontest.EvaluatorProgram)) == c.runs
			})
			if c.valid != nil {
				valid, _ := s.ranked(id, reveals...)
				require.Equal(t, c.valid, valid)
				return
			}
			require.Never(t, func() bool { r, _ := s.chain.Peek(id); return r.RankedMs != 0 }, 100*time.Millisecond, 10*time.Millisecond)
			require.Len(t, s.machine.Sandbox.Runs(daemontest.EvaluatorProgram), c.runs)
		})
	}
}

func verdictOf(names ...string) daemontest.Behaviour {
	return func(context.Context, sandbox.Run) ([]byte, error) {
		var nodes []string
		for _, name := range names {
			nodes = append(nodes, daemontest.Address(name))
		}
		return daemontest.Verdict(nodes...), nil
	}
}

// flaky is a store that is down at first.
type flaky struct {
	storage.Store
	down  atomic.Bool
	asked atomic.Int64
}

func (f *flaky) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	f.asked.Add(1)
	if f.down.Load() {
		return nil, storage.Info{}, &storage.UnavailableError{Endpoint: "test", Err: errors.New("connection refused")}
	}
	return f.Store.Get(ctx, d)
}

func TestStoreThatIsDown(t *testing.T) {
	for name, comesBack := range map[string]bool{"for a while is waited for": true, "to the end makes its results invalid": false} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			store := &flaky{Store: s.machine.Store}
			s.machine.Store = store
			store.down.Store(true)
			s.start(s.config())
			reveals := []reveal{{name: "one", reply: daemontest.Answer(42, make([]byte, 1000)), stored: true}, {name: "two", reply: right}}
			id := s.request(reveals...)
			s.work(id, reveals...)
			daemontest.Eventually(t, "a second try", func() bool { return store.asked.Load() > 1 })
			r, _ := s.chain.Peek(id)
			require.Zero(t, r.RankedMs)
			want := []string{"two"}
			if comesBack {
				store.down.Store(false)
				want = []string{"one", "two"}
			} else {
				s.chain.Skip(59 * time.Second)
			}
			valid, _ := s.ranked(id, reveals...)
			require.ElementsMatch(t, want, valid)
		})
	}
}

// elsewhere is a source that no longer knows the store of what names no space.
type elsewhere struct {
	storage.Store
	gone atomic.Bool
}

func (e *elsewhere) At(context.Context, uint64) (storage.Store, error) {
	if e.gone.Load() {
		return nil, daemon.ErrNoStore
	}
	return e.Store, nil
}

// A worker that puts its result where this node does not look keeps nobody waiting: no time that passes would show it.
func TestAResultInAnotherStoreIsNotWaitedFor(t *testing.T) {
	s := newScene(t)
	source := &elsewhere{Store: s.machine.Store}
	s.machine.Source = source
	s.start(s.config())
	reveals := []reveal{{name: "one", reply: daemontest.Answer(42, make([]byte, 1000)), stored: true}, {name: "two", reply: right}}
	id := s.request(reveals...)
	s.acceptAs(id, reveals...)
	source.gone.Store(true)
	s.revealAs(id, reveals...)
	valid, _ := s.ranked(id, reveals...)
	require.Equal(t, []string{"two"}, valid)
}

// TestOwnersPolicy has one request that the policy refuses, and one beside it that it takes.
func TestOwnersPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		config  func(*evaluator.Config)
		refused func(*jobstypes.Request)
	}{
		"a reward below the least": {
			func(cfg *evaluator.Config) {
				cfg.Policy.MinReward = daemon.NewAmount(math.NewInt(daemontest.EvaluatorReward))
			},
			func(r *jobstypes.Request) { r.Spec.EvaluatorReward = math.NewInt(daemontest.EvaluatorReward - 1) },
		},
		"a deposit above the stake":          {nil, func(r *jobstypes.Request) { r.Deposit = math.NewInt(stake + 1) }},
		"a requirement above the capability": {nil, func(r *jobstypes.Request) { r.Spec.Requirement = program.Capability{CPUMillis: 1 << 40} }},
		"a request for others": {nil, func(r *jobstypes.Request) {
			r.Spec.EvaluatorCandidates = []string{daemontest.Address("somebody else")}
		}},
		"data that another machine of its owner could open": {nil, func(r *jobstypes.Request) { r.Spec.GrantKeys = true }},
		"a test set that another machine could open": {nil, func(r *jobstypes.Request) {
			r.Spec.EvaluatorInput = &jobstypes.Input{Reference: &jobstypes.Reference{Digest: daemontest.WorkerProgram, Size_: 1}}
		}},
		"a request of its own": {nil, func(r *jobstypes.Request) { r.Client = me }},
		"a request that it left without a ranking": {nil, func(r *jobstypes.Request) {
			r.State = jobstypes.REQUEST_STATE_REOPENED
			r.Silent = []jobstypes.SilentEvaluator{{Evaluator: me, Deposit: math.NewInt(1)}}
		}},
		"an input above the limit": {nil, func(r *jobstypes.Request) {
			r.Spec.Input = jobstypes.Input{Reference: &jobstypes.Reference{Digest: daemontest.WorkerProgram, Size_: 65 << 20}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			cfg := s.config()
			if c.config != nil {
				c.config(&cfg)
			}
			s.chain.StateKey(me, daemontest.NewSealKey(t).Recipient())
			refused := s.chain.AddRequest(s.job, c.refused)
			s.start(cfg)
			s.reaches(s.request(reveal{name: "one"}), jobstypes.REQUEST_STATE_RUNNING)
			r, _ := s.chain.Peek(refused)
			require.NotEqual(t, me, r.Evaluator)
		})
	}
}

// What a job's terms require counts for evaluators, too: of a job by checkpoint they run the workers' program.
func TestAJobThatNeedsMoreThanThisNodeHas(t *testing.T) {
	for name, taken := range map[string]bool{"is not served": false, "is, where it needs no more": true} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			cfg := s.config()
			need := program.Capability{MemoryBytes: 512 << 20} // the default of limits.memory
			if !taken {
				need.MemoryBytes++
			}
			s.chain.Require(s.job, need)
			s.start(cfg)
			id := s.request(reveal{name: "one"})
			if taken {
				s.reaches(id, jobstypes.REQUEST_STATE_RUNNING)
				return
			}
			require.Never(t, func() bool { r, _ := s.chain.Peek(id); return r.Evaluator == me }, 200*time.Millisecond, 10*time.Millisecond)
		})
	}
}

func TestAnInputThatNobodyCouldUseIsDeclared(t *testing.T) {
	for name, content := range map[string]struct {
		bytes  []byte
		stored bool
	}{
		"no message of the job":  {[]byte("no message of the job"), true},
		"nothing under a digest": {daemontest.Question(4), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			if content.stored {
				_, err := storage.PutBytes(t.Context(), s.machine.Store, content.bytes)
				require.NoError(t, err)
			}
			id := s.chain.AddRequest(s.job, func(r *jobstypes.Request) {
				r.Spec.Input = jobstypes.Input{Reference: &jobstypes.Reference{
					Digest: jobstypes.Digest(content.bytes), Size_: uint64(len(content.bytes)),
				}}
			})
			s.start(s.config())
			s.work(id, reveal{name: "one", reply: daemontest.Answer(42, nil)})
			if !content.stored {
				s.reaches(id, jobstypes.REQUEST_STATE_EVALUATING)
				require.Never(t, func() bool { r, _ := s.chain.Peek(id); return r.RankedMs != 0 }, 150*time.Millisecond, 10*time.Millisecond,
					"it may come yet")
				s.chain.Skip(59 * time.Second)
			}
			_, r := s.ranked(id)
			require.True(t, r.InputUnusable)
			require.Empty(t, r.Ranking)
			require.Empty(t, s.machine.Sandbox.Runs(daemontest.EvaluatorProgram))
		})
	}
}

func TestNoMoreDepositsAreAtStakeThanTheOwnerAllows(t *testing.T) {
	s := newScene(t)
	cfg := s.config()
	cfg.MaxRequests = 2
	for range 4 {
		s.request(reveal{name: "one"})
	}
	s.start(cfg)
	daemontest.Eventually(t, "two acceptances", func() bool { return s.chain.Executed(me, &jobstypes.MsgAcceptJob{}) == 2 })
	require.Never(t, func() bool { return s.chain.Executed(me, &jobstypes.MsgAcceptJob{}) > 2 }, 150*time.Millisecond, 10*time.Millisecond)
}
