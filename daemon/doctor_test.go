package daemon

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

var rewrite = flag.Bool("rewrite", false, "write testdata anew")

// healthy is a machine with which nothing is wrong.
func healthy() Findings {
	return Findings{
		OS: "linux", Arch: "amd64", CPUs: 4, Processor: "Example 3000", MemoryBytes: 16 << 30, MemoryFreeBytes: 12 << 30, DiskFreeBytes: 200 << 30,
		GPUs: []GPU{}, Python: true, MillionRounds: 850,
		Engine: &docker.Findings{
			Host: "unix:///var/run/docker.sock", Version: "29.0.1", API: "1.52", Runc: "1.3.3", Runtimes: []string{"io.containerd.runc.v2", "runc"},
			CgroupVersion: "2", Kernel: "6.12.0", Seccomp: true, SwapLimit: true,
		},
	}
}

func TestDoctorSaysWhatIsWrongInWordsThatPeopleUnderstand(t *testing.T) {
	for name, c := range map[string]struct {
		find     func(*Findings)
		config   func(*Config)
		failures int
		warnings int
	}{
		"healthy": {},
		"weak-runc": {find: func(f *Findings) {
			f.Engine.Runc = "1.1.5+ds1-1+deb12u1"
			f.Engine.CgroupVersion, f.Engine.SwapLimit = "1", false
		}, warnings: 4},
		"no-engine": {find: func(f *Findings) {
			f.Engine, f.EngineProblem = nil, "docker engine: connect to unix:///var/run/docker.sock: no such file"
		}, config: func(c *Config) { c.Sandbox.Docker.Use = DockerRequire }, failures: 1},
		"no-engine-needed": {find: func(f *Findings) {
			f.Engine, f.EngineProblem = nil, "docker engine: connect to unix:///var/run/docker.sock: no such file"
		}, warnings: 1},
		"engine-not-used": {config: func(c *Config) { c.Sandbox.Docker.Use = DockerOff }, warnings: 1},
		"unable-engine": {find: func(f *Findings) {
			f.Engine.Seccomp, f.Engine.Unable, f.Engine.Runc = false, "docker engine: it has not seccomp, without which no stranger's program is run", ""
		}, failures: 1, warnings: 1},
		"stronger-runtime-missing": {config: func(c *Config) { c.Sandbox.Docker.RuntimeClass = docker.RuntimeRequire }, failures: 1},
		"stronger-runtime-unused": {find: func(f *Findings) {
			f.Engine.Runtimes, f.Engine.Stronger = []string{"runc", "runsc"}, "runsc"
		}, warnings: 1},
		"gpus": {find: func(f *Findings) {
			f.GPUs = []GPU{{"GPU-aa", "nvidia", "NVIDIA T4", 15 << 30}, {"GPU-bb", "nvidia", "NVIDIA T4", 15 << 30}}
		}, config: func(c *Config) { c.Sandbox.Docker.GPUs, c.Sandbox.Docker.CPUMillis = []string{"all"}, 2000 }},
		"network":        {config: func(c *Config) { c.Sandbox.Network = []Place{PlaceChain, PlaceStorage} }},
		"gpus-not-given": {find: func(f *Findings) { f.GPUs = []GPU{{"GPU-aa", "nvidia", "NVIDIA T4", 15 << 30}} }, warnings: 1},
		"gpu-missing": {find: func(f *Findings) { f.GPUProblem = "gpu: nvidia-smi: exit status 9: is the driver loaded?" },
			config: func(c *Config) { c.Sandbox.Docker.GPUs = []string{"GPU-aa"} }, failures: 1, warnings: 1},
		"small": {find: func(f *Findings) {
			f.MemoryFreeBytes, f.DiskFreeBytes, f.Python = 1<<30, 10<<30, false
		}, warnings: 3},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Home: "/home/ain/.aind", MaxRuns: 4, Sandbox: SandboxConfig{Python: "python.wasm"}}.WithDefaults()
			cfg.Sandbox.Docker.Use = DockerPrefer
			f := healthy()
			if c.find != nil {
				c.find(&f)
			}
			if c.config != nil {
				c.config(&cfg)
			}
			d := cfg.Diagnose(f)
			require.Len(t, d.Failures, c.failures)
			require.Len(t, d.Warnings, c.warnings)
			d.States.OS, d.States.Arch = "linux", "amd64" // wherever this runs
			got := strings.Join(d.Lines(), "\n") + "\n"
			golden := "testdata/doctor/" + name + ".txt"
			if *rewrite {
				require.NoError(t, os.MkdirAll("testdata/doctor", 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

func TestDoctorFindsWhatThisMachineHas(t *testing.T) {
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)) // skips where there is no engine
	cfg := Config{Home: t.TempDir()}.WithDefaults()
	cfg.Sandbox.Docker.Use, cfg.Sandbox.Child = DockerRequire, sandboxtest.Child(t)
	f, err := cfg.Find(context.Background(), true)
	require.NoError(t, err)
	require.NotNil(t, f.Engine, f.EngineProblem)
	require.Contains(t, f.Engine.Runtimes, "runc")
	require.Regexp(t, `^\d+\.\d+`, f.Engine.Version)
	require.Regexp(t, `^v?\d+\.\d+\.\d+`, f.Engine.Runc)
	require.Contains(t, []string{"1", "2"}, f.Engine.CgroupVersion)
	require.NotEmpty(t, f.Engine.Kernel)
	require.True(t, f.Engine.Seccomp)
	require.Empty(t, f.Engine.Unable)
	require.Positive(t, f.MemoryBytes)
	require.Positive(t, f.MemoryFreeBytes)
	require.Positive(t, f.DiskFreeBytes)
	require.Positive(t, f.MillionRounds, "a small program ran")
	d := cfg.Diagnose(f)
	require.Empty(t, d.Failures)
	require.Contains(t, d.States.Tags, "docker")
	require.Len(t, docker.Weaknesses(f.Engine.Runc), strings.Count(strings.Join(d.Warnings, "\n"), "has a known way out"))
	content, err := json.Marshal(d)
	require.NoError(t, err)
	require.Contains(t, string(content), `"million_rounds_a_second":"`)
}

func TestSizesForPeople(t *testing.T) {
	for n, want := range map[uint64]string{0: "0.0 KiB", 512: "0.5 KiB", 1536: "1.5 KiB", 1 << 20: "1.0 MiB", 1<<30 - 1: "1023.9 MiB", 5 << 30: "5.0 GiB", 3 << 40: "3072.0 GiB"} {
		require.Equal(t, want, size(n))
	}
}
