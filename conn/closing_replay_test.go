package conn_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
)

// replay is a real connection on which a way of the model is gone.
type replay struct {
	t  *testing.T
	c  *conn.Conn
	nc net.Conn // the peer's

	mu                sync.Mutex // guards the fields below
	out               []byte     // what the connection has sent
	delivered, closes int
	end               *conn.CloseError
}

func (r *replay) OnOpen(*conn.Conn) error { return nil }

func (r *replay) OnMessage(*conn.Conn, conn.Opcode, []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delivered++
	return nil
}

func (r *replay) OnClose(_ *conn.Conn, e *conn.CloseError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closes++
	r.end = e
}

// TestClosingReplay goes all ways of the model on real connections, as server and as
// client: each transition is taken at least once.
func TestClosingReplay(t *testing.T) {
	all := ways()
	for _, role := range []string{"server", "client"} {
		t.Run(role, func(t *testing.T) {
			for _, w := range all {
				synctest.Test(t, func(t *testing.T) { replayWay(t, w, role == "client") })
			}
		})
	}
	t.Logf("%d ways in each role", len(all))
}

func replayWay(t *testing.T, w way, asClient bool) {
	a, b := memconn.Pipe()
	s, c := joined(t, conn.Config{}, conn.Config{}, a, b)
	r := &replay{t: t, c: s, nc: b}
	if asClient {
		r.c, r.nc = c, a
	}
	go r.listen()
	ran := make(chan struct{})
	go func() { defer close(ran); r.c.Run(r) }()
	synctest.Wait()
	var sent []wireFrame
	e := endpoint{}
	for _, a := range w.acts {
		r.do(a, asClient)
		synctest.Wait()
		var out []wireFrame
		e, out = e.after(a)
		sent = append(sent, out...)
		r.compare(w, e, sent)
	}
	r.c.Abort()
	r.nc.Close()
	<-ran
	if r.closes != 1 {
		t.Errorf("%v: OnClose was called %d times in the end", w.acts, r.closes)
	}
}

// listen keeps what the connection sends. It is the connection's other end from the
// moment on when the handshake is done.
func (r *replay) listen() {
	buf := make([]byte, 4096)
	for {
		n, err := r.nc.Read(buf)
		r.mu.Lock()
		r.out = append(r.out, buf[:n]...)
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// do has something happen.
func (r *replay) do(a act, asClient bool) {
	ctx := context.Background()
	switch a {
	case sendData:
		r.c.WriteText(ctx, "d")
	case sendClosing:
		r.c.Close(ctx, ourCode, "")
	case abortNow:
		r.c.Abort()
	case gotData:
		r.peerSends(asClient, frame.Text, "d")
	case gotPing:
		r.peerSends(asClient, frame.Ping, "")
	case gotClose:
		r.peerSends(asClient, frame.Close, "\x0f\xa2") // 4002
	case gotBad:
		r.peerSends(asClient, 3, "")
	case gotEOF:
		r.nc.(*memconn.Conn).CloseWrite()
	case timePasses:
		time.Sleep(10 * time.Second)
	}
}

func (r *replay) peerSends(asClient bool, op frame.Opcode, payload string) {
	b := whole(op, payload)
	if asClient { // the peer is a server, and doesn't mask
		b = append(frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: op, Length: int64(len(payload))}), payload...)
	}
	r.nc.Write(b) // the connection may be gone
}

// compare holds the connection to the model.
func (r *replay) compare(w way, e endpoint, sent []wireFrame) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := framesOf(r.out); fmt.Sprint(got) != fmt.Sprint(sent) {
		r.t.Errorf("%v: sent %v, the model %v", w.acts, got, sent)
	}
	switch {
	case r.delivered != int(e.delivered):
		r.t.Errorf("%v: %d messages were delivered, by the model %d", w.acts, r.delivered, e.delivered)
	case r.closes != int(e.onClose):
		r.t.Errorf("%v: OnClose was called %d times, by the model %d (%+v)", w.acts, r.closes, e.onClose, e)
	case e.phase == gone && (r.end.Code != e.code || r.end.Remote != e.remote):
		r.t.Errorf("%v: ended with %v, by the model %d, remote %t", w.acts, r.end, e.code, e.remote)
	}
}

// framesOf reads frames that are short and whole, masked or not.
func framesOf(b []byte) (all []wireFrame) {
	for len(b) > 0 {
		h, n, err := frame.ParseHeader(b)
		if err != nil {
			return append(all, wireFrame{kind: badFrame})
		}
		payload := append([]byte(nil), b[n:n+int(h.Length)]...)
		if h.Masked {
			frame.Mask(payload, h.Key)
		}
		b = b[n+int(h.Length):]
		f := wireFrame{kind: map[frame.Opcode]frameKind{frame.Text: dataFrame, frame.Pong: pongFrame, frame.Close: closeFrame}[h.Opcode]}
		if h.Opcode == frame.Close && len(payload) >= 2 {
			f.code = conn.Code(payload[0])<<8 | conn.Code(payload[1])
		}
		all = append(all, f)
	}
	return all
}
