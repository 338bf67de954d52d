package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
)

func TestImageMakesWhatARegistrationTakes(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "worker")
	build := exec.Command("go", "build", "-o", binary, "../../examples/calculate-root/worker")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)

	root := newRoot([]string{"image"})
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{"image", binary})
	require.NoError(t, root.Execute())
	require.Equal(t, binary+".tar\n", out.String())
	packed, _, err := release.Pack(binary+".tar", release.PackOptions{MaxBytes: 1 << 30})
	require.NoError(t, err)
	require.Equal(t, program.PROGRAM_KIND_IMAGE, packed.Kind)
	require.Equal(t, program.ABI_STDIO_PROTO, packed.ABI)

	root.SetArgs([]string{"image", "main.go"})
	require.Equal(t, exitUsage, exitCode(root.Execute()))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "no partial file is left")
}
