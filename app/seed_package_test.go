package app_test

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
)

// TestSeed005PublicNames finds the framework's names at one level: this package is
// an external one, and compiles.
func TestSeed005PublicNames(t *testing.T) {
	var (
		server    *app.Server
		router    *app.Router
		blueprint *app.Blueprint
		base      app.Application
	)
	for _, v := range []any{server, router, blueprint, &base} {
		if pkg := reflect.TypeOf(v).Elem().PkgPath(); pkg != "github.com/godwit-ws/godwit/app" {
			t.Errorf("%T is of package %s", v, pkg)
		}
	}
	var (
		_ app.Handler                     = base
		_ func(slog.Leveler) *slog.Logger = app.SetupLogging
	)
}

// TestSeed006CreateWithBlueprints is a module with two files of blueprints and a main:
// both are reachable, and nothing else was written.
func TestSeed006CreateWithBlueprints(t *testing.T) {
	t.Parallel()
	dir := userModule(t, twoFiles())
	url, _, _ := running(t, dir, twoFilesProgram(t))
	dial(t, url+"/echo/Hello").want("blueprints Hello")
	dial(t, url+"/chat/room/7").want("blueprints 7")
	want := []string{"blueprints/ChatBp.go", "blueprints/echo_bp.go", "go.mod", "go.sum", "main.go"}
	if diff := cmp.Diff(want, filesBelow(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestSeed006OtherPackage looks in a package of another name.
func TestSeed006OtherPackage(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		if err := r.Discover("app/testdata/found/admin"); err != nil {
			t.Fatal(err)
		}
	})
	dial(t, url+"/admin/user/42").want("42")
}

// filesBelow returns the files below a folder, sorted.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	all := make(map[string]bool)
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			below, err := filepath.Rel(dir, name)
			all[filepath.ToSlash(below)] = true
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(all))
}
