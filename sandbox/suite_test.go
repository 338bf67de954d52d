package sandbox_test

import (
	"testing"

	"github.com/ain-network/aind/sandbox/sandboxtest"
)

func TestWASMKeepsTheContract(t *testing.T) {
	sandboxtest.Suite(t, sandboxtest.Fixture{
		Sandbox: sandboxtest.Open(t, sandboxtest.Config(t)), Probe: sandboxtest.WASMProbe(t),
	})
}

func TestScriptsKeepTheContract(t *testing.T) {
	cfg := sandboxtest.Config(t)
	cfg.PythonRuntime = sandboxtest.PythonRuntime(t)
	sandboxtest.Suite(t, sandboxtest.Fixture{Sandbox: sandboxtest.Open(t, cfg), Probe: sandboxtest.ScriptProbe(t)})
}
