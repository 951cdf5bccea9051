package interop_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/gobwas/ws/wsutil"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// gobwas is gobwas/ws with its wsutil and wsflate. Its caller writes frames; its
// compression keeps no context. It checks text where asked to, but leaves it to
// the caller to say so to the other end, so that there is nothing to test here.
type gobwas struct{}

func (gobwas) abilities() ability {
	return whole &^ (checksText | takeover | windowBits | asymmetric | newCodes)
}

func (gobwas) dial(ctx context.Context, url string, o terms) (side, error) {
	d := ws.Dialer{Protocols: o.subprotocols, TLSConfig: o.cert.clientTLS()}
	if o.deflate != nil {
		d.Extensions = []httphead.Option{wsflate.DefaultParameters.Option()}
	}
	nc, br, hs, err := d.Dial(ctx, url)
	if err != nil {
		return nil, err
	}
	s := newGobwasSide(nc, br, ws.StateClientSide, hs)
	s.extensions = optionsText(hs.Extensions)
	return s, nil
}

func (gobwas) serve(ctx context.Context, o terms) (*server, error) {
	s := newServer("")
	s.url = startHTTP(ctx, httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := ws.HTTPUpgrader{Protocol: func(p string) bool { return slices.Contains(o.subprotocols, p) }}
		if o.deflate != nil {
			u.Negotiate = (&wsflate.Extension{Parameters: wsflate.DefaultParameters}).Negotiate
		}
		nc, rw, hs, err := u.Upgrade(r, w)
		if err != nil {
			return // the client was answered, and its dial fails
		}
		s.accepted <- newGobwasSide(nc, rw.Reader, ws.StateServerSide, hs)
	})), o)
	return s, nil
}

// optionsText writes extensions as they stand in the header.
func optionsText(options []httphead.Option) string {
	var b bytes.Buffer
	httphead.WriteOptions(&b, options)
	return b.String()
}

type gobwasSide struct {
	inbox
	nc         net.Conn
	state      ws.State
	protocol   string
	extensions string
	compressed bool
	mu         sync.Mutex // one frame at a time
}

func newGobwasSide(nc net.Conn, br *bufio.Reader, state ws.State, hs ws.Handshake) *gobwasSide {
	s := &gobwasSide{inbox: newInbox(), nc: nc, state: state, protocol: hs.Protocol, compressed: len(hs.Extensions) > 0}
	var src io.Reader = nc
	if br != nil { // frames came with the handshake
		src = br
	}
	go s.read(src)
	return s
}

// Write lets wsutil's answers to control frames take their turn.
func (s *gobwasSide) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nc.Write(p)
}

func (s *gobwasSide) read(src io.Reader) {
	defer s.nc.Close()
	var flate wsflate.MessageState
	r := &wsutil.Reader{Source: src, State: s.state, OnIntermediate: s.control}
	if s.compressed {
		r.State |= ws.StateExtended
		r.Extensions = []wsutil.RecvExtension{&flate}
	}
	for {
		op, p, err := s.nextFrame(r, &flate)
		if e, ok := errors.AsType[wsutil.ClosedError](err); ok {
			s.put(event{kind: closed, code: frame.Code(e.Code), reason: e.Reason})
			return
		}
		if err != nil {
			s.put(event{kind: closed, code: frame.CodeAbnormal, reason: err.Error()})
			return
		}
		if op.IsData() {
			s.put(event{kind: message, op: conn.Opcode(op), data: p})
		}
	}
}

// nextFrame reads a message, or deals with a control frame.
func (s *gobwasSide) nextFrame(r *wsutil.Reader, flate *wsflate.MessageState) (ws.OpCode, []byte, error) {
	h, err := r.NextFrame()
	if err != nil {
		return 0, nil, err
	}
	if h.OpCode.IsControl() {
		return h.OpCode, nil, s.control(h, r)
	}
	var src io.Reader = r
	if flate.IsCompressed() {
		src = wsflate.NewReader(r, wsflate.DefaultHelper.Decompressor)
	}
	p, err := io.ReadAll(src)
	return h.OpCode, p, err
}

func (s *gobwasSide) control(h ws.Header, body io.Reader) error {
	p, err := io.ReadAll(io.LimitReader(body, h.Length))
	if err != nil {
		return err
	}
	if h.OpCode == ws.OpPong {
		s.put(event{kind: pong, data: p})
		return nil
	}
	h.Masked = false // body has taken the mask off
	return wsutil.ControlHandler{Src: bytes.NewReader(p), Dst: s, State: s.state, DisableSrcCiphering: true}.Handle(h)
}

func (s *gobwasSide) send(_ context.Context, op conn.Opcode, parts ...[]byte) error {
	code := ws.OpCode(op)
	for i, p := range parts {
		f := ws.NewFrame(code, i == len(parts)-1, slices.Clone(p))
		if s.compressed && len(parts) == 1 {
			var err error
			if f, err = wsflate.CompressFrame(f); err != nil {
				return err
			}
		}
		if err := s.writeFrame(f); err != nil {
			return err
		}
		code = ws.OpContinuation
	}
	return nil
}

func (s *gobwasSide) writeFrame(f ws.Frame) error {
	if s.state.ClientSide() {
		f = ws.MaskFrameInPlace(f)
	}
	return ws.WriteFrame(s, f)
}

func (s *gobwasSide) ping(_ context.Context, p []byte) error {
	return s.writeFrame(ws.NewPingFrame(slices.Clone(p)))
}

func (s *gobwasSide) close(_ context.Context, code frame.Code, reason string) error {
	var body []byte
	if code != frame.CodeNoStatus {
		body = ws.NewCloseFrameBody(ws.StatusCode(code), reason)
	}
	return s.writeFrame(ws.NewCloseFrame(body))
}

func (s *gobwasSide) drop() { s.nc.Close() }

func (s *gobwasSide) subprotocol() string { return s.protocol }

func (s *gobwasSide) answer() string { return s.extensions }
