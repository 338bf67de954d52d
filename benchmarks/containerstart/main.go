// Command containerstart measures P6 and P7 beside `docker run`: what a job's program costs besides its own work. The program that does
// nothing runs as an image in the sandbox, as one that serves gRPC in a warm container, as a warm WASM module in the sandbox, and by
// `docker run --rm --network none` from the image. One program is both images: it serves where the socket is named.
//
// They take turns (A B C D A B C D). What is timed is what a caller waits for, request in and reply out, the container's removal included. Image and
// warm image are timed as a worker runs them, too: from the input in a store to the reply in it.
// It needs a Docker engine and the command docker.
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
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/docker/layout"
	"github.com/ain-network/aind/storage/storagetest/server"
)

func main() {
	server.Main()
	rounds := flag.Int("rounds", 20, "how often each of the four runs")
	build := flag.String("build", "build", "folder of the built programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *build, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "containerstart:", err)
		os.Exit(1)
	}
}

// input is a request of the job: a Message with four bytes.
var input = []byte("\x0a\x04ping")

type result struct {
	Image     measure.Spread `json:"image_ms"`
	Warm      measure.Spread `json:"warm_ms"`
	Module    measure.Spread `json:"wasm_ms"`
	DockerRun measure.Spread `json:"docker_run_ms"`
	// Ratios of each round.
	ImageRatio  measure.Spread `json:"image_over_docker_run"`
	WarmRatio   measure.Spread `json:"warm_over_docker_run"`
	ModuleRatio measure.Spread `json:"wasm_over_docker_run"`
	// From the input in the store to the reply in it.
	Stored          measure.Spread `json:"image_to_storage_ms"`
	WarmStored      measure.Spread `json:"warm_to_storage_ms"`
	StoredRatio     measure.Spread `json:"image_to_storage_over_docker_run"`
	WarmStoredRatio measure.Spread `json:"warm_to_storage_over_docker_run"`
	// PerSecond is how many images are run in a second, one after the other for each processor; WarmPerSecond how many calls warm ones take.
	PerSecond     float64 `json:"images_per_s"`
	WarmPerSecond float64 `json:"warm_per_s"`
	// StoredPerSecond is the same of warm ones, to the reply in the store.
	StoredPerSecond float64 `json:"warm_to_storage_per_s"`
}

func run(ctx context.Context, build string, rounds int) (err error) {
	conditions := measure.Observe(ctx)
	folder, err := os.MkdirTemp("", "ain-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	image, module, err := programs(ctx, build, folder)
	if err != nil {
		return err
	}
	child := filepath.Join(build, "ain-sandbox")
	images, err := docker.Open(ctx, docker.Config{StateDir: filepath.Join(folder, "docker"), WardenPath: child})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, images.RemoveImages(context.WithoutCancel(ctx)), images.Close()) }()
	modules, err := sandbox.New(sandbox.Config{ChildPath: child, CacheDir: filepath.Join(folder, "cache")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, modules.Close()) }()
	if err := images.Prepare(ctx, image); err != nil {
		return err
	}
	store, err := openShelf(ctx, folder, (2+20*runtime.NumCPU())*rounds)
	if err != nil {
		return err
	}
	defer store.server.Kill()
	var r result
	if err := r.compare(ctx, images, image, modules, module, store, rounds); err != nil {
		return err
	}
	once := func(p sandbox.Program) func() error {
		return func() error { _, err := boxed(ctx, images, p); return err }
	}
	if r.PerSecond, err = perSecond(once(image), rounds); err != nil {
		return err
	}
	if r.WarmPerSecond, err = perSecond(once(serving(image)), 20*rounds); err != nil {
		return err
	}
	if r.StoredPerSecond, err = perSecond(func() error { return store.serve(ctx, images, serving(image)) }, 20*rounds); err != nil {
		return err
	}
	return measure.Line{
		Figure: "P6, P7", What: "container jobs, cold and warm, and a warm WASM job that do nothing, beside docker run", Result: r,
		Settings:   map[string]any{"rounds": rounds, "image": "from scratch, a static Go program, by standard input and output or by gRPC", "docker_run": "--rm -i --network none, the same image"},
		Conditions: conditions,
	}.Print(os.Stdout)
}

// programs are an image that gives back what it gets, and the worker of examples/noop, which does so, as a module.
func programs(ctx context.Context, build, folder string) (image, module sandbox.Program, err error) {
	schema, err := release.Compile(ctx, filepath.Join("examples", "noop", "job_schema.proto"))
	if err != nil {
		return image, module, err
	}
	binary, file := filepath.Join(folder, "noop"), filepath.Join(folder, "noop.tar")
	compile := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s", "-o", binary, "./benchmarks/containerstart/serving")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := compile.CombinedOutput(); err != nil {
		return image, module, fmt.Errorf("build the program: %w: %s", err, out)
	}
	packed, err := layout.FromBinary(binary)
	if err != nil {
		return image, module, err
	}
	var content bytes.Buffer
	if err := layout.Write(&content, packed); err != nil {
		return image, module, err
	}
	if err := os.WriteFile(file, content.Bytes(), 0o600); err != nil {
		return image, module, err
	}
	if image, err = describe(sandbox.KindImage, file, schema); err != nil {
		return image, module, err
	}
	module, err = describe(sandbox.KindWASM, filepath.Join(build, "examples", "noop", "worker.wasm"), schema)
	return image, module, err
}

// serving is an image's program as one that serves gRPC.
func serving(image sandbox.Program) sandbox.Program {
	image.Codec = sandbox.CodecGRPC
	return image
}

func describe(kind sandbox.Kind, file string, schema []byte) (sandbox.Program, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return sandbox.Program{}, fmt.Errorf("%w: run `make build examples`", err)
	}
	sum := sha256.Sum256(content)
	return sandbox.Program{
		Kind: kind, File: file, Digest: "sha256:" + hex.EncodeToString(sum[:]), Schema: schema, Service: "Worker", Method: "Echo",
	}, nil
}

func (r *result) compare(ctx context.Context, images sandbox.Sandbox, image sandbox.Program, modules sandbox.Sandbox, module sandbox.Program, store *shelf, rounds int) error {
	var inImage, inWarm, inModule, plain, stored, warmStored []float64
	if _, err := boxed(ctx, images, serving(image)); err != nil { // the first call starts the container
		return err
	}
	name := "ain.local/program:" + strings.TrimPrefix(image.Digest, "sha256:")
	for range rounds {
		for _, turn := range []struct {
			samples *[]float64
			run     func() ([]byte, error)
		}{
			{&inImage, func() ([]byte, error) { return boxed(ctx, images, image) }},
			{&plain, func() ([]byte, error) { return dockerRun(ctx, name) }},
			{&inWarm, func() ([]byte, error) { return boxed(ctx, images, serving(image)) }},
			{&inModule, func() ([]byte, error) { return boxed(ctx, modules, module) }},
			{&stored, func() ([]byte, error) { return input, store.serve(ctx, images, image) }},
			{&warmStored, func() ([]byte, error) { return input, store.serve(ctx, images, serving(image)) }},
		} {
			if err := modules.Prepare(ctx, module); err != nil {
				return err
			}
			began := time.Now()
			output, err := turn.run()
			*turn.samples = append(*turn.samples, measure.Millis(time.Since(began)))
			if err != nil {
				return err
			}
			if !bytes.Equal(output, input) {
				return fmt.Errorf("the program gave %x instead of %x", output, input)
			}
		}
	}
	r.Image, r.Module, r.DockerRun = measure.SpreadOf(inImage), measure.SpreadOf(inModule), measure.SpreadOf(plain)
	r.Stored, r.StoredRatio = measure.SpreadOf(stored), measure.SpreadOf(measure.Ratios(stored, plain))
	r.WarmStored, r.WarmStoredRatio = measure.SpreadOf(warmStored), measure.SpreadOf(measure.Ratios(warmStored, plain))
	r.Warm, r.WarmRatio = measure.SpreadOf(inWarm), measure.SpreadOf(measure.Ratios(inWarm, plain))
	r.ImageRatio, r.ModuleRatio = measure.SpreadOf(measure.Ratios(inImage, plain)), measure.SpreadOf(measure.Ratios(inModule, plain))
	return nil
}

func boxed(ctx context.Context, box sandbox.Sandbox, p sandbox.Program) ([]byte, error) {
	reply, err := box.Run(ctx, sandbox.Run{Program: p, Input: input, Tenant: "client"})
	if err != nil {
		return nil, err
	}
	return reply.Output, nil
}

func dockerRun(ctx context.Context, name string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "docker", "run", "--rm", "-i", "--network", "none", name)
	cmd.Stdin = bytes.NewReader(input)
	return cmd.Output()
}

// perSecond runs something on all processors at once.
func perSecond(once func() error, rounds int) (float64, error) {
	lanes := runtime.NumCPU()
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	began := time.Now()
	for range lanes {
		wait.Go(func() {
			for range rounds {
				if err := once(); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(lanes*rounds) / time.Since(began).Seconds(), nil
}
