package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
)

// demoURL runs serve and returns the URL of its root.
func demoURL(t *testing.T) string {
	t.Helper()
	return strings.TrimSuffix(start(t, "serve", "--addr", "127.0.0.1:0").url, "/echo")
}

// readText returns the next message.
func readText(t *testing.T, c *conn.Conn) string {
	t.Helper()
	_, p, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

func TestServeEchoes(t *testing.T) {
	root := demoURL(t)
	c := dialTest(t, new(conn.Dialer), root+"/echo/%E4%BD%A0%E5%A5%BD")
	if got := readText(t, c); got != "初始消息: 你好" {
		t.Errorf("the greeting is %q", got)
	}
	for op, p := range map[conn.Opcode][]byte{conn.Text: []byte("text"), conn.Binary: {0, 255}} {
		if got := exchange(t, c, op, p); string(got) != string(p) {
			t.Errorf("%x came back for %x", got, p)
		}
	}
}

// TestServeTime waits for the clock to strike.
func TestServeTime(t *testing.T) {
	t.Parallel()
	c := dialTest(t, new(conn.Dialer), demoURL(t)+"/time")
	var times [2]time.Time
	for i := range times {
		var m timeMessage
		err := json.Unmarshal([]byte(readText(t, c)), &m)
		if err == nil {
			times[i], err = time.Parse(time.RFC3339, m.Time)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if d := times[1].Sub(times[0]); d < 0 || d > patience {
		t.Errorf("%v after %v", times[1], times[0])
	}
}

// chatMember is one who chats.
type chatMember struct {
	*conn.Conn
	t *testing.T
}

func joinChat(t *testing.T, url string) chatMember {
	t.Helper()
	return chatMember{dialTest(t, new(conn.Dialer), url), t}
}

func (m chatMember) send(text string) {
	m.t.Helper()
	if err := m.WriteText(m.t.Context(), text); err != nil {
		m.t.Fatal(err)
	}
}

// want reads events and compares them, but for their times.
func (m chatMember) want(events ...chatEvent) {
	m.t.Helper()
	for _, want := range events {
		var got chatEvent
		if err := json.Unmarshal([]byte(readText(m.t, m.Conn)), &got); err != nil {
			m.t.Fatal(err)
		}
		if _, err := time.Parse(time.RFC3339, got.Time); err != nil {
			m.t.Error(err)
		}
		got.Time = ""
		if diff := cmp.Diff(want, got); diff != "" {
			m.t.Errorf("event (-want +got):\n%s", diff)
		}
	}
}

func TestServeChat(t *testing.T) {
	root := demoURL(t)
	ann := joinChat(t, root+"/chat/lobby?name=ann")
	ann.want(chatEvent{Type: "here", Members: []string{"ann"}})
	li := joinChat(t, root+"/chat/lobby?name=%E6%9D%8E")
	li.want(chatEvent{Type: "here", Members: []string{"ann", "李"}})
	ann.want(chatEvent{Type: "joined", From: "李"})
	elsewhere := joinChat(t, root+"/chat/elsewhere?name=eve")
	elsewhere.want(chatEvent{Type: "here", Members: []string{"eve"}})

	li.send(`{"say":"大家好 <b>"}`)
	said := chatEvent{Type: "said", From: "李", Text: "大家好 <b>"}
	ann.want(said)
	li.want(said)
	ann.send(`{"who":true}`)
	ann.want(chatEvent{Type: "here", Members: []string{"ann", "李"}})
	for _, wrong := range []string{"hello", "{}", "[]", `{"say":7}`, ""} {
		ann.send(wrong)
		ann.want(chatEvent{Type: "mistake", Text: `write {"say":"hello"} to speak, or {"who":true} to ask who is there`})
	}
	li.Close(t.Context(), conn.CodeNormal, "")
	ann.want(chatEvent{Type: "left", From: "李"})
	elsewhere.send(`{"who":true}`)
	elsewhere.want(chatEvent{Type: "here", Members: []string{"eve"}}) // and nothing in between
}

func TestServeChatRoomName(t *testing.T) {
	c := dialTest(t, new(conn.Dialer), demoURL(t)+"/chat/"+strings.Repeat("x", 251))
	wantClosed(t, c, `websocket closed by peer: 1008 policy violation, reason "the room's name is too long"`)
}

func TestNickname(t *testing.T) {
	for _, tt := range []struct{ asked, want string }{
		{"ann", "ann"},
		{"小明", "小明"},
		{"a b", "a b"},
		{"", "guest-c1"},
		{"\x00\n\u202e", "guest-c1"},
		{"a\nb\u200f", "ab"},
		{strings.Repeat("名", 40), strings.Repeat("名", 32)},
		{"a\xffb", "a\ufffdb"},
	} {
		if got := nickname(tt.asked, "c1"); got != tt.want {
			t.Errorf("nickname(%q) = %q, want %q", tt.asked, got, tt.want)
		}
	}
}
