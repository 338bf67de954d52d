package storagetest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
)

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// receive waits for c, as long as the suite's patience lasts.
func receive[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		require.FailNow(t, "waited in vain for "+what)
		panic("unreachable")
	}
}

// requireContent requires that s has just b under b's digest.
func requireContent(t *testing.T, s storage.Store, b []byte, msg string) {
	t.Helper()
	ctx := deadline(t)
	want := infoOf(b)
	stat, err := s.Stat(ctx, want.Digest)
	require.NoError(t, err, msg)
	require.Equal(t, want, stat, msg)
	got, err := storage.ReadAll(ctx, s, want.Digest, want.Size)
	require.NoError(t, err, msg)
	require.Equal(t, want, infoOf(got), msg)
}

// requireInvisible requires that no way leads to an object of digest d.
func requireInvisible(t *testing.T, s storage.Store, d storage.Digest) {
	t.Helper()
	ctx := deadline(t)
	_, err := s.Stat(ctx, d)
	require.ErrorIs(t, err, storage.ErrNotFound, "stat")
	body, _, err := s.Get(ctx, d)
	if err == nil {
		body.Close()
	}
	require.ErrorIs(t, err, storage.ErrNotFound, "get")
}

// requireFiles requires that dir holds just the files named.
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
