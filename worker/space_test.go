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
	jobstypes "github.com/ain-network/aind/x/jobs/types"
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

// States are looked for in a store that all share: whoever's store is a space would be found out for nothing.
func TestSegmentsNeedASharedStore(t *testing.T) {
	s := newSegmentScene(t, 2)
	s.machine.Space = 8
	id := s.request(nil)
	s.start(s.config())
	require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 200*time.Millisecond, 10*time.Millisecond)
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
