package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReproducibleBuild builds the program twice, as releases are built, the second time
// from a copy of the module in another folder and from an empty cache: the bytes are the
// same, and say what they were made of. It takes a minute, and runs with GODWIT_LONG=1.
func TestReproducibleBuild(t *testing.T) {
	if os.Getenv("GODWIT_LONG") != "1" {
		t.Skip("GODWIT_LONG=1 builds the program twice")
	}
	root := moduleRoot(t)
	elsewhere := copyModule(t, root)
	first := buildRelease(t, root)
	t.Setenv("GOCACHE", t.TempDir())
	second := buildRelease(t, elsewhere)
	a, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("two builds differ: %d and %d bytes", len(a), len(b))
	}
	if bytes.Contains(a, []byte(root)) {
		t.Errorf("the program knows that it was built in %s", root)
	}
	checkModules(t, first)
}

// copyModule copies what the program is built of.
func copyModule(t *testing.T, root string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "app", "cmd", "conn", "frame", "handshake", "internal", "router", "store"} {
		from := filepath.Join(root, name)
		if info, err := os.Stat(from); err != nil {
			t.Fatal(err)
		} else if info.IsDir() {
			err = os.CopyFS(filepath.Join(to, name), os.DirFS(from))
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// buildRelease builds the program of a module's folder as releases are, and returns its
// file.
func buildRelease(t *testing.T, dir string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "godwit")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, "./cmd/godwit")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

// checkModules holds the list of modules in the program (go version -m), which is its
// bill of materials, to those that go.mod may require.
func checkModules(t *testing.T, program string) {
	t.Helper()
	text, err := exec.Command("go", "version", "-m", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) >= 2 && fields[0] == "mod":
			found[fields[1]] = true
		case len(fields) >= 2 && fields[0] == "dep" && !slices.Contains(requirements(), fields[1]):
			t.Errorf("the program has %s in it", fields[1])
		case len(fields) == 2 && fields[0] == "build" && fields[1] == "CGO_ENABLED=1":
			t.Error("the program was built with cgo")
		}
	}
	if !found[module] {
		t.Errorf("go version -m doesn't name %s:\n%s", module, text)
	}
}
