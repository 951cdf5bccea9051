package fuzz_test

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// strictReader reads what our server sends, and fails the test for whatever a
// client that trusts nobody would not take (RFC 6455 §5, RFC 7692 §6).
type strictReader struct {
	t           *testing.T
	compression bool
	inflater    slowInflater

	said       []said
	opcode     frame.Opcode // of the fragmented message under way, or 0
	compressed bool
	payload    []byte
}

// read takes all that was sent. May the last frame lack its end?
func (r *strictReader) read(stream []byte, cut bool) []said {
	r.t.Helper()
	for len(stream) > 0 {
		h, n, v := wireHeader(stream)
		if v == short && cut || v == whole && cut && int64(len(stream)-n) < h.Length {
			return r.said
		}
		if v != whole || int64(len(stream)-n) < h.Length {
			r.t.Fatalf("we sent half a frame or none: % x", stream)
		}
		if r.closed() {
			r.t.Fatalf("we sent % x after our Close", stream)
		}
		if bad := r.frame(h, stream[n:][:h.Length]); bad != "" {
			r.t.Fatalf("we sent %+v, % x: %s", h, stream[n:][:h.Length], bad)
		}
		stream = stream[n+int(h.Length):]
	}
	if !cut && r.opcode != 0 && !r.closed() {
		r.t.Fatalf("we left a message unfinished after % x", r.payload)
	}
	return r.said
}

// closed reports whether a Close has come.
func (r *strictReader) closed() bool {
	return len(r.said) > 0 && r.said[len(r.said)-1].Kind == protocol.Close
}

// frame takes a frame and says what is wrong with it, if anything.
func (r *strictReader) frame(h frame.Header, p []byte) string {
	switch {
	case h.Masked:
		return "masked"
	case h.Rsv2 || h.Rsv3 || h.Rsv1 && (!r.compression || h.Opcode != frame.Text && h.Opcode != frame.Binary):
		return "reserved bits"
	case h.Opcode >= 8 && (!h.Fin || h.Length > 125):
		return "control frame fragmented or too long"
	}
	switch h.Opcode {
	case frame.Ping:
		return r.add(said{Kind: protocol.Ping, Payload: string(p)})
	case frame.Pong:
		return r.add(said{Kind: protocol.Pong, Payload: string(p)})
	case frame.Close:
		code, reason, fault := wireClose(p)
		if fault != 0 {
			return "bad Close"
		}
		return r.add(said{Kind: protocol.Close, Code: code, Reason: reason})
	case frame.Text, frame.Binary, frame.Continuation:
		return r.data(h, p)
	}
	return "reserved opcode"
}

func (r *strictReader) add(s said) string {
	r.said = append(r.said, s)
	return ""
}

func (r *strictReader) data(h frame.Header, p []byte) string {
	if (h.Opcode == frame.Continuation) != (r.opcode != 0) {
		return "fragments out of order"
	}
	if r.opcode == 0 {
		r.opcode, r.compressed, r.payload = h.Opcode, h.Rsv1, nil
	}
	r.payload = append(r.payload, p...)
	if !h.Fin {
		return ""
	}
	message, opcode := r.payload, r.opcode
	r.opcode = 0
	if r.compressed {
		var err error
		if message, err = r.inflater.inflate(message, -1); err != nil {
			return fmt.Sprint("can't be inflated: ", err)
		}
	}
	if opcode == frame.Text && !utf8.Valid(message) {
		return "text is not UTF-8"
	}
	return r.add(said{Kind: protocol.Message, Opcode: opcode, Payload: string(message)})
}
