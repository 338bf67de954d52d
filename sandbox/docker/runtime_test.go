package docker_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// engineWith starts an engine of the test's own, with runtimes beside its usual one, and returns its host.
func engineWith(t *testing.T, runtimes ...string) string {
	t.Helper()
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)) // skips where there is none
	program, err := exec.LookPath("dockerd")
	if err != nil || os.Getuid() != 0 {
		if os.Getenv("AIND_REQUIRE_REAL") == "1" {
			t.Fatal("needs dockerd, and to be root")
		}
		t.Skip("needs dockerd, and to be root")
	}
	dir, err := os.MkdirTemp("", "aind-engine-") // the path of a socket is short
	require.NoError(t, err)
	t.Cleanup(func() {
		// Where a container ran the engine leaves a mount behind.
		_ = exec.Command("umount", "--lazy", filepath.Join(dir, "exec", "netns", "default")).Run()
		require.NoError(t, os.RemoveAll(dir))
	})
	host := "unix://" + filepath.Join(dir, "sock")
	args := []string{
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "pid"), "--host", host,
		"--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false",
	}
	for _, runtime := range runtimes {
		args = append(args, "--add-runtime", runtime)
	}
	out, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait() // its status is not what is tested
		out.Close()
	})
	c, err := client.NewClientWithOpts(client.WithHost(host), client.WithAPIVersionNegotiation())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.Eventually(t, func() bool {
		_, err := c.Ping(context.Background())
		return err == nil
	}, time.Minute, 100*time.Millisecond)
	return host
}

func TestProgramsRunInTheRuntimeThatTheOwnerAsksFor(t *testing.T) {
	runc, err := exec.LookPath("runc")
	if err != nil {
		runc = "/usr/sbin/runc"
	}
	host := engineWith(t, "runsc="+runc) // no stronger one, but chosen in the same way
	cfg := sandboxtest.DockerConfig(t)
	cfg.Host, cfg.RuntimeUse = host, docker.RuntimeRequire
	box := sandboxtest.OpenDocker(t, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := box.Run(ctx, request(sandboxtest.ImageProbe(t), sandboxtest.Request{Action: "spin"}))
		ended <- err
	}()
	c, err := client.NewClientWithOpts(client.WithHost(host), client.WithAPIVersionNegotiation())
	require.NoError(t, err)
	defer c.Close()
	found := runningIn(t, c, cfg.StateDir, 1)
	inspected, err := c.ContainerInspect(context.Background(), found[0].ID)
	require.NoError(t, err)
	assert.Equal(t, "runsc", inspected.HostConfig.Runtime)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	cfg = sandboxtest.DockerConfig(t)
	cfg.Host, cfg.RuntimeUse, cfg.Runtime = host, docker.RuntimeRequire, "kata"
	_, err = docker.Open(context.Background(), cfg)
	require.ErrorIs(t, err, docker.ErrEngine)
	require.ErrorContains(t, err, "has no runtime kata")
}

func TestARuntimeThatIsMissingIsNamedWithWhatToInstall(t *testing.T) {
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)) // skips where there is none
	cfg := sandboxtest.DockerConfig(t)
	cfg.RuntimeUse, cfg.Runtime = docker.RuntimeRequire, "none-such"
	_, err := docker.Open(context.Background(), cfg)
	require.ErrorIs(t, err, docker.ErrEngine)
	require.ErrorContains(t, err, "has no runtime none-such")
	require.ErrorContains(t, err, "runsc install")

	cfg.RuntimeUse = docker.RuntimePrefer
	var log syncBuffer
	cfg.Log = log.logger()
	box := sandboxtest.OpenDocker(t, cfg)
	require.Contains(t, log.String(), "has no runtime none-such")
	_, err = box.Run(context.Background(), request(sandboxtest.ImageProbe(t), sandboxtest.Request{Action: "echo"}))
	require.NoError(t, err, "in the engine's own")

	cfg.RuntimeUse = "sometimes"
	require.ErrorContains(t, cfg.Validate(), "RuntimeUse")
}

func TestTheStrongerRuntimeIsFoundByName(t *testing.T) {
	for want, has := range map[string][]string{
		"":                      {"runc", "io.containerd.runc.v2", "crun"},
		"runsc":                 {"kata", "runc", "runsc"},
		"kata-runtime":          {"kata-runtime", "runc"},
		"io.containerd.kata.v2": {"io.containerd.kata.v2", "runc"},
	} {
		assert.Equal(t, want, docker.StrongerRuntime(has))
	}
}

// syncBuffer is a log that can be read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *syncBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

func TestKnownWeaknessesOfRuncByItsVersion(t *testing.T) {
	const early, files, links = "CVE-2019-5736", "CVE-2024-21626", "CVE-2025-31133, CVE-2025-52565, CVE-2025-52881"
	for version, want := range map[string][]string{
		"1.0.0-rc6":             {early, files, links},
		"1.0.0-rc7":             {files, links},
		"1.0.0-rc10":            {files, links},
		"1.0.0~rc93":            {files, links},
		"1.1.5+ds1-1+deb12u1":   {files, links},
		"1.1.11":                {files, links},
		"1.1.12":                {links},
		"v1.2.7":                {links},
		"1.2.8":                 nil,
		"1.3.0":                 {links},
		"1.3.2-0ubuntu2~24.04":  {links},
		"1.3.3":                 nil,
		"1.4.0-rc.2":            {links},
		"1.4.0-rc.3":            nil,
		"1.4.0":                 nil,
		"2.0.0":                 nil,
		"":                      nil,
		"unknown, from a fork ": nil,
	} {
		var got []string
		for _, w := range docker.Weaknesses(version) {
			got = append(got, w.Names)
		}
		assert.Equal(t, want, got, version)
	}
}
