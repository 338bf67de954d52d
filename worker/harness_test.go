package worker_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/worker"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const stake = 10_000

// Names of the accounts that are not the worker under test.
var (
	me        = daemontest.Address("worker")
	rival     = daemontest.Address("rival")
	evaluator = daemontest.Address("evaluator")
	root      = daemontest.Address("root")
)

// scene is a chain with one job, and the machine of the worker under test.
type scene struct {
	*testing.T
	chain   *daemontest.Chain
	machine *daemontest.Machine
	job     uint64
}

// newScene makes the worker a node already.
func newScene(t *testing.T) *scene {
	s := newScenery(t)
	s.chain.AddNode(s.job, me, stake, program.ROLE_WORKER)
	return s
}

func newScenery(t *testing.T) *scene {
	chain := daemontest.NewChain()
	s := &scene{T: t, chain: chain, machine: daemontest.NewMachine(t, chain, "worker", daemontest.NewStore(t)), job: chain.AddJob(t, root)}
	chain.AddNode(s.job, rival, stake, program.ROLE_WORKER)
	chain.AddNode(s.job, evaluator, 1_000_000, program.ROLE_EVALUATOR)
	return s
}

func (s *scene) config() worker.Config { return worker.Config{Config: s.machine.Config()} }

// running is a started worker.
type running struct {
	*worker.Worker
	connection *daemontest.Connection
	begin      func()
	cancel     context.CancelFunc
	ended      chan error
}

func (s *scene) start(cfg worker.Config) *running {
	s.Helper()
	r := s.build(cfg)
	r.begin()
	return r
}

// build makes a worker that does nothing before begin.
func (s *scene) build(cfg worker.Config) *running {
	s.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	world, connection := s.machine.World(s)
	w, err := worker.New(ctx, cfg, world)
	require.NoError(s, err)
	r := &running{Worker: w, connection: connection, cancel: cancel, ended: make(chan error, 1)}
	r.begin = func() {
		go func() { r.ended <- w.Run(ctx) }()
		s.Cleanup(func() { assert.NoError(s, r.stop()) })
	}
	return r
}

// stop ends a worker as a signal does, and waits for it.
func (r *running) stop() error {
	r.cancel()
	err := <-r.ended
	r.ended <- err
	return err
}

// request opens a request that an evaluator has accepted already, unless nobody evaluates.
func (s *scene) request(change func(*jobstypes.Request)) uint64 {
	s.Helper()
	id := s.chain.AddRequest(s.job, change)
	if r, _ := s.chain.Peek(id); !r.Spec.SkipEvaluation {
		s.chain.AcceptAs(s, evaluator, id)
	}
	return id
}

func (s *scene) reaches(id uint64, state jobstypes.RequestState) {
	s.Helper()
	daemontest.Eventually(s, state.String(), func() bool {
		r, _ := s.chain.Peek(id)
		return r.State == state
	})
}

func (s *scene) mine(id uint64) (jobstypes.Assignment, bool) {
	_, assignments := s.chain.Peek(id)
	a, ok := assignments[me]
	return a, ok
}

// settled ranks those named, and waits for the end.
func (s *scene) settled(id uint64, ranking ...string) jobstypes.Request {
	s.Helper()
	s.reaches(id, jobstypes.REQUEST_STATE_EVALUATING)
	s.chain.RankAs(s, evaluator, id, ranking...)
	s.reaches(id, jobstypes.REQUEST_STATE_SETTLED)
	r, _ := s.chain.Peek(id)
	return r
}

func workers(least, most uint32) func(*jobstypes.Request) {
	return func(r *jobstypes.Request) { r.Spec.MinWorkers, r.Spec.MaxWorkers = least, most }
}

// nothingLeft waits until the journal knows of no request and no transaction any more.
func (s *scene) nothingLeft(r *running) {
	s.Helper()
	daemontest.Eventually(s, "an empty journal", func() bool {
		return len(r.Journal.Keys("request/")) == 0
	})
	now, _ := s.machine.Sandbox.Running()
	require.Zero(s, now)
}

var _ daemon.Network = (*daemontest.Connection)(nil)
