package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
	"github.com/godwit-ws/godwit/store"
)

// Messages that come together are judged one by one and answered in order.
func TestNodeJudgesEachOfABatch(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		n := app.NewNode(app.NodeConfig{Store: s})
		c := dialNode(t, startNode(t, n), "/")
		tooDeep := strings.Replace(sent("x"), `"x"`, strings.Repeat("[", 600)+strings.Repeat("]", 600), 1)
		var batch [][]byte
		for _, text := range []string{sent("1"), tooDeep, "{}", sent("2"), "junk", sent("3")} {
			batch = append(batch, []byte(text))
		}
		if _, err := c.WriteAll(t.Context(), conn.Text, batch); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"已收到消息", "嵌套过深", "缺少字段: 处理类型", "已收到消息", "无效的JSON", "已收到消息"} {
			if got := readFields(t, c)["数据内容"]; got != want {
				t.Errorf("reply %d is %v, want %s", i, got, want)
			}
		}
		for _, want := range []string{"1", "2", "3"} {
			if m, ok := n.NextMessage(); !ok || m.Text() != want {
				t.Errorf("%+v, %v; want %s", m, ok, want)
			}
		}
	})
}

// Binary messages are taken as text is, as Python does, if they are UTF-8.
func TestNodeTakesBinary(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	c := dialNode(t, startNode(t, n), "/")
	for _, tt := range []struct{ in, want string }{{sent("x"), "已收到消息"}, {strings.Replace(sent("x"), "x", "\xff", 1), "无效的JSON"}} {
		if err := c.Write(context.Background(), conn.Binary, []byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		if got := readFields(t, c)["数据内容"]; got != tt.want {
			t.Errorf("reply %v, want %s", got, tt.want)
		}
	}
}

// limited refuses everything too large for it.
func TestNodeStoreThatTakesNoMore(t *testing.T) {
	t.Parallel() // one of them waits
	for _, tt := range []struct {
		name  string
		store store.Config
		want  string
	}{
		{"full", store.Config{MaxMessages: 1}, "存储已满"},
		{"full-and-waiting", store.Config{MaxMessages: 1, WhenFull: store.Wait}, "存储已满"},
		{"too-large", store.Config{MaxMessageSize: 10}, "消息过大"},
		{"drops-the-oldest", store.Config{MaxMessages: 1, WhenFull: store.DropOldest}, "已收到消息"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store.NewMemory(tt.store)
			if err := s.Append(t.Context(), []byte("{}")); err != nil {
				t.Fatal(err)
			}
			n := app.NewNode(app.NodeConfig{Store: s, AckTimeout: time.Second})
			c := dialNode(t, startNode(t, n), "/")
			if _, got := exchange(t, c, sent("x")); got != tt.want {
				t.Errorf("reply %v, want %s", got, tt.want)
			}
		})
	}
}

func TestNodeStoreThatFails(t *testing.T) {
	s := store.NewMemory(store.Config{})
	var log nodeLog
	n := app.NewNode(app.NodeConfig{Store: s, Logger: log.logger()})
	c := dialNode(t, startNode(t, n), "/")
	s.Close()
	if got, reason := exchange(t, c, sent("x")); got != "错误" || reason != "存储失败" {
		t.Errorf("reply %v, %v", got, reason)
	}
	if _, ok := n.NextMessage(); ok {
		t.Error("a closed store gave a message")
	}
	if got := log.String(); !strings.Contains(got, "存储消息失败") || !strings.Contains(got, "读取消息失败") || !strings.Contains(got, "store: closed") {
		t.Errorf("logged:\n%s", got)
	}
}

// One who sends junk for ever doesn't fill the log.
func TestNodeLogsFewRefusals(t *testing.T) {
	var log nodeLog
	n := app.NewNode(app.NodeConfig{Logger: log.logger()})
	c := dialNode(t, startNode(t, n), "/")
	for range 100 {
		exchange(t, c, "junk")
	}
	if got := strings.Count(log.String(), "level=WARN"); got != 10 {
		t.Errorf("%d warnings", got)
	}
}

// What comes on a connection that the node has opened is stored without an answer;
// 确认 and 错误 are replies there, and messages like any other where the peer has
// opened it.
func TestNodeOnConnectionsOfItsOwn(t *testing.T) {
	heard := make(chan string, 10)
	broadcast := strings.NewReplacer(`"127.0.0.1"`, `"broadcast"`, "8765", `"all"`).Replace(sent("to all"))
	port := peerNode(t, func(c *conn.Conn) error {
		c.Read(context.Background())
		for _, text := range []string{broadcast, "junk", "{}", ackText, ackText, refusalText, sent("later")} {
			c.WriteText(context.Background(), text)
		}
		_, text, err := c.Read(context.Background())
		if err == nil {
			heard <- string(text)
		}
		return err
	})
	var log nodeLog
	n := sender(t, app.NodeConfig{Logger: log.logger()})
	if err := n.Send(t.Context(), "127.0.0.1", port, "a", "b", "c"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"to all", "later"} {
		m := waitMessage(t, n)
		if m.Text() != want || m.PeerPort != port {
			t.Errorf("%+v, want %s", m, want)
		}
	}
	if n.Store().Len() != 0 || len(heard) != 0 {
		t.Errorf("%d messages are left, %d were answered", n.Store().Len(), len(heard))
	}
	nodeEventually(t, "two warnings, and two replies too many, in the log", func() bool {
		got := log.String()
		return strings.Count(got, "level=WARN") == 2 && strings.Count(got, "收到多余的确认") == 2
	})

	to := app.NewNode(app.NodeConfig{})
	c := dialNode(t, startNode(t, to), "/")
	for _, text := range []string{ackText, refusalText} {
		if got, _ := exchange(t, c, text); got != "确认" {
			t.Errorf("reply %v", got)
		}
	}
	if m := waitMessage(t, to); m.HandleType != "确认" {
		t.Errorf("%+v", m)
	}
}

// Two nodes broadcast to each other without end: no message begets another.
func TestNodeBroadcastsAreNotAnswered(t *testing.T) {
	a, b := app.NewNode(app.NodeConfig{}), app.NewNode(app.NodeConfig{})
	ports := []int{startNode(t, a), startNode(t, b)}
	for i, n := range []*app.Node{b, a} {
		if err := n.Send(t.Context(), "127.0.0.1", ports[i], "a", "b", "hello"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		for _, n := range []*app.Node{a, b} {
			if sent, err := n.Broadcast(t.Context(), "a", "b", i); sent != 1 || err != nil {
				t.Fatalf("%d, %v", sent, err)
			}
		}
	}
	for _, n := range []*app.Node{a, b} {
		waitMessage(t, n) // hello
		for i := range 10 {
			if m := waitMessage(t, n); m.Text() != fmt.Sprint(i) {
				t.Errorf("broadcast %d is %s", i, m.Text())
			}
		}
		if n.Store().Len() != 0 {
			t.Errorf("%d messages more", n.Store().Len())
		}
	}
}

// Web pages of other origins are kept out, unless the config lets them in.
func TestNodeOrigins(t *testing.T) {
	for _, tt := range []struct {
		origins handshake.Origins
		fine    bool
	}{{handshake.Origins{}, false}, {handshake.Origins{AllowAny: true}, true}} {
		n := app.NewNode(app.NodeConfig{Origins: tt.origins})
		port := startNode(t, n)
		d := conn.Dialer{Header: http.Header{"Origin": {"https://elsewhere.example"}}}
		c, err := d.Dial(t.Context(), fmt.Sprintf("ws://127.0.0.1:%d/", port))
		if (err == nil) != tt.fine {
			t.Errorf("with %+v: %v", tt.origins, err)
		}
		if err == nil {
			c.Abort()
		}
	}
}
