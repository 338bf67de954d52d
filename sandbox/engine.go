package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/ain-network/aind/sandbox/internal/wire"
	"github.com/ain-network/aind/sandbox/python"
)

// engine is the sandbox for WASM programs and scripts.
type engine struct {
	cfg  Config
	pool *pool

	mu   sync.Mutex
	rpcs map[string]*RPC // by program key
}

var _ Sandbox = (*engine)(nil)

// maxRPCs bounds the descriptors kept in memory; beyond it all are dropped and built anew as they are needed.
const maxRPCs = 64

// New returns a sandbox for WASM programs and scripts. It errs if the configuration is wrong or the child program is not found. It starts
// no process yet.
func New(cfg Config) (Sandbox, error) {
	cfg, err := cfg.resolved()
	if err != nil {
		return nil, err
	}
	return &engine{cfg: cfg, pool: newPool(cfg), rpcs: map[string]*RPC{}}, nil
}

// Supports implements Sandbox.
func (e *engine) Supports(kind Kind) bool {
	return kind == KindWASM || kind == KindScript && e.cfg.PythonRuntime != ""
}

// Prepare implements Sandbox.
func (e *engine) Prepare(ctx context.Context, p Program) error {
	key, r, err := e.rpc(p)
	if err != nil {
		return err
	}
	prepare, err := e.prepareFrame(r)
	if err != nil {
		return err
	}
	c, err := e.pool.acquire(ctx, key, prepare)
	if err != nil {
		return err
	}
	e.pool.release(key, c)
	return nil
}

// Run implements Sandbox.
func (e *engine) Run(ctx context.Context, run Run) (*Result, error) {
	key, r, err := e.rpc(run.Program)
	if err != nil {
		return nil, err
	}
	limits, err := run.Limits.WithDefaults()
	if err != nil {
		return nil, err
	}
	limits.MemoryBytes = min(limits.MemoryBytes, maxMemoryBytes)
	frame, err := runFrame(run, limits)
	if err != nil {
		return nil, err
	}
	input, err := r.EncodeInput(run.Input)
	if err != nil {
		return nil, err
	}
	prepare, err := e.prepareFrame(r)
	if err != nil {
		return nil, err
	}
	c, err := e.pool.acquire(ctx, key, prepare)
	if err != nil {
		return nil, err
	}
	result, output, err := c.run(ctx, frame, input, limits.WallTime)
	if err != nil {
		e.pool.discard(key, c)
		if e.pool.ctx.Err() != nil {
			err = ErrClosed
		}
		return result, err
	}
	e.pool.releaseSettling(key, c)
	result.Output, err = r.DecodeOutput(output)
	return result, err
}

// Close implements Sandbox.
func (e *engine) Close() error {
	e.pool.close()
	return nil
}

// rpc returns the key under which a program's children are kept, and its rpc.
func (e *engine) rpc(p Program) (string, *RPC, error) {
	if err := p.Validate(); err != nil {
		return "", nil, err
	}
	if p.Kind == KindImage {
		return "", nil, fmt.Errorf("%w: program %s is an image, and this node runs no containers: install Docker and set sandbox.docker.use",
			ErrUnsupported, p.Digest)
	}
	key := programKey(p)
	e.mu.Lock()
	defer e.mu.Unlock()
	if r := e.rpcs[key]; r != nil && r.program.File == p.File {
		return key, r, nil
	}
	r, err := NewRPC(p)
	if err != nil {
		return "", nil, err
	}
	if len(e.rpcs) >= maxRPCs {
		clear(e.rpcs)
	}
	e.rpcs[key] = r
	return key, r, nil
}

func programKey(p Program) string {
	schema := sha256.Sum256(p.Schema)
	parts := []string{
		string(p.Kind), p.Digest, p.EntryPoint, string(p.Codec), hex.EncodeToString(schema[:]), p.Service, p.Method,
	}
	return strings.Join(parts, "\x00")
}

func (e *engine) prepareFrame(r *RPC) (wire.Prepare, error) {
	file, err := filepath.Abs(r.program.File)
	if err != nil {
		return wire.Prepare{}, fmt.Errorf("program file: %w", err)
	}
	frame := wire.Prepare{File: file, Digest: r.program.Digest, CacheDir: e.cfg.CacheDir}
	if r.program.Kind == KindWASM {
		return frame, nil
	}
	if e.cfg.PythonRuntime == "" {
		return wire.Prepare{}, fmt.Errorf("%w: program %s is a script, and this node has no Python runtime: fetch it and set its path",
			ErrUnsupported, r.program.Digest)
	}
	frame.Script, frame.Runtime, frame.RuntimeDigest = true, e.cfg.PythonRuntime, python.RuntimeDigest
	frame.Spec, err = r.scriptSpec()
	return frame, err
}

func runFrame(run Run, limits Limits) (wire.Run, error) {
	if err := run.Validate(); err != nil {
		return wire.Run{}, err
	}
	seed, err := hex.DecodeString(run.Env[EnvSeed])
	if err != nil {
		return wire.Run{}, err
	}
	frame := wire.Run{
		Env: run.Env, Seed: seed, Inputs: map[string]string{},
		Plain: run.Program.Codec == CodecPlain, Args: run.Args,
		MemoryBytes: limits.MemoryBytes, OutputBytes: limits.OutputBytes, LogBytes: limits.LogBytes, DiskBytes: limits.DiskBytes,
	}
	for name, path := range run.Inputs {
		if frame.Inputs[name], err = filepath.Abs(path); err != nil {
			return wire.Run{}, fmt.Errorf("input %q: %w", name, err)
		}
	}
	if run.OutDir != "" {
		if frame.OutDir, err = filepath.Abs(run.OutDir); err != nil {
			return wire.Run{}, fmt.Errorf("output folder: %w", err)
		}
	}
	return frame, nil
}
