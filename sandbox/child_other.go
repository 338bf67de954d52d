//go:build !linux

package sandbox

import (
	"os/exec"
	"syscall"
)

// childAttributes has nothing to set: where no signal follows a parent's death, a child ends when its standard input does.
func childAttributes() *syscall.SysProcAttr { return nil }

// killGroup kills the child. It starts no processes, so there is no group to care for.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

type starter struct{}

func newStarter() *starter { return &starter{} }

func (*starter) start(cmd *exec.Cmd) error { return cmd.Start() }

func (*starter) stop() {}
