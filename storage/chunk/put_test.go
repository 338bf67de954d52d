package chunk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/local"
	"github.com/ain-network/aind/storage/storagetest"
)

var errDown = &storage.UnavailableError{Endpoint: "there", Err: errors.New("it is down")}

func TestAPutThatBrokeOffGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "content")
	require.NoError(t, os.WriteFile(path, large(), 0o600))
	for source, put := range map[string]func(s storage.Store, opts chunk.Options) (chunk.Ref, error){
		"a file": func(s storage.Store, opts chunk.Options) (chunk.Ref, error) {
			return chunk.PutFile(deadline(t), s, path, opts)
		},
		"a stream": func(s storage.Store, opts chunk.Options) (chunk.Ref, error) {
			return chunk.Put(deadline(t), s, bytes.NewReader(large()), int64(len(large())), opts)
		},
	} {
		t.Run(source, func(t *testing.T) {
			want, m := putLarge(t, watch(t))
			s := watch(t)
			s.before = func(call string, _ storage.Digest) error {
				if call == "put" && len(s.puts) == 2 {
					return errDown
				}
				return nil
			}
			_, err := put(s, chunk.Options{Parallel: 1})
			require.ErrorIs(t, err, storage.ErrUnavailable)
			_, err = s.Stat(deadline(t), want.Digest)
			require.ErrorIs(t, err, storage.ErrNotFound, "there is no manifest before there are all chunks")

			s.before = nil
			s.forget()
			ref, err := put(s, chunk.Options{})
			require.NoError(t, err)
			require.Equal(t, want, ref)
			require.Len(t, s.puts, len(m.Chunks)-2+1, "the chunks that were missing, and the manifest")
			requireContent(t, s, ref, large())

			s.forget()
			_, err = put(s, chunk.Options{Again: true})
			require.NoError(t, err)
			require.Len(t, s.puts, len(m.Chunks)+1, "on demand all are sent again")
		})
	}
}

func TestAStoreThatDoesNotSayWhatItHasIsSentAll(t *testing.T) {
	s := watch(t)
	s.before = func(call string, _ storage.Digest) error {
		if call == "stat" {
			return storage.ErrDenied
		}
		return nil
	}
	ref, m := putLarge(t, s)
	require.Len(t, s.puts, len(m.Chunks)+1)
	s.before = nil
	requireContent(t, s, ref, large())
}

func TestContentThatIsNotAsAnnouncedHasNoName(t *testing.T) {
	for name, c := range map[string]struct {
		src  io.Reader
		size int64
		err  error
		text string
	}{
		"a byte less than said, in chunks": {bytes.NewReader(large()), int64(len(large())) + 1, storage.ErrSizeMismatch, "want 67108866 bytes, content has 67108865"},
		"a byte more than said, in chunks": {storagetest.Stream(7, chunk.Threshold+2), chunk.Threshold + 1, storage.ErrSizeMismatch, "want 67108865 bytes, content has more"},
		"a byte less than said":            {bytes.NewReader([]byte("ab")), 3, storage.ErrSizeMismatch, "want 3 bytes, content has 2"},
		"a byte more than said":            {bytes.NewReader([]byte("abcd")), 3, storage.ErrSizeMismatch, "want 3 bytes, content has more"},
		"more than chunks take":            {storagetest.Stream(1, 1<<62), chunk.MaxContent + 1, storage.ErrTooLarge, "content has 1099511627777 bytes, chunks take 1099511627776"},
		"a source that breaks":             {io.MultiReader(bytes.NewReader(large()), broken{}), storage.UnknownSize, io.ErrNoProgress, "multiple Read calls"},
		"a small source that breaks":       {io.MultiReader(bytes.NewReader([]byte("ab")), broken{}), 3, io.ErrNoProgress, "multiple Read calls"},
	} {
		t.Run(name, func(t *testing.T) {
			s := watch(t)
			dir := t.TempDir()
			_, err := chunk.Put(deadline(t), s, c.src, c.size, chunk.Options{SpoolDir: dir})
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.text)
			require.Zero(t, s.unmeasured, "no manifest was sent")
			requireFiles(t, dir)
		})
	}
	_, err := chunk.PutFile(deadline(t), watch(t), t.TempDir(), chunk.Options{})
	require.ErrorContains(t, err, "it is no regular file: give a file, or its content as a stream")
}

// broken is a source that fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

func TestAStreamThatBreaksOffHasNoName(t *testing.T) {
	for name, size := range map[string]int{"small": 1000, "one object": 8 << 20, "chunks": chunk.Threshold + chunk.Size/2} {
		for _, broken := range []error{io.ErrUnexpectedEOF, errDown} {
			t.Run(name+", "+broken.Error(), func(t *testing.T) {
				s := watch(t)
				src := io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(broken))
				_, err := chunk.Put(deadline(t), s, src, storage.UnknownSize, chunk.Options{SpoolDir: t.TempDir()})
				require.ErrorIs(t, err, broken)
				for put := range s.puts {
					require.Equal(t, storage.DigestOf(make([]byte, chunk.Size)), put, "nothing but whole chunks was sent")
				}
			})
		}
	}
}

func TestAFileThatChangesWhileItIsSentIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, path string)
		err    error
	}{
		"other bytes": {func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte("changed"), chunk.Size+5)
			require.NoError(t, errors.Join(err, f.Close()))
		}, storage.ErrDigestMismatch},
		"fewer bytes": {func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, chunk.Size+5)) }, storage.ErrSizeMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "content")
			require.NoError(t, os.WriteFile(path, large(), 0o600))
			s := watch(t)
			second := storage.DigestOf(large()[chunk.Size : 2*chunk.Size])
			s.before = func(call string, d storage.Digest) error {
				if call == "put" && d == second { // it was hashed
					c.change(t, path)
				}
				return nil
			}
			_, err := chunk.PutFile(deadline(t), s, path, chunk.Options{Parallel: 1})
			require.ErrorIs(t, err, c.err)
			require.Zero(t, s.unmeasured, "no manifest was sent")
		})
	}
}

func TestAPutThatIsCancelledSaysSo(t *testing.T) {
	for source, src := range map[string]func() io.Reader{
		"a stream":       func() io.Reader { return bytes.NewReader(large()) },
		"an endless one": func() io.Reader { return storagetest.Stream(1, 1<<62) },
	} {
		ctx, cancel := context.WithCancel(deadline(t))
		s := watch(t)
		s.before = func(call string, _ storage.Digest) error {
			if call == "put" {
				cancel()
			}
			return nil
		}
		_, err := chunk.Put(ctx, s, src(), storage.UnknownSize, chunk.Options{})
		require.ErrorIs(t, err, context.Canceled, source)
		require.Zero(t, s.unmeasured, "no manifest was sent")
	}
}

func TestTransfersHoldFewChunksInMemory(t *testing.T) {
	const size = 16 * chunk.Size
	s, err := local.Open(t.TempDir())
	require.NoError(t, err)
	var ref chunk.Ref
	require.Less(t, allocated(func() {
		ref, err = chunk.Put(deadline(t), s, storagetest.Stream(3, size), size, chunk.Options{})
	}), uint64(44<<20), "a stream is in memory as two chunks")
	require.NoError(t, err)

	path := filepath.Join(t.TempDir(), "content")
	require.Less(t, allocated(func() { err = chunk.Get(deadline(t), s, ref, path, chunk.Options{}) }), uint64(16<<20), "a file is not in memory")
	require.NoError(t, err)
	var again chunk.Ref
	require.Less(t, allocated(func() { again, err = chunk.PutFile(deadline(t), s, path, chunk.Options{Again: true}) }), uint64(16<<20))
	require.NoError(t, err)
	require.Equal(t, ref, again)
	require.Less(t, allocated(func() {
		var r io.ReadCloser
		r, err = chunk.Open(deadline(t), s, ref, chunk.Options{})
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, r)
		require.NoError(t, r.Close())
	}), uint64(44<<20), "what is read ahead is two chunks")
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
