package cluster_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app/live"
	"github.com/godwit-ws/godwit/conn"
)

// What a client may ask of package live can't take a node's connection to NATS away from
// the others: NATS closes it on whoever sends a subject that is too long, or none.
func TestHostileTopics(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	l := listen(t, b.url, "kept", "", false)
	long := strings.Repeat("*.> \x00\r\n\u20ac", 2000)
	c, err := conn.Dial(ctx, a.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort()
	c.Read(ctx) // welcome
	for _, topic := range []string{"", ">", "*", "a..b", ".", " ", "\x00", "\r\nPUB x 0\r\n", long, long[:app255(long)]} {
		name, _ := json.Marshal(topic)
		for _, request := range []string{
			`"do":"subscribe","presence":true`, `"do":"subscribe","after":"x-1"`, `"do":"publish","data":1,"quiet":true`,
			`"do":"members"`, `"do":"unsubscribe"`,
		} {
			if err := c.WriteText(ctx, fmt.Sprintf(`{%s,"topic":%s,"id":1}`, request, name)); err != nil {
				t.Fatal(err)
			}
			answerTo(t, c, request, topic)
		}
	}
	if n := a.NATS().Stats().Reconnects; n > 0 {
		t.Errorf("the node lost NATS %d times", n)
	}
	say(t, a, "kept", "still here")
	l.want("still here")
}

// answerTo reads until the answer to a request, which may be a refusal but not that of a
// server in trouble.
func answerTo(t *testing.T, c *conn.Conn, request, topic string) {
	t.Helper()
	for {
		_, text, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var a struct {
			ID    int
			Error live.ErrorCode
		}
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatal(err)
		}
		if a.ID == 0 {
			continue // an event
		}
		if a.Error == live.CodeUnavailable {
			t.Errorf("%s of %.20q: %.200s", request, topic, text)
		}
		return
	}
}

// app255 is how much of a text is a topic's longest name.
func app255(s string) int {
	n := 0
	for i := range s {
		if i <= 255 {
			n = i
		}
	}
	return n
}
