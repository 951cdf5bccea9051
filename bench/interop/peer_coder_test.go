package interop_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"

	"github.com/coder/websocket"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// coder is coder/websocket. It doesn't check text, its windows are always of 32
// KiB, and its Close may take the answer away from the goroutine that reads.
type coder struct{}

func (coder) abilities() ability {
	return whole &^ (checksText | windowBits | asymmetric | patient)
}

func (coder) dial(ctx context.Context, url string, o terms) (side, error) {
	s := &coderSide{inbox: newInbox()}
	transport := &http.Transport{TLSClientConfig: o.cert.clientTLS()}
	defer transport.CloseIdleConnections()
	c, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient:           &http.Client{Transport: transport},
		Subprotocols:         o.subprotocols,
		CompressionMode:      coderMode(o),
		CompressionThreshold: 1,
		OnPongReceived:       s.ponged,
	})
	if err != nil {
		return nil, err
	}
	s.resp = resp
	s.begin(c)
	return s, nil
}

func (coder) serve(ctx context.Context, o terms) (*server, error) {
	s := newServer("")
	s.url = startHTTP(ctx, httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end := &coderSide{inbox: newInbox()}
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			Subprotocols:         o.subprotocols,
			CompressionMode:      coderMode(o),
			CompressionThreshold: 1,
			OnPongReceived:       end.ponged,
		})
		if err != nil {
			return // the client was answered, and its dial fails
		}
		end.begin(c)
		s.accepted <- end
	})), o)
	return s, nil
}

// coderMode is the nearest of the three modes there are.
func coderMode(o terms) websocket.CompressionMode {
	switch {
	case o.deflate == nil:
		return websocket.CompressionDisabled
	case o.deflate.ServerNoContextTakeover && o.deflate.ClientNoContextTakeover:
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionContextTakeover
}

type coderSide struct {
	inbox
	c    *websocket.Conn
	resp *http.Response
}

func (s *coderSide) begin(c *websocket.Conn) {
	s.c = c
	c.SetReadLimit(-1)
	go s.read()
}

func (s *coderSide) read() {
	for {
		op, p, err := s.c.Read(context.Background())
		if e, ok := errors.AsType[websocket.CloseError](err); ok {
			s.put(event{kind: closed, code: frame.Code(e.Code), reason: e.Reason})
			return
		}
		if err != nil {
			s.put(event{kind: closed, code: frame.CodeAbnormal, reason: err.Error()})
			return
		}
		s.put(event{kind: message, op: conn.Opcode(op), data: p})
	}
}

func (s *coderSide) ponged(_ context.Context, p []byte) {
	s.put(event{kind: pong, data: p})
}

func (s *coderSide) send(ctx context.Context, op conn.Opcode, parts ...[]byte) error {
	if len(parts) == 1 {
		return s.c.Write(ctx, websocket.MessageType(op), parts[0])
	}
	w, err := s.c.Writer(ctx, websocket.MessageType(op))
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

func (s *coderSide) ping(ctx context.Context, _ []byte) error { return s.c.Ping(ctx) }

// ownPings says that coder chooses what a ping carries.
func (s *coderSide) ownPings() {}

func (s *coderSide) close(_ context.Context, code frame.Code, reason string) error {
	return s.c.Close(websocket.StatusCode(code), reason)
}

func (s *coderSide) drop() { s.c.CloseNow() }

func (s *coderSide) subprotocol() string { return s.c.Subprotocol() }

func (s *coderSide) answer() string { return extensionsOf(s.resp) }
