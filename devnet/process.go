package devnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// stopGrace is how long a process may take to stop by itself.
const stopGrace = 15 * time.Second

// spec is one process of the network.
type spec struct {
	name string
	args []string
	// vital processes take the network down with them.
	vital bool
	// again is the command line that brings the process back by hand; empty: there is none.
	again string
}

// process is a running child. Its output goes to a log of its own.
type process struct {
	spec
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
	err  error         // how it ended; read after done
}

// supervisor starts the processes of a network and never leaves one behind: they are stopped in reverse order of their
// start, their process groups are killed, and should this program itself be killed, the kernel ends them (Linux).
type supervisor struct {
	program string
	logs    string
	onExit  func(*process) // told of each child that ended without being stopped

	spawn chan func()

	mu       sync.Mutex
	running  []*process
	stopping bool
	watchers sync.WaitGroup
}

// newSupervisor runs children of one program, with logs in a folder.
func newSupervisor(program, logs string, onExit func(*process)) (*supervisor, error) {
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, err
	}
	s := &supervisor{program: program, logs: logs, onExit: onExit, spawn: make(chan func())}
	go s.spawner()
	return s, nil
}

// spawner starts all children from one thread that lives as long as the supervisor: the kernel's death signal goes by
// the thread that started a child, not by the process.
func (s *supervisor) spawner() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for start := range s.spawn {
		start()
	}
}

// start runs a process and watches it.
func (s *supervisor) start(what spec) (*process, error) {
	p := &process{spec: what, log: filepath.Join(s.logs, what.name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()

	p.cmd = exec.Command(s.program, what.args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	isolate(p.cmd)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil, errors.New("the network is being stopped")
	}
	started := make(chan error)
	s.spawn <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", what.name, err)
	}
	s.running = append(s.running, p)
	s.watchers.Go(func() { s.watch(p) })
	return p, nil
}

// watch waits for a child's end, and ends what it left behind.
func (s *supervisor) watch(p *process) {
	p.err = p.cmd.Wait()
	killGroup(p.cmd)
	close(p.done)
	s.mu.Lock()
	stopping := s.stopping
	s.mu.Unlock()
	if !stopping {
		s.onExit(p)
	}
}

// stop ends every process, the last started first, and returns when none is left.
func (s *supervisor) stop() {
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		s.watchers.Wait()
		return
	}
	s.stopping = true
	running := s.running
	s.mu.Unlock()

	for i := len(running) - 1; i >= 0; i-- {
		running[i].stop()
	}
	s.watchers.Wait()
	close(s.spawn)
}

// stop asks a process to end, and kills it when it takes too long.
func (p *process) stop() {
	if p.hasEnded() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	// A process that ended meanwhile needs no signal.
	_ = askToStop(p.cmd)
	select {
	case <-p.done:
	case <-ctx.Done():
		killGroup(p.cmd)
		<-p.done
	}
}

// hasEnded says whether a process runs no more.
func (p *process) hasEnded() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// ended says how a process ended, with the last line of its log, and where the rest of it is.
func (p *process) ended() string {
	how := "by itself"
	if p.err != nil {
		how = "with " + p.err.Error()
	}
	said := ""
	if log, err := os.ReadFile(p.log); err == nil {
		if line := lastLine(log); len(line) > 0 {
			said = fmt.Sprintf(" (%s)", line)
		}
	}
	return fmt.Sprintf("%s ended %s%s; its log is %s", p.name, how, said, p.log)
}
