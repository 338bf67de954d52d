package daemontest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ain-network/aind/sandbox"
)

// Digests of the job's programs.
var (
	WorkerProgram    = "sha256:" + strings.Repeat("11", 32)
	EvaluatorProgram = "sha256:" + strings.Repeat("22", 32)
)

// Behaviour is a program: from its input to its reply.
type Behaviour func(ctx context.Context, run sandbox.Run) ([]byte, error)

// Sandbox runs Go functions in place of programs.
type Sandbox struct {
	mu       sync.Mutex
	programs map[string]Behaviour // by digest
	prepared map[string]bool
	running  int
	most     int
	runs     []sandbox.Run
	refuse   error
	kinds    []sandbox.Kind // nil: all
	says     string
}

var _ sandbox.Sandbox = (*Sandbox)(nil)

// NewSandbox returns a sandbox with the job's honest programs.
func NewSandbox() *Sandbox {
	return &Sandbox{
		programs: map[string]Behaviour{WorkerProgram: Double, EvaluatorProgram: Judge},
		prepared: map[string]bool{},
	}
}

// Use replaces a program.
func (s *Sandbox) Use(digest string, behaviour Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.programs[digest] = behaviour
}

// Say has every program write a log.
func (s *Sandbox) Say(log string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says = log
}

// RefuseToPrepare has Prepare fail until it is called with nil.
func (s *Sandbox) RefuseToPrepare(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

// Runs lists the runs of a program so far.
func (s *Sandbox) Runs(digest string) []sandbox.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	var runs []sandbox.Run
	for _, run := range s.runs {
		if run.Program.Digest == digest {
			runs = append(runs, run)
		}
	}
	return runs
}

// Running is how many programs are running, and the most that ever did at a time.
func (s *Sandbox) Running() (now, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.most
}

// Supports implements sandbox.Sandbox.
func (s *Sandbox) Supports(kind sandbox.Kind) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kinds == nil || slices.Contains(s.kinds, kind)
}

// RunOnly has the sandbox support some kinds of programs.
func (s *Sandbox) RunOnly(kinds ...sandbox.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds = kinds
}

// Prepare implements sandbox.Sandbox.
func (s *Sandbox) Prepare(_ context.Context, p sandbox.Program) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse
	}
	if s.programs[p.Digest] == nil {
		return fmt.Errorf("%w: no program %s", sandbox.ErrBadProgram, p.Digest)
	}
	s.prepared[p.Digest] = true
	return p.Validate()
}

// Run implements sandbox.Sandbox.
func (s *Sandbox) Run(ctx context.Context, run sandbox.Run) (*sandbox.Result, error) {
	s.mu.Lock()
	behaviour, prepared, says := s.programs[run.Program.Digest], s.prepared[run.Program.Digest], s.says
	s.runs = append(s.runs, run)
	s.running++
	s.most = max(s.most, s.running)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
	}()
	if !prepared {
		return nil, errors.New("test: run before it was prepared")
	}
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, run.Limits.WallTime)
	defer cancel()
	output, err := behaviour(limited, run)
	result := &sandbox.Result{Output: output, Wall: time.Since(started), Log: []byte(says)}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return result, fmt.Errorf("%w: %s", sandbox.ErrTimeout, run.Limits.WallTime)
	}
	return result, err
}

// Close implements sandbox.Sandbox.
func (s *Sandbox) Close() error { return nil }

// Double is the honest worker program.
func Double(_ context.Context, run sandbox.Run) ([]byte, error) {
	return Answer(2*number(run.Input), nil), nil
}

// Hang is a program that never ends by itself.
func Hang(ctx context.Context, _ sandbox.Run) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Fail is a program that crashes.
func Fail(context.Context, sandbox.Run) ([]byte, error) {
	return nil, fmt.Errorf("%w: exit status 1", sandbox.ErrCrashed)
}

// Verdict is the evaluator program's reply: all named are valid, and as good as each other.
func Verdict(nodes ...string) []byte {
	var verdict []byte
	for _, node := range nodes {
		entry := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), node)
		entry = protowire.AppendVarint(protowire.AppendTag(entry, 2, protowire.VarintType), 7)
		entry = protowire.AppendVarint(protowire.AppendTag(entry, 3, protowire.VarintType), 1)
		verdict = protowire.AppendBytes(protowire.AppendTag(verdict, 1, protowire.BytesType), entry)
	}
	return verdict
}

// Judge is the honest evaluator program: whoever doubled the number is valid.
func Judge(_ context.Context, run sandbox.Run) ([]byte, error) {
	var question int64
	var valid []string
	err := fields(run.Input, func(field protowire.Number, value []byte) error {
		if field == 1 {
			question = number(value)
			return nil
		}
		var node, answer []byte
		if err := fields(value, func(field protowire.Number, value []byte) error {
			if field == 1 {
				node = value
			} else {
				answer = value
			}
			return nil
		}); err != nil {
			return err
		}
		if number(answer) == 2*question {
			valid = append(valid, string(node))
		}
		return nil
	})
	return Verdict(valid...), err
}

// number reads field 1 of a question or an answer.
func number(message []byte) (n int64) {
	for len(message) > 0 {
		field, wire, size := protowire.ConsumeTag(message)
		if size < 0 {
			return 0
		}
		message = message[size:]
		if field == 1 && wire == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(message)
			n = int64(v)
		}
		size = protowire.ConsumeFieldValue(field, wire, message)
		if size < 0 {
			return 0
		}
		message = message[size:]
	}
	return n
}

// fields calls f for each field of a message that has only messages and strings.
func fields(message []byte, f func(protowire.Number, []byte) error) error {
	for len(message) > 0 {
		field, _, size := protowire.ConsumeTag(message)
		if size < 0 {
			return protowire.ParseError(size)
		}
		value, length := protowire.ConsumeBytes(message[size:])
		if length < 0 {
			return protowire.ParseError(length)
		}
		if err := f(field, value); err != nil {
			return err
		}
		message = message[size+length:]
	}
	return nil
}
