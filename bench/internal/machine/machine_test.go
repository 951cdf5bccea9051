package machine_test

import (
	"os"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/bench/internal/machine"
)

// TestDescribe has no name of a machine in it.
func TestDescribe(t *testing.T) {
	got := machine.Describe()
	if host, err := os.Hostname(); err == nil && len(host) > 3 && strings.Contains(got, host) {
		t.Errorf("%q names the machine", got)
	}
	if !strings.Contains(got, "cores") || !strings.Contains(got, "go1.") {
		t.Errorf("%q", got)
	}
}
