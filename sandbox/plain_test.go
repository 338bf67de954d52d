package sandbox_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

func TestPlainModules(t *testing.T) {
	box := sandboxtest.Open(t, sandboxtest.Config(t))
	sandboxtest.RunPlain(t, box, sandboxtest.PlainProgram(t, sandbox.KindWASM, sandboxtest.BuildWASM(t, sandboxtest.PlainProbe)))
}

func TestPlainScripts(t *testing.T) {
	cfg := sandboxtest.Config(t)
	cfg.PythonRuntime = sandboxtest.PythonRuntime(t)
	box := sandboxtest.Open(t, cfg)
	sandboxtest.RunPlain(t, box, sandboxtest.PlainProgram(t, sandbox.KindScript, filepath.Join(sandboxtest.Root(), sandboxtest.PlainProbe+".py")))
	for _, c := range []struct {
		name, source, output, log string
		status                    int
	}{
		{"a script that ends", "print('a'); import atexit; atexit.register(print, 'b')", "a\nb\n", "", 0},
		{"an exception", "print('a')\nraise ValueError('no good')", "a\n", "ValueError: no good", 1},
		{"no Python", "def (", "", "SyntaxError", 1},
		{"a last word", "import sys; sys.exit('that is all')", "", "that is all\n", 1},
		{"a plain exit", "import sys; sys.exit()", "", "", 0},
		{"a status beyond a byte", "import sys; sys.exit(257)", "", "", 1},
		{"closed output", "import sys; print('a', flush=True); sys.stdout.close()", "a\n", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "program.py")
			require.NoError(t, os.WriteFile(file, []byte(c.source), 0o644))
			result, err := box.Run(context.Background(), sandbox.Run{Program: sandboxtest.PlainProgram(t, sandbox.KindScript, file)})
			require.NoError(t, err)
			assert.Equal(t, c.output, string(result.Output))
			assert.Contains(t, string(result.Log), c.log)
			assert.Equal(t, c.status, result.ExitStatus)
		})
	}
}
