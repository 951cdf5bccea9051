//go:build !unix

package interop_test

import "os/exec"

// tieToUs does nothing: there are no process groups.
func tieToUs(*exec.Cmd) {}

// killGroup ends a program.
func killGroup(cmd *exec.Cmd) {
	cmd.Process.Kill() // fails only if it is gone
}
