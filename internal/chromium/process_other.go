//go:build !linux

package chromium

import "os/exec"

// tieToUs does nothing: there is no such tie.
func tieToUs(*exec.Cmd) {}
