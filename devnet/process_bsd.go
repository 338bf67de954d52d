//go:build unix && !linux

package devnet

import (
	"os/exec"
	"syscall"
)

// isolate gives a child a process group of its own, so that Ctrl-C reaches this program alone and it can stop the
// children in order. There is no death signal here: after a kill of this program its children stay.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
