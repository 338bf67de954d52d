package devnet

import (
	"os/exec"
	"syscall"
)

// isolate gives a child a process group of its own, so that Ctrl-C reaches this program alone and it can stop the
// children in order; the kernel kills the child when this program dies.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
