package evaluator_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/evaluator"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const stake = 100_000

var (
	me   = daemontest.Address("evaluator")
	root = daemontest.Address("root")
)

// scene is a chain with one job, and the machine of the evaluator under test.
type scene struct {
	*testing.T
	chain   *daemontest.Chain
	machine *daemontest.Machine
	job     uint64
}

// newScene makes the evaluator a node already.
func newScene(t *testing.T) *scene {
	s := newScenery(t)
	s.chain.AddNode(s.job, me, stake, program.ROLE_EVALUATOR)
	return s
}

func newScenery(t *testing.T) *scene {
	chain := daemontest.NewChain()
	s := &scene{T: t, chain: chain, machine: daemontest.NewMachine(t, chain, "evaluator", daemontest.NewStore(t)), job: chain.AddJob(t, root)}
	for _, name := range []string{"one", "two", "three"} {
		chain.AddNode(s.job, daemontest.Address(name), stake, program.ROLE_WORKER)
	}
	return s
}

func (s *scene) config() evaluator.Config { return evaluator.Config{Config: s.machine.Config()} }

// running is a started evaluator.
type running struct {
	*evaluator.Evaluator
	connection *daemontest.Connection
	begin      func()
	cancel     context.CancelFunc
	ended      chan error
}

func (s *scene) start(cfg evaluator.Config) *running {
	s.Helper()
	r := s.build(cfg)
	r.begin()
	return r
}

// build makes an evaluator that does nothing before begin.
func (s *scene) build(cfg evaluator.Config) *running {
	s.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	world, connection := s.machine.World(s)
	e, err := evaluator.New(ctx, cfg, world)
	require.NoError(s, err)
	r := &running{Evaluator: e, connection: connection, cancel: cancel, ended: make(chan error, 1)}
	r.begin = func() {
		go func() { r.ended <- e.Run(ctx) }()
		s.Cleanup(func() { assert.NoError(s, r.stop()) })
	}
	return r
}

// stop ends an evaluator as a signal does, and waits for it.
func (r *running) stop() error {
	r.cancel()
	err := <-r.ended
	r.ended <- err
	return err
}

// reveal is what one worker gives in: its reply, inline or in the store.
type reveal struct {
	name   string
	reply  []byte
	stored bool // by reference
	lost   bool // by reference, and not in the store
}

func (s *scene) result(r reveal) jobstypes.Result {
	if !r.stored && !r.lost {
		return jobstypes.Result{Inline: r.reply}
	}
	if r.stored {
		_, err := storage.PutBytes(s.Context(), s.machine.Store, r.reply)
		require.NoError(s, err)
	}
	return jobstypes.Result{Reference: &jobstypes.Reference{Digest: jobstypes.Digest(r.reply), Size_: uint64(len(r.reply))}}
}

// request opens a request that as many workers will take as are named.
func (s *scene) request(reveals ...reveal) uint64 {
	return s.chain.AddRequest(s.job, func(r *jobstypes.Request) {
		r.Spec.MinWorkers, r.Spec.MaxWorkers = uint32(len(reveals)), uint32(len(reveals))
	})
}

func (s *scene) reaches(id uint64, state jobstypes.RequestState) {
	s.Helper()
	daemontest.Eventually(s, state.String(), func() bool {
		r, _ := s.chain.Peek(id)
		return r.State == state
	})
}

// work has the workers accept, commit and reveal, each in its phase.
func (s *scene) work(id uint64, reveals ...reveal) {
	s.Helper()
	s.acceptAs(id, reveals...)
	s.revealAs(id, reveals...)
}

func (s *scene) acceptAs(id uint64, reveals ...reveal) {
	s.Helper()
	s.reaches(id, jobstypes.REQUEST_STATE_RUNNING)
	for _, r := range reveals {
		s.chain.DoAs(s, daemontest.Address(r.name), &jobstypes.MsgAcceptJob{RequestId: id, Role: program.ROLE_WORKER})
	}
}

func (s *scene) revealAs(id uint64, reveals ...reveal) {
	s.Helper()
	salt := make([]byte, jobstypes.SaltSize)
	for _, r := range reveals {
		worker := daemontest.Address(r.name)
		digest, err := jobstypes.ResultDigest(s.result(r))
		require.NoError(s, err)
		commitment := jobstypes.Commitment(daemontest.ChainID, id, sdk.MustAccAddressFromBech32(worker), digest, salt)
		s.chain.DoAs(s, worker, &jobstypes.MsgSubmitResult{RequestId: id, Commitment: commitment[:]})
	}
	for _, r := range reveals {
		s.chain.DoAs(s, daemontest.Address(r.name), &jobstypes.MsgRevealResult{RequestId: id, Result: s.result(r), Salt: salt})
	}
}

// ranked waits for the ranking, and for the workers' consent to it, and returns the names of the valid.
func (s *scene) ranked(id uint64, reveals ...reveal) (valid []string, r jobstypes.Request) {
	s.Helper()
	daemontest.Eventually(s, "the ranking", func() bool {
		r, _ = s.chain.Peek(id)
		return r.RankedMs != 0
	})
	for _, entry := range r.Ranking {
		for _, name := range reveals {
			if daemontest.Address(name.name) == entry.Node {
				valid = append(valid, name.name)
			}
		}
	}
	return valid, r
}
