package interop_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// nodePatience is how long a test waits for what must come.
const nodePatience = 20 * time.Second

// pythonNode runs testdata/python/node.py, and returns it with the lines it prints.
func pythonNode(t *testing.T, args ...string) (*process, func() string) {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import websockets.legacy.server").Run() != nil {
			continue
		}
		p := start(t, python, append([]string{filepath.Join("testdata", "python", "node.py")}, args...)...)
		lines := make(chan string, 10_000)
		go func() {
			defer close(lines)
			for in := bufio.NewScanner(p.stdout); in.Scan(); {
				lines <- in.Text()
			}
		}()
		return p, func() string {
			t.Helper()
			select {
			case line, ok := <-lines:
				if !ok {
					t.Fatal("the Python node has ended")
				}
				return line
			case <-time.After(nodePatience):
				t.Fatal("the Python node says nothing")
			}
			return ""
		}
	}
	t.Skip("no python3 has the websockets package (apt-get install python3-websockets)")
	return nil, nil
}

// startOurNode runs a node for the time of t.
func startOurNode(t *testing.T) (n *app.Node, port int) {
	t.Helper()
	n = app.NewNode(app.NodeConfig{})
	if err := n.StartAddr("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
		defer cancel()
		n.Stop(ctx) // peers may be gone already
	})
	return n, n.Addr().(*net.TCPAddr).Port
}

func nextMessage(t *testing.T, n *app.Node) app.NodeMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), nodePatience)
	defer cancel()
	m, err := n.WaitMessage(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A Python program sends to our node: a connection for each message, and it is told
// that each was acknowledged.
func TestNodeReceivesFromPython(t *testing.T) {
	n, port := startOurNode(t)
	const messages = 50
	_, line := pythonNode(t, "send", strconv.Itoa(port), strconv.Itoa(messages))
	for i := range messages {
		if got := line(); got != "消息发送成功并收到确认" {
			t.Fatalf("Python says of message %d: %s", i, got)
		}
		m := nextMessage(t, n)
		want := fmt.Sprintf("第%d条", i)
		if i%2 == 1 {
			want = fmt.Sprintf(`{"\u53f7":%d,"\u5c0f\u6570":0.5,"\u5217\u8868":[null,true]}`, i)
		}
		if m.Text() != want || m.HandleType != "聊天" || m.SubType != "文本" || m.PeerIP != "127.0.0.1" || time.Since(m.Time) > nodePatience {
			t.Errorf("message %d: %+v, want %s", i, m, want)
		}
		if ip, to, all := m.Target(); ip != "127.0.0.1" || to != port || all {
			t.Errorf("message %d went to %s, %d", i, ip, to)
		}
	}
}

// What our node refuses, Python isn't told to be acknowledged.
func TestNodeRefusesFromPython(t *testing.T) {
	n, port := startOurNode(t)
	_, line := pythonNode(t, "raw", strconv.Itoa(port), "not json", "[]", "{}",
		`{"处理类型": "a", "次一级数据类型": "b", "数据内容": "c", "时间": "2026-01-02T03:04:05"}`)
	for _, want := range []string{"错误 无效的JSON", "错误 不是JSON对象", "错误 缺少字段: 处理类型", "确认 已收到消息"} {
		if got := line(); got != want {
			t.Errorf("the reply is %s, want %s", got, want)
		}
	}
	if m := nextMessage(t, n); m.Text() != "c" || n.Store().Len() != 0 {
		t.Errorf("%+v, and %d more", m, n.Store().Len())
	}
}

// Our node sends to a Python server, many at a time on one connection, and gets its
// broadcasts on that connection: they are stored, and not answered, for Python would
// store the answer and answer it.
func TestNodeSendsToPython(t *testing.T) {
	python, line := pythonNode(t, "serve")
	port, err := strconv.Atoi(line())
	if err != nil {
		t.Fatal(err)
	}
	n, _ := startOurNode(t)
	const messages = 200
	results := make(chan error, messages)
	for i := range messages {
		go func() {
			results <- n.Send(t.Context(), "127.0.0.1", port, "聊天", "文本", map[string]any{"n": i, "text": "<你好> & \u2028"})
		}()
	}
	for range messages {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for range messages {
		var m map[string]any
		if err := json.Unmarshal([]byte(line()), &m); err != nil {
			t.Fatal(err)
		}
		content, _ := m["数据内容"].(map[string]any)
		if content["text"] != "<你好> & \u2028" || m["目标端口"] != float64(port) || m["对方IP"] != "127.0.0.1" {
			t.Fatalf("Python has stored %v", m)
		}
		seen[fmt.Sprint(content["n"])] = true
	}
	if len(seen) != messages {
		t.Errorf("%d messages arrived, want %d", len(seen), messages)
	}
	for i := range 3 {
		if _, err := fmt.Fprintf(python.stdin, "广播%d\n", i); err != nil {
			t.Fatal(err)
		}
		m := nextMessage(t, n)
		if _, _, all := m.Target(); m.Text() != fmt.Sprintf("广播%d", i) || m.HandleType != "通知" || m.PeerPort != port || !all {
			t.Errorf("%+v", m)
		}
	}
	if err := n.Send(t.Context(), "127.0.0.1", port, "聊天", "文本", "last"); err != nil {
		t.Fatal(err)
	}
	if got := line(); !strings.Contains(got, "last") {
		t.Errorf("Python was sent %s", got)
	}
}

// Our broadcasts reach Python clients in the format they know.
func TestNodeBroadcastsToPython(t *testing.T) {
	n, port := startOurNode(t)
	_, line := pythonNode(t, "listen", strconv.Itoa(port))
	for end := time.Now().Add(nodePatience); len(n.ActiveConnections()) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("Python doesn't connect")
		}
	}
	if ok, text := n.BroadcastMessage(t.Context(), "通知", "文本", "大家好"); !ok || text != "已向1个连接广播消息" {
		t.Errorf("%v, %s", ok, text)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(line()), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "时间")
	want := map[string]any{"目标IP": "broadcast", "目标端口": "all", "处理类型": "通知", "次一级数据类型": "文本", "数据内容": "大家好"}
	if !maps.Equal(want, got) {
		t.Errorf("Python got %v, want %v", got, want)
	}
}
