package local_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/local"
	"github.com/ain-network/aind/storage/storagetest"
)

func open(t *testing.T) (*local.Store, string) {
	dir := t.TempDir()
	s, err := local.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() {
		left, err := os.ReadDir(filepath.Join(dir, "incoming"))
		require.NoError(t, err)
		require.Empty(t, left, "no half-written file is left")
	})
	return s, dir
}

func TestStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store {
		s, _ := open(t)
		return s
	})
}

func TestDamage(t *testing.T) {
	storagetest.RunDamage(t, func(t *testing.T) (storage.Store, func(storage.Digest) string) {
		s, dir := open(t)
		return s, func(d storage.Digest) string {
			return filepath.Join(dir, "objects", d.Hex()[:2], d.Hex())
		}
	})
}

func TestTwoStoresShareAFolder(t *testing.T) {
	a, dir := open(t)
	b, err := local.Open(dir)
	require.NoError(t, err)
	info, err := storage.PutBytes(t.Context(), a, []byte("shared"))
	require.NoError(t, err)
	got, err := storage.ReadAll(t.Context(), b, info.Digest, 100)
	require.NoError(t, err)
	require.Equal(t, "shared", string(got))
}

func TestOpenClearsAwayWhatAKilledWriterLeft(t *testing.T) {
	_, dir := open(t)
	old := filepath.Join(dir, "incoming", "put-old.unverified")
	young := filepath.Join(dir, "incoming", "put-young.unverified")
	for _, path := range []string{old, young} {
		require.NoError(t, os.WriteFile(path, []byte("half"), 0o600))
	}
	longAgo := time.Now().Add(-25 * time.Hour)
	require.NoError(t, os.Chtimes(old, longAgo, longAgo))
	_, err := local.Open(dir)
	require.NoError(t, err)
	require.NoFileExists(t, old)
	require.FileExists(t, young, "somebody may be writing it")
	require.NoError(t, os.Remove(young))
}

func TestOpenRefusesAFileInPlaceOfAFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := local.Open(path)
	require.ErrorContains(t, err, "open local store")
	_, err = local.Open("")
	require.ErrorContains(t, err, "dir is empty")
}
