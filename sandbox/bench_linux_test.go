package sandbox_test

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// noop is the worker's program of examples/noop, and a run of it.
func noop(b *testing.B) sandbox.Run {
	file := sandboxtest.BuildWASM(b, "examples/noop/worker")
	return sandbox.Run{
		Program: sandbox.Program{
			Kind: sandbox.KindWASM, File: file, Digest: sandboxtest.Digest(b, file),
			Schema: sandboxtest.Schema(b, "examples/noop/job_schema.proto"), Service: "Worker", Method: "Echo",
		},
		Input: []byte("\x0a\x04ping"),
	}
}

// calculateRoot is the worker's program of examples/calculate-root with y = 4.
func calculateRoot(b *testing.B) sandbox.Run {
	file := filepath.Join(sandboxtest.Root(), "examples", "calculate-root", "worker.py")
	return sandbox.Run{
		Program: sandbox.Program{
			Kind: sandbox.KindScript, File: file, Digest: sandboxtest.Digest(b, file),
			Schema: sandboxtest.Schema(b, "examples/calculate-root/job_schema.proto"), Service: "Worker", Method: "CalculateRoot",
		},
		Input: []byte("\x0d\x00\x00\x80\x40"),
		Env:   map[string]string{sandbox.EnvSeed: "01"},
	}
}

// BenchmarkPrepareCold verifies, compiles and starts with nothing in the cache.
func BenchmarkPrepareCold(b *testing.B) { benchmarkPrepare(b, true) }

// BenchmarkPrepareCached does so with the compiled code on disk.
func BenchmarkPrepareCached(b *testing.B) { benchmarkPrepare(b, false) }

func benchmarkPrepare(b *testing.B, cold bool) {
	for name, program := range map[string]func(*testing.B) sandbox.Run{"wasm": noop, "script": calculateRoot} {
		b.Run(name, func(b *testing.B) {
			run, cfg := program(b), sandboxtest.Config(b)
			cfg.PythonRuntime = sandboxtest.PythonRuntime(b)
			before, n := childrenCPU(b), 0
			for b.Loop() {
				n++
				b.StopTimer()
				if cold {
					cfg.CacheDir = b.TempDir()
				}
				box, err := sandbox.New(cfg)
				require.NoError(b, err)
				b.StartTimer()
				require.NoError(b, box.Prepare(context.Background(), run.Program))
				b.StopTimer()
				require.NoError(b, box.Close())
				b.StartTimer()
			}
			b.ReportMetric((childrenCPU(b)-before).Seconds()*1000/float64(n), "cpu-ms/op")
		})
	}
}

// childrenCPU is what all children that have ended had used.
func childrenCPU(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRunWarm runs a prepared program, one run after the other. The reported ms/run is what a caller waits for when the child is
// ready; the time per iteration includes the wait until it is ready again.
func BenchmarkRunWarm(b *testing.B) {
	for name, program := range map[string]func(*testing.B) sandbox.Run{"wasm": noop, "script": calculateRoot} {
		b.Run(name, func(b *testing.B) {
			run, cfg := program(b), sandboxtest.Config(b)
			cfg.PythonRuntime = sandboxtest.PythonRuntime(b)
			box := sandboxtest.Open(b, cfg)
			require.NoError(b, box.Prepare(context.Background(), run.Program))
			var wall, cpu float64
			n := 0
			for b.Loop() {
				result, err := box.Run(context.Background(), run)
				require.NoError(b, err)
				wall += result.Wall.Seconds()
				cpu += result.CPU.Seconds()
				n++
			}
			b.ReportMetric(1000*wall/float64(n), "ms/run")
			b.ReportMetric(1000*cpu/float64(n), "cpu-ms/run")
		})
	}
}
