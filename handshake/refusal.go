package handshake

import (
	"errors"
	"strconv"
)

// retryAfter is how many seconds a peer is asked to wait after 429 and 503.
const retryAfter = "10"

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
		// Connection: close stands beside Upgrade: naming Upgrade there as well would contradict it.
		dst = append(dst, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"...)
	case 429, 503:
		name, value = "Retry-After", retryAfter
	}
	if _, brought := first(extra, name); name == "" || brought {
		return dst
	}
	return appendField(dst, name, value)
}

// appendExtra writes the fields of a Refusal, without those that may not stand there: a refusal has
// to reach the peer, so a bad field is dropped rather than the answer.
func appendExtra(dst []byte, fields []Field) []byte {
	for i, f := range fields {
		if checkExtra(fields[i:i+1]) != nil || equalFold(f.Name, "Content-Type") || equalFold(f.Name, "X-Content-Type-Options") {
			continue
		}
		dst = appendField(dst, f.Name, f.Value)
	}
	return dst
}

// statusText gives the reason phrase for a status that is likely here (RFC 9110 §15), and a general
// one for its class otherwise.
func statusText(status int) string {
	switch status {
	case 301:
		return "Moved Permanently"
	case 302:
		return "Found"
	case 303:
		return "See Other"
	case 307:
		return "Temporary Redirect"
	case 308:
		return "Permanent Redirect"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 408:
		return "Request Timeout"
	case 410:
		return "Gone"
	case 426:
		return "Upgrade Required"
	case 429:
		return "Too Many Requests"
	case 431:
		return "Request Header Fields Too Large"
	case 500:
		return "Internal Server Error"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	}
	switch status / 100 {
	case 3:
		return "Redirect"
	case 4:
		return "Refused"
	}
	return "Server Error"
}
