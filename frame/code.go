package frame

import "strconv"

// Code says why a connection ended (RFC 6455 §7.4).
type Code uint16

// The codes that RFC 6455 §7.4.1 and the registry it founded (RFC 6455 §11.7) define.
const (
	CodeNormal             Code = 1000 // the purpose is fulfilled
	CodeGoingAway          Code = 1001 // a server going down, a page left
	CodeProtocolError      Code = 1002 // the peer broke the protocol
	CodeUnsupportedData    Code = 1003 // data of a kind not taken here
	CodeNoStatus           Code = 1005 // a Close without a code; never on the wire
	CodeAbnormal           Code = 1006 // lost without a Close; never on the wire
	CodeInvalidPayload     Code = 1007 // data at odds with its type, such as text that isn't UTF-8
	CodePolicyViolation    Code = 1008 // a rule of the application, or no better code
	CodeMessageTooBig      Code = 1009 // a message longer than is taken here
	CodeMandatoryExtension Code = 1010 // the client wanted an extension the server did not grant
	CodeInternalError      Code = 1011 // the server met a fault of its own
	CodeServiceRestart     Code = 1012 // restarting: come back
	CodeTryAgainLater      Code = 1013 // overloaded: come back later
	CodeBadGateway         Code = 1014 // what stands behind the server answered badly
	CodeTLSHandshake       Code = 1015 // TLS failed; never on the wire
)

// Sendable reports whether c may stand in a Close frame: 1000 to 1003, 1007 to 1014, and 3000 to
// 4999, the ranges of libraries and applications (RFC 6455 §7.4.1 and §7.4.2).
func (c Code) Sendable() bool {
	switch {
	case c >= CodeNormal && c <= CodeUnsupportedData:
		return true
	case c >= CodeInvalidPayload && c <= CodeBadGateway:
		return true
	}
	return c >= 3000 && c <= 4999
}

// String returns the number and, where the code is a registered one, its name: "1002 protocol
// error", "4001".
func (c Code) String() string {
	n := strconv.Itoa(int(c))
	if name := c.name(); name != "" {
		return n + " " + name
	}
	return n
}

// name returns what c is called, or "" if it has no name.
func (c Code) name() string {
	switch c {
	case CodeNormal:
		return "normal"
	case CodeGoingAway:
		return "going away"
	case CodeProtocolError:
		return "protocol error"
	case CodeUnsupportedData:
		return "unsupported data"
	case CodeNoStatus:
		return "no status"
	case CodeAbnormal:
		return "abnormal"
	case CodeInvalidPayload:
		return "invalid payload"
	case CodePolicyViolation:
		return "policy violation"
	case CodeMessageTooBig:
		return "message too big"
	case CodeMandatoryExtension:
		return "mandatory extension"
	case CodeInternalError:
		return "internal error"
	case CodeServiceRestart:
		return "service restart"
	case CodeTryAgainLater:
		return "try again later"
	case CodeBadGateway:
		return "bad gateway"
	case CodeTLSHandshake:
		return "TLS handshake"
	}
	return ""
}
