// Package docker runs programs that are OCI images, in containers of a Docker engine on this machine.
//
// An image is checked from its outermost byte to its last file before the engine sees any of it, and is run by the engine's id for its
// content, never by a name. A run is one container with one first process of ours, the warden, which starts the program when the request is
// known. settings.go is all that holds a program; README.md has it as a table.
//
// Trusted: the kernel, the engine, its runtime and the warden. Not trusted: the image, the program, and what the container says. The engine's
// socket is as good as root on this machine: it is opened by the daemon alone and never given to a container.
//
// A program that speaks gRPC stays in its container, which is warm then, for more calls of the same client (warm.go, pool.go).
//
// Invariants: no container outlives its run but a warm one, and none the sandbox; one that a crash left behind ends with its daemon and is removed at the next start; an image
// in use is never removed.
package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/client"

	"github.com/ain-network/aind/sandbox"
)

// Config says where the engine is and what a program may use of this machine. Zero fields take their defaults.
type Config struct {
	// Host of the engine, unix:///path; default DOCKER_HOST, then unix:///var/run/docker.sock. It must be on this machine.
	Host string
	// StateDir keeps the list of images, the name of this sandbox in the engine's labels and a copy of the warden. One process at a
	// time may use it.
	StateDir string
	// WardenPath is the program ain-sandbox, linked statically.
	WardenPath string
	// MaxContainers bounds the runs at the same time; default the number of CPUs, at least 2.
	MaxContainers int
	// CPUMillis of a run, in thousandths of a core; default 1000.
	CPUMillis int64
	// Processes and threads of a run, the warden's handful included; default 256.
	Processes int64
	// ScratchBytes that a run may write to /tmp; default 64 MiB. They count as its memory.
	ScratchBytes int64
	// ImageBytes is the largest image, unpacked; default 10 GiB.
	ImageBytes int64
	// ImageCacheBytes bounds the images that the engine keeps for us; default 20 GiB.
	ImageCacheBytes int64
	// RuntimeUse says whether a stronger runtime than the engine's own is used; default RuntimeOff. Runtime is its name in the engine;
	// default the first that the engine has of those known.
	RuntimeUse RuntimeUse
	Runtime    string
	// Registries, host or host:port, that get the login of Docker's config, and that may be in this machine's network or on it. Images are
	// pulled from others, too, but without a login and from public addresses only.
	Registries []string
	// PullTimeout bounds the time in which an image is pulled; default 1 hour.
	PullTimeout time.Duration
	// Progress is told what is being pulled, about once a second. It must not block.
	Progress func(Pull)
	// StartTimeout bounds the start of a container; default 1 minute.
	StartTimeout time.Duration
	// Warm says how long containers of programs that speak gRPC stay.
	Warm Warm
	Log  *slog.Logger // default slog.Default()
}

const maxFiles = 1_000_000 // in one image

// DefaultImageCache is ImageCacheBytes where nothing else is said.
const DefaultImageCache = 20 << 30

// Validate names the first field that cannot be right.
func (c Config) Validate() error {
	switch {
	case c.StateDir == "":
		return errors.New("docker config: StateDir is empty: name a folder that only this user can write to")
	case c.WardenPath == "":
		return errors.New("docker config: WardenPath is empty: name the program ain-sandbox")
	case c.Host != "" && !strings.HasPrefix(c.Host, "unix://"):
		return fmt.Errorf("docker config: Host %q: use unix:///path, an engine on this machine", c.Host)
	}
	switch c.RuntimeUse {
	case "", RuntimeOff, RuntimePrefer, RuntimeRequire:
	default:
		return fmt.Errorf("docker config: RuntimeUse %q: use %s, %s or %s", c.RuntimeUse, RuntimeRequire, RuntimePrefer, RuntimeOff)
	}
	for field, value := range map[string]int64{
		"MaxContainers": int64(c.MaxContainers), "CPUMillis": c.CPUMillis, "Processes": c.Processes, "ScratchBytes": c.ScratchBytes,
		"ImageBytes": c.ImageBytes, "ImageCacheBytes": c.ImageCacheBytes, "StartTimeout": int64(c.StartTimeout),
		"PullTimeout": int64(c.PullTimeout), "Warm.Max": int64(c.Warm.Max), "Warm.Uses": int64(c.Warm.Uses), "Warm.Age": int64(c.Warm.Age),
		"Warm.Idle": int64(c.Warm.Idle), "Warm.GrowthBytes": c.Warm.GrowthBytes,
	} {
		if value < 0 {
			return fmt.Errorf("docker config: %s %d is negative", field, value)
		}
	}
	if c.CPUMillis > 0 && c.CPUMillis < leastCPU {
		return fmt.Errorf("docker config: CPUMillis %d: use at least 10, the least that the engine takes", c.CPUMillis)
	}
	if c.Processes > 0 && c.Processes < 32 {
		return fmt.Errorf("docker config: Processes %d: use at least 32", c.Processes)
	}
	return nil
}

func (c Config) withDefaults() (Config, error) {
	if err := c.Validate(); err != nil {
		return c, err
	}
	setDefault(&c.MaxContainers, max(2, runtime.NumCPU()))
	setDefault(&c.CPUMillis, 1000)
	setDefault(&c.Processes, 256)
	setDefault(&c.ScratchBytes, 64<<20)
	setDefault(&c.ImageBytes, 10<<30)
	setDefault(&c.ImageCacheBytes, DefaultImageCache)
	setDefault(&c.StartTimeout, time.Minute)
	setDefault(&c.PullTimeout, time.Hour)
	setDefault(&c.Log, slog.Default())
	c.Warm.setDefaults(c.MaxContainers)
	var err error
	if c.StateDir, err = filepath.Abs(c.StateDir); err != nil {
		return c, fmt.Errorf("docker state folder: %w", err)
	}
	if err := os.MkdirAll(c.StateDir, 0o700); err != nil {
		return c, fmt.Errorf("docker state folder: %w", err)
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Box is a sandbox for images.
type Box struct {
	cfg      Config
	engine   *client.Client
	instance string // which containers are this sandbox's
	start    string // which of them this process made
	warden   string // its copy on this machine
	runtime  string // that programs run in; empty: the engine's own
	images   *images
	pool     *pool

	late   *time.Timer     // the second look for what an earlier process left
	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	closed bool
	runs   sync.WaitGroup
}

var _ sandbox.Sandbox = (*Box)(nil)

// Open connects to the engine, checks that it can hold a program, and removes what an earlier process left running. It errs with ErrEngine
// where there is no engine, or none that is able to.
func Open(ctx context.Context, cfg Config) (*Box, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	engine, runtime, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	b := &Box{cfg: cfg, engine: engine, runtime: runtime, start: newName(), pool: newPool(cfg.MaxContainers, cfg.Warm.Max)}
	if err := b.prepare(ctx); err != nil {
		engine.Close()
		return nil, err
	}
	b.ctx, b.cancel = context.WithCancelCause(context.Background())
	b.late = time.AfterFunc(cfg.StartTimeout, b.reconcileLate)
	return b, nil
}

func (b *Box) prepare(ctx context.Context) (err error) {
	if b.instance, err = readInstance(b.cfg.StateDir); err != nil {
		return err
	}
	if b.warden, err = copyWarden(b.cfg.WardenPath, b.cfg.StateDir); err != nil {
		return err
	}
	if err := removeStaged(b.cfg.StateDir); err != nil {
		return err
	}
	if b.images, err = openImages(b.engine, b.cfg); err != nil {
		return err
	}
	return b.reconcile(ctx)
}

// Supports implements sandbox.Sandbox.
func (b *Box) Supports(kind sandbox.Kind) bool { return kind == sandbox.KindImage }

// Prepare implements sandbox.Sandbox: it checks an image and loads it into the engine.
func (b *Box) Prepare(ctx context.Context, p sandbox.Program) error {
	if err := b.begin(); err != nil {
		return err
	}
	defer b.runs.Done()
	ctx, stop := b.during(ctx)
	defer stop()
	if _, err := rpcOf(p); err != nil {
		return err
	}
	found, release, err := b.images.use(ctx, p)
	if err != nil {
		return err
	}
	defer release()
	_, err = found.Command.starting(p.EntryPoint, nil)
	return err
}

// Close implements sandbox.Sandbox: it ends every run and waits until its container is gone.
func (b *Box) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.late.Stop()
	b.cancel(sandbox.ErrClosed)
	b.runs.Wait()
	b.pool.drain()
	return errors.Join(b.images.save(), b.engine.Close())
}

// begin counts a user in, unless the sandbox is closed.
func (b *Box) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return sandbox.ErrClosed
	}
	b.runs.Add(1)
	return nil
}

// during is a context that ends with the sandbox as well.
func (b *Box) during(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(b.ctx, func() { cancel(sandbox.ErrClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// rpcOf checks what can be checked of a program without opening it.
func rpcOf(p sandbox.Program) (*sandbox.RPC, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.Kind != sandbox.KindImage {
		return nil, fmt.Errorf("%w: program of kind %q: containers run images", sandbox.ErrUnsupported, p.Kind)
	}
	return sandbox.NewRPC(p)
}
