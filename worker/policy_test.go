package worker_test

import (
	"strings"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/worker"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// TestOwnersPolicy has one request that the policy refuses, and one beside it that it takes.
func TestOwnersPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		config  func(s *scene, cfg *worker.Config)
		refused func(*jobstypes.Request)
	}{
		"a reward below the least": {
			func(_ *scene, cfg *worker.Config) {
				cfg.Policy.MinReward = daemon.NewAmount(math.NewInt(daemontest.WorkerReward))
			},
			func(r *jobstypes.Request) { r.Spec.WorkerReward = math.NewInt(daemontest.WorkerReward - 1) },
		},
		"a reward to be shared with too many": {
			func(_ *scene, cfg *worker.Config) { cfg.Policy.MinReward = daemon.NewAmount(math.NewInt(5000)) },
			workers(2, 2),
		},
		"a reward below the least for this job": {
			func(s *scene, cfg *worker.Config) {
				cfg.Policy.MinRewardByJob = map[daemon.JobID]daemon.Amount{daemon.JobID(s.job): daemon.NewAmount(math.NewInt(5000))}
			},
			func(r *jobstypes.Request) { r.Spec.WorkerReward = math.NewInt(4999) },
		},
		"a bond above the stake": {
			nil,
			func(r *jobstypes.Request) { r.WorkerBond = math.NewInt(stake + 1) },
		},
		"an input above the limit": {
			nil,
			func(r *jobstypes.Request) {
				r.Spec.Input = jobstypes.Input{Reference: &jobstypes.Reference{Digest: daemontest.WorkerProgram, Size_: 65 << 20}}
			},
		},
		"a requirement above the capability": {
			nil,
			func(r *jobstypes.Request) { r.Spec.Requirement = program.Capability{MemoryBytes: 1 << 40} },
		},
		"a GPU that this node has not": {
			nil,
			func(r *jobstypes.Request) {
				r.Spec.Requirement = program.Capability{GPUs: []program.GPU{{Vendor: "nvidia", Count: 1}}}
			},
		},
		"more than the owner allows, on top of the terms": {
			func(s *scene, _ *worker.Config) { s.chain.Require(s.job, program.Capability{MemoryBytes: 100 << 20}) },
			func(r *jobstypes.Request) { r.Spec.Requirement = program.Capability{MemoryBytes: 513 << 20} },
		},
		"no time for a run": {
			func(_ *scene, cfg *worker.Config) { cfg.Margin = daemon.Duration(400 * time.Millisecond) },
			func(r *jobstypes.Request) { r.Spec.TimeLimitMs = 300 },
		},
		"a reward most of which is for places that nobody has": {
			func(_ *scene, cfg *worker.Config) { cfg.Policy.MinReward = daemon.NewAmount(math.NewInt(5000)) },
			func(r *jobstypes.Request) {
				r.Spec.WorkerReward, r.Spec.MaxWorkers = math.NewInt(14_999), 3
				r.Spec.RewardFunction = jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_WEIGHTS, Weights: []uint64{1, 1, 1}}
			},
		},
		"a request for others": {
			nil,
			func(r *jobstypes.Request) { r.Spec.WorkerCandidates = []string{daemontest.Address("somebody else")} },
		},
		"a request of its own": {
			nil,
			func(r *jobstypes.Request) { r.Client = me },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			cfg := s.config()
			if c.config != nil {
				c.config(s, &cfg)
			}
			refused := s.request(c.refused)
			s.start(cfg)
			taken := s.request(nil)
			s.settled(taken, me)
			_, ok := s.mine(refused)
			require.False(t, ok)
		})
	}
}

func TestJobsThatAreNotServed(t *testing.T) {
	for name, config := range map[string]func(s *scene, cfg *worker.Config){
		"the config names others": func(s *scene, cfg *worker.Config) { cfg.Jobs = []daemon.JobID{daemon.JobID(s.job + 1000)} },
		"its admin is not trusted": func(_ *scene, cfg *worker.Config) {
			cfg.Policy.Admins = []string{daemontest.Address("somebody else")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			cfg := s.config()
			config(s, &cfg)
			s.start(cfg)
			id := s.request(nil)
			require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 150*time.Millisecond, 10*time.Millisecond)
			require.Empty(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), "not even its program is run")
		})
	}
}

func TestNothingIsAcceptedBeforeItsProgramIsReady(t *testing.T) {
	s := newScene(t)
	s.machine.Sandbox.RefuseToPrepare(sandbox.ErrUnsupported)
	s.start(s.config())
	id := s.request(nil)
	require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 200*time.Millisecond, 10*time.Millisecond)
	s.machine.Sandbox.RefuseToPrepare(nil)
	s.settled(id, me)
}

func TestARunThatTookLongIsNotPromisedToBeShort(t *testing.T) {
	s := newScene(t)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, slowly(300*time.Millisecond))
	s.start(s.config())
	first := s.request(nil)
	s.settled(first, me)

	hasty := s.request(func(r *jobstypes.Request) { r.Spec.TimeLimitMs = 400 })
	patient := s.request(nil)
	s.settled(patient, me)
	_, ok := s.mine(hasty)
	require.False(t, ok)
}

func TestConceding(t *testing.T) {
	for name, c := range map[string]struct {
		policy  worker.Concede
		kind    jobstypes.RewardKind
		ranking []string
		sends   bool
		settles bool
	}{
		"a winner need not, for the chain knows": {
			worker.ConcedeAlways, jobstypes.REWARD_KIND_WINNER_TAKES_ALL, []string{me}, false, true,
		},
		"a loser does always":                            {worker.ConcedeAlways, jobstypes.REWARD_KIND_WINNER_TAKES_ALL, []string{rival, me}, true, true},
		"a valid loser does where it is satisfied":       {worker.ConcedeSatisfied, jobstypes.REWARD_KIND_WINNER_TAKES_ALL, []string{rival, me}, true, true},
		"one left out does always":                       {worker.ConcedeAlways, jobstypes.REWARD_KIND_EVEN, []string{rival}, true, true},
		"one left out does not, where it is unsatisfied": {worker.ConcedeSatisfied, jobstypes.REWARD_KIND_EVEN, []string{rival}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			cfg := s.config()
			cfg.Concede = c.policy
			s.start(cfg)
			id := s.request(func(r *jobstypes.Request) {
				workers(2, 2)(r)
				r.Spec.RewardFunction.Kind = c.kind
			})
			s.rivalWorks(id)
			s.reaches(id, jobstypes.REQUEST_STATE_EVALUATING)
			s.chain.RankAs(t, evaluator, id, c.ranking...)
			s.rivalConcedes(id)
			if c.settles {
				s.reaches(id, jobstypes.REQUEST_STATE_SETTLED)
			} else {
				require.Never(t, func() bool { r, _ := s.chain.Peek(id); return r.IsFinished() }, 150*time.Millisecond, 10*time.Millisecond)
			}
			a, _ := s.mine(id)
			require.Equal(t, c.sends, a.Conceded)
		})
	}
}

// TestANodeTakesTheFirstProgramThatItCanRun: a release may have alternatives, and a node that can run none takes no request.
func TestANodeTakesTheFirstProgramThatItCanRun(t *testing.T) {
	script := "sha256:" + strings.Repeat("33", 32)
	for name, c := range map[string]struct {
		runs   []sandbox.Kind
		listed []string
		want   string
	}{
		"all":                             {want: daemontest.WorkerProgram},
		"the second":                      {runs: []sandbox.Kind{sandbox.KindScript}, want: script},
		"neither, none":                   {runs: []sandbox.Kind{sandbox.KindImage}},
		"the one that the owner lists":    {listed: []string{script}, want: script},
		"what the owner lists cannot run": {runs: []sandbox.Kind{sandbox.KindWASM}, listed: []string{script}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.chain.Alternative(s.job, program.Program{
				Kind: program.PROGRAM_KIND_SCRIPT, ABI: program.ABI_SCRIPT, Runtime: release.PythonRuntime, Digest: script, Size_: 1,
			})
			s.machine.Sandbox.Use(script, daemontest.Double)
			s.machine.Sandbox.RunOnly(c.runs...)
			cfg := s.config()
			if c.listed != nil {
				cfg.Policy.Releases, cfg.Policy.Programs = daemon.ReleasesListed, c.listed
			}
			s.start(cfg)
			id := s.request(nil)
			if c.want == "" {
				require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 150*time.Millisecond, 10*time.Millisecond)
				return
			}
			s.settled(id, me)
			require.Len(t, s.machine.Sandbox.Runs(c.want), 1)
		})
	}
}
