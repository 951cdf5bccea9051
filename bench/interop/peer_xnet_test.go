package interop_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"

	"golang.org/x/net/websocket"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// xnet is golang.org/x/net/websocket. It answers pings, but can't send any, and
// neither gives nor tells a close code. It takes each frame for a message.
type xnet struct{}

func (xnet) abilities() ability { return dials | serves | secures | negotiates }

func (xnet) dial(ctx context.Context, url string, o terms) (side, error) {
	cfg, err := websocket.NewConfig(url, url)
	if err != nil {
		return nil, err
	}
	cfg.Protocol = slices.Clone(o.subprotocols)
	cfg.TlsConfig = o.cert.clientTLS()
	c, err := cfg.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	s := &xnetSide{inbox: newInbox(), c: c}
	go s.read()
	return s, nil
}

func (xnet) serve(ctx context.Context, o terms) (*server, error) {
	s := newServer("")
	h := websocket.Server{
		Handshake: func(cfg *websocket.Config, _ *http.Request) error {
			cfg.Protocol = firstOf(cfg.Protocol, o.subprotocols)
			return nil
		},
		Handler: func(c *websocket.Conn) {
			end := &xnetSide{inbox: newInbox(), c: c}
			s.accepted <- end
			end.read()
		},
	}
	s.url = startHTTP(ctx, httptest.NewUnstartedServer(h), o)
	return s, nil
}

// firstOf returns the first of offered that is in known, as a list.
func firstOf(offered, known []string) []string {
	for _, p := range offered {
		if slices.Contains(known, p) {
			return []string{p}
		}
	}
	return nil
}

type xnetSide struct {
	inbox
	c *websocket.Conn
}

// read uses a codec that keeps the type of a message, which the package's own
// don't.
func (s *xnetSide) read() {
	defer s.c.Close()
	typed := websocket.Codec{Unmarshal: func(p []byte, op byte, v any) error {
		*v.(*event) = event{kind: message, op: conn.Opcode(op), data: slices.Clone(p)}
		return nil
	}}
	for {
		var e event
		if err := typed.Receive(s.c, &e); err != nil {
			s.put(event{kind: closed, code: frame.CodeAbnormal, reason: err.Error()})
			return
		}
		s.put(e)
	}
}

func (s *xnetSide) send(_ context.Context, op conn.Opcode, parts ...[]byte) error {
	typed := websocket.Codec{Marshal: func(v any) ([]byte, byte, error) { return v.([]byte), byte(op), nil }}
	return typed.Send(s.c, slices.Concat(parts...))
}

func (s *xnetSide) ping(context.Context, []byte) error { return errors.ErrUnsupported }

func (s *xnetSide) close(context.Context, frame.Code, string) error { return s.c.Close() }

func (s *xnetSide) drop() { s.c.Close() }

func (s *xnetSide) subprotocol() string {
	if p := s.c.Config().Protocol; len(p) > 0 {
		return p[0]
	}
	return ""
}

func (s *xnetSide) answer() string { return "" }
