//go:build unix

package devnet

import (
	"os"
	"os/exec"
	"syscall"
)

// askToStop lets a child finish what it does.
func askToStop(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGTERM) }

// killGroup ends a child and everything that it started. Groups that are gone are no error.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// tryLock takes a file for this process; the kernel gives it back when the process ends, however it ends.
func tryLock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
