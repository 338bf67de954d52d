package release_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox/docker/layout"
	"github.com/ain-network/aind/sandbox/python"
	"github.com/ain-network/aind/storage"
)

const script = "class Worker:\n    def Run(self, request, context):\n        return 1\n"

func TestPackTellsProgramsApart(t *testing.T) {
	options := release.PackOptions{Method: "Run", MaxBytes: 1 << 20}

	packed, artifact, err := release.Pack(writeFile(t, "worker.py", script), options)
	require.NoError(t, err)
	require.Equal(t, program.PROGRAM_KIND_SCRIPT, packed.Kind)
	require.Equal(t, program.ABI_SCRIPT, packed.ABI)
	require.Equal(t, "python-wasi-"+python.Version, packed.Runtime)
	require.Equal(t, artifact.Digest, packed.Digest)
	require.EqualValues(t, len(script), packed.Size_)

	module := writeFile(t, "worker.wasm", "\x00asm\x01\x00\x00\x00rest")
	packed, _, err = release.Pack(module, options)
	require.NoError(t, err)
	require.Equal(t, program.PROGRAM_KIND_WASM, packed.Kind)
	require.Equal(t, program.ABI_STDIO_PROTO, packed.ABI)

	options.JSON = true
	packed, _, err = release.Pack(module, options)
	require.NoError(t, err)
	require.Equal(t, program.ABI_STDIO_JSON, packed.ABI)
}

func TestPackTakesAnImage(t *testing.T) {
	var image strings.Builder
	require.NoError(t, layout.Write(&image, layout.Image{Architecture: "amd64"}))
	path := writeFile(t, "worker.tar", image.String())
	packed, artifact, err := release.Pack(path, release.PackOptions{MaxBytes: 1 << 20, EntryPoint: "serve"})
	require.NoError(t, err)
	require.Equal(t, program.Program{
		Kind: program.PROGRAM_KIND_IMAGE, ABI: program.ABI_STDIO_PROTO, Digest: string(storage.DigestOf([]byte(image.String()))),
		Size_: uint64(image.Len()), EntryPoint: "serve",
	}, packed)
	require.Equal(t, packed.Digest, artifact.Digest)
	packed, _, err = release.Pack(path, release.PackOptions{MaxBytes: 1 << 20, JSON: true})
	require.NoError(t, err)
	require.Equal(t, program.ABI_STDIO_JSON, packed.ABI)
	packed, _, err = release.Pack(path, release.PackOptions{MaxBytes: 1 << 20, GRPC: true})
	require.NoError(t, err)
	require.Equal(t, program.ABI_GRPC, packed.ABI)
	require.False(t, packed.StatelessSafe)
	packed, _, err = release.Pack(path, release.PackOptions{MaxBytes: 1 << 20, GRPC: true, StatelessSafe: true})
	require.NoError(t, err)
	require.True(t, packed.StatelessSafe)
}

func TestPackTakesTheAddressOfAnImage(t *testing.T) {
	address := "ghcr.io/me/worker@sha256:" + strings.Repeat("0a", 32)
	packed, artifact, err := release.Pack(address, release.PackOptions{EntryPoint: "serve", JSON: true})
	require.NoError(t, err)
	require.Equal(t, address+"\n", string(artifact.Content))
	require.Equal(t, program.Program{
		Kind: program.PROGRAM_KIND_IMAGE, ABI: program.ABI_STDIO_JSON, Digest: string(storage.DigestOf(artifact.Content)),
		Size_: uint64(len(artifact.Content)), EntryPoint: "serve",
	}, packed)
	for _, bad := range []string{
		"ghcr.io/me/worker:latest", "ghcr.io/me/worker:1@sha256:" + strings.Repeat("0a", 32), "localhost:5000/worker:1", "python:3.12", "ghcr.io/me/worker@sha256:0a",
	} {
		_, _, err := release.Pack(bad, release.PackOptions{})
		require.ErrorIs(t, err, release.ErrProgram)
		require.ErrorContains(t, err, "without a tag", bad)
	}
}

func TestPackRefusesWhatCannotRun(t *testing.T) {
	for _, c := range []struct {
		name, file, content, says string
		entryPoint                string
	}{
		{name: "an empty file", file: "worker.py", says: "is empty"},
		{name: "a file above the limit", file: "worker.py", content: strings.Repeat("#", 2000), says: "the chain allows 1000"},
		{name: "a script without the method", file: "worker.py", content: "class Worker:\n    def Walk(self): pass\n", says: "no class with the method Run"},
		{name: "a method outside of a class", file: "worker.py", content: "def Run(request): pass\n", says: "no class with the method Run"},
		{name: "a class of another name than the entry point", file: "worker.py", content: script, entryPoint: "Boss", says: "no class Boss"},
		{name: "a binary with the extension of a script", file: "worker.py", content: "\xff\xfe", says: "no UTF-8"},
		{name: "a text with the extension of a module", file: "worker.wasm", content: "hello", says: "no WebAssembly module"},
		{name: "a component, which is no module", file: "worker.wasm", content: "\x00asm\x0d\x00\x01\x00", says: "no WebAssembly module"},
		{name: "a module with an entry point", file: "worker.wasm", content: "\x00asm\x01\x00\x00\x00", entryPoint: "main", says: "leave it out"},
		{name: "a tar file that is no image", file: "worker.tar", content: strings.Repeat("\x00", 900), says: "no OCI image layout"},
		{name: "something else", file: "worker.sh", content: "#!/bin/sh", says: "neither a .py script, nor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := release.PackOptions{Method: "Run", MaxBytes: 1000, EntryPoint: c.entryPoint}
			_, _, err := release.Pack(writeFile(t, c.file, c.content), options)
			require.ErrorIs(t, err, release.ErrProgram)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, _, err := release.Pack(filepath.Join(t.TempDir(), "none.py"), release.PackOptions{})
	require.ErrorIs(t, err, release.ErrProgram)
	_, _, err = release.Pack(t.TempDir(), release.PackOptions{})
	require.ErrorContains(t, err, "is no file")
}
