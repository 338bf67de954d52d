package layout_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/docker/layout"
)

// makeFolder writes files with what must not matter: times and modes beyond those of programs.
func makeFolder(t *testing.T, at time.Time) string {
	t.Helper()
	folder := t.TempDir()
	for name, mode := range map[string]os.FileMode{"usr/bin/python3.11": 0o700, "usr/lib/data": 0o600} {
		file := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(name), mode))
		require.NoError(t, os.Chtimes(file, at, at))
	}
	require.NoError(t, os.Symlink("python3.11", filepath.Join(folder, "usr/bin/python3")))
	return folder
}

// layersOf unpacks every layer of an image to a list of what is in it.
func layersOf(t *testing.T, file string) (all [][]string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	for entries := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		plain, err := gzip.NewReader(entries)
		if err != nil {
			continue // a document
		}
		var names []string
		for layer := tar.NewReader(plain); ; {
			entry, err := layer.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, header.Name)
			assert.True(t, entry.ModTime.Equal(time.Unix(0, 0)))
			names = append(names, path.Clean(entry.Name)+" "+os.FileMode(entry.Mode).String()+" "+entry.Linkname)
		}
		all = append(all, names)
	}
}

func TestFoldersBecomeImagesAndLayers(t *testing.T) {
	build := func(at time.Time) []byte {
		var out bytes.Buffer
		image, err := layout.FromFolder(makeFolder(t, at), "amd64", []string{"/usr/bin/python3"})
		require.NoError(t, err)
		image.Config.Env = []string{"A=b"}
		require.NoError(t, layout.Write(&out, image))
		return out.Bytes()
	}
	first := build(time.Unix(1, 0))
	require.Equal(t, first, build(time.Unix(2_000_000, 0)), "equal contents, equal bytes")
	base := filepath.Join(t.TempDir(), "base.tar")
	require.NoError(t, os.WriteFile(base, first, 0o600))
	below := []string{"usr -rwxr-xr-x ", "usr/bin -rwxr-xr-x ", "usr/bin/python3 -rwxrwxrwx python3.11", "usr/bin/python3.11 -rwxr-xr-x ", "usr/lib -rwxr-xr-x ", "usr/lib/data -rw-r--r-- "}
	require.Equal(t, [][]string{below}, layersOf(t, base))

	opened, err := layout.OpenBase(base, "amd64")
	require.NoError(t, err)
	version, err := opened.PythonVersion()
	require.NoError(t, err)
	assert.Equal(t, "3.11", version)
	assert.Equal(t, []string{"/usr/bin/python3"}, opened.Image.Config.Entrypoint)
	more := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(more, "lib.py"), nil, 0o600))
	extended := filepath.Join(t.TempDir(), "extended.tar")
	out, err := os.Create(extended)
	require.NoError(t, err)
	require.NoError(t, layout.Folder{Path: more, At: "opt/lib"}.Extend(out, opened, func(c *ocispec.ImageConfig) { c.Env = append(c.Env, "C=d") }))
	require.NoError(t, errors.Join(out.Close(), opened.Close()))
	require.Equal(t, [][]string{below, {"opt -rwxr-xr-x ", "opt/lib -rwxr-xr-x ", "opt/lib/lib.py -rw-r--r-- "}}, layersOf(t, extended))
	again, err := layout.OpenBase(extended, "amd64")
	require.NoError(t, err)
	assert.Equal(t, []string{"A=b", "C=d"}, again.Image.Config.Env)
	assert.Len(t, again.Image.RootFS.DiffIDs, 2)
	require.NoError(t, again.Close())
}

func TestWhatCannotBeExtendedIsRefused(t *testing.T) {
	_, err := layout.OpenBase(filepath.Join(t.TempDir(), "gone"), "amd64")
	require.ErrorIs(t, err, os.ErrNotExist)
	text := filepath.Join(t.TempDir(), "text.tar")
	require.NoError(t, os.WriteFile(text, []byte("no tar file, and too short to look like one"), 0o600))
	_, err = layout.OpenBase(text, "amd64")
	require.ErrorIs(t, err, layout.ErrBase)
	var out bytes.Buffer
	image, err := layout.FromFolder(makeFolder(t, time.Unix(0, 0)), "arm64", []string{"/usr/bin/python3"})
	require.NoError(t, err)
	require.NoError(t, layout.Write(&out, image))
	other := filepath.Join(t.TempDir(), "other.tar")
	require.NoError(t, os.WriteFile(other, out.Bytes(), 0o600))
	_, err = layout.OpenBase(other, "amd64")
	require.ErrorIs(t, err, layout.ErrBase)
	require.ErrorContains(t, err, "no image for linux/amd64")
}
