package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker"
)

// dockerTag is the software that a node with a Docker engine offers.
const dockerTag = "docker"

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
	// Scratch is what a run may write to /tmp. 0: 64 MiB.
	Scratch Bytes `yaml:"scratch"`
	// Image is the largest image, unpacked. 0: 10 GiB.
	Image Bytes `yaml:"image"`
	// Images are all that are kept in the engine. 0: 20 GiB.
	Images Bytes `yaml:"images"`
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
		return nil
	}
	return fmt.Errorf("sandbox.docker.use %q: use %s, %s or %s", d.Use, DockerOff, DockerPrefer, DockerRequire)
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
	if err != nil || !c.Sandbox.Docker.used() {
		return modules, err
	}
	images, err := c.openDocker(ctx, log)
	switch {
	case err == nil:
		return sandbox.Kinds{sandbox.KindWASM: modules, sandbox.KindScript: modules, sandbox.KindImage: images}, nil
	case c.Sandbox.Docker.Use == DockerPrefer && errors.Is(err, docker.ErrEngine):
		log.Warn("no Docker engine: no images are run", "error", err)
		c.Sandbox.Docker.Use = DockerOff
		return modules, nil
	}
	return nil, errors.Join(err, modules.Close())
}

func (c *Config) openDocker(ctx context.Context, log *slog.Logger) (sandbox.Sandbox, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("%w: containers are run on Linux only, this is %s", docker.ErrEngine, runtime.GOOS)
	}
	child, err := sandbox.FindChild(c.Sandbox.Child)
	if err != nil {
		return nil, err
	}
	d := c.Sandbox.Docker
	return docker.Open(ctx, docker.Config{
		Host: d.Host, StateDir: filepath.Join(c.Home, "docker"), WardenPath: child, MaxContainers: c.MaxRuns, CPUMillis: d.CPUMillis,
		Processes: d.Processes, ScratchBytes: int64(d.Scratch), ImageBytes: int64(d.Image), ImageCacheBytes: int64(d.Images), Log: log,
	})
}
