package filelock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage/internal/filelock"
)

func TestLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	a, b := open(), open()
	require.NoError(t, filelock.Share(a))
	require.NoError(t, filelock.Share(b), "many share a lock")
	c := open()
	require.ErrorIs(t, filelock.Try(c), filelock.ErrLocked, "nobody has it alone while others share it")
	require.NoError(t, a.Close())
	require.NoError(t, b.Close())
	require.NoError(t, filelock.Try(c), "it ends when the files are closed")
	require.ErrorIs(t, filelock.Share(open()), filelock.ErrLocked, "nobody shares what one has alone")

	waited := make(chan error, 1)
	d := open()
	go func() { waited <- filelock.Wait(d) }()
	require.NoError(t, c.Close())
	require.NoError(t, <-waited, "who waits gets it then")
	require.ErrorIs(t, filelock.Try(open()), filelock.ErrLocked)
}
