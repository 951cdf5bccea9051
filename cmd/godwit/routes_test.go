package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// blueprintFile is a file of blueprints with one route.
func blueprintFile(pkg, prefix, path, handler string) string {
	return "package " + pkg + `

import "github.com/godwit-ws/godwit/app"

var ` + handler + `Blueprint = app.NewBlueprint("` + prefix + `")

var _ = app.Route[` + handler + `](` + handler + `Blueprint, "` + path + `")

type ` + handler + ` struct{ app.Application }
`
}

// TestRoutes lists the routes of a module with several packages.
func TestRoutes(t *testing.T) {
	needsGo(t)
	t.Parallel()
	dir := newModule(t, map[string]string{
		"blueprints/echo_bp.go":        blueprintFile("blueprints", "/echo", "/{message:str}", "EchoHandler"),
		"blueprints/admin/UserBp.go":   blueprintFile("admin", "/admin", "/user/{int:user_id}", "UserHandler"),
		"blueprints/helper.go":         "package blueprints\n\nimport \"fmt\"\n\nfunc init() { fmt.Println(\"noise\") }\n",
		"godwit_routes/main.go":        "package main\n\nfunc main() {}\n",
		"blueprints/internal/in_bp.go": "package internal\n",
	})
	before := treeOf(t, dir)

	got := invoke(t, "", "routes", dir)
	want := `PATTERN                     HANDLER       FILE
/admin/user/{int:user_id}   UserHandler   blueprints/admin/UserBp.go:7
/echo/{message:str}         EchoHandler   blueprints/echo_bp.go:7
`
	if got.code != exitOK || got.out != want {
		t.Errorf("exit status %d (-want +got):\n%s\n%s", got.code, cmp.Diff(want, got.out), got.err)
	}
	for _, line := range []string{"noise\n", "myapp/blueprints/internal is left out: "} {
		if !strings.Contains(got.err, line) {
			t.Errorf("standard error lacks %q:\n%s", line, got.err)
		}
	}

	got = invoke(t, "", "routes", "--json", "--strict", filepath.Join(dir, "blueprints", "admin"))
	var routes []map[string]string
	if err := json.Unmarshal([]byte(got.out), &routes); err != nil {
		t.Fatalf("%v\n%s%s", err, got.out, got.err)
	}
	wantRoutes := []map[string]string{
		{"pattern": "/admin/user/{int:user_id}", "name": "", "handler": "UserHandler", "source": "myapp/blueprints/admin/UserBp.go:7"},
		{"pattern": "/echo/{message:str}", "name": "", "handler": "EchoHandler", "source": "myapp/blueprints/echo_bp.go:7"},
	}
	if diff := cmp.Diff(wantRoutes, routes); diff != "" || got.code != exitOK {
		t.Errorf("exit status %d (-want +got):\n%s", got.code, diff)
	}
	if diff := cmp.Diff(before, treeOf(t, dir)); diff != "" {
		t.Errorf("the module was changed (-before +after):\n%s", diff)
	}
}

// treeOf returns the files below a folder with their texts.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRoutesSkipped says what a server would skip, and fails if it is to be strict.
func TestRoutesSkipped(t *testing.T) {
	needsGo(t)
	t.Parallel()
	dir := newModule(t, map[string]string{
		"blueprints/a_bp.go": blueprintFile("blueprints", "/a", "/{int:x}", "First"),
		"blueprints/b_bp.go": blueprintFile("blueprints", "/a", "/{y:int}", "Second"),
		"blueprints/c_bp.go": blueprintFile("blueprints", "/c", "/{int:", "Third"),
	})
	for _, tt := range []struct {
		args []string
		code int
	}{{[]string{"routes", dir}, exitOK}, {[]string{"routes", dir, "--strict"}, exitFailure}} {
		got := invoke(t, "", tt.args...)
		if got.code != tt.code || strings.Count(got.out, "\n") != 2 || !strings.Contains(got.out, "/a/{int:x}   First     blueprints/a_bp.go:7\n") {
			t.Errorf("godwit %q: exit status %d\n%s%s", tt.args, got.code, got.out, got.err)
		}
		for _, want := range []string{
			"WARNING - 蓝图路由冲突: 路径 '/a/{y:int}' 已存在，跳过模块 'myapp/blueprints/b_bp.go' 的注册",
			"ERROR - 导入模块失败: myapp/blueprints/c_bp.go - ",
		} {
			if !strings.Contains(got.err, want) {
				t.Errorf("godwit %q: standard error lacks %q\n%s", tt.args, want, got.err)
			}
		}
		if strict := strings.HasSuffix(got.err, "godwit routes: not all of the blueprints can be served\n"); strict != (tt.code != exitOK) {
			t.Errorf("godwit %q: standard error\n%s", tt.args, got.err)
		}
	}
}

// TestRoutesNone finds nothing, in a module that needn't build then.
func TestRoutesNone(t *testing.T) {
	inFolder(t, map[string]string{"go.mod": "module m\n"})
	const none = "There are no files *_bp.go or *Bp.go in package m/blueprints.\n"
	wantResult(t, exitOK, none, invoke(t, "", "routes"))
	wantResult(t, exitFailure, none+"godwit routes: not all of the blueprints can be served\n", invoke(t, "", "routes", "--strict"))
	if got := invoke(t, "", "routes", "--json"); got.code != exitOK || got.out != "[]\n" {
		t.Errorf("%+v", got)
	}
	wantResult(t, exitFailure, "godwit routes: nowhere is no folder\n", invoke(t, "", "routes", "nowhere"))
}

// TestRoutesDoesNotBuild passes on what the go command says.
func TestRoutesDoesNotBuild(t *testing.T) {
	needsGo(t)
	t.Parallel()
	dir := newModule(t, map[string]string{"blueprints/a_bp.go": "package blueprints\n\nvar x int = \"text\"\n"})
	got := invoke(t, "", "routes", dir)
	if got.code != exitFailure || got.out != "" || !strings.Contains(got.err, "a_bp.go:3:") ||
		!strings.HasSuffix(got.err, "godwit routes: a program with the module's blueprints can't be run: exit status 1\n") {
		t.Errorf("%+v", got)
	}
}
