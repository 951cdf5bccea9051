package protocol

import (
	"math"

	"github.com/godwit-ws/godwit/frame"
)

// state is what the rules for a frame's header depend on.
type state struct {
	role        Role
	compression bool  // permessage-deflate was agreed on
	inMessage   bool  // a fragmented message is under way
	compressed  bool  // that message has RSV1 set
	frames      int   // of that message so far
	size        int64 // payload bytes announced by those frames
	maxSize     int64 // MaxMessageSize; maxInt if there is none
	maxFrames   int   // MaxFragments; math.MaxInt if there is none
}

// violation returns the answer to a header that breaks a rule, or nil. The
// header's length field was already judged by frame.ParseHeader.
func (s *state) violation(h frame.Header) *frame.CloseError {
	switch {
	case h.Rsv2 || h.Rsv3:
		return errReservedBit // RFC 6455 §5.2
	case h.Opcode.IsReserved():
		return errReservedOpcode // RFC 6455 §5.2
	case h.Masked != (s.role == Server):
		return maskViolation(s.role)
	case h.Opcode.IsControl():
		return controlViolation(h)
	}
	return s.dataViolation(h)
}

// maskViolation answers a peer that masks or doesn't, against RFC 6455 §5.1.
func maskViolation(role Role) *frame.CloseError {
	if role == Server {
		return errUnmasked
	}
	return errMasked
}

// controlViolation holds the rules of control frames (RFC 6455 §5.5; RFC 7692
// §6.1 for RSV1).
func controlViolation(h frame.Header) *frame.CloseError {
	switch {
	case h.Rsv1:
		return errCompressedControl
	case !h.Fin:
		return errFragmentedControl
	case h.Length > frame.MaxControl:
		return errLongControl
	}
	return nil
}

// dataViolation holds the rules of data frames (RFC 6455 §5.4; RFC 7692 §6.1 for
// RSV1), then the limits.
func (s *state) dataViolation(h frame.Header) *frame.CloseError {
	continuation := h.Opcode == frame.Continuation
	switch {
	case h.Rsv1 && !s.compression:
		return errReservedBit
	case h.Rsv1 && continuation:
		return errCompressedContinuation
	case continuation && !s.inMessage:
		return errOrphan
	case !continuation && s.inMessage:
		return errInterleaved
	case s.frames >= s.maxFrames:
		return errFragments
	case s.tooBig(h):
		return errTooBig
	}
	return nil
}

// tooBig reports whether the message can't stay within the limit, judged by the
// announced lengths alone. No sum is formed before it is known not to overflow.
//
// Of a compressed message only the compressed length is announced. Deflate never
// needs to expand its input by more than a small part, so a message whose
// compressed frames sum past 9/8 of the limit (plus what headers of stored
// blocks and sync markers cost) is either too big or padded without need.
func (s *state) tooBig(h frame.Header) bool {
	limit := s.maxSize
	if h.Rsv1 || s.compressed {
		limit = compressedLimit(s.maxSize, s.frames+1)
	}
	return h.Length > limit-s.size
}

// compressedLimit is 9/8 of max, 1 KiB, and 16 B for each frame.
func compressedLimit(max int64, frames int) int64 {
	limit := max + max/8 + 1024 + 16*int64(frames)
	if limit < max {
		return maxInt // max is close to the largest integer
	}
	return limit
}

const maxInt = int64(math.MaxInt) // as much as a slice may ever hold
