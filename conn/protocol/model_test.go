package protocol_test

import (
	"bytes"
	"compress/flate"
	wireorder "encoding/binary"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// model does what a Receiver in mode Whole does, with all of the stream before it at once and nothing in
// mind but to be right. It shares no code with what is under test.
type model struct {
	role        protocol.Role
	compression bool
	max         int
	maxFrames   int

	events     []said
	opcode     byte // of the message under way; 0: none
	compressed bool
	frames     int
	message    []byte
	history    []byte // plaintext of compressed messages
}

// modelFrame is one frame of the model's, as far as it is there.
type modelFrame struct {
	first   byte
	masked  bool
	length  uint64
	payload []byte // unmasked
	whole   bool
}

// run returns the code to fail with, or 0.
func (m *model) run(stream []byte) frame.Code {
	for {
		f, size, code := m.parse(stream)
		if code != 0 || size == 0 {
			return code
		}
		stream = stream[size:]
		code, closed := m.take(f)
		if code != 0 || closed || !f.whole {
			return code
		}
	}
}

// parse returns the first frame and its size, which is 0 as long as its header is not there.
func (m *model) parse(b []byte) (f modelFrame, size int, code frame.Code) {
	if len(b) < 2 {
		return f, 0, 0
	}
	f.first, f.masked, f.length = b[0], b[1]&0x80 != 0, uint64(b[1]&0x7f)
	size = 2
	switch f.length {
	case 126:
		if len(b) < 4 {
			return f, 0, 0
		}
		f.length, size = uint64(wireorder.BigEndian.Uint16(b[2:])), 4
		if f.length < 126 {
			return f, 0, 1002
		}
	case 127:
		if len(b) < 10 {
			return f, 0, 0
		}
		f.length, size = wireorder.BigEndian.Uint64(b[2:]), 10
		if f.length>>63 != 0 || f.length <= 0xffff {
			return f, 0, 1002
		}
	}
	var key []byte
	if f.masked {
		if len(b) < size+4 {
			return f, 0, 0
		}
		key = b[size : size+4]
		size += 4
	}
	body := b[size:]
	if f.whole = f.length <= uint64(len(body)); f.whole {
		body = body[:f.length]
	}
	for i, c := range body {
		if f.masked {
			c ^= key[i%4]
		}
		f.payload = append(f.payload, c)
	}
	return f, size + len(body), 0
}

// take judges a frame and acts on it.
func (m *model) take(f modelFrame) (code frame.Code, closed bool) {
	opcode := f.first & 0xf
	control := opcode >= 8
	isRsv1 := f.first&rsv1 != 0
	switch {
	case f.first&(rsv2|rsv3) != 0,
		opcode > 2 && opcode < 8 || opcode > 10,
		f.masked != (m.role == protocol.Server),
		control && (f.first&fin == 0 || f.length > 125),
		isRsv1 && (control || opcode == 0 || !m.compression),
		opcode == 0 && m.opcode == 0,
		!control && opcode != 0 && m.opcode != 0:
		return 1002, false
	case control:
		return m.control(opcode, f)
	}
	if opcode != 0 {
		m.opcode, m.compressed, m.frames, m.message = opcode, isRsv1, 0, nil
	}
	m.frames++
	limit := uint64(m.max)
	if m.compressed {
		limit = uint64(m.max + m.max/8 + 1024 + 16*m.frames)
	}
	switch {
	case m.frames > m.maxFrames:
		return 1008, false
	case uint64(len(m.message))+f.length > limit:
		return 1009, false
	}
	m.message = append(m.message, f.payload...)
	return m.data(f.whole && f.first&fin != 0), false
}

func (m *model) control(opcode byte, f modelFrame) (code frame.Code, closed bool) {
	p := string(f.payload)
	switch {
	case !f.whole:
	case opcode == 9:
		m.events = append(m.events, ping(p))
	case opcode == 10:
		m.events = append(m.events, pong(p))
	case len(p) == 0:
		m.events = append(m.events, closing(frame.CodeNoStatus, ""))
	case len(p) == 1 || !frame.Code(wireorder.BigEndian.Uint16(f.payload)).Sendable():
		return 1002, false
	case !utf8.ValidString(p[2:]):
		return 1007, false
	default:
		m.events = append(m.events, closing(frame.Code(wireorder.BigEndian.Uint16(f.payload)), p[2:]))
	}
	return 0, f.whole && opcode == 8
}

// data looks at what there is of the message.
func (m *model) data(end bool) frame.Code {
	if m.compressed {
		if !end {
			return 0
		}
		if code := m.inflate(); code != 0 {
			return code
		}
	}
	if m.opcode == 1 && !mayBeText(m.message, end) {
		return 1007
	}
	if end {
		m.events = append(m.events, said{Kind: protocol.Message, Opcode: frame.Opcode(m.opcode), Last: true, Payload: string(m.message)})
		m.opcode = 0
	}
	return 0
}

// inflate makes the message of its compressed form, with the standard library.
func (m *model) inflate() frame.Code {
	src := io.MultiReader(bytes.NewReader(m.message), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))
	plain, err := io.ReadAll(io.LimitReader(flate.NewReaderDict(src, m.history), int64(m.max)+1))
	switch {
	case len(plain) > m.max:
		return 1009
	case err != nil:
		return 1007
	}
	m.message = plain
	m.history = append(m.history, plain...)
	m.history = m.history[max(0, len(m.history)-1<<15):]
	return 0
}

// mayBeText reports whether p is UTF-8, or, before the end, may become it.
func mayBeText(p []byte, end bool) bool {
	for len(p) > 0 {
		if !end && !utf8.FullRune(p) {
			return true
		}
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			return false
		}
		p = p[size:]
	}
	return true
}

// A Receiver does what the model does, whatever the peer says and however it arrives.
func TestAgainstModel(t *testing.T) {
	rng := random(t)
	rounds := 3000
	if testing.Short() || raceEnabled {
		rounds = 300
	}
	failures := make(map[frame.Code]int)
	for n := 0; n < rounds || n < 20*rounds && failures[1007] == 0; n++ { // the rarest end, one in a hundred
		m := &model{role: protocol.Role(rng.IntN(2)), compression: rng.IntN(2) == 0, max: 1 << (3 + rng.IntN(11)), maxFrames: 1 + rng.IntN(20)}
		cfg := protocol.ReceiverConfig{Role: m.role, MaxMessageSize: int64(m.max), MaxFragments: m.maxFrames}
		if m.compression {
			cfg = compressing(cfg)
		}
		stream := newTalker(rng, m.role, m.compression).talk()
		code := m.run(stream)
		failures[code]++

		cut := 1 + rng.IntN(1+rng.IntN(300))
		got, bad := read(t, protocol.NewReceiver(cfg), bytes.Clone(stream), 1+rng.IntN(500), func() int { return 1 + rng.IntN(cut) })
		gotCode := frame.Code(0)
		if bad != nil {
			gotCode = bad.Code
		}
		if diff := cmp.Diff(m.events, got); diff != "" || code != gotCode {
			t.Fatalf("%s, limits %d and %d, compression %t, stream %x:\nfailed with %v, the model with %d; events (-model +got):\n%s",
				m.role, m.max, m.maxFrames, m.compression, stream, bad, code, diff)
		}
	}
	t.Logf("ends by code: %v", failures)
	for _, code := range []frame.Code{0, 1002, 1007, 1008, 1009} {
		if failures[code] == 0 {
			t.Errorf("no stream ended with code %d", code)
		}
	}
}
