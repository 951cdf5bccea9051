package console

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// reasonMax is how much of a refusal's text is passed on, in bytes.
const reasonMax = 4096

// reason is the answer to ?why.
type reason struct {
	Accepted bool   `json:"accepted"` // the server would accept this connection now
	Status   int    `json:"status,omitempty"`
	Text     string `json:"text,omitempty"`
}

// answerWhy finds out why a connection was refused, which browsers don't tell their
// pages: it has the server judge the same request once more, in this process, with
// an answer that stops short of being a connection. Middleware runs as for any
// request; hooks don't.
func (c *Console) answerWhy(w http.ResponseWriter, r *http.Request, query url.Values) {
	u, err := url.ParseRequestURI(query.Get("why"))
	if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		http.Error(w, "why must be a path that begins with a slash", http.StatusBadRequest)
		return
	}
	asked := openingRequest(r, u, query.Get("origin"), query.Get("protocols"))
	a := &answer{header: make(http.Header)}
	c.srv.ServeHTTP(a, asked)
	if a.accepted {
		writeJSON(w, reason{Accepted: true})
		return
	}
	writeJSON(w, reason{Status: a.status, Text: strings.TrimSpace(a.body.String())})
}

// openingRequest makes the opening request that the console's page, which is of that
// origin, would have the browser send: from the same client, with the same cookies as
// r.
func openingRequest(r *http.Request, u *url.URL, origin, protocols string) *http.Request {
	asked := r.Clone(r.Context())
	asked.Method, asked.URL, asked.RequestURI = http.MethodGet, u, u.RequestURI()
	asked.Proto, asked.ProtoMajor, asked.ProtoMinor = "HTTP/1.1", 1, 1
	h := asked.Header
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", "websocket")
	h.Set("Sec-WebSocket-Version", "13")
	h.Set("Sec-WebSocket-Key", "Z29kd2l0J3MgY29uc29sZQ==")
	if origin != "" {
		h.Set("Origin", origin)
	}
	if protocols != "" {
		h.Set("Sec-WebSocket-Protocol", protocols)
	}
	return asked
}

// answer takes an answer in. It is an http.ResponseWriter whose connection can't be
// had; that it was asked for says that the request was accepted.
type answer struct {
	header   http.Header
	status   int
	body     bytes.Buffer // at most reasonMax bytes
	accepted bool
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter. The first call counts.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter. What is too much is left out.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body.Write(p[:min(len(p), reasonMax-a.body.Len())])
	return len(p), nil
}

// Hijack implements http.Hijacker, and fails.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.accepted = true
	return nil, nil, http.ErrNotSupported
}
