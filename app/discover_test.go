package app_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	_ "github.com/godwit-ws/godwit/app/testdata/broken"
	_ "github.com/godwit-ws/godwit/app/testdata/conflict"
	late "github.com/godwit-ws/godwit/app/testdata/found"
	_ "github.com/godwit-ws/godwit/app/testdata/found/admin"
)

// discover returns a router with the blueprints of a package below testdata, what it
// logged, and what Discover returned.
func discover(t *testing.T, pkg string, before ...app.Endpoint) (*app.Router, *logBuffer, error) {
	t.Helper()
	log, lines := logger(slog.LevelInfo)
	r := app.NewRouter(app.RouterConfig{Logger: log})
	if err := r.Add(before...); err != nil {
		t.Fatal(err)
	}
	err := r.Discover("app/testdata/" + pkg)
	return r, lines, err
}

// listing is a router's routes, a line each, with their sources below testdata.
func listing(r *app.Router) (lines []string) {
	for _, route := range r.Routes() {
		_, source, _ := strings.Cut(route.Source, "app/testdata/")
		lines = append(lines, route.Pattern+" "+route.Handler+" "+source)
	}
	return lines
}

// foundRoutes are those of testdata/found.
var foundRoutes = []string{
	"/admin/user/{int:user_id} User found/admin/UserBp.go:8",
	"/chat/room/{str:room_id} Chat found/ChatBp.go:11",
	"/closure/{message} Echo found/helper.go:12",
	"/echo/{message:str} Echo found/echo_bp.go:9",
	"/helped/{message} Echo found/helper.go:12",
	"/init-closure/{message} Echo found/helper.go:12",
	"/init/{message} Echo found/helper.go:12",
	"/v{int:version}/inner/{message} Echo found/child_bp.go:6",
}

// TestDiscoverFound finds what was made at package level, by whatever function, and
// nothing else.
func TestDiscoverFound(t *testing.T) {
	for range 2 { // the second time nothing is different
		r, lines, err := discover(t, "found")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(foundRoutes, listing(r)); diff != "" {
			t.Errorf("routes (-want +got):\n%s", diff)
		}
		if want := "godwit.router - WARNING - blueprints in a file of another name are not discovered; call it *_bp.go or *Bp.go file="; !strings.Contains(lines.String(), want) ||
			!strings.Contains(lines.String(), "found/helper.go\n") {
			t.Errorf("no warning of helper.go in\n%s", lines)
		}
		late.Late()
		late.Later()
		late.Latest()
	}
}

// TestDiscoverLogsSources tells which file the blueprints were made in, not which
// file the function stands in that made them.
func TestDiscoverLogsSources(t *testing.T) {
	_, lines, _ := discover(t, "found")
	const pkg = "自动注册蓝图: github.com/godwit-ws/godwit/app/testdata/found/"
	for _, want := range []string{
		"echo_bp.go -> /echo", "ChatBp.go -> /chat", "helped_bp.go -> /helped", "helped_bp.go -> /closure",
		"init_bp.go -> /init", "init_bp.go -> /init-closure", "nested_bp.go -> /v{int:version}", "admin/UserBp.go -> /admin/user",
	} {
		if !strings.Contains(lines.String(), pkg+want+"\n") {
			t.Errorf("no line %q in\n%s", pkg+want, lines)
		}
	}
}

// TestDiscoverOnlyMainModule doesn't take packages that merely end in the name.
func TestDiscoverOnlyMainModule(t *testing.T) {
	r := app.NewRouter(app.RouterConfig{Logger: slog.New(slog.DiscardHandler)})
	for _, name := range []string{"found", "testdata/found", "app/testdata/foun", "app/testdata/found/adm"} {
		if err := r.Discover(name); !errors.Is(err, app.ErrNoBlueprints) {
			t.Errorf("Discover(%q): %v with %q, want ErrNoBlueprints", name, err, listing(r))
		}
	}
	if err := r.Discover("/app/testdata/found/admin/"); err != nil || len(r.Routes()) != 1 {
		t.Errorf("slashes around the name: %v with %q", err, listing(r))
	}
}

func TestIsInit(t *testing.T) {
	for function, want := range map[string]bool{
		"main.init":                        true,
		"example.com/my%2eapp.init":        true,
		"example.com/a/b.init.0":           true,
		"example.com/a/b.init.12":          true,
		"example.com/a/b.init.0.func1":     false,
		"example.com/a/b.init.func1":       false,
		"example.com/a/b.init2":            false,
		"example.com/a/b.init2.func1":      false,
		"example.com/a/b.initialise":       false,
		"example.com/a/b.T.init":           false,
		"example.com/a/b.(*T).init":        false,
		"example.com/init.v1/init.Late":    false,
		"runtime.doInit1":                  false,
		"example.com/a/b.glob..func1":      false,
		"example.com/a/b.init.func1.init2": false,
		"":                                 false,
	} {
		if got := app.IsInit(function); got != want {
			t.Errorf("isInit(%q) = %v", function, got)
		}
	}
}

func TestMainModuleOf(t *testing.T) {
	local := &debug.Module{Path: "example.com/mine", Version: "(devel)"}
	replaced := &debug.Module{Path: "example.com/theirs", Version: "v0.0.0", Replace: &debug.Module{Path: "../theirs", Version: "(devel)"}}
	released := &debug.Module{Path: "example.com/other", Version: "v1.0.0"}
	for _, tt := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"package", debug.BuildInfo{Main: *local, Deps: []*debug.Module{replaced}}, "example.com/mine"},
		{"files", debug.BuildInfo{Path: "command-line-arguments", Deps: []*debug.Module{released, local, replaced}}, "example.com/mine"},
		{"files-in-workspace", debug.BuildInfo{Deps: []*debug.Module{local, {Path: "example.com/too", Version: "(devel)"}}}, ""},
		{"nothing", debug.BuildInfo{Deps: []*debug.Module{released}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := app.MainModuleOf(&tt.info); got != tt.want {
				t.Errorf("mainModuleOf = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestDiscoverUnlinked warns of files on disk that the program doesn't hold, and of
// no others.
func TestDiscoverUnlinked(t *testing.T) {
	const blueprint = "package p\n\nvar b = app.NewBlueprint(\"/x\")\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string // packages below the module
	}{
		{"new-packages", map[string]string{"bp/a_bp.go": blueprint, "bp/sub/UserBp.go": blueprint, "bp/sub/deep/x_bp.go": blueprint}, []string{"bp", "bp/sub", "bp/sub/deep"}},
		{"other-names", map[string]string{"bp/a.go": blueprint, "bp/a_bp_test.go": blueprint, "bp/abp.go": blueprint, "bp/a_bp.txt": blueprint}, nil},
		{"files-go-skips", map[string]string{"bp/_bp.go": blueprint, "bp/.a_bp.go": blueprint, "bp/_a_bp.go": blueprint}, nil},
		{"folders-go-skips", map[string]string{"bp/testdata/a_bp.go": blueprint, "bp/vendor/a_bp.go": blueprint, "bp/_x/a_bp.go": blueprint, "bp/.x/a_bp.go": blueprint}, nil},
		{"nested-module", map[string]string{"bp/sub/go.mod": "module sub\n", "bp/sub/a_bp.go": blueprint}, nil},
		{"no-blueprint-in-it", map[string]string{"bp/a_bp.go": "package p\n"}, nil},
		{"elsewhere", map[string]string{"other/a_bp.go": blueprint}, nil},
		{"other-module", map[string]string{"go.mod": "module example.com/other\n", "bp/a_bp.go": blueprint}, nil},
		{"no-module", map[string]string{"go.mod": "// nothing\n", "bp/a_bp.go": blueprint}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, map[string]string{"go.mod": "// ours\nmodule \"github.com/godwit-ws/godwit\"\n"})
			writeFiles(t, dir, tt.files)
			t.Chdir(dir)
			log, lines := logger(slog.LevelInfo)
			app.NewRouter(app.RouterConfig{Logger: log}).Discover("bp")
			var got []string
			for line := range strings.Lines(lines.String()) {
				if _, pkg, ok := strings.Cut(line, " import=github.com/godwit-ws/godwit/"); ok && strings.Contains(line, "go:generate go tool godwit gen") {
					got = append(got, strings.TrimSpace(pkg))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s\n%s", diff, lines)
			}
		})
	}
}

// TestDiscoverLinked doesn't warn of what the program holds, mounted or not.
func TestDiscoverLinked(t *testing.T) {
	t.Chdir("..")
	_, lines, _ := discover(t, "found")
	if strings.Contains(lines.String(), "not part of the program") {
		t.Errorf("a false warning in\n%s", lines)
	}
}

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
