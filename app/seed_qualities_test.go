package app_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// writesCounted counts the writes of a connection.
type writesCounted struct {
	net.Conn
	writes *atomic.Int64
}

func (c *writesCounted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// countingListener counts the writes of all its connections.
type countingListener struct {
	*pipes
	writes atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	nc, err := l.pipes.Accept()
	if err != nil {
		return nil, err
	}
	return &writesCounted{nc, &l.writes}, nil
}

// The answers to 16 messages that came together leave together.
func TestSeed123OneWriteABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveMemory(t, app.Config{}, at(t, "/x", echoes()))
		l := &countingListener{pipes: newPipes()}
		go s.Serve(l)
		p := l.open(t, "/x")
		if l.writes.Load() != 1 {
			t.Fatalf("%d writes for the handshake", l.writes.Load())
		}
		for range 10 {
			l.writes.Store(0)
			p.write(bytes.Repeat(whole(conn.Text, strings.Repeat("m", 125)), 16))
			for range 16 {
				p.want(conn.Text, strings.Repeat("m", 125))
			}
			if got := l.writes.Load(); got != 1 {
				t.Errorf("%d writes for 16 answers, want 1", got)
			}
		}
	})
}

// idle opens n connections over TCP that then do nothing, and returns the server.
func idle(t *testing.T, n int) *app.Server {
	t.Helper()
	s, url := serve(t, app.Config{}, func(r *app.Router) { route(t, r, "/x", func() any { return new(textOnly) }) })
	for range n {
		host := strings.TrimPrefix(url, "ws://")
		nc, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		nc.Write(append([]byte(opening(host, "/x")), whole(conn.Text, strings.Repeat("m", 1000))...))
		nc.Read(make([]byte, 2000))
	}
	eventually(t, "all are up", func() bool { return s.Stats().Received.Messages == uint64(n) })
	return s
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func TestSeed124IdleConnections(t *testing.T) {
	const n = 500
	threads, before := pprof.Lookup("threadcreate").Count(), heap()
	idle(t, n)
	if each := (heap() - before) / n; each > 10<<10 && !raceDetector {
		t.Errorf("%d bytes of heap and stack for an idle connection and its client", each)
	}
	if more := pprof.Lookup("threadcreate").Count() - threads; more > n/10 {
		t.Errorf("%d more threads for %d connections", more, n)
	}
}

// A large message is unmasked, checked and sent back without one more copy of it in
// memory: it allocates nothing. BenchmarkEcho has the figures.
func TestSeed125LargeMessages(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x", echoes()))
	for _, size := range []int{64 << 10, 1 << 20} {
		message := strings.Repeat("0123456789abcdef", size/16)
		c := dial(t, url+"/x")
		c.send(message)
		c.want(message)
		if raceDetector {
			continue // the race detector allocates
		}
		most := 0.0
		if *onLoops && size > 64<<10 {
			most = 1 // the list of the pieces in which a loop gathers it
		}
		if got := echoAllocs(t, url+"/x", size); got > most {
			t.Errorf("%v allocations for a message of %d bytes to and fro", got, size)
		}
	}
}

// Whatever a client sends, the server answers others, and nothing is left of it.
func TestSeed126AnyInput(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("hostile", func(t *testing.T) {
		s, url := serve(t, app.Config{}, at(t, "/x/{int:n}", echoes()))
		host := s.Addr().String()
		good := dial(t, url+"/x/1")
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		for i := range 300 {
			nc, err := net.Dial("tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			nc.Write(hostile(random, host))
			if i%2 == 0 {
				nc.(*net.TCPConn).SetLinger(0)
			}
			nc.Close()
			if i%50 == 0 {
				good.send(fmt.Sprint(i))
				good.want(fmt.Sprint(i))
			}
		}
		eventually(t, "only the good one is left", func() bool { return s.Stats().Conns == 1 })
	})
	eventually(t, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

// hostile is a request that is no request, or frames that are no frames, or what
// was one of them with a few bytes changed.
func hostile(random *rand.Rand, host string) []byte {
	good := []byte(opening(host, "/x/1"))
	frames := bytes.Join([][]byte{
		whole(conn.Text, "text"), part(conn.Binary, "in "), whole(frame.Ping, "p"), whole(0, "two"), closing(1000, "bye"),
	}, nil)
	noise := make([]byte, random.IntN(500))
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	switch random.IntN(5) {
	case 0:
		return noise
	case 1:
		return append(good, noise...)
	case 2: // cut anywhere
		all := append(good, frames...)
		return all[:random.IntN(len(all))]
	case 3:
		return change(random, good)
	}
	return append(good, change(random, frames)...)
}

// change changes a few bytes of p.
func change(random *rand.Rand, p []byte) []byte {
	for range 1 + random.IntN(4) {
		p[random.IntN(len(p))] = byte(random.Uint32())
	}
	return p
}

// Everything at once, for the race detector to look at.
func TestSeed127Concurrency(t *testing.T) {
	s, url := serve(t, app.Config{MaxConnsPerIP: 1000}, at(t, "/x", acts{
		open: func(c *app.Conn) error { c.SetPresence(c.ID()); return c.Join("all") },
		text: func(c *app.Conn, text []byte) error { _, err := c.To("all").Text("to all"); return err },
	}))
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for range 100 { // clients that come and go
				c, err := conn.Dial(context.Background(), url+"/x")
				if err != nil {
					t.Errorf("dial: %v", err)
					return
				}
				c.WriteText(context.Background(), "hello")
				c.Read(context.Background())
				c.Abort()
			}
		})
	}
	over := make(chan struct{})
	go func() {
		clients.Wait()
		close(over)
	}()
	for i := 0; ; i++ { // somebody who looks at everything and meddles
		select {
		case <-over:
			return
		default:
		}
		for c := range s.Conns() {
			attributesOf(c)
			c.Set(i%3, i)
			c.Get(i % 3)
			c.Topics()
			c.Traffic()
			c.Presence()
			c.SendText("from elsewhere")
			c.Leave("none")
			if i%10 == 0 {
				c.ExpireAt(time.Now().Add(time.Hour), nil)
				s.Kick(c.ID(), conn.CodeNormal, "")
			}
		}
		s.Stats()
		s.Members("all")
		s.Topics()
		s.Everyone().Text("to everyone")
		if i < 100 {
			s.Router().AddRoute(fmt.Sprintf("/more/%d", i), newGreeterless)
		}
		s.Router().Routes()
	}
}
