package cache_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/cache"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/local"
	"github.com/ain-network/aind/storage/storagetest"
)

// TestMain lets the test binary be another process that uses a folder: it holds a content until its input ends.
func TestMain(m *testing.M) {
	if at := os.Getenv(envHold); at != "" {
		dir, digest, _ := strings.Cut(at, " ")
		c, err := cache.Open(dir, 100)
		if err == nil {
			_, err = c.Hold(context.Background(), nil, storage.Digest(digest), 4)
		}
		if err != nil {
			os.Stdout.WriteString(err.Error())
			os.Exit(1)
		}
		os.Stdout.WriteString("held")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

const envHold = "AIND_TEST_HOLD"

// counting is a store that counts its gets.
type counting struct {
	storage.Store
	gets atomic.Int32
}

func (s *counting) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	s.gets.Add(1)
	return s.Store.Get(ctx, d)
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func openStore(t *testing.T) *counting {
	s, err := local.Open(t.TempDir())
	require.NoError(t, err)
	return &counting{Store: s}
}

func openCache(t *testing.T, dir string, size int64) *cache.Cache {
	t.Helper()
	c, err := cache.Open(dir, size)
	require.NoError(t, err)
	return c
}

func put(t *testing.T, s storage.Store, content string) storage.Digest {
	t.Helper()
	info, err := storage.PutBytes(deadline(t), s, []byte(content))
	require.NoError(t, err)
	return info.Digest
}

func hold(t *testing.T, c *cache.Cache, s storage.Store, content string) *cache.Held {
	t.Helper()
	h, err := c.Hold(deadline(t), s, storage.DigestOf([]byte(content)), int64(len(content)))
	require.NoError(t, err)
	t.Cleanup(func() { h.Close() })
	got, err := os.ReadFile(h.Path)
	require.NoError(t, err)
	require.Equal(t, content, string(got))
	return h
}

// requireKept requires that a folder holds just these contents.
func requireKept(t *testing.T, dir string, contents ...string) {
	t.Helper()
	want := []string{"lock"}
	for _, content := range contents {
		want = append(want, storage.DigestOf([]byte(content)).Hex())
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	require.ElementsMatch(t, want, got)
}

func TestContentIsFetchedOnce(t *testing.T) {
	s, dir := openStore(t), t.TempDir()
	c := openCache(t, dir, 100)
	d := put(t, s, "content")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			h, err := c.Hold(deadline(t), s, d, 7)
			if err == nil {
				err = h.Close()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	hold(t, openCache(t, dir, 100), s, "content")
	require.EqualValues(t, 1, s.gets.Load(), "by all who want it at once, and by later ones")
	requireKept(t, dir, "content")
}

func TestWhatWasUsedLongestAgoGoesFirst(t *testing.T) {
	s, dir := openStore(t), t.TempDir()
	c := openCache(t, dir, 8)
	for _, content := range []string{"aaaa", "bbbb", "cccc"} {
		put(t, s, content)
	}
	a, b := hold(t, c, s, "aaaa"), hold(t, c, s, "bbbb")
	_, err := c.Hold(deadline(t), s, storage.DigestOf([]byte("cccc")), 4)
	require.ErrorIs(t, err, cache.ErrFull)
	require.EqualError(t, err, "cache: the cache is full: 8 bytes of 8 are in use, 4 more are needed")
	requireKept(t, dir, "aaaa", "bbbb")

	require.NoError(t, b.Close())
	require.NoError(t, a.Close())
	require.NoError(t, hold(t, c, s, "aaaa").Close()) // used again, and so younger than b
	hold(t, c, s, "cccc")
	requireKept(t, dir, "aaaa", "cccc")

	_, err = c.Hold(deadline(t), s, put(t, s, "too large"), 9)
	require.ErrorIs(t, err, cache.ErrFull)
	requireKept(t, dir, "aaaa", "cccc")
	_, err = cache.Open(dir, 0)
	require.ErrorContains(t, err, "a size of 0 bytes holds nothing (give more)")
}

func TestWhatAnotherProcessHoldsStays(t *testing.T) {
	s, dir := openStore(t), t.TempDir()
	c := openCache(t, dir, 8)
	d := put(t, s, "held")
	require.NoError(t, hold(t, c, s, "held").Close())

	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), envHold+"="+dir+" "+string(d))
	stdin, err := other.StdinPipe()
	require.NoError(t, err)
	stdout, err := other.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	said := make([]byte, 4)
	_, err = io.ReadFull(stdout, said)
	require.NoError(t, err)
	require.Equal(t, "held", string(said))

	large := put(t, s, "largest!")
	_, err = c.Hold(deadline(t), s, large, 8)
	require.ErrorIs(t, err, cache.ErrFull)
	requireKept(t, dir, "held")
	require.NoError(t, stdin.Close())
	require.NoError(t, other.Wait())
	hold(t, c, s, "largest!")
	requireKept(t, dir, "largest!")
}

func TestAFileThatSomebodyChangedIsFetchedAnew(t *testing.T) {
	s, dir := openStore(t), t.TempDir()
	put(t, s, "content")
	for name, changed := range map[string]string{"other bytes": "changed", "fewer": "con", "more": "contents", "none": ""} {
		path := hold(t, openCache(t, dir, 100), s, "content").Path
		require.NoError(t, os.WriteFile(path, []byte(changed), 0o600), name)
		hold(t, openCache(t, dir, 100), s, "content")
	}

	// Through the store it is found out even by the process that has checked it before.
	c := openCache(t, dir, 100)
	through := c.Over(s)
	path := hold(t, c, s, "content").Path
	require.NoError(t, os.WriteFile(path, []byte("changed"), 0o600))
	_, err := storage.ReadAll(deadline(t), through, storage.DigestOf([]byte("content")), 100)
	require.ErrorIs(t, err, storage.ErrDigestMismatch)
	got, err := storage.ReadAll(deadline(t), through, storage.DigestOf([]byte("content")), 100)
	require.NoError(t, err)
	require.Equal(t, "content", string(got))
}

func TestNothingWrongIsKept(t *testing.T) {
	s, dir := openStore(t), t.TempDir()
	c := openCache(t, dir, 100)
	d := put(t, s, "content")
	for _, size := range []int64{6, 8} {
		_, err := c.Hold(deadline(t), s, d, size)
		require.ErrorIs(t, err, storage.ErrSizeMismatch)
	}
	_, err := c.Hold(deadline(t), s, storage.DigestOf([]byte("never put")), 9)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = c.Hold(deadline(t), s, "abc", 9)
	require.ErrorContains(t, err, `digest "abc"`)
	_, err = c.Hold(deadline(t), wrong{s}, d, 7)
	require.ErrorIs(t, err, storage.ErrDigestMismatch)
	_, err = storage.ReadAll(deadline(t), c.Over(wrong{s}), d, 100)
	require.ErrorIs(t, err, storage.ErrDigestMismatch)
	requireKept(t, dir)

	r, _, err := c.Over(s).Get(deadline(t), d)
	require.NoError(t, err)
	_, err = r.Read(make([]byte, 2))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	requireKept(t, dir)
	hold(t, c, s, "content")
	_, err = c.Hold(deadline(t), s, d, 8)
	require.ErrorIs(t, err, storage.ErrSizeMismatch, "nor is what is there given out under another size")
}

// wrong is a store whose bytes are others.
type wrong struct{ storage.Store }

func (w wrong) Get(_ context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	info := storage.Info{Digest: d, Size: 7}
	return io.NopCloser(storage.NewVerifier(bytes.NewReader([]byte("c0ntent")), info)), info, nil
}

func TestWhatWasNotFinishedIsThrownAway(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"00.123.unverified", "not-ours"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600))
	}
	openCache(t, dir, 100)
	require.NoFileExists(t, filepath.Join(dir, "00.123.unverified"))
	require.FileExists(t, filepath.Join(dir, "not-ours"))
}

func TestAStoreBehindACacheIsAStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store {
		return openCache(t, t.TempDir(), 32<<20).Over(openStore(t))
	})
}

func TestWhatIsReadThroughTheCacheIsFetchedOnce(t *testing.T) {
	s, dir := openStore(t), t.TempDir()
	d, large := put(t, s, "content"), put(t, s, "more than there is room for")
	through := openCache(t, dir, 10).Over(s)
	for range 3 {
		got, err := storage.ReadAll(deadline(t), through, d, 100)
		require.NoError(t, err)
		require.Equal(t, "content", string(got))
	}
	require.EqualValues(t, 1, s.gets.Load())
	got, err := storage.ReadAll(deadline(t), through, large, 100)
	require.NoError(t, err, "what there is no room for is read all the same")
	require.Equal(t, "more than there is room for", string(got))
	requireKept(t, dir, "content")

	// What is being read stays.
	body, _, err := through.Get(deadline(t), d)
	require.NoError(t, err)
	put(t, s, "other")
	_, err = storage.ReadAll(deadline(t), through, storage.DigestOf([]byte("other")), 100)
	require.NoError(t, err)
	requireKept(t, dir, "content")
	require.NoError(t, body.Close())
	_, err = storage.ReadAll(deadline(t), through, storage.DigestOf([]byte("other")), 100)
	require.NoError(t, err)
	requireKept(t, dir, "other")
	require.NoError(t, through.Delete(deadline(t), storage.DigestOf([]byte("other"))))
	requireKept(t, dir)
}

// rooted is a store that wants to know the manifest of what it is asked for.
type rooted struct {
	storage.Store
	root storage.Digest
}

func (r rooted) Under(root storage.Digest) storage.Store { return rooted{r.Store, root} }

func (r rooted) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	if r.root == "" {
		return nil, storage.Info{}, storage.ErrNotFound
	}
	return r.Store.Get(ctx, d)
}

func TestTheManifestOfAChunkReachesTheStore(t *testing.T) {
	s := openStore(t)
	d := put(t, s, "chunk")
	c := openCache(t, t.TempDir(), 100)
	_, _, err := c.Over(rooted{Store: s}).Get(deadline(t), d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	for _, store := range []storage.Store{c.Over(rooted{Store: s}), c.Over(s)} {
		got, err := storage.ReadAll(deadline(t), store.(chunk.Rooted).Under(storage.DigestOf(nil)), d, 100)
		require.NoError(t, err)
		require.Equal(t, "chunk", string(got))
	}
}
