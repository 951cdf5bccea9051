package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/google/go-cmp/cmp"
)

// operator is a running node with somebody at its console.
type operator struct {
	*server
	port string
	in   *io.PipeWriter
}

// startNode runs godwit node until the test ends.
func startNode(t *testing.T, args ...string) *operator {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{out: newTranscript(), err: newTranscript(), cancel: cancel, done: make(chan int, 1)}
	args = append([]string{"node", "--host", "127.0.0.1", "--port", "0"}, args...)
	go func() { s.done <- run(ctx, args, stdio{r, s.out, s.err}) }()
	t.Cleanup(func() { s.stop(t); r.Close() })
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.out.await(t, "node: "), "node: "))
	if err != nil {
		t.Fatal(err)
	}
	return &operator{s, port, w}
}

// say types a line.
func (o *operator) say(t *testing.T, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(o.in, format+"\n", args...); err != nil {
		t.Fatal(err)
	}
}

func TestNodeConversation(t *testing.T) {
	a, b := startNode(t), startNode(t)
	a.say(t, `send 127.0.0.1 %s "two words" text hello, there  `, b.port)
	a.out.await(t, "acknowledged")
	b.say(t, "status")
	b.out.await(t, "1 connected; 1 messages of ")
	b.say(t, "peers")
	b.out.await(t, "127.0.0.1 port ")
	b.say(t, "receive")
	var m app.NodeMessage
	if err := json.Unmarshal([]byte(b.out.await(t, "two words")), &m); err != nil || m.Text() != "hello, there" || m.HandleType != "two words" {
		t.Errorf("%+v, %v", m, err)
	}
	b.say(t, `broadcast note "a \"quoted\" \\ one" to all`)
	b.out.await(t, "sent to 1 of 1")
	a.say(t, "wait")
	a.say(t, "receive all")
	if line := a.out.await(t, "note"); !strings.Contains(line, `"次一级数据类型":"a \"quoted\" \\ one","数据内容":"to all"`) {
		t.Errorf("received %s", line)
	}
	a.say(t, "exit")
	if code := <-a.done; code != exitOK {
		t.Errorf("exit status %d", code)
	}
	a.done <- exitOK
	b.in.Close()
	if code := <-b.done; code != exitOK {
		t.Errorf("at the end of input: exit status %d\n%s", code, b.err)
	}
	b.done <- exitOK
}

// TestNodeNotes are lines that can't be done: they are noted, and the rest goes on.
func TestNodeNotes(t *testing.T) {
	const nobody = 1 // is a port on which nobody listens
	for _, tt := range []struct{ line, note string }{
		{"fly\x1b now", `no command fly\x1b; help lists them`},
		{"send", "send: 0 arguments of 5; write: send IP PORT TYPE SUBTYPE CONTENT"},
		{"send 127.0.0.1 x a b c", `send: port "x" is not a number from 1 to 65535`},
		{fmt.Sprintf("send 127.0.0.1 %d a b c", nobody), "send: app: message not sent: "},
		{`send "open`, "send: a double quote without its end; write"},
		{"broadcast a b", "broadcast: 2 arguments of 3; write"},
		{`broadcast a b "c" d`, "broadcast: more than 3 arguments"},
		{"broadcast a b c", "app: no active connections"},
		{"receive", "no message"},
		{"receive 0", "receive: 0 is neither a number nor all"},
		{"receive some", "receive: some is neither a number nor all"},
		{"wait 1ms", "no message"},
		{"wait long", "wait: long is no duration"},
		{"wait -1s", "wait: -1s is no duration"},
		{"peers", "nobody is connected"},
		{"help", "broadcast TYPE SUBTYPE CONTENT"},
	} {
		got := invoke(t, "\n"+tt.line+"\nstatus\n", "node", "--port", "0")
		if got.code != exitOK || !strings.Contains(got.err, tt.note) || !strings.Contains(got.out, "0 connected; 0 messages of 0 bytes waiting") {
			t.Errorf("%s: %+v; want %q", tt.line, got, tt.note)
		}
	}
}

func TestNodeThatCannotStart(t *testing.T) {
	busy, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	locked := t.TempDir()
	startNode(t, "--store", "disk", "--data", locked)
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"port-busy", []string{"--port", fmt.Sprint(busy.Addr().(*net.TCPAddr).Port)}, exitFailure, "another program has this port; choose one with --port"},
		{"port-70000", []string{"--port", "70000"}, exitUsage, "--port 70000 is not in 0 to 65535"},
		{"host", []string{"--host", "nowhere.invalid", "--port", "0"}, exitFailure, "nowhere.invalid"},
		{"store", []string{"--store", "tape"}, exitUsage, `--store "tape" is neither memory nor disk`},
		{"argument", []string{"x"}, exitUsage, `unexpected argument "x"`},
		{"folder-is-a-file", []string{"--port", "0", "--store", "disk", "--data", file}, exitFailure, "is not a folder"},
		{"locked", []string{"--port", "0", "--store", "disk", "--data", locked}, exitFailure, "stop it first"},
	} {
		got := invoke(t, "", append([]string{"node"}, tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.err, tt.want) || got.out != "" {
			t.Errorf("%s: %+v; want exit status %d, %q", tt.name, got, tt.code, tt.want)
		}
	}
}

// Messages on disk are there at the next start, also after kill -9.
func TestNodeDiskSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	cmd, out := program(t, "node", "--host", "127.0.0.1", "--port", "0", "--store", "disk", "--data", dir)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(out.await(t, "node: "), "node: "))
	for i := range 3 {
		if got := invoke(t, "", "send", "127.0.0.1", port, "chat", "text", fmt.Sprint("message ", i)); got.code != exitOK {
			t.Fatalf("%+v", got)
		}
	}
	cmd.Process.Kill()
	cmd.Wait() // it ends by the kill
	got := invoke(t, "receive all\n", "node", "--port", "0", "--store", "disk", "--data", dir)
	if n := strings.Count(got.out, `"数据内容":"message `); got.code != exitOK || n != 3 {
		t.Errorf("%+v", got)
	}
	got = invoke(t, "receive\n", "node", "--port", "0", "--store", "disk", "--data", dir)
	if !strings.Contains(got.err, "no message") {
		t.Errorf("taken, and there again: %+v", got)
	}
}

// A signal closes connections with 1001, and the program exits with 0.
func TestSignalNode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows can't send signals")
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd, out := program(t, "node", "--host", "127.0.0.1", "--port", "0")
		c := dialTest(t, new(conn.Dialer), "ws://"+strings.TrimPrefix(out.await(t, "node: "), "node: "))
		exchange(t, c, conn.Text, []byte("{}"))
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		wantClosed(t, c, `websocket closed by peer: 1001 going away, reason "node stopped"`)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v; want exit status 0\n%s", err, out)
		}
	}
}

func TestSend(t *testing.T) {
	t.Parallel() // it waits for a node that is mute
	n := startNode(t)
	if got := invoke(t, "", "send", "127.0.0.1", n.port, "a", "b", "--", "-c d"); got != (result{}) {
		t.Errorf("%+v; want silence and exit status 0", got)
	}
	n.say(t, "receive")
	n.out.await(t, `"数据内容":"-c d"`)
	hush := peer(t, new(conn.Upgrader), func(c *conn.Conn) error { _, _, err := c.Read(context.Background()); <-c.Context().Done(); return err })
	refusing := peer(t, new(conn.Upgrader), func(c *conn.Conn) error {
		c.Read(context.Background())
		c.WriteText(context.Background(), `{"处理类型":"错误","数据内容":"存储已满"}`)
		_, _, err := c.Read(context.Background())
		return err
	})
	portOf := func(url string) string { return regexp.MustCompile(`\d+$`).FindString(url) }
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nobody-there", []string{"127.0.0.1", "1", "a", "b", "c"}, exitFailure, "godwit send: app: message not sent: "},
		{"bad-host", []string{"a/b", "80", "a", "b", "c"}, exitFailure, "is no IP address or name of a host"},
		{"bad-port", []string{"127.0.0.1", "70000", "a", "b", "c"}, exitUsage, `port "70000" is not a number from 1 to 65535`},
		{"too-few", []string{"127.0.0.1", "80"}, exitUsage, "got 2 arguments"},
		{"too-many", []string{"127.0.0.1", "80", "a", "b", "c", "d"}, exitUsage, "got 6 arguments"},
		{"timeout", []string{"--timeout", "-1s", "127.0.0.1", "80", "a", "b", "c"}, exitUsage, "--timeout -1s is not positive"},
		{"mute", []string{"--timeout", "2s", "127.0.0.1", portOf(hush), "a", "b", "c"}, exitUnacknowledged, "message sent, but not acknowledged"},
		{"refused", []string{"127.0.0.1", portOf(refusing), "a", "b", "c"}, exitRefused, "godwit send: the node refused the message: 存储已满"},
	} {
		got := invoke(t, "", append([]string{"send"}, tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.err, tt.want) || got.out != "" {
			t.Errorf("%s: %+v; want exit status %d, %q", tt.name, got, tt.code, tt.want)
		}
	}
}

func TestSplitArgs(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string
		err  string
	}{
		{"a b c", []string{"a", "b", "c"}, ""},
		{"  a   b  c d  e ", []string{"a", "b", "c d  e"}, ""},
		{`"a b" "" "c"`, []string{"a b", "", "c"}, ""},
		{`a "\"\\" c "d"`, []string{"a", `"\`, `c "d"`}, ""},
		{`a"b" c d`, []string{`a"b"`, "c", "d"}, ""},
		{"a b", nil, "2 arguments of 3"},
		{`a b "c" d`, nil, "more than 3 arguments"},
		{`a b "c\"`, nil, "a double quote without its end"},
	} {
		got, err := splitArgs(tt.line, 3)
		if diff := cmp.Diff(tt.want, got); diff != "" || err == nil && tt.err != "" || err != nil && err.Error() != tt.err {
			t.Errorf("splitArgs(%s): %v, want %q (-want +got):\n%s", tt.line, err, tt.err, diff)
		}
	}
}
