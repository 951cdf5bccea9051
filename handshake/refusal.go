package handshake

import (
	"errors"
	"strconv"
)

// retryAfter is how many seconds a peer is asked to wait after 429 and 503.
const retryAfter = "10"

// Refusal is a refusal made by the caller, for Status and AppendRefusal: say, from a hook that
// looked at a cookie. The zero value is a plain 403.
type Refusal struct {
	// Status is 300 to 599 without 304 (which has no body). 0 means the status that Err brings, and
	// 403 if it brings none; anything else counts as 500.
	Status int
	// Reason is the text of the body, shown to the peer. Empty means the usual text for the status.
	Reason string
	// Fields are added to the answer, 64 at the most. A field that ErrHeaderField would describe is
	// left out.
	Fields []Field
	// Err is the cause, for logs; the peer does not see it.
	Err error
}

// Error gives the status, the reason and the cause.
func (e *Refusal) Error() string {
	s := "handshake: refused with " + strconv.Itoa(Status(e))
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Refusal) Unwrap() error { return e.Err }

func (e *Refusal) status() int {
	switch {
	case e.Status == 0:
		if status, known := statusOf(e.Err); known {
			return status
		}
		return 403 // who makes a Refusal has understood the request
	case e.Status < 300 || e.Status > 599 || e.Status == 304:
		return 500
	}
	return e.Status
}

// AppendRefusal appends the whole HTTP/1.1 answer for err to dst: status line, Content-Length,
// Connection: close, and a short text that says what was wrong and what to do. 401, 405, 426, 429 and
// 503 come with the field their status asks for (RFC 9110 §15.5, §15.6; RFC 6455 §4.4), unless a
// Refusal in err's chain brings its own.
//
// The peer sees the text of the sentinel or the Reason of the Refusal and nothing else of err, so
// that no byte it sent comes back to it.
func AppendRefusal(dst []byte, err error) []byte {
	status := Status(err)
	var extra []Field
	body := ""
	if r, ok := errors.AsType[*Refusal](err); ok {
		extra, body = r.Fields, r.Reason
	}
	if f, ok := errors.AsType[*fault](err); ok && body == "" && f.status == status {
		body = f.body
	}
	if body == "" {
		body = "The connection was refused: " + strconv.Itoa(status) + " " + statusText(status) + "."
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(append(append(dst, ' '), statusText(status)...), "\r\n"...)
	dst = appendStatusFields(dst, status, extra)
	dst = appendExtra(dst, extra)
	dst = append(dst, "Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)+1), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(append(dst, body...), '\n')
}

// appendStatusFields writes what the status asks for and extra doesn't bring.
func appendStatusFields(dst []byte, status int, extra []Field) []byte {
	name, value := "", ""
	switch status {
	case 401:
		name, value = "WWW-Authenticate", `Basic realm="websocket", charset="UTF-8"`
	case 405:
		name, value = "Allow", "GET"
	case 426:
		// Whoever sends Upgrade names it in Connection too (RFC 9110 §7.8); close stands on a line of its own.
		dst = append(dst, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"...)
	case 429, 503:
		name, value = "Retry-After", retryAfter
	}
	if _, brought := first(extra, name); name == "" || brought {
		return dst
	}
	return appendField(dst, name, value)
}

// appendExtra writes the fields of a Refusal, without those that may not stand there: a refusal has
// to reach the peer, so a bad field is dropped rather than the answer, and so are those that would make
// more than a peer like us takes (maxFields).
func appendExtra(dst []byte, fields []Field) []byte {
	for _, f := range fields[:min(len(fields), maxFields/2)] {
		if f.Check() != nil || equalFold(f.Name, "Content-Type") || equalFold(f.Name, "X-Content-Type-Options") {
			continue
		}
		dst = appendField(dst, f.Name, f.Value)
	}
	return dst
}
