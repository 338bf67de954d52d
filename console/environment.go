package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/pflag"

	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox/docker/layout"
)

// pythonCommand starts a script in an image.
const pythonCommand = "python3"

// librariesFolder of an image is where its script's libraries are.
const librariesFolder = "opt/ain/lib"

// environment is what the flags of run say about the image that a script runs in.
type environment struct {
	base, requirements, index string
}

func (e *environment) bind(flags *pflag.FlagSet) {
	flags.StringVar(&e.base, "base", "", "image with python3 that a script runs in: a .tar file, or, without -r, an address in a registry")
	flags.StringVarP(&e.requirements, "requirements", "r", "", "file of libraries that a script needs, as pip reads it; they become a layer on --base")
	flags.StringVar(&e.index, "index-url", "", "index that pip takes libraries from (default: what pip's own settings say)")
}

// environmentOf is the image that a script runs in; nil: none, it is a script for WASI or no script at all.
func (s *Session) environmentOf(ctx context.Context, file string, r running) (*release.Artifact, error) {
	e := r.environment
	switch {
	case e.base == "" && e.requirements == "" && e.index == "":
		return nil, nil
	case !isScript(file):
		return nil, badInputf("base: %s is no script: leave it out, and -r", file)
	case e.requirements == "" && e.index != "":
		return nil, badInputf("index-url: there is nothing to take from it: name a file of libraries with -r")
	case e.base == "":
		return nil, badInputf("base: missing: libraries become a layer on an image with python3 (make one with `make images`, and name it, --base build/images/python.tar)")
	case e.requirements == "":
		_, artifact, err := release.Pack(e.base, release.PackOptions{MaxBytes: 1 << 40})
		if err != nil {
			return nil, badInputf("base: %w", err)
		}
		return &artifact, nil
	case release.IsAddress(e.base):
		return nil, badInputf("base: %s is in a registry: libraries become a layer on a .tar file (docker buildx build --output type=oci writes one)", e.base)
	}
	return s.buildEnvironment(ctx, e)
}

// buildEnvironment makes the image of a base with libraries, or takes the one that was made of the same before.
func (s *Session) buildEnvironment(ctx context.Context, e environment) (*release.Artifact, error) {
	key, err := e.key()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(s.home, "environments")
	file := filepath.Join(folder, key+".tar")
	if _, err := os.Stat(file); err == nil {
		artifact, err := readArtifact("environment", file)
		return &artifact, err
	}
	base, err := layout.OpenBase(e.base, runtime.GOARCH)
	if err != nil {
		return nil, badInputf("base: %w", err)
	}
	defer base.Close()
	version, err := base.PythonVersion()
	if err != nil {
		return nil, badInputf("base: %w", err)
	}
	if version == "" {
		return nil, badInputf("base: %s has no bin/python3.N: name an image with Python", e.base)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(folder, "build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	libraries := filepath.Join(work, "lib")
	s.progress("installing %s for Python %s, once for this base", e.requirements, version)
	if err := e.install(ctx, version, libraries); err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(work, "image.tar"))
	if err != nil {
		return nil, err
	}
	err = layout.Folder{Path: libraries, At: librariesFolder}.Extend(out, base, withLibraries)
	if err := errors.Join(err, out.Close()); err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	if err := os.Rename(out.Name(), file); err != nil {
		return nil, err
	}
	artifact, err := readArtifact("environment", file)
	return &artifact, err
}

// key is the same for the same base, libraries and index.
func (e environment) key() (string, error) {
	sum := sha256.New()
	for _, path := range []string{e.base, e.requirements} {
		file, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			return "", badInputf("%s: there is no such file", path)
		}
		if err != nil {
			return "", badInput(err)
		}
		part := sha256.New()
		_, err = io.Copy(part, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return "", badInputf("%s: %w", path, err)
		}
		sum.Write(part.Sum(nil))
	}
	fmt.Fprintf(sum, "%s %s", e.index, runtime.GOARCH)
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// withLibraries lets the image's Python find them.
func withLibraries(config *ocispec.ImageConfig) {
	const name = "PYTHONPATH="
	at := slices.IndexFunc(config.Env, func(v string) bool { return strings.HasPrefix(v, name) })
	if at < 0 {
		config.Env = append(config.Env, name+"/"+librariesFolder)
		return
	}
	config.Env[at] += ":/" + librariesFolder
}

// manylinux is the newest C library that wheels may be built for: that of Debian 12.
const manylinux = 36

// install has pip of this machine fetch the wheels that fit the image's Python. None is built: nothing of a library runs here.
func (e environment) install(ctx context.Context, version, target string) error {
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	args := []string{
		"-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile", "--quiet", "--retries", "2", "--only-binary", ":all:",
		"--target", target, "--implementation", "cp", "--python-version", version, "--requirement", e.requirements,
	}
	for minor := manylinux; minor >= 5; minor-- {
		args = append(args, "--platform", fmt.Sprintf("manylinux_2_%d_%s", minor, machine))
	}
	args = append(args, "--platform", "manylinux2014_"+machine, "--platform", "linux_"+machine)
	if e.index != "" {
		args = append(args, "--index-url", e.index)
	}
	cmd := exec.CommandContext(ctx, pythonCommand, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	switch err := cmd.Run(); {
	case errors.Is(err, exec.ErrNotFound):
		return badInputf("requirements: python3 with pip is needed on this machine to fetch them (Debian: apt install python3-pip)")
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return badInputf("requirements: pip: %s", lastWords(said.String()))
	}
	entries, err := os.ReadDir(target)
	if err != nil || len(entries) == 0 {
		return badInputf("requirements: %s names no library", e.requirements)
	}
	// Programs of libraries begin with the path of this machine's Python, which the image has not.
	return os.RemoveAll(filepath.Join(target, "bin"))
}

// lastWords of what a command said.
func lastWords(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " ")
}
