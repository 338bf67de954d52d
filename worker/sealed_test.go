package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// sealed opens a request whose input is sealed to the key, for as many workers as are told, of which evaluator and key are there.
func (s *scene) sealed(key *seal.Key, input []byte, change func(*jobstypes.Request)) uint64 {
	s.Helper()
	ref := daemontest.PutSealed(s, s.machine.Store, key, input)
	s.chain.StateKey(evaluator, daemontest.NewSealKey(s).Recipient())
	return s.request(func(r *jobstypes.Request) {
		r.Spec.GrantKeys, r.Spec.Input = true, jobstypes.Input{Reference: ref}
		if change != nil {
			change(r)
		}
	})
}

func TestSealedData(t *testing.T) {
	s := newScene(t)
	r := s.start(s.config())
	key := daemontest.NewSealKey(t)
	id := s.sealed(key, daemontest.Question(4), nil)
	daemontest.Eventually(t, "the place", func() bool { _, ok := s.mine(id); return ok })
	require.Never(t, func() bool { return len(s.machine.Sandbox.Runs(daemontest.WorkerProgram)) > 0 }, 100*time.Millisecond, 10*time.Millisecond,
		"it has no key")
	s.chain.Grant(t, id, me, seal.Keys{Data: key})
	s.chain.Grant(t, id, evaluator, seal.Keys{Data: key}) // once reveals have closed
	s.settled(id, me)

	require.Equal(t, daemontest.Question(4), s.machine.Sandbox.Runs(daemontest.WorkerProgram)[0].Input)
	a, _ := s.mine(id)
	require.Empty(t, a.Result.Inline, "the chain is read by everybody")
	stored, err := storage.ReadAll(t.Context(), s.machine.Store, storage.Digest(a.Result.Reference.Digest), 10_000)
	require.NoError(t, err)
	require.EqualValues(t, len(stored), a.Result.Reference.Size_)
	opened, err := key.Open(stored)
	require.NoError(t, err)
	require.Equal(t, daemontest.Answer(8, nil), opened)
	s.nothingLeft(r)
}

// A client could take bonds from workers whose key opens nothing: they answer with nothing, and the evaluator sees why.
func TestDataThatTheKeyDoesNotOpen(t *testing.T) {
	for name, grant := range map[string]func(s *scene, id uint64, key *seal.Key){
		"the key is another": func(s *scene, id uint64, _ *seal.Key) {
			s.chain.Grant(s, id, me, seal.Keys{Data: daemontest.NewSealKey(s)})
		},
		"the key is for something else": func(s *scene, id uint64, key *seal.Key) {
			s.chain.Grant(s, id, me, seal.Keys{Evaluator: key})
		},
		"the key is none": func(s *scene, id uint64, _ *seal.Key) {
			daemontest.Eventually(s, "a key is awaited", func() bool { return len(s.chain.Awaited(id)) == 1 })
			s.chain.GrantRaw(s, id, me, []byte("key"))
		},
		"the key was wrapped to another": func(s *scene, id uint64, key *seal.Key) {
			wrapped, err := seal.Keys{Data: key}.Wrap(daemontest.NewSealKey(s).Recipient())
			require.NoError(s, err)
			daemontest.Eventually(s, "a key is awaited", func() bool { return len(s.chain.Awaited(id)) == 1 })
			s.chain.GrantRaw(s, id, me, wrapped)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.start(s.config())
			key := daemontest.NewSealKey(t)
			id := s.sealed(key, daemontest.Question(4), nil)
			grant(s, id, key)
			daemontest.Eventually(t, "an answer", func() bool { a, _ := s.mine(id); return a.HasRevealed() })
			a, _ := s.mine(id)
			require.Equal(t, &jobstypes.Result{}, a.Result)
			require.Zero(t, s.chain.Executed(me, &jobstypes.MsgResign{}), "that would cost the bond")
			require.Empty(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram))
		})
	}
	t.Run("the data is no message of the job", func(t *testing.T) {
		s := newScene(t)
		s.start(s.config())
		key := daemontest.NewSealKey(t)
		id := s.sealed(key, []byte("garbage"), nil)
		s.chain.Grant(t, id, me, seal.Keys{Data: key})
		daemontest.Eventually(t, "an answer", func() bool { a, _ := s.mine(id); return a.HasRevealed() })
		a, _ := s.mine(id)
		require.Equal(t, &jobstypes.Result{}, a.Result)
	})
}

// What is not there is not promised, and neither is what another machine's key opens.
func TestSealedDataThatIsNotTaken(t *testing.T) {
	for name, c := range map[string]struct {
		stated string
		change func(*scene, *jobstypes.Request)
	}{
		"the data is not in the store": {change: func(_ *scene, r *jobstypes.Request) { r.Spec.Input.Reference.Digest = daemontest.WorkerProgram }},
		"the data has another size":    {change: func(_ *scene, r *jobstypes.Request) { r.Spec.Input.Reference.Size_++ }},
		"another machine's key":        {stated: daemontest.NewSealKey(t).Recipient()},
		"states would be readable": {change: func(s *scene, r *jobstypes.Request) {
			s.chain.Terms(s.job, func(t *jobstypes.TermsSpec) {
				t.Verification, t.MaxCheckpoints, t.Segments, t.Deterministic = jobstypes.VERIFICATION_CHECKPOINT, 4, 1, true
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			if c.stated != "" {
				s.chain.StateKey(me, c.stated)
			}
			ref := *daemontest.PutSealed(t, s.machine.Store, daemontest.NewSealKey(t), daemontest.Question(4))
			s.chain.StateKey(evaluator, daemontest.NewSealKey(t).Recipient())
			changed := jobstypes.Request{Spec: jobstypes.RequestSpec{Input: jobstypes.Input{Reference: &ref}}}
			if c.change != nil {
				c.change(s, &changed)
			}
			id := s.request(func(r *jobstypes.Request) { r.Spec.GrantKeys, r.Spec.Input = true, changed.Spec.Input })
			s.start(s.config())
			daemontest.Eventually(t, "a stated key", func() bool { return s.chain.StatedKey(me) != "" })
			require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 150*time.Millisecond, 10*time.Millisecond)
			if c.stated != "" {
				require.Equal(t, c.stated, s.chain.StatedKey(me), "what another machine has stated is left")
			}
		})
	}
}
