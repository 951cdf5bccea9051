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
	return u.ReceiveHTTP(w, r).Accept(Answer{})
}

// ReceiveHTTP makes an Opening of a net/http request. It always returns one: what
// is wrong with the request, or with the Upgrader, shows in Check. Until the
// Opening ends, w may be used to set header fields, which are sent with the
// answer; of Accept's errors, ErrHijack means that w can't give its connection away,
// and that the client was told 500.
func (u *Upgrader) ReceiveHTTP(w http.ResponseWriter, r *http.Request) *Opening {
	u.prepare() // its error is kept
	o := &Opening{
		Request: requestOf(r),
		Scheme:  handshake.HTTP,
		Peer:    addrIn(r.RemoteAddr),
		u:       u,
		ctx:     r.Context(),
		w:       w,
		r:       r,
	}
	if r.TLS != nil {
		o.Scheme = handshake.HTTPS
	}
	return o
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
func (o *Opening) hijack() error {
	nc, rw, err := http.NewResponseController(o.w).Hijack()
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrHijack, err)
		return &handshake.Refusal{Status: http.StatusInternalServerError, Err: err}
	}
	if o.rest, err = rw.Reader.Peek(rw.Reader.Buffered()); err != nil {
		panic("conn: bufio.Reader gives less than it holds: " + err.Error())
	}
	if ours, ok := nc.(interface{ retake() (net.Conn, []byte) }); ok { // net/http had it from Release
		var unread []byte
		nc, unread = ours.retake()
		o.rest = slices.Concat(o.rest, unread)
	}
	nc.SetDeadline(never) // net/http's own deadlines end here
	if limit := o.u.cfg.HandshakeTimeout; limit > 0 {
		nc.SetWriteDeadline(time.Now().Add(limit))
	}
	o.nc, o.w, o.r = nc, nil, nil
	return nil
}
