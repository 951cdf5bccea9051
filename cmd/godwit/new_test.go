package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
)

func TestNewNames(t *testing.T) {
	for name, want := range map[string]string{
		"myapp": "", "MyApp-2.0_x": "", "a": "", "networks": "",
		"":          "letters, digits",
		"我的应用":      "letters, digits",
		"my app":    "letters, digits",
		"2app":      "letters, digits",
		".app":      "letters, digits",
		"_app":      "letters, digits",
		"app.":      "doesn't end in a dot",
		"a/b":       "not a path",
		`a\b`:       "not a path",
		"../myapp":  "not a path",
		"/myapp":    "not a path",
		"net":       "net is reserved",
		"Net":       "net is reserved",
		"net.v2":    "net is reserved",
		"main":      "main is reserved",
		"internal":  "internal is reserved",
		"vendor":    "vendor is reserved",
		"con":       "con is reserved",
		"NUL.txt":   "nul is reserved",
		"app\nrm x": "letters, digits",
	} {
		err := checkName(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("checkName(%q) = %v, want %q", name, err, want)
		}
	}
}

// TestReservedNames knows the first elements of all the standard library's packages.
func TestReservedNames(t *testing.T) {
	needsGo(t)
	for name := range strings.FieldsSeq(runGo(t, t.TempDir(), "list", "std")) {
		first, _, _ := strings.Cut(name, "/")
		if !slices.Contains(reservedNames, first) {
			t.Errorf("%s is missing", first)
		}
	}
}

// TestNewFiles looks at what is written, and how: the whole of it, in Go's format,
// with nothing of this machine but the checkout.
func TestNewFiles(t *testing.T) {
	inFolder(t, nil)
	got := invoke(t, "", "new", "myapp")
	if got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	want := []string{".gitignore", "README.md", "blueprints/ChatBp.go", "blueprints/echo_bp.go", "go.mod", "go.sum", "main.go", "test_client.html"}
	printed := strings.Fields(strings.ReplaceAll(got.out, "myapp/", ""))
	slices.Sort(printed)
	var written []string
	for name := range treeOf(t, "myapp") {
		below, err := filepath.Rel("myapp", name)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, filepath.ToSlash(below))
	}
	slices.Sort(written)
	if diff := cmp.Diff([][]string{want, want}, [][]string{printed, written}); diff != "" {
		t.Errorf("printed and written files (-want +got):\n%s", diff)
	}
	if want := "\nNow:\n  cd myapp\n  go run .\nThen open http://localhost:8765/test_client.html\n"; got.err != want {
		t.Errorf("said %q, want %q", got.err, want)
	}
	for name, text := range treeOf(t, "myapp") {
		if !strings.HasSuffix(text, "\n") || strings.Contains(text, "{{") || strings.Contains(text, "\r") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
	page := treeOf(t, "myapp")[filepath.Join("myapp", "test_client.html")]
	if strings.Contains(page, "innerHTML") || !strings.Contains(page, "textContent") {
		t.Error("the page must show messages as text")
	}
}

// TestNewRefuses leaves what is there as it is.
func TestNewRefuses(t *testing.T) {
	inFolder(t, map[string]string{"full/go.mod": "module mine\n", "file": "text", "empty/x": ""})
	if err := os.Remove("empty/x"); err != nil {
		t.Fatal(err)
	}
	before := treeOf(t, ".")
	wantResult(t, exitFailure, "godwit new: the folder full is there already, and not empty (go.mod): choose another name\n", invoke(t, "", "new", "full"))
	if got := invoke(t, "", "new", "file"); got.code != exitFailure || !strings.HasPrefix(got.err, "godwit new: file is there already, and no folder") {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(before, treeOf(t, ".")); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	if err := writeNew("file", []byte("other")); err == nil || treeOf(t, ".")["file"] != "text" {
		t.Errorf("a file was overwritten: %v", err)
	}
	if got := invoke(t, "", "new", "empty"); got.code != exitOK {
		t.Errorf("into an empty folder: %+v", got)
	}
}

func TestOwnModule(t *testing.T) {
	root := moduleRoot(t)
	source := filepath.Join(root, "cmd", "godwit", "own.go")
	sys := &debug.Module{Path: "golang.org/x/sys", Version: "v0.49.0", Sum: "h1:x"}
	module := func(m debug.Module, replace *debug.Module) *debug.Module {
		m.Path, m.Replace = modulePath, replace
		return &m
	}
	user := debug.Module{Path: "example.com/user", Version: "(devel)"}
	fromCheckout := ownership{Path: modulePath, Version: noVersion, Go: languageVersion, Checkout: quotePath(root),
		Require: []requirement{{"golang.org/x/sys", "v0.49.0"}}, Sums: []byte(readFile(t, "go.sum"))}
	released := ownership{Path: modulePath, Version: "v1.2.3", Go: languageVersion, Require: fromCheckout.Require}
	for _, tt := range []struct {
		name string
		info debug.BuildInfo
		want ownership
	}{
		{"checkout", debug.BuildInfo{Main: *module(debug.Module{Version: "(devel)"}, nil), Deps: []*debug.Module{sys}}, fromCheckout},
		{"checkout-with-revision", debug.BuildInfo{Main: *module(debug.Module{Version: "v0.0.0-20260101000000-0123456789ab+dirty"}, nil), Deps: []*debug.Module{sys}}, fromCheckout},
		{"tool-replaced", debug.BuildInfo{Main: user, Deps: []*debug.Module{module(debug.Module{Version: "v0.0.0"}, &debug.Module{Path: "../x", Version: "(devel)"}), sys}}, fromCheckout},
		{"installed", debug.BuildInfo{Main: *module(debug.Module{Version: "v1.2.3", Sum: "h1:y"}, nil), Deps: []*debug.Module{sys}}, released},
		{"tool", debug.BuildInfo{Main: user, Deps: []*debug.Module{module(debug.Module{Version: "v1.2.3", Sum: "h1:y"}, nil), sys}}, released},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ownModuleOf(&tt.info, filepath.ToSlash(source))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	devel := debug.BuildInfo{Main: *module(debug.Module{Version: "(devel)"}, nil)}
	for name, tt := range map[string]struct {
		info   debug.BuildInfo
		source string
		want   string
	}{
		"trimpath": {devel, "github.com/godwit-ws/godwit/cmd/godwit/own.go", "-trimpath"},
		"moved":    {devel, filepath.Join(t.TempDir(), "cmd", "godwit", "own.go"), "isn't in "},
		"unknown":  {debug.BuildInfo{Main: user}, source, "is not in its build information"},
	} {
		if got, err := ownModuleOf(&tt.info, tt.source); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v; want %q", name, got, err, tt.want)
		}
	}
}

// TestReleasedGoMod is the go.mod of a released godwit: no replacement, and go mod
// tidy to be run.
func TestReleasedGoMod(t *testing.T) {
	own := ownership{Path: modulePath, Version: "v1.2.3", Go: languageVersion, Require: []requirement{{"golang.org/x/sys", "v0.49.0"}}}
	files, err := fill(application{Name: "myapp", ownership: own})
	if err != nil {
		t.Fatal(err)
	}
	want := `module myapp

go 1.26.0

require github.com/godwit-ws/godwit v1.2.3

require golang.org/x/sys v0.49.0 // indirect

tool github.com/godwit-ws/godwit/cmd/godwit
`
	got := ""
	for _, f := range files {
		switch f.name {
		case "go.mod":
			got = string(f.text)
		case "go.sum":
			t.Error("there is a go.sum")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("go.mod (-want +got):\n%s", diff)
	}
	if own.preparation() != "  go mod tidy\n" {
		t.Errorf("preparation %q", own.preparation())
	}
}

// TestLanguageVersion is that of go.mod.
func TestLanguageVersion(t *testing.T) {
	if !strings.Contains(readFile(t, "go.mod"), "\ngo "+languageVersion+"\n") {
		t.Errorf("go.mod doesn't say go %s", languageVersion)
	}
}

func TestQuotePath(t *testing.T) {
	for dir, want := range map[string]string{
		"/home/me/godwit": "/home/me/godwit", `C:\src\godwit`: `C:\src\godwit`,
		"/home/my files/godwit": `"/home/my files/godwit"`, `C:\my files`: `"C:\\my files"`,
		"/a(b)": `"/a(b)"`, "/a,b": `"/a,b"`,
	} {
		if got := quotePath(dir); got != want {
			t.Errorf("quotePath(%s) = %s, want %s", dir, got, want)
		}
	}
}

// templatePort matches the address in the template of main.go.
var templatePort = regexp.MustCompile(`"0\.0\.0\.0", 8765`)

// newApp writes an application as new does, for another port, and returns its
// folder and address.
func newApp(t *testing.T) (dir, addr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if got := invoke(t, "", "new", "myapp"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	dir, err := filepath.Abs("myapp")
	if err != nil {
		t.Fatal(err)
	}
	addr = freeAddress(t)
	usePort(t, filepath.Join(dir, "main.go"), addr)
	return dir, addr
}

// usePort makes a main.go of ours listen on an address of this machine.
func usePort(t *testing.T, main, addr string) {
	t.Helper()
	text, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(addr, ":")
	if n := len(templatePort.FindAll(text, -1)); n != 1 {
		t.Fatalf("%d addresses in\n%s", n, text)
	}
	text = templatePort.ReplaceAll(text, fmt.Appendf(nil, "%q, %s", host, port))
	if err := os.WriteFile(main, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// runApp builds the program in a folder, without what a debugger needs, and runs it until
// the test ends.
func runApp(t *testing.T, dir string) (*exec.Cmd, *transcript) {
	t.Helper()
	built := filepath.Join(t.TempDir(), "app.exe")
	runGo(t, dir, "build", "-ldflags=-w", "-o", built, ".")
	out := newTranscript()
	cmd := exec.CommandContext(t.Context(), built)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) // of no effect where it has ended
	out.await(t, "listening")
	return cmd, out
}

// wantMessages reads text messages and compares them.
func wantMessages(t *testing.T, c *conn.Conn, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, text := range want {
		if op, got, err := c.Read(ctx); err != nil || op != conn.Text || string(got) != text {
			t.Fatalf("read %v %q, %v; want %q", op, got, err, text)
		}
	}
}

// TestNewRuns takes the application through all that its README says.
func TestNewRuns(t *testing.T) {
	needsGo(t)
	dir, addr := newApp(t)
	runGo(t, dir, "vet", "./...")
	if strings.HasPrefix(runtime.Version(), "go1.26") { // later ones have another idea of it
		if out := runGo(t, dir, "mod", "tidy", "-diff"); out != "" {
			t.Errorf("go.mod isn't tidy:\n%s", out)
		}
	}
	if out := runGo(t, dir, "tool", "godwit", "routes", "--strict"); !strings.Contains(out, "/chat/room/{str:room_id}   ChatHandler   blueprints/ChatBp.go:") ||
		!strings.Contains(out, "/echo/{message:str}        EchoHandler   blueprints/echo_bp.go:") {
		t.Errorf("routes:\n%s", out)
	}
	cmd, out := runApp(t, dir)

	echo := dialTest(t, new(conn.Dialer), "ws://"+addr+"/echo/Hello")
	wantMessages(t, echo, "初始消息: Hello")
	if got := exchange(t, echo, conn.Text, []byte("你好")); string(got) != "你好" {
		t.Errorf("%q came back", got)
	}
	if err := echo.Close(t.Context(), conn.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	out.await(t, "连接关闭 → 状态码: 1000, 原因: 未知原因")

	ann := dialTest(t, new(conn.Dialer), "ws://"+addr+"/chat/room/1")
	wantMessages(t, ann, "c2: joined")
	bob := dialTest(t, new(conn.Dialer), "ws://"+addr+"/chat/room/1")
	wantMessages(t, bob, "c3: joined")
	other := dialTest(t, new(conn.Dialer), "ws://"+addr+"/chat/room/2")
	wantMessages(t, other, "c4: joined")
	if err := bob.WriteText(t.Context(), "hi"); err != nil {
		t.Fatal(err)
	}
	wantMessages(t, ann, "c3: joined", "c3: hi")
	if err := bob.Close(t.Context(), conn.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	wantMessages(t, ann, "c3 left")

	resp, err := http.Get("http://" + addr + "/test_client.html")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var page bytes.Buffer
	if _, err := bufio.NewReader(resp.Body).WriteTo(&page); err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(page.String(), "new WebSocket(") {
		t.Errorf("the page: status %d, %v\n%s", resp.StatusCode, err, &page)
	}
	file := dialTest(t, &conn.Dialer{Header: http.Header{"Origin": {"null"}}}, "ws://"+addr+"/echo/file")
	wantMessages(t, file, "初始消息: file")

	ann.DiscardReads() // else the program waits for their Closes
	other.DiscardReads()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Skip("signals can't be sent here") // Windows
	}
	wantClosed(t, file, goingDown)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v; want exit status 0\n%s", err, out)
	}
	out.await(t, "Server stopped")
}
