package storage_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/storagetest"
	"github.com/ain-network/aind/storage/storagetest/server"
)

// disk makes a folder that takes so many MiB, and returns a function that makes it larger.
func disk(t *testing.T, mib int) (dir string, grow func(mib int)) {
	t.Helper()
	dir = t.TempDir()
	size := func(mib int) string { return fmt.Sprintf("size=%dm,mode=700", mib) }
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, size(mib)); err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("AIND_REQUIRE_REAL") == "1" {
			t.Fatal("a small disk: ", err)
		}
		t.Skip("needs to be root, for a small disk: ", err)
	}
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return dir, func(mib int) { require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, size(mib))) }
}

func TestAServerWhoseDiskIsFull(t *testing.T) {
	for _, kind := range server.Kinds() {
		t.Run(kind, func(t *testing.T) {
			dir, grow := disk(t, 40)
			srv := server.Run(t, kind, dir)
			s := &heard{Store: open(t, srv, srv.Addr)}
			want := nameOf(t, large())
			_, err := chunk.Put(deadline(t), s, bytes.NewReader(large()), want.Size, chunk.Options{Parallel: 1})
			require.ErrorIs(t, err, storage.ErrUnavailable)
			require.ErrorContains(t, err, srv.Addr)
			require.Regexp(t, "(?i)no space left on device|minimum free drive threshold", err.Error(), "it says what is the matter")
			require.NotEmpty(t, s.digests)
			for _, d := range s.digests {
				_, err := storage.ReadAll(deadline(t), s, d, chunk.Size)
				require.NoError(t, err, "what was acknowledged is there")
			}
			_, err = s.Stat(deadline(t), want.Digest)
			require.ErrorIs(t, err, storage.ErrNotFound)

			grow(200)
			require.Eventually(t, func() bool { // MinIO looks at its disk now and then
				ref, err := put(deadline(t), s, large())
				return err == nil && ref == want
			}, patience, 100*time.Millisecond, "it goes on when there is room")
			requireContent(t, s, large())
		})
	}
}

func TestAClientWhoseDiskIsFull(t *testing.T) {
	srv := server.Run(t, "embedded", t.TempDir())
	proxy := storagetest.NewProxy(t, srv.Addr)
	s := open(t, srv, proxy.Addr)
	ref, err := put(deadline(t), s, large())
	require.NoError(t, err)
	dir, grow := disk(t, 40)
	path := filepath.Join(dir, "content")
	err = chunk.Get(deadline(t), s, ref, path, chunk.Options{Parallel: 1})
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoFileExists(t, path)

	grow(200)
	proxy.Set(storagetest.Fault{})
	require.NoError(t, chunk.Get(deadline(t), s, ref, path, chunk.Options{}))
	require.LessOrEqual(t, proxy.Asked("GET"), 4, "the manifest and the chunks that had no room")
	require.Equal(t, ref, fileName(t, path))
}
