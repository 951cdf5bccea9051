package frame

import "strconv"

// CloseError says how a connection ended. It is the only error struct a caller of this module
// meets. Those returned by this package are shared: copy one before you change it.
type CloseError struct {
	Code   Code   // what was, or should be, on the wire (RFC 6455 §7.4)
	Reason string // UTF-8, at most MaxReason bytes
	Remote bool   // the peer ended it
	Err    error  // our cause; nil for a clean close
}

// Error says in one line who ended the connection, with which code, the reason if one was given
// (quoted, since it may be the peer's words) and the cause if there is one:
//
//	websocket closed by peer: 1001 going away, reason "restarting"
//	websocket closed locally: 1002 protocol error, reason "length …": frame: 16-bit length …
//	websocket lost: 1006 abnormal: EOF
func (e *CloseError) Error() string {
	s := "websocket " + e.ending() + ": " + e.Code.String()
	if e.Reason != "" {
		s += ", reason " + strconv.Quote(e.Reason)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// ending says who ended the connection. A code that only stands for a loss says that nobody did
// (RFC 6455 §7.1.5).
func (e *CloseError) ending() string {
	switch {
	case e.Code == CodeAbnormal:
		return "lost"
	case e.Remote:
		return "closed by peer"
	}
	return "closed locally"
}

// Unwrap returns Err.
func (e *CloseError) Unwrap() error { return e.Err }
