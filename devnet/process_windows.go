package devnet

import (
	"os"
	"os/exec"

	"golang.org/x/sys/windows"
)

func isolate(*exec.Cmd) {}

// askToStop kills: a process without a console cannot be asked.
func askToStop(cmd *exec.Cmd) error { return cmd.Process.Kill() }

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// tryLock takes a file for this process; the kernel gives it back when the process ends, however it ends.
func tryLock(file *os.File) error {
	return windows.LockFileEx(windows.Handle(file.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
}
