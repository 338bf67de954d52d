package builder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Places in the container.
const (
	sourcePlace    = "/source"
	toolchainPlace = "/go"
	modulePlace    = "/modules"
	workPlace      = "/work"
)

// leftOut of a toolchain takes no part in a build.
var leftOut = []string{"api", "blog", "doc", "misc", "test", ".git"}

// findGo is the folder of the Go toolchain that compiles: the one named, or that of the go command.
func findGo(ctx context.Context, named string) (string, error) {
	if named == "" {
		root, err := output(exec.CommandContext(ctx, "go", "env", "GOROOT"))
		if err != nil {
			return "", fmt.Errorf("%w: %w (install Go, or name its folder with --go)", ErrToolchain, err)
		}
		named = root
	}
	if _, err := os.Stat(filepath.Join(named, "bin", "go")); err != nil {
		return "", fmt.Errorf("%w: %s has no bin/go: %w", ErrToolchain, named, err)
	}
	return filepath.Abs(named)
}

// digestFolder names a toolchain by its files: SHA-256 of a line for each, in the order of their paths, with its own
// SHA-256, whether it is run, and its path.
func digestFolder(folder string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(leftOut, name) {
			return filepath.SkipDir
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := digestFile(path)
		if err == nil {
			_, err = fmt.Fprintf(sum, "%s %t %s\n", content, info.Mode()&0o100 != 0, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrToolchain, err)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

func digestFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// fetchModules downloads what go.mod names, by the checksums of go.sum, which it does not change. Nothing of the
// repository runs: the toolchain is this one whatever go.mod asks for.
func fetchModules(ctx context.Context, toolchain, folder, modules string) error {
	run := func(args ...string) error {
		cmd := exec.CommandContext(ctx, filepath.Join(toolchain, "bin", "go"), args...)
		cmd.Dir = folder
		cmd.Env = append(inherited("PATH", "HOME", "GOPROXY", "GOSUMDB", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"),
			"GOROOT="+toolchain, "GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=-mod=readonly -modcacherw", "GOENV=off", "GOMODCACHE="+modules, "GONOSUMDB=", "GOPRIVATE=")
		_, err := output(cmd)
		return err
	}
	before, err := os.ReadFile(filepath.Join(folder, "go.sum"))
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("%w: %w", ErrModules, err)
	}
	if err := run("mod", "download"); err != nil {
		return fmt.Errorf("%w: %w", ErrModules, err)
	}
	after, err := os.ReadFile(filepath.Join(folder, "go.sum"))
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("%w: %w", ErrModules, err)
	}
	if string(before) != string(after) {
		return fmt.Errorf("%w: go.sum does not name all of them (run go mod tidy and commit it)", ErrModules)
	}
	return nil
}

// compileCommand is the one command that runs in the container.
func compileCommand(t Target) []string {
	return []string{
		toolchainPlace + "/bin/go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", workPlace + "/program", t.Package,
	}
}

// compileEnv is all of the environment that the compiler sees.
func compileEnv(t Target, epoch string) []string {
	env := []string{
		"GOROOT=" + toolchainPlace, "PATH=" + toolchainPlace + "/bin", "HOME=" + workPlace, "GOCACHE=" + workPlace + "/cache", "GOTMPDIR=" + workPlace,
		"TMPDIR=" + workPlace, "GOMODCACHE=" + modulePlace, "GOENV=off", "GOFLAGS=-mod=readonly", "GOPROXY=off", "GOSUMDB=off", "GOTOOLCHAIN=local",
		"GOWORK=off", "GOTELEMETRY=off", "CGO_ENABLED=0", "SOURCE_DATE_EPOCH=" + epoch, "LC_ALL=C", "TZ=UTC",
	}
	if t.Kind == KindGoWASM {
		return append(env, "GOOS=wasip1", "GOARCH=wasm")
	}
	return append(env, "GOOS=linux", "GOARCH="+t.Arch)
}

// user that compiles: this process's, or, where that is root, nobody.
func user() string {
	if uid := os.Getuid(); uid > 0 {
		return fmt.Sprintf("%d:%d", uid, os.Getgid())
	}
	return "65534:65534"
}

// readable lets the container's user read a folder, whatever this process's file mode mask is.
func readable(folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if entry.IsDir() {
			mode |= 0o111
		}
		return os.Chmod(path, mode)
	})
}

// cpuMillis is all of this machine.
func cpuMillis() int64 { return int64(runtime.NumCPU()) * 1000 }

// extension of what a target makes.
func (t Target) extension() string {
	switch t.Kind {
	case KindGoWASM:
		return ".wasm"
	case KindGoImage:
		return ".tar"
	}
	return strings.ToLower(filepath.Ext(t.File))
}
