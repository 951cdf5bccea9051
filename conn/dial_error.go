package conn

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/godwit-ws/godwit/handshake"
)

// DialError is returned by Dial when a server answered with a status other than
// 101.
type DialError struct {
	URL      string // of the request, without a password
	Status   int    // as in HTTP
	Response *handshake.Response
	Body     []byte // its beginning, 1 KiB at the most
	Err      error
}

// Error names the server, the status, and the first line of the body.
func (e *DialError) Error() string {
	s := fmt.Sprintf("conn: %s answered the handshake with %d", e.URL, e.Status)
	if e.Response.Reason != "" {
		s += " " + strconv.QuoteToGraphic(e.Response.Reason)
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(string(e.Body)), "\n"); line != "" {
		s += ": " + strconv.QuoteToGraphic(line)
	}
	return s
}

// Unwrap returns Err.
func (e *DialError) Unwrap() error { return e.Err }

// maxBody is how much of a refusal's body is kept, in bytes.
const maxBody = 1 << 10

// readBody returns the beginning of a body, of which some has come already, as
// far as it comes in time.
func readBody(nc net.Conn, have []byte, resp *handshake.Response) []byte {
	want := maxBody
	if n, err := strconv.Atoi(resp.Get("Content-Length")); err == nil {
		want = max(0, min(n, maxBody))
	}
	body := bytes.Clone(have[:min(len(have), want)])
	chunk := make([]byte, maxBody)
	for len(body) < want {
		n, err := nc.Read(chunk[:want-len(body)])
		body = append(body, chunk[:n]...)
		if err != nil {
			return body
		}
	}
	return body
}
