package worker_test

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/worker"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// spaces have the client's space, 7, which shows its content to who takes part, and the worker's own, 8.
type spaces struct {
	storage.Store
	open  func() bool
	asked atomic.Int64
}

func (s *spaces) At(_ context.Context, space uint64) (storage.Store, error) {
	if space == 7 {
		return gated{s}, nil
	}
	return s.Store, nil
}

// gated says of everything that it is not there, until it is open.
type gated struct{ *spaces }

func (g gated) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	g.asked.Add(1)
	if !g.open() {
		return nil, storage.Info{}, storage.ErrNotFound
	}
	return g.Store.Get(ctx, d)
}

func (g gated) Stat(ctx context.Context, d storage.Digest) (storage.Info, error) {
	if !g.open() {
		return storage.Info{}, storage.ErrNotFound
	}
	return g.Store.Stat(ctx, d)
}

// newSpaceScene has a client whose space opens when it is told.
func newSpaceScene(t *testing.T, open func() bool) (*scene, *spaces) {
	s := newScene(t)
	source := &spaces{Store: s.machine.Store, open: open}
	s.machine.Source, s.machine.Space = source, 8
	return s, source
}

// What participants alone may read is not to be seen before one of them: it is taken unseen, and the result goes into the worker's own space.
func TestContentForParticipants(t *testing.T) {
	var id uint64
	var s *scene
	s, source := newSpaceScene(t, func() bool { _, ours := s.mine(atomic.LoadUint64(&id)); return ours })
	reply := daemontest.Answer(42, bytes.Repeat([]byte{7}, 5000))
	var seen atomic.Value
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(_ context.Context, run sandbox.Run) ([]byte, error) {
		seen.Store(run)
		return reply, nil
	})
	input := s.store("input", daemontest.Question(4), nil)
	large := bytes.Repeat([]byte("0123456789abcdef"), (65<<20)/16)
	ref, err := chunk.Put(t.Context(), s.machine.Store, bytes.NewReader(large), int64(len(large)), chunk.Options{})
	require.NoError(t, err)
	input.Reference.Space = 7
	cfg := s.config()
	cfg.Limits.Input = 128 << 20
	s.start(cfg)
	atomic.StoreUint64(&id, s.request(func(r *jobstypes.Request) {
		r.Spec.Input = jobstypes.Input{Reference: &input.Reference, Files: []jobstypes.NamedReference{
			{Name: "large", Reference: jobstypes.Reference{Digest: ref.Digest.String(), Size_: uint64(ref.Size), Space: 7, Chunked: true}},
		}}
	}))
	s.settled(id, me)
	require.Positive(t, source.asked.Load())
	a, _ := s.mine(id)
	require.EqualValues(t, 8, a.Result.Reference.Space)
	require.Equal(t, daemontest.Question(4), seen.Load().(sandbox.Run).Input)
	require.Contains(t, seen.Load().(sandbox.Run).Inputs, "large")
}

// Where an invalid result costs the bond, nothing is taken unseen: a client could show it to the evaluator alone.
func TestNothingIsTakenUnseenAtTheRiskOfTheBond(t *testing.T) {
	for name, terms := range map[string]func(*jobstypes.TermsSpec){
		"invalid work loses it": func(t *jobstypes.TermsSpec) { t.InvalidLosesBond = true },
		"results are compared": func(t *jobstypes.TermsSpec) {
			t.Verification, t.Deterministic = jobstypes.VERIFICATION_EXECUTION, true
		},
	} {
		for what, isSealed := range map[string]bool{"for participants": false, "sealed": true} {
			t.Run(name+", "+what, func(t *testing.T) {
				s, _ := newSpaceScene(t, func() bool { return false })
				s.chain.Terms(s.job, terms)
				s.chain.StateKey(evaluator, daemontest.NewSealKey(t).Recipient())
				key := daemontest.NewSealKey(t)
				named := s.store("hidden", daemontest.Question(4), key)
				if !isSealed {
					named = s.store("hidden", daemontest.Question(4), nil)
					named.Reference.Space = 7
				}
				id := s.request(func(r *jobstypes.Request) {
					r.Spec.GrantKeys, r.Spec.Input = isSealed, jobstypes.Input{Reference: &named.Reference}
				})
				s.start(s.config())
				daemontest.Eventually(t, "a stated key", func() bool { return s.chain.StatedKey(me) != "" })
				other := s.request(nil)
				daemontest.Eventually(t, "the work on another", func() bool { a, _ := s.mine(other); return a.HasRevealed() })
				require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 100*time.Millisecond, 10*time.Millisecond)
			})
		}
	}
}

// Who keeps an order's data in spaces need not know another store: a worker without a space leaves it to others.
func TestAWorkerWithoutASpaceLeavesOrdersInSpaces(t *testing.T) {
	s, _ := newSpaceScene(t, func() bool { return true })
	s.machine.Space = 0
	named := s.store("input", daemontest.Question(4), nil)
	named.Reference.Space = 7
	id := s.request(func(r *jobstypes.Request) { r.Spec.Input = jobstypes.Input{Reference: &named.Reference} })
	s.start(s.config())
	other := s.request(nil)
	daemontest.Eventually(t, "the work on another", func() bool { a, _ := s.mine(other); return a.HasRevealed() })
	require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 100*time.Millisecond, 10*time.Millisecond)
}

// States go into the worker's space, where those look who judge: the chain is told which it is.
func TestSegmentsThroughASpace(t *testing.T) {
	s := newSegmentScene(t, 5)
	own := daemontest.NewStore(t)
	s.machine.Source, s.machine.Space, s.machine.Store = besides{8, own, s.machine.Store}, 8, own
	r := s.start(s.config())
	id := s.request(workers(1, 1))
	s.reaches(id, jobstypes.REQUEST_STATE_EVALUATING)
	require.Equal(t, s.digests(id, 5), s.chain.Published(id, me))
	require.EqualValues(t, 8, s.chain.PublishedIn(id, me))
	require.NotEmpty(t, s.has(daemontest.States(id, me, 5)))
	s.settled(id, me)
	s.nothingLeft(r)
}

// besides is a space, and the store of a whole network that has the programs.
type besides struct {
	id          uint64
	own, shared storage.Store
}

func (b besides) At(_ context.Context, space uint64) (storage.Store, error) {
	if space == b.id {
		return b.own, nil
	}
	return b.shared, nil
}

// What a commitment says to be in a space is there when it is sent: who shuts the worker out afterwards takes nothing from it.
func TestResultIsInItsSpaceBeforeItIsCommittedTo(t *testing.T) {
	s := newScene(t)
	s.machine.Space = 8
	reply := daemontest.Answer(42, bytes.Repeat([]byte{7}, 5000))
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(context.Context, sandbox.Run) ([]byte, error) { return reply, nil })
	s.start(s.config())
	id := s.request(workers(2, 2))
	s.rivalGoesOn(id)
	daemontest.Eventually(t, "the commitment", func() bool { a, _ := s.mine(id); return a.HasCommitted() })
	stored, err := storage.ReadAll(t.Context(), s.machine.Store, storage.DigestOf(reply), 10_000)
	require.NoError(t, err)
	require.Equal(t, reply, stored)
	a, _ := s.mine(id)
	require.EqualValues(t, 8, a.Space)

	s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.Double)
	small := s.request(workers(1, 1))
	daemontest.Eventually(t, "a small result", func() bool { a, _ := s.mine(small); return a.HasRevealed() })
	a, _ = s.mine(small)
	require.Zero(t, a.Space, "it lies in none")
}

// Who may list the space of a worker could copy what it is about to reveal.
func TestResultsGoIntoNoSpaceThatOthersRead(t *testing.T) {
	s := newScene(t)
	for _, kind := range []storagetypes.AccessKind{storagetypes.ACCESS_KIND_EVERYBODY, storagetypes.ACCESS_KIND_JOB} {
		world, _ := s.machine.World(s)
		world.Space, world.SpaceRead = 8, kind
		_, err := worker.New(t.Context(), s.config(), world)
		require.EqualError(t, err, "store: space 8 is read by others, who could copy results before they are revealed: "+
			"have participants read it, `aind storage grants 8 --read participants`")
	}
}

// A client that shows its content to nobody would earn the bonds of those who trusted it: they answer with nothing.
func TestContentThatParticipantsNeverSee(t *testing.T) {
	for name, isFile := range map[string]bool{"the input": false, "a file": true} {
		t.Run(name, func(t *testing.T) {
			s, source := newSpaceScene(t, func() bool { return false })
			named := s.store("hidden", daemontest.Question(4), nil)
			named.Reference.Space = 7
			s.start(s.config())
			id := s.request(func(r *jobstypes.Request) {
				r.Spec.TimeLimitMs = 2_000
				if r.Spec.Input = (jobstypes.Input{Reference: &named.Reference}); isFile {
					r.Spec.Input = jobstypes.Input{Inline: daemontest.Question(4), Files: []jobstypes.NamedReference{named}}
				}
			})
			daemontest.Eventually(t, "an answer", func() bool { a, _ := s.mine(id); return a.HasRevealed() })
			a, _ := s.mine(id)
			require.Equal(t, &jobstypes.Result{}, a.Result)
			require.Zero(t, s.chain.Executed(me, &jobstypes.MsgResign{}), "that would cost the bond")
			require.Positive(t, source.asked.Load())
			require.GreaterOrEqual(t, a.CommittedMs-a.AcceptedMs, (900 * time.Millisecond).Milliseconds(), "it was given time to come")
		})
	}
}
