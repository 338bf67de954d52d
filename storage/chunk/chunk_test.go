package chunk_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/local"
	"github.com/ain-network/aind/storage/storagetest"
)

// large is a content in five chunks, the last of them one byte.
var large = sync.OnceValue(func() []byte { return storagetest.Content(7, chunk.Threshold+1) })

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// watched is a store that counts what it is asked, and can fail.
type watched struct {
	storage.Store
	mu   sync.Mutex
	puts map[storage.Digest]int
	gets map[storage.Digest]int
	// before is called before each call, which errs as it does.
	before func(call string, d storage.Digest) error
	// unmeasured counts puts of content that the store has to hash itself.
	unmeasured int
}

func watch(t *testing.T) *watched {
	s, err := local.Open(t.TempDir())
	require.NoError(t, err)
	w := &watched{Store: s}
	w.forget()
	return w
}

func (w *watched) forget() { w.puts, w.gets = map[storage.Digest]int{}, map[storage.Digest]int{} }

func (w *watched) ask(call string, d storage.Digest, count map[storage.Digest]int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.before != nil {
		if err := w.before(call, d); err != nil {
			return err
		}
	}
	if count != nil {
		count[d]++
	}
	return nil
}

func (w *watched) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (storage.Info, error) {
	spec, err := storage.NewPutSpec(opts...)
	if err != nil {
		return storage.Info{}, err
	}
	info, _ := spec.Known()
	if err := w.ask("put", info.Digest, w.puts); err != nil {
		return storage.Info{}, err
	}
	if !spec.Measured() {
		w.mu.Lock()
		w.unmeasured++
		w.mu.Unlock()
	}
	return w.Store.Put(ctx, src, opts...)
}

func (w *watched) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	if err := w.ask("get", d, w.gets); err != nil {
		return nil, storage.Info{}, err
	}
	return w.Store.Get(ctx, d)
}

func (w *watched) Stat(ctx context.Context, d storage.Digest) (storage.Info, error) {
	if err := w.ask("stat", d, nil); err != nil {
		return storage.Info{}, err
	}
	return w.Store.Stat(ctx, d)
}

// pipe hides everything but Read.
type pipe struct{ io.Reader }

func TestContentComesBackAsItWasPut(t *testing.T) {
	for _, size := range []int{0, 1, 100_000, chunk.Threshold, chunk.Threshold + chunk.Size} {
		content := storagetest.Content(uint64(size), size)
		path := filepath.Join(t.TempDir(), "content")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		var refs []chunk.Ref
		for source, put := range map[string]func(s storage.Store) (chunk.Ref, error){
			"a file": func(s storage.Store) (chunk.Ref, error) {
				return chunk.PutFile(deadline(t), s, path, chunk.Options{})
			},
			"a stream of known size": func(s storage.Store) (chunk.Ref, error) {
				return chunk.Put(deadline(t), s, pipe{bytes.NewReader(content)}, int64(size), chunk.Options{SpoolDir: t.TempDir()})
			},
			"a stream of unknown size": func(s storage.Store) (chunk.Ref, error) {
				return chunk.Put(deadline(t), s, pipe{bytes.NewReader(content)}, storage.UnknownSize, chunk.Options{SpoolDir: t.TempDir(), Parallel: 1})
			},
		} {
			s := watch(t)
			ref, err := put(s)
			require.NoError(t, err, "%d bytes from %s", size, source)
			require.Equal(t, int64(size), ref.Size)
			require.Equal(t, size > chunk.Threshold, ref.Chunked)
			refs = append(refs, ref)
			require.Equal(t, refs[0], ref, "the same content has the same name, from wherever it comes")
			requireContent(t, s, ref, content)
			if ref.Chunked {
				require.Equal(t, 1, s.unmeasured, "only the manifest is left to the store to hash")
				require.Len(t, s.puts, (size+chunk.Size-1)/chunk.Size+1, "all chunks and the manifest")
			} else {
				require.Zero(t, s.unmeasured)
				require.Equal(t, storage.DigestOf(content), ref.Digest)
			}
		}
	}
}

// requireContent fetches ref in every way.
func requireContent(t *testing.T, s storage.Store, ref chunk.Ref, content []byte) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "fetched")
	require.NoError(t, chunk.Get(deadline(t), s, ref, path, chunk.Options{}))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, got), "the file has the content")
	requireFiles(t, dir, "fetched")

	for _, hide := range []func(io.ReadCloser) io.Reader{
		func(r io.ReadCloser) io.Reader { return r },
		func(r io.ReadCloser) io.Reader { return pipe{r} },
	} {
		r, err := chunk.Open(deadline(t), s, ref, chunk.Options{})
		require.NoError(t, err)
		var read bytes.Buffer
		_, err = io.Copy(&read, hide(r))
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, read.Bytes()), "the stream has the content")
		require.NoError(t, r.Close())
	}
}

func requireFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	require.ElementsMatch(t, names, got)
}

// putLarge stores the large content and returns its name and its manifest.
func putLarge(t *testing.T, s storage.Store) (chunk.Ref, chunk.Manifest) {
	t.Helper()
	ref, err := chunk.Put(deadline(t), s, bytes.NewReader(large()), int64(len(large())), chunk.Options{})
	require.NoError(t, err)
	b, err := storage.ReadAll(deadline(t), s, ref.Digest, chunk.MaxManifest)
	require.NoError(t, err)
	m, err := chunk.Parse(b)
	require.NoError(t, err)
	return ref, m
}
