package conn

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
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
		refuse(w, r, err)
		return nil, err
	}
	req := requestOf(r)
	scheme := handshake.HTTP
	if r.TLS != nil {
		scheme = handshake.HTTPS
	}
	accepted, answer, err := u.judge(req, scheme, stringAddr(r.RemoteAddr), extraFields(w.Header()))
	if err != nil {
		refuse(w, r, err)
		return nil, fmt.Errorf("conn: upgrade: %w", err)
	}
	nc, leftover, err := hijack(w)
	if err != nil {
		refuse(w, r, err)
		return nil, fmt.Errorf("conn: upgrade: %w", err)
	}
	if err := u.answer(nc, answer); err != nil {
		return nil, err
	}
	return newConn(nc, &u.cfg, u.setup(accepted, hello{request: req, parent: r.Context()}, leftover)), nil
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
	if r.ContentLength > 0 && r.Header.Get("Content-Length") == "" {
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
	return slices.DeleteFunc(fieldsOf(h), func(f handshake.Field) bool { return f.Check() != nil })
}

// refuse answers a request that isn't right, by way of net/http.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	answer := handshake.AppendRefusal(nil, err)
	end, headErr := handshake.HeaderEnd(answer, 0, len(answer))
	var resp handshake.Response
	if headErr == nil {
		headErr = resp.Parse(string(answer[:end]))
	}
	if headErr != nil {
		panic("conn: a refusal of our own can't be parsed: " + headErr.Error())
	}
	setFields(w.Header(), resp.Fields)
	if r.ProtoMajor > 1 { // has no such fields (RFC 9113 §8.2.2)
		w.Header().Del("Connection")
		w.Header().Del("Upgrade")
	}
	w.WriteHeader(resp.Status)
	w.Write(answer[end:]) // an error means that nobody listens any more
}

// setFields puts a refusal's fields in place of those in h. "Connection: close"
// comes first of its lines: net/http looks at no other.
func setFields(h http.Header, fields []handshake.Field) {
	for _, f := range fields {
		h.Del(f.Name)
	}
	h.Set("Connection", "close")
	for _, f := range fields {
		if f != (handshake.Field{Name: "Connection", Value: "close"}) {
			h.Add(f.Name, f.Value)
		}
	}
}

// hijack takes the connection from net/http, with the bytes that it has read
// behind the request. They lie in a buffer that nobody uses any more.
func hijack(w http.ResponseWriter) (net.Conn, []byte, error) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrHijack, err)
		return nil, nil, &handshake.Refusal{Status: http.StatusInternalServerError, Err: err}
	}
	nc.SetDeadline(never) // net/http's own deadlines end here
	leftover, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		panic("conn: bufio.Reader gives less than it holds: " + err.Error())
	}
	return nc, leftover, nil
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
