package eventloop_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/handshake"
)

// service is an Engine that serves a listener.
type service struct {
	t      *testing.T
	engine *eventloop.Engine
	addr   net.Addr
	l      net.Listener
	stop   context.CancelFunc
	ended  chan error // what Serve returned
}

// startService serves l, or a new listener if l is nil, in the mode. The new one accepts
// silent connections at once.
func startService(t *testing.T, cfg eventloop.Config, l net.Listener, up *conn.Upgrader, handle func(*eventloop.Engine, *conn.Opening)) *service {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	e, err := eventloop.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if l == nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &service{t: t, engine: e, addr: l.Addr(), l: l, stop: stop, ended: make(chan error, 1)}
	var serving sync.WaitGroup
	serving.Go(func() { s.ended <- e.Serve(ctx, l, up, func(o *conn.Opening) { handle(e, o) }) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
		e.Close()
	})
	return s
}

// bothServices runs f with a service of each mode.
func bothServices(t *testing.T, up *conn.Upgrader, handle func(*eventloop.Engine, *conn.Opening), f func(t *testing.T, s *service)) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			f(t, startService(t, eventloop.Config{Loops: 2, Inline: mode.inline}, nil, up, handle))
		})
	}
}

// echoAll accepts every request and echoes.
func echoAll(e *eventloop.Engine, o *conn.Opening) {
	c, err := o.Accept(conn.Answer{})
	if err != nil {
		return
	}
	if e.Attach(c, echo()) != nil {
		c.Abort()
	}
}

// dial returns a client's bare connection.
func (s *service) dial() net.Conn {
	s.t.Helper()
	nc, err := net.Dial(s.addr.Network(), s.addr.String())
	if err != nil {
		s.t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(patience))
	s.t.Cleanup(func() { nc.Close() })
	return nc
}

// client returns a client whose connection is open.
func (s *service) client() *conn.Conn {
	s.t.Helper()
	c, err := conn.Dial(s.t.Context(), "ws://"+s.addr.String()+"/")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Abort)
	return c
}

// status wants an answer with the status, and returns the rest.
func status(t *testing.T, nc net.Conn, want int) string {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer r.Body.Close()
	if r.StatusCode != want {
		t.Errorf("answered with %s, want %d", r.Status, want)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Errorf("the answer broke off: %v", err)
	}
	return string(body)
}

func TestServe(t *testing.T) {
	paths := make(chan string, 10)
	handle := func(e *eventloop.Engine, o *conn.Opening) {
		paths <- o.Request.Path()
		echoAll(e, o)
	}
	bothServices(t, new(conn.Upgrader), handle, func(t *testing.T, s *service) {
		c, err := conn.Dial(t.Context(), "ws://"+s.addr.String()+"/some/where")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		if got := next(t, paths, "request"); got != "/some/where" {
			t.Errorf("the path was %q", got)
		}
		write(t, c, "hello")
		read(t, c, "hello")
		if err := c.Close(t.Context(), conn.CodeNormal, ""); err != nil {
			t.Error(err)
		}
	})
}

// A request may come in any pieces, and the first frame together with it.
func TestServeRequestInPieces(t *testing.T) {
	const frame = "\x81\x85\x00\x00\x00\x00hello" // masked with zeros
	bothServices(t, new(conn.Upgrader), echoAll, func(t *testing.T, s *service) {
		for _, size := range []int{1, 7, len(request) - 1, len(request), len(request) + 3, len(request) + len(frame)} {
			nc := s.dial()
			for rest := request + frame; rest != ""; {
				n := min(size, len(rest))
				if _, err := io.WriteString(nc, rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			r := bufio.NewReader(nc)
			if answer, err := http.ReadResponse(r, nil); err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("%d at a time: %v, %v", size, answer, err)
			}
			got := make([]byte, 7)
			if _, err := io.ReadFull(r, got); err != nil || string(got) != "\x81\x05hello" {
				t.Errorf("%d at a time: echoed %q, %v", size, got, err)
			}
		}
	})
}

func TestServeRefuses(t *testing.T) {
	up := &conn.Upgrader{
		Config: conn.Config{MaxHeaderSize: 1024},
		Check: func(r *handshake.Request) ([]handshake.Field, error) {
			if r.Path() == "/secret" {
				return nil, &handshake.Refusal{Status: http.StatusUnauthorized, Reason: "Who are you?"}
			}
			return nil, nil
		},
	}
	handle := func(e *eventloop.Engine, o *conn.Opening) {
		switch o.Request.Path() {
		case "/panic":
			panic("on purpose")
		case "/later":
			go o.Refuse(&handshake.Refusal{Status: http.StatusNotFound})
			return
		}
		echoAll(e, o)
	}
	bothServices(t, up, handle, func(t *testing.T, s *service) {
		for sent, want := range map[string]int{
			"rubbish\r\n\r\n": http.StatusBadRequest,
			"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 2000) + "\r\n\r\n": http.StatusRequestHeaderFieldsTooLarge,
			strings.Replace(request, "GET / ", "GET /secret ", 1):            http.StatusUnauthorized,
			strings.Replace(request, "GET / ", "GET /panic ", 1):             http.StatusInternalServerError,
			strings.Replace(request, "GET / ", "GET /later ", 1):             http.StatusNotFound,
			strings.Replace(request, "Version: 13", "Version: 12", 1):        http.StatusUpgradeRequired,
		} {
			nc := s.dial()
			io.WriteString(nc, sent)
			body := status(t, nc, want)
			if want == http.StatusUnauthorized && !strings.Contains(body, "Who are you?") {
				t.Errorf("the answer says %q", body)
			}
			if want == http.StatusInternalServerError && strings.Contains(body, "purpose") {
				t.Errorf("the client is told of the panic: %q", body)
			}
		}
		c := s.client() // others are served
		write(t, c, "on")
		read(t, c, "on")
	})
}

// Who sends nothing is dropped; who began is told.
func TestServeHandshakeTimeout(t *testing.T) {
	up := &conn.Upgrader{Config: conn.Config{HandshakeTimeout: 50 * time.Millisecond}}
	bothServices(t, up, echoAll, func(t *testing.T, s *service) {
		silent, slow := s.dial(), s.dial()
		io.WriteString(slow, request[:20])
		if n, err := silent.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
			t.Errorf("who sent nothing got %d bytes, %v", n, err)
		}
		status(t, slow, http.StatusRequestTimeout)
	})
}

// An answer that comes after HandshakeTimeout fails.
func TestServeLateAnswer(t *testing.T) {
	const limit = 200 * time.Millisecond
	up := &conn.Upgrader{Config: conn.Config{HandshakeTimeout: limit}}
	late := make(chan error, 1)
	handle := func(_ *eventloop.Engine, o *conn.Opening) {
		time.AfterFunc(limit, func() {
			_, err := o.Accept(conn.Answer{})
			late <- err
		})
	}
	bothServices(t, up, handle, func(t *testing.T, s *service) {
		for { // until a request comes in time, which on a busy machine it may not
			nc := s.dial()
			io.WriteString(nc, request)
			if n, _ := nc.Read(make([]byte, 1)); n > 0 {
				continue
			}
			if err := next(t, late, "answer"); err == nil {
				t.Error("accepted after the timeout")
			}
			return
		}
	})
}

// A request that doesn't ask for a WebSocket can be left to net/http, which then
// answers all that come on its connection.
func TestServeReleases(t *testing.T) {
	l := &givenConns{conns: make(chan net.Conn), closed: make(chan struct{})}
	handle := func(_ *eventloop.Engine, o *conn.Opening) { go l.give(o.Release()) }
	bothServices(t, new(conn.Upgrader), handle, func(t *testing.T, s *service) {
		l.addr, l.closed = s.addr, make(chan struct{})
		web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s", r.URL.Path, body)
		})}
		go web.Serve(l)
		defer web.Close()
		nc := s.dial()
		r := bufio.NewReader(nc)
		for i := range 3 {
			fmt.Fprintf(nc, "POST /%d HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc", i)
			answer, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(answer.Body); string(body) != fmt.Sprintf("/%d abc", i) || err != nil {
				t.Errorf("answered %q, %v", body, err)
			}
		}
	})
}

// givenConns is a listener of connections that others have accepted.
type givenConns struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
}

func (l *givenConns) give(nc net.Conn) { l.conns <- nc }
func (l *givenConns) Addr() net.Addr   { return l.addr }
func (l *givenConns) Close() error     { close(l.closed); return nil }

func (l *givenConns) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// A connection that isn't given to Attach works as any other.
func TestServeWithoutAttach(t *testing.T) {
	handle := func(_ *eventloop.Engine, o *conn.Opening) {
		c, err := o.Accept(conn.Answer{})
		if err != nil {
			return
		}
		go func() {
			for {
				op, p, err := c.Read(context.Background())
				if err != nil {
					return
				}
				c.Write(context.Background(), op, p)
			}
		}()
	}
	bothServices(t, new(conn.Upgrader), handle, func(t *testing.T, s *service) {
		c := s.client()
		for _, size := range []int{1, 1000, 1 << 20} {
			m := strings.Repeat("m", size)
			done := make(chan struct{})
			go func() {
				defer close(done)
				write(t, c, m)
			}()
			read(t, c, m)
			<-done
		}
		c.Close(t.Context(), conn.CodeNormal, "")
	})
}

// An answer may come from another goroutine, and Attach too.
func TestServeAnswersElsewhere(t *testing.T) {
	handle := func(e *eventloop.Engine, o *conn.Opening) { go echoAll(e, o) }
	bothServices(t, new(conn.Upgrader), handle, func(t *testing.T, s *service) {
		for range 20 {
			c := s.client()
			write(t, c, "hello")
			read(t, c, "hello")
		}
	})
}

// Connections know their addresses, whatever the listener's.
func TestServeAddresses(t *testing.T) {
	listen := func(network, addr string) net.Listener {
		l, err := net.Listen(network, addr)
		if err != nil {
			t.Skipf("no %s listener: %v", network, err)
		}
		return l
	}
	for name, l := range map[string]net.Listener{
		"IPv4":     listen("tcp4", "127.0.0.1:0"),
		"IPv6":     listen("tcp6", "[::1]:0"),
		"wildcard": listen("tcp", ":0"),
		"unix":     listen("unix", filepath.Join(t.TempDir(), "s")),
	} {
		t.Run(name, func(t *testing.T) {
			type ends struct{ local, remote string }
			got := make(chan ends, 1)
			s := startService(t, eventloop.Config{Loops: 1}, l, new(conn.Upgrader), func(e *eventloop.Engine, o *conn.Opening) {
				c, err := o.Accept(conn.Answer{})
				if err != nil {
					return
				}
				e.Attach(c, &hooks{open: func(c *conn.Conn) error {
					got <- ends{c.LocalAddr().String(), c.RemoteAddr().String()}
					return nil
				}})
			})
			if tcp, ok := s.addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
				s.addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
			}
			nc := s.dial()
			io.WriteString(nc, request)
			want := ends{nc.RemoteAddr().String(), nc.LocalAddr().String()}
			if name == "unix" {
				want.remote = ""
			}
			if e := next(t, got, "connection"); e != want {
				t.Errorf("the ends are %q, want %q", e, want)
			}
		})
	}
}

func TestServeEnds(t *testing.T) {
	for _, mode := range modes {
		for name, tt := range map[string]struct {
			end  func(*service)
			want error
		}{
			"context":  {func(s *service) { s.stop() }, context.Canceled},
			"close":    {func(s *service) { s.engine.Close() }, eventloop.ErrClosed},
			"shutdown": {func(s *service) { s.engine.Shutdown(context.Background()) }, eventloop.ErrClosed},
		} {
			t.Run(mode.name+"/"+name, func(t *testing.T) {
				s := startService(t, eventloop.Config{Loops: 2, Inline: mode.inline}, nil, new(conn.Upgrader), echoAll)
				open := s.client()
				write(t, open, "m")
				read(t, open, "m")
				silent, begun := s.dial(), s.dial()
				io.WriteString(begun, request[:20])
				waitFor(t, "three connections", func() bool { return s.engine.Len() == 3 })
				go open.Read(context.Background()) // so that a closing handshake comes to its end
				tt.end(s)
				if err := next(t, s.ended, "end"); !errors.Is(err, tt.want) {
					t.Errorf("Serve returned %v, want %v", err, tt.want)
				}
				for _, nc := range []net.Conn{silent, begun} {
					if n, err := nc.Read(make([]byte, 1)); err == nil {
						t.Errorf("a request that wasn't there yet was answered with %d bytes", n)
					}
				}
				if nc, err := net.Dial("tcp", s.addr.String()); err == nil {
					nc.Close()
					t.Error("the listener still listens")
				}
			})
		}
	}
}

// Listeners that no loop can watch, over TLS say, have a goroutine for each handshake.
func TestServeOtherListeners(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := startService(t, eventloop.Config{Loops: 1}, struct{ net.Listener }{l}, new(conn.Upgrader), echoAll)
	c := s.client()
	write(t, c, "hello")
	read(t, c, "hello")
	silent := s.dial()
	silent.SetDeadline(time.Now().Add(patience))
	s.engine.Close()
	if err := next(t, s.ended, "end"); !errors.Is(err, eventloop.ErrClosed) {
		t.Errorf("Serve returned %v", err)
	}
	if _, err := silent.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a connection outlived the engine: %v", err)
	}
}

// An Upgrader that can't work ends Serve.
func TestServeBadUpgrader(t *testing.T) {
	up := &conn.Upgrader{Subprotocols: []string{"not a token"}}
	s := startService(t, eventloop.Config{Loops: 1}, nil, up, echoAll)
	nc := s.dial()
	if err := next(t, s.ended, "end"); handshake.Status(err) != http.StatusInternalServerError {
		t.Errorf("Serve returned %v", err)
	}
	if _, err := nc.Read(make([]byte, 1)); err == nil {
		t.Error("the client was answered")
	}
}

// Many clients that come and go at once, some of them rudely, leave nothing behind.
func TestServeChurn(t *testing.T) {
	bothServices(t, new(conn.Upgrader), echoAll, func(t *testing.T, s *service) {
		var clients sync.WaitGroup
		for i := range 8 {
			clients.Go(func() {
				for j := range 40 {
					s.visit(i + j)
				}
			})
		}
		clients.Wait()
		waitFor(t, "no connection left", func() bool { return s.engine.Len() == 0 })
	})
}

// visit is one client's life; how it ends depends on kind.
func (s *service) visit(kind int) {
	nc, err := net.Dial("tcp", s.addr.String())
	if err != nil {
		s.t.Error(err)
		return
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	switch kind % 4 {
	case 0:
		return
	case 1:
		io.WriteString(nc, request[:30])
		nc.(*net.TCPConn).SetLinger(0)
		return
	case 2:
		io.WriteString(nc, request)
		return
	}
	io.WriteString(nc, request+"\x88\x82\x00\x00\x00\x00\x03\xe8")
	all, err := io.ReadAll(nc)
	if err != nil || !strings.HasSuffix(string(all), "\r\n\r\n\x88\x02\x03\xe8") {
		s.t.Errorf("received %q, %v", all, err)
	}
}

// waitFor waits until what holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}
