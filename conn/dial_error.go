package conn

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"

	"github.com/godwit-ws/godwit/handshake"
)

// DialError is returned by Dial when a server answered with a status other than
// 101.
type DialError struct {
	URL      string              // of the request, without a password
	Status   int                 // as in HTTP
	Response *handshake.Response // the answer's header
	Body     []byte              // its beginning, 1 KiB at the most
	Err      error               // the *handshake.StatusError
}

// What an error text quotes of a server's words, in bytes.
const (
	maxReasonText = 64
	maxBodyText   = 200
)

// Error names the server, the status, and the first line of the body.
func (e *DialError) Error() string {
	s := fmt.Sprintf("conn: %s answered the handshake with %d", e.URL, e.Status)
	if e.Response != nil && e.Response.Reason != "" {
		s += " " + quote(e.Response.Reason, maxReasonText)
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(string(e.Body)), "\n"); line != "" {
		s += ": " + quote(line, maxBodyText)
	}
	return s
}

// quote quotes the first n bytes of s at the most, control characters escaped.
func quote(s string, n int) string { return strconv.QuoteToGraphic(s[:min(len(s), n)]) }

// Unwrap returns Err.
func (e *DialError) Unwrap() error { return e.Err }

// maxBody is how much of a refusal's body is kept, in bytes.
const maxBody = 1 << 10

// readBody returns the beginning of a body, of which some has come already, as
// far as it comes before nc's deadline.
func readBody(nc net.Conn, have []byte, resp *handshake.Response) []byte {
	var body io.Reader = io.MultiReader(bytes.NewReader(have), nc)
	length, err := strconv.ParseUint(resp.Get("Content-Length"), 10, 63)
	switch {
	case resp.Status == http.StatusNoContent || resp.Status == http.StatusNotModified:
		return nil // without a body (RFC 9112 §6.3)
	case strings.EqualFold(resp.Get("Transfer-Encoding"), "chunked"):
		body = httputil.NewChunkedReader(body)
	case err == nil:
		body = io.LimitReader(body, int64(length))
	}
	begun, _ := io.ReadAll(io.LimitReader(body, maxBody)) // cut short is better than nothing
	return begun
}
