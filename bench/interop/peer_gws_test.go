package interop_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/lxzan/gws"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// gwsPeer is lxzan/gws. It drops the connection behind its own Close, can't send
// one without a code, sends only whole messages, and its server doesn't look at
// the window that a client asks for.
type gwsPeer struct{}

func (gwsPeer) abilities() ability {
	return whole &^ (fragments | emptyClose | patient | sendsBad | obeysWindow)
}

func (gwsPeer) dial(ctx context.Context, url string, o terms) (side, error) {
	s := &gwsSide{inbox: newInbox()}
	header := http.Header{}
	if len(o.subprotocols) > 0 {
		header.Set("Sec-WebSocket-Protocol", strings.Join(o.subprotocols, ", "))
	}
	c, resp, err := gws.NewClient(s, &gws.ClientOption{
		Addr:              url,
		RequestHeader:     header,
		PermessageDeflate: gwsDeflate(o.deflate),
		TlsConfig:         o.cert.clientTLS(),
		CheckUtf8Enabled:  true,
		Logger:            gwsSilence{},
		NewDialer:         func() (gws.Dialer, error) { return &net.Dialer{Timeout: patience}, nil },
	})
	if err != nil {
		return nil, err
	}
	s.c, s.resp = c, resp
	go c.ReadLoop()
	return s, nil
}

func (gwsPeer) serve(ctx context.Context, o terms) (*server, error) {
	s := newServer("")
	s.url = startHTTP(ctx, httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end := &gwsSide{inbox: newInbox()}
		u := gws.NewUpgrader(end, &gws.ServerOption{
			SubProtocols:      slices.Clone(o.subprotocols),
			PermessageDeflate: gwsDeflate(o.deflate),
			CheckUtf8Enabled:  true,
			Logger:            gwsSilence{},
		})
		c, err := u.Upgrade(w, r)
		if err != nil {
			return // the client was answered, and its dial fails
		}
		end.c = c
		go c.ReadLoop()
		s.accepted <- end
	})), o)
	return s, nil
}

func gwsDeflate(p *handshake.DeflatePolicy) gws.PermessageDeflate {
	if p == nil {
		return gws.PermessageDeflate{}
	}
	return gws.PermessageDeflate{
		Enabled:               true,
		Threshold:             1,
		ServerContextTakeover: !p.ServerNoContextTakeover,
		ClientContextTakeover: !p.ClientNoContextTakeover,
		ServerMaxWindowBits:   orLargest(p.ServerMaxWindowBits),
		ClientMaxWindowBits:   orLargest(p.ClientMaxWindowBits),
	}
}

// orLargest gives the window that 0 stands for in a policy.
func orLargest(bits int) int {
	if bits == 0 {
		return 15
	}
	return bits
}

// gwsSilence drops what gws logs: its ends are events here.
type gwsSilence struct{}

func (gwsSilence) Error(v ...any) { slog.Debug("gws", "event", v) }

// gwsSide is gws's end of a connection, and its event handler.
type gwsSide struct {
	inbox
	c    *gws.Conn
	resp *http.Response
}

func (s *gwsSide) OnOpen(*gws.Conn) {}

func (s *gwsSide) OnPing(c *gws.Conn, p []byte) { c.WritePong(p) }

func (s *gwsSide) OnPong(_ *gws.Conn, p []byte) { s.put(event{kind: pong, data: p}) }

func (s *gwsSide) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	p, _ := io.ReadAll(m) // it is in memory
	s.put(event{kind: message, op: conn.Opcode(m.Opcode), data: p})
}

func (s *gwsSide) OnClose(_ *gws.Conn, err error) {
	e, ok := errors.AsType[*gws.CloseError](err)
	switch {
	case !ok:
		s.put(event{kind: closed, code: frame.CodeAbnormal, reason: err.Error()})
	case e.Code == 0: // a Close without a code
		s.put(event{kind: closed, code: frame.CodeNoStatus})
	default:
		s.put(event{kind: closed, code: frame.Code(e.Code), reason: string(e.Reason)})
	}
}

func (s *gwsSide) send(_ context.Context, op conn.Opcode, parts ...[]byte) error {
	return s.c.Writev(gws.Opcode(op), parts...)
}

func (s *gwsSide) ping(_ context.Context, p []byte) error { return s.c.WritePing(p) }

func (s *gwsSide) close(_ context.Context, code frame.Code, reason string) error {
	return s.c.WriteClose(uint16(code), []byte(reason))
}

func (s *gwsSide) drop() { s.c.NetConn().Close() }

func (s *gwsSide) subprotocol() string { return s.c.SubProtocol() }

func (s *gwsSide) answer() string { return extensionsOf(s.resp) }
