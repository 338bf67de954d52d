package docker

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
)

var rewrite = flag.Bool("rewrite", false, "write testdata anew")

// boxWith has settings, and no engine.
func boxWith(t *testing.T, change func(*Config)) *Box {
	cfg := Config{StateDir: t.TempDir(), WardenPath: "warden"}
	if change != nil {
		change(&cfg)
	}
	cfg, err := cfg.withDefaults()
	require.NoError(t, err)
	return &Box{cfg: cfg, instance: "instance", warden: "/state/warden"}
}

// The exact request for devices: no machine of ours had one when it was written.
func TestAProgramGetsExactlyTheGPUsThatItWasGranted(t *testing.T) {
	run := sandbox.Run{Program: sandbox.Program{Digest: "sha256:aa"}, GPUs: []string{"GPU-1f0c", "GPU-77aa"}}
	limits := sandbox.Limits{MemoryBytes: 1 << 30, DiskBytes: 1 << 20}
	s := boxWith(t, nil).settingsFor("sha256:bb", run, limits, nil)
	s.host.SecurityOpt[1] = "seccomp=…" // 15 KiB, in seccomp.json
	got, err := json.MarshalIndent(struct {
		Env        []string
		HostConfig any
	}{s.config.Env, s.host}, "", "  ")
	require.NoError(t, err)
	const golden = "testdata/gpu.json"
	if *rewrite {
		require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got))

	s = boxWith(t, nil).settingsFor("sha256:bb", sandbox.Run{}, limits, nil)
	assert.Empty(t, s.host.DeviceRequests, "and nobody else gets one")
	assert.Equal(t, []string{"NVIDIA_VISIBLE_DEVICES=void", "NVIDIA_DRIVER_CAPABILITIES="}, s.config.Env)
}

func TestOfTheRunsAndTheOwnersProcessorTimeTheSmallerHolds(t *testing.T) {
	b := boxWith(t, func(c *Config) { c.CPUMillis = 2000 })
	for asked, want := range map[int64]int64{0: 2000, 500: 500, 2000: 2000, 3000: 2000, 1: leastCPU} {
		s := b.settingsFor("sha256:bb", sandbox.Run{}, sandbox.Limits{CPUMillis: asked}, nil)
		assert.Equal(t, want*1e6, s.host.NanoCPUs, asked)
	}
}
