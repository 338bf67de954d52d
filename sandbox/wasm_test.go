package sandbox_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// module writes a WASM module out of its sections and returns it as a program of the no-op job.
func module(t *testing.T, sections ...[]byte) sandbox.Program {
	code := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range sections {
		code = append(code, s...)
	}
	return noopProgram(t, code)
}

func noopProgram(t *testing.T, code []byte) sandbox.Program {
	file := filepath.Join(t.TempDir(), "program.wasm")
	require.NoError(t, os.WriteFile(file, code, 0o644))
	return sandbox.Program{
		Kind: sandbox.KindWASM, File: file, Digest: sandboxtest.Digest(t, file),
		Schema: sandboxtest.Schema(t, "examples/noop/job_schema.proto"), Service: "Worker", Method: "Echo",
	}
}

// section is one section of a module: its number, and what is in it.
func section(id byte, content string) []byte {
	return append(binary.AppendUvarint([]byte{id}, uint64(len(content))), content...)
}

// The sections of the smallest command: one type, one function of it, exported as _start, with the given body.
var (
	types     = section(1, "\x01\x60\x00\x00")
	functions = section(3, "\x01\x00")
	exports   = section(7, "\x01\x06_start\x00\x00")
)

func body(code string) []byte {
	return section(10, "\x01"+string(rune(len(code)+2))+"\x00"+code+"\x0b")
}

const (
	nop         = "\x01"
	unreachable = "\x00"
	callItself  = "\x10\x00"
)

func TestTheSmallestProgramRuns(t *testing.T) {
	box := sandboxtest.Open(t, sandboxtest.Config(t))
	result, err := box.Run(context.Background(), sandbox.Run{Program: module(t, types, functions, exports, body(nop))})
	require.NoError(t, err)
	assert.Empty(t, result.Output)
}

func TestModulesThatCannotRunAreKnownWhenPrepared(t *testing.T) {
	box := sandboxtest.Open(t, sandboxtest.Config(t))
	for name, c := range map[string]struct {
		program sandbox.Program
		names   string
	}{
		"not a module":          {noopProgram(t, []byte("#!/bin/sh")), "wasip1"},
		"nothing after magic":   {noopProgram(t, []byte("\x00asm")), "compile"},
		"cut short":             {module(t, types, functions[:2]), "compile"},
		"a library":             {module(t, types, functions, body(nop)), "_start"},
		"an import we lack":     {module(t, types, section(2, "\x01\x03env\x04exec\x00\x00"), exports), "env.exec"},
		"a memory we lack":      {module(t, types, section(2, "\x01\x03env\x03mem\x02\x00\x01"), functions, exports, body(nop)), "env.mem"},
		"code that is not code": {module(t, types, functions, exports, body("\xff")), "compile"},
	} {
		t.Run(name, func(t *testing.T) {
			err := box.Prepare(context.Background(), c.program)
			require.ErrorIs(t, err, sandbox.ErrBadProgram)
			assert.ErrorContains(t, err, c.names)
		})
	}
}

func TestModulesThatMisbehave(t *testing.T) {
	box := sandboxtest.Open(t, sandboxtest.Config(t))
	memory := func(pages string) []byte { return section(5, "\x01\x00"+pages) }
	table := func(entries string) []byte { return section(4, "\x02\x70\x00"+entries+"\x70\x00"+entries) }
	for name, c := range map[string]struct {
		program sandbox.Program
		want    error
	}{
		"a trap":                        {module(t, types, functions, exports, body(unreachable)), sandbox.ErrCrashed},
		"endless recursion":             {module(t, types, functions, exports, body(callItself)), sandbox.ErrCrashed},
		"more memory than allowed":      {module(t, types, functions, memory("\x81\x80\x01"), exports, body(nop)), sandbox.ErrMemory},
		"tables as large as may be":     {module(t, types, functions, table("\xff\xff\xff\x3f"), exports, body(nop)), sandbox.ErrMemory},
		"memory as large as addresses":  {module(t, types, functions, memory("\x80\x80\x04"), exports, body(nop)), sandbox.ErrMemory},
		"memory within the limit, then": {module(t, types, functions, memory("\x10"), exports, body(unreachable)), sandbox.ErrCrashed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := box.Run(context.Background(), sandbox.Run{Program: c.program, Limits: sandbox.Limits{MemoryBytes: 1 << 30}})
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestProgramsMayReadAndWriteJSON(t *testing.T) {
	box := sandboxtest.Open(t, sandboxtest.Config(t))
	code, err := os.ReadFile(sandboxtest.BuildWASM(t, "examples/noop/worker")) // writes what it reads
	require.NoError(t, err)
	p := noopProgram(t, code)
	p.Codec = sandbox.CodecJSON
	message := []byte("\x0a\x04ping")
	result, err := box.Run(context.Background(), sandbox.Run{Program: p, Input: message})
	require.NoError(t, err)
	assert.Equal(t, message, result.Output)
}

func TestAMissingChildProgramIsNamed(t *testing.T) {
	cfg := sandbox.Config{CacheDir: t.TempDir(), ChildPath: filepath.Join(t.TempDir(), "gone")}
	_, err := sandbox.New(cfg)
	require.ErrorContains(t, err, "cmd/ain-sandbox")
	t.Setenv("PATH", "")
	cfg.ChildPath = ""
	_, err = sandbox.New(cfg)
	require.ErrorContains(t, err, "ain-sandbox")
	_, err = sandbox.New(sandbox.Config{})
	require.ErrorContains(t, err, "CacheDir")
}
