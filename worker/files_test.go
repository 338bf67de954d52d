package worker_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/seal"
	"github.com/ain-network/aind/worker"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// store puts a content into the store, sealed if there is a key, and names it.
func (s *scene) store(name string, content []byte, key *seal.Key) jobstypes.NamedReference {
	s.Helper()
	if key != nil {
		return jobstypes.NamedReference{Name: name, Reference: *daemontest.PutSealed(s, s.machine.Store, key, content)}
	}
	info, err := storage.PutBytes(s.Context(), s.machine.Store, content)
	require.NoError(s, err)
	return jobstypes.NamedReference{Name: name, Reference: jobstypes.Reference{Digest: info.Digest.String(), Size_: uint64(info.Size)}}
}

// remember has the worker's program remember the files that it sees.
func (s *scene) remember(seen chan map[string]string) {
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		files := map[string]string{}
		for name, path := range run.Inputs {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			files[name] = string(content)
		}
		seen <- files
		return daemontest.Double(ctx, run)
	})
}

func TestFilesOfARequest(t *testing.T) {
	t.Run("are what the program sees", func(t *testing.T) {
		s := newScene(t)
		seen := make(chan map[string]string, 1)
		s.remember(seen)
		s.start(s.config())
		id := s.request(func(r *jobstypes.Request) {
			r.Spec.Input.Files = []jobstypes.NamedReference{s.store("one", []byte("first"), nil), s.store("two.csv", []byte("second"), nil)}
		})
		s.settled(id, me)
		require.Equal(t, map[string]string{"one": "first", "two.csv": "second"}, <-seen)
	})
	t.Run("are opened where they are sealed", func(t *testing.T) {
		s := newScene(t)
		seen := make(chan map[string]string, 1)
		s.remember(seen)
		s.start(s.config())
		key := daemontest.NewSealKey(t)
		id := s.sealed(key, daemontest.Question(4), func(r *jobstypes.Request) {
			r.Spec.Input.Files = []jobstypes.NamedReference{s.store("secret", []byte("hidden"), key)}
		})
		s.chain.Grant(t, id, me, seal.Keys{Data: key})
		s.chain.Grant(t, id, evaluator, seal.Keys{Data: key})
		s.settled(id, me)
		require.Equal(t, map[string]string{"secret": "hidden"}, <-seen)
		entries, err := os.ReadDir(s.machine.Home + "/tasks")
		require.NoError(t, err)
		require.Empty(t, entries, "nothing of it is left open on this machine")
	})
	t.Run("that the key does not open are answered with nothing", func(t *testing.T) {
		s := newScene(t)
		s.start(s.config())
		key := daemontest.NewSealKey(t)
		id := s.sealed(key, daemontest.Question(4), func(r *jobstypes.Request) {
			r.Spec.Input.Files = []jobstypes.NamedReference{s.store("secret", []byte("hidden"), daemontest.NewSealKey(t))}
		})
		s.chain.Grant(t, id, me, seal.Keys{Data: key})
		daemontest.Eventually(t, "an answer", func() bool { a, _ := s.mine(id); return a.HasRevealed() })
		a, _ := s.mine(id)
		require.Equal(t, &jobstypes.Result{}, a.Result)
		require.Empty(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram))
	})
}

// What is not there is not promised, and neither is what is too much.
func TestFilesThatAreNotTaken(t *testing.T) {
	for name, c := range map[string]struct {
		config func(*worker.Config)
		change func(*scene, *jobstypes.NamedReference)
	}{
		"one that is not in the store": {change: func(_ *scene, f *jobstypes.NamedReference) { f.Reference.Digest = daemontest.WorkerProgram }},
		"one of another size":          {change: func(_ *scene, f *jobstypes.NamedReference) { f.Reference.Size_++ }},
		"one of which a chunk is missing": {change: func(s *scene, f *jobstypes.NamedReference) {
			manifest := chunk.Manifest{Size: chunk.Threshold + 1}
			for range (manifest.Size + chunk.Size - 1) / chunk.Size {
				manifest.Chunks = append(manifest.Chunks, storage.DigestOf([]byte("nowhere")))
			}
			*f = s.store("one", manifest.Bytes(), nil)
			f.Reference.Chunked, f.Reference.Size_ = true, uint64(manifest.Size)
		}, config: func(cfg *worker.Config) { cfg.Limits.Input = 128 << 20 }},
		"one that is no chunks": {change: func(_ *scene, f *jobstypes.NamedReference) { f.Reference.Chunked = true }},
		"one that is too large": {config: func(cfg *worker.Config) { cfg.Limits.Input = 1 << 10 }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			file := s.store("one", make([]byte, 1<<10+1), nil)
			if c.change != nil {
				c.change(s, &file)
			}
			cfg := s.config()
			if c.config != nil {
				c.config(&cfg)
			}
			id := s.request(func(r *jobstypes.Request) { r.Spec.Input.Files = []jobstypes.NamedReference{file} })
			s.start(cfg)
			s.settled(s.request(nil), me)
			require.Never(t, func() bool { _, ok := s.mine(id); return ok }, 100*time.Millisecond, 10*time.Millisecond)
		})
	}
}

// Each segment sees the files of the request beside its state.
func TestSegmentsSeeTheFiles(t *testing.T) {
	s := newSegmentScene(t, 2)
	s.start(s.config())
	id := s.request(func(r *jobstypes.Request) {
		r.Spec.Input.Files = []jobstypes.NamedReference{s.store("one", []byte("first"), nil)}
	})
	s.settled(id, me)
	runs := s.machine.Sandbox.Runs(daemontest.WorkerProgram)
	require.Len(t, runs, 3)
	for i, run := range runs {
		require.Contains(t, run.Inputs, "one")
		require.Equal(t, i > 0, run.Inputs["state"] != "")
	}
}
