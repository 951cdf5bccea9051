package conn_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// waiting is the model of a queue: what waits, in order.
type waiting []waitingMessage

type waitingMessage struct {
	text   string
	posted bool
	pieces bool // that of the MessageWriter, which isn't in the queue
	header int  // of a message that is framed already
	p      conn.Posting
}

func (w waiting) load() (messages, bytes int) {
	for _, m := range w {
		if !m.pieces {
			messages++
			bytes += m.header + len(m.text) + frame.MaxHeader
		}
	}
	return messages, bytes
}

func (m waitingMessage) givesWay() bool {
	return m.posted && (m.p.Overflow == conn.DropOldest || m.p.Overflow == conn.KeepLatest)
}

// takes reports whether a message may be added to w.
func (w waiting) takes(text string, p conn.Posting) bool {
	messages, bytes := w.load()
	return messages == 0 || len(text)+bytes <= p.MaxBytes && messages < p.MaxMessages
}

// post is what Post is to do, by the book and slowly.
func (w waiting) post(text string, p conn.Posting) (waiting, int) {
	m := waitingMessage{text: text, posted: true, p: p}
	if p.Overflow == conn.DropNewest {
		if w.takes(text, p) {
			return append(w, m), 0
		}
		return w, 1
	}
	firm := slices.DeleteFunc(slices.Clone(w), waitingMessage.givesWay)
	if !firm.takes(text, p) {
		return w, 1
	}
	same := func(m waitingMessage) bool {
		return p.Overflow == conn.KeepLatest && m.posted && m.p.Overflow == conn.KeepLatest && m.p.Key == p.Key
	}
	for dropped := 0; ; dropped++ {
		at := slices.IndexFunc(w, same)
		switch {
		case at < 0 && w.takes(text, p):
			return append(w, m), dropped
		case at >= 0 && slices.Delete(slices.Clone(w), at, at+1).takes(text, p):
			w[at] = m
			return w, dropped + 1
		}
		oldest := slices.IndexFunc(w, waitingMessage.givesWay)
		w = slices.Delete(w, oldest, oldest+1)
	}
}

// framing is how much longer than text is what Write queues of it, text being
// shorter than 126 bytes and the threshold of compression 3.
func framing(c *conn.Conn, text string) int {
	switch {
	case c.Compressed() && len(text) >= 3:
		return 0
	case c.Request() == nil: // a client masks
		return 6
	}
	return 2
}

// Whatever is posted and written on a connection whose peer doesn't read: what
// waits, what is dropped and what arrives are those of the model. From some moment
// on all is held back behind a MessageWriter.
func TestPostModel(t *testing.T) {
	rounds(t, 300*time.Millisecond, func(t *testing.T, seed uint64) {
		g := rand.New(rand.NewPCG(seed, 0))
		cfg := conn.Config{MaxQueued: -1, WriteTimeout: -1}
		inBothRoles(t, cfg, func(t *testing.T, c, peer *conn.Conn) {
			stall(t, c)
			var model waiting
			var w *conn.MessageWriter
			n := 1 + g.IntN(600)
			writerAt := g.IntN(2 * n)
			for i := range n {
				text := fmt.Sprint(i) + strings.Repeat("x", g.IntN(100))
				p := conn.Posting{
					Overflow: conn.DropNewest + conn.Overflow(g.IntN(3)), Key: fmt.Sprint(g.IntN(5)), MaxMessages: 1 + g.IntN(40), MaxBytes: 1 + g.IntN(4000),
				}
				if i == writerAt {
					var err error
					if w, err = c.Writer(t.Context(), conn.Text); err != nil {
						t.Fatal(err)
					}
					model = append(model, waitingMessage{text: "in pieces", pieces: true})
				}
				if w == nil && g.IntN(20) == 0 {
					if err := c.WriteText(t.Context(), text); err != nil {
						t.Fatal(err)
					}
					model = append(model, waitingMessage{text: text, header: framing(c, text)})
					continue
				}
				var dropped int
				model, dropped = model.post(text, p)
				if got, err := c.Post(prepared(t, text), p); got != dropped || err != nil {
					t.Fatalf("Post %d of %+v = %d, %v; want %d", i, p, got, err, dropped)
				}
				wantMessages, wantBytes := model.load()
				if messages, bytes := c.Queued(); messages != wantMessages || bytes != wantBytes {
					t.Fatalf("after Post %d: Queued = %d, %d; want %d, %d", i, messages, bytes, wantMessages, wantBytes)
				}
			}
			var want []string
			for _, m := range model {
				want = append(want, m.text)
			}
			go func() {
				if w != nil {
					io.WriteString(w, "in pieces")
					w.Close()
				}
				c.WriteText(t.Context(), "end")
			}()
			if diff := cmp.Diff(want, texts(t, peer)); diff != "" {
				t.Errorf("GODWIT_SEED=%d: arrived (-want +got):\n%s", seed, diff)
			}
		})
	})
}
