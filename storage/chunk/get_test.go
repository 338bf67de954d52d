package chunk_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
)

// damaged is a store that gives other bytes for one digest.
type damaged struct {
	storage.Store
	of storage.Digest
	by func([]byte) []byte
}

func (d damaged) Get(ctx context.Context, digest storage.Digest) (io.ReadCloser, storage.Info, error) {
	if digest != d.of {
		return d.Store.Get(ctx, digest)
	}
	b, err := storage.ReadAll(ctx, d.Store, digest, chunk.Size)
	if err != nil {
		return nil, storage.Info{}, err
	}
	b = d.by(b)
	info := storage.Info{Digest: digest, Size: int64(len(b))}
	return io.NopCloser(storage.NewVerifier(bytes.NewReader(b), info)), info, nil
}

// partial is the one file beside path.
func partial(t *testing.T, path string) string {
	t.Helper()
	found, err := filepath.Glob(path + ".*.unverified")
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

func TestAGetThatBrokeOffGoesOn(t *testing.T) {
	s := watch(t)
	ref, m := putLarge(t, s)
	path := filepath.Join(t.TempDir(), "content")
	s.before = func(_ string, d storage.Digest) error {
		if d == m.Chunks[2] {
			return errDown
		}
		return nil
	}
	err := chunk.Get(deadline(t), s, ref, path, chunk.Options{Parallel: 1})
	require.ErrorIs(t, err, storage.ErrUnavailable)
	require.NoFileExists(t, path)

	// What a crash may leave of a part is not taken for it.
	f, err := os.OpenFile(partial(t, path), os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(make([]byte, 4096), chunk.Size+4096)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	s.before = nil
	s.forget()
	require.NoError(t, chunk.Get(deadline(t), s, ref, path, chunk.Options{}))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(large(), got))
	require.Zero(t, s.gets[m.Chunks[0]], "a chunk that is there is not fetched again")
	require.Equal(t, 1, s.gets[m.Chunks[1]], "one that was damaged on disk is")
	requireFiles(t, filepath.Dir(path), "content")
}

func TestWhatIsNotRightIsNeverShown(t *testing.T) {
	s := watch(t)
	ref, m := putLarge(t, s)
	for name, c := range map[string]struct {
		by  func([]byte) []byte
		err error
	}{
		"a flipped bit": {func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, storage.ErrDigestMismatch},
		"a byte less":   {func(b []byte) []byte { return b[1:] }, storage.ErrSizeMismatch},
		"a byte more":   {func(b []byte) []byte { return append(b, 0) }, storage.ErrSizeMismatch},
		"nothing":       {func([]byte) []byte { return nil }, storage.ErrSizeMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "content")
			require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
			bad := damaged{s, m.Chunks[3], c.by}
			require.ErrorIs(t, chunk.Get(deadline(t), bad, ref, path, chunk.Options{Parallel: 1}), c.err)
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, "before", string(got))

			r, err := chunk.Open(deadline(t), bad, ref, chunk.Options{})
			require.NoError(t, err)
			read, err := io.ReadAll(r)
			require.ErrorIs(t, err, c.err)
			require.True(t, bytes.Equal(large()[:3*chunk.Size], read), "what comes out before is right")
			_, err = r.Read(make([]byte, 1))
			require.ErrorIs(t, err, c.err, "it says so again")
			require.NoError(t, r.Close())

			require.NoError(t, chunk.Get(deadline(t), s, ref, path, chunk.Options{}))
			requireFiles(t, filepath.Dir(path), "content")
		})
	}
}

func TestAGetOfWhichNothingIsRightLeavesNothing(t *testing.T) {
	s := watch(t)
	info, err := storage.PutBytes(deadline(t), s, []byte("content"))
	require.NoError(t, err)
	chunked, m := putLarge(t, s)
	otherInfo, err := storage.PutBytes(deadline(t), s, bytes.Replace(m.Bytes(), []byte("67108865"), []byte("67108866"), 1))
	require.NoError(t, err)
	none := storage.DigestOf([]byte("never put"))
	for name, c := range map[string]struct {
		ref  chunk.Ref
		err  error
		text string
	}{
		"what is not there":            {chunk.Ref{Digest: none, Size: 9}, storage.ErrNotFound, string(none)},
		"no manifest there":            {chunk.Ref{Digest: none, Size: 9, Chunked: true}, storage.ErrNotFound, "manifest: "},
		"another size":                 {chunk.Ref{Digest: info.Digest, Size: 8}, storage.ErrSizeMismatch, "want 8 bytes of " + string(info.Digest) + ", the store has 7"},
		"another size, in chunks":      {chunk.Ref{Digest: chunked.Digest, Size: chunked.Size - 1, Chunked: true}, storage.ErrSizeMismatch, "want 67108864 bytes, its manifest says 67108865"},
		"content that is no manifest":  {chunk.Ref{Digest: info.Digest, Size: 7, Chunked: true}, chunk.ErrManifest, "invalid character 'c'"},
		"a manifest of another length": {chunk.Ref{Digest: otherInfo.Digest, Size: 67108866, Chunked: true}, storage.ErrSizeMismatch, "the store has 1"},
		"a digest that is none":        {chunk.Ref{Digest: "abc", Size: 7}, nil, `digest "abc": want it to start with "sha256:"`},
		"a size below nothing":         {chunk.Ref{Digest: none, Size: -1}, nil, "is -1 bytes, want 0 or more"},
		"nothing, in chunks":           {chunk.Ref{Digest: none, Chunked: true}, nil, "is 0 bytes, in chunks there are 1 to 1099511627776"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			err := chunk.Get(deadline(t), s, c.ref, filepath.Join(dir, "content"), chunk.Options{})
			require.ErrorContains(t, err, c.text)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			}
			if !strings.Contains(name, "length") { // its other chunks are right
				requireFiles(t, dir)
			}
			r, err := chunk.Open(deadline(t), s, c.ref, chunk.Options{})
			if err == nil {
				_, err = io.Copy(io.Discard, r)
				require.NoError(t, r.Close())
			}
			require.ErrorContains(t, err, c.text)
		})
	}
}

func TestTwoGetsToOneFileDoNotMix(t *testing.T) {
	s := watch(t)
	ref, m := putLarge(t, s)
	path := filepath.Join(t.TempDir(), "content")
	reached, open := make(chan struct{}), make(chan struct{})
	slow := &watched{Store: s.Store}
	slow.forget()
	slow.before = func(call string, d storage.Digest) error {
		if call == "get" && d == m.Chunks[1] {
			close(reached)
			<-open
		}
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- chunk.Get(deadline(t), slow, ref, path, chunk.Options{Parallel: 1}) }()
	<-reached
	err := chunk.Get(deadline(t), s, ref, path, chunk.Options{})
	require.ErrorIs(t, err, chunk.ErrBusy)
	close(open)
	require.NoError(t, <-done)
	require.NoError(t, chunk.Get(deadline(t), s, ref, path, chunk.Options{}), "then it is free again")
	requireFiles(t, filepath.Dir(path), "content")
}

func TestAGetThatIsCancelledSaysSo(t *testing.T) {
	s := watch(t)
	ref, m := putLarge(t, s)
	for _, c := range []func(ctx context.Context) error{
		func(ctx context.Context) error {
			return chunk.Get(ctx, s, ref, filepath.Join(t.TempDir(), "content"), chunk.Options{})
		},
		func(ctx context.Context) error {
			r, err := chunk.Open(ctx, s, ref, chunk.Options{})
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, r)
			require.NoError(t, r.Close())
			return err
		},
	} {
		ctx, cancel := context.WithCancel(deadline(t))
		s.before = func(_ string, d storage.Digest) error {
			if d == m.Chunks[1] {
				cancel()
			}
			return nil
		}
		require.ErrorIs(t, c(ctx), context.Canceled)
	}
}

func TestAStreamMayBeClosedEarly(t *testing.T) {
	s := watch(t)
	ref, _ := putLarge(t, s)
	r, err := chunk.Open(deadline(t), s, ref, chunk.Options{})
	require.NoError(t, err)
	_, err = io.ReadFull(r, make([]byte, 10))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	_, err = r.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestAStreamMayBeClosedUnread(t *testing.T) {
	s := watch(t)
	ref, m := putLarge(t, s)
	var fetched sync.WaitGroup // what is fetched ahead
	fetched.Add(2)
	s.before = func(_ string, d storage.Digest) error {
		if d == m.Chunks[0] || d == m.Chunks[1] {
			fetched.Done()
		}
		return nil
	}
	r, err := chunk.Open(deadline(t), s, ref, chunk.Options{})
	require.NoError(t, err)
	fetched.Wait()
	closed := make(chan error, 1)
	go func() { closed <- r.Close() }()
	select {
	case err := <-closed:
		require.NoError(t, err)
	case <-deadline(t).Done():
		require.FailNow(t, "it does not close")
	}
}

func TestAStoreThatIsAwayForAMomentIsAskedAgain(t *testing.T) {
	s := watch(t)
	ref, m := putLarge(t, s)
	var failures atomic.Int32
	s.before = func(call string, d storage.Digest) error {
		if call == "get" && d != ref.Digest && failures.Add(1) <= 2 {
			return errDown
		}
		return nil
	}
	requireContent(t, s, ref, large())
	require.Len(t, m.Chunks, 5)
}

// rooted gives out chunks only to who names their manifest.
type rooted struct {
	*watched
	manifest, root storage.Digest
}

func (r rooted) Under(root storage.Digest) storage.Store { return rooted{r.watched, r.manifest, root} }

func (r rooted) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	if d != r.manifest && r.root != r.manifest {
		return nil, storage.Info{}, storage.ErrNotFound
	}
	return r.watched.Get(ctx, d)
}

func TestChunksAreAskedForUnderTheirManifest(t *testing.T) {
	s := watch(t)
	ref, _ := putLarge(t, s)
	requireContent(t, rooted{watched: s, manifest: ref.Digest}, ref, large())
}

// told counts what a transfer tells.
type told struct{ expected, moved, skipped atomic.Int64 }

func (c *told) Expect(n int64) { c.expected.Add(n) }
func (c *told) Move(n int64)   { c.moved.Add(n) }
func (c *told) Skip(n int64)   { c.skipped.Add(n) }

func (c *told) all() [3]int64 {
	return [3]int64{c.expected.Load(), c.moved.Load(), c.skipped.Load()}
}

func TestTransfersTellHowFarTheyAre(t *testing.T) {
	s := watch(t)
	size := int64(len(large()))
	put := func(known int64, again bool) [3]int64 {
		p := &told{}
		_, err := chunk.Put(deadline(t), s, bytes.NewReader(large()), known, chunk.Options{Progress: p, Again: again})
		require.NoError(t, err)
		return p.all()
	}
	require.Equal(t, [3]int64{size, size, 0}, put(size, false), "a put")
	require.Equal(t, [3]int64{size, 0, size}, put(size, false), "one of what is there")
	require.Equal(t, [3]int64{size, size, 0}, put(storage.UnknownSize, true), "one of unknown size")

	ref, m := putLarge(t, s)
	path := filepath.Join(t.TempDir(), "content")
	s.before = func(_ string, d storage.Digest) error {
		if d == m.Chunks[4] {
			return errDown
		}
		return nil
	}
	p := &told{}
	require.Error(t, chunk.Get(deadline(t), s, ref, path, chunk.Options{Progress: p}))
	require.Equal(t, [3]int64{size, size - 1, 0}, p.all(), "a get that breaks off")
	s.before = nil
	p = &told{}
	require.NoError(t, chunk.Get(deadline(t), s, ref, path, chunk.Options{Progress: p}))
	require.Equal(t, [3]int64{size, 1, size - 1}, p.all(), "one that goes on")
	p = &told{}
	r, err := chunk.Open(deadline(t), s, ref, chunk.Options{Progress: p})
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, [3]int64{size, size, 0}, p.all(), "a stream")

	small, err := chunk.Put(deadline(t), s, strings.NewReader("small"), 5, chunk.Options{})
	require.NoError(t, err)
	p = &told{}
	r, err = chunk.Open(deadline(t), s, small, chunk.Options{Progress: p})
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, [3]int64{5, 5, 0}, p.all(), "a single object")
}
