package daemon_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// withDocker is a config of real parts with an engine at an address where there is none.
func withDocker(t *testing.T, use daemon.DockerUse) daemon.Config {
	cfg := daemon.Config{Home: t.TempDir()}.WithDefaults()
	cfg.Sandbox.Child = sandboxtest.Child(t)
	cfg.Sandbox.Docker = daemon.DockerConfig{Use: use, Host: "unix://" + filepath.Join(t.TempDir(), "gone.sock")}
	return cfg
}

func TestAnEngineThatIsOnlyPreferredMayBeMissing(t *testing.T) {
	for _, use := range []daemon.DockerUse{"", daemon.DockerOff, daemon.DockerPrefer} {
		cfg := withDocker(t, use)
		box, err := cfg.OpenSandbox(context.Background(), slog.New(slog.DiscardHandler))
		require.NoError(t, err, use)
		require.NoError(t, box.Close())
		require.Equal(t, []string{"wasm"}, cfg.Capability().Tags, "images are not offered")
	}
	cfg := withDocker(t, daemon.DockerRequire)
	_, err := cfg.OpenSandbox(context.Background(), slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, docker.ErrEngine)
	require.ErrorContains(t, err, "gone.sock")
}

func TestANodeWithAnEngineOffersImages(t *testing.T) {
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)) // skips where there is none
	cfg := withDocker(t, daemon.DockerPrefer)
	cfg.Sandbox.Docker.Host = ""
	box, err := cfg.OpenSandbox(context.Background(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer box.Close()
	require.Equal(t, []string{"wasm", "docker"}, cfg.Capability().Tags)
	require.NoError(t, box.Prepare(context.Background(), sandboxtest.WASMProbe(t)))
	require.NoError(t, box.Prepare(context.Background(), sandboxtest.ImageProbe(t)))
}
