package app_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/router"
)

// TestSeed050Discovery serves files of both suffixes, and packages below, and no
// others; the package's name is configurable.
func TestSeed050Discovery(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		if err := r.Discover("app/testdata/found"); err != nil {
			t.Fatal(err)
		}
	})
	dial(t, url+"/echo/Hello").want("初始消息: Hello") // echo_bp.go
	c := dial(t, url+"/chat/room/1")               // ChatBp.go
	c.send("a")
	c.want("1 a")
	dial(t, url+"/admin/user/42").want("42") // admin/UserBp.go
	if code, _ := status(t, new(conn.Dialer), url+"/stray/x"); code != http.StatusNotFound {
		t.Errorf("a route of helper.go: status %d, want 404", code)
	}
}

// TestSeed051NewFileNeedsNoOtherEdit drops a file in, builds again, connects.
func TestSeed051NewFileNeedsNoOtherEdit(t *testing.T) {
	t.Parallel()
	dir := userModule(t, twoFiles())
	url, _, stop := running(t, dir, twoFilesProgram(t))
	c := dial(t, url+"/echo/a")
	c.want("blueprints a")
	if code, _ := status(t, new(conn.Dialer), url+"/notify/a"); code != http.StatusNotFound {
		t.Errorf("before: status %d, want 404", code)
	}
	c.DiscardReads() // else the program waits for its Close
	stop()
	writeFiles(t, dir, map[string]string{"blueprints/NotifyBp.go": `package blueprints

import "github.com/godwit-ws/godwit/app"

var _ = app.Route[Handler](app.NewBlueprint("/notify"), "/{name}")
`})
	url, _, _ = running(t, dir, build(t, dir))
	dial(t, url+"/notify/b").want("blueprints b")
	dial(t, url+"/echo/a").want("blueprints a")
}

// TestSeed052ConflictSkipsWholeFile serves neither blueprint of a file of which one
// conflicts; the files around it are intact.
func TestSeed052ConflictSkipsWholeFile(t *testing.T) {
	r, lines, err := discover(t, "conflict")
	if !errors.Is(err, router.ErrConflict) {
		t.Errorf("Discover: %v, want ErrConflict", err)
	}
	if diff := cmp.Diff([]string{"/first/{int:id}", "/third"}, patterns(r)); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	want := "WARNING - 蓝图路由冲突: 路径 '/first/{id:int}' 已存在，跳过模块 'github.com/godwit-ws/godwit/app/testdata/conflict/b_bp.go' 的注册"
	if !strings.Contains(lines.String(), want) || strings.Count(lines.String(), "WARNING") != 1 {
		t.Errorf("not this one warning: %s\n%s", want, lines)
	}
	_, url := serve(t, app.Config{Router: r}, nil)
	dial(t, url+"/first/1").want("a")
	dial(t, url+"/third").want("c")
	if code, _ := status(t, new(conn.Dialer), url+"/clean/b"); code != http.StatusNotFound {
		t.Errorf("the other blueprint of the file: status %d, want 404", code)
	}
	// By hand the blueprint is what is skipped.
	_, url = serve(t, app.Config{}, func(r *app.Router) {
		first := app.NewBlueprint("/x").Route("/a", saying("first"))
		second := app.NewBlueprint("").Route("/b", saying("second")).Route("/x/a", saying("second"))
		if err := errors.Join(first.Register(r), second.Register(r)); !errors.Is(err, router.ErrConflict) {
			t.Errorf("Register: %v, want ErrConflict", err)
		}
	})
	dial(t, url+"/x/a").want("first")
	if code, _ := status(t, new(conn.Dialer), url+"/b"); code != http.StatusNotFound {
		t.Errorf("a skipped blueprint's other route: status %d, want 404", code)
	}
}

// TestSeed053SameOrderEveryTime has one winner in 100 runs.
func TestSeed053SameOrderEveryTime(t *testing.T) {
	for range 100 {
		r := app.NewRouter(silentRouter())
		r.Discover("app/testdata/conflict") // its error is another test's
		source := r.Routes()[0].Source
		if want := "github.com/godwit-ws/godwit/app/testdata/conflict/a_bp.go:9"; source != want {
			t.Fatalf("the winner is %s, want %s", source, want)
		}
	}
	_, lines, _ := discover(t, "found")
	var order []string
	for line := range strings.Lines(lines.String()) {
		if _, module, ok := strings.Cut(line, "自动注册蓝图: github.com/godwit-ws/godwit/app/testdata/found/"); ok {
			file, _, _ := strings.Cut(module, " ")
			order = append(order, file)
		}
	}
	want := []string{"ChatBp.go", "echo_bp.go", "helped_bp.go", "helped_bp.go", "init_bp.go", "init_bp.go", "nested_bp.go", "admin/UserBp.go"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// TestSeed054BrokenFileIsLogged skips files with a malformed pattern, a factory that
// panics, a misshapen hook; the others are served. Strict returns what was wrong.
func TestSeed054BrokenFileIsLogged(t *testing.T) {
	r, lines, err := discover(t, "broken")
	if diff := cmp.Diff([]string{"/good"}, patterns(r)); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	if !errors.Is(err, router.ErrPattern) || !errors.Is(err, app.ErrHandler) {
		t.Errorf("Discover: %v, want ErrPattern and ErrHandler", err)
	}
	const failed = "ERROR - 导入模块失败: github.com/godwit-ws/godwit/app/testdata/broken/"
	for file, what := range map[string]string{
		"pattern_bp.go": `"/pattern/{int:id"`,
		"panic_bp.go":   `of route "/panic/factory" panicked: no handlers today`,
		"shape_bp.go":   "write func (h *Misshapen) OnMessage(c *app.Conn, text []byte) error",
	} {
		found := false
		for line := range strings.Lines(lines.String()) {
			found = found || strings.Contains(line, failed+file+" - ") && strings.Contains(line, what)
		}
		if !found {
			t.Errorf("no %q with %q in\n%s", failed+file, what, lines)
		}
	}
	if n := strings.Count(lines.String(), failed); n != 3 {
		t.Errorf("%d errors, want 3:\n%s", n, lines)
	}
	_, url := serve(t, app.Config{Router: r}, nil)
	dial(t, url+"/good").want("good")
	for _, path := range []string{"/pattern/fine", "/panic/fine", "/shape"} {
		if code, _ := status(t, new(conn.Dialer), url+path); code != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, code)
		}
	}
}

// TestSeed054Strict is the program of a user's whose server is to be strict.
func TestSeed054Strict(t *testing.T) {
	t.Parallel()
	dir := userModule(t, map[string]string{
		"main.go": withImports("blueprints"), "blueprints/a_bp.go": oneRoute("blueprints", "/a"),
		"blueprints/b_bp.go": "package blueprints\n\nimport \"github.com/godwit-ws/godwit/app\"\n\nvar _ = app.Route[Handler](app.NewBlueprint(\"/b\"), \"/{int:\")\n",
	})
	program := build(t, dir)
	url, _, _ := running(t, dir, program)
	dial(t, url+"/a/x").want("blueprints x")
	cmd := goCommand(t, dir)
	cmd.Path, cmd.Args = program, []string{program, "strict"}
	if out, err := cmd.Output(); err == nil || !strings.HasPrefix(string(out), "error: ") || !strings.Contains(string(out), "/b/{int:") {
		t.Errorf("strict: %v\n%s", err, out)
	}
}

// TestSeed055MissingPackage warns, says what to write, and starts; Strict refuses.
func TestSeed055MissingPackage(t *testing.T) {
	log, lines := logger(slog.LevelInfo)
	s, err := app.CreateWithBlueprints("127.0.0.1", 0, app.Config{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	const hint = `Write: import _ \"github.com/godwit-ws/godwit/blueprints\"`
	if want := "WARNING - 蓝图包 'blueprints' 未找到"; !strings.Contains(lines.String(), want) || !strings.Contains(lines.String(), hint) {
		t.Errorf("no %q with %q in\n%s", want, hint, lines)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.ServeForever() }()
	if code, _ := status(t, new(conn.Dialer), "ws://"+s.Addr().String()+"/x"); code != http.StatusNotFound {
		t.Errorf("status %d, want 404", code)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ran; err != nil {
		t.Error(err)
	}
	_, err = app.CreateWithBlueprints("127.0.0.1", 0, app.Config{Logger: log, Strict: true})
	if !errors.Is(err, app.ErrNoBlueprints) || !strings.Contains(err.Error(), `import _ "github.com/godwit-ws/godwit/blueprints"`) {
		t.Errorf("strict: %v, want ErrNoBlueprints with the import line", err)
	}
}

// TestSeed055UnlinkedPackage has files on disk that main doesn't import: the log
// names them and go generate.
func TestSeed055UnlinkedPackage(t *testing.T) {
	t.Parallel()
	dir, program := userModule(t, twoFiles()), twoFilesProgram(t)
	writeFiles(t, dir, map[string]string{"blueprints/admin/UserBp.go": oneRoute("admin", "/user")})
	url, lines, stop := running(t, dir, program)
	c := dial(t, url+"/echo/x")
	c.want("blueprints x")
	c.DiscardReads() // else the program waits for its Close
	stop()
	want := "go:generate go tool godwit gen file=example.com/my.app/blueprints/admin/UserBp.go import=example.com/my.app/blueprints/admin\n"
	if !strings.Contains(lines.String(), want) || strings.Count(lines.String(), "WARNING") != 1 {
		t.Errorf("not this one warning: %s\n%s", want, lines)
	}
	_, lines, stop = running(t, t.TempDir(), program) // where there are no sources
	stop()
	if strings.Contains(lines.String(), "WARNING") {
		t.Errorf("a warning where there are no sources:\n%s", lines)
	}
}

// TestSeed056InfoLogs names each route and each blueprint.
func TestSeed056InfoLogs(t *testing.T) {
	_, lines, err := discover(t, "found")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		" - godwit.router - INFO - 路由注册成功: /echo/{message:str} -> Echo source=github.com/godwit-ws/godwit/app/testdata/found/echo_bp.go:9\n",
		" - godwit.router - INFO - 自动注册蓝图: github.com/godwit-ws/godwit/app/testdata/found/echo_bp.go -> /echo\n",
		" - godwit.router - INFO - 路由注册成功: /admin/user/{int:user_id} -> User source=github.com/godwit-ws/godwit/app/testdata/found/admin/UserBp.go:8\n",
		" - godwit.router - INFO - 自动注册蓝图: github.com/godwit-ws/godwit/app/testdata/found/admin/UserBp.go -> /admin/user\n",
	} {
		if !strings.Contains(lines.String(), want) {
			t.Errorf("no line %q in\n%s", want, lines)
		}
	}
}
