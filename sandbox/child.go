package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// maxControlBody bounds what a child may send outside a run: pieces of log.
const maxControlBody = 1 << 20

// child is one process that holds one program. It has one user at a time; only kill may be called by others.
type child struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	frames  chan wire.Frame // closed when the process has ended and has been waited for
	stderr  words           // what the child process itself says: the engine's last words
	maxBody atomic.Int64
}

func startChild(cfg Config, start func(*exec.Cmd) error) (*child, error) {
	c := &child{cmd: exec.Command(cfg.ChildPath), frames: make(chan wire.Frame)}
	c.maxBody.Store(maxControlBody)
	c.cmd.Dir = cfg.CacheDir
	// Two threads at least, so that a program's tight loop leaves one to notice the end of the pipe.
	c.cmd.Env = []string{"GOMAXPROCS=2"}
	c.cmd.Stderr = &c.stderr
	c.cmd.WaitDelay = time.Second
	c.cmd.SysProcAttr = childAttributes()
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("sandbox child: %w", err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("sandbox child: %w", err)
	}
	if err := start(c.cmd); err != nil {
		return nil, fmt.Errorf("sandbox child: start %s: %w", cfg.ChildPath, err)
	}
	c.stdin = stdin
	go c.read(stdout)
	return c, nil
}

// read passes frames on until the child is gone, or says something that cannot be read, for which it is killed.
func (c *child) read(stdout io.Reader) {
	r := bufio.NewReader(stdout)
	for {
		f, err := wire.Read(r, c.maxBody.Load)
		if err != nil {
			break
		}
		c.frames <- f
	}
	killGroup(c.cmd)
	_ = c.cmd.Wait() // how it ended is in ProcessState
	close(c.frames)
}

// kill ends the process and waits until it is gone.
func (c *child) kill() {
	killGroup(c.cmd)
	for range c.frames {
		// What it still had to say is of no use; reading lets the reader end.
	}
	c.stdin.Close()
}

// send writes a frame without waiting for the child to read it.
func (c *child) send(kind wire.Kind, header any, body []byte) {
	// A child that is gone, or that does not read until it is killed, shows itself by its frames ending.
	go func() { _ = wire.Write(c.stdin, kind, header, body) }()
}

// prepare loads the program. The child is of no use after an error.
func (c *child) prepare(ctx context.Context, p wire.Prepare) error {
	c.send(wire.KindPrepare, p, nil)
	return c.awaitReady(ctx)
}

// awaitReady waits until the child can take a run.
func (c *child) awaitReady(ctx context.Context) error {
	for {
		select {
		case f, ok := <-c.frames:
			switch {
			case !ok:
				return c.lastWords()
			case f.Kind == wire.KindReady:
				return nil
			case f.Kind == wire.KindFailed:
				var done wire.Done
				if err := f.Decode(&done); err != nil {
					return err
				}
				return statusError(done)
			case f.Kind == wire.KindLog:
			default:
				return fmt.Errorf("sandbox child: unexpected frame of kind %d", f.Kind)
			}
		case <-ctx.Done():
			return fmt.Errorf("prepare program: %w", context.Cause(ctx))
		}
	}
}

// run gives the child its input and waits for the end: the program's, the deadline's or the context's. The child can be used again,
// after awaitReady, only if the error is nil.
func (c *child) run(ctx context.Context, r wire.Run, input []byte, wall time.Duration) (result *Result, output []byte, err error) {
	result = new(Result)
	begin := time.Now()
	defer func() { result.Wall = time.Since(begin) }()
	deadline := time.NewTimer(wall)
	defer deadline.Stop()
	c.maxBody.Store(max(r.OutputBytes, maxControlBody))
	c.send(wire.KindRun, r, input)
	for {
		select {
		case f, ok := <-c.frames:
			if !ok {
				return result, nil, c.lastWords()
			}
			switch f.Kind {
			case wire.KindLog:
				result.addLog(f.Body, r.LogBytes)
			case wire.KindDone:
				var done wire.Done
				if err := f.Decode(&done); err != nil {
					return result, nil, err
				}
				result.CPU, result.PeakMemory, result.ExitStatus = time.Duration(done.CPU), done.PeakMemory, done.ExitStatus
				return result, f.Body, statusError(done)
			default:
				return result, nil, fmt.Errorf("sandbox child: unexpected frame of kind %d", f.Kind)
			}
		case <-deadline.C:
			c.killAndCollect(result, r.LogBytes)
			return result, nil, fmt.Errorf("%w: still running after %s: make it quicker or ask for a longer time limit", ErrTimeout, wall)
		case <-ctx.Done():
			c.killAndCollect(result, r.LogBytes)
			return result, nil, runEnded(ctx)
		}
	}
}

// killAndCollect ends the process and keeps what it had logged by then.
func (c *child) killAndCollect(result *Result, limit int64) {
	killGroup(c.cmd)
	for f := range c.frames {
		if f.Kind == wire.KindLog {
			result.addLog(f.Body, limit)
		}
	}
	if state := c.cmd.ProcessState; state != nil {
		result.CPU = state.UserTime() + state.SystemTime()
	}
}

func (r *Result) addLog(p []byte, limit int64) {
	r.Log = append(r.Log, p[:min(int64(len(p)), limit-int64(len(r.Log)))]...)
}

// runEnded says why a context ended a run. A deadline of the caller's is the program's time limit by another way.
func runEnded(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, context.Cause(ctx))
	}
	return fmt.Errorf("run: %w", context.Cause(ctx))
}

// lastWords is the error of a child whose process has ended by itself.
func (c *child) lastWords() error {
	words := strings.TrimSpace(c.stderr.String())
	if strings.Contains(words, "out of memory") || strings.Contains(words, "cannot allocate memory") {
		return fmt.Errorf("%w: the engine could allocate no more for it: ask for more memory", ErrMemory)
	}
	if len(words) > 500 {
		words = words[:500]
	}
	return fmt.Errorf("%w: its process ended (%s): %s", ErrCrashed, c.cmd.ProcessState, words)
}

// statusError turns the end of a run into one of the package's errors, with the fix.
func statusError(done wire.Done) error {
	switch done.Status {
	case wire.StatusOK:
		return nil
	case wire.StatusMemory:
		return fmt.Errorf("%w: %s: use less or require more memory", ErrMemory, done.Message)
	case wire.StatusOutput:
		return fmt.Errorf("%w: %s: put large results into /ain/out", ErrOutputTooLarge, done.Message)
	case wire.StatusBadProgram:
		return fmt.Errorf("%w: %s", ErrBadProgram, done.Message)
	case wire.StatusBadOutput:
		return fmt.Errorf("%w: %s", ErrBadOutput, done.Message)
	}
	return fmt.Errorf("%w: %s", ErrCrashed, done.Message)
}

// words keeps the beginning of what is written to it: a crash of the engine starts with its reason. It has one writer at a time, and is
// read when that has ended.
type words struct{ bytes.Buffer }

// Write implements io.Writer.
func (w *words) Write(p []byte) (int, error) {
	w.Buffer.Write(p[:min(len(p), max(0, 8<<10-w.Len()))])
	return len(p), nil
}
