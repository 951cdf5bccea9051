package app_test

import (
	"fmt"
	"log/slog"
	"net"
	"testing"

	"github.com/godwit-ws/godwit/app"
)

// deaf is a connection whose peer has asked for a WebSocket and takes whatever is
// sent, so that what a publication costs is seen without the network.
type deaf struct {
	net.Conn // one end of a pipe, for addresses and deadlines
	request  []byte
}

const openingRequest = "GET / HTTP/1.1\r\nHost: godwit\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

func newDeaf() *deaf {
	ours, _ := net.Pipe()
	return &deaf{Conn: ours, request: []byte(openingRequest)}
}

func (d *deaf) Read(p []byte) (int, error) {
	if len(d.request) == 0 {
		return d.Conn.Read(p) // until it is closed
	}
	n := copy(p, d.request)
	d.request = d.request[n:]
	return n, nil
}

func (d *deaf) Write(p []byte) (int, error) { return len(p), nil }

// audience returns a server with that many members of the topic x, which read
// everything at once.
func audience(tb testing.TB, c app.Config, members int) *app.Server {
	tb.Helper()
	c.SlowConsumer.Policy = app.DropOldest // nobody leaves because this machine is busy
	c.Logger = slog.New(slog.DiscardHandler)
	s, err := app.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	joined, ends := make(chan error), make(chan *app.CloseError, members)
	s.Router().AddRoute("/", func() any {
		return &watcher{open: func(c *app.Conn) error { joined <- c.Join("x"); return nil }, ends: ends}
	})
	l := newPipes()
	go s.Serve(l)
	tb.Cleanup(func() {
		for c := range s.Conns() {
			c.Abort()
		}
		l.Close()
		s.Shutdown(tb.Context())
	})
	for range members {
		l.conns <- newDeaf()
		if err := <-joined; err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

func BenchmarkPublish(b *testing.B) {
	for _, members := range []int{1, 100} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			x, payload := audience(b, app.Config{}, members).To("x"), make([]byte, 100)
			b.ReportAllocs()
			for b.Loop() {
				if n, err := x.Binary(payload); n != members || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// What a publication costs without history: the message encoded once, nothing for
// each member.
func TestPublishAllocates(t *testing.T) {
	const most = 3 // the message and its bytes, and the audience
	x, payload := audience(t, app.Config{}, 1).To("x"), make([]byte, 100)
	got := testing.AllocsPerRun(1000, func() { x.Binary(payload) })
	if got > most && !raceDetector {
		t.Errorf("%v allocations a publication, want %d at the most", got, most)
	}
}
