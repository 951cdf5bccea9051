package protocol

import (
	"errors"

	"github.com/godwit-ws/godwit/frame"
)

// ErrClosed is returned for a control frame by a Sender that has sent its Close
// frame: nothing may follow it (RFC 6455 §5.5.1).
var ErrClosed = errors.New("protocol: a Close frame was sent")

// ErrNotUTF8 is returned for a text message that is not UTF-8 (RFC 6455 §5.6).
// Nothing of it was sent.
var ErrNotUTF8 = errors.New("protocol: text message is not UTF-8")

// ErrOpcode is returned for a message that is neither Text nor Binary.
var ErrOpcode = errors.New("protocol: not a message opcode (want Text or Binary)")

// ErrControl is returned for a control frame of more than frame.MaxControl bytes.
var ErrControl = errors.New("protocol: control payload over 125 bytes")

// What is said to a peer that breaks a rule. Made once: hostile input costs no
// allocation.
var (
	errReservedBit            = violation("reserved bit set")
	errReservedOpcode         = violation("reserved opcode")
	errUnmasked               = violation("unmasked frame from client")
	errMasked                 = violation("masked frame from server")
	errCompressedControl      = violation("RSV1 set on a control frame")
	errFragmentedControl      = violation("fragmented control frame")
	errLongControl            = violation("control frame over 125 bytes")
	errCompressedContinuation = violation("RSV1 set on a continuation frame")
	errOrphan                 = violation("continuation frame without a message")
	errInterleaved            = violation("new message inside a fragmented one")

	errFragments = failure(frame.CodePolicyViolation, "too many fragments")
	errTooBig    = failure(frame.CodeMessageTooBig, "message too big")
	errText      = failure(frame.CodeInvalidPayload, "text is not UTF-8")
)

func violation(reason string) *frame.CloseError { return failure(frame.CodeProtocolError, reason) }

// failure has a cause, as everything that isn't a clean close.
func failure(code frame.Code, reason string) *frame.CloseError {
	return &frame.CloseError{Code: code, Reason: reason, Err: errors.New("protocol: " + reason)}
}

// corrupt is the answer to a deflate stream that can't be inflated.
func corrupt(cause error) *frame.CloseError {
	return &frame.CloseError{Code: frame.CodeInvalidPayload, Reason: "corrupt compressed data", Err: cause}
}
