package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// startNode runs the ws package on Node. Where it isn't installed beside the
// agent, npm is asked for it.
func startNode(t *testing.T) peer {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skipf("Node isn't installed (apt-get install nodejs npm): %v", err)
	}
	dir := filepath.Join("testdata", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "ws", "package.json")); err != nil {
		npm, err := exec.LookPath("npm")
		if err != nil {
			t.Skipf("the ws package isn't installed, and neither is npm (apt-get install npm): %v", err)
		}
		install := exec.Command(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			t.Skipf("the ws package isn't installed, and npm ci in %s fails: %v\n%s", dir, err, out)
		}
	}
	return startAgent(t, whole, node, filepath.Join(dir, "agent.js"))
}
