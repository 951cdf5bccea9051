package interop_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// godwit is our own end. Its servers run under net/http, or on a bare listener
// with Accept, and then on goroutines or on loops.
type godwit struct {
	bare  bool
	loops *eventloop.Engine // nil for goroutines
}

func (godwit) abilities() ability { return whole &^ sendsBad }

// config is what terms mean to us. Everything is compressed, so that the tests
// of compression need no long messages.
func (godwit) config(o terms) conn.Config {
	cfg := conn.Config{MaxMessageSize: o.maxMessage}
	if o.deflate != nil {
		cfg.Compression = conn.Compression{Enabled: true, Threshold: -1, Params: *o.deflate}
	}
	return cfg
}

func (g godwit) dial(ctx context.Context, rawURL string, o terms) (side, error) {
	s := &godwitSide{inbox: newInbox(), masks: true}
	d := &conn.Dialer{
		Config:       g.config(o),
		Subprotocols: o.subprotocols,
		Proxy:        func(*url.URL) (*url.URL, error) { return nil, nil },
		TLS:          o.cert.clientTLS(),
		NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			s.raw = nc
			return nc, err
		},
	}
	c, err := d.Dial(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	s.begin(c)
	return s, nil
}

func (g godwit) serve(ctx context.Context, o terms) (*server, error) {
	u := &conn.Upgrader{
		Config:       g.config(o),
		Subprotocols: o.subprotocols,
		Origins:      handshake.Origins{AllowAny: true}, // TestBrowserOrigin is about origins
	}
	if g.bare {
		return g.serveBare(ctx, u, o)
	}
	s := newServer("")
	h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r)
		if err != nil {
			return // the peer was answered, and its dial fails
		}
		end := &godwitSide{inbox: newInbox(), raw: r.Context().Value(rawConn{}).(net.Conn)}
		end.begin(c)
		s.accepted <- end
	}))
	h.Config.ConnContext = func(ctx context.Context, nc net.Conn) context.Context {
		return context.WithValue(ctx, rawConn{}, nc)
	}
	s.url = startHTTP(ctx, h, o)
	return s, nil
}

// rawConn is the key of the net.Conn in the context of a request.
type rawConn struct{}

func (g godwit) serveBare(ctx context.Context, u *conn.Upgrader, o terms) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { l.Close() })
	s := newServer("ws://" + l.Addr().String())
	if o.cert != nil {
		s.url = "wss://" + l.Addr().String()
		l = eventloop.NewTLSListener(l, o.cert.serverTLS())
	}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return // ctx has ended
			}
			go g.accept(ctx, u, nc, s.accepted)
		}
	}()
	return s, nil
}

// accept makes a connection that is told of on accepted.
func (g godwit) accept(ctx context.Context, u *conn.Upgrader, nc net.Conn, accepted chan<- side) {
	c, err := u.Accept(ctx, nc)
	if err != nil {
		return // the peer was answered, and its dial fails
	}
	end := &godwitSide{inbox: newInbox(), raw: nc}
	if g.loops == nil {
		end.begin(c)
	} else {
		end.Conn = c
		if g.loops.Attach(c, reporting{end}) != nil {
			return // its context has ended
		}
	}
	accepted <- end
}

// reporting are hooks that report what is received.
type reporting struct{ *godwitSide }

// OnOpen implements conn.Hooks.
func (r reporting) OnOpen(*conn.Conn) error { return nil }

// OnMessage implements conn.Hooks.
func (r reporting) OnMessage(_ *conn.Conn, op conn.Opcode, p []byte) error {
	r.put(event{kind: message, op: op, data: bytes.Clone(p)})
	return nil
}

// OnClose implements conn.Hooks.
func (r reporting) OnClose(_ *conn.Conn, e *conn.CloseError) { r.put(closedEvent(e)) }

// godwitSide is our end of a connection.
type godwitSide struct {
	inbox
	*conn.Conn
	raw   net.Conn // the connection below, for what our API refuses to send
	masks bool     // it is a client's
}

// begin reports what is received from now on.
func (s *godwitSide) begin(c *conn.Conn) {
	s.Conn = c
	go func() {
		for {
			op, p, err := c.Read(context.Background())
			if e, ok := errors.AsType[*conn.CloseError](err); ok {
				s.put(closedEvent(e))
				return
			}
			s.put(event{kind: message, op: op, data: p})
		}
	}()
}

// closedEvent reports only a closing handshake that was done with the code that
// ended it, as the other ends do.
func closedEvent(e *conn.CloseError) event {
	if e.Err != nil && e.Code != frame.CodeInvalidPayload && e.Code != frame.CodeMessageTooBig {
		return event{kind: closed, code: frame.CodeAbnormal, reason: e.Error()}
	}
	return event{kind: closed, code: e.Code, reason: e.Reason}
}

func (s *godwitSide) send(ctx context.Context, op conn.Opcode, parts ...[]byte) error {
	if len(parts) == 1 {
		return s.Write(ctx, op, parts[0])
	}
	w, err := s.Writer(ctx, op)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return w.Close()
}

// ping waits for the pong and reports it with its payload left out: the engine
// has compared it.
func (s *godwitSide) ping(ctx context.Context, _ []byte) error {
	if _, err := s.Ping(ctx); err != nil {
		return err
	}
	s.put(event{kind: pong})
	return nil
}

// ownPings says that the engine chooses what a ping carries.
func (s *godwitSide) ownPings() {}

func (s *godwitSide) close(ctx context.Context, code frame.Code, reason string) error {
	return s.Close(ctx, code, reason)
}

func (s *godwitSide) drop() { s.Abort() }

func (s *godwitSide) subprotocol() string { return s.Subprotocol() }

func (s *godwitSide) answer() string {
	if resp := s.Response(); resp != nil {
		return resp.Get("Sec-WebSocket-Extensions")
	}
	return ""
}

// sendRaw sends a frame of one unfragmented message without looking at it.
func (s *godwitSide) sendRaw(op conn.Opcode, p []byte) error {
	h := frame.Header{Fin: true, Opcode: op, Length: int64(len(p)), Masked: s.masks} // the mask is 0
	_, err := s.raw.Write(append(frame.AppendHeader(nil, h), p...))
	return err
}
