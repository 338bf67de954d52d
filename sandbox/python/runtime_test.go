package python

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyThePinnedRuntimeIsInstalled(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"nothing": "", "something else": "\x00asm", "far too much": strings.Repeat("x", runtimeSize+10)} {
		_, err := Install(dir, strings.NewReader(content))
		require.ErrorContains(t, err, "digest", name)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left, "nothing unverified stays behind")

	other := filepath.Join(dir, RuntimeName)
	require.NoError(t, os.WriteFile(other, []byte("tampered"), 0o644))
	require.ErrorContains(t, Verify(other), "digest")
	require.ErrorContains(t, Verify(filepath.Join(dir, "gone")), "no such file")
}

func TestAPackageWithoutTheRuntime(t *testing.T) {
	var pack bytes.Buffer
	zipped := gzip.NewWriter(&pack)
	files := tar.NewWriter(zipped)
	require.NoError(t, files.WriteHeader(&tar.Header{Name: "package/README.md", Size: 0}))
	require.NoError(t, files.Close())
	require.NoError(t, zipped.Close())
	_, err := member(&pack)
	require.ErrorContains(t, err, npmMember)
	_, err = member(strings.NewReader("not a package"))
	require.Error(t, err)
}

func TestTheShimIsWhole(t *testing.T) {
	_, err := Shim.ReadFile(ShimMain)
	require.NoError(t, err)
	entries, err := Shim.ReadDir("shim")
	require.NoError(t, err)
	assert.Len(t, entries, 4)
}
