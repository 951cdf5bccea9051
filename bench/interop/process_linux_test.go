package interop_test

import (
	"os/exec"
	"syscall"
)

// tieToUs gives a program a process group of its own, and has it end when the
// thread that starts it does, as when the tests run out of time.
func tieToUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
