//go:build unix

package interop_test

import (
	"os/exec"
	"syscall"
)

// killGroup ends what is left of a program and of all that it started.
func killGroup(cmd *exec.Cmd) {
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ESRCH: nobody is left
}
