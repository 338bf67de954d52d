package daemon

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
)

func TestOfRequirementAndOwnersLimitTheSmallerHolds(t *testing.T) {
	owner := Limits{Memory: 1000, Disk: 500, Output: 7, Log: 8}
	for name, c := range map[string]struct {
		terms, request program.Capability
		want           sandbox.Limits
	}{
		"nothing is stated":              {want: sandbox.Limits{MemoryBytes: 1000, DiskBytes: 500, OutputBytes: 7, LogBytes: 8}},
		"the terms state less":           {terms: program.Capability{MemoryBytes: 600, DiskBytes: 100, CPUMillis: 250}, want: sandbox.Limits{MemoryBytes: 600, DiskBytes: 100, CPUMillis: 250, OutputBytes: 7, LogBytes: 8}},
		"the request asks for more":      {terms: program.Capability{MemoryBytes: 600}, request: program.Capability{MemoryBytes: 800}, want: sandbox.Limits{MemoryBytes: 800, DiskBytes: 500, OutputBytes: 7, LogBytes: 8}},
		"the owner allows less":          {terms: program.Capability{MemoryBytes: 2000, DiskBytes: 501}, want: sandbox.Limits{MemoryBytes: 1000, DiskBytes: 500, OutputBytes: 7, LogBytes: 8}},
		"a request cannot starve it":     {request: program.Capability{MemoryBytes: 1, CPUMillis: 1, DiskBytes: 1}, want: sandbox.Limits{MemoryBytes: 1000, DiskBytes: 500, OutputBytes: 7, LogBytes: 8}},
		"nor ask for less than the term": {terms: program.Capability{MemoryBytes: 600}, request: program.Capability{MemoryBytes: 1}, want: sandbox.Limits{MemoryBytes: 600, DiskBytes: 500, OutputBytes: 7, LogBytes: 8}},
	} {
		t.Run(name, func(t *testing.T) {
			grant, err := NewGrant(c.terms, c.request)
			require.NoError(t, err)
			require.Equal(t, c.want, grant.within(owner))
		})
	}
	_, err := NewGrant(program.Capability{Arch: "amd64"}, program.Capability{Arch: "arm64"})
	require.ErrorContains(t, err, "arch")
}

// fakeDriver puts a tool like the driver's into the path, which lists these devices.
func fakeDriver(t *testing.T, script string) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestGPUsAreThoseOfTheDriver(t *testing.T) {
	fakeDriver(t, `test "$1" = --query-gpu=uuid,name,memory.total || exit 9
echo 'GPU-aa, NVIDIA A100 80GB PCIe, 81920'
echo 'GPU-bb, NVIDIA A100 80GB PCIe, 81920'
echo 'GPU-cc, NVIDIA T4, 15360'`)
	found, err := FindGPUs(context.Background())
	require.NoError(t, err)
	require.Equal(t, []GPU{
		{"GPU-aa", "nvidia", "NVIDIA A100 80GB PCIe", 81920 << 20}, {"GPU-bb", "nvidia", "NVIDIA A100 80GB PCIe", 81920 << 20},
		{"GPU-cc", "nvidia", "NVIDIA T4", 15360 << 20},
	}, found)

	cfg := Config{Sandbox: SandboxConfig{Docker: DockerConfig{Use: DockerRequire, GPUs: []string{"GPU-cc", "GPU-aa"}, CPUMillis: 2500}}}
	cfg.Sandbox.Docker.devices, err = cfg.Sandbox.Docker.findGPUs(context.Background())
	require.NoError(t, err)
	require.Equal(t, []program.GPU{
		{Vendor: "nvidia", Model: "NVIDIA T4", MemoryBytes: 15360 << 20, Count: 1},
		{Vendor: "nvidia", Model: "NVIDIA A100 80GB PCIe", MemoryBytes: 81920 << 20, Count: 1},
	}, cfg.Capability().GPUs, "what the owner gives, and no more")
	require.EqualValues(t, 2500, cfg.Capability().CPUMillis)

	all, err := chooseGPUs(found, []string{"all"})
	require.NoError(t, err)
	require.Equal(t, found, all)
	for _, none := range [][]string{nil, {"off"}} {
		chosen, err := chooseGPUs(found, none)
		require.NoError(t, err)
		require.Empty(t, chosen)
	}
	for says, named := range map[string][]string{"GPU-dd": {"GPU-dd"}, "twice": {"GPU-aa", "GPU-aa"}} {
		_, err := chooseGPUs(found, named)
		require.ErrorIs(t, err, ErrGPU)
		require.ErrorContains(t, err, says)
	}
	_, err = chooseGPUs(nil, []string{"all"})
	require.ErrorContains(t, err, "install the driver")

	fakeDriver(t, "echo broken >&2; exit 1")
	_, err = FindGPUs(context.Background())
	require.ErrorIs(t, err, ErrGPU)
	fakeDriver(t, "echo 'GPU-aa, NVIDIA T4, [N/A]'")
	_, err = FindGPUs(context.Background())
	require.ErrorIs(t, err, ErrGPU)
	t.Setenv("PATH", t.TempDir())
	found, err = FindGPUs(context.Background())
	require.NoError(t, err, "no driver, no GPU")
	require.Empty(t, found)
}

func TestAGPUIsGivenToOneRequestAtATime(t *testing.T) {
	g := &GPUs{Devices: []GPU{{"small", "nvidia", "T4", 16}, {"big-1", "nvidia", "A100", 80}, {"big-2", "nvidia", "A100", 80}}}
	need := func(model string, memory uint64, count uint32) []program.GPU {
		return []program.GPU{{Model: model, MemoryBytes: memory, Count: count}}
	}
	ids, missing := g.Take(1, need("", 40, 1))
	require.Empty(t, missing)
	require.Equal(t, []string{"big-1"}, ids)
	ids, _ = g.Take(1, need("", 40, 1))
	require.Equal(t, []string{"big-1"}, ids, "the same as before")
	_, missing = g.Take(2, need("A100", 0, 2))
	require.Contains(t, missing, "gpu: 1 of 2")
	ids, missing = g.Take(2, append(need("", 0, 2), need("T4", 0, 1)...))
	require.Empty(t, missing)
	require.Equal(t, []string{"small", "big-2"}, ids, "one device may meet two needs")
	_, missing = g.Take(3, need("", 0, 1))
	require.NotEmpty(t, missing)
	ids, missing = g.Take(3, nil)
	require.Empty(t, ids)
	require.Empty(t, missing)
	g.GiveBack(2)
	ids, _ = g.Take(3, need("T4", 0, 1))
	require.Equal(t, []string{"small"}, ids)
}

func TestLogsAreKeptByContentAndTheOldestGoFirst(t *testing.T) {
	home := t.TempDir()
	logs := &Logs{Dir: filepath.Join(home, logsFolder), Max: 250}
	none, err := ReadLogs(home, 7)
	require.NoError(t, err)
	require.Empty(t, none)
	ref, err := logs.keep(7, nil)
	require.NoError(t, err)
	require.Nil(t, ref, "it said nothing")

	ref, err = logs.keep(7, []byte(strings.Repeat("a", 100)))
	require.NoError(t, err)
	found, err := ReadLogs(home, 7)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, *ref, found[0].LogRef)
	content, err := os.ReadFile(found[0].Path)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("a", 100), string(content))
	none, err = ReadLogs(home, 70)
	require.NoError(t, err)
	require.Empty(t, none, "another request's")

	require.NoError(t, os.Chtimes(found[0].Path, time.Unix(1, 0), time.Unix(1, 0)))
	for id := range uint64(2) {
		_, err = logs.keep(8+id, []byte(strings.Repeat("b", 100)))
		require.NoError(t, err)
	}
	found, err = ReadLogs(home, 7)
	require.NoError(t, err)
	require.Empty(t, found, "the oldest")
	_, err = logs.keep(10, []byte(strings.Repeat("c", 1000)))
	require.NoError(t, err)
	found, err = ReadLogs(home, 10)
	require.NoError(t, err)
	require.Len(t, found, 1, "the newest stays, however long")
}
