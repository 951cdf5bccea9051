package app_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// userModule writes a module that uses this one from disk, as somebody else's would,
// and returns its folder. The test is skipped where nothing can be built, or in haste.
func userModule(t *testing.T, files map[string]string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command isn't installed")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, requirements, _ := strings.Cut(string(ours), "require ")
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"go.sum": string(sums),
		"go.mod": "module example.com/my.app\n\ngo 1.26.0\n\nrequire github.com/godwit-ws/godwit v0.0.0\n\n" +
			"require " + requirements + "\nreplace github.com/godwit-ws/godwit => \"" + filepath.ToSlash(root) + "\"\n",
	})
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

// build builds the program in a folder and returns it.
func build(t *testing.T, dir string) string {
	t.Helper()
	built := filepath.Join(t.TempDir(), "program.exe")
	buildAs(t, dir, built)
	return built
}

// buildAs builds the program in a folder, without what a debugger needs, which takes a
// third of the time.
func buildAs(t *testing.T, dir, file string) {
	t.Helper()
	if out, err := goCommand(t, dir, "build", "-ldflags=-w", "-o", file, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
}

// twoFiles are a main and two files of blueprints.
func twoFiles() map[string]string {
	return map[string]string{
		"main.go":               withImports("blueprints"),
		"blueprints/echo_bp.go": oneRoute("blueprints", "/echo"),
		"blueprints/ChatBp.go": `package blueprints

import "github.com/godwit-ws/godwit/app"

var chat = app.NewBlueprint("/chat")

var _ = app.Route[Handler](chat, "/room/{str:name}")
`,
	}
}

// twoFilesBuilt is their program, built by the first test that wants it.
var twoFilesBuilt struct {
	once    sync.Once
	folder  string // which TestMain removes
	program string // "" if it could not be built
}

// twoFilesProgram returns the program of twoFiles.
func twoFilesProgram(t *testing.T) string {
	t.Helper()
	built := &twoFilesBuilt
	built.once.Do(func() {
		dir := userModule(t, twoFiles())
		var err error
		if built.folder, err = os.MkdirTemp("", "godwit-app-"); err != nil {
			t.Fatal(err)
		}
		program := filepath.Join(built.folder, "program.exe")
		buildAs(t, dir, program)
		built.program = program
	})
	if built.program == "" {
		t.Skip("the program was not built for another test")
	}
	return built.program
}

// wantPrinted runs a program that prints routes, and compares them.
func wantPrinted(t *testing.T, cmd *exec.Cmd, want []string) {
	t.Helper()
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, &errs)
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "/") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%q (-want +got):\n%s%s", cmd.Args, diff, &errs)
	}
}

// oneRoute is a file of blueprints with one route.
func oneRoute(pkg, prefix string) string {
	return "package " + pkg + `

import "github.com/godwit-ws/godwit/app"

var bp = app.NewBlueprint("` + prefix + `")

var _ = app.Route[Handler](bp, "/{name}")

type Handler struct{ Name string ` + "`path:\"name\"`" + ` }

func (h *Handler) OnOpen(c *app.Conn) error { return c.SendText("` + pkg + ` " + h.Name) }
`
}

// TestDiscoverBuilds finds the same files, by their right names, however a program is
// built. With -trimpath the standard library is built anew: with GODWIT_LONG=1.
func TestDiscoverBuilds(t *testing.T) {
	t.Parallel()
	dir := userModule(t, map[string]string{
		"blueprints/echo_bp.go":     oneRoute("blueprints", "/echo"),
		"blueprints/helper.go":      "package blueprints\n\nimport \"github.com/godwit-ws/godwit/app\"\n\nvar _ = app.Route[Handler](app.NewBlueprint(\"/helper\"), \"\")\n",
		"blueprints/v1.2/UserBp.go": oneRoute("v1", "/v1"),
		"other/blueprints/x_bp.go":  oneRoute("blueprints", "/other"),
		"main.go": `package main

import (
	"fmt"

	_ "example.com/my.app/blueprints"
	_ "example.com/my.app/blueprints/v1.2"
	_ "example.com/my.app/other/blueprints"
	"github.com/godwit-ws/godwit/app"
)

func main() {
	s, err := app.CreateWithBlueprints("127.0.0.1", 0, app.Config{Strict: true})
	if err != nil {
		panic(err)
	}
	for _, r := range s.Router().Routes() {
		fmt.Println(r.Pattern, r.Handler, r.Source)
	}
}
`,
		"main_test.go": "package main\n\nimport \"testing\"\n\nfunc TestMain(t *testing.M) { main() }\n",
	})
	want := []string{
		"/echo/{name} Handler example.com/my.app/blueprints/echo_bp.go:7",
		"/v1/{name} Handler example.com/my.app/blueprints/v1.2/UserBp.go:7",
	}
	ways := [][]string{{"run", "."}, {"run", "main.go"}, {"test", "-v", "."}}
	if os.Getenv("GODWIT_LONG") == "1" {
		ways = append(ways, []string{"run", "-trimpath", "-ldflags=-s -w", "."})
	}
	for _, args := range ways {
		wantPrinted(t, goCommand(t, dir, args...), want)
	}
}

// serving is a program of a user's that serves the blueprints of its module until its
// standard input ends. With an argument it is strict.
const serving = `package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	%s
	"github.com/godwit-ws/godwit/app"
)

func main() {
	app.SetupLogging(slog.LevelInfo)
	s, err := app.CreateWithBlueprints("127.0.0.1", 0, app.Config{Strict: len(os.Args) > 1})
	if err == nil {
		err = s.Listen()
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("ws://" + s.Addr().String())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		s.Shutdown(context.Background())
	}()
	if err := s.ServeForever(); err != nil {
		panic(err)
	}
}
`

// withImports is serving with those imports.
func withImports(packages ...string) string {
	var lines strings.Builder
	for _, pkg := range packages {
		lines.WriteString("_ \"example.com/my.app/" + pkg + "\"\n\t")
	}
	return strings.Replace(serving, "%s", lines.String(), 1)
}

// running starts a serving program in its module's folder, until the test ends. It
// returns its URL, where its log goes, and how to stop it.
func running(t *testing.T, dir, program string) (url string, lines *logBuffer, stop func()) {
	t.Helper()
	cmd := exec.Command(program)
	lines = new(logBuffer)
	cmd.Dir, cmd.Stderr = dir, lines
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		in.Close()
		defer time.AfterFunc(limit, func() { cmd.Process.Kill() }).Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program: %v\n%s", err, lines)
		}
	}
	t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ws://") {
		t.Fatalf("the program printed %q, %v\n%s", line, err, lines)
	}
	return strings.TrimSpace(line), lines, stop
}
