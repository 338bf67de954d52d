package docker_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// serving is a sandbox with one program that serves calls.
type serving struct {
	cfg docker.Config
	box *docker.Box
	sandbox.Program
}

func openServing(t *testing.T, change func(*docker.Config), how ...string) *serving {
	t.Helper()
	cfg := sandboxtest.DockerConfig(t)
	if change != nil {
		change(&cfg)
	}
	return &serving{cfg, sandboxtest.OpenDocker(t, cfg), sandboxtest.ServingProbe(t, how...)}
}

// call asks for one action for a tenant.
func (s *serving) call(tenant, action string, change ...func(*sandbox.Run, *sandboxtest.Request)) (*sandbox.Result, error) {
	request := sandboxtest.Request{Action: action}
	run := sandbox.Run{Program: s.Program, Tenant: tenant, Labels: map[string]string{"job": "0x1", "request": "42"}}
	for _, c := range change {
		c(&run, &request)
	}
	run.Input = request.Encode()
	return s.box.Run(context.Background(), run)
}

func (s *serving) answer(t *testing.T, tenant, action string, change ...func(*sandbox.Run, *sandboxtest.Request)) sandboxtest.Reply {
	t.Helper()
	result, err := s.call(tenant, action, change...)
	require.NoError(t, err)
	return sandboxtest.DecodeReply(t, result.Output)
}

// who is the process that answers the next call, and how many it has had.
func (s *serving) who(t *testing.T, tenant string) (string, int64) {
	t.Helper()
	reply := s.answer(t, tenant, "who")
	return reply.Text, reply.N
}

func within(wall time.Duration) func(*sandbox.Run, *sandboxtest.Request) {
	return func(run *sandbox.Run, _ *sandboxtest.Request) { run.Limits.WallTime = wall }
}

func times(n int64) func(*sandbox.Run, *sandboxtest.Request) {
	return func(_ *sandbox.Run, request *sandboxtest.Request) { request.N = n }
}

func TestAContainerServesOneClientCallAfterCall(t *testing.T) {
	s := openServing(t, nil)
	first, _ := s.who(t, "client")
	for n := range int64(5) {
		again, calls := s.who(t, "client")
		require.Equal(t, first, again)
		require.Equal(t, n+2, calls)
	}
	found := running(t, s.cfg.StateDir, 1)
	assert.Equal(t, "true", found[0].Labels["network.ain.warm"])
	assert.Equal(t, "0x1", found[0].Labels["network.ain.job"])
	assert.NotContains(t, found[0].Labels, "network.ain.request", "it is there for more than one")
	require.NoError(t, s.box.Close())
	assert.Empty(t, containersOf(t, s.cfg.StateDir))
}

func TestTwoClientsNeverShareAContainer(t *testing.T) {
	s := openServing(t, func(c *docker.Config) { c.MaxContainers = 3 })
	alice, _ := s.who(t, "alice")
	bob, calls := s.who(t, "bob")
	require.NotEqual(t, alice, bob)
	require.Equal(t, int64(1), calls)
	again, calls := s.who(t, "alice")
	require.Equal(t, alice, again)
	require.Equal(t, int64(2), calls)

	nobody, _ := s.who(t, "")
	require.Len(t, containersOf(t, s.cfg.StateDir), 2, "who is nobody's is not kept")
	other, _ := s.who(t, "")
	assert.NotEqual(t, nobody, other)
}

func TestAStatelessSafeProgramServesAllClients(t *testing.T) {
	s := openServing(t, nil)
	s.StatelessSafe = true
	alice, _ := s.who(t, "alice")
	for n, tenant := range []string{"bob", "", "carol"} {
		found, calls := s.who(t, tenant)
		require.Equal(t, alice, found)
		require.Equal(t, int64(n+2), calls)
	}
}

// Each of these ends a container after it: the next call finds a program that has not been called before.
func TestAContainerIsNotUsedAgain(t *testing.T) {
	usual := openServing(t, nil)
	for name, c := range map[string]struct {
		cfg    docker.Warm
		action string
		change func(*sandbox.Run, *sandboxtest.Request)
		want   error
		says   string
	}{
		"after so many uses":                          {cfg: docker.Warm{Uses: 1}, action: "who"},
		"at its age":                                  {cfg: docker.Warm{Age: time.Nanosecond}, action: "who"},
		"when it holds more memory":                   {cfg: docker.Warm{GrowthBytes: 20 << 20}, action: "keep", change: times(64)},
		"when a process is left":                      {action: "fork"},
		"when a folder cannot be emptied":             {action: "shut"},
		"when it ended after its reply":               {action: "leave"},
		"after a crash":                               {action: "crash", want: sandbox.ErrCrashed, says: "exit status 2"},
		"after a status other than OK":                {action: "status", want: sandbox.ErrCrashed, says: "status FAILED_PRECONDITION: as asked, 100 % — übrigens"},
		"after a reply that is none":                  {action: "garbage", want: sandbox.ErrBadOutput},
		"when it ran out of time":                     {action: "spin", change: within(time.Second), want: sandbox.ErrTimeout},
		"when it was told to stop before it began":    {action: "who", change: within(time.Nanosecond), want: sandbox.ErrTimeout},
		"when it put what is no file into its folder": {action: "symlink", want: sandbox.ErrBadOutput},
	} {
		t.Run(name, func(t *testing.T) {
			s := usual
			if c.cfg != (docker.Warm{}) {
				s = openServing(t, func(cfg *docker.Config) { cfg.Warm = c.cfg }, name) // an image of its own: the engine knows it by its content
			}
			out := func(run *sandbox.Run, request *sandboxtest.Request) {
				run.OutDir = t.TempDir()
				request.Path, request.Data = "/ain/out/link", []byte("/etc/passwd")
			}
			if s == usual || c.cfg.GrowthBytes > 0 {
				s.answer(t, "client", "who", out)
			}
			change := c.change
			if change == nil {
				change = func(*sandbox.Run, *sandboxtest.Request) {}
			}
			_, err := s.call("client", c.action, out, change)
			require.ErrorIs(t, err, c.want)
			if c.want != nil {
				require.ErrorContains(t, err, c.says)
				assert.Empty(t, containersOf(t, s.cfg.StateDir), "gone when the failure is told")
			}
			require.Equal(t, int64(1), s.answer(t, "client", "who", out).N)
		})
	}
}

func TestAContainerThatIsIdleForLongEnds(t *testing.T) {
	s := openServing(t, func(c *docker.Config) { c.Warm.Idle = 100 * time.Millisecond })
	s.who(t, "client")
	require.Eventually(t, func() bool { return len(containersOf(t, s.cfg.StateDir)) == 0 }, time.Minute, 20*time.Millisecond)
	left, err := filepath.Glob(filepath.Join(s.cfg.StateDir, "inputs-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestACallThatIsCancelledEndsItsContainer(t *testing.T) {
	s := openServing(t, nil)
	s.who(t, "client")
	id := running(t, s.cfg.StateDir, 1)[0].ID
	awaitStopped(t, id, true)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := s.box.Run(ctx, sandbox.Run{Program: s.Program, Tenant: "client", Input: sandboxtest.Request{Action: "spin"}.Encode()})
		ended <- err
	}()
	awaitStopped(t, id, false) // the call has begun
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Empty(t, containersOf(t, s.cfg.StateDir))
	_, calls := s.who(t, "client")
	require.Equal(t, int64(1), calls)
}

// What a program keeps in memory is its own affair; what it wrote, said or was given is gone.
func TestNothingOfACallIsLeftInFiles(t *testing.T) {
	s := openServing(t, nil)
	input := filepath.Join(t.TempDir(), "input")
	require.NoError(t, os.WriteFile(input, []byte("of the first"), 0o600))
	out := t.TempDir()
	with := func(action, path string) sandboxtest.Reply {
		return s.answer(t, "client", action, func(run *sandbox.Run, request *sandboxtest.Request) {
			run.OutDir, request.Path, request.Data = out, path, []byte("of the first")
		})
	}
	read := s.answer(t, "client", "read", func(run *sandbox.Run, request *sandboxtest.Request) {
		run.OutDir, run.Inputs, request.Path = out, map[string]string{"data": input}, "/ain/in/data"
	})
	require.Equal(t, "of the first", string(read.Data))
	for _, folder := range []string{"/tmp", "/ain/out", "/ain/run"} {
		require.Empty(t, with("write", folder+"/left").Text)
		require.NoError(t, os.RemoveAll(filepath.Join(out, "left")))
	}
	for folder, want := range map[string][]string{"/tmp": nil, "/ain/out": nil, "/ain/in": nil, "/ain/run": {"program.sock"}} {
		found := with("list", folder)
		assert.Empty(t, found.Text)
		assert.Equal(t, want, found.Names, folder)
	}
	assert.Equal(t, int64(9), with("who", "").N, "all in one container")
}

// A program that works in segments is called for each, and finds the state that the one before left.
func TestSegmentsAreCallsOfOneProcess(t *testing.T) {
	s := openServing(t, nil)
	img := sandboxtest.Image(t, sandboxtest.BuildLinux(t, "sandbox/sandboxtest/testdata/serving"))
	img.Config.Env = []string{"AIN_PROGRAM_SOCKET=/tmp/another", "AIN_SEGMENT=7"} // which an image cannot set
	s.Program = sandboxtest.ProbeOf(t, img)
	s.Codec = sandbox.CodecGRPC
	state, seen := "", ""
	for place := range 3 {
		out := t.TempDir()
		reply := s.answer(t, "client", "segment", func(run *sandbox.Run, _ *sandboxtest.Request) {
			run.Env, run.OutDir = map[string]string{sandbox.EnvSegment: fmt.Sprint(place)}, out
			if state != "" {
				run.Inputs = map[string]string{"state": state}
			}
		})
		assert.Equal(t, seen, reply.Text)
		assert.Equal(t, int64(place+1), reply.N)
		state, seen = filepath.Join(out, "state"), seen+fmt.Sprint(place)+";"
		content, err := os.ReadFile(state)
		require.NoError(t, err)
		assert.Equal(t, seen, string(content))
	}
}

func TestTheLogOfACallIsItsOwn(t *testing.T) {
	s := openServing(t, nil)
	for _, text := range []string{"one", "two"} {
		result, err := s.call("client", "say", func(_ *sandbox.Run, request *sandboxtest.Request) { request.Path = text })
		require.NoError(t, err)
		assert.Equal(t, text+"\n", string(result.Log))
	}
}

// Between two calls a program has no processor.
func TestAProgramIsStoppedBetweenCalls(t *testing.T) {
	s := openServing(t, nil)
	s.who(t, "client")
	awaitStopped(t, running(t, s.cfg.StateDir, 1)[0].ID, true)
}

// awaitStopped waits until the program in a container is stopped, or is no longer.
func awaitStopped(t *testing.T, id string, stopped bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		top, err := engine(t).ContainerTop(context.Background(), id, []string{"-o", "pid,stat,args"})
		require.NoError(t, err)
		for _, line := range top.Processes {
			if strings.Contains(strings.Join(line, " "), "/program") {
				return strings.HasPrefix(line[1], "T") == stopped
			}
		}
		return false
	}, time.Minute, 10*time.Millisecond)
}

func TestProgramsThatDoNotServe(t *testing.T) {
	for how, c := range map[string]struct {
		want error
		says string
	}{
		"silent": {sandbox.ErrTimeout, "it did not listen on the Unix socket that AIN_PROGRAM_SOCKET names within 2s"},
		"mute":   {sandbox.ErrTimeout, "still running after 2s"},
		"babble": {sandbox.ErrBadOutput, "program wrote a reply that does not decode"},
		"chatty": {sandbox.ErrBadOutput, "more than one message"},
		"refuse": {sandbox.ErrCrashed, "exit status 3: refusing to start"},
	} {
		t.Run(how, func(t *testing.T) {
			s := openServing(t, nil, how)
			result, err := s.call("client", "who", within(2*time.Second))
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			require.NotNil(t, result)
			assert.Empty(t, containersOf(t, s.cfg.StateDir))
		})
	}
	t.Run("a command that is not there", func(t *testing.T) {
		s := openServing(t, nil)
		s.EntryPoint = "/nothing"
		_, err := s.call("client", "who")
		require.ErrorIs(t, err, sandbox.ErrBadProgram)
	})
}

// What fails in a program that has served before may be the fault of what it served: it is asked once more, anew.
func TestAFailureThatMayComeFromEarlierCallsIsTriedAnew(t *testing.T) {
	s := openServing(t, nil)
	require.Equal(t, int64(1), s.answer(t, "client", "once").N)
	require.Equal(t, int64(1), s.answer(t, "client", "once").N)
	_, calls := s.who(t, "client")
	require.Equal(t, int64(2), calls, "the second one stays")
}

func TestCallsAtTheSameTimeDoNotShareAContainer(t *testing.T) {
	s := openServing(t, nil)
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			want := fmt.Sprint("call ", i)
			result, err := s.call(fmt.Sprint("client ", i%3), "echo", func(_ *sandbox.Run, request *sandboxtest.Request) { request.Path = want })
			if assert.NoError(t, err) {
				assert.Equal(t, want, sandboxtest.DecodeReply(t, result.Output).Text)
			}
		})
	}
	wait.Wait()
	assert.LessOrEqual(t, len(containersOf(t, s.cfg.StateDir)), 2)
}

func TestAnIdleContainerGivesWayToAnotherProgram(t *testing.T) {
	s := openServing(t, func(c *docker.Config) { c.MaxContainers = 1 })
	first, _ := s.who(t, "client")
	_, err := s.box.Run(context.Background(), request(sandboxtest.ImageProbe(t), sandboxtest.Request{Action: "echo"}))
	require.NoError(t, err)
	assert.Empty(t, containersOf(t, s.cfg.StateDir))
	second, calls := s.who(t, "client")
	assert.NotEqual(t, first, second)
	assert.Equal(t, int64(1), calls)
}

func TestAnImageInUseByAWarmContainerStaysUntilThatEnds(t *testing.T) {
	s := openServing(t, func(c *docker.Config) { c.ImageCacheBytes, c.MaxContainers = 1, 1 })
	s.who(t, "client")
	other := sandboxtest.ImageProbe(t)
	require.NoError(t, s.box.Prepare(context.Background(), other))
	require.True(t, held(t, s.Program))
	_, err := s.box.Run(context.Background(), request(other, sandboxtest.Request{Action: "echo"}))
	require.NoError(t, err)
	require.NoError(t, s.box.RemoveImages(context.Background()))
	require.False(t, held(t, s.Program))
}

// The settings are those of every container, with a place for the socket and one folder for the inputs of all calls.
func TestAWarmContainerHasTheSettingsThatHoldAProgram(t *testing.T) {
	s := openServing(t, nil)
	s.who(t, "client")
	c, err := engine(t).ContainerInspect(context.Background(), running(t, s.cfg.StateDir, 1)[0].ID)
	require.NoError(t, err)
	assert.Equal(t, "none", string(c.HostConfig.NetworkMode))
	assert.True(t, c.HostConfig.ReadonlyRootfs)
	assert.Equal(t, []string{"ALL"}, []string(c.HostConfig.CapDrop))
	assert.Equal(t, "65532:65532", c.Config.User)
	assert.Len(t, c.HostConfig.SecurityOpt, 2)
	assert.Contains(t, c.HostConfig.Tmpfs["/ain/run"], "noexec,nosuid,nodev,size=65536,")
	assert.NotContains(t, c.HostConfig.Tmpfs, "/ain/out")
	require.Len(t, c.HostConfig.Mounts, 2)
	for _, m := range c.HostConfig.Mounts {
		assert.True(t, m.ReadOnly, m.Target)
		assert.Contains(t, []string{"/ain/warden", "/ain/in"}, m.Target)
	}
}

// A warm container that waits for a call ends with its daemon, too.
func TestAWarmContainerEndsWithItsDaemon(t *testing.T) {
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)) // skips where there is no engine
	state := killedDaemon(t, sandboxtest.ServingProbe(t))
	left, err := filepath.Glob(filepath.Join(state, "inputs-*"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	cfg := sandboxtest.DockerConfig(t)
	cfg.StateDir = state
	sandboxtest.OpenDocker(t, cfg)
	assert.Empty(t, containersOf(t, state))
	assert.NoDirExists(t, left[0])
}

func TestAWarmContainerThatSomebodyEndsIsReplaced(t *testing.T) {
	s := openServing(t, nil)
	first, _ := s.who(t, "client")
	id := running(t, s.cfg.StateDir, 1)[0].ID
	require.NoError(t, engine(t).ContainerRemove(context.Background(), id, container.RemoveOptions{Force: true}))
	second, calls := s.who(t, "client")
	assert.NotEqual(t, first, second)
	assert.Equal(t, int64(1), calls)
}
