// Command warmstart measures P7: what a job's program costs besides its own work. The WASM program that does nothing runs
// in the sandbox, warm, beside the same program compiled for this machine and started as a process.
//
// The two take turns (A B A B). What is timed is what a caller waits for, request in and reply out. Before each timed run
// the sandbox has its child process ready, as a worker that is not at its limit has; runs one right after the other, which
// have to wait for it, are a figure of their own.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
)

func main() {
	pairs := flag.Int("pairs", 200, "how often each of the two runs")
	prepares := flag.Int("prepares", 5, "how often the program is prepared with nothing in the cache, and with its code there")
	build := flag.String("build", "build", "folder of the built programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *build, *pairs, *prepares); err != nil {
		fmt.Fprintln(os.Stderr, "warmstart:", err)
		os.Exit(1)
	}
}

// input is a request of the job: a Message with four bytes.
var input = []byte("\x0a\x04ping")

type result struct {
	Sandbox measure.Spread `json:"sandbox_ms"`
	Native  measure.Spread `json:"native_process_ms"`
	// Ratio of each pair, sandbox over native.
	Ratio measure.Spread `json:"sandbox_over_native"`
	// SandboxCPU is what the child used for the run, from the program's start to its end.
	SandboxCPU measure.Spread `json:"sandbox_child_cpu_ms"`
	NativeCPU  measure.Spread `json:"native_process_cpu_ms"`
	BackToBack measure.Spread `json:"sandbox_back_to_back_ms"`
	Cold       measure.Spread `json:"prepare_cold_ms"`
	Cached     measure.Spread `json:"prepare_cached_ms"`
}

func run(ctx context.Context, build string, pairs, prepares int) error {
	conditions := measure.Observe(ctx)
	folder, err := os.MkdirTemp("", "ain-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	native := filepath.Join(folder, "noop")
	if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s", "-o", native, "./examples/noop/worker").CombinedOutput(); err != nil {
		return fmt.Errorf("build the native program: %w: %s", err, out)
	}
	program, err := noop(ctx, filepath.Join(build, "examples", "noop", "worker.wasm"))
	if err != nil {
		return fmt.Errorf("%w: run `make examples`", err)
	}
	config := sandbox.Config{ChildPath: filepath.Join(build, "ain-sandbox"), CacheDir: filepath.Join(folder, "cache")}

	var r result
	if r.Cold, r.Cached, err = prepare(ctx, config, program, prepares); err != nil {
		return err
	}
	box, err := sandbox.New(config)
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	if err := r.compare(ctx, box, program, native, pairs); err != nil {
		return err
	}
	if r.BackToBack, err = backToBack(ctx, box, program, pairs); err != nil {
		return err
	}
	return measure.Line{
		Figure: "P7", What: "warm start of a WASM program that does nothing, beside a native process", Result: r,
		Settings: map[string]any{
			"pairs": pairs, "prepares": prepares, "wasm": "Go, GOOS=wasip1, -ldflags=-s", "native": "the same source for this machine",
			"left_out": "docker run of the same program: see containerstart",
		},
		Conditions: conditions,
	}.Print(os.Stdout)
}

// noop is the worker's program of examples/noop.
func noop(ctx context.Context, file string) (sandbox.Program, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return sandbox.Program{}, err
	}
	schema, err := release.Compile(ctx, filepath.Join("examples", "noop", "job_schema.proto"))
	if err != nil {
		return sandbox.Program{}, err
	}
	sum := sha256.Sum256(content)
	return sandbox.Program{
		Kind: sandbox.KindWASM, File: file, Digest: "sha256:" + hex.EncodeToString(sum[:]),
		Schema: schema, Service: "Worker", Method: "Echo",
	}, nil
}

// prepare verifies, compiles and starts the program: with an empty cache, and with one that has its code.
func prepare(ctx context.Context, config sandbox.Config, p sandbox.Program, times int) (cold, cached measure.Spread, err error) {
	var colds, cacheds []float64
	for range times {
		if err := os.RemoveAll(config.CacheDir); err != nil {
			return cold, cached, err
		}
		for _, samples := range []*[]float64{&colds, &cacheds} {
			took, err := prepareOnce(ctx, config, p)
			if err != nil {
				return cold, cached, err
			}
			*samples = append(*samples, measure.Millis(took))
		}
	}
	return measure.SpreadOf(colds), measure.SpreadOf(cacheds), nil
}

func prepareOnce(ctx context.Context, config sandbox.Config, p sandbox.Program) (took time.Duration, err error) {
	box, err := sandbox.New(config)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = box.Prepare(ctx, p)
	took = time.Since(began)
	return took, errors.Join(err, box.Close())
}

// compare runs the two in turns.
func (r *result) compare(ctx context.Context, box sandbox.Sandbox, p sandbox.Program, native string, pairs int) error {
	var boxed, boxedCPU, plain, plainCPU []float64
	for range pairs {
		if err := box.Prepare(ctx, p); err != nil {
			return err
		}
		wall, cpu, err := runBoxed(ctx, box, p)
		if err != nil {
			return err
		}
		boxed, boxedCPU = append(boxed, measure.Millis(wall)), append(boxedCPU, measure.Millis(cpu))
		if wall, cpu, err = runNative(ctx, native); err != nil {
			return err
		}
		plain, plainCPU = append(plain, measure.Millis(wall)), append(plainCPU, measure.Millis(cpu))
	}
	r.Sandbox, r.SandboxCPU = measure.SpreadOf(boxed), measure.SpreadOf(boxedCPU)
	r.Native, r.NativeCPU = measure.SpreadOf(plain), measure.SpreadOf(plainCPU)
	r.Ratio = measure.SpreadOf(measure.Ratios(boxed, plain))
	return nil
}

func runBoxed(ctx context.Context, box sandbox.Sandbox, p sandbox.Program) (wall, cpu time.Duration, err error) {
	began := time.Now()
	reply, err := box.Run(ctx, sandbox.Run{Program: p, Input: input})
	wall = time.Since(began)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("run in the sandbox: %w", err)
	case !bytes.Equal(reply.Output, input):
		return 0, 0, fmt.Errorf("the sandbox gave %x instead of %x", reply.Output, input)
	}
	return wall, reply.CPU, nil
}

func runNative(ctx context.Context, program string) (wall, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, program)
	cmd.Stdin = bytes.NewReader(input)
	began := time.Now()
	output, err := cmd.Output()
	wall = time.Since(began)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("run the native program: %w", err)
	case !bytes.Equal(output, input):
		return 0, 0, fmt.Errorf("the native program gave %x instead of %x", output, input)
	}
	return wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// backToBack runs the program again as soon as it has ended.
func backToBack(ctx context.Context, box sandbox.Sandbox, p sandbox.Program, times int) (measure.Spread, error) {
	var samples []float64
	for range times {
		wall, _, err := runBoxed(ctx, box, p)
		if err != nil {
			return measure.Spread{}, err
		}
		samples = append(samples, measure.Millis(wall))
	}
	return measure.SpreadOf(samples), nil
}
