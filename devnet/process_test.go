package devnet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// childEnv makes this test binary play a process of the network; its arguments say which.
const childEnv = "AIND_DEVNET_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(playChild(os.Args[1], os.Args[2:]))
	}
	if err := os.Setenv(childEnv, "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// playChild is the program that the supervisor under test runs.
func playChild(part string, args []string) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	switch part {
	case "obedient": // ends when it is asked to
		fmt.Println("ready")
		<-stop
		fmt.Println("stopped")
	case "deaf": // has to be killed
		fmt.Println("ready")
		select {}
	case "parent": // starts a child that does not end by itself, in its own group
		child := exec.Command(os.Args[0], "deaf")
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Println(child.Process.Pid)
		<-stop
	case "failing":
		fmt.Fprintln(os.Stderr, "first\nthe reason")
		return 3
	case "answering":
		fmt.Printf(`{"args": %q}`, strings.Join(args, " "))
	case "supervising": // a supervisor of its own, to be killed
		s, err := newSupervisor(os.Args[0], args[0], func(*process) {})
		if err != nil {
			return 1
		}
		p, err := s.start(spec{name: "grandchild", args: []string{"deaf"}})
		if err != nil {
			return 1
		}
		fmt.Println(p.cmd.Process.Pid)
		select {}
	}
	return 0
}

// testSupervisor runs this test binary as the program.
func testSupervisor(t *testing.T) (*supervisor, chan *process) {
	t.Helper()
	exits := make(chan *process, 10)
	s, err := newSupervisor(os.Args[0], t.TempDir(), func(p *process) { exits <- p })
	require.NoError(t, err)
	t.Cleanup(s.stop)
	return s, exits
}

// eventually waits for a condition, with a deadline.
func eventually(t *testing.T, holds func() bool, what string) {
	t.Helper()
	require.Eventually(t, holds, 20*time.Second, 10*time.Millisecond, what)
}

// logHas waits until a process has logged a text.
func logHas(t *testing.T, p *process, text string) string {
	t.Helper()
	var log []byte
	eventually(t, func() bool {
		log, _ = os.ReadFile(p.log)
		return strings.Contains(string(log), text)
	}, "log of "+p.name+" has "+text)
	return string(log)
}

// isRunning says whether a process of that id runs; one that was not waited for yet does not count.
func isRunning(pid int) bool {
	state, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !bytes.Contains(state, []byte(") Z "))
}

func TestProcessIsAskedToStop(t *testing.T) {
	s, exits := testSupervisor(t)
	p, err := s.start(spec{name: "node", args: []string{"obedient"}})
	require.NoError(t, err)
	logHas(t, p, "ready")
	s.stop()
	require.True(t, p.hasEnded())
	require.Contains(t, logHas(t, p, "stopped"), "stopped")
	require.Empty(t, exits, "an end that was asked for is no news")
	_, err = s.start(spec{name: "late", args: []string{"obedient"}})
	require.Error(t, err, "nothing starts in a network that is stopping")
}

func TestWhatAProcessLeavesBehindIsKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	s, _ := testSupervisor(t)
	p, err := s.start(spec{name: "node", args: []string{"parent"}})
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(logHas(t, p, "\n")))
	require.NoError(t, err)
	require.True(t, isRunning(pid))
	s.stop()
	eventually(t, func() bool { return !isRunning(pid) }, "the child's child has ended")
}

func TestProcessThatEndsByItselfIsNews(t *testing.T) {
	s, exits := testSupervisor(t)
	_, err := s.start(spec{name: "node", args: []string{"failing"}})
	require.NoError(t, err)
	select {
	case p := <-exits:
		require.Equal(t, "node ended with exit status 3 (the reason); its log is "+p.log, p.ended())
	case <-time.After(20 * time.Second):
		t.Fatal("nobody was told")
	}
}

// TestChildrenDieWithTheirParent kills a supervising process in a way that leaves it no time for anything.
func TestChildrenDieWithTheirParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends the children of a killed process")
	}
	parent := exec.Command(os.Args[0], "supervising", t.TempDir())
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.True(t, isRunning(pid))

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	eventually(t, func() bool { return !isRunning(pid) }, "the child has ended")
}

func TestCommandsAnswerIsRead(t *testing.T) {
	s, _ := testSupervisor(t)
	var answer struct{ Args string }
	require.NoError(t, s.ask(t.Context(), "query", &answer, "answering", "a", "b"))
	require.Equal(t, "a b --output json", answer.Args)
}

func TestCommandThatFailsNamesItsReasonAndLog(t *testing.T) {
	s, _ := testSupervisor(t)
	err := s.do(t.Context(), "register-job", io.Discard, io.Discard, "failing")
	require.ErrorContains(t, err, "exit status 3: the reason; its log is "+filepath.Join(s.logs, "register-job.log"))
}

func TestCommandIsStoppedWithItsContext(t *testing.T) {
	s, _ := testSupervisor(t)
	ctx, cancel := context.WithCancel(t.Context())
	shown := &cancelOnWrite{cancel: cancel}
	require.ErrorIs(t, s.do(ctx, "query", shown, io.Discard, "obedient"), context.Canceled)
}

// cancelOnWrite gives up on a command as soon as it says something.
type cancelOnWrite struct{ cancel context.CancelFunc }

func (c *cancelOnWrite) Write(text []byte) (int, error) {
	c.cancel()
	return len(text), nil
}

func TestAwait(t *testing.T) {
	s, _ := testSupervisor(t)
	ended, err := s.start(spec{name: "dead", args: []string{"failing"}})
	require.NoError(t, err)
	alive, err := s.start(spec{name: "alive", args: []string{"obedient"}})
	require.NoError(t, err)
	never := func(context.Context) error { return errors.New("not yet") }

	tries := 0
	require.NoError(t, await(t.Context(), "the third try", func(context.Context) error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	}, alive))
	require.ErrorContains(t, await(t.Context(), "a miracle", never, alive, ended), "a miracle did not come: dead ended with exit status 3 (the reason); its log is "+ended.log)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, await(ctx, "a miracle", never, alive), context.Canceled)
}
