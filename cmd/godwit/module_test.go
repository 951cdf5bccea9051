package main

import (
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeFiles writes files below a folder.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// inFolder writes files into a new folder and makes it the working directory.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, files)
	t.Chdir(dir)
}

// needsGo skips a test that builds programs where that can't be done, or takes too
// long.
func needsGo(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command isn't installed")
	}
}

// newModule writes a module that uses this checkout, and returns its folder.
func newModule(t *testing.T, files map[string]string) string {
	t.Helper()
	own, err := ownModule()
	if err != nil {
		t.Fatal(err)
	}
	filled, err := fill(application{Name: "myapp", ownership: own})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range filled {
		if f.name == "go.mod" || f.name == "go.sum" {
			writeFiles(t, dir, map[string]string{f.name: string(f.text)})
		}
	}
	writeFiles(t, dir, files)
	return dir
}

// goCommand prepares the go command in a folder, without a network.
func goCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off", "PWD="+dir)
	return cmd
}

// runGo runs the go command in a folder.
func runGo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := goCommand(t, dir, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestModuleAt(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"plain/go.mod":         "module example.com/plain\n",
		"plain/a/b/c.go":       "",
		"plain/nested/go.mod":  "// about it\n\nmodule \"example.com/quoted\" // why\n\ngo 1.26.0\n",
		"plain/broken/go.mod":  "go 1.26.0\n",
		"plain/nested/sub/x.y": "",
	})
	for _, tt := range []struct{ at, dir, path string }{
		{"plain", "plain", "example.com/plain"},
		{"plain/a/b", "plain", "example.com/plain"},
		{"plain/nested", "plain/nested", "example.com/quoted"},
		{"plain/nested/sub", "plain/nested", "example.com/quoted"},
	} {
		got, err := moduleAt(filepath.Join(dir, tt.at))
		want := userModule{filepath.Join(dir, filepath.FromSlash(tt.dir)), tt.path}
		if err != nil || got != want {
			t.Errorf("moduleAt(%s) = %v, %v; want %v", tt.at, got, err, want)
		}
	}
	if _, err := moduleAt(filepath.Join(dir, "plain", "broken")); err == nil || !strings.Contains(err.Error(), "has no module line") {
		t.Errorf("without a module line: %v", err)
	}
	if _, err := moduleAt(dir); err == nil || !strings.Contains(err.Error(), "go mod init") {
		t.Errorf("outside any module: %v", err)
	}
}

// TestBlueprintPackages looks for packages as the go command would.
func TestBlueprintPackages(t *testing.T) {
	const p = "package p\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"none", map[string]string{"main.go": "package main\n"}, nil},
		{"both-suffixes", map[string]string{"blueprints/echo_bp.go": p, "blueprints/b/ChatBp.go": p, "blueprints/c/Bp.go": p}, []string{"m/blueprints", "m/blueprints/b", "m/blueprints/c"}},
		{"other-names", map[string]string{"blueprints/a/helper.go": p, "blueprints/b/chatbp.go": p, "blueprints/c/a_BP.go": p, "blueprints/d/a_bp.txt": p}, nil},
		{"sorted", map[string]string{"blueprints/a/x_bp.go": p, "blueprints/a/b/x_bp.go": p, "blueprints/a-b/x_bp.go": p}, []string{"m/blueprints/a", "m/blueprints/a-b", "m/blueprints/a/b"}},
		{"below-a-package-without", map[string]string{"blueprints/x.go": p, "blueprints/a/b/x_bp.go": p}, []string{"m/blueprints/a/b"}},
		{"elsewhere", map[string]string{"x_bp.go": p, "other/x_bp.go": p, "blueprints2/x_bp.go": p, "cmd/blueprints/x_bp.go": p}, nil},
		{"test-files", map[string]string{"blueprints/a.go": p, "blueprints/x_bp_test.go": p}, nil},
		{"files-go-skips", map[string]string{"blueprints/a.go": p, "blueprints/_bp.go": p, "blueprints/.x_bp.go": p, "blueprints/_x_bp.go": p}, nil},
		{"folders-go-skips", map[string]string{"blueprints/testdata/x_bp.go": p, "blueprints/vendor/x_bp.go": p, "blueprints/.x/x_bp.go": p, "blueprints/_x/x_bp.go": p}, nil},
		{"nested-module", map[string]string{"blueprints/sub/go.mod": "module sub\n", "blueprints/sub/x_bp.go": p}, nil},
		{"package-main", map[string]string{"blueprints/tool/x_bp.go": "package main\n"}, nil},
		{"build-tags", map[string]string{"blueprints/x_bp.go": "//go:build never\n\n" + p, "blueprints/a/x_bp.go": "//go:build never\n\n" + p, "blueprints/a/y.go": p, "blueprints/b/x_bp.go": "//go:build !never\n\n" + p}, []string{"m/blueprints/b"}},
		{"cgo", map[string]string{"blueprints/x_bp.go": "package p\n\nimport \"C\"\n"}, cgoOnly("m/blueprints")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, tt.files)
			got, err := userModule{dir, "m"}.blueprintPackages("blueprints")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
		})
	}
}

// cgoOnly returns a package where cgo is available.
func cgoOnly(pkg string) []string {
	if !build.Default.CgoEnabled {
		return nil
	}
	return []string{pkg}
}

// TestBlueprintPackagesBroken reports what the go command couldn't build either.
func TestBlueprintPackagesBroken(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"blueprints/x_bp.go": "package p\n", "blueprints/y.go": "package q\n"})
	if got, err := (userModule{dir, "m"}).blueprintPackages("blueprints"); err == nil || !strings.Contains(err.Error(), "found packages p (x_bp.go) and q (y.go)") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestImportable(t *testing.T) {
	for _, tt := range []struct {
		pkg, importer string
		want          bool
	}{
		{"m/blueprints/a", "m", true},
		{"m/internal/blueprints", "m", true},
		{"m/internal/blueprints", "m/cmd/server", true},
		{"m/blueprints/internal/a", "m", false},
		{"m/blueprints/internal", "m", false},
		{"m/blueprints/internal/a", "m/blueprints/tool", true},
		{"m/cmd/internal/blueprints", "m/cmd/server", true},
		{"m/cmd/internal/blueprints", "m/cmdx", false},
		{"m/internals/blueprints", "x", true},
	} {
		if got := importable(tt.pkg, tt.importer); got != tt.want {
			t.Errorf("importable(%s, %s) = %v", tt.pkg, tt.importer, got)
		}
	}
}
