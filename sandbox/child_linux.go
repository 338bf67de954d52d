package sandbox

import (
	"os/exec"
	"runtime"
	"syscall"
)

// childAttributes puts a child into a group of its own, which a signal from the terminal does not reach, and ties its life to the thread
// that starts it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// starter starts processes from one thread that lasts as long as the sandbox. The system sends the parent-death signal when the thread
// that started a child ends, and the Go runtime may end any other thread at any time.
type starter struct {
	requests chan startRequest
}

type startRequest struct {
	cmd  *exec.Cmd
	done chan error
}

func newStarter() *starter {
	s := &starter{requests: make(chan startRequest)}
	go func() {
		runtime.LockOSThread()
		for r := range s.requests {
			r.done <- r.cmd.Start()
		}
		// Not unlocked: the thread ends with this goroutine, and with it any child that were left.
	}()
	return s
}

func (s *starter) start(cmd *exec.Cmd) error {
	r := startRequest{cmd, make(chan error)}
	s.requests <- r
	return <-r.done
}

// stop may be called when nobody calls start any more.
func (s *starter) stop() { close(s.requests) }
