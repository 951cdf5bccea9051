package app_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// actor does what a server's code may do; one goroutine at a time.
type actor struct {
	*round
	*gambler
	name string
	next map[string]int // number of each stream
	hook bool
}

// act does n things.
func (a *actor) act(n int) {
	for range n {
		a.actOn(a.guests[a.IntN(len(a.guests))])
		a.nap()
	}
}

// actOn does something with a guest, if it is there.
func (a *actor) actOn(g *guest) {
	c := g.conn.Load()
	if c == nil {
		return
	}
	switch n := a.IntN(100); {
	case n < 30:
		a.send(g, c)
	case n < 50:
		a.publish(g, c)
	case n < 65:
		a.joinOrderly(g, c)
	case n < 85:
		a.joinWildly(g, c)
	case n < 95:
		a.ask(g, c)
	case n < 97:
		a.expire(g, c)
	case n < 98 && !g.watches():
		a.end(g, c)
	}
}

// compose returns the next message of a stream, of size bytes or of any.
func (a *actor) compose(stream string, size int) (text string, p place) {
	p = place{stream, a.next[stream]}
	a.next[stream]++
	return letter(stream, p.n, size), p
}

// send sends a message to a guest.
func (a *actor) send(g *guest, c *app.Conn) {
	stream := fmt.Sprintf("%s/%d", a.name, g.n)
	if a.IntN(8) == 0 {
		a.sendChunks(g, c, stream)
		return
	}
	text, p := a.compose(stream, a.size())
	var err error
	switch a.IntN(7) {
	case 0:
		err = c.SendBinary([]byte(text))
	case 1:
		err = c.SendJSON(text)
	case 2:
		m, _ := conn.NewPrepared(conn.Text, []byte(text))
		err = c.SendPrepared(m)
	case 3:
		err = c.SendFragmented(conn.Text, []byte(text), 1+a.IntN(len(text)))
	case 4:
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(a.IntN(500))*time.Microsecond)
		err = c.Send(ctx, conn.Text, []byte(text))
		cancel()
	case 5:
		err = c.SendText(text)
		c.Flush()
	default:
		err = c.SendText(text)
	}
	g.down.promise(stream, p.n, g.fateOf("a send", err), a.stamp())
}

// sendChunks sends messages that are of the same length as one.
func (a *actor) sendChunks(g *guest, c *app.Conn, stream string) {
	const chunk = 64
	var data []byte
	var all []place
	for range 1 + a.IntN(5) {
		text, p := a.compose(stream, 0)
		text = letter(stream, p.n, chunk-len(text)-1) // the size has two digits, not one
		data, all = append(data, text...), append(all, p)
	}
	f := g.fateOf("SendChunked", c.SendChunked(data, chunk))
	if f == never {
		f = mayCome // some of them
	}
	for _, p := range all {
		g.down.promise(stream, p.n, f, a.stamp())
	}
}

// publish publishes to a topic, or to everyone.
func (a *actor) publish(g *guest, c *app.Conn) {
	topic := topicNames[a.IntN(len(topicNames))]
	stream := topic + ":" + a.name
	if !lossless(topic) {
		stream = loose + stream
	}
	to := a.s.To(topic)
	m := published{topic: topic}
	switch a.IntN(10) {
	case 0, 1, 2:
		to = c.To(topic)
	case 3:
		if topic != "hist" { // its absence would be taken for a loss
			to, m.except = to.Except(c), g
		}
	case 4:
		stream = loose + everyone + ":" + a.name
		if a.broadcastAll {
			stream = everyone + ":" + a.name
		}
		to, m.topic = a.s.Everyone(), everyone
	}
	text, p := a.compose(stream, a.size()/4)
	m.place, m.began = p, a.stamp()
	at, err := to.Keyed(fmt.Sprint(a.IntN(2))).Publish(conn.Opcode(1+a.IntN(2)), []byte(text))
	m.ended = a.stamp()
	if err != nil && !errors.Is(err, app.ErrDenied) {
		a.t.Errorf("Publish: %v", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, m)
	if topic == "hist" && !at.Position.IsZero() {
		a.positions = append(a.positions, at.Position)
	}
}

// joinOrderly has a guest join or leave a topic, unless somebody else does so now.
func (a *actor) joinOrderly(g *guest, c *app.Conn) {
	if !g.joining.TryLock() {
		return
	}
	defer g.joining.Unlock()
	topic := []string{"keep/a", "keep/b", "hist"}[a.IntN(3)]
	before := -1
	for i, s := range g.stays {
		if s.topic == topic {
			before = i
		}
	}
	switch {
	case topic == "hist" && before >= 0: // what is under way couldn't be told from what is new
	case before >= 0 && g.stays[before].left == math.MaxInt64:
		g.stays[before].left = a.stamp()
		c.Leave(topic)
	default:
		s := stay{topic: topic, joining: a.stamp(), left: math.MaxInt64}
		if topic == "hist" {
			a.resume(g, c, &s)
			return
		}
		err := c.Join(topic)
		if a.mayFail("Join", err); err == nil {
			s.joined = a.stamp()
			g.stays = append(g.stays, s)
		}
	}
}

// resume has a guest join topic hist behind some position.
func (a *actor) resume(g *guest, c *app.Conn, s *stay) {
	after := a.position()
	if err := c.SendText("after " + after.String()); err != nil {
		return
	}
	g.stays = append(g.stays, *s)
	_, err := c.JoinWith("hist", app.Join{After: after, Framing: envelope{}})
	if a.mayFail("JoinWith", err); err != nil {
		g.stays[len(g.stays)-1].left = 0
		return
	}
	g.stays[len(g.stays)-1].joined = a.stamp()
}

// position returns one that a peer may come back with.
func (a *actor) position() app.Position {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch n := len(a.positions); {
	case n == 0 || a.IntN(4) == 0:
		return app.Position{}
	default:
		return a.positions[a.IntN(n)]
	}
}

// mayFail checks the error of joining: only the connection's end is one.
func (a *actor) mayFail(what string, err error) {
	if err != nil && !errors.Is(err, app.ErrClosed) && !errors.Is(err, context.Canceled) && !errors.Is(err, conn.ErrQueueFull) {
		a.t.Errorf("%s: %v", what, err)
	}
}

// joinWildly has a guest join or leave a topic, whoever else does.
func (a *actor) joinWildly(g *guest, c *app.Conn) {
	topic := topicNames[3+a.IntN(len(topicNames)-3)]
	if a.IntN(2) == 0 {
		topic = "wild"
	}
	var err error
	switch n := a.IntN(10); {
	case n < 3:
		err = c.Join(topic)
	case n < 5:
		j := app.Join{After: a.position(), Presence: a.IntN(2) == 0}
		if a.IntN(2) == 0 {
			j.Framing = envelope{}
		}
		_, err = c.JoinWith(topic, j)
	case n < 7:
		c.SetPresence(a.IntN(1000))
	case !g.watches():
		c.Leave(topic)
	}
	if !errors.Is(err, app.ErrDenied) && !errors.Is(err, app.ErrJoined) && !errors.Is(err, app.ErrBehind) {
		a.mayFail("joining "+topic, err)
	}
}

// ask asks for all that is told of a connection and a server.
func (a *actor) ask(g *guest, c *app.Conn) {
	switch a.IntN(6) {
	case 0:
		c.Set(a.name, a.IntN(10))
		if c.Get(guestKey{}) != g || c.Get(a.name) == nil {
			a.t.Error("values are lost")
		}
	case 1:
		if c.Int("n") != int64(g.n) || c.Path() != g.path() {
			a.t.Errorf("guest %d came by %s", g.n, c.Path())
		}
	case 2:
		for _, topic := range c.Topics() {
			c.In(topic)
		}
		_, err := c.Members("wild")
		if err != nil && !errors.Is(err, app.ErrDenied) {
			a.t.Errorf("Members: %v", err)
		}
	case 3:
		if st := a.s.Stats(); st.Conns > len(a.guests) || st.Buffered < 0 {
			a.t.Errorf("Stats = %+v", st)
		}
		for _, info := range a.s.Topics() {
			if info.Members < 1 {
				a.t.Errorf("topic %s has %d members", info.Name, info.Members)
			}
		}
	case 4:
		if other, ok := a.s.Conn(c.ID()); ok && other != c {
			a.t.Errorf("two connections are called %s", c.ID())
		}
	default:
		c.Traffic()
		c.Connected()
		c.CloseCode()
		c.ClientAddress()
	}
}

// expire sets a time at which a guest is to end, or may.
func (a *actor) expire(g *guest, c *app.Conn) {
	at := time.Now().Add(time.Duration(a.IntN(3000)) * time.Microsecond)
	way := a.IntN(6)
	if g.watches() {
		way = 0
	}
	if way > 1 {
		g.endingBegins()
	}
	again := a.IntN(3)
	c.ExpireAt(at, func(c *app.Conn) (time.Time, error) {
		switch way {
		case 2:
			return time.Time{}, errors.New("as asked")
		case 3:
			panic("as asked")
		case 4:
			runtime.Goexit()
		}
		if again--; again >= 0 {
			return time.Now().Add(time.Millisecond), nil
		}
		return time.Time{}, nil
	})
	if way == 5 {
		c.ExpireAt(at, nil)
	}
}

// end ends a connection.
func (a *actor) end(g *guest, c *app.Conn) {
	g.endingBegins()
	switch a.IntN(4) {
	case 0:
		c.Abort()
	case 1:
		if _, err := a.s.Kick(c.ID(), closeCode, ""); err != nil && !errors.Is(err, app.ErrClosed) {
			a.t.Errorf("Kick: %v", err)
		}
	default:
		if err := c.Close(closeCode, ""); err != nil && !errors.Is(err, app.ErrClosed) {
			a.t.Errorf("Close: %v", err)
		}
	}
}
