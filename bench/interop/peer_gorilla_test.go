package interop_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// gorilla is gorilla/websocket. It keeps no context when compressing, doesn't
// check text, and cuts messages into frames only as its buffer fills.
type gorilla struct{}

func (gorilla) abilities() ability {
	return whole &^ (checksText | takeover | windowBits | asymmetric)
}

func (gorilla) dial(ctx context.Context, url string, o terms) (side, error) {
	d := &websocket.Dialer{
		Subprotocols:      o.subprotocols,
		EnableCompression: o.deflate != nil,
		TLSClientConfig:   o.cert.clientTLS(),
		WriteBufferSize:   gorillaBuffer,
	}
	c, resp, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	return newGorillaSide(c, resp), nil
}

func (gorilla) serve(ctx context.Context, o terms) (*server, error) {
	u := &websocket.Upgrader{
		Subprotocols:      o.subprotocols,
		EnableCompression: o.deflate != nil,
		WriteBufferSize:   gorillaBuffer,
	}
	s := newServer("")
	s.url = startHTTP(ctx, httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return // the client was answered, and its dial fails
		}
		s.accepted <- newGorillaSide(c, nil)
	})), o)
	return s, nil
}

// gorillaBuffer is the payload of gorilla's frames. Each Write that is longer
// than what is left in it sends a frame.
const gorillaBuffer = 16

type gorillaSide struct {
	inbox
	c    *websocket.Conn
	resp *http.Response
	mu   sync.Mutex // one writer at a time
}

func newGorillaSide(c *websocket.Conn, resp *http.Response) *gorillaSide {
	s := &gorillaSide{inbox: newInbox(), c: c, resp: resp}
	c.SetPongHandler(func(p string) error {
		s.put(event{kind: pong, data: []byte(p)})
		return nil
	})
	go s.read()
	return s
}

func (s *gorillaSide) read() {
	defer s.c.Close()
	for {
		kind, p, err := s.c.ReadMessage()
		if e, ok := errors.AsType[*websocket.CloseError](err); ok {
			s.put(event{kind: closed, code: frame.Code(e.Code), reason: e.Text})
			return
		}
		if err != nil {
			s.put(event{kind: closed, code: frame.CodeAbnormal, reason: err.Error()})
			return
		}
		s.put(event{kind: message, op: conn.Opcode(kind), data: p})
	}
}

func (s *gorillaSide) send(_ context.Context, op conn.Opcode, parts ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(parts) == 1 {
		return s.c.WriteMessage(int(op), parts[0])
	}
	w, err := s.c.NextWriter(int(op))
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return w.Close()
}

func (s *gorillaSide) ping(ctx context.Context, payload []byte) error {
	return s.c.WriteControl(websocket.PingMessage, payload, time.Now().Add(patience))
}

func (s *gorillaSide) close(_ context.Context, code frame.Code, reason string) error {
	p := websocket.FormatCloseMessage(int(code), reason) // empty for 1005
	return s.c.WriteControl(websocket.CloseMessage, p, time.Now().Add(patience))
}

func (s *gorillaSide) drop() { s.c.Close() }

func (s *gorillaSide) subprotocol() string { return s.c.Subprotocol() }

func (s *gorillaSide) answer() string { return extensionsOf(s.resp) }
