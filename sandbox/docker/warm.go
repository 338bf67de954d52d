package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/internal/wire"
)

// Warm says how long the containers of programs that speak gRPC stay for further calls. Whatever these say, a container ends after a failure,
// or where a call has left a process behind.
type Warm struct {
	// Max is the most containers that wait for a call; default MaxContainers. They count among those.
	Max int
	// Uses of one container; default 1000. 1: a new one for each call.
	Uses int
	// Age at which one is not used any more; default 1 hour.
	Age time.Duration
	// Idle is how long one waits for its next call; default 5 minutes.
	Idle time.Duration
	// GrowthBytes that its processes may hold beyond what they held after their first call; default 64 MiB.
	GrowthBytes int64
}

func (w *Warm) setDefaults(containers int) {
	setDefault(&w.Max, containers)
	setDefault(&w.Uses, 1000)
	setDefault(&w.Age, time.Hour)
	setDefault(&w.Idle, 5*time.Minute)
	setDefault(&w.GrowthBytes, 64<<20)
}

// warmKey tells which calls a container may serve: those of the same program, within the same limits, for the same tenant, or for all.
type warmKey struct {
	digest, entryPoint string
	memory, disk, cpu  int64
	collects           bool   // it has an output folder
	reaches            string // the places
	tenant             string
	all                bool
}

func keyOf(run sandbox.Run, limits sandbox.Limits) warmKey {
	key := warmKey{
		digest: run.Program.Digest, entryPoint: run.Program.EntryPoint, memory: limits.MemoryBytes, disk: limits.DiskBytes, cpu: limits.CPUMillis,
		collects: run.OutDir != "", tenant: run.Tenant, all: run.Program.StatelessSafe,
	}
	for _, way := range run.Network.Ways {
		key.reaches += way.Place + " "
	}
	if key.all {
		key.tenant = ""
	}
	return key
}

// warm is a container whose program serves calls.
type warm struct {
	*box
	owner   *Box
	key     warmKey
	stays   bool   // after a call
	inputs  string // the folder that it sees its inputs in
	release func() // of its image
	born    time.Time
	uses    int
	memory  int64 // that it held after its first call
	timer   *time.Timer
}

// runServed makes one call of a program that speaks gRPC, in a container that waits for one, or in a new one.
func (b *Box) runServed(ctx context.Context, run sandbox.Run, limits sandbox.Limits, rpc *sandbox.RPC, input []byte) (*sandbox.Result, error) {
	key := keyOf(run, limits)
	w, err := b.pool.acquire(ctx, key)
	if err != nil {
		return nil, err
	}
	if w != nil {
		result, err := w.run(ctx, run, limits, rpc, input)
		if err == nil {
			return result, nil
		}
		if !fromUse(err) || run.OutDir != "" && emptyFolder(run.OutDir) != nil {
			b.pool.release()
			return result, err
		}
		b.cfg.Log.Info("a program failed that had served before: it is called again in a new container", "program", key.digest, "error", err)
	}
	if w, err = b.startServed(ctx, key, run, limits); err != nil {
		b.pool.release()
		return nil, err
	}
	result, err := w.run(ctx, run, limits, rpc, input)
	if err != nil {
		b.pool.release()
	}
	return result, err
}

// fromUse tells whether a failure may come from the calls that a container served before.
func fromUse(err error) bool {
	return errors.Is(err, sandbox.ErrCrashed) || errors.Is(err, sandbox.ErrMemory) || errors.Is(err, sandbox.ErrBadOutput)
}

// startServed makes a container and tells its warden which program to start.
func (b *Box) startServed(ctx context.Context, key warmKey, run sandbox.Run, limits sandbox.Limits) (_ *warm, err error) {
	w := &warm{
		owner: b, key: key, stays: (key.tenant != "" || key.all) && len(run.GPUs) == 0, release: func() {}, born: time.Now(),
	}
	defer func() {
		if err != nil {
			w.end()
		}
	}()
	found, release, err := b.images.use(ctx, run.Program)
	if err != nil {
		return nil, err
	}
	w.release = release
	start, err := found.Command.starting(run.Program.EntryPoint, nil)
	if err != nil {
		return nil, err
	}
	if w.inputs, err = os.MkdirTemp(b.cfg.StateDir, stagedPrefix); err != nil {
		return nil, fmt.Errorf("inputs: %w", err)
	}
	if err := os.Chmod(w.inputs, 0o755); err != nil { // the mount takes care of the way to it
		return nil, fmt.Errorf("inputs: %w", err)
	}
	made, again, err := b.createFrom(ctx, run.Program, found, func(id string) settings {
		return b.settingsFor(id, run, limits, map[string]string{"": w.inputs})
	})
	if err != nil {
		return nil, err
	}
	w.box, w.release = made, func() { release(); again() }
	if err := w.start(ctx, b.cfg.StartTimeout); err != nil {
		return nil, err
	}
	return w, w.send(wire.KindServe, wire.Serve{
		Args: start.Args, Env: append(slices.Clone(start.Env), urlsOf(run.Network)...), Dir: start.Dir, Ways: waysOf(run.Network),
	}, nil)
}

// run makes one call. After an error the container has ended, and its place is the caller's; otherwise the container keeps it.
func (w *warm) run(ctx context.Context, run sandbox.Run, limits sandbox.Limits, rpc *sandbox.RPC, input []byte) (*sandbox.Result, error) {
	w.uses++
	last := !w.stays || w.uses >= w.owner.cfg.Warm.Uses
	result, err := w.call(ctx, run, limits, rpc, input, last)
	if err != nil {
		w.end()
		return result, err
	}
	w.owner.pool.rests(w)
	if last {
		w.owner.pool.settle(w, 0)
		return result, nil
	}
	w.owner.runs.Add(1) // the caller is counted itself
	go func() {
		defer w.owner.runs.Done()
		w.settle()
	}()
	return result, nil
}

func (w *warm) call(ctx context.Context, run sandbox.Run, limits sandbox.Limits, rpc *sandbox.RPC, input []byte, last bool) (*sandbox.Result, error) {
	if err := show(w.inputs, run.Inputs); err != nil {
		return nil, err
	}
	c := wire.Call{
		Method: run.Program.Service + "/" + run.Program.Method, Metadata: metadata(run.Env), Last: last, Bounds: boundsOf(run, limits),
	}
	go func() { _ = w.send(wire.KindCall, c, input) }() // a container that does not read shows itself by its end
	result, output, err := w.follow(ctx, c.Bounds, run.OutDir, newRelay(run.Network, w.send))
	if err != nil {
		return result, err
	}
	result.Output, err = rpc.DecodeOutput(output)
	return result, err
}

// metadata are a run's variables as gRPC has them: AIN_REQUEST is ain-request.
func metadata(env map[string]string) map[string]string {
	names := map[string]string{}
	for name, value := range env {
		names[strings.ReplaceAll(strings.ToLower(name), "_", "-")] = value
	}
	return names
}

// settle waits until the container has cleared away what the call left, and keeps it if it may serve another.
func (w *warm) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), startGrace)
	defer cancel()
	rest, err := w.rest(ctx)
	cfg := w.owner.cfg
	left := min(cfg.Warm.Idle, cfg.Warm.Age-time.Since(w.born))
	why := ""
	switch {
	case err != nil:
		why = err.Error()
	case w.memory+w.mayGrow() < rest.Memory:
		why = fmt.Sprintf("its processes hold %d bytes, %d after their first call", rest.Memory, w.memory)
	case left <= 0:
		why = "its age"
	}
	if why != "" {
		cfg.Log.Info("a warm container is ended", "program", w.key.digest, "calls", w.uses, "why", why)
		left = 0
	}
	w.owner.pool.settle(w, left)
}

// mayGrow is how much more memory its processes may hold than after their first call: no more than a quarter of what they may have at all.
func (w *warm) mayGrow() int64 { return min(w.owner.cfg.Warm.GrowthBytes, w.key.memory/4) }

func (w *warm) rest(ctx context.Context) (rest wire.Rest, err error) {
	f, err := w.await(ctx, wire.KindReady)
	if err != nil {
		return rest, fmt.Errorf("it did not come to rest: %w", err)
	}
	if err := f.Decode(&rest); err != nil {
		return rest, err
	}
	if w.uses == 1 {
		w.memory = rest.Memory
	}
	return rest, emptyFolder(w.inputs)
}

func (w *warm) expire() {
	if w.owner.begin() != nil {
		return // Close ends it
	}
	defer w.owner.runs.Done()
	w.owner.pool.expire(w)
}

// end removes the container and what belongs to it. Its place is still taken.
func (w *warm) end() {
	if w.box != nil {
		w.owner.discard(w.box)
	}
	if w.inputs != "" {
		_ = os.RemoveAll(w.inputs) // in our own folder, where the next start tries again
	}
	w.release()
}
