package app_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// way is how a guest behaves.
type way int

const (
	polite     way = iota // waits until the others are done, asks for an answer, and closes
	stays                 // until the server closes
	leaves                // closes in the middle
	aborts                // drops the connection in the middle
	halfCloses            // closes its direction in the middle
	sleeps                // doesn't read for a while
	silent                // sends a part of a request
	turnedAway            // asks for what isn't given
	ways
)

// guest is a client, and what is known of it.
type guest struct {
	r   *round
	n   int
	way way

	conn     atomic.Pointer[app.Conn]
	opened   atomic.Int64 // stamps; 0 before
	ending   atomic.Int64 // before the first that may end the connection
	closing  atomic.Bool  // the server may end it, or may have
	opens    atomic.Int32
	closes   atomic.Int32
	inside   atomic.Int32 // hooks that run
	messages atomic.Uint64
	gone     atomic.Bool   // the client's side has ended
	left     chan struct{} // closed then

	up, down, topics *post
	joining          sync.Mutex // held by who has it join or leave an orderly topic
	stays            []stay     // guarded by joining

	// The client's.
	nc     net.Conn
	err    error
	synced bool // it got an answer to its last message
	sync   chan struct{}
	heard  map[string][]place // of topics, in order
	seen   app.Position       // of topic hist
	mu     sync.Mutex         // guards the field below
	told   map[string]string  // who is in topic wild, by id; "" for who left

	serverEnd *app.CloseError
}

func newGuest(r *round, n int, w way) *guest {
	name := func(what string) string { return fmt.Sprintf("guest %d, way %d, %s", n, w, what) }
	return &guest{
		r: r, n: n, way: w, left: make(chan struct{}), sync: make(chan struct{}, 1),
		up: newPost(r.t, name("to the server")), down: newPost(r.t, name("to the client")), topics: newPost(r.t, name("of topics")),
		heard: map[string][]place{}, told: map[string]string{},
	}
}

// endingBegins notes that the server may end the connection from now on.
func (g *guest) endingBegins() {
	g.closing.Store(true)
	g.leaving()
}

// leaving notes that something may end the connection from now on.
func (g *guest) leaving() { g.ending.CompareAndSwap(0, g.r.stamp()) }

// watches reports whether the guest is told who is in topic wild.
func (g *guest) watches() bool { return g.r.watched && g.n == 0 }

// path is where the guest connects to.
func (g *guest) path() string { return fmt.Sprintf("%s/guest/%d", g.r.root(), g.n) }

// visit is the client's life.
func (g *guest) visit() {
	defer close(g.left)
	defer g.gone.Store(true)
	dice := g.r.dice()
	for range dice.IntN(20) {
		dice.nap()
	}
	switch g.way {
	case silent:
		g.knock(dice)
		return
	case turnedAway:
		how := []string{"refuse", "panic", "goexit", "error", "nil"}[dice.IntN(5)]
		c, err := g.dial(g.r.root() + "/refused/" + how)
		if err == nil {
			c.Abort()
			g.r.t.Errorf("accepted with %s", how)
		}
		return
	}
	c, err := g.dial(g.path())
	if err != nil {
		g.err = err
		g.mayBeRefused(err)
		return
	}
	var reading sync.WaitGroup
	d := g.r.dice()
	reading.Go(func() { g.read(c, d) })
	g.talk(c, dice)
	g.end(c, dice)
	reading.Wait()
	if g.r.shutdown.Load() > 0 || g.r.cfg.MaxAge > 0 || g.r.cfg.HookTimeout > 0 {
		g.closing.Store(true)
	}
	c.Abort()
}

// dial connects. It notes the socket, whose buffers are small if the guest sleeps.
func (g *guest) dial(path string) (*conn.Conn, error) {
	d := conn.Dialer{Config: conn.Config{MaxMessageSize: -1}}
	d.Config.Compression.Enabled = g.n%2 == 0
	d.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialNet := littleRoom
		if g.way != sleeps {
			dialNet = new(net.Dialer).DialContext
		}
		nc, err := dialNet(ctx, network, addr)
		g.nc = nc
		return nc, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, err := d.Dial(ctx, "ws://"+g.r.s.Addr().String()+path)
	if err == nil && c.Response().Get(roundHeader) != g.r.root() && g.r.shutdown.Load() > 0 {
		c.Abort()
		return nil, errors.New("another server listens there by now")
	}
	return c, err
}

// mayBeRefused checks that there is a reason for which a guest wasn't let in.
func (g *guest) mayBeRefused(err error) {
	e, answered := errors.AsType[*conn.DialError](err)
	status := 0
	if answered {
		status = e.Status
	}
	c := &g.r.cfg
	switch {
	case g.r.shutdown.Load() > 0:
	case status == http.StatusServiceUnavailable && c.MaxConns > 0:
	case status == http.StatusTooManyRequests && c.MaxConnsPerIP > 0:
	case c.MaxHandshakes > 0 && status == 0:
	default:
		g.r.t.Errorf("guest %d isn't let in: %v", g.n, err)
	}
}

// knock sends a part of a request, waits a moment, and goes.
func (g *guest) knock(dice *gambler) {
	nc, err := net.Dial("tcp", g.r.s.Addr().String())
	if err != nil {
		return // nobody listens any more
	}
	defer nc.Close()
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", g.path())
	nc.Write([]byte(request[:dice.IntN(len(request)+1)]))
	for range dice.IntN(20) {
		dice.nap()
	}
}

// talk sends messages and pings.
func (g *guest) talk(c *conn.Conn, dice *gambler) {
	var senders sync.WaitGroup
	for sender := range dice.IntN(3) {
		d := g.r.dice()
		senders.Go(func() {
			stream := fmt.Sprintf("u%d.%d", g.n, sender)
			for n := range d.IntN(30) {
				f := g.sendOne(c, d, letter(stream, n, d.size()))
				g.up.promise(stream, n, f, g.r.stamp())
				d.nap()
			}
		})
	}
	if dice.IntN(3) == 0 {
		d := g.r.dice()
		senders.Go(func() {
			for range d.IntN(10) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(d.IntN(2000))*time.Microsecond)
				c.Ping(ctx)
				cancel()
			}
		})
	}
	senders.Wait()
}

func (g *guest) sendOne(c *conn.Conn, d *gambler, text string) fate {
	if d.IntN(8) == 0 {
		w, err := c.Writer(context.Background(), conn.Binary)
		for rest := []byte(text); err == nil && len(rest) > 0; {
			n := min(len(rest), 1+d.IntN(len(rest)))
			if _, err = w.Write(rest[:n]); err == nil {
				err = w.Flush()
			}
			rest = rest[n:]
			d.nap()
		}
		if err == nil {
			err = w.Close()
		}
		return g.fateOf("Writer", err)
	}
	return g.fateOf("Write", c.Write(context.Background(), conn.Opcode(1+d.IntN(2)), []byte(text)))
}

// fateOf says what a send's error promises.
func (g *guest) fateOf(what string, err error) fate {
	switch {
	case err == nil, errors.Is(err, conn.ErrWriteUnfinished):
		return must
	case errors.Is(err, app.ErrClosed):
		return mayCome
	case errors.Is(err, conn.ErrQueueFull), errors.Is(err, context.DeadlineExceeded):
		return never
	}
	g.r.t.Errorf("guest %d: %s: %v", g.n, what, err)
	return mayCome
}

// end ends the connection as the guest does.
func (g *guest) end(c *conn.Conn, dice *gambler) {
	for range dice.IntN(40) {
		dice.nap()
	}
	switch g.way {
	case polite, sleeps:
		<-g.r.over
		g.leaving()
		if c.WriteText(context.Background(), "sync") == nil {
			select {
			case <-g.sync:
				g.synced = true
			case <-c.Context().Done():
			}
		}
		g.close(c)
	case leaves:
		g.leaving()
		g.close(c)
	case aborts:
		g.leaving()
		if g.nc.Close(); dice.IntN(2) == 0 {
			c.Abort()
		}
	case halfCloses:
		g.leaving()
		if c.WaitWritten(context.Background()) == nil { // what is queued after that goes under
			g.nc.(*net.TCPConn).CloseWrite()
		}
	}
}

// Codes that clients and the server close with.
const (
	leaveCode conn.Code = 4002
	closeCode conn.Code = 4001
)

func (g *guest) close(c *conn.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := c.Close(ctx, leaveCode, ""); err != nil && !errors.Is(err, app.ErrClosed) {
		g.r.t.Errorf("guest %d, way %d: Close: %v", g.n, g.way, err)
	}
}

// read reads until the end.
func (g *guest) read(c *conn.Conn, dice *gambler) {
	drowsy := dice.IntN(2) == 0
	if g.way == sleeps {
		wait(time.Duration(dice.IntN(30)) * time.Millisecond)
	}
	for {
		_, p, err := c.Read(context.Background())
		if err != nil {
			g.err = err
			return
		}
		g.hear(string(p))
		if drowsy {
			dice.nap()
		}
	}
}

// hear takes a message as its first letters say.
func (g *guest) hear(text string) {
	switch kind, rest, _ := strings.Cut(text, " "); kind {
	case "sync":
		g.sync <- struct{}{}
	case "after":
		g.seen = parsePosition(g.r.t, rest)
	case "framed":
		g.hearFramed(rest)
	case "gap":
		topic, at, _ := strings.Cut(rest, " ")
		if topic == "hist" {
			g.seen = parsePosition(g.r.t, at)
		}
	case "presence":
		topic, who, _ := strings.Cut(rest, " ")
		if topic != "wild" {
			return
		}
		id, info, _ := strings.Cut(who, " ")
		g.mu.Lock()
		g.told[id] = info
		g.mu.Unlock()
	default:
		g.hearLetter(strings.Trim(text, `"`))
	}
}

// hearLetter takes a message of a stream: topics' streams begin with the topic.
func (g *guest) hearLetter(text string) {
	topic, _, of := strings.Cut(text, ":")
	if !of {
		g.down.arrived(text)
		return
	}
	if p, ok := g.topics.arrived(text); ok {
		g.heard[topic] = append(g.heard[topic], p)
	}
}

// hearFramed takes a message with its position, and checks that none is missing before
// it.
func (g *guest) hearFramed(rest string) {
	var topic, token string
	var prev uint64
	fields := strings.SplitN(rest, " ", 4)
	topic, token = fields[0], fields[1]
	fmt.Sscan(fields[2], &prev)
	g.hearLetter(fields[3])
	at := parsePosition(g.r.t, token)
	if topic != "hist" || at.IsZero() {
		return
	}
	switch {
	case at.Epoch != g.seen.Epoch:
		if g.seen.Epoch != "" && prev != 0 {
			g.r.t.Errorf("guest %d: a new epoch begins behind %d", g.n, prev)
		}
	case at.Seq <= g.seen.Seq:
		g.r.t.Errorf("guest %d: message %d of topic hist came after %d", g.n, at.Seq, g.seen.Seq)
	case prev != g.seen.Seq:
		g.r.t.Errorf("guest %d: message %d of topic hist, which follows on %d, came after %d", g.n, at.Seq, prev, g.seen.Seq)
	}
	g.seen = at
}

// view returns who is in topic wild, as the guest was told.
func (g *guest) view() map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	view := maps.Clone(g.told)
	maps.DeleteFunc(view, func(_, info string) bool { return info == "" })
	return view
}

// members returns who is in topic wild.
func (g *guest) members() map[string]string {
	is := map[string]string{}
	for _, m := range g.r.s.Members("wild") {
		is[m.ID] = presenceText(m)
	}
	return is
}

func parsePosition(t testing.TB, token string) app.Position {
	if token == "" || token == "0" {
		return app.Position{}
	}
	p, err := app.ParsePosition(token)
	if err != nil {
		t.Errorf("position %q: %v", token, err)
	}
	return p
}
