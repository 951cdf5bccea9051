package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = modulePath

// arrows is which packages of this module each package may import, tests aside:
// the picture of the house. Whoever adds a package draws its arrows here. Package
// fuzz is not in it: it imports anything.
func arrows() map[string][]string {
	return map[string][]string{
		"frame":                     nil,
		"handshake":                 nil,
		"router":                    nil,
		"store":                     nil,
		"conn/deflate":              nil,
		"conn/internal/bufpool":     nil,
		"conn/internal/memconn":     nil,
		"conn/internal/proxy":       nil,
		"conn/internal/sock":        nil,
		"conn/internal/conformance": {"frame", "handshake", "conn/deflate"},
		"conn/protocol":             {"frame", "conn/deflate", "conn/internal/bufpool"},
		"conn/internal/drive":       {"frame", "conn/protocol", "conn/internal/sock"},
		"conn": {"frame", "handshake", "conn/deflate", "conn/protocol",
			"conn/internal/bufpool", "conn/internal/drive", "conn/internal/memconn", "conn/internal/proxy", "conn/internal/sock"},
		"conn/eventloop": {"handshake", "conn",
			"conn/internal/bufpool", "conn/internal/drive", "conn/internal/sock", "internal/backoff"},
		"app/internal/certs":    nil,
		"app/internal/edge":     {"handshake"},
		"app/internal/envelope": nil,
		"app/internal/limit":    nil,
		"app": {"handshake", "router", "store", "conn", "conn/eventloop",
			"app/internal/certs", "app/internal/edge", "app/internal/envelope", "app/internal/limit", "internal/backoff"},
		"app/client":                  {"conn"},
		"app/console":                 {"router", "app", "app/live"},
		"app/live":                    {"conn", "app"},
		"internal/backoff":            nil,
		"internal/badline":            nil,
		"internal/chromium":           {"conn"},
		"cmd/godwit/internal/load":    {"frame", "handshake", "conn/deflate"},
		"cmd/godwit/internal/torture": {"frame"},
		"cmd/godwit":                  {"frame", "handshake", "store", "conn", "conn/eventloop", "app", "app/console", "app/live", "cmd/godwit/internal/load", "cmd/godwit/internal/torture", "internal/backoff"},
	}
}

// forbidden is what of the standard library a package must do without, with all
// that lies below it: these packages know no I/O, no clock and no logger, and
// frame no randomness and no locks either.
func forbidden() map[string][]string {
	sansIO := []string{"net", "os", "time", "context", "log", "math/rand", "crypto/rand"}
	return map[string][]string{
		"frame":         append(slices.Clone(sansIO), "sync"),
		"handshake":     sansIO,
		"conn/protocol": sansIO,
		"conn/deflate":  sansIO,
	}
}

// requirements are the modules that the root go.mod may require.
func requirements() []string {
	return []string{"github.com/google/go-cmp", "golang.org/x/sys"}
}

// platformFile matches the names of files that are built for one platform.
var platformFile = regexp.MustCompile(`_(linux|darwin|windows|freebsd|netbsd|openbsd|dragonfly|unix|bsd|amd64|arm64|386|arm)(_test)?\.go$`)

// complaints returns what is wrong about a file's import.
func complaints(file, imported string) []string {
	pkg, isTest := path.Dir(file), strings.HasSuffix(file, "_test.go")
	first, _, _ := strings.Cut(imported, "/")
	switch ours, isOurs := strings.CutPrefix(imported, module+"/"); {
	case isOurs:
		return complainOurs(pkg, ours, isTest)
	case !strings.Contains(first, "."):
		return complainStandard(pkg, imported, isTest)
	case within(imported, "github.com/google/go-cmp") && isTest,
		within(imported, "golang.org/x/sys") && platformFile.MatchString(file):
		return nil
	case within(imported, "github.com/google/go-cmp"):
		return []string{"go-cmp is for tests"}
	case within(imported, "golang.org/x/sys"):
		return []string{"x/sys is for files named for a platform"}
	}
	return []string{"a foreign module"}
}

func complainOurs(pkg, imported string, isTest bool) []string {
	allowed, known := arrows()[pkg]
	switch {
	case within(imported, "fuzz") || within(imported, "bench"):
		return []string{"nothing imports fuzz or bench"}
	case within(pkg, "fuzz"):
		return nil
	case !known:
		return []string{"the package is not in the table of arrows"}
	case isTest, slices.Contains(allowed, imported):
		return nil
	}
	return []string{"an arrow that the table doesn't have"}
}

func complainStandard(pkg, imported string, isTest bool) []string {
	for _, f := range forbidden()[pkg] {
		if within(imported, f) && imported != "net/netip" && !isTest {
			return []string{"the package does without it"}
		}
	}
	return nil
}

// TestImports holds the arrows, in all files of the module.
func TestImports(t *testing.T) {
	root, table := moduleRoot(t), arrows()
	for file := range goFiles(t, root) {
		pkg := path.Dir(file)
		if _, known := table[pkg]; !known && !within(pkg, "fuzz") {
			t.Errorf("%s: package %s is not in the table of arrows", file, pkg)
		}
		for _, imported := range imports(t, filepath.Join(root, filepath.FromSlash(file))) {
			for _, c := range complaints(file, imported) {
				t.Errorf("%s imports %s: %s", file, imported, c)
			}
		}
	}
}

// TestArrowsPointDown looks for circles in the table.
func TestArrowsPointDown(t *testing.T) {
	table := arrows()
	var visit func(pkg string, above []string)
	visit = func(pkg string, above []string) {
		if slices.Contains(above, pkg) {
			t.Fatalf("a circle: %v", append(above, pkg))
		}
		for _, below := range table[pkg] {
			if _, known := table[below]; !known {
				t.Errorf("%s may import %s, which is not in the table", pkg, below)
			}
			visit(below, append(above, pkg))
		}
	}
	for pkg := range table {
		visit(pkg, nil)
	}
}

// TestComplaints tries imports that the rules are there for.
func TestComplaints(t *testing.T) {
	for _, tt := range []struct {
		file, imported string
		fine           bool
	}{
		{"frame/mask.go", "math/bits", true},
		{"frame/mask.go", "net", false},
		{"frame/mask.go", "net/netip", true},
		{"frame/mask.go", "sync/atomic", false},
		{"frame/mask.go", "math/rand/v2", false},
		{"frame/mask.go", "log/slog", false},
		{"frame/mask_test.go", "time", true},
		{"frame/mask.go", module + "/handshake", false},
		{"handshake/host.go", "net/netip", true},
		{"handshake/host.go", "net/http", false},
		{"handshake/host.go", module + "/conn", false},
		{"handshake/host_test.go", module + "/frame", true},
		{"conn/protocol/next.go", "sync/atomic", true},
		{"conn/protocol/next.go", "time", false},
		{"conn/protocol/next.go", module + "/conn/deflate", true},
		{"conn/protocol/next.go", module + "/conn", false},
		{"conn/dial.go", "net/http", true},
		{"conn/dial.go", module + "/fuzz", false},
		{"conn/dial_test.go", module + "/fuzz", false},
		{"conn/dial_test.go", module + "/bench/interop", false},
		{"conn/dial.go", "github.com/google/go-cmp/cmp", false},
		{"conn/dial_test.go", "github.com/google/go-cmp/cmp", true},
		{"conn/dial.go", "golang.org/x/sys/unix", false},
		{"conn/rawconn_linux.go", "golang.org/x/sys/unix", true},
		{"conn/rawconn_linux_test.go", "golang.org/x/sys/unix", true},
		{"frame/kernel_amd64.go", "golang.org/x/sys/cpu", true},
		{"frame/kernel_arm64.go", "golang.org/x/sys/cpu", true},
		{"frame/kernel.go", "golang.org/x/sys/cpu", false},
		{"conn/dial.go", "golang.org/x/net/proxy", false},
		{"conn/dial_test.go", "example.com/assert", false},
		{"fuzz/model_test.go", module + "/conn/protocol", true},
		{"fuzz/doc.go", module + "/bench", false},
		{"newcomer/a.go", module + "/frame", false},
	} {
		if got := complaints(tt.file, tt.imported); (len(got) == 0) != tt.fine {
			t.Errorf("complaints(%s, %s) = %q, want fine %v", tt.file, tt.imported, got, tt.fine)
		}
	}
}

// TestRequirements holds go.mod to the modules we agreed on.
func TestRequirements(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range complainRequirements(string(text)) {
		t.Error(c)
	}
}

func TestComplainRequirements(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "module m\n\ngo 1.26.0\n", nil},
		{"agreed", "require github.com/google/go-cmp v0.7.0\nrequire (\n\tgolang.org/x/sys v0.1.0 // indirect\n)\n", nil},
		{"foreign-line", "require example.com/a v1.0.0\n", []string{"go.mod requires example.com/a"}},
		{"foreign-block", "require (\n\t// because\n\n\texample.com/a v1.0.0\n)\n", []string{"go.mod requires example.com/a"}},
		{"replace", "replace example.com/a => ../a\n", []string{"go.mod has a replace directive"}},
		{"tool", "tool example.com/a\n", []string{"go.mod has a tool directive"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, complainRequirements(tt.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// complainRequirements returns what is wrong about the text of the root go.mod.
func complainRequirements(text string) (all []string) {
	block := ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
			continue
		case fields[0] == ")":
			block = ""
			continue
		case block != "":
			fields = append([]string{block}, fields...)
		case len(fields) == 2 && fields[1] == "(":
			block = fields[0]
			continue
		}
		switch fields[0] {
		case "module", "go", "toolchain":
		case "require":
			if !slices.Contains(requirements(), fields[1]) {
				all = append(all, "go.mod requires "+fields[1])
			}
		default:
			all = append(all, fmt.Sprintf("go.mod has a %s directive", fields[0]))
		}
	}
	return all
}

// moduleRoot returns the folder of the root go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("no go.mod above")
		}
		dir = above
	}
}

// goFiles yields the module's Go files, by their paths below root with slashes.
// Nested modules are others' business.
func goFiles(t *testing.T, root string) func(yield func(string) bool) {
	t.Helper()
	return func(yield func(string) bool) {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && name != root && foreignFolder(name):
				return fs.SkipDir
			case entry.IsDir() || filepath.Ext(name) != ".go":
				return nil
			}
			below, err := filepath.Rel(root, name)
			if err == nil && !yield(filepath.ToSlash(below)) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// foreignFolder reports whether a folder is none of the module's packages.
func foreignFolder(name string) bool {
	base := filepath.Base(name)
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return err == nil || base == "testdata" || base[0] == '.' || base[0] == '_'
}

func imports(t *testing.T, name string) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, imported)
	}
	return all
}
