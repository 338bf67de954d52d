package admin_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/admin"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// challenged is a request in which "right" and "wrong" revealed, that was ranked as told, and whose ranking a client has
// challenged: the admin under test owes the verdict.
func (s *scene) challenged(ranked ...string) uint64 {
	s.Helper()
	return s.challengedWith(nil, ranked...)
}

// challengedWith says also which key the data is sealed to, if any.
func (s *scene) challengedWith(key *seal.Key, ranked ...string) uint64 {
	s.Helper()
	s.chain.AddNode(s.job, daemontest.Address("evaluator"), 100_000, program.ROLE_EVALUATOR)
	id := s.chain.AddRequest(s.job, func(r *jobstypes.Request) {
		r.Spec.MinWorkers, r.Spec.MaxWorkers, r.ClientConceded = 2, 2, false
		if key != nil {
			r.Spec.GrantKeys, r.Spec.Input = true, jobstypes.Input{Reference: daemontest.PutSealed(s, s.machine.Store, key, daemontest.Question(21))}
		}
	})
	answers := map[string]jobstypes.Result{"right": {Inline: daemontest.Answer(42, nil)}, "wrong": {Inline: daemontest.Answer(1, nil)}}
	if key != nil {
		for name, answer := range answers {
			answers[name] = jobstypes.Result{Reference: daemontest.PutSealed(s, s.machine.Store, key, answer.Inline)}
		}
	}
	grant := func(name string) {
		if key != nil {
			s.chain.Grant(s, id, daemontest.Address(name), seal.Keys{Data: key})
		}
	}
	salt := make([]byte, jobstypes.SaltSize)
	names := []string{"right", "wrong"}
	for _, name := range append(names, "evaluator") {
		s.chain.StateKey(daemontest.Address(name), daemontest.NewSealKey(s).Recipient())
	}
	s.chain.AcceptAs(s, daemontest.Address("evaluator"), id)
	for _, name := range names {
		s.chain.AddNode(s.job, daemontest.Address(name), 100_000, program.ROLE_WORKER)
		s.chain.DoAs(s, daemontest.Address(name), &jobstypes.MsgAcceptJob{RequestId: id, Role: program.ROLE_WORKER})
	}
	for _, name := range names {
		grant(name)
	}
	for _, name := range names {
		worker := daemontest.Address(name)
		digest, err := jobstypes.ResultDigest(answers[name])
		require.NoError(s, err)
		commitment := jobstypes.Commitment(daemontest.ChainID, id, sdk.MustAccAddressFromBech32(worker), digest, salt)
		s.chain.DoAs(s, worker, &jobstypes.MsgSubmitResult{RequestId: id, Commitment: commitment[:]})
	}
	for _, name := range names {
		s.chain.DoAs(s, daemontest.Address(name), &jobstypes.MsgRevealResult{
			RequestId: id, Result: answers[name], Salt: salt,
		})
	}
	grant("evaluator")
	nodes := make([]string, len(ranked))
	for i, name := range ranked {
		nodes[i] = daemontest.Address(name)
	}
	s.chain.RankAs(s, daemontest.Address("evaluator"), id, nodes...)
	s.chain.ChallengeAs(s, daemontest.Address("client"), me, id)
	return id
}

// verdict waits for it.
func (s *scene) verdict(id uint64) (verdict jobstypes.Verdict, ranking []jobstypes.RankEntry) {
	s.Helper()
	daemontest.Eventually(s, "a verdict", func() bool {
		r, _ := s.chain.Peek(id)
		verdict, ranking = r.Challenges[0].Verdict, r.Ranking
		return verdict != jobstypes.VERDICT_UNSPECIFIED
	})
	return verdict, ranking
}

func (s *scene) isResolved(id uint64) bool {
	r, _ := s.chain.Peek(id)
	return r.Challenges[0].Verdict == jobstypes.VERDICT_OVERTURNED
}

func TestChallengesAreResolvedByTheProgram(t *testing.T) {
	for name, c := range map[string]struct {
		ranked []string
		want   jobstypes.Verdict
	}{
		"a right ranking is confirmed":          {[]string{"right"}, jobstypes.VERDICT_CONFIRMED},
		"one that ranks wrong work is replaced": {[]string{"wrong"}, jobstypes.VERDICT_OVERTURNED},
		"one that leaves all out is replaced":   {nil, jobstypes.VERDICT_OVERTURNED},
		"one that finds all valid is replaced":  {[]string{"right", "wrong"}, jobstypes.VERDICT_OVERTURNED},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			id := s.challenged(c.ranked...)
			s.start(admin.Config{})
			verdict, ranking := s.verdict(id)
			require.Equal(t, c.want, verdict)
			require.Len(t, ranking, 1)
			require.Equal(t, daemontest.Address("right"), ranking[0].Node)
			require.Equal(t, 1, s.chain.Executed(me, &jobstypes.MsgResolveChallenge{}))
		})
	}
}

// Where the workers' program is deterministic it is run again: what it does not give is not valid, whatever the evaluator's
// program or the majority says.
func TestDeterministicWorkIsRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		terms  func(*jobstypes.TermsSpec)
		ranked []string
		want   []string
	}{
		"by solution, and wrong work was ranked": {
			func(t *jobstypes.TermsSpec) { t.Deterministic = true }, []string{"wrong"}, []string{"right"},
		},
		"by execution, and the other result was ranked": {
			func(t *jobstypes.TermsSpec) {
				t.Deterministic, t.Verification = true, jobstypes.VERIFICATION_EXECUTION
			}, []string{"wrong"}, []string{"right"},
		},
		"by execution, and nobody was ranked": {
			func(t *jobstypes.TermsSpec) {
				t.Deterministic, t.Verification = true, jobstypes.VERIFICATION_EXECUTION
			}, nil, []string{"right"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.chain.Terms(s.job, c.terms)
			id := s.challenged(c.ranked...)
			s.start(admin.Config{})
			verdict, ranking := s.verdict(id)
			require.Equal(t, jobstypes.VERDICT_OVERTURNED, verdict)
			require.NotEmpty(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), "the work was repeated")
			var nodes []string
			for _, entry := range ranking {
				nodes = append(nodes, entry.Node)
			}
			want := make([]string, len(c.want))
			for i, name := range c.want {
				want[i] = daemontest.Address(name)
			}
			require.Equal(t, want, nodes)
		})
	}
}

// TestTheResolverRunsTheSameSegmentsAgain: it overturns an evaluator that has let a drawn lie pass, and none that could not see
// one.
func TestTheResolverRunsTheSameSegmentsAgain(t *testing.T) {
	for _, drawn := range []bool{true, false} {
		s := newScene(t)
		s.chain.ByCheckpoint(s.job, 8, 1)
		s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.InSegments(4, daemontest.Double))
		evaluator, one, two := daemontest.Address("evaluator"), daemontest.Address("one"), daemontest.Address("two")
		s.chain.AddNode(s.job, evaluator, 100_000, program.ROLE_EVALUATOR)
		s.chain.AddNode(s.job, one, 100_000, program.ROLE_WORKER)
		s.chain.AddNode(s.job, two, 100_000, program.ROLE_WORKER)
		id := s.chain.AddRequest(s.job, func(r *jobstypes.Request) { r.Spec.MinWorkers, r.Spec.MaxWorkers, r.ClientConceded = 2, 2, false })
		s.chain.AcceptAs(t, evaluator, id)
		right := daemontest.Answer(42, nil)
		place := slices.IndexFunc([]uint32{0, 1, 2, 3}, func(i uint32) bool {
			return slices.Contains(daemontest.DrawnOf(id, "two", 4, 1), i) == drawn
		})
		s.chain.ClaimAs(t, s.machine.Store, id, daemontest.Honest(id, "one", 4, right), daemontest.Jump(id, "two", 4, place, right))
		s.chain.RankAs(t, evaluator, id, one, two)
		s.chain.ChallengeAs(t, daemontest.Address("client"), me, id)
		s.start(admin.Config{})
		verdict, ranking := s.verdict(id)
		if drawn {
			require.Equal(t, jobstypes.VERDICT_OVERTURNED, verdict)
			require.Len(t, ranking, 1)
			require.Equal(t, one, ranking[0].Node)
			continue
		}
		require.Equal(t, jobstypes.VERDICT_CONFIRMED, verdict)
		require.Len(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), 4, "two of each worker, not the whole work")
	}
}

func TestAProgramThatFailsOverturnsNothing(t *testing.T) {
	s := newScene(t)
	s.machine.Sandbox.Use(daemontest.EvaluatorProgram, func(context.Context, sandbox.Run) ([]byte, error) {
		return nil, sandbox.ErrCrashed
	})
	id := s.challenged("right")
	r := s.start(admin.Config{})
	daemontest.Eventually(t, "three runs", func() bool { return len(s.machine.Sandbox.Runs(daemontest.EvaluatorProgram)) == 3 })
	require.Never(t, func() bool { return len(s.machine.Sandbox.Runs(daemontest.EvaluatorProgram)) > 3 }, 150*time.Millisecond, 10*time.Millisecond)
	peeked, _ := s.chain.Peek(id)
	require.Equal(t, jobstypes.REQUEST_STATE_CHALLENGED, peeked.State)
	require.NoError(t, r.stop())
}

func TestTroubleOfThisMachineOverturnsNothing(t *testing.T) {
	s := newScene(t)
	s.machine.Sandbox.Use(daemontest.EvaluatorProgram, func(context.Context, sandbox.Run) ([]byte, error) {
		return nil, errors.New("this machine is in trouble")
	})
	id := s.challenged("wrong")
	s.start(admin.Config{})
	daemontest.Eventually(t, "more tries than a program has", func() bool {
		return len(s.machine.Sandbox.Runs(daemontest.EvaluatorProgram)) > 3
	})
	s.machine.Sandbox.Use(daemontest.EvaluatorProgram, daemontest.Judge)
	verdict, _ := s.verdict(id)
	require.Equal(t, jobstypes.VERDICT_OVERTURNED, verdict)
}

// What is sealed is judged once the client has granted its key, and not before.
func TestSealedDataIsJudgedWithItsKey(t *testing.T) {
	s := newScene(t)
	s.start(admin.Config{})
	daemontest.Eventually(t, "its encryption key", func() bool { return s.chain.StatedKey(me) != "" })
	key := daemontest.NewSealKey(t)
	id := s.challengedWith(key, "wrong")
	require.Never(t, func() bool {
		peeked, _ := s.chain.Peek(id)
		return peeked.State != jobstypes.REQUEST_STATE_CHALLENGED || len(s.machine.Sandbox.Runs(daemontest.EvaluatorProgram)) > 0
	}, 150*time.Millisecond, 10*time.Millisecond)
	s.chain.Grant(t, id, me, seal.Keys{Data: key})
	verdict, ranking := s.verdict(id)
	require.Equal(t, jobstypes.VERDICT_OVERTURNED, verdict)
	require.Len(t, ranking, 1)
	require.Equal(t, daemontest.Address("right"), ranking[0].Node)
}

func TestAskingTheAdminResolvesNothing(t *testing.T) {
	s := newScene(t)
	id := s.challenged("wrong")
	r := s.start(admin.Config{Resolve: admin.ResolveAsk})
	require.Never(t, func() bool {
		peeked, _ := s.chain.Peek(id)
		return peeked.State != jobstypes.REQUEST_STATE_CHALLENGED || len(s.machine.Sandbox.Runs(daemontest.EvaluatorProgram)) > 0
	}, 150*time.Millisecond, 10*time.Millisecond)
	require.NoError(t, r.stop())
	require.ErrorContains(t, admin.Config{Resolve: "maybe"}.Validate(), "resolve")
}
