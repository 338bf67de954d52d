// Package storagetest is the one suite that every storage.Store passes, the real
// ones and the fakes of other packages' tests alike.
package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
)

// patience bounds every wait of the suite.
const patience = 2 * time.Minute

// Run holds the stores that open returns to the contract of storage.Store. Each
// call of open may return the same store, but it must be empty at first.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	cases := []struct {
		name string
		run  func(t *testing.T, s storage.Store)
	}{
		{"content of any size from any source comes back as it was put", roundTrip},
		{"64 MiB pass through without being held in memory", passesThrough},
		{"many puts of the same content at once all succeed", concurrentPuts},
		{"content put again is still there", putTwice},
		{"content that is not what was announced is refused and invisible", wrongContent},
		{"content over the limit is refused and invisible", overLimit},
		{"a source that breaks leaves nothing and its error is returned", brokenSource},
		{"a put that is cancelled half way leaves nothing and can be tried again", cancelledPut},
		{"what was never put is not found", notFound},
		{"what is deleted is not found, and deleting it again is no error", deleted},
		{"a digest that is none is refused before the store is asked", invalidDigest},
		{"a context that has ended stops every call", endedContext},
		{"a reader stops when its context ends", cancelledGet},
		{"a reader may be closed early", closedEarly},
		{"a fetch leaves the verified file or nothing", fetch},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

func roundTrip(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	for i, size := range []int{0, 1, 4096, 1 << 20, 5<<20 + 1, 17 << 20} {
		for source, put := range map[string]func(b []byte) (storage.Info, error){
			"a stream of known digest and size": func(b []byte) (storage.Info, error) {
				return s.Put(ctx, onlyReader{bytes.NewReader(b)},
					storage.ExpectDigest(storage.DigestOf(b)), storage.ExpectSize(int64(len(b))))
			},
			"a stream of unknown digest and size": func(b []byte) (storage.Info, error) {
				return s.Put(ctx, onlyReader{bytes.NewReader(b)})
			},
			"a stream of known digest": func(b []byte) (storage.Info, error) {
				return s.Put(ctx, onlyReader{bytes.NewReader(b)}, storage.ExpectDigest(storage.DigestOf(b)))
			},
			"a source that can be rewound, from its middle": func(b []byte) (storage.Info, error) {
				r := bytes.NewReader(append([]byte("before"), b...))
				_, err := r.Seek(6, io.SeekStart)
				require.NoError(t, err)
				return s.Put(ctx, r)
			},
			"bytes": func(b []byte) (storage.Info, error) { return storage.PutBytes(ctx, s, b) },
			"a file": func(b []byte) (storage.Info, error) {
				path := filepath.Join(t.TempDir(), "content")
				require.NoError(t, os.WriteFile(path, b, 0o600))
				return storage.PutFile(ctx, s, path)
			},
		} {
			name := fmt.Sprintf("%d bytes from %s", size, source)
			// A seed of its own, so that no case finds what another has stored.
			b := Content(uint64(1000*i+len(source)), size)
			info, err := put(b)
			require.NoError(t, err, name)
			require.Equal(t, infoOf(b), info, name)
			requireContent(t, s, b, name)
			require.NoError(t, s.Delete(ctx, info.Digest), name)
		}
	}
}

func passesThrough(t *testing.T, s storage.Store) {
	const size = 64 << 20
	const most = 24 << 20 // an upload in parts holds one or two of them
	ctx := deadline(t)
	info, err := storage.DigestReader(Stream(64, size))
	require.NoError(t, err)

	require.Less(t, allocated(func() {
		_, err = s.Put(ctx, Stream(64, size), storage.ExpectDigest(info.Digest), storage.ExpectSize(size))
	}), uint64(most), "bytes allocated by a put of known digest and size")
	require.NoError(t, err)

	require.Less(t, allocated(func() { _, err = s.Put(ctx, Stream(64, size)) }), uint64(most),
		"bytes allocated by a put of unknown digest and size")
	require.NoError(t, err)

	path := filepath.Join(t.TempDir(), "fetched")
	require.Less(t, allocated(func() { _, err = storage.Fetch(ctx, s, info.Digest, path, size) }), uint64(most),
		"bytes allocated by a fetch")
	require.NoError(t, err)
}

// allocated returns how many bytes the process allocates while f runs.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func concurrentPuts(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	b := Content(2, 3<<20)
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = s.Put(ctx, onlyReader{bytes.NewReader(b)},
				storage.ExpectDigest(storage.DigestOf(b)), storage.ExpectSize(int64(len(b))))
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	requireContent(t, s, b, "after concurrent puts")
}

func putTwice(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	b := Content(3, 5000)
	for range 2 {
		_, err := storage.PutBytes(ctx, s, b)
		require.NoError(t, err)
		requireContent(t, s, b, "after another put")
	}
}

func wrongContent(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	for name, size := range map[string]int{"small": 100, "large": 6 << 20} {
		right := Content(4, size)
		flipped := bytes.Clone(right)
		flipped[size/2] ^= 1
		announced := []storage.PutOption{
			storage.ExpectDigest(storage.DigestOf(right)), storage.ExpectSize(int64(size)),
		}
		for what, c := range map[string]struct {
			src  io.Reader
			opts []storage.PutOption
			err  error
		}{
			"a flipped bit":               {onlyReader{bytes.NewReader(flipped)}, announced, storage.ErrDigestMismatch},
			"a flipped bit, rewindable":   {bytes.NewReader(flipped), announced, storage.ErrDigestMismatch},
			"a flipped bit, size unknown": {bytes.NewReader(flipped), announced[:1], storage.ErrDigestMismatch},
			"a byte less":                 {onlyReader{bytes.NewReader(right[:size-1])}, announced, storage.ErrSizeMismatch},
			"nothing":                     {onlyReader{bytes.NewReader(nil)}, announced, storage.ErrSizeMismatch},
			"a byte more": {
				onlyReader{bytes.NewReader(append(bytes.Clone(right), 0))}, announced, storage.ErrSizeMismatch,
			},
			"another size, digest unknown": {bytes.NewReader(right[1:]), announced[1:], storage.ErrSizeMismatch},
		} {
			_, err := s.Put(ctx, c.src, c.opts...)
			require.ErrorIs(t, err, c.err, "%s, %s", name, what)
			requireInvisible(t, s, storage.DigestOf(right))
			requireInvisible(t, s, storage.DigestOf(flipped))
		}
		empty := storage.DigestOf(nil)
		_, err := s.Put(ctx, onlyReader{bytes.NewReader(right)}, storage.ExpectDigest(empty), storage.ExpectSize(0))
		require.ErrorIs(t, err, storage.ErrSizeMismatch, "%s, announced as empty", name)
		requireInvisible(t, s, empty)
		_, err = s.Put(ctx, onlyReader{bytes.NewReader(nil)}, storage.ExpectDigest(infoOf(right).Digest), storage.ExpectSize(0))
		require.ErrorIs(t, err, storage.ErrDigestMismatch, "%s, empty content of another digest", name)
	}
}

func overLimit(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	b := Content(5, 100_000)
	d := storage.DigestOf(b)
	for what, put := range map[string]func() error{
		"size announced": func() error {
			_, err := s.Put(ctx, onlyReader{bytes.NewReader(b)},
				storage.ExpectSize(100_000), storage.ExpectDigest(d), storage.Limit(99_999))
			return err
		},
		"size unknown": func() error {
			_, err := s.Put(ctx, onlyReader{bytes.NewReader(b)}, storage.Limit(99_999))
			return err
		},
		"size unknown, rewindable": func() error {
			_, err := s.Put(ctx, bytes.NewReader(b), storage.Limit(99_999))
			return err
		},
		"a stream without an end": func() error {
			_, err := s.Put(ctx, Stream(5, 1<<62), storage.Limit(99_999))
			return err
		},
	} {
		require.ErrorIs(t, put(), storage.ErrTooLarge, what)
		requireInvisible(t, s, d)
	}
	_, err := s.Put(ctx, onlyReader{bytes.NewReader(b)}, storage.Limit(100_000))
	require.NoError(t, err, "content of just the limit")
}

func brokenSource(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	b := Content(6, 2<<20)
	d := storage.DigestOf(b)
	for what, opts := range map[string][]storage.PutOption{
		"announced":     {storage.ExpectDigest(d), storage.ExpectSize(int64(len(b)))},
		"not announced": nil,
	} {
		_, err := s.Put(ctx, brokenAfter(b[:len(b)/2]), opts...)
		require.ErrorIs(t, err, errSource, what)
		requireInvisible(t, s, d)
	}
	_, err := storage.PutBytes(ctx, s, b)
	require.NoError(t, err, "after broken sources")
	requireContent(t, s, b, "after broken sources")
}

func cancelledPut(t *testing.T, s storage.Store) {
	b := Content(7, 2<<20)
	d := storage.DigestOf(b)
	for what, opts := range map[string][]storage.PutOption{
		"announced":     {storage.ExpectDigest(d), storage.ExpectSize(int64(len(b)))},
		"not announced": nil,
	} {
		ctx, cancel := context.WithCancel(deadline(t))
		src, reached, open := NewGate(onlyReader{bytes.NewReader(b)}, int64(len(b)))
		result := make(chan error, 1)
		go func() {
			_, err := s.Put(ctx, src, opts...)
			result <- err
		}()
		receive(t, reached, "half of the content to be read")
		cancel()
		close(open)
		require.ErrorIs(t, receive(t, result, "the put to return"), context.Canceled, what)
		requireInvisible(t, s, d)
	}
	_, err := storage.PutBytes(deadline(t), s, b)
	require.NoError(t, err)
	requireContent(t, s, b, "after cancelled puts")
}

func notFound(t *testing.T, s storage.Store) {
	requireInvisible(t, s, storage.DigestOf([]byte("never put")))
}

func deleted(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	info, err := storage.PutBytes(ctx, s, Content(8, 1000))
	require.NoError(t, err)
	require.NoError(t, s.Delete(ctx, info.Digest))
	requireInvisible(t, s, info.Digest)
	require.NoError(t, s.Delete(ctx, info.Digest), "again")
	require.NoError(t, s.Delete(ctx, storage.DigestOf([]byte("never put"))), "what was never there")
}

func invalidDigest(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	for _, d := range []storage.Digest{
		"", "sha256:", "sha256:abc", "../../etc/passwd",
		storage.Digest("SHA256:" + storage.DigestOf(nil).Hex()),
		storage.DigestOf(nil) + "0",
	} {
		_, _, err := s.Get(ctx, d)
		require.ErrorContains(t, err, "digest", "get %q", d)
		_, err = s.Stat(ctx, d)
		require.ErrorContains(t, err, "digest", "stat %q", d)
		require.ErrorContains(t, s.Delete(ctx, d), "digest", "delete %q", d)
		_, err = s.Put(ctx, bytes.NewReader(nil), storage.ExpectDigest(d))
		require.ErrorContains(t, err, "digest", "put %q", d)
	}
}

func endedContext(t *testing.T, s storage.Store) {
	info, err := storage.PutBytes(deadline(t), s, Content(9, 1000))
	require.NoError(t, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancelLate()
	for want, ctx := range map[error]context.Context{context.Canceled: cancelled, context.DeadlineExceeded: late} {
		_, _, err = s.Get(ctx, info.Digest)
		require.ErrorIs(t, err, want, "get")
		_, err = s.Stat(ctx, info.Digest)
		require.ErrorIs(t, err, want, "stat")
		require.ErrorIs(t, s.Delete(ctx, info.Digest), want, "delete")
		_, err = storage.PutBytes(ctx, s, Content(9, 1001))
		require.ErrorIs(t, err, want, "put")
	}
	requireInvisible(t, s, storage.DigestOf(Content(9, 1001)))
	requireContent(t, s, Content(9, 1000), "after calls whose context had ended")
}

func cancelledGet(t *testing.T, s storage.Store) {
	b := Content(10, 16<<20)
	info, err := storage.PutBytes(deadline(t), s, b)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(deadline(t))
	defer cancel()
	body, _, err := s.Get(ctx, info.Digest)
	require.NoError(t, err)
	defer body.Close()
	_, err = io.ReadFull(body, make([]byte, 1000))
	require.NoError(t, err)
	cancel()
	_, err = io.Copy(io.Discard, body)
	require.ErrorIs(t, err, context.Canceled)
}

func closedEarly(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	b := Content(11, 8<<20)
	info, err := storage.PutBytes(ctx, s, b)
	require.NoError(t, err)
	for range 3 {
		body, _, err := s.Get(ctx, info.Digest)
		require.NoError(t, err)
		_, err = body.Read(make([]byte, 10))
		require.NoError(t, err)
		require.NoError(t, body.Close())
	}
	requireContent(t, s, b, "after readers closed early")
}

func fetch(t *testing.T, s storage.Store) {
	ctx := deadline(t)
	b := Content(12, 300_000)
	info, err := storage.PutBytes(ctx, s, b)
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "file")

	_, err = storage.Fetch(ctx, s, storage.DigestOf([]byte("never put")), path, 1<<20)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = storage.Fetch(ctx, s, info.Digest, path, info.Size-1)
	require.ErrorIs(t, err, storage.ErrTooLarge)
	_, err = storage.ReadAll(ctx, s, info.Digest, info.Size-1)
	require.ErrorIs(t, err, storage.ErrTooLarge)
	requireFiles(t, dir)

	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	got, err := storage.Fetch(ctx, s, info.Digest, path, info.Size)
	require.NoError(t, err)
	require.Equal(t, info, got)
	onDisk, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, info.Digest, storage.DigestOf(onDisk))
	requireFiles(t, dir, "file")
}
