package protocol

import (
	"slices"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/frame"
)

// SenderConfig sets up a Sender. There are no defaults here: the engines fill in
// every field.
type SenderConfig struct {
	Role Role
	// MaxFrame is the longest payload of one frame, in bytes. Longer messages are
	// fragmented (RFC 6455 §5.4), unless they are compressed: the compressed form
	// leaves in one frame. 0 or less means no limit.
	MaxFrame int
	// Compressor compresses messages; nil if compression was not agreed on.
	Compressor *deflate.Compressor
	// WindowBits is the window that Compressor keeps to, 8 to 15: it chooses the
	// variant of a Prepared message. Needed with a Compressor only.
	WindowBits int
	// Threshold is the length in bytes under which a message is not compressed.
	Threshold int
	// Key draws a masking key (RFC 6455 §5.3: unpredictable, fresh for each
	// frame). Needed by a Client only.
	Key func() uint32
}

// Sender turns messages and control frames into the bytes to send. All its
// methods append to dst and return it; none keeps a reference to what it is
// given. That nothing follows the Close frame is up to who holds it, with Closed:
// a queue may still encode messages that precede the Close. Make one with
// NewSender.
//
// It is a part of every connection, and small: servers' connections without
// compression share one SenderConfig.
type Sender struct {
	cfg    *SenderConfig
	closed bool
	rsv1   bool         // the fragmented message under way is compressed
	next   frame.Opcode // of the next fragment
}

// NewSender returns a Sender for a connection whose handshake is done.
func NewSender(cfg SenderConfig) *Sender {
	s := new(Sender)
	s.Init(&cfg)
	return s
}

// Init makes s as NewSender would, for Senders that are part of a larger value. It
// keeps cfg, which is only read from here on: without Compressor and Key many Senders
// may have the same.
func (s *Sender) Init(cfg *SenderConfig) { *s = Sender{cfg: cfg} }

// Role returns the end that sends. Unlike other methods it may be called at any time.
func (s *Sender) Role() Role { return s.cfg.Role }

// Compressing reports whether compression was agreed on. It may be called at any time,
// as Role.
func (s *Sender) Compressing() bool { return s.cfg.Compressor != nil }

// Closed reports whether the Close frame was sent: nothing may follow it.
func (s *Sender) Closed() bool { return s.closed }

// Compresses reports whether a message of n bytes would be compressed.
func (s *Sender) Compresses(n int) bool { return s.Compressing() && n >= s.cfg.Threshold }

// Room returns how many bytes a message of n bytes takes at worst, with its
// frames' headers.
func (s *Sender) Room(n int) int {
	room := n + frame.MaxHeader
	if most := s.cfg.MaxFrame; most > 0 && n > most { // else a division for nothing
		room += frame.MaxHeader * (n / most)
	}
	if s.Compressing() {
		room += deflate.MaxCompressed(n) - n
	}
	return room
}

// Direct reports whether a message of n bytes goes out as one header followed by
// the payload as it is, so that the payload needn't be copied: AppendHeader then
// gives that header.
func (s *Sender) Direct(n int) bool {
	return s.cfg.Role == Server && !s.Compresses(n) && s.fits(n)
}

// AppendHeader appends the header of an unfragmented message of n bytes for
// which Direct is true.
func (s *Sender) AppendHeader(dst []byte, op frame.Opcode, n int) []byte {
	return frame.AppendHeader(dst, frame.Header{Fin: true, Opcode: op, Length: int64(n)})
}

// AppendMessage appends a whole message: masked and compressed as the connection
// wants it, fragmented where it is longer than MaxFrame.
func (s *Sender) AppendMessage(dst []byte, op frame.Opcode, p []byte) []byte {
	if s.Compresses(len(p)) {
		return s.appendCompressed(dst, op, p)
	}
	if s.cfg.Role == Server && s.fits(len(p)) { // the commonest: nothing to mask, one frame
		return append(s.AppendHeader(dst, op, len(p)), p...)
	}
	h := frame.Header{Opcode: op}
	for !s.fits(len(p)) {
		dst = s.appendFrame(dst, h, p[:s.cfg.MaxFrame])
		p, h.Opcode = p[s.cfg.MaxFrame:], frame.Continuation
	}
	h.Fin = true
	return s.appendFrame(dst, h, p)
}

// fits reports whether n bytes of payload may go out in one frame.
func (s *Sender) fits(n int) bool { return s.cfg.MaxFrame <= 0 || n <= s.cfg.MaxFrame }

// appendCompressed appends a whole message with RSV1 set (RFC 7692 §7.2.1).
func (s *Sender) appendCompressed(dst []byte, op frame.Opcode, p []byte) []byte {
	start := len(dst)
	dst = s.cfg.Compressor.AppendMessage(openFrame(dst, len(p)), p)
	return s.closeFrame(dst, start, frame.Header{Fin: true, Rsv1: true, Opcode: op})
}

// openFrame leaves room for the longest header behind dst, and makes room for n
// bytes compressed.
func openFrame(dst []byte, n int) []byte {
	dst = slices.Grow(dst, frame.MaxHeader+deflate.MaxCompressed(n))
	return dst[:len(dst)+frame.MaxHeader]
}

// closeFrame completes the frame that was opened at start: what was appended
// since moves up to the header it turned out to need.
func (s *Sender) closeFrame(dst []byte, start int, h frame.Header) []byte {
	payload := dst[start+frame.MaxHeader:]
	s.mask(&h)
	h.Length = int64(len(payload))
	dst = frame.AppendHeader(dst[:start], h)
	at := len(dst)
	dst = append(dst, payload...)
	if h.Masked {
		frame.Mask(dst[at:], h.Key)
	}
	return dst
}

// appendFrame appends one frame with payload p.
func (s *Sender) appendFrame(dst []byte, h frame.Header, p []byte) []byte {
	s.mask(&h)
	h.Length = int64(len(p))
	dst = slices.Grow(dst, frame.MaxHeader+len(p))
	dst = frame.AppendHeader(dst, h)
	at := len(dst)
	dst = dst[:at+len(p)]
	if h.Masked {
		frame.MaskCopy(dst[at:], p, h.Key)
	} else {
		copy(dst[at:], p)
	}
	return dst
}

// mask draws a masking key for a client's frame.
func (s *Sender) mask(h *frame.Header) {
	if s.cfg.Role == Client {
		h.Masked, h.Key = true, s.cfg.Key()
	}
}
