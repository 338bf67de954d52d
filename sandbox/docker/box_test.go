package docker_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/docker/layout"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

func engine(t testing.TB) *client.Client {
	t.Helper()
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// containersOf lists the containers of the sandbox with this state folder, whatever their state.
func containersOf(t testing.TB, stateDir string) []container.Summary {
	t.Helper()
	return containersIn(t, engine(t), stateDir)
}

func containersIn(t testing.TB, c *client.Client, stateDir string) []container.Summary {
	t.Helper()
	instance, err := os.ReadFile(filepath.Join(stateDir, "instance"))
	require.NoError(t, err)
	found, err := c.ContainerList(context.Background(), container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", "network.ain.instance="+string(instance))),
	})
	require.NoError(t, err)
	return found
}

// running waits until n containers run, for as long as a busy machine may take, and returns them.
func running(t testing.TB, stateDir string, n int) (found []container.Summary) {
	t.Helper()
	return runningIn(t, engine(t), stateDir, n)
}

func runningIn(t testing.TB, c *client.Client, stateDir string, n int) (found []container.Summary) {
	t.Helper()
	require.Eventually(t, func() bool {
		found = containersIn(t, c, stateDir)
		up := 0
		for _, c := range found {
			if c.State == "running" {
				up++
			}
		}
		return up == n
	}, time.Minute, 20*time.Millisecond)
	return found
}

func request(p sandbox.Program, r sandboxtest.Request) sandbox.Run {
	return sandbox.Run{Program: p, Input: r.Encode(), Labels: map[string]string{"job": "0x1", "request": "42"}}
}

func TestNoContainerOutlivesItsRun(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	box, p := sandboxtest.OpenDocker(t, cfg), sandboxtest.ImageProbe(t)
	for action, want := range map[string]error{"echo": nil, "crash": sandbox.ErrCrashed, "garbage": sandbox.ErrBadOutput} {
		_, err := box.Run(context.Background(), request(p, sandboxtest.Request{Action: action}))
		require.ErrorIs(t, err, want)
		assert.Empty(t, containersOf(t, cfg.StateDir), action)
	}
	run := request(p, sandboxtest.Request{Action: "spin"})
	run.Limits.WallTime = 200 * time.Millisecond
	_, err := box.Run(context.Background(), run)
	require.ErrorIs(t, err, sandbox.ErrTimeout)
	assert.Empty(t, containersOf(t, cfg.StateDir))
}

// An engine goes on making a container when nobody waits for it any more.
func TestARunThatIsCancelledEarlyLeavesNoContainer(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	box, p := sandboxtest.OpenDocker(t, cfg), sandboxtest.ImageProbe(t)
	require.NoError(t, box.Prepare(context.Background(), p))
	for after := range 12 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(after)*10*time.Millisecond)
		_, err := box.Run(ctx, request(p, sandboxtest.Request{Action: "spin"}))
		cancel()
		require.ErrorIs(t, err, sandbox.ErrTimeout)
		require.Never(t, func() bool { return len(containersOf(t, cfg.StateDir)) > 0 }, 200*time.Millisecond, 50*time.Millisecond,
			"cancelled after %d ms", 10*after)
	}
}

func TestCloseEndsRunsAndLeavesNoContainer(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	box, p := sandboxtest.OpenDocker(t, cfg), sandboxtest.ImageProbe(t)
	ended := make(chan error, 1)
	go func() {
		_, err := box.Run(context.Background(), request(p, sandboxtest.Request{Action: "spin"}))
		ended <- err
	}()
	running(t, cfg.StateDir, 1)
	require.NoError(t, box.Close())
	require.ErrorIs(t, <-ended, sandbox.ErrClosed)
	assert.Empty(t, containersOf(t, cfg.StateDir))
	_, err := box.Run(context.Background(), request(p, sandboxtest.Request{Action: "echo"}))
	require.ErrorIs(t, err, sandbox.ErrClosed)
	require.ErrorIs(t, box.Prepare(context.Background(), p), sandbox.ErrClosed)
}

// The settings that hold a program, as the engine has them.
func TestAContainerHasTheSettingsThatHoldAProgram(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	box := sandboxtest.OpenDocker(t, cfg)
	img := sandboxtest.Image(t, sandboxtest.BuildLinux(t, "sandbox/sandboxtest/testdata/probe"))
	img.Config.User = "1000"
	img.Config.Labels = map[string]string{"network.ain.instance": "forged"}
	img.Config.Env = []string{"NVIDIA_VISIBLE_DEVICES=all"}
	img.Config.ExposedPorts = map[string]struct{}{"80/tcp": {}}
	p := sandboxtest.ProbeOf(t, img)
	ctx, cancel := context.WithCancel(context.Background())
	run := request(p, sandboxtest.Request{Action: "spin"})
	run.OutDir, run.Limits.MemoryBytes, run.Limits.DiskBytes = t.TempDir(), 100<<20, 10<<20
	ended := make(chan error, 1)
	go func() {
		_, err := box.Run(ctx, run)
		ended <- err
	}()
	found := running(t, cfg.StateDir, 1)
	c, err := engine(t).ContainerInspect(context.Background(), found[0].ID)
	require.NoError(t, err)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	assert.Equal(t, "none", string(c.HostConfig.NetworkMode))
	assert.True(t, c.HostConfig.ReadonlyRootfs)
	assert.Equal(t, []string{"ALL"}, []string(c.HostConfig.CapDrop))
	assert.Empty(t, c.HostConfig.CapAdd)
	assert.False(t, c.HostConfig.Privileged)
	assert.Equal(t, "none", string(c.HostConfig.IpcMode))
	assert.Equal(t, "private", string(c.HostConfig.CgroupnsMode))
	assert.Empty(t, c.HostConfig.PidMode)
	assert.Empty(t, c.HostConfig.Binds)
	assert.Empty(t, c.HostConfig.Devices)
	assert.Empty(t, c.HostConfig.DeviceRequests)
	assert.Equal(t, "none", c.HostConfig.LogConfig.Type)
	assert.Equal(t, int64(100<<20), c.HostConfig.Memory)
	assert.Equal(t, int64(100<<20), c.HostConfig.MemorySwap)
	assert.Equal(t, int64(1e9), c.HostConfig.NanoCPUs)
	assert.Equal(t, int64(256), *c.HostConfig.PidsLimit)
	assert.Equal(t, "65532:65532", c.Config.User)
	assert.Equal(t, []string{"/ain/warden", "warden"}, []string(c.Config.Entrypoint))
	assert.Contains(t, c.Config.Env, "NVIDIA_VISIBLE_DEVICES=void")
	assert.NotContains(t, c.Config.Env, "NVIDIA_VISIBLE_DEVICES=all")
	assert.Contains(t, c.HostConfig.Tmpfs["/ain/out"], "noexec,nosuid,nodev,size=10485760,")
	assert.Contains(t, c.HostConfig.Tmpfs["/tmp"], "noexec,nosuid,nodev,size=67108864,")
	require.Len(t, c.HostConfig.Mounts, 1, "the warden and nothing else of this machine")
	assert.True(t, c.HostConfig.Mounts[0].ReadOnly)
	assert.True(t, strings.HasPrefix(c.Image, "sha256:"), "by content: %s", c.Image)
	require.Len(t, c.HostConfig.SecurityOpt, 2)
	assert.Equal(t, "no-new-privileges:true", c.HostConfig.SecurityOpt[0])
	assert.NotEqual(t, "forged", c.Config.Labels["network.ain.instance"])
	assert.Equal(t, "42", c.Config.Labels["network.ain.request"])
	assert.Equal(t, p.Digest, c.Config.Labels["network.ain.program"])
}

func TestTheSeccompProfileAllowsNoneOfTheCallsThatLeadOut(t *testing.T) {
	content, err := os.ReadFile("seccomp.json")
	require.NoError(t, err)
	var profile struct {
		DefaultAction string
		Syscalls      []struct {
			Names  []string
			Action string
		}
	}
	require.NoError(t, json.Unmarshal(content, &profile))
	assert.Equal(t, "SCMP_ACT_ERRNO", profile.DefaultAction)
	allowed := map[string]bool{}
	for _, rule := range profile.Syscalls {
		for _, name := range rule.Names {
			allowed[name] = allowed[name] || rule.Action == "SCMP_ACT_ALLOW"
		}
	}
	assert.True(t, allowed["read"])
	for _, name := range strings.Fields(`io_uring_setup io_uring_enter io_uring_register userfaultfd unshare setns clone3 mount umount2 pivot_root
		move_mount open_tree fsopen fsmount fsconfig chroot ptrace process_vm_readv process_vm_writev bpf perf_event_open keyctl add_key
		request_key kexec_load init_module finit_module delete_module open_by_handle_at name_to_handle_at shmget semget msgget mq_open
		memfd_create vmsplice reboot swapon syslog settimeofday clock_settime kcmp pidfd_getfd process_madvise quotactl acct iopl ioperm`) {
		assert.False(t, allowed[name], name)
	}
}

func TestAnImageThatIsRemovedBehindOurBackIsLoadedAgain(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	box, p := sandboxtest.OpenDocker(t, cfg), sandboxtest.ImageProbe(t)
	require.NoError(t, box.Prepare(context.Background(), p))
	removeTag(t, p)
	_, err := box.Run(context.Background(), request(p, sandboxtest.Request{Action: "echo"}))
	require.NoError(t, err)
}

func removeTag(t *testing.T, p sandbox.Program) {
	t.Helper()
	_, err := engine(t).ImageRemove(context.Background(), tagOf(p), image.RemoveOptions{Force: true})
	require.NoError(t, err)
}

func tagOf(p sandbox.Program) string {
	return "ain.local/program:" + strings.TrimPrefix(p.Digest, "sha256:")
}

func held(t *testing.T, p sandbox.Program) bool {
	t.Helper()
	_, err := engine(t).ImageInspect(context.Background(), tagOf(p))
	return err == nil
}

// variant is the probe's image with another variable, and so another image.
func variant(t *testing.T, name string) sandbox.Program {
	t.Helper()
	img := sandboxtest.Image(t, sandboxtest.BuildLinux(t, "sandbox/sandboxtest/testdata/probe"))
	img.Config.Env = []string{"VARIANT=" + name}
	layer, err := layout.Layer(layout.Entry{Name: "variant", Content: []byte(name)})
	require.NoError(t, err)
	img.Layers = append(img.Layers, layer)
	return sandboxtest.ProbeOf(t, img)
}

func TestTheImageUnusedForLongestGoesFirstAndNoneInUse(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	cfg.ImageCacheBytes = 9 << 20 // two of the probe's
	box := sandboxtest.OpenDocker(t, cfg)
	busy, old, young, last := variant(t, "busy"), variant(t, "old"), variant(t, "young"), variant(t, "last")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := box.Run(ctx, request(busy, sandboxtest.Request{Action: "spin"}))
		ended <- err
	}()
	running(t, cfg.StateDir, 1)
	require.NoError(t, box.Prepare(context.Background(), old))
	require.True(t, held(t, old))
	require.NoError(t, box.Prepare(context.Background(), young))
	assert.True(t, held(t, busy), "in use, though it came first")
	assert.False(t, held(t, old))
	assert.True(t, held(t, young))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, box.Prepare(context.Background(), last))
	assert.False(t, held(t, busy), "no longer in use")
	_, err := box.Run(context.Background(), request(old, sandboxtest.Request{Action: "echo"}))
	require.NoError(t, err, "and what was removed is loaded again")
}

const victim = "AIN_TEST_DOCKER_VICTIM"

// TestMain makes this test binary, started anew by the test below, a daemon that can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		spinFor(dir)
	}
	os.Exit(m.Run())
}

// spinFor runs a program that never ends, or has one serve a call and wait for the next, until this process is killed.
func spinFor(dir string) {
	var p sandbox.Program
	content, err := os.ReadFile(filepath.Join(dir, "program.json"))
	if err == nil {
		err = json.Unmarshal(content, &p)
	}
	if err != nil {
		panic(err)
	}
	box, err := docker.Open(context.Background(), docker.Config{StateDir: filepath.Join(dir, "state"), WardenPath: os.Getenv(victim + "_WARDEN")})
	if err != nil {
		panic(err)
	}
	if p.Codec == sandbox.CodecGRPC {
		if _, err := box.Run(context.Background(), sandbox.Run{Program: p, Tenant: "client", Input: sandboxtest.Request{Action: "who"}.Encode()}); err != nil {
			panic(err)
		}
	}
	fmt.Println("open")
	if p.Codec == sandbox.CodecGRPC {
		select {} // its container waits for the next call
	}
	_, err = box.Run(context.Background(), request(p, sandboxtest.Request{Action: "spin"}))
	panic(err)
}

// killedDaemon kills a daemon while its container runs, and waits for the container's end. It returns the state folder.
func killedDaemon(t *testing.T, p sandbox.Program) string {
	t.Helper()
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	content, err := json.Marshal(p)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "program.json"), content, 0o600))
	daemon := exec.Command(os.Args[0])
	daemon.Env = append(os.Environ(), victim+"="+dir, victim+"_WARDEN="+sandboxtest.Child(t))
	daemon.Stderr = os.Stderr
	out, err := daemon.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, daemon.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "open\n", line)
	running(t, state, 1)
	require.NoError(t, daemon.Process.Kill())
	_ = daemon.Wait()

	running(t, state, 0)
	require.Len(t, containersOf(t, state), 1, "it has ended, and nobody has removed it yet")
	return state
}

func TestAContainerEndsWithItsDaemonAndIsRemovedAtTheNextStart(t *testing.T) {
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)) // skips where there is no engine
	cfg := sandboxtest.DockerConfig(t)
	p := sandboxtest.ImageProbe(t)
	cfg.StateDir = killedDaemon(t, p)
	box := sandboxtest.OpenDocker(t, cfg)
	assert.Empty(t, containersOf(t, cfg.StateDir))
	_, err := box.Run(context.Background(), request(p, sandboxtest.Request{Action: "echo"}))
	require.NoError(t, err)
}

// A daemon that is killed while the engine makes its container leaves one that comes after the next start has looked.
func TestAContainerThatComesLateIsRemovedWhileOthersRun(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	cfg.StateDir, cfg.StartTimeout = t.TempDir(), 10*time.Second
	box := sandboxtest.OpenDocker(t, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := box.Run(ctx, request(sandboxtest.ImageProbe(t), sandboxtest.Request{Action: "spin"}))
		ended <- err
	}()
	mine := running(t, cfg.StateDir, 1)[0]
	labels := maps.Clone(mine.Labels)
	labels["network.ain.start"] = "an earlier process"
	_, err := engine(t).ContainerCreate(ctx, &container.Config{Image: mine.ImageID, Labels: labels}, nil, nil, nil, "")
	require.NoError(t, err)
	require.Len(t, containersOf(t, cfg.StateDir), 2)

	require.Eventually(t, func() bool { return len(containersOf(t, cfg.StateDir)) == 1 }, time.Minute, 50*time.Millisecond)
	assert.Equal(t, mine.ID, running(t, cfg.StateDir, 1)[0].ID, "the one of this process goes on")
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestEnginesThatCannotBeUsedAreNamed(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	cfg.Host = "unix://" + filepath.Join(t.TempDir(), "gone.sock")
	_, err := docker.Open(context.Background(), cfg)
	require.ErrorIs(t, err, docker.ErrEngine)
	require.ErrorContains(t, err, "gone.sock")
	for field, change := range map[string]func(*docker.Config){
		"Host":       func(c *docker.Config) { c.Host = "tcp://192.0.2.1:2375" },
		"StateDir":   func(c *docker.Config) { c.StateDir = "" },
		"WardenPath": func(c *docker.Config) { c.WardenPath = "" },
		"CPUMillis":  func(c *docker.Config) { c.CPUMillis = 1 },
		"Processes":  func(c *docker.Config) { c.Processes = 3 },
		"ImageBytes": func(c *docker.Config) { c.ImageBytes = -1 },
		"Warm.Uses":  func(c *docker.Config) { c.Warm.Uses = -1 },
		"Warm.Age":   func(c *docker.Config) { c.Warm.Age = -1 },
	} {
		bad := sandboxtest.DockerConfig(t)
		change(&bad)
		_, err := docker.Open(context.Background(), bad)
		require.ErrorContains(t, err, field)
	}
}

// An image whose release names an address runs like any other, and is fetched once.
func TestAnImageOfARegistryRuns(t *testing.T) {
	r := docker.StartRegistry(t, "")
	blobs, err := layout.NewBlobs(sandboxtest.Image(t, sandboxtest.BuildLinux(t, "sandbox/sandboxtest/testdata/probe")))
	require.NoError(t, err)
	cfg := sandboxtest.DockerConfig(t)
	cfg.Registries = []string{r.Host()}
	p := sandboxtest.ImageProbe(t)
	address := r.Push(blobs, "latest")
	p.File = filepath.Join(t.TempDir(), "address")
	require.NoError(t, os.WriteFile(p.File, []byte(address+"\n"), 0o600))
	sum := sha256.Sum256([]byte(address + "\n"))
	p.Digest = "sha256:" + hex.EncodeToString(sum[:])

	box := sandboxtest.OpenDocker(t, cfg)
	require.NoError(t, box.Prepare(context.Background(), p))
	asked := r.Asked()
	result, err := box.Run(context.Background(), request(p, sandboxtest.Request{Action: "echo", Data: []byte("hello")}))
	require.NoError(t, err)
	assert.Contains(t, string(result.Output), "hello")
	assert.Equal(t, asked, r.Asked(), "the engine holds it")
	left, err := os.ReadDir(filepath.Join(cfg.StateDir, "pulls"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// An engine without GPUs refuses what asks for one: the request has reached it.
func TestAnEngineWithoutGPUsRefusesARunThatNeedsOne(t *testing.T) {
	cfg := sandboxtest.DockerConfig(t)
	box := sandboxtest.OpenDocker(t, cfg)
	run := request(sandboxtest.ImageProbe(t), sandboxtest.Request{Action: "echo"})
	run.GPUs = []string{"GPU-of-another-machine"}
	_, err := box.Run(context.Background(), run)
	require.ErrorIs(t, err, docker.ErrEngine)
	assert.Empty(t, containersOf(t, cfg.StateDir))
}
