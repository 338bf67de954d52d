//go:build unix

package folder_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/seal"
)

func keyAndSealer(t *testing.T) (seal.Key, folder.Sealer) {
	t.Helper()
	key, err := seal.NewKey()
	require.NoError(t, err)
	to, err := seal.ParseRecipients(key.Recipient())
	require.NoError(t, err)
	return key, to.Reader
}

func TestASealedFolderOpensForItsRecipientAlone(t *testing.T) {
	key, sealer := keyAndSealer(t)
	s := store(t)
	m, err := folder.PutFiles(deadline(t), s, write(t, files()), chunk.Options{}, sealer)
	require.NoError(t, err)
	require.Len(t, m.Files, len(files()))
	for _, f := range m.Files {
		require.True(t, f.Sealed, f.Path)
		require.NotEqual(t, storage.DigestOf(files()[f.Path]), f.Digest, "digests name what is encrypted")
	}

	to := filepath.Join(t.TempDir(), "opened")
	require.NoError(t, folder.Get(deadline(t), s, m, to, chunk.Options{}, key.Reader))
	requireFiles(t, to, files())

	as := t.TempDir()
	require.NoError(t, folder.Get(deadline(t), s, m, as, chunk.Options{}, nil), "as it is, whoever may read it")
	content, err := os.ReadFile(filepath.Join(as, "a-b"))
	require.NoError(t, err)
	require.True(t, seal.IsSealed(content))
	require.False(t, bytes.Contains(content, files()["a-b"]))

	other, _ := keyAndSealer(t)
	nothing := t.TempDir()
	s.gets = 0
	err = folder.Get(deadline(t), s, m, nothing, chunk.Options{}, other.Reader)
	require.ErrorIs(t, err, seal.ErrSealed)
	require.ErrorContains(t, err, "a/empty: cannot be opened with this key")
	require.Equal(t, 1, s.gets, "it is known before all is fetched")
	requireFiles(t, nothing, nil)
}

func TestSealedFilesAreNotFetchedTwice(t *testing.T) {
	key, sealer := keyAndSealer(t)
	s := store(t)
	contents := map[string][]byte{"a/x": []byte("content of x"), "b": []byte("content of b, which is longer")}
	m, err := folder.PutFiles(deadline(t), s, write(t, contents), chunk.Options{}, sealer)
	require.NoError(t, err)

	to := t.TempDir()
	opened := 0
	breaks := func(r io.Reader) (io.Reader, error) {
		if opened++; opened == 3 { // the first is the try, the second the first file
			return nil, errors.New("the power fails")
		}
		return key.Reader(r)
	}
	require.ErrorContains(t, folder.Get(deadline(t), s, m, to, chunk.Options{}, breaks), "b: the power fails")
	require.NoFileExists(t, filepath.Join(to, "b"))
	s.gets = 0
	require.NoError(t, folder.Get(deadline(t), s, m, to, chunk.Options{}, key.Reader))
	require.Equal(t, 1, s.gets, "the try")
	requireFiles(t, to, contents)
}

func TestWhatDoesNotOpenToItsEndReachesNoFile(t *testing.T) {
	key, _ := keyAndSealer(t)
	s := store(t)
	sealed, err := key.Seal(bytes.Repeat([]byte("x"), 200_000))
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"cut":     sealed[:len(sealed)-1],
		"changed": append(append(bytes.Clone(sealed[:150_000]), sealed[150_000]^1), sealed[150_001:]...),
		"longer":  append(bytes.Clone(sealed), 0),
	} {
		info, err := storage.PutBytes(deadline(t), s, content)
		require.NoError(t, err)
		m := folder.Manifest{Files: []folder.File{{Path: "file", Digest: info.Digest, Size: info.Size, Sealed: true}}}
		to := write(t, map[string][]byte{"file": []byte("before")})
		require.ErrorIs(t, folder.Get(deadline(t), s, m, to, chunk.Options{}, key.Reader), seal.ErrSealed, name)
		require.NoFileExists(t, filepath.Join(to, "file.opened.unverified"))
		got, err := os.ReadFile(filepath.Join(to, "file"))
		require.NoError(t, err)
		require.Equal(t, "before", string(got), name)
	}
}

func TestNamesInTheFolderForSealedFilesAreRefused(t *testing.T) {
	key, _ := keyAndSealer(t)
	m := manifest(t, ".AIN-sealed/x=1")
	err := folder.Get(deadline(t), store(t), m, t.TempDir(), chunk.Options{}, key.Reader)
	require.ErrorIs(t, err, folder.ErrManifest)
	require.ErrorContains(t, err, `file ".AIN-sealed/x": sealed files are kept in .ain-sealed until all are fetched`)
}
