package wasm

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// command is a WASM program: compiled once, instantiated for every run.
type command struct {
	engine *engine
	module wazero.CompiledModule
	frames io.Writer
}

var _ program = (*command)(nil)

func (c *command) ready(context.Context) error { return nil }

func (c *command) run(ctx context.Context, r wire.Run, input []byte) (done wire.Done, reply []byte) {
	h := newHost(c.frames)
	h.begin(r)
	config := h.configure(bytes.NewReader(input), nil).WithArgs(append([]string{"program"}, r.Args...)...)
	for name, value := range r.Env {
		config = config.WithEnv(name, value)
	}
	err := start(experimental.WithMemoryAllocator(ctx, &h.memory), c.engine.runtime, c.module, config)
	if logErr := h.stderr.End(); logErr != nil && err == nil {
		err = logErr
	}
	return h.outcome(err, false), h.stdout.buf
}

// start instantiates a command and runs it to its end.
func start(ctx context.Context, runtime wazero.Runtime, module wazero.CompiledModule, config wazero.ModuleConfig) (err error) {
	defer func() {
		// The engine panics where the smallest memory that a module declares is refused.
		if p := recover(); p != nil {
			err = fmt.Errorf("instantiate: %v", p)
		}
	}()
	instance, err := runtime.InstantiateModule(ctx, module, config)
	if err != nil {
		return fmt.Errorf("instantiate: %w", err)
	}
	defer instance.Close(ctx)
	_, err = instance.ExportedFunction("_start").Call(ctx)
	return err
}
