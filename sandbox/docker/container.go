package docker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/internal/wire"
)

// maxControlBody bounds what a container may say in one frame outside of its reply: pieces of log and of files.
const maxControlBody = 1 << 20

// box is one container.
type box struct {
	engine  *client.Client
	id      string
	stream  *types.HijackedResponse
	frames  chan wire.Frame // closed when the container has nothing more to say
	gone    chan struct{}   // closed when nobody listens any more
	once    sync.Once
	words   lastWords
	maxBody atomic.Int64
	sending sync.Mutex // of a frame: connections have them sent, too
}

// run starts the container, gives its program the input and waits for the end: the program's, the deadline's or the context's.
func (c *box) run(ctx context.Context, startTimeout time.Duration, x wire.Exec, input []byte, outDir string, network sandbox.Network) (*sandbox.Result, []byte, error) {
	if err := c.start(ctx, startTimeout); err != nil {
		return nil, nil, err
	}
	go func() { _ = c.send(wire.KindExec, x, input) }() // a container that does not read shows itself by its end
	return c.follow(ctx, x.Bounds, outDir, newRelay(network, c.send))
}

// start starts the container and returns when its warden is ready.
func (c *box) start(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("%w: no start within %s", ErrEngine, within))
	defer cancel()
	if err := c.attach(ctx); err != nil {
		return err
	}
	_, err := c.await(ctx, wire.KindReady)
	return err
}

func (c *box) send(kind wire.Kind, header any, body []byte) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return wire.Write(c.stream.Conn, kind, header, body)
}

// attach starts the container and listens to it.
func (c *box) attach(ctx context.Context) error {
	stream, err := c.engine.ContainerAttach(ctx, c.id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return runFailed(ctx, "attach to container", err)
	}
	c.stream, c.frames, c.gone = &stream, make(chan wire.Frame), make(chan struct{})
	c.maxBody.Store(maxControlBody)
	stdout, w := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(w, &c.words, stream.Reader)
		w.CloseWithError(err)
	}()
	go c.read(stdout)
	if err := c.engine.ContainerStart(ctx, c.id, container.StartOptions{}); err != nil {
		return runFailed(ctx, "start container", err)
	}
	return nil
}

// read passes frames on until the container has nothing more to say, or says something that cannot be read.
func (c *box) read(stdout *io.PipeReader) {
	defer close(c.frames)
	defer stdout.Close()
	for {
		f, err := wire.Read(stdout, c.maxBody.Load)
		if err != nil {
			return
		}
		select {
		case c.frames <- f:
		case <-c.gone:
			return
		}
	}
}

// await waits for one frame.
func (c *box) await(ctx context.Context, kind wire.Kind) (f wire.Frame, err error) {
	var ok bool
	select {
	case f, ok = <-c.frames:
	case <-ctx.Done():
		return f, ended(ctx)
	}
	switch {
	case !ok:
		return f, c.died(ctx)
	case f.Kind != kind:
		return f, fmt.Errorf("%w: container: frame of kind %d instead of %d", sandbox.ErrCrashed, f.Kind, kind)
	}
	return f, nil
}

// follow listens until the run has ended. The warden keeps the time; that it does is not left to it. outside is nil where the run reaches nothing.
func (c *box) follow(ctx context.Context, x wire.Bounds, outDir string, outside *relay) (*sandbox.Result, []byte, error) {
	c.maxBody.Store(max(x.OutputBytes, maxControlBody))
	result, wall := new(sandbox.Result), time.Duration(x.Wall)
	begin := time.Now()
	defer func() { result.Wall = time.Since(begin) }()
	files := &collector{dir: outDir, left: x.DiskBytes}
	defer files.close()
	defer func() { outside.close(result, x.LogBytes) }()
	deadline := time.NewTimer(wall + startGrace)
	defer deadline.Stop()
	for {
		select {
		case f, ok := <-c.frames:
			if !ok {
				return result, nil, c.died(ctx)
			}
			switch f.Kind {
			case wire.KindStarted:
				deadline.Reset(wall + grace(wall))
			case wire.KindLog:
				addLog(result, f.Body, x.LogBytes)
			case wire.KindFile:
				if err := files.take(f); err != nil {
					return result, nil, err
				}
			case wire.KindDone:
				return c.finish(result, f, files, wall)
			case wire.KindOpen, wire.KindData, wire.KindCredit, wire.KindShut, wire.KindReset:
				if err := outside.take(f); err != nil {
					return result, nil, fmt.Errorf("%w: container: %w", sandbox.ErrCrashed, err)
				}
			default:
				return result, nil, fmt.Errorf("%w: container: unexpected frame of kind %d", sandbox.ErrCrashed, f.Kind)
			}
		case <-deadline.C:
			c.killAndCollect(result, x.LogBytes)
			return result, nil, timedOut(wall)
		case <-ctx.Done():
			c.killAndCollect(result, x.LogBytes)
			return result, nil, ended(ctx)
		}
	}
}

// startGrace is how long the warden may take to start the program, beyond the run's own time.
const startGrace = 10 * time.Second

// grace is how long the warden may take to end a program and say so, before it is ended with it.
func grace(wall time.Duration) time.Duration {
	return min(max(wall/20, 10*time.Millisecond), time.Second)
}

func (c *box) finish(result *sandbox.Result, f wire.Frame, files *collector, wall time.Duration) (*sandbox.Result, []byte, error) {
	var done wire.Done
	if err := f.Decode(&done); err != nil {
		return result, nil, fmt.Errorf("%w: container: %w", sandbox.ErrCrashed, err)
	}
	result.CPU, result.PeakMemory, result.ExitStatus = time.Duration(done.CPU), done.PeakMemory, done.ExitStatus
	if err := failure(done, wall); err != nil {
		return result, nil, err
	}
	return result, f.Body, files.close()
}

// killAndCollect ends the container and keeps what it had logged by then.
func (c *box) killAndCollect(result *sandbox.Result, limit int64) {
	ctx, cancel := context.WithTimeout(context.Background(), startGrace)
	defer cancel()
	_ = c.engine.ContainerKill(ctx, c.id, "KILL") // whatever is wrong with it, it is removed by force next
	for {
		select {
		case f, ok := <-c.frames:
			if !ok {
				return
			}
			if f.Kind == wire.KindLog {
				addLog(result, f.Body, limit)
			}
		case <-ctx.Done():
			return
		}
	}
}

// died says why a container ended without telling.
func (c *box) died(ctx context.Context) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	found, err := c.engine.ContainerInspect(ctx, c.id)
	if errdefs.IsNotFound(err) {
		return fmt.Errorf("%w: somebody removed its container", sandbox.ErrCrashed)
	}
	if err != nil {
		return runFailed(ctx, "look at a container that ended", err)
	}
	words := strings.TrimSpace(c.words.String())
	if found.State.OOMKilled || strings.Contains(words, "out of memory") || strings.Contains(words, "cannot allocate memory") {
		return fmt.Errorf("%w: the container was ended at its limit: use less or require more memory", sandbox.ErrMemory)
	}
	return fmt.Errorf("%w: its container ended with status %d: %s", sandbox.ErrCrashed, found.State.ExitCode, words)
}

func (c *box) close() {
	c.once.Do(func() {
		if c.stream != nil {
			close(c.gone)
			c.stream.Close()
		}
	})
}

func addLog(r *sandbox.Result, p []byte, limit int64) {
	r.Log = append(r.Log, p[:min(int64(len(p)), limit-int64(len(r.Log)))]...)
}

// lastWords keeps the beginning of what the warden itself says, which it does only when it fails.
type lastWords struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Write(p[:min(len(p), max(0, 500-w.buf.Len()))])
	return len(p), nil
}

func (w *lastWords) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// collector writes the files of a run into its output folder, and nowhere else.
type collector struct {
	dir   string
	left  int64
	count int
	root  *os.Root
	file  *os.File
	name  string
	size  int64
}

// take writes a folder or a piece of a file. The container is not trusted to have kept to the limits.
func (c *collector) take(f wire.Frame) error {
	var header wire.File
	if err := f.Decode(&header); err != nil || c.dir == "" {
		return fmt.Errorf("%w: container: a file that nobody asked for: %w", sandbox.ErrBadOutput, err)
	}
	var err error
	if c.root == nil {
		if c.root, err = os.OpenRoot(c.dir); err != nil {
			return fmt.Errorf("output folder: %w", err)
		}
	}
	if header.Folder {
		if c.count++; c.count > tmpfsFiles {
			return fmt.Errorf("%w: more than %d files in the output folder", sandbox.ErrOutputTooLarge, tmpfsFiles)
		}
		return badFile(c.root.Mkdir(header.Name, 0o755))
	}
	if c.left -= int64(len(f.Body)); c.left < 0 {
		return fmt.Errorf("%w: more in the output folder than the run may write", sandbox.ErrOutputTooLarge)
	}
	if header.Offset == 0 {
		if err := c.next(header); err != nil {
			return err
		}
	}
	if c.file == nil || header.Name != c.name || header.Offset != c.size {
		return fmt.Errorf("%w: container: pieces of file %q are out of order", sandbox.ErrBadOutput, header.Name)
	}
	n, err := c.file.Write(f.Body)
	c.size += int64(n)
	return err
}

// next begins a file.
func (c *collector) next(header wire.File) error {
	if c.count++; c.count > tmpfsFiles {
		return fmt.Errorf("%w: more than %d files in the output folder", sandbox.ErrOutputTooLarge, tmpfsFiles)
	}
	if err := c.closeFile(); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if header.Executable {
		mode = 0o755
	}
	var err error
	if c.file, err = c.root.OpenFile(header.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode); err != nil {
		c.file = nil
		return badFile(err)
	}
	c.name, c.size = header.Name, 0
	return nil
}

func badFile(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: output folder: %w", sandbox.ErrBadOutput, err)
}

func (c *collector) closeFile() error {
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file = nil
	return err
}

func (c *collector) close() error {
	err := c.closeFile()
	if c.root != nil {
		c.root.Close()
		c.root = nil
	}
	return err
}
