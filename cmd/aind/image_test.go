package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

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

	root.SetArgs([]string{"image", binary, "argument"})
	require.Equal(t, exitUsage, exitCode(root.Execute()))
	root.SetArgs([]string{"image", "main.go"})
	require.Equal(t, exitUsage, exitCode(root.Execute()))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "no partial file is left")
}

func TestImageOfAFolder(t *testing.T) {
	dir := t.TempDir()
	folder, out := filepath.Join(dir, "root"), filepath.Join(dir, "worker.tar")
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "bin"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "bin", "work"), []byte("program"), 0o700))
	run := func(args ...string) int {
		root := newRoot([]string{"image"})
		root.SetOut(new(bytes.Buffer))
		root.SetErr(new(bytes.Buffer))
		root.SetArgs(append([]string{"image"}, args...))
		return exitCode(root.Execute())
	}
	require.Zero(t, run(folder, "-o", out, "--", "/bin/work", "--serve"))
	packed, _, err := release.Pack(out, release.PackOptions{MaxBytes: 1 << 30, GRPC: true})
	require.NoError(t, err)
	require.Equal(t, program.ABI_GRPC, packed.ABI)

	require.NoError(t, os.Chtimes(filepath.Join(folder, "bin", "work"), time.Time{}, time.Unix(1, 0)))
	require.NoError(t, os.Chmod(filepath.Join(folder, "bin", "work"), 0o755))
	again := filepath.Join(dir, "again.tar")
	require.Zero(t, run(folder, "-o", again, "--", "/bin/work", "--serve"))
	same, _, err := release.Pack(again, release.PackOptions{MaxBytes: 1 << 30})
	require.NoError(t, err)
	require.Equal(t, packed.Digest, same.Digest, "times and permissions are no part of it")

	require.Equal(t, exitUsage, run(folder, "-o", out))
	require.Equal(t, exitUsage, run(folder, "-o", out, "--", "work"))
	require.Equal(t, exitUsage, run(filepath.Join(dir, "nothing")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600))
	require.Equal(t, exitUsage, run(folder, "-o", out, "--", "/bin/work"))
}
