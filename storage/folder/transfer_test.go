//go:build unix

package folder_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/local"
	"github.com/ain-network/aind/storage/progress"
	"github.com/ain-network/aind/storage/storagetest"
)

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// counting is a store that counts what it is sent and asked for.
type counting struct {
	storage.Store
	mu         sync.Mutex
	puts, gets int
}

func (c *counting) count(n *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n++
}

func (c *counting) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (storage.Info, error) {
	c.count(&c.puts)
	return c.Store.Put(ctx, src, opts...)
}

func (c *counting) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	c.count(&c.gets)
	return c.Store.Get(ctx, d)
}

func store(t *testing.T) *counting {
	s, err := local.Open(t.TempDir())
	require.NoError(t, err)
	return &counting{Store: s}
}

// write makes a folder of files.
func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for path, content := range files {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	return dir
}

func requireFiles(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	got := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		got[filepath.ToSlash(name)] = content
		return err
	}))
	require.Len(t, got, len(files))
	for path, content := range files {
		require.True(t, bytes.Equal(content, got[path]), path)
	}
}

func files() map[string][]byte {
	return map[string][]byte{
		"a-b":            []byte("sorts before what lies in a"),
		"a/b/c/deep.txt": []byte("deep"),
		"a/empty":        {},
		"data/model.bin": storagetest.Content(1, chunk.Threshold+1),
		"data/ü &.json":  []byte("{}"),
	}
}

func TestAFolderComesBackAsItWasPut(t *testing.T) {
	s := store(t)
	dir := write(t, files())
	require.NoError(t, os.Mkdir(filepath.Join(dir, "without-files"), 0o700))
	ref, m, err := folder.Put(deadline(t), s, dir, chunk.Options{})
	require.NoError(t, err)
	require.Equal(t, chunk.Ref{Digest: storage.DigestOf(m.Bytes()), Size: int64(len(m.Bytes()))}, ref)
	read, err := folder.Read(deadline(t), s, ref)
	require.NoError(t, err)
	require.Equal(t, m, read)
	model, found := m.Lookup("data/model.bin")
	require.True(t, found)
	require.True(t, model.Chunked)

	to := filepath.Join(t.TempDir(), "new")
	require.NoError(t, folder.Get(deadline(t), s, m, to, chunk.Options{}, nil))
	requireFiles(t, to, files())

	s.puts = 0
	again, _, err := folder.Put(deadline(t), s, to, chunk.Options{})
	require.NoError(t, err)
	require.Equal(t, ref, again, "the same files have the same name")
	require.Equal(t, 2, s.puts, "what is there is not sent again, but for manifests")

	require.NoError(t, os.WriteFile(filepath.Join(to, "a-b"), []byte("sorts BEFORE what lies in a"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(to, "a/empty")))
	require.NoError(t, os.WriteFile(filepath.Join(to, "other"), []byte("stays"), 0o600))
	s.gets = 0
	require.NoError(t, folder.Get(deadline(t), s, m, to, chunk.Options{}, nil))
	require.Equal(t, 3, s.gets, "what is right is not fetched again: two files and a manifest are")
	want := files()
	want["other"] = []byte("stays")
	requireFiles(t, to, want)
}

func TestFoldersThatCannotBeStored(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, dir string)
		err  error
		text string
	}{
		"a symbolic link": {func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "link")))
		}, folder.ErrNotAFile, "link is a symbolic link: folders in a store hold regular files only (put a copy in its place, or leave it out)"},
		"a link to a folder": {func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "link")))
		}, folder.ErrNotAFile, "link is a symbolic link"},
		"a pipe": {func(t *testing.T, dir string) {
			require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
		}, folder.ErrNotAFile, "pipe is a p---------: folders in a store hold regular files only (leave it out)"},
		"a name with a backslash": {func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, `a\b`), nil, 0o600))
		}, folder.ErrManifest, `path "a\\b" has a backslash, want slashes`},
		"names that differ in case": {func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "README"), nil, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "readme"), nil, 0o600))
		}, folder.ErrManifest, `file "readme": it clashes with "README"`},
		"no folder": {func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(dir)) }, os.ErrNotExist, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string][]byte{"a": []byte("a")})
			c.make(t, dir)
			s := store(t)
			_, _, err := folder.Put(deadline(t), s, dir, chunk.Options{})
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.text)
			require.Zero(t, s.puts, "nothing is sent")
		})
	}
}

func TestNothingIsWrittenOutsideOfTheFolder(t *testing.T) {
	s := store(t)
	_, m, err := folder.Put(deadline(t), s, write(t, map[string][]byte{"a/b": []byte("content")}), chunk.Options{})
	require.NoError(t, err)
	outside := t.TempDir()

	to := t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(to, "a")))
	require.ErrorContains(t, folder.Get(deadline(t), s, m, to, chunk.Options{}, nil), "path escapes from parent")
	requireFiles(t, outside, nil)

	to = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "victim"), []byte("before"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(to, "a"), 0o700))
	require.NoError(t, os.Symlink(filepath.Join(outside, "victim"), filepath.Join(to, "a/b")))
	require.NoError(t, folder.Get(deadline(t), s, m, to, chunk.Options{}, nil), "a file takes the link's place")
	requireFiles(t, to, map[string][]byte{"a/b": []byte("content")})
	requireFiles(t, outside, map[string][]byte{"victim": []byte("before")})

	bad := folder.Manifest{Files: []folder.File{{Path: "../x", Digest: m.Files[0].Digest, Size: m.Files[0].Size}}}
	require.ErrorIs(t, folder.Get(deadline(t), s, bad, to, chunk.Options{}, nil), folder.ErrManifest)
}

func TestAFileThatIsMissingInTheStoreIsNamed(t *testing.T) {
	s := store(t)
	ref, m, err := folder.Put(deadline(t), s, write(t, files()), chunk.Options{})
	require.NoError(t, err)
	deep, _ := m.Lookup("a/b/c/deep.txt")
	require.NoError(t, s.Delete(deadline(t), deep.Digest))
	err = folder.Get(deadline(t), s, m, t.TempDir(), chunk.Options{}, nil)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.ErrorContains(t, err, "a/b/c/deep.txt: ")

	require.NoError(t, s.Delete(deadline(t), ref.Digest))
	_, err = folder.Read(deadline(t), s, ref)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = folder.Read(deadline(t), s, deep.Ref())
	require.ErrorIs(t, err, storage.ErrNotFound)
	model, _ := m.Lookup("data/model.bin")
	_, err = folder.Read(deadline(t), s, model.Ref())
	require.ErrorIs(t, err, folder.ErrManifest, "what is too large is not even fetched")
	other, _ := m.Lookup("a-b")
	_, err = folder.Read(deadline(t), s, other.Ref())
	require.ErrorIs(t, err, folder.ErrManifest)
}

func TestATransferTellsOfAllFilesAtOnce(t *testing.T) {
	s := store(t)
	contents := map[string][]byte{"a/x": []byte("twelve bytes"), "b": []byte("six by"), "c": {}}
	var out bytes.Buffer
	line := progress.Start(&out, "photos")
	m, err := folder.PutFiles(deadline(t), s, write(t, contents), chunk.Options{Progress: line}, nil)
	line.Stop()
	require.NoError(t, err)
	require.Regexp(t, `^photos: 3 of 3 files, 18 bytes in 0 s`, out.String())

	out.Reset()
	to := write(t, map[string][]byte{"b": []byte("six by")})
	line = progress.Start(&out, "photos")
	require.NoError(t, folder.Get(deadline(t), s, m, to, chunk.Options{Progress: line}, nil))
	line.Stop()
	require.Regexp(t, `^photos: 3 of 3 files, 12 bytes in 0 s, .*, 6 bytes were there already\n$`, out.String())
}
