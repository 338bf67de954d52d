package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/internal/wire"
)

// Run implements sandbox.Sandbox: one container, made, run and removed; or, for a program that speaks gRPC, a call of one that is there.
func (b *Box) Run(ctx context.Context, run sandbox.Run) (*sandbox.Result, error) {
	if err := b.begin(); err != nil {
		return nil, err
	}
	defer b.runs.Done()
	ctx, stop := b.during(ctx)
	defer stop()
	limits, input, rpc, err := arguments(run)
	if err != nil {
		return nil, err
	}
	if limits.MemoryBytes < leastMemory {
		return &sandbox.Result{}, fmt.Errorf("%w: a limit of %d bytes: no container starts in less than %d: require more memory",
			sandbox.ErrMemory, limits.MemoryBytes, leastMemory)
	}
	if run.Program.Codec == sandbox.CodecGRPC {
		return b.runServed(ctx, run, limits, rpc, input)
	}
	if _, err := b.pool.acquire(ctx, warmKey{}); err != nil {
		return nil, err
	}
	defer b.pool.release()
	found, release, err := b.images.use(ctx, run.Program)
	if err != nil {
		return nil, err
	}
	defer release()
	start, err := found.Command.starting(run.Program.EntryPoint, run.Args)
	if err != nil {
		return nil, err
	}
	result, output, err := b.runImage(ctx, run, limits, found, start, input)
	if err != nil {
		return result, err
	}
	result.Output, err = rpc.DecodeOutput(output)
	return result, err
}

// arguments are checked before anything is started.
func arguments(run sandbox.Run) (limits sandbox.Limits, input []byte, rpc *sandbox.RPC, err error) {
	if rpc, err = rpcOf(run.Program); err != nil {
		return limits, nil, nil, err
	}
	if limits, err = run.Limits.WithDefaults(); err != nil {
		return limits, nil, nil, err
	}
	if err = run.Validate(); err != nil {
		return limits, nil, nil, err
	}
	input, err = rpc.EncodeInput(run.Input)
	return limits, input, rpc, err
}

// runImage runs a program once.
func (b *Box) runImage(ctx context.Context, run sandbox.Run, limits sandbox.Limits, found *loadedImage, start command, input []byte) (*sandbox.Result, []byte, error) {
	inputs, clean, err := b.stage(run.Inputs)
	if err != nil {
		return nil, nil, err
	}
	defer clean()
	c, again, err := b.createFrom(ctx, run.Program, found, func(id string) settings { return b.settingsFor(id, run, limits, inputs) })
	if err != nil {
		return nil, nil, err
	}
	defer again()
	defer b.discard(c)
	return c.run(ctx, b.cfg.StartTimeout, exec(run, limits, start), input, run.OutDir, run.Network)
}

// createFrom makes a container of an image that the engine should hold; if it was removed behind our back it is loaded again, once. release
// gives back that second one.
func (b *Box) createFrom(ctx context.Context, p sandbox.Program, found *loadedImage, with func(imageID string) settings) (c *box, release func(), err error) {
	release = func() {}
	c, err = b.create(ctx, with(found.ID))
	if errdefs.IsNotFound(err) {
		b.images.forget(p.Digest, found)
		again, giveBack, useErr := b.images.use(ctx, p)
		if useErr != nil {
			return nil, nil, useErr
		}
		release = giveBack
		c, err = b.create(ctx, with(again.ID))
	}
	if err != nil {
		release()
		return nil, nil, runFailed(ctx, "create container", err)
	}
	return c, release, nil
}

func (b *Box) create(ctx context.Context, s settings) (*box, error) {
	platform := &ocispec.Platform{OS: "linux"}
	// Not with the run's context: an engine that is told to stop may make the container all the same, and nobody would know its name to
	// remove it.
	making, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.cfg.StartTimeout)
	defer cancel()
	created, err := b.engine.ContainerCreate(making, s.config, s.host, s.net, platform, "")
	if err != nil {
		return nil, err
	}
	return &box{engine: b.engine, id: created.ID}, nil
}

// discard removes a container. The run is over: neither its context nor that of the sandbox may stop this.
func (b *Box) discard(c *box) {
	c.close()
	ctx, cancel := context.WithTimeout(context.Background(), b.cfg.StartTimeout)
	defer cancel()
	if err := b.remove(ctx, c.id); err != nil {
		b.cfg.Log.Error("could not remove a container, it goes at the next start", "container", c.id, "error", err)
	}
}

func exec(run sandbox.Run, limits sandbox.Limits, start command) wire.Exec {
	x := wire.Exec{
		Args: start.Args, Dir: start.Dir, Env: append([]string{}, start.Env...), Ways: waysOf(run.Network), Bounds: boundsOf(run, limits)}
	x.Env = append(x.Env, urlsOf(run.Network)...)
	for name, value := range run.Env {
		x.Env = append(x.Env, name+"="+value)
	}
	return x
}

func boundsOf(run sandbox.Run, limits sandbox.Limits) wire.Bounds {
	return wire.Bounds{
		Wall: int64(limits.WallTime), Plain: run.Program.Codec == sandbox.CodecPlain, Collect: run.OutDir != "",
		OutputBytes: limits.OutputBytes, LogBytes: limits.LogBytes, DiskBytes: limits.DiskBytes,
	}
}

// ended says why a context ended a run. A deadline of the caller's is the program's time limit by another way.
func ended(ctx context.Context) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, sandbox.ErrClosed):
		return sandbox.ErrClosed
	case errors.Is(cause, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", sandbox.ErrTimeout, cause)
	default:
		return fmt.Errorf("run: %w", cause)
	}
}

// runFailed is the engine's error, or the context's where that is why.
func runFailed(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	return engineError(doing, err)
}

// failure turns the end of a run into one of the sandbox's errors, with the fix.
func failure(done wire.Done, wall time.Duration) error {
	switch done.Status {
	case wire.StatusOK:
		return nil
	case wire.StatusMemory:
		return fmt.Errorf("%w: %s: use less or require more memory (files in /tmp and /ain/out count)", sandbox.ErrMemory, done.Message)
	case wire.StatusOutput:
		return fmt.Errorf("%w: %s: put large results into /ain/out, or require more disk", sandbox.ErrOutputTooLarge, done.Message)
	case wire.StatusTimeout:
		if done.Message != "" {
			return fmt.Errorf("%w: %s within %s: make it quicker or ask for a longer time limit", sandbox.ErrTimeout, done.Message, wall)
		}
		return timedOut(wall)
	case wire.StatusBadProgram:
		return fmt.Errorf("%w: %s", sandbox.ErrBadProgram, done.Message)
	case wire.StatusBadOutput:
		return fmt.Errorf("%w: %s", sandbox.ErrBadOutput, done.Message)
	}
	return fmt.Errorf("%w: %s", sandbox.ErrCrashed, done.Message)
}

func timedOut(wall time.Duration) error {
	return fmt.Errorf("%w: still running after %s: make it quicker or ask for a longer time limit", sandbox.ErrTimeout, wall)
}
