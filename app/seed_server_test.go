package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// The tests called TestSeedNNN hold the framework to the numbered list of what it
// does for those who come from the Python framework.

// started runs a server that was made, until the test ends.
func started(t *testing.T, s *app.Server) {
	t.Helper()
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.ServeForever() }()
	t.Cleanup(func() {
		s.Shutdown(context.Background())
		if err := <-ran; err != nil {
			t.Errorf("ServeForever: %v", err)
		}
	})
}

func TestSeed007HostAndPort(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	s, err := app.CreateWithBlueprints("0.0.0.0", 0, app.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	route(t, s.Router(), "/echo/{message:str}", newGreeter)
	started(t, s)
	_, port, err := net.SplitHostPort(s.Addr().String())
	if err != nil || port == "0" {
		t.Fatalf("Addr() = %v, want the port that was picked", s.Addr())
	}
	for _, host := range append([]string{"127.0.0.1"}, ownAddresses(t)...) {
		dial(t, "ws://"+net.JoinHostPort(host, port)+"/echo/a").want("初始消息: a")
	}
}

// ownAddresses returns the machine's addresses besides those of loopback.
func ownAddresses(t *testing.T) (hosts []string) {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			hosts = append(hosts, n.IP.String())
		}
	}
	return hosts
}

func TestSeed007OtherAddresses(t *testing.T) {
	for name, addr := range map[string]string{
		"IPv6":    "[::1]:0",
		"all":     "[::]:0",
		"no-host": ":0",
		"name":    "localhost:0",
	} {
		t.Run(name, func(t *testing.T) {
			probe, err := net.Listen("tcp", addr)
			if err != nil {
				t.Skip("this machine can't listen there: ", err)
			}
			probe.Close()
			s, _ := serve(t, app.Config{Addr: addr}, at(t, "/echo", echoes()))
			_, port, _ := net.SplitHostPort(s.Addr().String())
			host := "127.0.0.1"
			if name == "IPv6" {
				host = "::1"
			}
			c := dial(t, "ws://"+net.JoinHostPort(host, port)+"/echo")
			c.send("x")
			c.want("x")
		})
	}
}

func TestSeed007UnixSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("paths of unix sockets")
	}
	path := filepath.Join(t.TempDir(), "s")
	serve(t, app.Config{Addr: "unix:" + path}, at(t, "/echo", echoes()))
	c := dialWith(t, &conn.Dialer{NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}, "ws://localhost/echo")
	c.send("x")
	c.want("x")
}

func TestSeed008Configuration(t *testing.T) {
	router := app.NewRouter(app.RouterConfig{Logger: slog.New(slog.DiscardHandler)})
	seen := make(chan conn.Config, 1)
	at(t, "/limits", acts{open: func(c *app.Conn) error { seen <- c.Limits(); return nil }})(router)
	s, url := serve(t, app.Config{
		Router: router,
		Limits: conn.Config{MaxHeaderSize: 8192, MaxMessageSize: 10 << 20, ReadTimeout: 5 * time.Minute},
	}, nil)
	if s.Router() != router {
		t.Error("Router() is another than Config.Router")
	}
	dial(t, url+"/limits")
	if limits := <-seen; limits.MaxHeaderSize != 8192 || limits.MaxMessageSize != 10<<20 || limits.ReadTimeout != 5*time.Minute {
		t.Errorf("limits in force: %+v", limits)
	}
}

func TestSeed008BadConfiguration(t *testing.T) {
	for name, tt := range map[string]struct {
		config app.Config
		field  string
	}{
		"no-port":         {app.Config{Addr: "127.0.0.1"}, "Addr"},
		"port-too-big":    {app.Config{Addr: "127.0.0.1:65536"}, "Addr"},
		"negative-port":   {app.Config{Addr: "127.0.0.1:-1"}, "Addr"},
		"bare-IPv6":       {app.Config{Addr: "::1"}, "Addr"},
		"empty-unix-path": {app.Config{Addr: "unix:"}, "Addr"},
		"key-alone":       {app.Config{KeyFile: "key.pem"}, "CertFile"},
		"no-certificate":  {app.Config{CertFile: "no-such-file", KeyFile: "none"}, "CertFile"},
		"bad-subprotocol": {app.Config{Subprotocols: []string{"a b"}}, "Subprotocols"},
		"bad-origin":      {app.Config{Origins: app.Origins{Allow: []string{"http://a b"}}}, "Origins"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := app.New(tt.config)
			e, ok := errors.AsType[*app.ConfigError](err)
			if !ok || !strings.Contains(e.Field, tt.field) {
				t.Errorf("New: %v, want a ConfigError of %s", err, tt.field)
			}
		})
	}
}

// padded is an opening request whose header block has exactly n bytes.
func padded(host, path string, n int) string {
	bare := len(opening(host, path, "X-Pad: "))
	return opening(host, path, "X-Pad: "+strings.Repeat("p", n-bare))
}

func TestSeed009MaxHeaderSize(t *testing.T) {
	for name, tt := range map[string]struct {
		config int
		limit  int
	}{
		"default": {0, 4096},
		"8192":    {8192, 8192},
		"200":     {300, 300},
	} {
		t.Run(name, func(t *testing.T) {
			s, url := serve(t, app.Config{Limits: conn.Config{MaxHeaderSize: tt.config}}, at(t, "/echo", echoes()))
			host := s.Addr().String()
			openFrames(t, url, "/echo", "X-Pad: "+strings.Repeat("p", tt.limit-len(opening(host, "/echo", "X-Pad: "))))
			answer := raw(t, host, padded(host, "/echo", tt.limit+1))
			if !strings.HasPrefix(answer, "HTTP/1.1 431 ") {
				t.Errorf("%d bytes of header: %q, want 431", tt.limit+1, shorten(answer))
			}
		})
	}
}

func TestSeed010MaxMessageSize(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/echo", echoes()))
	c := dialWith(t, &conn.Dialer{Config: conn.Config{MaxMessageSize: -1}}, url+"/echo")
	for _, n := range []int{2_097_152, 0} {
		message := strings.Repeat("m", n)
		c.send(message)
		c.want(message)
	}
	c.send(strings.Repeat("m", 2_097_153))
	if e := c.ended(); e.Code != conn.CodeMessageTooBig {
		t.Errorf("ended with %v, want 1009", e)
	}
}

func TestSeed011ReadTimeout(t *testing.T) {
	for name, tt := range map[string]struct{ config, want time.Duration }{
		"default": {0, 1800 * time.Second},
		"1s":      {time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := serveMemory(t, app.Config{Limits: conn.Config{ReadTimeout: tt.config}}, at(t, "/echo", echoes()))
				p := m.open(t, "/echo")
				start := time.Now()
				p.wantClose(conn.CodeGoingAway, "read timeout")
				if got := time.Since(start); got != tt.want {
					t.Errorf("closed after %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestSeed012CloseTimeout(t *testing.T) {
	for name, tt := range map[string]struct{ config, want time.Duration }{
		"default": {0, 5 * time.Second},
		"1s":      {time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ends := make(closes, 1)
				_, m := serveMemory(t, app.Config{Limits: conn.Config{CloseTimeout: tt.config}}, at(t, "/bye", acts{
					open:  func(c *app.Conn) error { return c.Close(conn.CodeNormal, "bye") },
					close: ends.note,
				}))
				p := m.open(t, "/bye")
				start := time.Now()
				p.wantClose(conn.CodeNormal, "bye") // and never answers it
				p.wantEnd()
				if got := time.Since(start); got != tt.want {
					t.Errorf("dropped after %v, want %v", got, tt.want)
				}
				if e := <-ends; !errors.Is(e, conn.ErrCloseTimeout) {
					t.Errorf("OnClose was told %v", e)
				}
			})
		})
	}
}

func TestSeed013ServeForever(t *testing.T) {
	made := func() *app.Server {
		s, err := app.New(app.Config{Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Listen(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Run("until-shutdown", func(t *testing.T) {
		s := made()
		ran := make(chan error, 1)
		go func() { ran <- s.ServeForever() }()
		eventually(t, "the server answers", func() bool { return answers(s) })
		if err := s.ServeForever(); !errors.Is(err, app.ErrRunning) {
			t.Errorf("a second ServeForever: %v", err)
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-ran; err != nil {
			t.Errorf("ServeForever: %v, want nil", err)
		}
		if answers(s) {
			t.Error("the port is still open")
		}
	})
	t.Run("run-until-context", func(t *testing.T) {
		s := made()
		ctx, cancel := context.WithCancel(context.Background())
		ran := make(chan error, 1)
		go func() { ran <- s.Run(ctx) }()
		eventually(t, "the server answers", func() bool { return answers(s) })
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v, want nil", err)
		}
	})
	t.Run("after-shutdown", func(t *testing.T) {
		s := made()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := s.ServeForever(); err != nil {
			t.Errorf("ServeForever: %v, want nil", err)
		}
		if err := s.Listen(); !errors.Is(err, app.ErrServerClosed) {
			t.Errorf("Listen: %v, want ErrServerClosed", err)
		}
	})
	t.Run("idle-shutdown-takes-no-time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, m := serveMemory(t, app.Config{}, at(t, "/echo", echoes()))
			p := m.open(t, "/echo")
			go func() {
				p.wantClose(conn.CodeGoingAway, "server shutting down")
				p.write(whole(frame.Close, "\x03\xe9"))
			}()
			start := time.Now()
			if err := s.Shutdown(context.Background()); err != nil || time.Since(start) > time.Second {
				t.Errorf("Shutdown: %v after %v", err, time.Since(start))
			}
		})
	})
}

// answers reports whether a server's port is open.
func answers(s *app.Server) bool {
	nc, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		return false
	}
	nc.Close()
	return true
}
