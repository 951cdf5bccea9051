package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
)

// byHand follows the quick start in an empty folder: a module, what it needs from this
// checkout in place of go get, and three files. It returns the folder and the address.
func byHand(t *testing.T) (dir, addr string) {
	t.Helper()
	needsGo(t)
	dir = t.TempDir()
	files := make(map[string]string)
	filled, err := fill(application{Name: "myapp", ownership: ownership{Path: modulePath}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range filled {
		switch f.name {
		case "main.go", "blueprints/echo_bp.go", "test_client.html":
			files[f.name] = string(f.text)
		}
	}
	if len(files) != 3 {
		t.Fatalf("%d files of the quick start", len(files))
	}
	runGo(t, dir, "mod", "init", "myapp")
	runGo(t, dir, "mod", "edit", "-require="+modulePath+"@v0.0.0", "-replace="+modulePath+"="+moduleRoot(t))
	files["go.sum"] = readFile(t, "go.sum") // so that no checksum has to be asked for
	writeFiles(t, dir, files)
	addr = freeAddress(t)
	usePort(t, filepath.Join(dir, "main.go"), addr)
	runGo(t, dir, "mod", "tidy")
	return dir, addr
}

// TestSeed002NoDependencies links nothing but the standard library and golang.org/x/sys,
// without cgo.
func TestSeed002NoDependencies(t *testing.T) {
	needsGo(t)
	cmd := goCommand(t, moduleRoot(t), "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./app", "./cmd/godwit", "./store")
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]bool)
	for m := range strings.FieldsSeq(string(out)) {
		got[m] = true
	}
	if diff := cmp.Diff(map[string]bool{modulePath: true, "golang.org/x/sys": true}, got); diff != "" {
		t.Errorf("modules (-want +got):\n%s", diff)
	}
}

// TestSeed003Platforms finds, on each of six platforms, a file for every package and
// every import. That all of it compiles there takes minutes, and is the business of
// .ci/run.
func TestSeed003Platforms(t *testing.T) {
	needsGo(t)
	t.Parallel()
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"} {
		system, arch, _ := strings.Cut(platform, "/")
		cmd := goCommand(t, moduleRoot(t), "list", "-deps", "-f", "{{.ImportPath}}", "./...")
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), modulePath+"/app\n") {
			t.Errorf("%s: %v\n%s", platform, err, out)
		}
	}
}

// TestSeed004LicenceAndLanguages has the MIT licence, and a Chinese README with the
// same code as the English one, which other tests build.
func TestSeed004LicenceAndLanguages(t *testing.T) {
	if text := readFile(t, "LICENSE"); !strings.HasPrefix(text, "MIT License\n") {
		t.Errorf("LICENSE begins with %.40q", text)
	}
	english, chinese := readFile(t, "README.md"), readFile(t, "README.zh-CN.md")
	if han := regexp.MustCompile(`\p{Han}`).FindAllString(chinese, -1); len(han) < 500 {
		t.Errorf("README.zh-CN.md has %d Chinese characters", len(han))
	}
	if diff := cmp.Diff(blocks(english, "go"), blocks(chinese, "go")); diff != "" {
		t.Errorf("code (-README.md +README.zh-CN.md):\n%s", diff)
	}
}

// TestSeed001QuickStart follows the quick start by hand, connects, and has the whole
// conversation with it, which is item 115.
func TestSeed001QuickStart(t *testing.T) {
	t.Parallel()
	dir, addr := byHand(t)
	_, out := runApp(t, dir)
	c := dialTest(t, new(conn.Dialer), "ws://"+addr+"/echo/Hello")
	wantMessages(t, c, "初始消息: Hello")
	for _, text := range []string{"你好", "", "second"} {
		if got := exchange(t, c, conn.Text, []byte(text)); string(got) != text {
			t.Errorf("sent %q, %q came back", text, got)
		}
	}
	out.await(t, "你好")
	if err := c.Close(t.Context(), conn.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	out.await(t, "连接关闭 → 状态码: 1000, 原因: 未知原因")
	again := dialTest(t, new(conn.Dialer), "ws://"+addr+"/echo/再见")
	wantMessages(t, again, "初始消息: 再见")
	if err := again.Close(t.Context(), conn.CodeNormal, "再见"); err != nil {
		t.Error(err)
	}
	out.await(t, "连接关闭 → 状态码: 1000, 原因: 再见")
	if _, err := os.Stat(filepath.Join(dir, generatedFile)); err == nil {
		t.Error("the quick start needs no generated file")
	}
}
