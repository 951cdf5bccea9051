package app_test

// The items 91 to 114 of the seeds: what the Python library WebSocketProtocolCore
// promises and does, one test an item. Here: sending, and what is on the wire.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

func TestSeed102SendMessage(t *testing.T) {
	t.Parallel() // one of them waits
	patient, hasty := sender(t, app.NodeConfig{}), sender(t, app.NodeConfig{AckTimeout: time.Second})
	to := app.NewNode(app.NodeConfig{})
	port := startNode(t, to)
	const refused = 1 // nobody listens there
	full := store.NewMemory(store.Config{MaxMessages: 1})
	if err := full.Append(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		ip      string
		port    int
		success bool
		text    string // the beginning of what it says
	}{
		{"ok", "127.0.0.1", port, true, "消息发送成功并收到确认"},
		{"refused-connection", "127.0.0.1", refused, false, "消息发送失败: app: message not sent: "},
		{"unknown-host", "host.invalid", 80, false, "消息发送失败: app: message not sent: "},
		{"no-host", "", 80, false, "消息发送失败: app: message not sent: \"\" is no IP"},
		{"not-a-host", "a b", 80, false, "消息发送失败: app: message not sent: "},
		{"path-in-host", "127.0.0.1/x", port, false, "消息发送失败: app: message not sent: "},
		{"port-0", "127.0.0.1", 0, false, "消息发送失败: app: message not sent: port 0"},
		{"port-70000", "127.0.0.1", 70000, false, "消息发送失败: app: message not sent: port 70000"},
		{"mute", "127.0.0.1", peerNode(t, mute), false, "消息发送失败: app: message sent, but not acknowledged: "},
		{"full-store", "127.0.0.1", startNode(t, app.NewNode(app.NodeConfig{Store: full})), false, "消息发送失败: 对方拒绝: 存储已满"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), nodePatience)
			defer cancel()
			n := patient
			if tt.name == "mute" {
				n = hasty
			}
			success, text := n.SendMessage(ctx, tt.ip, tt.port, "聊天", "文本", "你好")
			if success != tt.success || !strings.HasPrefix(text, tt.text) || ctx.Err() != nil {
				t.Errorf("%v, %s; want %v, %s", success, text, tt.success, tt.text)
			}
		})
	}
	t.Run("ipv6", func(t *testing.T) {
		l, err := net.Listen("tcp", "[::1]:0")
		if err != nil {
			t.Skip("no IPv6 here")
		}
		to := app.NewNode(app.NodeConfig{})
		if err := to.StartListener(l); err != nil {
			t.Fatal(err)
		}
		stopLater(t, to)
		for _, ip := range []string{"::1", "[::1]"} {
			if success, text := patient.SendMessage(t.Context(), ip, l.Addr().(*net.TCPAddr).Port, "a", "b", "c"); !success {
				t.Errorf("to %s: %s", ip, text)
			}
			if m := waitMessage(t, to); m.PeerIP != "::1" || string(m.Extra["目标IP"]) != `"::1"` {
				t.Errorf("%+v", m)
			}
		}
	})
}

// isoTime is a time as Python 3.7's fromisoformat reads it.
var isoTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$`)

// What is sent: these keys in this order, nothing escaped that needn't be, as text.
func TestSeed103SendFormat(t *testing.T) {
	got := make(chan string, 1)
	port := peerNode(t, func(c *conn.Conn) error {
		op, text, err := c.Read(context.Background())
		if err == nil {
			got <- op.String() + " " + string(text)
			err = c.WriteText(context.Background(), ackText)
		}
		return errors.Join(err, mute(c))
	})
	for _, tt := range []struct {
		content any
		json    string
	}{
		{`<a href="x">你好 & ` + "\u2028", `"<a href=\"x\">你好 & ` + "\u2028" + `"`},
	} {
		if err := sender(t, app.NodeConfig{}).Send(t.Context(), "127.0.0.1", port, "聊天", "文本", tt.content); err != nil {
			t.Fatal(err)
		}
		frame := <-got
		want := fmt.Sprintf(`text {"目标IP":"127.0.0.1","目标端口":%d,"处理类型":"聊天","次一级数据类型":"文本","数据内容":%s,"时间":"`, port, tt.json)
		rest, ok := strings.CutPrefix(frame, want)
		at, end := strings.CutSuffix(rest, `"}`)
		if !ok || !end || !isoTime.MatchString(at) {
			t.Errorf("sent %s\nwant %s…\"}", frame, want)
		}
	}
}

// What is received: the peer's address from the socket, all else as it was sent.
func TestSeed104ReceiveFormat(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	c := dialNode(t, startNode(t, n), "/")
	if got, _ := exchange(t, c, `{"对方IP":"1.2.3.4","对方端口":99,"处理类型":"a","次一级数据类型":"b","数据内容":{"n":1.50},"时间":"2026-01-02T03:04:05+08:00","优先级":[1, 2],"目标端口":"8765"}`); got != "确认" {
		t.Fatalf("reply %v", got)
	}
	for message, err := range n.Store().All() {
		want := fmt.Sprintf(`{"对方IP":"127.0.0.1","对方端口":%d,"处理类型":"a","次一级数据类型":"b","数据内容":{"n":1.50},"时间":"2026-01-02T03:04:05+08:00","优先级":[1,2],"目标端口":"8765"}`,
			c.LocalAddr().(*net.TCPAddr).Port)
		if diff := cmp.Diff(want, string(message.Payload)); err != nil || diff != "" {
			t.Errorf("stored: %v (-want +got):\n%s", err, diff)
		}
	}
	m := waitMessage(t, n)
	want := app.NodeMessage{
		Seq: m.Seq, PeerIP: "127.0.0.1", PeerPort: c.LocalAddr().(*net.TCPAddr).Port, HandleType: "a", SubType: "b",
		Content: json.RawMessage(`{"n":1.50}`), Time: time.Date(2026, 1, 1, 19, 4, 5, 0, time.UTC),
		Extra: map[string]json.RawMessage{"优先级": json.RawMessage("[1,2]"), "目标端口": json.RawMessage(`"8765"`)},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
}

// Times are written so that Python reads them, and read however Python, or others,
// write them.
func TestSeed105Times(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	c := dialNode(t, startNode(t, n), "/")
	utc := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	local := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	for written, want := range map[string]time.Time{
		"2026-01-02T03:04:05":                 local,
		"2026-01-02T03:04:05.000006":          local.Add(6 * time.Microsecond),
		"2026-01-02 03:04:05.5":               local.Add(500 * time.Millisecond),
		"2026-01-02T03:04:05Z":                utc,
		"2026-01-02T03:04:05.123456789Z":      utc.Add(123456789),
		"2026-01-02T03:04:05.000001+08:00":    utc.Add(-8*time.Hour + time.Microsecond),
		"2026-01-02T03:04:05.12345-03:30":     utc.Add(3*time.Hour + 30*time.Minute + 123450*time.Microsecond),
		`2026-01-02T03:04:05\u002b08:00`:      utc.Add(-8 * time.Hour),
		"2026-01-02T03:04:05.12345678+00:00":  utc.Add(123456780),
		"2026-01-02T03:04:05.1234567+00:00":   utc.Add(123456700),
		"2026-01-02T03:04:05.1234+00:00":      utc.Add(123400 * time.Microsecond),
		"2026-01-02T03:04:05.123456789-11:59": utc.Add(11*time.Hour + 59*time.Minute + 123456789),
	} {
		if got, reason := exchange(t, c, strings.Replace(sent("x"), "2026-01-02T03:04:05.000006", written, 1)); got != "确认" {
			t.Fatalf("%s: %v", written, reason)
		}
		if m := waitMessage(t, n); !m.Time.Equal(want) {
			t.Errorf("%s was read as %v, want %v", written, m.Time, want)
		}
	}
	before := time.Now().Truncate(time.Microsecond)
	if err := c.WriteText(context.Background(), sent("x")); err != nil {
		t.Fatal(err)
	}
	ours, _ := readFields(t, c)["时间"].(string)
	if !isoTime.MatchString(ours) {
		t.Errorf("we wrote %q", ours)
	}
	if at, err := time.Parse(time.RFC3339Nano, ours); err != nil || at.Before(before) || time.Since(at) > nodePatience {
		t.Errorf("we wrote %q: %v, %v", ours, at, err)
	}
	if python, err := exec.LookPath("python3"); err == nil {
		out, err := exec.Command(python, "-c", "import datetime, sys; print(datetime.datetime.fromisoformat(sys.argv[1]).timestamp())", ours).CombinedOutput()
		if err != nil {
			t.Errorf("fromisoformat: %v\n%s", err, out)
		}
	}
}

// The acknowledgement, and that it comes after the message was stored. The Python
// library at the other end is in bench/interop.
func TestSeed106Ack(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		n := app.NewNode(app.NodeConfig{Store: s})
		port := startNode(t, n)
		c := dialNode(t, port, "/")
		for i := range 3 {
			if err := c.WriteText(context.Background(), sent("x")); err != nil {
				t.Fatal(err)
			}
			reply := readFields(t, c)
			if s.Len() != i+1 {
				t.Errorf("%d messages stored when number %d was acknowledged", s.Len(), i)
			}
			if at, _ := reply["时间"].(string); !isoTime.MatchString(at) {
				t.Errorf("时间 is %v", reply["时间"])
			}
			delete(reply, "时间")
			want := map[string]any{
				"对方IP": "127.0.0.1", "对方端口": json.Number(fmt.Sprint(port)),
				"处理类型": "确认", "次一级数据类型": "接收成功", "数据内容": "已收到消息",
			}
			if diff := cmp.Diff(want, reply); diff != "" {
				t.Errorf("acknowledgement (-want +got):\n%s", diff)
			}
		}
	})
	// Ours is content with what the Python server answers.
	python := `{"\u5bf9\u65b9IP": "127.0.0.1", "\u5bf9\u65b9\u7aef\u53e3": 1, "\u5904\u7406\u7c7b\u578b": "\u786e\u8ba4", "\u6b21\u4e00\u7ea7\u6570\u636e\u7c7b\u578b": "\u63a5\u6536\u6210\u529f", "\u6570\u636e\u5185\u5bb9": "\u5df2\u6536\u5230\u6d88\u606f", "\u65f6\u95f4": "2026-01-02T03:04:05.000006"}`
	port := peerNode(t, func(c *conn.Conn) error {
		for {
			if _, _, err := c.Read(context.Background()); err != nil {
				return err
			}
			c.WriteText(context.Background(), python)
		}
	})
	if ok, text := sender(t, app.NodeConfig{}).SendMessage(t.Context(), "127.0.0.1", port, "a", "b", "c"); !ok || text != "消息发送成功并收到确认" {
		t.Errorf("%v, %s", ok, text)
	}
}

// What isn't a message is logged, answered and not stored, and the connection stays.
func TestSeed107Refusals(t *testing.T) {
	var log nodeLog
	n := app.NewNode(app.NodeConfig{Logger: log.logger(), MaxMessageSize: 3 << 20})
	c := dialNode(t, startNode(t, n), "/")
	without := func(key string) string { return strings.Replace(sent("x"), key, "x", 1) }
	nested := func(levels int) string {
		return strings.Replace(sent("x"), `"x"`, strings.Repeat("[", levels)+strings.Repeat("]", levels), 1)
	}
	for _, tt := range []struct{ name, in, reason string }{
		{"words", "not json", "无效的JSON"},
		{"array", "[]", "不是JSON对象"},
		{"number", "42", "不是JSON对象"},
		{"empty-object", "{}", "缺少字段: 处理类型"},
		{"no-handle-type", without("处理类型"), "缺少字段: 处理类型"},
		{"no-sub-type", without("次一级数据类型"), "缺少字段: 次一级数据类型"},
		{"no-content", without("数据内容"), "缺少字段: 数据内容"},
		{"no-time", without("时间"), "缺少字段: 时间"},
		{"wrong-type", strings.Replace(sent("x"), `"聊天"`, "5", 1), "字段类型错误: 处理类型 应为字符串"},
		{"wrong-inside", strings.Replace(sent("x"), `"x"`, "[1,}", 1), "无效的JSON"},
		{"nested-64", strings.Repeat("[", 64) + strings.Repeat("]", 64), "不是JSON对象"},
		{"nested-content-too-deep", nested(512), "嵌套过深"},
		{"2-MiB-of-brackets", strings.Repeat("[", 2<<20), "不是JSON对象"},
		{"content-of-2-MiB-of-brackets", strings.Replace(sent("x"), `"x"`, strings.Repeat("[", 2<<20), 1), "无效的JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, reason := exchange(t, c, tt.in); got != "错误" || reason != tt.reason {
				t.Errorf("reply %v, %v; want 错误, %s", got, reason, tt.reason)
			}
			if !strings.Contains(log.String(), tt.reason) {
				t.Errorf("not logged: %s", tt.reason)
			}
		})
	}
	if got := n.Store().Len(); got != 0 {
		t.Errorf("%d messages were stored", got)
	}
	if !strings.Contains(log.String(), "消息格式错误") || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("logged:\n%s", &log)
	}
	for _, fine := range []string{sent("x"), nested(64), nested(511)} {
		if got, reason := exchange(t, c, fine); got != "确认" {
			t.Errorf("afterwards: %v, %v", got, reason)
		}
	}
	ours := sender(t, app.NodeConfig{})
	ok, text := ours.SendMessage(t.Context(), "127.0.0.1", n.Addr().(*net.TCPAddr).Port, "a", "b", json.RawMessage(strings.Repeat("[", 600)+strings.Repeat("]", 600)))
	if ok || text != "消息发送失败: 对方拒绝: 嵌套过深" {
		t.Errorf("our sender says %v, %s", ok, text)
	}
}
