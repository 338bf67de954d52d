package wasm

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tetratelabs/wazero"
	experimentalsys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/sys"

	"github.com/ain-network/aind/sandbox/internal/wire"
	"github.com/ain-network/aind/sandbox/python"
)

// Where programs find their files.
const (
	inputPath  = "/ain/in"
	outputPath = "/ain/out"
	shimPath   = "/ain/lib"
)

// host is all that one instance sees of the outside. It exists before the run that it is for is known: begin gives it that run.
type host struct {
	clock  clock
	random random
	memory memory
	inputs inputFS
	files  outputFS
	stdout output
	stderr wire.Log
	plain  bool
}

func newHost(frames io.Writer) *host {
	h := &host{memory: memory{limit: unlimited}, stderr: wire.Log{Frames: frames}}
	h.random.reseed(nil)
	return h
}

// begin sets the limits, the seed and the files of a run. The instance must not be running, or wait in a read of standard input.
func (h *host) begin(r wire.Run) {
	h.clock.reset()
	h.random.reseed(r.Seed)
	h.memory.limit = uint64(r.MemoryBytes)
	h.inputs.files = r.Inputs
	h.plain = r.Plain
	h.files.set(r.OutDir, r.DiskBytes)
	h.stdout = output{limit: r.OutputBytes}
	h.stderr.Begin(r.LogBytes)
}

// configure makes a module see the host and nothing else. shim is mounted for scripts.
func (h *host) configure(stdin io.Reader, shim *embed.FS) wazero.ModuleConfig {
	mount := func(config wazero.FSConfig, fs experimentalsys.FS, at string) wazero.FSConfig {
		return config.(sysfs.FSConfig).WithSysFSMount(fs, at)
	}
	files := mount(wazero.NewFSConfig(), &sysfs.ReadFS{FS: &sysfs.AdaptFS{FS: &h.inputs}}, inputPath)
	files = mount(files, &h.files, outputPath)
	if shim != nil {
		files = mount(files, &sysfs.ReadFS{FS: &sysfs.AdaptFS{FS: shim}}, shimPath)
	}
	config := wazero.NewModuleConfig().
		WithName("").
		WithStartFunctions().
		WithFSConfig(files).
		WithRandSource(&h.random).
		WithStdin(stdin).WithStdout(&h.stdout).WithStderr(&h.stderr)
	return h.clock.configure(config)
}

// outcome turns what the engine returned into the end of a run.
func (h *host) outcome(err error, script bool) wire.Done {
	done := wire.Done{Status: wire.StatusOK, PeakMemory: int64(h.memory.peak)}
	var exit *sys.ExitError
	switch {
	case err == nil || errors.As(err, &exit) && exit.ExitCode() == 0:
		return done
	case errors.Is(err, errOutputLimit):
		done.Status, done.Message = wire.StatusOutput, fmt.Sprintf("more than %d bytes", h.stdout.limit)
	case h.memory.refused:
		done.Status, done.Message = wire.StatusMemory, fmt.Sprintf("asked for more than %d bytes", h.memory.limit)
	case h.plain && exit != nil:
		done.ExitStatus = int(exit.ExitCode())
	case exit == nil:
		done.Status, done.Message = wire.StatusCrashed, firstLines(err.Error(), 4)
	case script && exit.ExitCode() == python.ExitBadProgram:
		done.Status, done.Message = wire.StatusBadProgram, h.stderr.LastWords()
	case script && exit.ExitCode() == python.ExitBadReply:
		done.Status, done.Message = wire.StatusBadOutput, h.stderr.LastWords()
	default:
		done.Status, done.Message = wire.StatusCrashed, fmt.Sprintf("exit status %d: %s", exit.ExitCode(), h.stderr.LastWords())
	}
	return done
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(s, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}
