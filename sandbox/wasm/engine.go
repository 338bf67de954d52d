// Package wasm is the child side of the sandbox: it loads one program into the WASM engine and runs it as often as the parent asks.
//
// It trusts its parent, the engine and the compilation cache (which holds native code: nobody else may write there). It does not trust
// the program. What contains the program: the engine's bounds checks; linear memory that grows to the run's limit and no further; a file
// system of two folders without links; a clock that only counts; a generator seeded by the parent; an OS limit on all other memory (Linux).
// The deadline is the parent's: it kills this process.
package wasm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// badProgram marks an error that is the program's fault and that no later run can cure.
type badProgram struct{ error }

// engine holds the runtime of this process. It is never closed: the process ends instead.
type engine struct {
	runtime wazero.Runtime
}

func newEngine(ctx context.Context, cacheDir string) (*engine, error) {
	cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
	if err != nil {
		return nil, fmt.Errorf("compilation cache: %w", err)
	}
	// Closing on a done context would cost tight loops a factor of 35; the parent kills this process instead.
	// Debug information would be searched at every exit, which takes longer than most runs; traces name functions without it.
	config := wazero.NewRuntimeConfig().WithCompilationCache(cache).WithCloseOnContextDone(false).WithDebugInfoEnabled(false)
	e := &engine{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, e.runtime); err != nil {
		return nil, fmt.Errorf("system interface: %w", err)
	}
	return e, nil
}

// compile turns a module into native code, from the cache where it has been compiled before. It reads the file once, and compiles the
// bytes that it checked.
func (e *engine) compile(ctx context.Context, cacheDir, file, digest string) (wazero.CompiledModule, error) {
	code, err := readVerified(file, digest)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(code, []byte("\x00asm")) {
		return nil, badProgram{fmt.Errorf("%s is not a WASM module: compile the program for wasip1", filepath.Base(file))}
	}
	unlock, err := lockFirstCompile(cacheDir, digest)
	if err != nil {
		return nil, err
	}
	module, err := e.runtime.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.NumCPU()), code)
	unlock(err == nil)
	if err != nil {
		return nil, badProgram{fmt.Errorf("compile: %w", err)}
	}
	debug.FreeOSMemory() // compiling leaves garbage of several times the module's size
	return module, checkCommand(module)
}

// checkCommand refuses what could never start, so that this is known before any money moves.
func checkCommand(module wazero.CompiledModule) error {
	if _, ok := module.ExportedFunctions()["_start"]; !ok {
		return badProgram{fmt.Errorf("module exports no _start: build a command, not a library")}
	}
	for _, f := range module.ImportedFunctions() {
		if space, name, _ := f.Import(); space != wasi_snapshot_preview1.ModuleName {
			return badProgram{fmt.Errorf("module imports %s.%s: only %s is offered", space, name, wasi_snapshot_preview1.ModuleName)}
		}
	}
	for _, m := range module.ImportedMemories() {
		space, name, _ := m.Import()
		return badProgram{fmt.Errorf("module imports memory %s.%s: it must bring its own", space, name)}
	}
	return nil
}

func readVerified(file, digest string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read program: %w", err)
	}
	sum := sha256.Sum256(content)
	if got := "sha256:" + hex.EncodeToString(sum[:]); got != digest {
		return nil, badProgram{fmt.Errorf("digest of %s is %s, want %s: fetch the program again", filepath.Base(file), got, digest)}
	}
	return content, nil
}

// lockFirstCompile lets one process compile a module while others that share the cache wait to load it: a compilation takes seconds of
// every core. A module known to be in the cache is loaded without waiting.
func lockFirstCompile(cacheDir, digest string) (unlock func(ok bool), err error) {
	name := filepath.Join(cacheDir, strings.TrimPrefix(digest, "sha256:"))
	if _, err := os.Stat(name + ".compiled"); err == nil {
		return func(bool) {}, nil
	}
	f, err := os.OpenFile(name+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock compilation: %w", err)
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock compilation: %w", err)
	}
	return func(ok bool) {
		if ok {
			// A missing mark only costs the next process a wait.
			_ = os.WriteFile(name+".compiled", nil, 0o600)
		}
		f.Close()
	}, nil
}
