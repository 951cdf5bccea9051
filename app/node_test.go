package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/store"
)

// nodePatience is how long a test waits for what must come.
const nodePatience = 20 * time.Second

// startNode starts a node on a free port of loopback, for the time of t, and returns
// the port.
func startNode(t testing.TB, n *app.Node) int {
	t.Helper()
	if err := n.StartAddr("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	stopLater(t, n)
	return n.Addr().(*net.TCPAddr).Port
}

// stopLater stops a node when t ends.
func stopLater(t testing.TB, n *app.Node) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
		defer cancel()
		n.Stop(ctx) // peers that tests have left mute are dropped
	})
}

// sender returns a node that isn't started, for the time of t.
func sender(t testing.TB, cfg app.NodeConfig) *app.Node {
	n := app.NewNode(cfg)
	stopLater(t, n)
	return n
}

// onEachStore runs a test with both kinds of store.
func onEachStore(t *testing.T, test func(t *testing.T, s store.Store)) {
	for _, mode := range []app.NodeStorage{app.NodeStorageDisk, app.NodeStorageMemory} {
		t.Run(fmt.Sprintf("mode=%d", mode), func(t *testing.T) {
			s, err := mode.Open(store.Config{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			test(t, s)
		})
	}
}

// peerNode runs a server in place of a node, for the time of t, and returns its
// port. handle gets each connection.
func peerNode(t testing.TB, handle func(c *conn.Conn) error) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var up conn.Upgrader
	var mu sync.Mutex
	var work sync.WaitGroup
	var conns []*conn.Conn
	work.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				c, err := up.Accept(context.Background(), nc)
				if err != nil {
					return
				}
				defer c.Abort()
				mu.Lock()
				conns = append(conns, c)
				mu.Unlock()
				handle(c) // how it ended is up to the test
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Abort()
		}
		mu.Unlock()
		work.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port
}

// mute is a server that reads and never answers.
func mute(c *conn.Conn) error {
	for {
		if _, _, err := c.Read(context.Background()); err != nil {
			return err
		}
	}
}

const ackText = `{"对方IP":"127.0.0.1","对方端口":1,"处理类型":"确认","次一级数据类型":"接收成功","数据内容":"已收到消息","时间":"2026-01-02T03:04:05"}`

// dialNode connects to a node as another would, for the time of t.
func dialNode(t testing.TB, port int, path string) *conn.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
	defer cancel()
	c, err := conn.Dial(ctx, fmt.Sprintf("ws://127.0.0.1:%d%s", port, path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}

// readFields reads a message and returns its members.
func readFields(t testing.TB, c *conn.Conn) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
	defer cancel()
	_, text, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return members(t, text)
}

// members decodes a JSON object, numbers as they are written.
func members(t testing.TB, text []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

// exchange sends a text and returns the 处理类型 and the 数据内容 of the reply.
func exchange(t testing.TB, c *conn.Conn, text string) (handleType, content any) {
	t.Helper()
	if err := c.WriteText(context.Background(), text); err != nil {
		t.Fatal(err)
	}
	reply := readFields(t, c)
	return reply["处理类型"], reply["数据内容"]
}

// sent returns a message as other nodes send it.
func sent(content string) string {
	return fmt.Sprintf(`{"目标IP":"127.0.0.1","目标端口":8765,"处理类型":"聊天","次一级数据类型":"文本","数据内容":%q,"时间":"2026-01-02T03:04:05.000006"}`, content)
}

// nodeEventually waits until ok reports true.
func nodeEventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(nodePatience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", nodePatience, what)
		}
	}
}

// waitMessage takes the next message.
func waitMessage(t testing.TB, n *app.Node) app.NodeMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
	defer cancel()
	m, err := n.WaitMessage(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// nodeLog collects what a node logs.
type nodeLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *nodeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *nodeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *nodeLog) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// wantClosed waits for the end of a connection and checks its code.
func wantClosed(t testing.TB, c *conn.Conn, code conn.Code) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
	defer cancel()
	for {
		if _, _, err := c.Read(ctx); err != nil {
			if e, ok := errors.AsType[*conn.CloseError](err); !ok || e.Code != code {
				t.Errorf("ended with %v, want code %d", err, code)
			}
			return
		}
	}
}
