package conn

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// Opcode is the type of a message: Text or Binary.
type Opcode = frame.Opcode

// The two types of messages (RFC 6455 §5.6).
const (
	Text   = frame.Text
	Binary = frame.Binary
)

// Conn is a WebSocket connection whose opening handshake is done. It is made by
// a Dialer, an Upgrader or Pipe. Every method may be called from any goroutine
// at any time; frames of different calls never interleave.
type Conn struct {
	t     drive.Transport // the connection below, if an engine drives it in turns
	cfg   *limits
	hello *hello

	// Reading: owned by whoever holds the reading baton (lockRead).
	recv *protocol.Receiver // in turns: nil while it would hold nothing

	closing atomic.Bool // we sent Close: messages are dropped

	mu sync.Mutex // guards the fields below

	writes uint32 // counts finished writes
	send   protocol.Sender
	out    *bufpool.Buffer // encoded, to be written next

	hooks Hooks   // in turns; doesn't change
	heard instant // in turns: when bytes came last, or were first waited for

	*seldom

	reading  bool // the reading baton is held
	consumer consumer
	waiting  bool // the reader waits for bytes
	flushing bool // the write baton is held
	corked   bool
	answered bool // the cork holds back messages, not pongs alone
	turns         // driven in turns
}

// blocking is what a connection needs that is driven by goroutines which wait for
// its socket.
type blocking struct {
	nc    net.Conn
	raw   rawConn // the way around nc, where the platform has one
	sweep *sweeper

	// Reading: owned by whoever holds the reading baton.
	scratch *bufpool.Buffer // holds what recv has buffered
	size    int             // of the next scratch
	readErr error           // came together with bytes; due at the next read
	stream  *MessageReader  // the message being streamed
	news    bool            // bytes have come since the last wait for some

	fragile bool // a write that timed out can't be taken up again; doesn't change
	rests   bool // the reader makes way for another goroutine when it has waited for long; doesn't change

	// Guarded by the Conn's mu.
	kicked        bool            // the reader was woken by a past deadline, which is still set
	tired         bool            // the reader is to make way for another goroutine
	resting       bool            // it has, and that one waits; the reader, who sets it, reads it without mu
	readDone      <-chan struct{} // Done of the context it waits under
	readWatch     watch
	writeDone     <-chan struct{} // Done of the context that a blocked write stands under
	writeWatch    watch
	writeDeadline bool // the connection below has one set, which is over
	wr            pendingWrite
	farewell      bool   // what is written now ends our direction
	handed        bool   // nc is closed by those who wait for the peer to close
	flushFn       func() // flushLoop, kept so that starting it doesn't allocate
	swept         bool   // the sweeper knows of us
	batch         uint32 // counts corks
	corkRoom      int    // memory to begin with under a cork: what came is often answered by as much
	seldom        seldom // what Conn.seldom points to, from where it points back
}

// blockings holds what connections have left that are driven in turns: most of those
// needed it for the moment between their handshake and their first turn.
var blockings = sync.Pool{New: func() any { return new(blocking) }}

// receivers holds what connections have left that hold nothing of a message.
var receivers = sync.Pool{New: func() any { return new(protocol.Receiver) }}

// takeReceiver returns a Receiver for a connection.
func takeReceiver(cfg protocol.ReceiverConfig) *protocol.Receiver {
	r := receivers.Get().(*protocol.Receiver)
	r.Init(cfg)
	return r
}

// dropReceiver gives the receiver of a connection back that has ended or holds nothing.
// The reading baton is held.
func (c *Conn) dropReceiver() {
	*c.recv = protocol.Receiver{} // with what it knows of compression
	receivers.Put(c.recv)
	c.recv = nil
}

// hello is what the opening handshake left behind.
type hello struct {
	request     *handshake.Request
	response    *handshake.Response
	subprotocol string
	parent      context.Context // of the connection's context
}

// setup is what a new Conn needs beside its configuration.
type setup struct {
	role     protocol.Role
	hello    hello
	deflate  *handshake.Deflate // the agreed parameters; nil if none
	leftover []byte             // bytes that followed the handshake
	sweep    *sweeper
}

// newConn makes the Conn of a finished handshake. cfg has its defaults filled in
// and is shared by many.
func newConn(nc net.Conn, cfg *limits, s setup) *Conn {
	h, b := s.hello, blockings.Get().(*blocking)
	b.nc, b.sweep = nc, s.sweep
	c := &Conn{cfg: cfg, hello: &h, seldom: &b.seldom}
	c.blocking, c.timers = b, &c.clock
	c.fragile = !resumable(nc)
	c.raw.init(c)
	c.size = c.leastScratch()
	c.initProtocol(s.role, s.deflate)
	if len(s.leftover) > 0 {
		c.scratch = bufpool.Get(len(s.leftover))
		c.scratch.B = append(c.scratch.B, s.leftover...)
		c.recv.Feed(c.scratch.B)
	}
	c.startTimers()
	return c
}

// resumable reports whether a write on nc that timed out can be taken up again
// where it stopped. With TLS it can't, and what we don't know may have TLS in it.
func resumable(nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn, *memconn.Conn:
		return true
	}
	return false
}

// initProtocol sets up the two halves of the protocol.
func (c *Conn) initProtocol(role protocol.Role, agreed *handshake.Deflate) {
	c.send.Init(c.cfg.senderConfig(role, agreed))
	in := c.receiverConfig()
	if agreed != nil {
		_, theirs := directions(role, agreed)
		in.Decompressor = deflate.NewDecompressor(deflate.DecompressorConfig{
			WindowBits: theirs.bits, NoTakeover: theirs.noTakeover,
		})
	}
	c.recv = takeReceiver(in)
}

// senderConfig returns how a connection sends. Servers' connections without compression
// all have the same.
func (l *limits) senderConfig(role protocol.Role, agreed *handshake.Deflate) *protocol.SenderConfig {
	if role == protocol.Server && agreed == nil {
		return &l.plain
	}
	out := l.plain
	out.Role = role
	if role == protocol.Client {
		out.Key = new(keySource).next
	}
	if agreed != nil {
		ours, _ := directions(role, agreed)
		out.Compressor = deflate.NewCompressor(deflate.CompressorConfig{
			WindowBits: ours.bits, NoTakeover: ours.noTakeover, HistorySize: l.Compression.History,
		})
		out.WindowBits = ours.bits
	}
	return &out
}

// receiverConfig is that of a connection without compression.
func (c *Conn) receiverConfig() protocol.ReceiverConfig {
	return protocol.ReceiverConfig{
		Role:           c.send.Role(),
		MaxMessageSize: c.cfg.MaxMessageSize,
		MaxFragments:   c.cfg.MaxFragments,
	}
}

// direction is what was agreed on for one direction (RFC 7692 §7.1).
type direction struct {
	bits       int
	noTakeover bool
}

// directions sorts the agreed parameters by who sends.
func directions(role protocol.Role, d *handshake.Deflate) (ours, theirs direction) {
	server := direction{d.ServerMaxWindowBits, d.ServerNoContextTakeover}
	client := direction{d.ClientMaxWindowBits, d.ClientNoContextTakeover}
	if role == protocol.Server {
		return server, client
	}
	return client, server
}

// RemoteAddr returns the peer's address, as the connection below gives it.
func (c *Conn) RemoteAddr() net.Addr { return c.below().RemoteAddr() }

// LocalAddr returns our address, as the connection below gives it.
func (c *Conn) LocalAddr() net.Addr { return c.below().LocalAddr() }

// below returns what knows the addresses.
func (c *Conn) below() addresses {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.t != nil {
		return c.t
	}
	return c.nc
}

// addresses is what a net.Conn and a drive.Transport have in common.
type addresses interface {
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}

// Subprotocol returns the agreed subprotocol, or "" (RFC 6455 §1.9).
func (c *Conn) Subprotocol() string { return c.opening().subprotocol }

// Request returns the opening request a server received, and nil on a client. It
// must not be changed. Driven by hooks, it is forgotten once OnOpen has returned.
func (c *Conn) Request() *handshake.Request { return c.opening().request }

// Response returns the opening response a client received, and nil on a server.
// It must not be changed. It is forgotten as the request is.
func (c *Conn) Response() *handshake.Response { return c.opening().response }

func (c *Conn) opening() hello {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.hello
}

// Compressed reports whether permessage-deflate was agreed on (RFC 7692).
func (c *Conn) Compressed() bool { return c.send.Compressing() }

// Err returns nil while the connection is up, and then how it ended: an error
// that Is ErrClosed and As *CloseError.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end
}

// Context returns a context that ends with the connection; its cause is then
// what Err returns. Its values are those of the request's context, for a server
// under net/http, and of the context given to Accept or Dial.
func (c *Conn) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.userCtx == nil {
		parent := c.hello.parent
		if parent == nil {
			parent = context.Background()
		}
		u := new(userContext)
		u.ctx, u.cancel = context.WithCancelCause(context.WithoutCancel(parent))
		if c.end != nil {
			u.cancel(c.end)
		}
		c.own().userCtx = u
	}
	return c.userCtx.ctx
}

// userContext is what Context returns. It is made by the first who asks.
type userContext struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// finish ends the connection, once. mu is held, and given up while the connection
// below is closed: that waits for a reader or writer who is at the socket, and
// they may be waiting for mu.
func (c *Conn) finish(e *CloseError) {
	if c.end != nil {
		return
	}
	c.own().end = ended{e}
	c.closing.Store(true)
	c.dropHeld()
	c.settle()
	if c.userCtx != nil {
		c.userCtx.cancel(c.end)
	}
	if c.t != nil {
		c.finishTurns()
		return
	}
	c.stopTimers()
	c.readWatch.stop()
	c.writeWatch.stop()
	if !c.handed {
		c.mu.Unlock()
		closeTransport(c.nc)
		c.mu.Lock()
	}
	c.changed()
}

// await waits for a change of state, for ctx or for the time limit, whichever
// comes first; the caller then looks again. mu is held, and given up meanwhile.
// It is the slow path of everything: what it needs it makes anew.
func (c *Conn) await(ctx context.Context, limit time.Time) {
	wake := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changed()
	}
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, wake)
		defer stop()
	}
	if !limit.IsZero() {
		timer := time.AfterFunc(time.Until(limit), wake)
		defer timer.Stop()
	}
	c.wait()
}

// wait waits for a change of state. mu is held, and given up meanwhile. In turns it
// leaves nothing behind.
func (c *Conn) wait() {
	s := c.own()
	if s.cond == nil {
		s.cond = sync.NewCond(&c.mu)
	}
	s.waiters++
	s.cond.Wait()
	if c.waiters--; c.waiters == 0 && c.t != nil {
		c.cond = nil
	}
}

// changed wakes all who wait for a change of state. mu is held.
func (c *Conn) changed() {
	if c.cond != nil {
		c.cond.Broadcast()
	}
}
