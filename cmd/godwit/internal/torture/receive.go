package torture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/godwit-ws/godwit/frame"
)

// maxReceived is the longest frame that the peer takes.
const maxReceived = 64 << 20

// received is a message or a control frame from the endpoint.
type received struct {
	op      frame.Opcode
	payload []byte
}

// errEnd says that the connection ended without a Close frame.
var errEnd = errors.New("the connection ended without a Close frame")

// next reads up to the end of the next message, or the next control frame. Pings and
// pongs that nobody asked for come too.
func (p *peer) next() (received, error) {
	for {
		first, payload, err := p.readFrame()
		if err != nil {
			return received{}, err
		}
		op := first & 0x0F
		if op >= 8 {
			return received{frame.Opcode(op), payload}, nil
		}
		if p.opcode == 0 {
			p.opcode, p.packed = op, first&rsv1 != 0
		}
		p.message = append(p.message, payload...)
		if first&0x80 == 0 {
			continue
		}
		ev := received{frame.Opcode(p.opcode), p.message}
		packed := p.packed
		p.message, p.opcode = nil, 0
		if !packed {
			return ev, nil
		}
		if p.inflater == nil {
			return ev, errors.New("a compressed message where compression was not agreed on")
		}
		ev.payload, err = p.inflater.inflate(ev.payload)
		return ev, err
	}
}

// readFrame reads a frame, and takes what it says on trust.
func (p *peer) readFrame() (first byte, payload []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(p.r, head[:2]); err != nil {
		return 0, nil, ended(err)
	}
	first, second := head[0], head[1]
	n := uint64(second & 0x7F)
	if n >= 126 {
		wide := head[:2+6*(n-126)]
		if _, err := io.ReadFull(p.r, wide); err != nil {
			return 0, nil, ended(err)
		}
		if n == 126 {
			n = uint64(binary.BigEndian.Uint16(wide))
		} else {
			n = binary.BigEndian.Uint64(wide)
		}
	}
	if n > maxReceived {
		return 0, nil, fmt.Errorf("received a frame that announces %d bytes", n)
	}
	var key [4]byte
	if second&0x80 != 0 {
		if _, err := io.ReadFull(p.r, key[:]); err != nil {
			return 0, nil, ended(err)
		}
	}
	payload = make([]byte, n)
	if _, err := io.ReadFull(p.r, payload); err != nil {
		return 0, nil, ended(err)
	}
	unmask(payload, key)
	return first, payload, nil
}

// ended sorts an error of reading.
func ended(err error) error {
	if timedOut(err) {
		return fmt.Errorf("nothing came in time: %w", err)
	}
	return fmt.Errorf("%w (%w)", errEnd, err)
}

// want waits for a message, or a control frame, and compares it.
func (p *peer) want(op frame.Opcode, payload []byte) {
	if p.err != nil {
		return
	}
	p.within(p.env.o.Patience)
	ev, err := p.nextBut(op)
	switch {
	case err != nil:
		p.fail("want %v %s: %w", op, quote(payload), err)
	case ev.op == frame.Close:
		p.fail("want %v %s, got Close with %v", op, quote(payload), codeOf(ev))
	case ev.op != op || !bytes.Equal(ev.payload, payload):
		p.fail("want %v %s, got %v %s", op, quote(payload), ev.op, quote(ev.payload))
	}
}

// nextBut returns the next event, leaving out pings and pongs unless op is one.
func (p *peer) nextBut(op frame.Opcode) (received, error) {
	for {
		ev, err := p.next()
		if err != nil || ev.op == op || ev.op != frame.Ping && ev.op != frame.Pong {
			return ev, err
		}
	}
}

func quote(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%q… (%d bytes)", b[:40], len(b))
	}
	return strconv.Quote(string(b))
}

// wantEcho wants a message back.
func (p *peer) wantEcho(w wire) { p.want(w.op, w.payload) }

// wantClose waits for a Close frame with one of the codes, CodeNoStatus being none,
// answers it, and waits for the end.
func (p *peer) wantClose(codes ...frame.Code) {
	if p.err != nil {
		return
	}
	p.within(p.env.o.Patience)
	switch ev, err := p.nextBut(frame.Close); {
	case errors.Is(err, errEnd):
		p.weak("want Close with %v: %w", codes, err)
		return
	case err != nil:
		p.fail("want Close with %v: %w", codes, err)
	case ev.op != frame.Close:
		p.fail("want Close with %v, got %v %s", codes, ev.op, quote(ev.payload))
	case !slices.Contains(codes, codeOf(ev)):
		p.fail("want Close with %v, got %v", codes, codeOf(ev))
	}
	p.send(closeCode(frame.CodeNormal, ""))
	p.wantOver()
}

// wantOver waits for the end of the connection after the Close frames.
func (p *peer) wantOver() {
	if p.err != nil {
		return
	}
	if p.env.role == server {
		p.shutdown() // which is for a server to begin (RFC 6455 §7.1.1)
	}
	p.within(p.env.o.Patience)
	n, err := io.Copy(io.Discard, p.r)
	switch {
	case timedOut(err):
		p.fail("the connection is still open %v after the Close frames", p.env.o.Patience)
	case n > 0:
		p.fail("%d bytes after the Close frame", n)
	}
}

// wantAlive sends a message and wants its echo.
func (p *peer) wantAlive() {
	if p.env.echoes() {
		p.send(text("alive"))
		p.want(frame.Text, []byte("alive"))
	}
}

// finish closes the connection in order (RFC 6455 §7.1.2).
func (p *peer) finish() {
	p.send(closeCode(frame.CodeNormal, ""))
	p.wantClose(frame.CodeNormal)
}

// drainUntilClose reads whatever comes until a Close or the end, on a goroutine, for
// scripts that write a lot. The function that it returns waits for that and returns
// the code: 0 if the connection ended without a Close.
func (p *peer) drainUntilClose(limit time.Duration) (wait func() (frame.Code, int)) {
	done := make(chan frame.Code, 1)
	messages := 0
	p.nc.SetReadDeadline(time.Now().Add(limit))
	go func() {
		for {
			ev, err := p.next()
			if err != nil {
				done <- 0
				return
			}
			if ev.op == frame.Close {
				done <- codeOf(ev)
				return
			}
			messages++
		}
	}()
	return func() (frame.Code, int) { return <-done, messages }
}

func codeOf(ev received) frame.Code {
	if len(ev.payload) < 2 {
		return frame.CodeNoStatus
	}
	return frame.Code(binary.BigEndian.Uint16(ev.payload))
}
