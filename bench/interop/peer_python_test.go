package interop_test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// startPython runs the websockets package, on the first Python that has it: the
// one on the path may be another than the system's, for which it is packaged.
func startPython(t *testing.T) peer {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import websockets.legacy.server").Run() == nil {
			return startAgent(t, whole, python, filepath.Join("testdata", "python", "agent.py"))
		}
	}
	t.Skip("no python3 has the websockets package (apt-get install python3-websockets)")
	return nil
}
