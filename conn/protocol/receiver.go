package protocol

import (
	"bytes"
	"math"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/frame"
)

// ReceiverConfig sets the rules of a Receiver. There are no defaults here: the
// engines fill in every field.
type ReceiverConfig struct {
	Role Role
	// MaxMessageSize is the longest message taken, in bytes after inflating.
	// Negative means no limit. A longer one fails with CodeMessageTooBig.
	MaxMessageSize int64
	// MaxFragments is the most frames a message may have. Negative means no
	// limit. One more fails with CodePolicyViolation.
	MaxFragments int
	// Decompressor inflates messages with RSV1 set; nil if compression was not
	// agreed on (RFC 7692 §6).
	Decompressor *deflate.Decompressor
}

// Receiver turns received bytes into events. See the package's documentation for
// how it is driven; make one with NewReceiver.
type Receiver struct {
	state
	parser   frame.Parser
	inflater *deflate.Decompressor

	in     []byte // received and not yet looked at
	into   []byte // what Want returned last
	direct bool   // in lies right behind msg.b, in the same array

	running frame.Opcode // opcode of the running frame
	opcode  frame.Opcode // Text or Binary while a message is under way, or 0
	ended   bool         // the running frame has Fin set
	ends    uint64       // messages, and control frames outside of them, that have ended
	text    frame.UTF8
	msg     assembly // the message
	zip     assembly // its compressed form, if it is compressed
	control []byte   // payload of a control frame that came in pieces

	mode   Mode // of messages to come
	now    Mode // of the message under way
	behind bool // Stream was set in the middle of a message: what was collected is still to be handed out
	lent   bool // the last event's payload is in msg or zip: free it at the next call
	closed bool // the peer's Close was seen
	err    *frame.CloseError
}

// Mode says how data messages are handed out. It may be changed at any time.
type Mode uint8

// The modes of a Receiver. In the middle of a message only a later one of them
// takes effect at once: what was handed out or dropped can't become part of a
// whole message again.
const (
	Whole  Mode = iota // as Message events
	Stream             // as Part events; compressed messages in one Part
	// Discard drops messages: their frames still have to keep to the rules and
	// limits, but their content is looked at no more. It is for good, since the
	// history that compressed messages build on is dropped with them.
	Discard
)

// NewReceiver returns a Receiver for a connection whose handshake is done.
func NewReceiver(cfg ReceiverConfig) *Receiver {
	r := new(Receiver)
	r.Init(cfg)
	return r
}

// Init makes r as NewReceiver would, for Receivers that are part of a larger
// value.
func (r *Receiver) Init(cfg ReceiverConfig) {
	if cfg.MaxMessageSize < 0 || cfg.MaxMessageSize > maxInt {
		cfg.MaxMessageSize = maxInt
	}
	if cfg.MaxFragments < 0 {
		cfg.MaxFragments = math.MaxInt
	}
	*r = Receiver{
		state: state{
			role:        cfg.Role,
			compression: cfg.Decompressor != nil,
			maxSize:     cfg.MaxMessageSize,
			maxFrames:   cfg.MaxFragments,
		},
		inflater: cfg.Decompressor,
	}
}

// Want returns where the next received bytes should be written: scratch, or the
// message's own memory if the rest of the payload wouldn't fit in scratch. All
// that was Got must have been drained by Next before. scratch must hold at least
// one byte; it is not touched once Next has returned ErrShort.
func (r *Receiver) Want(scratch []byte) []byte {
	r.into, r.direct = scratch, false
	rest := r.parser.Remaining()
	if rest < int64(len(scratch)) || r.running.IsControl() || r.now != Whole || r.compressed {
		return scratch
	}
	r.msg.grow(rest, min(len(scratch), directRoom))
	free := r.msg.b[len(r.msg.b):cap(r.msg.b)]
	r.into, r.direct = free[:min(int64(len(free)), rest)], true
	return r.into
}

// directRoom is the room in bytes that direct reading asks for, if scratch isn't
// smaller: little enough never to break the rule of reservation.
const directRoom = 64 << 10

// Got says that n bytes were written to what Want returned. 0 takes a Want back:
// scratch is then free, and not referred to any more.
func (r *Receiver) Got(n int) {
	r.in, r.into = r.into[:n], nil
	if n == 0 {
		r.in, r.direct = nil, false
	}
}

// Compression reports whether compressed messages are taken (RFC 7692).
func (r *Receiver) Compression() bool { return r.compression }

// Feed gives bytes that were received elsewhere, in place of Want and Got. They
// are unmasked in place.
func (r *Receiver) Feed(p []byte) { r.in, r.direct = p, false }

// Buffered returns how many bytes were received and not yet looked at.
func (r *Receiver) Buffered() int { return len(r.in) }

// Rest gives back the bytes that were not yet looked at, for an engine that has
// to move them. Feed continues with them.
func (r *Receiver) Rest() []byte { return r.in }

// Quiet reports whether r holds nothing of its connection, as between messages: it
// may then serve another one with the same configuration. A Receiver with a
// Decompressor, which has a history, never is.
func (r *Receiver) Quiet() bool {
	return r.inflater == nil && r.mode == Whole && r.err == nil && !r.closed && !r.lent && !r.msg.attached &&
		len(r.in) == 0 && !r.Pending()
}

// Renew makes r, if the peer's Close has ended its connection, fit to serve another one
// with the same configuration. It returns false where that hasn't, and for a Receiver
// with a Decompressor.
func (r *Receiver) Renew() bool {
	if !r.closed || r.inflater != nil {
		return false
	}
	r.Reset()
	r.Init(ReceiverConfig{Role: r.role, MaxMessageSize: r.maxSize, MaxFragments: r.maxFrames})
	return true
}

// Held returns how many bytes of memory r holds for messages that have come in part:
// its own, not a caller's who has attached some.
func (r *Receiver) Held() int { return r.msg.held() + r.zip.held() }

// Pending reports whether the bytes so far end inside a message or a frame: a
// connection that is lost here was cut.
func (r *Receiver) Pending() bool { return r.opcode != 0 || r.parser.Pending() }

// Ended counts the messages, and the control frames outside of them, that have
// come to their end: where Pending is true twice and Ended the same, it is one and
// the same message that is under way.
func (r *Receiver) Ended() uint64 { return r.ends }

// SetMode says how data messages are to be handed out from here on. In the
// middle of a message, Stream first hands out what was collected of it, even if that
// is nothing, and Discard drops it; from Stream, Whole waits for the message's end,
// unless Next hasn't handed out anything of it yet; nothing follows Discard.
func (r *Receiver) SetMode(m Mode) {
	if r.mode == Discard || r.mode == m {
		return
	}
	r.settle()
	r.mode = m
	if r.opcode != 0 {
		if r.behind { // nothing of it was handed out
			r.now = Whole
		}
		r.behind = m == Stream && r.now == Whole && !r.compressed
		r.now = max(r.now, m)
	}
	if m == Discard && !r.lent {
		r.msg.reset()
		r.zip.reset()
	}
}

// Attach lets the next message, or the one under way, be collected in dst's
// array, from its start, and in memory grown from it: what is handed out from
// there has Event.Taken set and is the caller's to keep. It lasts until that
// message ends, however it was handed out, or until Detach. The payload of the
// last event is no longer valid.
func (r *Receiver) Attach(dst []byte) {
	r.release()
	r.settle()
	r.msg.attach(dst)
}

// Detach moves what was collected of a message away from attached memory, which
// is the caller's alone again.
func (r *Receiver) Detach() {
	r.settle()
	r.msg.detach()
}

// settle takes received bytes out of the message's memory, where they lie if they
// were read directly and Next hasn't looked at them, before that changes hands.
func (r *Receiver) settle() {
	if r.direct {
		r.in, r.direct = bytes.Clone(r.in), false
	}
}

// Reset gives all memory back. It is the last call.
func (r *Receiver) Reset() {
	r.msg.reset()
	r.zip.reset()
	r.in, r.into, r.control, r.closed = nil, nil, nil, true
}
