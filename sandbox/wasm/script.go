package wasm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/ain-network/aind/sandbox/internal/wire"
	"github.com/ain-network/aind/sandbox/python"
)

// script is a Python program. An interpreter takes a hundred times longer to start than most programs take to run, so one is always
// started ahead: it has loaded the shim and checked the program's syntax, and waits in a read of its standard input for the run.
type script struct {
	engine  *engine
	runtime wazero.CompiledModule
	frames  io.Writer
	spec    []byte // one line
	next    *interpreter
}

var _ program = (*script)(nil)

// interpreter is one started instance of the runtime. It serves one run.
type interpreter struct {
	host  *host
	stdin *feeder
	ended chan error
}

func newScript(e *engine, runtime wazero.CompiledModule, frames io.Writer, spec json.RawMessage, source []byte) (*script, error) {
	line, err := json.Marshal(struct {
		Spec   json.RawMessage `json:"spec"`
		Source string          `json:"source"`
	}{spec, string(source)})
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return &script{engine: e, runtime: runtime, frames: frames, spec: append(line, '\n')}, nil
}

// ready starts the next run's interpreter and returns when it waits for that run.
func (s *script) ready(ctx context.Context) error {
	if s.next != nil {
		return nil
	}
	i := &interpreter{host: newHost(s.frames), stdin: newFeeder(s.spec), ended: make(chan error, 1)}
	i.host.stdout.limit = 0 // nothing may be written before the run
	config := i.host.configure(i.stdin, &python.Shim).
		WithArgs("python", "-B", "-S", shimPath+"/"+python.ShimMain).
		WithEnv("PYTHONHASHSEED", "0")
	go func() {
		i.ended <- start(experimental.WithMemoryAllocator(ctx, &i.host.memory), s.engine.runtime, s.runtime, config)
	}()
	select {
	case <-i.stdin.waiting:
		s.next = i
		return nil
	case err := <-i.ended:
		done := i.host.outcome(err, true)
		if done.Status == wire.StatusBadProgram {
			return badProgram{fmt.Errorf("%s", done.Message)}
		}
		return fmt.Errorf("interpreter did not start: %s (%v): %s", done.Status, done.Message, i.host.stderr.LastWords())
	}
}

func (s *script) run(ctx context.Context, r wire.Run, input []byte) (wire.Done, []byte) {
	if err := s.ready(ctx); err != nil {
		return wire.Done{Status: wire.StatusCrashed, Message: err.Error()}, nil
	}
	i := s.next
	s.next = nil
	i.host.begin(r)
	if i.host.memory.peak > i.host.memory.limit {
		return wire.Done{Status: wire.StatusMemory, Message: fmt.Sprintf("the interpreter alone takes %d bytes, the limit is %d",
			i.host.memory.peak, i.host.memory.limit)}, nil
	}
	header, err := json.Marshal(struct {
		Env  map[string]string `json:"env"`
		Seed []byte            `json:"seed"`
		Args []string          `json:"args,omitempty"`
	}{r.Env, r.Seed, r.Args})
	if err != nil {
		return wire.Done{Status: wire.StatusCrashed, Message: err.Error()}, nil
	}
	i.stdin.finish(append(append(header, '\n'), input...))
	err = <-i.ended
	if logErr := i.host.stderr.End(); logErr != nil && err == nil {
		err = logErr
	}
	return i.host.outcome(err, true), i.host.stdout.buf
}

// feeder is an interpreter's standard input: a first part that is there at once, a pause, and the rest.
type feeder struct {
	buf     []byte
	rest    chan []byte
	waiting chan struct{} // closed when the first part has been read and more is asked for
	ended   bool
}

func newFeeder(first []byte) *feeder {
	return &feeder{buf: first, rest: make(chan []byte, 1), waiting: make(chan struct{})}
}

func (f *feeder) finish(rest []byte) { f.rest <- rest }

// Read implements io.Reader for the interpreter's goroutine.
func (f *feeder) Read(p []byte) (int, error) {
	if len(f.buf) == 0 && !f.ended {
		close(f.waiting)
		f.buf, f.ended = <-f.rest, true
	}
	if len(f.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.buf)
	f.buf = f.buf[n:]
	return n, nil
}
