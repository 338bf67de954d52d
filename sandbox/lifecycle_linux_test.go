package sandbox_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// childrenOf lists the sandbox processes whose parent is pid.
func childrenOf(t *testing.T, pid int) (pids []int) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		// pid (name) state parent ...
		name, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if !strings.HasSuffix(name, "(ain-sandbox") || fields[0] == "Z" || fields[1] != strconv.Itoa(pid) {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		require.NoError(t, err)
		pids = append(pids, child)
	}
	slices.Sort(pids)
	return pids
}

func isAlive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// eventually waits for a condition, for as long as a busy machine may take.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 30*time.Second, 5*time.Millisecond, what)
}

func spin(p sandbox.Program) sandbox.Run {
	return sandbox.Run{Program: p, Input: sandboxtest.Request{Action: "spin"}.Encode()}
}

func echo(p sandbox.Program) sandbox.Run {
	return sandbox.Run{Program: p, Input: sandboxtest.Request{Action: "echo"}.Encode()}
}

func TestPrepareLeavesOneWarmChildThatRunsReuse(t *testing.T) {
	box, p := sandboxtest.Open(t, sandboxtest.Config(t)), sandboxtest.WASMProbe(t)
	require.NoError(t, box.Prepare(context.Background(), p))
	warm := childrenOf(t, os.Getpid())
	require.Len(t, warm, 1)
	for range 3 {
		_, err := box.Run(context.Background(), echo(p))
		require.NoError(t, err)
	}
	assert.Equal(t, warm, childrenOf(t, os.Getpid()))
}

func TestAChildWhoseRunFailedIsReplaced(t *testing.T) {
	box, p := sandboxtest.Open(t, sandboxtest.Config(t)), sandboxtest.WASMProbe(t)
	require.NoError(t, box.Prepare(context.Background(), p))
	before := childrenOf(t, os.Getpid())
	_, err := box.Run(context.Background(), sandbox.Run{Program: p, Input: sandboxtest.Request{Action: "crash"}.Encode()})
	require.ErrorIs(t, err, sandbox.ErrCrashed)
	assert.False(t, isAlive(before[0]))
	eventually(t, func() bool { return len(childrenOf(t, os.Getpid())) == 1 }, "a fresh child takes its place")
}

func TestAChildThatIsKilledFailsItsRunOnly(t *testing.T) {
	box, p := sandboxtest.Open(t, sandboxtest.Config(t)), sandboxtest.WASMProbe(t)
	require.NoError(t, box.Prepare(context.Background(), p))
	failed := make(chan error, 1)
	go func() {
		_, err := box.Run(context.Background(), spin(p))
		failed <- err
	}()
	var pids []int
	eventually(t, func() bool { pids = childrenOf(t, os.Getpid()); return len(pids) == 1 }, "the child runs")
	require.NoError(t, syscall.Kill(pids[0], syscall.SIGKILL))
	require.ErrorIs(t, <-failed, sandbox.ErrCrashed)
	_, err := box.Run(context.Background(), echo(p))
	require.NoError(t, err)
}

func TestIdleChildrenEnd(t *testing.T) {
	cfg := sandboxtest.Config(t)
	cfg.IdleTimeout = 50 * time.Millisecond
	box, p := sandboxtest.Open(t, cfg), sandboxtest.WASMProbe(t)
	require.NoError(t, box.Prepare(context.Background(), p))
	eventually(t, func() bool { return len(childrenOf(t, os.Getpid())) == 0 }, "the warm child ends")
	_, err := box.Run(context.Background(), echo(p))
	require.NoError(t, err, "and the program still runs")
}

func TestNoMoreChildrenThanAllowed(t *testing.T) {
	cfg := sandboxtest.Config(t)
	cfg.MaxChildren = 1
	box, first := sandboxtest.Open(t, cfg), sandboxtest.WASMProbe(t)
	second := first
	second.Codec = sandbox.CodecJSON // another program as far as children go
	require.NoError(t, box.Prepare(context.Background(), first))
	require.NoError(t, box.Prepare(context.Background(), second), "an idle child makes room")
	assert.Len(t, childrenOf(t, os.Getpid()), 1)

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := box.Run(ctx, spin(first))
		ended <- err
	}()
	waitCtx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	eventually(t, func() bool {
		_, err := box.Run(waitCtx, echo(first))
		return err != nil
	}, "a run waits for the busy child no longer than its context")
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, box.Prepare(context.Background(), second))
	assert.Len(t, childrenOf(t, os.Getpid()), 1)
}

func TestCloseEndsRunsAndLeavesNoProcess(t *testing.T) {
	box, err := sandbox.New(sandboxtest.Config(t))
	require.NoError(t, err)
	p := sandboxtest.WASMProbe(t)
	require.NoError(t, box.Prepare(context.Background(), p))
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := box.Run(context.Background(), spin(p))
			ended <- err
		}()
	}
	eventually(t, func() bool { return len(childrenOf(t, os.Getpid())) == 2 }, "both runs have a child")
	require.NoError(t, box.Close())
	assert.Empty(t, childrenOf(t, os.Getpid()))
	for range 2 {
		require.ErrorIs(t, <-ended, sandbox.ErrClosed)
	}
	_, err = box.Run(context.Background(), echo(p))
	require.ErrorIs(t, err, sandbox.ErrClosed)
	require.ErrorIs(t, box.Prepare(context.Background(), p), sandbox.ErrClosed)
	require.NoError(t, box.Close(), "closing twice is harmless")
}

const orphanMaker = "AIN_TEST_ORPHAN_MAKER"

// TestMain makes this test binary, started anew by the test below, a parent that can be killed.
func TestMain(m *testing.M) {
	if os.Getenv(orphanMaker) != "" {
		makeOrphans()
	}
	os.Exit(m.Run())
}

// makeOrphans starts one idle child and one that is in a tight loop, says so, and waits to be killed.
func makeOrphans() {
	t := new(testing.T)
	box, err := sandbox.New(sandboxtest.Config(t))
	if err != nil {
		panic(err)
	}
	p := sandboxtest.WASMProbe(t)
	other := p
	other.Codec = sandbox.CodecJSON
	if err := box.Prepare(context.Background(), other); err != nil {
		panic(err)
	}
	go func() { _, _ = box.Run(context.Background(), spin(p)) }()
	for range time.Tick(time.Millisecond) {
		if len(childrenOf(t, os.Getpid())) == 2 {
			break
		}
	}
	fmt.Println("ready")
	select {}
}

func TestChildrenDieWithTheirParent(t *testing.T) {
	sandboxtest.WASMProbe(t) // built here, where a failure is seen
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), orphanMaker+"=1")
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	orphans := childrenOf(t, parent.Process.Pid)
	require.Len(t, orphans, 2)
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	for _, pid := range orphans {
		eventually(t, func() bool { return !isAlive(pid) }, "the child ends")
	}
}
