package conn_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// controls is a recorder that notes pings and pongs too.
type controls struct {
	recorder
	ping func(*conn.Conn, []byte) error
}

func (r *controls) OnPing(c *conn.Conn, payload []byte) error {
	r.calls = append(r.calls, fmt.Sprintf("ping %s", payload))
	if r.ping != nil {
		return r.ping(c, payload)
	}
	return nil
}

func (r *controls) OnPong(c *conn.Conn, payload []byte) error {
	r.calls = append(r.calls, fmt.Sprintf("pong %s", payload))
	return nil
}

// firstPing is Hooks that tell of the first ping and of the end.
type firstPing struct{ came chan struct{} }

func (f *firstPing) OnOpen(*conn.Conn) error                         { return nil }
func (f *firstPing) OnMessage(*conn.Conn, conn.Opcode, []byte) error { return nil }
func (f *firstPing) OnClose(*conn.Conn, *conn.CloseError)            { fmt.Println("closed") }
func (f *firstPing) OnPong(*conn.Conn, []byte) error                 { return nil }

func (f *firstPing) OnPing(_ *conn.Conn, payload []byte) error {
	if f.came != nil {
		fmt.Println("a ping of", len(payload), "bytes")
		close(f.came)
		f.came = nil
	}
	return nil
}

func ExampleControlHooks() {
	server, client := conn.Pipe(conn.Config{PingInterval: time.Millisecond}, conn.Config{})
	pinged, ended := make(chan struct{}), make(chan struct{})
	go func() { defer close(ended); client.Run(&firstPing{pinged}) }()
	server.DiscardReads()
	<-pinged
	server.Close(context.Background(), conn.CodeNormal, "")
	<-ended
	// Output:
	// a ping of 8 bytes
	// closed
}

// runControls is run with hooks for pings and pongs.
func runControls(t *testing.T, cfg conn.Config, r *controls, play func(p *peer)) error {
	t.Helper()
	c, p := accept(t, cfg)
	done := make(chan struct{})
	go func() { defer close(done); play(p); p.nc.Close() }()
	err := c.Run(r)
	<-done
	return err
}

func TestControlHooksInOrder(t *testing.T) {
	var r controls
	err := runControls(t, conn.Config{}, &r, func(p *peer) {
		p.send(whole(frame.Ping, "1"), whole(frame.Text, "a"), whole(frame.Pong, ""), whole(frame.Ping, ""),
			masked(frame.Header{Opcode: frame.Text}, "in "), whole(frame.Ping, "between"), masked(frame.Header{Fin: true}, "two"),
			whole(frame.Pong, "unasked"), whole(frame.Close, "\x0f\xa1"))
		p.want(frame.Pong, "1")
		p.want(frame.Pong, "")
		p.want(frame.Pong, "between")
		p.wantClose(4001)
	})
	wantEnd(t, err, 4001, true, nil)
	want := []string{"open", "ping 1", "text a", "pong ", "ping ", "ping between", "text in two", "pong unasked", "close"}
	if !slices.Equal(r.calls, want) {
		t.Errorf("called %q, want %q", r.calls, want)
	}
}

// The pong leaves with what the hook sends, and before it.
func TestControlHooksAreCorked(t *testing.T) {
	r := controls{ping: func(c *conn.Conn, payload []byte) error {
		return c.Write(context.Background(), conn.Text, payload)
	}}
	err := runControls(t, conn.Config{}, &r, func(p *peer) {
		p.send(whole(frame.Ping, "a"), whole(frame.Ping, "b"))
		b := make([]byte, 64)
		if n, _ := p.nc.Read(b); string(b[:n]) != "\x8a\x01a\x81\x01a\x8a\x01b\x81\x01b" {
			t.Errorf("the first read is % x", b[:n])
		}
		p.send(whole(frame.Close, ""))
		p.wantClose(0)
	})
	wantEnd(t, err, frame.CodeNoStatus, true, nil)
}

func TestControlHookErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		hook func(*conn.Conn, []byte) error
		code frame.Code
	}{
		"error":       {func(*conn.Conn, []byte) error { return errHook }, frame.CodeInternalError},
		"close-error": {func(*conn.Conn, []byte) error { return &conn.CloseError{Code: 4002} }, 4002},
		"panic":       {func(*conn.Conn, []byte) error { panic(errHook) }, frame.CodeInternalError},
	} {
		t.Run(name, func(t *testing.T) {
			r := controls{ping: tt.hook}
			err := runControls(t, conn.Config{}, &r, func(p *peer) {
				p.send(whole(frame.Ping, "p"), whole(frame.Text, "not delivered"))
				p.want(frame.Pong, "p") // it was answered before the hook
				p.wantClose(tt.code)
			})
			wantEnd(t, err, tt.code, false, nil)
			if want := []string{"open", "ping p", "close"}; !slices.Equal(r.calls, want) {
				t.Errorf("called %q, want %q", r.calls, want)
			}
		})
	}
}

// After our own Close nothing is told any more, as with messages.
func TestControlHooksAfterClose(t *testing.T) {
	r := controls{ping: func(c *conn.Conn, _ []byte) error { return c.Close(context.Background(), 4003, "") }}
	err := runControls(t, conn.Config{}, &r, func(p *peer) {
		p.send(whole(frame.Ping, "1"), whole(frame.Ping, "2"), whole(frame.Pong, "3"))
		p.want(frame.Pong, "1")
		p.wantClose(4003)
		p.send(whole(frame.Close, "\x0f\xa3"))
	})
	wantEnd(t, err, 4003, false, nil)
	if want := []string{"open", "ping 1", "close"}; !slices.Equal(r.calls, want) {
		t.Errorf("called %q, want %q", r.calls, want)
	}
}

// A pong that Ping waits for, and one that answers the connection's own ping, are
// told too.
func TestControlHooksOfOurPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := conn.Pipe(conn.Config{PingInterval: time.Minute}, conn.Config{})
		var server, client controls
		ended := make(chan error, 2)
		go func() { ended <- s.Run(&server) }()
		go func() { ended <- c.Run(&client) }()
		if _, err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + time.Second)
		c.Close(context.Background(), 4001, "")
		<-ended
		<-ended
		one := "\x00\x00\x00\x00\x00\x00\x00\x01"
		if want := []string{"open", "ping " + one, "pong " + one, "close"}; !slices.Equal(server.calls, want) {
			t.Errorf("the server's hooks were called %q, want %q", server.calls, want)
		}
		if want := []string{"open", "pong " + one, "ping " + one, "close"}; !slices.Equal(client.calls, want) {
			t.Errorf("the client's hooks were called %q, want %q", client.calls, want)
		}
	})
}
