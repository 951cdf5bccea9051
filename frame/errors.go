package frame

import "errors"

// ErrShort is returned by parsers whose input ends inside the thing parsed: add bytes, call again.
var ErrShort = errors.New("frame: need more bytes")

// Errors of AppendClosePayload.
var (
	// ErrCode says that a close code may not be sent (RFC 6455 §7.4).
	ErrCode = errors.New("frame: close code may not be sent")
	// ErrReason says that a close reason is not UTF-8 (RFC 6455 §5.5.1).
	ErrReason = errors.New("frame: close reason is not UTF-8")
)

// What the parsers answer to bytes that break the protocol. Made once, so that a hostile peer costs
// no allocation; shared, so never written to.
var (
	errLength16 = protocolError("length not in its shortest form",
		"frame: 16-bit length field holds less than 126")
	errLength64 = protocolError("length not in its shortest form",
		"frame: 64-bit length field holds less than 65536")
	errLengthTopBit = protocolError("length with its top bit set",
		"frame: 64-bit length field holds 2^63 or more")

	errCloseSize = protocolError("close payload of impossible size",
		"frame: close payload of one byte or of more than 125")
	errCloseCode = protocolError("close code that may not be sent",
		"frame: close payload holds a reserved code")
	errCloseReason = &CloseError{
		Code:   CodeInvalidPayload,
		Reason: "close reason is not UTF-8",
		Err:    errors.New("frame: close payload holds bytes that are not UTF-8"),
	}
)

// protocolError makes the answer to a violation: reason goes on the wire, cause into our log.
func protocolError(reason, cause string) *CloseError {
	return &CloseError{Code: CodeProtocolError, Reason: reason, Err: errors.New(cause)}
}
