package conn_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// crowd is many connections of one Upgrader, in a bubble.
type crowd struct {
	t  *testing.T
	up *conn.Upgrader
}

// inCrowd runs f in a bubble with an Upgrader that may hold so many bytes.
func inCrowd(t *testing.T, budget int64, f func(t *testing.T, w crowd)) {
	synctest.Test(t, func(t *testing.T) {
		cfg := conn.Config{MaxBuffered: budget, MaxMessageSize: 4 << 20, Compression: conn.Compression{Enabled: true}}
		f(t, crowd{t, &conn.Upgrader{Config: cfg}})
	})
}

// member is one of them, and its peer.
type member struct {
	c    *conn.Conn
	peer *peer
	end  chan *conn.CloseError
}

// ender echoes, and tells how its connection ended.
type ender struct{ end chan *conn.CloseError }

func (ender) OnOpen(*conn.Conn) error { return nil }
func (ender) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	return c.Write(context.Background(), op, p)
}
func (e ender) OnClose(_ *conn.Conn, end *conn.CloseError) { e.end <- end }

// join makes a connection, driven by hooks.
func (w crowd) join() member {
	w.t.Helper()
	c, p, _ := acceptRaw(w.t, w.up, opening())
	m := member{c, p, make(chan *conn.CloseError, 1)}
	go c.Run(ender{m.end})
	return m
}

// partial has the peer send a part of a message of n bytes in all.
func (m member) partial(sent, n int) {
	whole := masked(frame.Header{Fin: true, Opcode: frame.Binary, Length: int64(n), Masked: true, Key: 1}, string(make([]byte, n)))
	m.peer.send(whole[:len(whole)-n+sent])
}

// wantUp wants an echo.
func (m member) wantUp(t *testing.T) {
	t.Helper()
	m.peer.send(whole(frame.Text, "up"))
	m.peer.want(frame.Text, "up")
}

// Those who hold most are closed, and nobody else.
func TestBudgetClosesTheLargest(t *testing.T) {
	inCrowd(t, 4<<20, func(t *testing.T, w crowd) {
		bystander, small := w.join(), w.join()
		small.partial(20_000, 30_000)
		var large []member
		for range 5 {
			m := w.join()
			m.partial(900_000, 1_000_000)
			large = append(large, m)
			synctest.Wait()
		}
		time.Sleep(3 * time.Second)
		closed := 0
		for _, m := range large {
			select {
			case e := <-m.end:
				closed++
				if e.Code != conn.CodeTryAgainLater || e.Remote || !errors.Is(e, conn.ErrOverloaded) {
					t.Errorf("ended with %v", e)
				}
				m.peer.wantClose(conn.CodeTryAgainLater)
			default:
			}
		}
		if closed == 0 || closed == len(large) {
			t.Errorf("%d of %d were closed", closed, len(large))
		}
		if held := w.up.Buffered(); held > 4<<20 || held == 0 {
			t.Errorf("%d bytes are held", held)
		}
		bystander.wantUp(t)
		small.peer.send(make([]byte, 10_000)) // it isn't masked right, and is binary
		if h, _, err := small.peer.read(); err != nil || h.Opcode != frame.Binary {
			t.Errorf("the small one got %v, %v", h, err)
		}
		for _, m := range append(large, bystander, small) {
			m.c.Abort()
		}
		synctest.Wait()
		if held := w.up.Buffered(); held != 0 {
			t.Errorf("%d bytes are held by nobody", held)
		}
	})
}

// Output that can't leave counts, whoever sends it, and how: the peers don't read.
func TestBudgetOfOutput(t *testing.T) {
	message := bytes.Repeat([]byte("o"), 100_000)
	prepared, _ := conn.NewPrepared(conn.Binary, message)
	type sender struct {
		budget int64
		least  int // how many of twenty must go, so that what the others hold fits
		send   func(c *conn.Conn)
	}
	for name, tt := range map[string]sender{
		"write": {1 << 20, 10, func(c *conn.Conn) { c.Write(context.Background(), conn.Binary, message) }},
		"text":  {1 << 20, 10, func(c *conn.Conn) { c.WriteText(context.Background(), string(message)) }},
		"writer": {200_000, 8, func(c *conn.Conn) { // which holds a fragment
			if w, err := c.Writer(context.Background(), conn.Binary); err == nil {
				w.Write(message)
				w.Close()
			}
		}},
		"behind-a-post": {1 << 20, 10, func(c *conn.Conn) {
			c.Post(prepared, conn.Posting{})
			c.Write(context.Background(), conn.Binary, message)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inCrowd(t, tt.budget, func(t *testing.T, w crowd) {
				bystander := w.join()
				all := make([]member, 20)
				for i := range all {
					all[i] = w.join()
				}
				for _, m := range all {
					go func() {
						for range 10 {
							tt.send(m.c)
						}
					}()
				}
				time.Sleep(5 * time.Second) // less than WriteTimeout
				closed := 0
				for _, m := range all {
					if e, ok := errors.AsType[*conn.CloseError](m.c.Err()); ok && e.Code == conn.CodeTryAgainLater && errors.Is(e, conn.ErrOverloaded) {
						closed++
					}
				}
				if closed < tt.least {
					t.Errorf("%d of %d were closed, want %d or more", closed, len(all), tt.least)
				}
				if held := w.up.Buffered(); held > tt.budget {
					t.Errorf("%d bytes are held", held)
				}
				bystander.wantUp(t)
				for _, m := range append(all, bystander) {
					m.c.Abort()
				}
				time.Sleep(time.Minute)
				if held := w.up.Buffered(); held != 0 {
					t.Errorf("%d bytes are held by nobody", held)
				}
			})
		})
	}
}

// A prepared message is in memory once, however many wait for it.
func TestBudgetOfPrepared(t *testing.T) {
	inCrowd(t, 8<<20, func(t *testing.T, w crowd) {
		prepared, _ := conn.NewPrepared(conn.Binary, make([]byte, 200_000))
		all := make([]member, 20)
		for i := range all {
			all[i] = w.join()
			for range 10 {
				all[i].c.Post(prepared, conn.Posting{Overflow: conn.DropNewest})
			}
		}
		time.Sleep(5 * time.Second)
		for i, m := range all {
			if err := m.c.Err(); err != nil {
				t.Errorf("%d: %v", i, err)
			}
			m.c.Abort()
		}
		synctest.Wait()
	})
}

// While those who are here hold too much, newcomers are told to come again; they are
// taken once the others have gone.
func TestBudgetRefusesNewcomers(t *testing.T) {
	inCrowd(t, 100_000, func(t *testing.T, w crowd) {
		m := w.join()
		go m.c.Write(context.Background(), conn.Binary, make([]byte, 1_000_000)) // it can be closed, but not be made to go at once
		synctest.Wait()
		o := receiveOn(t, w.up)
		if err := o.Check(); handshake.Status(err) != 503 || !errors.Is(err, conn.ErrOverloaded) {
			t.Errorf("Check: %v, want 503", err)
		}
		o.Refuse(o.Check())
		time.Sleep(5 * time.Second)
		<-m.end
		w.join().wantUp(t)
	})
}

// receiveOn has a request received.
func receiveOn(t *testing.T, u *conn.Upgrader) *conn.Opening {
	t.Helper()
	server, client := memconn.Pipe()
	t.Cleanup(func() { client.Close() })
	go client.Write([]byte(opening()))
	o, err := u.Receive(context.Background(), server, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for buf := make([]byte, 4096); ; {
			if _, err := client.Read(buf); err != nil {
				client.Close()
				return
			}
		}
	}()
	return o
}

// waiter holds on to its first message until it is released.
type waiter struct {
	ender
	release chan struct{}
}

func (w waiter) OnMessage(*conn.Conn, conn.Opcode, []byte) error { <-w.release; return nil }

// What a hook takes its time for is held as well, as long as it is inflated.
func TestBudgetOfHooks(t *testing.T) {
	inCrowd(t, 1<<20, func(t *testing.T, w crowd) {
		c, p, a := acceptRaw(t, w.up, opening("Sec-WebSocket-Extensions: permessage-deflate"))
		if a.Header.Get("Sec-WebSocket-Extensions") == "" {
			t.Fatal("no compression")
		}
		h := waiter{ender{make(chan *conn.CloseError, 1)}, make(chan struct{})}
		go c.Run(h)
		var packed bytes.Buffer
		z, _ := flate.NewWriter(&packed, flate.BestSpeed)
		z.Write(make([]byte, 500_000))
		z.Flush()
		body := strings.TrimSuffix(packed.String(), "\x00\x00\xff\xff")
		p.send(masked(frame.Header{Fin: true, Rsv1: true, Opcode: frame.Binary, Length: int64(len(body)), Masked: true, Key: 7}, body))
		synctest.Wait()
		if held := w.up.Buffered(); held < 500_000 {
			t.Errorf("%d bytes are held during the hook", held)
		}
		close(h.release)
		synctest.Wait()
		if held := w.up.Buffered(); held != 0 {
			t.Errorf("%d bytes are held after the hook", held)
		}
		c.Abort()
	})
}

// Without a limit nobody is closed, and nothing is refused.
func TestBudgetOff(t *testing.T) {
	inCrowd(t, -1, func(t *testing.T, w crowd) {
		m := w.join()
		m.partial(3<<20, 4<<20)
		synctest.Wait()
		w.join().wantUp(t)
		if err := m.c.Err(); err != nil {
			t.Error(err)
		}
		m.c.Abort()
		synctest.Wait()
	})
}

// What a caller keeps is its own, and what a caller lends doesn't count.
func TestBudgetOfReads(t *testing.T) {
	inCrowd(t, 1<<20, func(t *testing.T, w crowd) {
		c, p, _ := acceptRaw(t, w.up, opening())
		lent := make([]byte, 0, 900_000)
		for range 3 {
			done := make(chan error, 1)
			go func() { _, _, err := c.ReadInto(context.Background(), lent); done <- err }()
			synctest.Wait()
			if held := w.up.Buffered(); held != 0 {
				t.Errorf("%d bytes are held while a read waits", held)
			}
			p.send(masked(frame.Header{Fin: true, Opcode: frame.Binary, Length: 800_000, Masked: true}, string(make([]byte, 800_000))))
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if held := w.up.Buffered(); held != 0 {
				t.Errorf("%d bytes are held after a read", held)
			}
		}
		c.Abort()
	})
}

// Over a socket too, where memory is read into directly.
func TestBudgetOverTCP(t *testing.T) {
	up := &conn.Upgrader{Config: conn.Config{MaxBuffered: 2 << 20}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ends := make(chan *conn.CloseError, 100)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				if c, err := up.Accept(context.Background(), nc); err == nil {
					c.Run(ender{ends})
				}
			}()
		}
	}()
	for range 12 {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.Write([]byte(opening()))
		nc.Write(masked(frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 20, Masked: true}, string(make([]byte, 1<<20)))[:300_000])
	}
	within(t, "an end for overload", func() {
		if e := <-ends; e.Code != conn.CodeTryAgainLater || !errors.Is(e, conn.ErrOverloaded) {
			t.Errorf("ended with %v", e)
		}
	})
}
