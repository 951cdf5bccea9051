package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/router"
)

// Conn is a connection as its handler sees it. All methods may be called from any
// goroutine at any time, during hooks and after the end.
//
// It is one piece of memory with its Request, and small: most connections are idle.
type Conn struct {
	request Request
	ws      *conn.Conn
	handler Handler
	id      uint64
	since   int64 // Unix time in ns

	received traffic
	sent     traffic

	mu     sync.Mutex // guards seldom, and request.values
	seldom *seldom
}

// traffic counts messages of one direction.
type traffic struct{ messages, bytes atomic.Uint64 }

func (t *traffic) count(n int) {
	t.messages.Add(1)
	t.bytes.Add(uint64(n))
}

// Traffic is what went over connections in one direction.
type Traffic struct {
	Messages uint64 // whole ones
	Bytes    uint64 // of payload, before compression
}

func (t *traffic) load() Traffic { return Traffic{t.messages.Load(), t.bytes.Load()} }

// Server returns the server that the connection belongs to.
func (c *Conn) Server() *Server { return c.request.server }

// Request returns the opening request. It is only read.
func (c *Conn) Request() *Request { return &c.request }

// ID returns the connection's id, unique within the server's life: Server.Conn finds
// the connection by it.
func (c *Conn) ID() string { return formatID(c.id) }

// formatID writes a connection's number as an id.
func formatID(n uint64) string { return "c" + strconv.FormatUint(n, 36) }

// parseID is the inverse of formatID.
func parseID(id string) (n uint64, ok bool) {
	digits, ok := strings.CutPrefix(id, "c")
	n, err := strconv.ParseUint(digits, 36, 64)
	return n, ok && err == nil && formatID(n) == id
}

// Path returns the path of the opening request, as it was sent.
func (c *Conn) Path() string { return c.request.Path() }

// Params returns the path's parameters. They must not be changed.
func (c *Conn) Params() *router.Match { return c.request.Params() }

// Param returns the text of the path's parameter of that name, whatever its type,
// or "" if the route has none.
func (c *Conn) Param(name string) string {
	text, _ := c.request.Params().String(name)
	return text
}

// Int returns the value of the int parameter of that name, or 0 if the route has
// none. Params has the other types.
func (c *Conn) Int(name string) int64 {
	n, _ := c.request.Params().Int(name)
	return n
}

// PathParams returns all parameters in a new map: int64, float64, bool, router.UUID
// and string by their types.
func (c *Conn) PathParams() map[string]any { return c.request.Params().Map() }

// ClientAddress returns the client's address, as Request.ClientAddress does.
func (c *Conn) ClientAddress() netip.AddrPort { return c.request.ClientAddress() }

// NetConn returns the connection as a stream of bytes above the WebSocket: what is
// written is sent as binary messages. Its addresses are those of the socket.
// It is the same one each time.
func (c *Conn) NetConn() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	stream, ok := c.request.values.get(streamKey{}).(net.Conn)
	if !ok {
		stream = conn.NetConn(c.Context(), c.ws, conn.Binary)
		c.request.values.set(streamKey{}, stream)
	}
	return stream
}

// streamKey finds what NetConn returns among the values: few ask for it.
type streamKey struct{}

// Engine returns the connection of package conn that carries this one.
func (c *Conn) Engine() *conn.Conn { return c.ws }

// ConnectedAt returns when the handshake was done.
func (c *Conn) ConnectedAt() time.Time { return time.Unix(0, c.since) }

// Connected reports whether the connection is up: false from Close on, and once it
// has ended.
func (c *Conn) Connected() bool { return !c.request.flags.has(wasClosed) && c.ws.Err() == nil }

// Limits returns the limits in force, with the defaults filled in.
func (c *Conn) Limits() conn.Config { return c.request.server.limits }

// CloseCode returns how the connection ended; before the end it is 1000.
func (c *Conn) CloseCode() conn.Code {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seldom.end == nil {
		return conn.CodeNormal
	}
	return c.seldom.end.Code
}

// CloseReason returns the reason with which the connection ended, or "".
func (c *Conn) CloseReason() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seldom.end == nil {
		return ""
	}
	return c.seldom.end.Reason
}

// Subprotocol returns the agreed subprotocol, or "".
func (c *Conn) Subprotocol() string { return c.ws.Subprotocol() }

// Context returns a context that ends with the connection.
func (c *Conn) Context() context.Context { return c.ws.Context() }

// Set sets a value of the user's under a key. Keys of a type of your own don't clash
// with others'.
func (c *Conn) Set(key, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.request.values.set(key, value)
}

// Get returns what was set under key, on the Request or on the Conn, or nil.
func (c *Conn) Get(key any) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.request.values.get(key)
}

// Traffic returns what was received and sent so far.
func (c *Conn) Traffic() (received, sent Traffic) { return c.received.load(), c.sent.load() }

// Close sends a Close frame behind what is still to be sent, and returns; the
// connection ends when the peer has answered, or after Limits.CloseTimeout. No
// OnMessage is called any more. Only the first call counts.
//
// The code must be one that may be sent (conn.ErrCloseCode): 1000 to 1003, 1007 to
// 1014, 3000 to 4999. The reason is cut to 123 bytes between characters, and what of
// it isn't UTF-8 is replaced.
func (c *Conn) Close(code conn.Code, reason string) error {
	if !code.Sendable() {
		return fmt.Errorf("app: close with code %d: %w", code, conn.ErrCloseCode)
	}
	c.request.flags.set(wasClosed)
	return c.ws.Close(context.Background(), code, strings.ToValidUTF8(reason, "\uFFFD"))
}

// Abort drops the connection at once, without a Close frame.
func (c *Conn) Abort() {
	c.request.flags.set(wasClosed)
	c.ws.Abort()
}
