package eventloop_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// soakTime is how long TestSoak puts load on an engine in each of its settings: with
// GODWIT_LONG=1 half an hour together.
func soakTime() time.Duration {
	switch {
	case os.Getenv("GODWIT_LONG") == "1":
		return 10 * time.Minute
	case testing.Short():
		return 200 * time.Millisecond
	}
	return 500 * time.Millisecond
}

// resources is what an engine must have given back at the end.
type resources struct {
	goroutines int
	files      int // 0 where it isn't known
	heap       int // bytes in use
}

func measure() resources {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd")
	return resources{runtime.NumGoroutine(), len(files), int(m.HeapAlloc)}
}

// TestSoak lets clients of all kinds come and go: some echo at random sizes, some
// send partial frames, reset, don't read, or never say anything. Every OnOpen has its
// OnClose, echoes are right, and at the end all is given back.
func TestSoak(t *testing.T) {
	for _, setting := range []struct {
		name           string
		inline, secure bool
	}{{"inline", true, false}, {"pooled", false, false}, {"pooled-tls", false, true}} {
		t.Run(setting.name, func(t *testing.T) {
			certified() // which has goroutines of its own
			before := measure()
			soak(t, setting.inline, setting.secure)
			for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
				after := measure()
				if after.goroutines <= before.goroutines && after.files <= before.files && after.heap < before.heap+4<<20 {
					return
				}
				if time.Now().After(deadline) {
					t.Errorf("before %+v, after %+v", before, after)
					return
				}
			}
		})
	}
}

func soak(t *testing.T, inline, secure bool) {
	e, err := eventloop.New(eventloop.Config{Loops: 2, Inline: inline, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, engine: e, inline: inline, conns: make(chan *conn.Conn, 1<<20)}
	s := &soaker{rig: r, t: t, secure: secure}
	cfg := conn.Config{
		ReadTimeout: 5 * time.Second, MessageTimeout: 5 * time.Second, WriteTimeout: time.Second,
		CloseTimeout: time.Second, PingInterval: 300 * time.Millisecond, MaxQueued: 1 << 20,
		Compression: conn.Compression{Enabled: true},
	}
	t.Run("load", func(t *testing.T) { // whose end closes the listener
		r.t = t
		if secure {
			r.serveTLS(cfg, certified(), s.hooks)
		} else {
			r.serve(cfg, s.hooks)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			defer cancel()
			s.enough()
		}()
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		var clients sync.WaitGroup
		for i := range 16 {
			clients.Go(func() {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				for ctx.Err() == nil {
					s.client(ctx, rng)
				}
			})
		}
		clients.Wait()
	})
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := e.Shutdown(limit); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if opened, closed := s.opened.Load(), s.closed.Load(); opened != closed || opened == 0 {
		t.Errorf("%d connections were opened, %d closed", opened, closed)
	}
}

// soaker is the two sides of the soak.
type soaker struct {
	*rig
	t              *testing.T
	secure         bool
	opened, closed atomic.Int64
}

// enough returns after soakTime, or later where few connections were opened by then: on a
// machine that is busy a handshake over TLS may take all of it.
func (s *soaker) enough() {
	time.Sleep(soakTime())
	for end := time.Now().Add(patience); s.opened.Load() < 20 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}

// hooks echo; now and then they send more, from elsewhere, or take their time.
func (s *soaker) hooks() conn.Hooks {
	n := 0
	return &hooks{
		open: func(*conn.Conn) error { s.opened.Add(1); return nil },
		message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
			if n++; n%50 == 0 && !s.inline {
				time.Sleep(3 * time.Millisecond)
			}
			if op == conn.Binary && len(p) == 7 { // a client that doesn't read
				for range 100 {
					if err := c.Write(context.Background(), op, make([]byte, 50_000)); err != nil {
						return err
					}
				}
			}
			return c.Write(context.Background(), op, p)
		},
		close: func(*conn.Conn, *conn.CloseError) { s.closed.Add(1) },
	}
}

// client is one client of a random kind.
func (s *soaker) client(ctx context.Context, rng *rand.Rand) {
	nc, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer nc.Close()
	switch kind := rng.IntN(10); {
	case kind == 0 && !s.secure:
		s.partial(nc, rng)
		return
	case kind == 1:
		nc.(*net.TCPConn).SetLinger(0) // a reset, wherever it stands
	}
	d := conn.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
		wire := net.Conn(chopped{nc, 1 + rng.IntN(100_000)})
		if s.secure {
			wire = tlsClient(wire)
		}
		return wire, nil
	}, Config: conn.Config{Compression: conn.Compression{Enabled: rng.IntN(2) == 0}}}
	c, err := d.Dial(ctx, "ws://a.example/")
	if err != nil {
		if ctx.Err() == nil {
			s.t.Error(err)
		}
		return
	}
	defer c.Abort()
	s.talk(ctx, c, rng)
}

// partial sends a part of something and goes.
func (s *soaker) partial(nc net.Conn, rng *rand.Rand) {
	all := request + "\x81\xfe\x01\x00\x00\x00\x00\x00" + "partial"
	io.WriteString(nc, all[:rng.IntN(len(all))])
}

// talk exchanges messages, and ends in one way or the other.
func (s *soaker) talk(ctx context.Context, c *conn.Conn, rng *rand.Rand) {
	var got []byte
	for range rng.IntN(60) {
		p := bytes.Repeat([]byte{byte('a' + rng.IntN(26))}, 8+rng.IntN(1<<rng.IntN(18)))
		err := c.Write(ctx, conn.Text, p)
		if err == nil {
			_, got, err = c.ReadInto(ctx, got)
		}
		if err != nil {
			if ctx.Err() == nil {
				s.t.Errorf("talking: %v", err)
			}
			return
		}
		if !bytes.Equal(got, p) {
			s.t.Errorf("%d bytes of %q came back, want %d of %q", len(got), got[:1], len(p), p[:1])
			return
		}
	}
	switch rng.IntN(4) {
	case 0:
		c.Write(ctx, conn.Binary, make([]byte, 7)) // asks for what isn't read then
	case 1:
		if err := c.Close(ctx, conn.CodeNormal, ""); err != nil && ctx.Err() == nil {
			s.t.Errorf("Close: %v", err)
		}
	}
}
