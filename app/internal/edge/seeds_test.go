package edge_test

import (
	"os"
	"path/filepath"
	"testing"
)

// An empty folder of seeds would go unnoticed.
func TestSeedsAreThere(t *testing.T) {
	for _, target := range []string{"FuzzProxyHeader", "FuzzResolve", "FuzzResolveLeft"} {
		seeds, err := os.ReadDir(filepath.Join("testdata", "fuzz", target))
		if err != nil || len(seeds) < 5 {
			t.Errorf("%s has %d seeds: %v", target, len(seeds), err)
		}
	}
}
