package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/docker/layout"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Order is what is to be built.
type Order struct {
	SourceURL, Commit string
	// Recipe is its path in the repository; empty: RecipeFile. Target is one of it.
	Recipe, Target string
	// Twice builds a second time, from a second checkout, and compares.
	Twice bool
	// Go is the folder of a Go toolchain; empty: that of the go command. Engine is Docker's address; empty: the
	// environment's.
	Go, Engine string
	// MemoryBytes of a build. 0: 4 GiB.
	MemoryBytes int64
	// Progress is told what is done, in words.
	Progress func(format string, args ...any)
}

// Built is a program and all that its attestation says, without a signature.
type Built struct {
	Program    []byte
	Digest     string
	Extension  string
	Provenance jobstypes.Provenance
}

// Build makes a program.
func Build(ctx context.Context, o Order) (Built, error) {
	if err := checkSource(o.SourceURL, o.Commit); err != nil {
		return Built{}, err
	}
	if o.Recipe == "" {
		o.Recipe = RecipeFile
	}
	if err := within("recipe", o.Recipe); err != nil {
		return Built{}, fmt.Errorf("%w: %w", ErrRecipe, err)
	}
	if o.MemoryBytes == 0 {
		o.MemoryBytes = 4 << 30
	}
	built, err := o.once(ctx)
	if err != nil || !o.Twice {
		return built, err
	}
	o.Progress("building it a second time")
	again, err := o.once(ctx)
	if err != nil {
		return Built{}, fmt.Errorf("second build: %w", err)
	}
	if built.Digest != again.Digest || built.Provenance.Toolchain != again.Provenance.Toolchain {
		return Built{}, fmt.Errorf("%w: target %s of commit %s is %s, and then %s", ErrDiffers, o.Target, o.Commit, built.Digest, again.Digest)
	}
	return built, nil
}

// once checks out and builds in a folder that is gone afterwards.
func (o Order) once(ctx context.Context) (_ Built, err error) {
	folder, err := os.MkdirTemp("", "ain-build-*")
	if err != nil {
		return Built{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	source := filepath.Join(folder, "source")
	o.Progress("checking out %s of %s", o.Commit, o.SourceURL)
	if err := checkout(ctx, o.SourceURL, o.Commit, source); err != nil {
		return Built{}, err
	}
	root, err := os.OpenRoot(source)
	if err != nil {
		return Built{}, err
	}
	defer root.Close()
	target, err := readRecipe(root, o.Recipe, o.Target)
	if err != nil {
		return Built{}, err
	}
	built := Built{
		Extension:  target.extension(),
		Provenance: jobstypes.Provenance{SourceURL: o.SourceURL, SourceCommit: o.Commit, Recipe: o.Recipe, Target: o.Target},
	}
	if target.Kind == KindScript {
		if built.Program, err = readWithin(root, target.File, maxScript); err != nil {
			return Built{}, fmt.Errorf("%w: target %s: file %s: %w", ErrRecipe, o.Target, target.File, err)
		}
	} else if built.Program, built.Provenance.Toolchain, err = o.compile(ctx, folder, root, target); err != nil {
		return Built{}, err
	}
	built.Digest = jobstypes.Digest(built.Program)
	return built, nil
}

// compile builds a Go program and returns it with the digest of its toolchain.
func (o Order) compile(ctx context.Context, folder string, root *os.Root, t Target) (program []byte, toolchain string, err error) {
	goFolder, err := findGo(ctx, o.Go)
	if err != nil {
		return nil, "", err
	}
	if toolchain, err = digestFolder(goFolder); err != nil {
		return nil, "", err
	}
	if info, err := root.Stat(t.Folder); err != nil || !info.IsDir() {
		return nil, "", fmt.Errorf("%w: target %s: folder %s: it is not there, or leads out of the repository", ErrRecipe, o.Target, t.Folder)
	}
	source, modules, work := filepath.Join(folder, "source"), filepath.Join(folder, "modules"), filepath.Join(folder, "work")
	epoch, err := git(ctx, source, "log", "-1", "--format=%ct")
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrSource, err)
	}
	for _, path := range []string{modules, work} {
		if err := os.Mkdir(path, 0o755); err != nil {
			return nil, "", err
		}
	}
	o.Progress("fetching the modules that go.mod names")
	if err := fetchModules(ctx, goFolder, filepath.Join(source, t.Folder), modules); err != nil {
		return nil, "", err
	}
	if err := errors.Join(readable(source), readable(modules), os.Chmod(work, 0o777)); err != nil {
		return nil, "", err
	}
	o.Progress("compiling %s with toolchain %s", t.Package, toolchain)
	if err := (docker.Build{
		Host: o.Engine, User: user(), Command: compileCommand(t), Env: compileEnv(t, epoch), Dir: sourcePlace + "/" + t.Folder,
		ReadOnly: map[string]string{sourcePlace: source, toolchainPlace: goFolder, modulePlace: modules}, Writable: map[string]string{workPlace: work},
		MemoryBytes: o.MemoryBytes, CPUMillis: cpuMillis(),
	}).Run(ctx); err != nil {
		return nil, "", fmt.Errorf("target %s: %w", o.Target, err)
	}
	program, err = pack(filepath.Join(work, "program"), t)
	return program, toolchain, err
}

// pack makes an artifact of what came out of the container, which may be anything.
func pack(file string, t Target) ([]byte, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: what came out is no file", docker.ErrBuild)
	}
	if t.Kind == KindGoWASM {
		return os.ReadFile(file)
	}
	image, err := layout.FromBinary(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", docker.ErrBuild, err)
	}
	var packed writer
	err = layout.Write(&packed, image)
	return packed, err
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}
