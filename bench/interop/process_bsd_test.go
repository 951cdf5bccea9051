//go:build unix && !linux

package interop_test

import (
	"os/exec"
	"syscall"
)

// tieToUs gives a program a process group of its own.
func tieToUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
