package chromium

import (
	"os/exec"
	"syscall"
)

// tieToUs has a program end when the thread that starts it does, as when the tests
// run out of time.
func tieToUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
