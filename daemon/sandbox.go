package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker"
)

// dockerTag is the software that a node with a Docker engine offers.
const dockerTag = "docker"

// dockerFolder of the home is the engine's sandbox's.
const dockerFolder = "docker"

// DockerConfig says whether and how programs that are images are run.
type DockerConfig struct {
	// Use of a Docker engine: off; prefer: where one answers; require: nothing starts without. Empty: off.
	Use DockerUse `yaml:"use"`
	// Host of the engine, unix:///path; empty: DOCKER_HOST, else the usual one.
	Host string `yaml:"host"`
	// CPUMillis that one run may use, in thousandths of a core. 0: 1000.
	CPUMillis int64 `yaml:"cpu_millis"`
	// Processes and threads of one run. 0: 256.
	Processes int64 `yaml:"processes"`
	// Warm says how long programs that speak gRPC stay between requests.
	Warm WarmConfig `yaml:"warm"`
	// Scratch is what a run may write to /tmp. 0: 64 MiB.
	Scratch Bytes `yaml:"scratch"`
	// Image is the largest image, unpacked. 0: 10 GiB.
	Image Bytes `yaml:"image"`
	// Images are all that are kept in the engine. 0: 20 GiB.
	Images Bytes `yaml:"images"`
	// Registries, host or host:port, whose images are pulled with the login of Docker's config, and that may be on this machine or in its
	// network. From all others images are pulled without a login, and only from public addresses.
	Registries []string `yaml:"registries"`
	// RuntimeClass: whether programs run in a stronger runtime than the engine's own, gVisor's or Kata's: require, prefer or off. Empty: off.
	RuntimeClass docker.RuntimeUse `yaml:"runtime_class"`
	// Runtime is its name in the engine; empty: runsc, kata, or what else they are known by.
	Runtime string `yaml:"runtime"`
	// GPUs that programs may be given, each to one run at a time: the ids that `nvidia-smi -L` lists, or all. Empty, or off: none.
	GPUs []string `yaml:"gpus"`
	// devices are those of them that were found.
	devices []GPU
	// PullTime is how long an image may take to come from its registry. 0: 1 h.
	PullTime Duration `yaml:"pull_time"`
}

// WarmConfig says how long containers of programs that speak gRPC stay for further requests of the same client.
type WarmConfig struct {
	// Max that wait for a request at one time; they count among those that may run. 0: as many as may run.
	Max int `yaml:"max"`
	// Uses of one container. 0: 1000; 1: a new one for each request.
	Uses int `yaml:"uses"`
	// Age at which one is replaced. 0: 1 h.
	Age Duration `yaml:"age"`
	// Idle is how long one waits for a request. 0: 5 min.
	Idle Duration `yaml:"idle"`
	// Growth is how much more memory one may hold than after its first request. 0: 64 MiB.
	Growth Bytes `yaml:"growth"`
}

func (w WarmConfig) validate() error {
	for _, field := range []struct {
		name  string
		value int64
	}{{"max", int64(w.Max)}, {"uses", int64(w.Uses)}, {"age", int64(w.Age)}, {"idle", int64(w.Idle)}} {
		if field.value < 0 {
			return fmt.Errorf("sandbox.docker.warm.%s %d is negative: leave it out for the default", field.name, field.value)
		}
	}
	return nil
}

// runs says whether the owner has programs of a kind run.
func (s SandboxConfig) runs(kind sandbox.Kind) bool {
	return len(s.Kinds) == 0 || slices.Contains(s.Kinds, kind)
}

func (s SandboxConfig) validate() error {
	for _, kind := range s.Kinds {
		switch {
		case kind != sandbox.KindWASM && kind != sandbox.KindScript && kind != sandbox.KindImage:
			return fmt.Errorf("sandbox.kinds %q: use %s, %s or %s", kind, sandbox.KindWASM, sandbox.KindScript, sandbox.KindImage)
		case kind == sandbox.KindImage && !s.Docker.used():
			return fmt.Errorf("sandbox.kinds names %s, and sandbox.docker.use is %s: say %s or %s there", kind, DockerOff, DockerPrefer, DockerRequire)
		}
	}
	if err := s.validateNetwork(); err != nil {
		return err
	}
	return s.Docker.validate()
}

// imagesOrDefault are all that may be kept in the engine.
func (d DockerConfig) imagesOrDefault() Bytes {
	if d.Images == 0 {
		return docker.DefaultImageCache
	}
	return d.Images
}

// DockerUse is a policy.
type DockerUse string

// The policies.
const (
	DockerOff     DockerUse = "off"
	DockerPrefer  DockerUse = "prefer"
	DockerRequire DockerUse = "require"
)

func (d DockerConfig) used() bool { return d.Use == DockerPrefer || d.Use == DockerRequire }

func (d DockerConfig) validate() error {
	switch d.Use {
	case "", DockerOff, DockerPrefer, DockerRequire:
	default:
		return fmt.Errorf("sandbox.docker.use %q: use %s, %s or %s", d.Use, DockerOff, DockerPrefer, DockerRequire)
	}
	switch d.RuntimeClass {
	case "", docker.RuntimeOff, docker.RuntimePrefer, docker.RuntimeRequire:
	default:
		return fmt.Errorf("sandbox.docker.runtime_class %q: use %s, %s or %s", d.RuntimeClass, docker.RuntimeRequire, docker.RuntimePrefer, docker.RuntimeOff)
	}
	for _, host := range d.Registries {
		if host == "" || strings.ContainsAny(host, "/@ ") {
			return fmt.Errorf("sandbox.docker.registries %q: name the host alone, for example ghcr.io or 127.0.0.1:5000", host)
		}
	}
	if d.PullTime < 0 {
		return fmt.Errorf("sandbox.docker.pull_time %s is negative", d.PullTime.Std())
	}
	return d.Warm.validate()
}

// OpenSandbox starts the sandboxes that the config describes. Where an engine is preferred and none answers, it puts that into the config,
// and images are not offered.
func (c *Config) OpenSandbox(ctx context.Context, log *slog.Logger) (sandbox.Sandbox, error) {
	cache := c.Sandbox.Cache
	if cache == "" {
		cache = filepath.Join(c.Home, "sandbox")
	}
	modules, err := sandbox.New(sandbox.Config{
		CacheDir: cache, PythonRuntime: c.Sandbox.Python, ChildPath: c.Sandbox.Child, MaxChildren: c.MaxRuns + 1,
	})
	if err != nil {
		return nil, err
	}
	kinds := sandbox.Kinds{}
	for _, kind := range []sandbox.Kind{sandbox.KindWASM, sandbox.KindScript} {
		if c.Sandbox.runs(kind) {
			kinds[kind] = modules
		}
	}
	if !c.Sandbox.Docker.used() || !c.Sandbox.runs(sandbox.KindImage) {
		return kinds, nil
	}
	images, err := c.openDocker(ctx, log)
	switch {
	case err == nil:
		kinds[sandbox.KindImage] = images
		return kinds, nil
	case c.Sandbox.Docker.Use == DockerPrefer && c.Sandbox.Docker.RuntimeClass != docker.RuntimeRequire && errors.Is(err, docker.ErrEngine):
		log.Warn("no Docker engine: no images are run", "error", err)
		c.Sandbox.Docker.Use, c.Sandbox.Network = DockerOff, nil
		return kinds, nil
	}
	return nil, errors.Join(err, modules.Close())
}

// findGPUs looks for those that the owner gives.
func (d DockerConfig) findGPUs(ctx context.Context) ([]GPU, error) {
	if len(d.GPUs) == 0 {
		return nil, nil
	}
	found, err := FindGPUs(ctx)
	if err != nil {
		return nil, err
	}
	return chooseGPUs(found, d.GPUs)
}

func (c *Config) openDocker(ctx context.Context, log *slog.Logger) (sandbox.Sandbox, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("%w: containers are run on Linux only, this is %s", docker.ErrEngine, runtime.GOOS)
	}
	child, err := sandbox.FindChild(c.Sandbox.Child)
	if err != nil {
		return nil, err
	}
	if c.Sandbox.Docker.devices, err = c.Sandbox.Docker.findGPUs(ctx); err != nil {
		return nil, BadConfig(err)
	}
	d, state := c.Sandbox.Docker, filepath.Join(c.Home, dockerFolder)
	board := &pullBoard{path: filepath.Join(state, pullsFile), log: log, now: map[string]Pulling{}}
	return docker.Open(ctx, docker.Config{
		Host: d.Host, StateDir: state, RuntimeUse: d.RuntimeClass, Runtime: d.Runtime, Registries: d.Registries, PullTimeout: d.PullTime.Std(), Progress: board.tell, WardenPath: child, MaxContainers: c.MaxRuns, CPUMillis: d.CPUMillis,
		Processes: d.Processes, ScratchBytes: int64(d.Scratch), ImageBytes: int64(d.Image), ImageCacheBytes: int64(d.Images), Log: log,
		Warm: docker.Warm{
			Max: d.Warm.Max, Uses: d.Warm.Uses, Age: d.Warm.Age.Std(), Idle: d.Warm.Idle.Std(), GrowthBytes: int64(d.Warm.Growth),
		},
	})
}
