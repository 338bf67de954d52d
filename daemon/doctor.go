package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox/docker"
)

// Findings are what this machine is and has, as far as programs are concerned.
type Findings struct {
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	CPUs      int    `json:"cpus"`
	Processor string `json:"processor,omitempty"`
	// MemoryBytes of the machine, and what of them is free; 0: not known.
	MemoryBytes     uint64 `json:"memory_bytes,string"`
	MemoryFreeBytes uint64 `json:"memory_free_bytes,string"`
	// DiskFreeBytes where the home is.
	DiskFreeBytes uint64 `json:"disk_free_bytes,string"`
	GPUs          []GPU  `json:"gpus"`
	// GPUProblem is why the GPUs are not known.
	GPUProblem string `json:"gpu_problem,omitempty"`
	// Engine is nil where none answers; EngineProblem says why.
	Engine        *docker.Findings `json:"engine,omitempty"`
	EngineProblem string           `json:"engine_problem,omitempty"`
	Python        bool             `json:"python"`
	// MillionRounds of a small WASM loop that it does in a second; 0: not measured.
	MillionRounds int64 `json:"million_rounds_a_second,string"`
}

// Diagnosis is what findings mean for a daemon of this config.
type Diagnosis struct {
	Findings Findings `json:"findings"`
	// States is what the node will say of itself on the chain.
	States program.Capability `json:"states"`
	// Releases says which ones the owner's policy takes.
	Releases string `json:"releases"`
	// Network says what programs may reach.
	Network string `json:"network"`
	// Failures keep the daemon from starting, or from running what its config says; with Warnings it runs.
	Failures []string `json:"failures"`
	Warnings []string `json:"warnings"`
}

// Find looks at this machine. measure also runs a small program.
func (c *Config) Find(ctx context.Context, measure bool) (f Findings, err error) {
	if err := c.Sandbox.Docker.validate(); err != nil {
		return f, BadConfig(err)
	}
	f = Findings{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), GPUs: []GPU{}}
	f.Processor = field("/proc/cpuinfo", "model name")
	f.MemoryBytes, f.MemoryFreeBytes = kibibytes("MemTotal"), kibibytes("MemAvailable")
	if f.DiskFreeBytes, err = freeDisk(existing(c.Home)); err != nil {
		return f, fmt.Errorf("free disk of %s: %w", c.Home, err)
	}
	if c.Sandbox.Python == "" {
		c.Sandbox.Python = FindPython()
	}
	f.Python = c.Sandbox.Python != ""
	if found, err := FindGPUs(ctx); err != nil {
		f.GPUProblem = err.Error()
	} else {
		f.GPUs = append(f.GPUs, found...)
	}
	if engine, err := docker.Inspect(ctx, c.Sandbox.Docker.Host); err != nil {
		f.EngineProblem = err.Error()
	} else {
		f.Engine = &engine
	}
	if measure {
		f.MillionRounds, err = c.measure(ctx)
	}
	return f, err
}

// existing is the folder, or the first one above it that there is.
func existing(dir string) string {
	for {
		_, err := os.Stat(dir)
		above := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || above == dir {
			return dir
		}
		dir = above
	}
}

// field reads the first value of a name in a file of the kernel's; empty: there is none.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kibibytes(name string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSuffix(field("/proc/meminfo", name), " kB"), 10, 53)
	if err != nil {
		return 0
	}
	return n << 10
}

// Diagnose says what findings mean. The config has its defaults.
func (c Config) Diagnose(f Findings) Diagnosis {
	d := Diagnosis{Findings: f, Failures: []string{}, Warnings: []string{}, Releases: c.Policy.takes(), Network: c.Sandbox.reaches()}
	if err := c.Policy.validateReleases(); err != nil {
		d.fail("%s", err)
	}
	if err := c.Sandbox.validateNetwork(); err != nil {
		d.fail("%s", err)
	}
	c.diagnoseMachine(f, &d)
	if c.Sandbox.Docker.used() {
		c.diagnoseEngine(f, &d)
	} else if f.Engine != nil {
		d.warn("a Docker engine answers at %s, and is not used: run programs that are images with --docker prefer", f.Engine.Host)
	}
	var err error
	if c.Sandbox.Docker.devices, err = chooseGPUs(f.GPUs, c.Sandbox.Docker.GPUs); err != nil && c.Sandbox.Docker.used() {
		d.fail("%s", err)
	}
	if c.Sandbox.Docker.used() && f.Engine == nil {
		c.Sandbox.Docker.Use = DockerOff
	}
	d.States = c.Capability()
	return d
}

func (d *Diagnosis) warn(format string, args ...any) {
	d.Warnings = append(d.Warnings, fmt.Sprintf(format, args...))
}

func (d *Diagnosis) fail(format string, args ...any) {
	d.Failures = append(d.Failures, fmt.Sprintf(format, args...))
}

func (c Config) diagnoseMachine(f Findings, d *Diagnosis) {
	if all := uint64(c.MaxRuns) * uint64(c.Limits.Memory); f.MemoryFreeBytes > 0 && all > f.MemoryFreeBytes {
		d.warn("%d runs of %s each may take %s of memory, %s are free: lower max_runs or limits.memory",
			c.MaxRuns, size(uint64(c.Limits.Memory)), size(all), size(f.MemoryFreeBytes))
	}
	need := uint64(c.ProgramCache)
	if c.Sandbox.Docker.used() {
		need += uint64(c.Sandbox.Docker.imagesOrDefault())
	}
	if f.DiskFreeBytes < need {
		d.warn("programs and images may take %s of disk, %s are free: lower program_cache or sandbox.docker.images", size(need), size(f.DiskFreeBytes))
	}
	if !f.Python {
		d.warn("there is no Python runtime beside this program: scripts are run only if the store has it")
	}
	if f.GPUProblem != "" {
		d.warn("GPUs cannot be used: %s", f.GPUProblem)
	}
	if len(f.GPUs) > 0 && len(c.Sandbox.Docker.GPUs) == 0 {
		d.warn("no program may use this machine's GPUs, %d of them: give them with --gpus all, or name some", len(f.GPUs))
	}
}

func (c Config) diagnoseEngine(f Findings, d *Diagnosis) {
	e := f.Engine
	if e == nil {
		say := d.warn
		if c.Sandbox.Docker.Use == DockerRequire {
			say = d.fail
		}
		say("no images are run: %s", f.EngineProblem)
		return
	}
	if e.Unable != "" {
		d.fail("no images are run: %s", e.Unable)
	}
	for _, w := range docker.Weaknesses(e.Runc) {
		d.warn("runc %s has a known way out, by its number: %s. Repaired in %s. Distributions repair older ones under their own numbers: look there, or update",
			e.Runc, w, w.Fixed())
	}
	if e.Runc == "" {
		d.warn("the engine does not say which runc it uses: see to it yourself that it is a repaired one, 1.2.8, 1.3.3 or newer")
	}
	if e.CgroupVersion == "1" {
		d.warn("control groups are of version 1, which has let containers out before (CVE-2022-0492) and is given up by systemd and Docker: boot with systemd.unified_cgroup_hierarchy=1")
	}
	if !e.SwapLimit {
		d.warn("the kernel does not limit swap: a program's memory may be swapped out beyond its limit. Boot with swapaccount=1, or without swap")
	}
	chosen := docker.Config{RuntimeUse: c.Sandbox.Docker.RuntimeClass, Runtime: c.Sandbox.Docker.Runtime}
	if missing := chosen.MissingRuntime(e.Runtimes); missing != "" {
		say := d.warn
		if c.Sandbox.Docker.RuntimeClass == docker.RuntimeRequire {
			say = d.fail
		}
		say("%s", missing)
	}
	if e.Stronger != "" && chosen.RuntimeUse != docker.RuntimePrefer && chosen.RuntimeUse != docker.RuntimeRequire {
		d.warn("the engine has the stronger runtime %s, and it is not used: --runtime-class require", e.Stronger)
	}
}

// size is a number of bytes for people.
func size(n uint64) string {
	for _, unit := range units[:3] {
		if next := uint64(unit.bytes) << 10; n < next || unit.name == "GiB" {
			return fmt.Sprintf("%d.%d %s", n/uint64(unit.bytes), n%uint64(unit.bytes)*10/uint64(unit.bytes), unit.name)
		}
	}
	return strconv.FormatUint(n, 10)
}

// Warn logs what a machine's owner should know when a daemon starts.
func (c Config) Warn(ctx context.Context, log *slog.Logger) {
	f, err := c.Find(ctx, false)
	if err != nil {
		log.Warn("could not look at this machine", "error", err)
		return
	}
	d := c.Diagnose(f)
	for _, text := range append(d.Failures, d.Warnings...) {
		log.Warn("doctor: " + text)
	}
}

// Lines are a diagnosis for people.
func (d Diagnosis) Lines() []string {
	f := d.Findings
	lines := []string{
		fmt.Sprintf("machine    %s/%s, %d CPUs %s", f.OS, f.Arch, f.CPUs, f.Processor),
		fmt.Sprintf("memory     %s, %s free", size(f.MemoryBytes), size(f.MemoryFreeBytes)),
		fmt.Sprintf("disk       %s free", size(f.DiskFreeBytes)),
	}
	for _, g := range f.GPUs {
		lines = append(lines, fmt.Sprintf("GPU        %s, %s, %s", g.ID, g.Model, size(g.MemoryBytes)))
	}
	if len(f.GPUs) == 0 {
		lines = append(lines, "GPU        none")
	}
	if e := f.Engine; e != nil {
		lines = append(lines,
			fmt.Sprintf("engine     Docker %s, API %s, at %s", e.Version, e.API, e.Host),
			fmt.Sprintf("runtimes   %s; runc %s", strings.Join(e.Runtimes, ", "), or(e.Runc, "of unknown version")),
			fmt.Sprintf("kernel     %s, control groups version %s, seccomp %s", e.Kernel, or(e.CgroupVersion, "unknown"), yesNo(e.Seccomp)))
	} else {
		lines = append(lines, "engine     none")
	}
	if f.MillionRounds > 0 {
		lines = append(lines, fmt.Sprintf("speed      %d million rounds a second of a small WASM loop", f.MillionRounds))
	}
	lines = append(lines, "states     "+stated(d.States))
	lines = append(lines, "releases   "+d.Releases)
	lines = append(lines, "network    "+d.Network)
	for _, text := range d.Failures {
		lines = append(lines, "FAILS      "+text)
	}
	for _, text := range d.Warnings {
		lines = append(lines, "warning    "+text)
	}
	return lines
}

// stated is a capability for people.
func stated(c program.Capability) string {
	parts := []string{
		c.OS + "/" + c.Arch, fmt.Sprintf("%d thousandths of a core", c.CPUMillis), size(c.MemoryBytes) + " memory", size(c.DiskBytes) + " disk",
	}
	for _, g := range c.GPUs {
		parts = append(parts, fmt.Sprintf("%d x %s with %s", g.Count, g.Model, size(g.MemoryBytes)))
	}
	return strings.Join(append(parts, c.Tags...), ", ")
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
