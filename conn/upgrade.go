package conn

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/handshake"
)

// ErrHijack is returned by Upgrade where net/http can't give the connection away.
var ErrHijack = errors.New("conn: this http.ResponseWriter can't be hijacked")

// Upgrade makes a WebSocket connection of a net/http request, with the zero
// Upgrader. See its method.
func Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	return new(Upgrader).Upgrade(w, r)
}

// Upgrade makes a WebSocket connection of a net/http request (RFC 6455 §4.2). A
// request that isn't right has been answered when the error is returned.
// Otherwise the connection is the caller's, and w and r must not be used any
// more; header fields that were set on w, such as cookies, are sent along. The
// caller must see that the connection ends; Handler does so itself.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	if err := u.prepare(); err != nil {
		refuse(w, err)
		return nil, err
	}
	req := requestOf(r)
	scheme := handshake.HTTP
	if r.TLS != nil {
		scheme = handshake.HTTPS
	}
	accepted, answer, err := u.judge(req, scheme, stringAddr(r.RemoteAddr), extraFields(w.Header()))
	if err != nil {
		refuse(w, err)
		return nil, fmt.Errorf("conn: upgrade: %w", err)
	}
	nc, leftover, err := hijack(w)
	if err != nil {
		refuse(w, &handshake.Refusal{Status: http.StatusInternalServerError, Err: err})
		return nil, err
	}
	if err := u.answer(nc, answer); err != nil {
		return nil, err
	}
	return u.open(nc, accepted, hello{request: req, parent: r.Context()}, leftover), nil
}

// requestOf copies what a request of net/http says to one of package handshake,
// with the fields that net/http takes out of the header.
func requestOf(r *http.Request) *handshake.Request {
	req := &handshake.Request{
		Method: r.Method,
		Target: r.RequestURI,
		Proto:  r.Proto,
		Fields: make([]handshake.Field, 0, len(r.Header)+2),
	}
	if req.Target == "" {
		req.Target = r.URL.RequestURI() // a request made by hand, in a test
	}
	req.Add("Host", r.Host)
	if r.ContentLength != 0 {
		req.Add("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	for _, coding := range r.TransferEncoding {
		req.Add("Transfer-Encoding", coding)
	}
	for name, values := range r.Header {
		for _, value := range values {
			req.Add(name, value)
		}
	}
	return req
}

// extraFields returns the fields that others have set on the response, without
// those that the handshake writes itself.
func extraFields(h http.Header) []handshake.Field {
	var fields []handshake.Field
	for name, values := range h {
		for _, value := range values {
			if f := (handshake.Field{Name: name, Value: value}); f.Check() == nil {
				fields = append(fields, f)
			}
		}
	}
	slices.SortStableFunc(fields, byName)
	return fields
}

// byName orders fields, which come from a map, so that the wire shows no chance.
func byName(a, b handshake.Field) int { return strings.Compare(a.Name, b.Name) }

// refuse answers a request that isn't right, by way of net/http.
func refuse(w http.ResponseWriter, err error) {
	answer := handshake.AppendRefusal(nil, err)
	end, headErr := handshake.HeaderEnd(answer, 0, len(answer))
	var resp handshake.Response
	if headErr == nil {
		headErr = resp.Parse(string(answer[:end]))
	}
	if headErr != nil {
		panic("conn: a refusal of our own can't be parsed: " + headErr.Error())
	}
	for _, f := range resp.Fields {
		w.Header().Add(f.Name, f.Value)
	}
	w.WriteHeader(resp.Status)
	w.Write(answer[end:]) // an error means that nobody listens any more
}

// hijack takes the connection from net/http, with the bytes that it has read
// behind the request.
func hijack(w http.ResponseWriter) (net.Conn, []byte, error) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrHijack, err)
	}
	nc.SetDeadline(never) // net/http's own deadlines end here
	buffered := rw.Reader.Buffered()
	if buffered == 0 {
		return nc, nil, nil
	}
	leftover, err := rw.Reader.Peek(buffered)
	if err != nil {
		panic("conn: bufio.Reader gives less than it holds: " + err.Error())
	}
	return nc, slices.Clone(leftover), nil
}

// answer writes the 101.
func (u *Upgrader) answer(nc net.Conn, answer []byte) error {
	if u.cfg.HandshakeTimeout > 0 {
		nc.SetWriteDeadline(time.Now().Add(u.cfg.HandshakeTimeout))
		defer nc.SetWriteDeadline(never)
	}
	if _, err := nc.Write(answer); err != nil {
		closeTransport(nc)
		return fmt.Errorf("conn: answer the handshake: %w", err)
	}
	return nil
}

// stringAddr is an address known as text only.
type stringAddr string

func (stringAddr) Network() string  { return "tcp" }
func (a stringAddr) String() string { return string(a) }
