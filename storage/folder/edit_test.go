package folder_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/folder"
)

// manifest of files whose contents are their letters: "a/x=1" is content 1.
func manifest(t *testing.T, files ...string) folder.Manifest {
	t.Helper()
	var m folder.Manifest
	for _, text := range files {
		path, content, _ := strings.Cut(text, "=")
		m.Files = append(m.Files, folder.File{Path: path, Digest: storage.DigestOf([]byte(content)), Size: int64(len(content))})
	}
	require.NoError(t, m.Validate())
	return m
}

func TestFoldersWithinFolders(t *testing.T) {
	m := manifest(t, "a=1", "b-c/x=2", "b/x=3", "b/y/z=4")
	require.Equal(t, manifest(t, "x=3", "y/z=4"), m.Below("b"))
	require.Equal(t, manifest(t, "z=4"), m.Below("b/y"))
	require.Equal(t, m, m.Below(""))
	require.Empty(t, m.Below("a").Files)
	require.Empty(t, m.Below("c").Files)
	require.Equal(t, m, m.In(""))
	require.Equal(t, manifest(t, "b/x=3", "b/y/z=4"), m.Below("b").In("b"))
	path, named := m.Named(storage.DigestOf([]byte("3")))
	require.True(t, named)
	require.Equal(t, "b/x", path)
	_, named = m.Named(storage.DigestOf([]byte("9")))
	require.False(t, named)
}

func TestFilesAreAddedAndReplaced(t *testing.T) {
	m := manifest(t, "a=1", "b/x=3")
	got, err := m.With(manifest(t, "a=2", "b/w=4", "c=5"))
	require.NoError(t, err)
	require.Equal(t, manifest(t, "a=2", "b/w=4", "b/x=3", "c=5"), got)
	require.Equal(t, manifest(t, "a=1", "b/x=3"), m, "the other is as it was")

	_, err = m.With(manifest(t, "b=1"))
	require.EqualError(t, err, `not a folder manifest: file "b/x": it clashes with "b", which some systems take for the same`)
	_, err = m.With(manifest(t, "A=1"))
	require.ErrorIs(t, err, folder.ErrManifest)

	long := folder.Manifest{}
	for i := range 40_000 {
		long.Files = append(long.Files, folder.File{Path: fmt.Sprintf("%05d", i) + strings.Repeat("x", 900), Digest: storage.Digest(digest)})
	}
	_, err = folder.Manifest{}.With(long)
	require.EqualError(t, err, fmt.Sprintf("not a folder manifest: it would have %d bytes, at most 33554432 are possible", len(long.Bytes())))
}

func TestFilesAreTakenOut(t *testing.T) {
	m := manifest(t, "a=1", "b-c=2", "b/x=3", "b/y/z=4")
	rest, removed := m.Without("b")
	require.Equal(t, manifest(t, "a=1", "b-c=2"), rest)
	require.Equal(t, manifest(t, "b/x=3", "b/y/z=4").Files, removed)
	rest, removed = m.Without("b/y/z")
	require.Equal(t, manifest(t, "a=1", "b-c=2", "b/x=3"), rest)
	require.Len(t, removed, 1)
	rest, removed = m.Without("nothing")
	require.Equal(t, m, rest)
	require.Empty(t, removed)
}
