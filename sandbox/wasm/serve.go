package wasm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"sync"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// program is a loaded program of either kind.
type program interface {
	// ready makes the next run start at once.
	ready(ctx context.Context) error
	run(ctx context.Context, r wire.Run, input []byte) (wire.Done, []byte)
}

// spareHeap is how much ordinary memory this process may use for a run, besides what holds its input and output.
const spareHeap = 128 << 20

// prepareMemory is how much loading and compiling a program, or starting an interpreter with its reserved address space, may take.
const prepareMemory = 8 << 30

// Serve answers the parent's frames until in ends. It returns an error only when the conversation itself broke down; by then nobody is
// left to tell.
func Serve(in io.Reader, out io.Writer) error {
	if err := confine(); err != nil {
		return err
	}
	s := &server{out: &lockedWriter{w: out}}
	// Reading goes on while a program runs: the end of the parent must end this process at any moment.
	frames := make(chan wire.Frame)
	go func() {
		r := bufio.NewReader(in)
		for {
			f, err := wire.Read(r, func() int64 { return math.MaxUint32 })
			if err != nil {
				os.Exit(0)
			}
			frames <- f
		}
	}()
	for f := range frames {
		if err := s.handle(f); err != nil {
			return err
		}
	}
	return nil
}

type server struct {
	out     io.Writer
	program program
}

func (s *server) handle(f wire.Frame) error {
	ctx := context.Background()
	switch f.Kind {
	case wire.KindPrepare:
		var p wire.Prepare
		if err := f.Decode(&p); err != nil {
			return err
		}
		loaded, err := load(ctx, p, s.out)
		if err == nil {
			err = loaded.ready(ctx)
		}
		if err != nil {
			return wire.Write(s.out, wire.KindFailed, failure(err), nil)
		}
		s.program = loaded
		return wire.Write(s.out, wire.KindReady, nil, nil)
	case wire.KindRun:
		var r wire.Run
		if err := f.Decode(&r); err != nil {
			return err
		}
		if s.program == nil {
			return errors.New("run before prepare")
		}
		return s.runOnce(ctx, r, f.Body)
	}
	return fmt.Errorf("unexpected frame of kind %d", f.Kind)
}

// runOnce runs the program, reports, and makes ready for the next run.
func (s *server) runOnce(ctx context.Context, r wire.Run, input []byte) error {
	spare := spareHeap + 4*r.OutputBytes + 4*int64(len(input)) // buffers grow by doubling
	if err := limitMemory(r.MemoryBytes + spare); err != nil {
		return err
	}
	before := cpuTime()
	// The collector has to stop every thread, and a thread inside the engine's code cannot be stopped: a collection during a tight
	// loop would freeze this process, deaf to the end of its parent. So it stays off until the program's calls have left much garbage.
	debug.SetMemoryLimit(spare)
	percent := debug.SetGCPercent(-1)
	done, reply := s.program.run(ctx, r, input)
	debug.SetGCPercent(percent)
	debug.SetMemoryLimit(math.MaxInt64)
	if err := limitMemory(prepareMemory); err != nil {
		return err
	}
	done.CPU = cpuTime() - before
	if done.Status != wire.StatusOK {
		reply = nil
	}
	if err := wire.Write(s.out, wire.KindDone, done, reply); err != nil {
		return err
	}
	if done.Status != wire.StatusOK {
		return nil // the parent ends this process
	}
	if err := s.program.ready(ctx); err != nil {
		return wire.Write(s.out, wire.KindFailed, failure(err), nil)
	}
	return wire.Write(s.out, wire.KindReady, nil, nil)
}

func load(ctx context.Context, p wire.Prepare, out io.Writer) (program, error) {
	e, err := newEngine(ctx, p.CacheDir)
	if err != nil {
		return nil, err
	}
	if !p.Script {
		module, err := e.compile(ctx, p.CacheDir, p.File, p.Digest)
		if err != nil {
			return nil, err
		}
		return &command{engine: e, module: module, frames: out}, nil
	}
	source, err := readVerified(p.File, p.Digest)
	if err != nil {
		return nil, err
	}
	interpreter, err := e.compile(ctx, p.CacheDir, p.Runtime, p.RuntimeDigest)
	if err != nil {
		// Not the script's fault.
		return nil, errors.New("python runtime: " + err.Error())
	}
	return newScript(e, interpreter, out, p.Spec, source)
}

func failure(err error) wire.Done {
	var bad badProgram
	if errors.As(err, &bad) {
		return wire.Done{Status: wire.StatusBadProgram, Message: err.Error()}
	}
	return wire.Done{Status: wire.StatusCrashed, Message: err.Error()}
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
