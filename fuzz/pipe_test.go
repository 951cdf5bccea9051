package fuzz_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// pipeSetup says what a hostile client does and what serves it: what a byte of the
// fuzzer's means.
type pipeSetup byte

func (s pipeSetup) ownRequest() bool  { return s&0x01 != 0 } // the stream begins with it; else with frames
func (s pipeSetup) compression() bool { return s&0x02 != 0 }
func (s pipeSetup) manner() manner    { return manner(s >> 2 % 4) }
func (s pipeSetup) service() service  { return service(s >> 4 % 4) }

// manner is what a client does once it has sent its bytes.
type manner byte

const (
	endsHalf manner = iota // closes its direction and reads on
	endsAll                // closes all at once
	silent                 // reads on for ever
	deaf                   // stops reading after the handshake and says nothing more
)

// service is how messages are echoed.
type service byte

const (
	byRead service = iota
	byStream
	byHooks
	byDiscard // not at all
)

// Limits of the served connections.
const (
	pipeMaxSize   = 2000
	pipeMaxFrames = 20
)

// within bounds a connection with a client that says nothing: ReadTimeout, and
// what the handshake and the end may take beside it.
const within = 30*time.Minute + 30*time.Second

// FuzzPipe: whatever bytes a client sends, in whatever pieces, and however it then
// behaves, the whole server side neither panics nor hangs nor leaves a goroutine
// behind; it ends with a CloseError, and what it sent is what the model says of the
// bytes that came, in frames that a strict reader takes.
func FuzzPipe(f *testing.F) {
	f.Fuzz(func(t *testing.T, stream, cuts []byte, setup byte) {
		if len(stream) > maxInput/4 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			s := &session{setup: pipeSetup(setup), cuts: cuts}
			s.toSend = s.request(stream)
			s.run(t)
			s.check(t)
		})
	})
}

// session is one connection of a hostile client.
type session struct {
	setup  pipeSetup
	cuts   []byte
	toSend []byte

	sent      []byte // what came from the server
	accepted  bool
	handedOut int   // messages
	end       error // how the server's side ended
	refusal   error // why there was none
	took      time.Duration
}

// request puts an opening request in front of stream if it has none of its own.
func (s *session) request(stream []byte) []byte {
	if s.setup.ownRequest() {
		return stream
	}
	head := openingRequest
	if s.setup.compression() {
		head += "Sec-WebSocket-Extensions: permessage-deflate\r\n"
	}
	return append([]byte(head+"\r\n"), stream...)
}

// openingRequest lacks its empty line.
const openingRequest = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// run lets client and server at each other until both are done.
func (s *session) run(t *testing.T) {
	t.Helper()
	ours, theirs := newDuplex()
	done := make(chan struct{}, 2)
	go func() { s.send(theirs); done <- struct{}{} }()
	go func() { s.receive(theirs); done <- struct{}{} }()
	start := time.Now()
	s.serve(t, ours)
	s.took = time.Since(start)
	theirs.Close()
	<-done
	<-done
}

// send is the writing half of the client.
func (s *session) send(nc *duplex) {
	for p := range pieces(s.toSend, s.cuts) {
		if _, err := nc.Write(p); err != nil {
			return
		}
	}
	switch s.setup.manner() {
	case endsHalf:
		nc.CloseWrite()
	case endsAll:
		nc.Close()
	}
}

// receive is the reading half.
func (s *session) receive(nc *duplex) {
	var buf [512]byte
	for {
		n, err := nc.Read(buf[:])
		s.sent = append(s.sent, buf[:n]...)
		if err != nil || s.setup.manner() == deaf && bytes.Contains(s.sent, []byte("\r\n\r\n")) {
			return
		}
	}
}

// serve is the server.
func (s *session) serve(t *testing.T, nc *duplex) {
	t.Helper()
	u := &conn.Upgrader{Config: conn.Config{
		MaxMessageSize: pipeMaxSize,
		MaxFragments:   pipeMaxFrames,
		Compression:    conn.Compression{Enabled: s.setup.compression(), Threshold: 16},
	}}
	c, err := u.Accept(context.Background(), nc)
	if err != nil {
		s.refusal = err
		return
	}
	s.accepted = true
	switch s.setup.service() {
	case byRead:
		s.end = s.echo(c)
	case byStream:
		s.end = s.echoStreams(c)
	case byHooks:
		s.end = c.Run(&echoHooks{s: s})
	case byDiscard:
		<-c.DiscardReads().Done()
		s.end = c.Err()
	}
	if again := c.Err(); again == nil || again.Error() != s.end.Error() {
		t.Errorf("the connection ended with %v, then with %v", s.end, again)
	}
	checkEnded(t, c)
}

func (s *session) echo(c *conn.Conn) error {
	var buf []byte
	for {
		op, p, err := c.ReadInto(context.Background(), buf)
		if err != nil {
			return err
		}
		s.handedOut++
		c.Write(context.Background(), op, p) // what fails here shows in reading on
		buf = p
	}
}

func (s *session) echoStreams(c *conn.Conn) error {
	for {
		op, r, err := c.Reader(context.Background())
		if err != nil {
			return err
		}
		p, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		s.handedOut++
		w, err := c.Writer(context.Background(), op)
		if err != nil {
			continue // shows in reading on
		}
		w.Write(p[:len(p)/2])
		w.Flush()
		w.Write(p[len(p)/2:])
		w.Close()
	}
}

// echoHooks is the echo for Run.
type echoHooks struct {
	s      *session
	opened bool
	closed *conn.CloseError
}

func (h *echoHooks) OnOpen(*conn.Conn) error {
	h.opened = true
	return nil
}

func (h *echoHooks) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	if !h.opened || h.closed != nil {
		panic("OnMessage before OnOpen or after OnClose")
	}
	h.s.handedOut++
	return c.Write(context.Background(), op, p)
}

func (h *echoHooks) OnClose(_ *conn.Conn, e *conn.CloseError) {
	if h.closed != nil {
		panic("OnClose came twice")
	}
	h.closed = e
}

// checkEnded: nothing is possible on a connection that has ended, and nothing
// hangs.
func checkEnded(t *testing.T, c *conn.Conn) {
	t.Helper()
	ctx := context.Background()
	if err := c.Write(ctx, conn.Text, nil); !errors.Is(err, conn.ErrClosed) {
		t.Errorf("Write after the end: %v", err)
	}
	if _, err := c.Ping(ctx); !errors.Is(err, conn.ErrClosed) {
		t.Errorf("Ping after the end: %v", err)
	}
	if _, _, err := c.Read(ctx); !errors.Is(err, conn.ErrClosed) {
		t.Errorf("Read after the end: %v", err)
	}
	if cause := context.Cause(c.Context()); !errors.Is(cause, conn.ErrClosed) {
		t.Errorf("the context ended with %v", cause)
	}
	c.Close(ctx, frame.CodeNormal, "")
	c.Abort()
}

// check holds the session to what had to come of it.
func (s *session) check(t *testing.T) {
	t.Helper()
	if s.took > within {
		t.Errorf("the server took %v", s.took)
	}
	if s.accepted {
		s.checkAccepted(t)
		return
	}
	if len(s.sent) == 0 {
		return // nothing was asked, or nobody was there to be told
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(s.sent)), nil)
	if err != nil {
		t.Fatalf("refused with %q: %v", s.sent, err)
	}
	body, err := io.ReadAll(resp.Body)
	if whole := s.setup.manner() == endsHalf || s.setup.manner() == silent; whole && err != nil || resp.StatusCode < 400 {
		t.Fatalf("refused with %d, body %q, %v", resp.StatusCode, body, err)
	}
}

// checkAccepted judges what was sent after the 101.
func (s *session) checkAccepted(t *testing.T) {
	t.Helper()
	e, ok := errors.AsType[*conn.CloseError](s.end)
	if !ok || !errors.Is(s.end, conn.ErrClosed) {
		t.Fatalf("the connection ended with %v", s.end)
	}
	head, frames, ok := bytes.Cut(s.sent, []byte("\r\n\r\n"))
	if !ok && s.setup.manner() != endsAll {
		t.Fatalf("accepted with %q", s.sent)
	}
	compressed := bytes.Contains(head, []byte("permessage-deflate"))
	if compressed && !s.setup.compression() {
		t.Fatalf("compression was agreed to: %q", head)
	}
	r := &strictReader{t: t, compression: compressed, inflater: slowInflater{window: 1 << 15}}
	all := s.setup.manner() == endsHalf || s.setup.manner() == silent // we saw all that was sent
	// What is on its way to a peer that goes without a Close may be lost.
	lost := !all || e.Code == frame.CodeAbnormal
	got := r.read(frames, lost)
	if s.setup.ownRequest() && compressed {
		return // the model doesn't know what was agreed on
	}
	_, came, _ := bytes.Cut(s.toSend, []byte("\r\n\r\n"))
	want, code := s.expected(came, compressed)
	if all && e.Code != code {
		t.Errorf("the connection ended with %v, want %v", e, code)
	}
	if !all {
		got, want = withoutClose(got), withoutClose(want)
	}
	if lost {
		want = want[:min(len(want), len(got))]
	}
	opts := []cmp.Option{cmpopts.IgnoreFields(said{}, "Reason"), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Fatalf("(-expected +sent):\n%s", diff)
	}
}

// expected returns what has to be answered to the frames that came, and with which
// code the connection has to end.
func (s *session) expected(came []byte, compressed bool) (answers []said, code frame.Code) {
	account, _ := modelOf(rules{
		role: protocol.Server, compression: compressed,
		maxSize: pipeMaxSize, maxFrames: pipeMaxFrames, discard: s.setup.service() == byDiscard,
	}, came)
	for _, in := range account.Said {
		switch in.Kind {
		case protocol.Ping:
			answers = append(answers, said{Kind: protocol.Pong, Payload: in.Payload})
		case protocol.Message:
			answers = append(answers, in)
		case protocol.Close:
			return append(answers, said{Kind: protocol.Close, Code: in.Code}), in.Code
		}
	}
	switch {
	case account.Fault != 0:
		code = account.Fault
	case s.setup.manner() != silent:
		return answers, frame.CodeAbnormal // no Close to a peer that is gone
	case account.Pending:
		code = frame.CodePolicyViolation // MessageTimeout
	default:
		code = frame.CodeGoingAway // ReadTimeout
	}
	return append(answers, said{Kind: protocol.Close, Code: code}), code
}

// withoutClose leaves out a Close: when it goes out depends on when a peer that
// ends all at once, or reads no more, was found out.
func withoutClose(list []said) []said {
	return slices.DeleteFunc(slices.Clone(list), func(s said) bool { return s.Kind == protocol.Close })
}
