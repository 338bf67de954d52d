package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Result is how a command ended and what it said.
type Result struct {
	Code     int
	Out, Err string
}

func (r Result) String() string {
	return fmt.Sprintf("exit code %d\nstdout:\n%s\nstderr:\n%s", r.Code, r.Out, r.Err)
}

// Command is one run of aind to its end.
type Command struct {
	Args  []string
	Dir   string   // working directory; empty: this one's
	Stdin string   // what is piped in
	Env   []string // besides this process's
}

// Run runs a command to its end, which must come in time.
func (c Command) Run(t testing.TB) Result {
	t.Helper()
	result, err := c.run()
	if err != nil {
		t.Fatalf("aind %s: %s", strings.Join(c.Args, " "), err)
	}
	return result
}

func (c Command) run() (Result, error) {
	binary, err := Binary()
	if err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, c.Args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Stdin, cmd.Dir = &out, &said, strings.NewReader(c.Stdin), c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	var exited *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return Result{}, fmt.Errorf("still running after %s: %s%s", Patience, out.String(), said.String())
	case err != nil && !errors.As(err, &exited):
		return Result{}, err
	}
	return Result{Code: cmd.ProcessState.ExitCode(), Out: out.String(), Err: said.String()}, nil
}

// Process is an aind that runs until it is stopped, in a process group of its own. What it says goes to a log.
type Process struct {
	Name string
	Log  string

	cmd  *exec.Cmd
	done chan struct{}
	err  error // after done
}

// Start runs aind in the background. The log is appended to.
func Start(name, log string, env []string, args ...string) (*Process, error) {
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	p := &Process{Name: name, Log: log, cmd: exec.Command(binary, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = out, out, append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Dead says whether the process has ended.
func (p *Process) Dead() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Killed says whether the process has ended by kill -9.
func (p *Process) Killed() bool {
	if !p.Dead() {
		return false
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// Signal sends the process a signal.
func (p *Process) Signal(signal syscall.Signal) {
	// One that is gone needs none.
	_ = p.cmd.Process.Signal(signal)
}

// Code is the exit code of a process that has ended.
func (p *Process) Code() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Kill ends the process, and it alone, as by kill -9.
func (p *Process) Kill() {
	// One that is gone already needs no signal.
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop asks the process to end, and fails unless it does so in good order and in time.
func (p *Process) Stop() error {
	if !p.Dead() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	select {
	case <-p.done:
		if p.err != nil {
			return fmt.Errorf("%s ended badly: %w; its log: %s", p.Name, p.err, p.tail())
		}
		return nil
	case <-time.After(Patience):
		p.Kill()
		return fmt.Errorf("%s did not stop within %s; its log: %s", p.Name, Patience, p.tail())
	}
}

// Said returns the parts of the log that match, and nil where nothing does.
func (p *Process) Said(pattern string) [][]string {
	text, err := os.ReadFile(p.Log)
	if err != nil {
		return nil
	}
	return regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1)
}

// AwaitSaid waits until the log has something.
func (p *Process) AwaitSaid(t testing.TB, pattern string) []string {
	t.Helper()
	var found [][]string
	Eventually(t, fmt.Sprintf("%s says %q", p.Name, pattern), Patience, func() error {
		if found = p.Said(pattern); found != nil {
			return nil
		}
		return fmt.Errorf("its log: %s", p.tail())
	})
	return found[0]
}

func (p *Process) tail() string { return tail(p.Log) }

// tail is the end of a file.
func tail(path string) string {
	const most = 4000
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// Left lists the processes of this machine that have to do with a folder: that name it on their command line or in their
// environment, or work in it.
func Left(folder string) ([]string, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var left []string
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil || id == os.Getpid() {
			continue
		}
		// A process may end while it is looked at: then these are empty.
		cmdline, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		environ, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "environ"))
		cwd, _ := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		if bytes.Contains(cmdline, []byte(folder)) || bytes.Contains(environ, []byte(folder)) || strings.HasPrefix(cwd, folder) {
			left = append(left, fmt.Sprintf("%d %s (in %s)", id, bytes.ReplaceAll(cmdline, []byte{0}, []byte{' '}), cwd))
		}
	}
	return left, nil
}

// Orphans lists the programs in sandboxes of a folder that outlive the daemon that ran them.
func Orphans(folder string) ([]string, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var orphans []string
	for _, path := range paths {
		cwd, _ := os.Readlink(filepath.Join(filepath.Dir(path), "cwd")) // it may be gone
		stat, _ := os.ReadFile(path)
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if !strings.HasPrefix(cwd, folder) || !bytes.Contains(stat, []byte("(ain-sandbox)")) || len(fields) < 2 {
			continue
		}
		parent, _ := os.ReadFile(filepath.Join("/proc", fields[1], "cmdline"))
		if !bytes.Contains(parent, []byte(folder)) {
			orphans = append(orphans, filepath.Base(filepath.Dir(path)))
		}
	}
	return orphans, nil
}

// AwaitNoOrphans waits until no sandbox outlives its daemon.
func AwaitNoOrphans(folder string) error {
	return await("no sandbox outlives its daemon", 10*time.Second, func() error {
		orphans, err := Orphans(folder)
		if err == nil && len(orphans) > 0 {
			err = fmt.Errorf("processes %s", strings.Join(orphans, ", "))
		}
		return err
	})
}

// AwaitNoneLeft waits until no process has to do with a folder any more: children of a process that was killed take a
// moment to die.
func AwaitNoneLeft(folder string) error {
	return await("no process is left in "+folder, 10*time.Second, func() error {
		left, err := Left(folder)
		if err == nil && len(left) > 0 {
			err = errors.New(strings.Join(left, "; "))
		}
		return err
	})
}
