package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/store"
)

// stored returns a folder with messages.
func stored(t *testing.T, messages ...string) string {
	t.Helper()
	dir := t.TempDir()
	d, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, m := range messages {
		if err := d.Append(context.Background(), []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const chat = `{"对方IP":"10.0.0.1","对方端口":5,"处理类型":"聊天","次一级数据类型":"文本","数据内容":"你好\u001b[31m","时间":"2026-01-02T03:04:05+00:00"}`

func TestStoreList(t *testing.T) {
	long := strings.Replace(chat, "你好", strings.Repeat("长", 200), 1)
	dir := stored(t, chat, `{"x":1}`, long)
	lines := []string{
		`2026-01-02T03:04:05Z  10.0.0.1:5  聊天/文本  你好\x1b[31m`,
		"-  :0  /  ",
		`2026-01-02T03:04:05Z  10.0.0.1:5  聊天/文本  ` + strings.Repeat("长", 79) + "…",
	}
	for max, want := range map[string][]string{"0": lines, "2": lines[:2], "9": lines} {
		got := invoke(t, "", "store", "ls", "--data", dir, "--max", max)
		if got != (result{out: strings.Join(want, "\n") + "\n"}) {
			t.Errorf("--max %s: %+v", max, got)
		}
	}
}

func TestStoreExportAndImport(t *testing.T) {
	from := stored(t, chat, `{"x":1}`)
	export := invoke(t, "", "store", "export", "--data", from)
	if want := chat + "\n{\"x\":1}\n"; export != (result{out: want}) {
		t.Errorf("export: %+v, want %s", export, want)
	}
	file := filepath.Join(t.TempDir(), "messages")
	if err := os.WriteFile(file, []byte(export.out), 0o600); err != nil {
		t.Fatal(err)
	}
	var many strings.Builder
	for i := range 2500 {
		fmt.Fprintf(&many, "{\"n\":%d}\n", i)
	}
	for _, tt := range []struct {
		name, in string
		args     []string
		code     int
		want     string // on one output or the other
		left     int
	}{
		{"lines", export.out, nil, exitOK, "2 messages stored, 2 in all", 2},
		{"file", "", []string{file}, exitOK, "2 messages stored, 2 in all", 2},
		{"array", " [\n{\"a\": 1},\n{}]\n", nil, exitOK, "2 messages stored", 2},
		{"many", many.String(), nil, exitOK, "2500 messages stored", 2500},
		{"nothing", "", nil, exitOK, "0 messages stored", 0},
		{"empty-array", "[]", nil, exitOK, "0 messages stored", 0},
		{"not-json", `{"a":1} junk`, nil, exitFailure, "message 2: invalid character", 1},
		{"not-an-object", `{"a":1} 5 {}`, nil, exitFailure, "message 2: store: message is not a JSON object", 1},
		{"array-unended", `[{"a":1},`, nil, exitFailure, "message 2: unexpected EOF; 1 messages were stored", 1},
		{"array-cut", `[{"a":1}`, nil, exitFailure, "message 2: unexpected EOF", 1},
		{"behind-array", `[{"a":1}] {}`, nil, exitFailure, "more behind the array's end", 1},
		{"no-file", "", []string{"nowhere"}, exitFailure, "nowhere", -1},
		{"two-files", "", []string{"a", "b"}, exitUsage, `unexpected argument "b"`, -1},
	} {
		dir := filepath.Join(t.TempDir(), "new")
		got := invoke(t, tt.in, append([]string{"store", "import", "--data", dir}, tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.out+got.err, tt.want) {
			t.Errorf("%s: %+v; want %d, %q", tt.name, got, tt.code, tt.want)
		}
		r, err := store.Inspect(dir, nil)
		if tt.left >= 0 && (err != nil || r.Messages != tt.left) {
			t.Errorf("%s left %+v, %v; want %d messages", tt.name, r, err, tt.left)
		}
	}
}

func TestStoreVerifyAndCompact(t *testing.T) {
	dir := stored(t, chat, chat)
	if got := invoke(t, "", "store", "verify", "--data", dir); got.code != exitOK || !strings.HasPrefix(got.out, "2 messages in ") || strings.Count(got.out, "\n") != 1 {
		t.Errorf("of a file in order: %+v", got)
	}
	if got := invoke(t, "receive\n", "node", "--port", "0", "--store", "disk", "--data", dir); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	if got := invoke(t, "", "store", "compact", "--data", dir); got.code != exitOK || !strings.HasPrefix(got.out, "1 messages; ") {
		t.Errorf("%+v", got)
	}
	if r, err := store.Inspect(dir, nil); err != nil || r.Blank != 0 || r.Messages != 1 {
		t.Errorf("compact left %+v, %v", r, err)
	}
	file := filepath.Join(dir, store.FileName)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(text) + "junk")
	if got := invoke(t, "", "store", "verify", "--data", dir); got.code != exitFailure || !strings.Contains(got.err, "4 bytes can't be read") {
		t.Errorf("of a damaged file: %+v", got)
	}
	if got := invoke(t, "", "store", "compact", "--data", dir); got.code != exitOK || !strings.Contains(got.err, "4 bytes couldn't be read as messages and were set aside in ") {
		t.Errorf("of a damaged file: %+v", got)
	}
	write("[" + chat + "]")
	if got := invoke(t, "", "store", "verify", "--data", dir); got.code != exitOK || !strings.Contains(got.out, "written by another program") {
		t.Errorf("of another program's file: %+v", got)
	}
	write(strings.TrimSuffix(string(text), "]\n"))
	if got := invoke(t, "", "store", "verify", "--data", dir); got.code != exitOK || !strings.Contains(got.out, "not as it was left in order") {
		t.Errorf("of a file without its end: %+v", got)
	}
}

// Each command says what is the matter with a folder.
func TestStoreTroubles(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	locked := t.TempDir()
	startNode(t, "--store", "disk", "--data", locked)
	for _, name := range []string{"ls", "export", "verify", "compact"} {
		got := invoke(t, "", "store", name, "--data", missing)
		if got.code != exitFailure || !strings.Contains(got.err, "there are no stored messages in ") || got.out != "" {
			t.Errorf("%s of a missing folder: %+v", name, got)
		}
		if got := invoke(t, "", "store", name, "x"); got.code != exitUsage {
			t.Errorf("%s x: %+v", name, got)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the missing folder was made")
	}
	for name, code := range map[string]int{"ls": exitOK, "export": exitOK, "verify": exitOK, "import": exitFailure, "compact": exitFailure} {
		got := invoke(t, "", "store", name, "--data", locked)
		if got.code != code || code == exitFailure && !strings.Contains(got.err, "stop it first") {
			t.Errorf("%s beside a running node: %+v", name, got)
		}
	}
	if got := invoke(t, "", "store", "ls", "--max", "-1"); got.code != exitUsage {
		t.Errorf("--max -1: %+v", got)
	}
	if got := invoke(t, "", "store", "fly"); got.code != exitUsage || !strings.Contains(got.err, `after "store" comes "ls" or "export"`) {
		t.Errorf("store fly: %+v", got)
	}
}
