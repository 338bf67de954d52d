package layout_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/docker/layout"
)

const source = `package main

import "os"

func main() { os.Stdout.WriteString("hello") }
`

// compile builds source as a static program for Linux.
func compile(t *testing.T, arch string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600))
	path := filepath.Join(dir, "program")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, filepath.Join(dir, "main.go"))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func TestEqualProgramsGiveEqualImages(t *testing.T) {
	program := compile(t, "arm64")
	image, err := layout.FromBinary(program)
	require.NoError(t, err)
	assert.Equal(t, "arm64", image.Architecture)
	var first, second bytes.Buffer
	require.NoError(t, layout.Write(&first, image))
	again, err := layout.FromBinary(program)
	require.NoError(t, err)
	require.NoError(t, layout.Write(&second, again))
	assert.Equal(t, first.Bytes(), second.Bytes())
}

func TestWhatIsNoStaticLinuxProgramIsRefused(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("#!/bin/sh"), 0o600))
	_, err := layout.FromBinary(text)
	require.ErrorIs(t, err, layout.ErrBinary)
	_, err = layout.FromBinary(filepath.Join(t.TempDir(), "gone"))
	require.ErrorIs(t, err, os.ErrNotExist)
	if shell, err := filepath.EvalSymlinks("/bin/sh"); err == nil {
		_, err = layout.FromBinary(shell)
		require.ErrorIs(t, err, layout.ErrBinary)
		require.ErrorContains(t, err, "statically")
	}
}
