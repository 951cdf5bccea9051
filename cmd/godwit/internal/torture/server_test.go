package torture_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/cmd/godwit/internal/torture"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// host is one way to serve WebSockets: serve runs an echo server until the test ends.
// An engine is put to the torture by a line in hosts.
type host struct {
	name  string
	serve func(t *testing.T, c conn.Config, secure *tls.Config) (url string)
	// lenient are cases that are others' to judge, or that have another right outcome
	// here.
	lenient []string
}

func hosts() []host {
	return []host{
		{"handler", serveHandler, netHTTP},
		{"accept-run", serveAccept, nil},
		{"app", serveApp, nil},
		{"app-eventloop", serveLoops(eventloop.Config{}), nil},
		{"app-eventloop-inline", serveLoops(eventloop.Config{Inline: true}), nil},
	}
}

// netHTTP are requests that net/http parses for us and lets pass, or answers by itself
// before a handler is asked.
var netHTTP = []string{
	"handshake/lines-lf", // RFC 9112 §2.2 allows a recipient to take it
	"handshake/field-lf",
	"handshake/smuggle-folded", // RFC 9112 §5.2 allows a server to unfold it
}

// echo sends messages back.
type echo struct{}

func (echo) OnOpen(*conn.Conn) error { return nil }
func (echo) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	return c.Write(context.Background(), op, p)
}
func (echo) OnClose(*conn.Conn, *conn.CloseError) {}

// serveHandler is conn.Handler under net/http.
func serveHandler(t *testing.T, c conn.Config, secure *tls.Config) string {
	up := &conn.Upgrader{Config: c, Logger: quiet}
	s := httptest.NewUnstartedServer(up.Handler(func(c *conn.Conn) error { return c.Run(echo{}) }))
	s.Config.ReadHeaderTimeout = c.HandshakeTimeout
	s.Config.ReadTimeout = c.HandshakeTimeout
	s.Config.MaxHeaderBytes = c.MaxHeaderSize
	s.Config.ErrorLog = quietLog
	scheme := "ws"
	if secure != nil {
		s.TLS, scheme = secure, "wss"
		s.TLS.NextProtos = []string{"http/1.1"}
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return scheme + "://" + s.Listener.Addr().String() + "/echo"
}

// serveAccept is Upgrader.Accept and Conn.Run on a bare listener.
func serveAccept(t *testing.T, c conn.Config, secure *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scheme := "ws"
	if secure != nil {
		l, scheme = tls.NewListener(l, secure), "wss"
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	up := &conn.Upgrader{Config: c}
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				if c, err := up.Accept(ctx, nc); err == nil {
					defer context.AfterFunc(ctx, c.Abort)()
					c.Run(echo{})
				}
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); stop(); <-done })
	return scheme + "://" + l.Addr().String() + "/echo"
}

// echoRoute echoes on a route of app's.
type echoRoute struct{}

func (*echoRoute) OnMessage(c *app.Conn, p []byte) error { return c.SendTextBytes(p) }
func (*echoRoute) OnBinary(c *app.Conn, p []byte) error  { return c.SendBinary(p) }

// serveApp is app.Server with a goroutine for each connection.
func serveApp(t *testing.T, c conn.Config, secure *tls.Config) string {
	return serveOn(t, c, secure, nil)
}

// serveLoops is app.Server on event loops.
func serveLoops(cfg eventloop.Config) func(*testing.T, conn.Config, *tls.Config) string {
	return func(t *testing.T, c conn.Config, secure *tls.Config) string {
		own := cfg // others make engines of it as well
		own.Logger = quiet
		e, err := eventloop.New(own)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		return serveOn(t, c, secure, e)
	}
}

func serveOn(t *testing.T, c conn.Config, secure *tls.Config, e *eventloop.Engine) string {
	s, err := app.New(app.Config{Addr: "127.0.0.1:0", Limits: c, TLS: secure, Logger: quiet, Engine: e})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Router().AddRoute("/echo", func() any { return new(echoRoute) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.ServeForever() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-ran); err != nil {
			t.Error(err)
		}
	})
	scheme := "ws"
	if secure != nil {
		scheme = "wss"
	}
	return scheme + "://" + s.Addr().String() + "/echo"
}

// small are limits that are reached soon. Timeouts are the defaults: of those who don't
// dawdle nobody is to be late, however busy the machine.
func small() conn.Config {
	return conn.Config{
		MaxMessageSize: 64 << 10,
		MaxFragments:   300,
		MaxHeaderSize:  4096,
		MaxQueued:      256 << 10,
		Compression:    conn.Compression{Enabled: true},
	}
}

// hastyOpening are the limits for the cases that dawdle before the handshake is done.
func hastyOpening() conn.Config {
	c := small()
	c.HandshakeTimeout = time.Second
	return c
}

// hasty are the limits for the cases that dawdle after it.
func hasty() conn.Config {
	c := small()
	c.MessageTimeout, c.WriteTimeout, c.CloseTimeout = time.Second, time.Second, time.Second
	c.ReadTimeout = 2 * time.Second
	return c
}

// hurries says that there is a timeout to wait for.
func hurries(c conn.Config) bool { return c.HandshakeTimeout+c.MessageTimeout != 0 }

// dawdles says that a case waits for a timeout.
func dawdles(c torture.Case) bool { return strings.HasPrefix(c.Name, "slow/") }

// known says of a server with those limits what the suite may try.
func known(c conn.Config) torture.Options {
	return torture.Options{
		MaxMessage:       int(c.MaxMessageSize),
		MaxFragments:     c.MaxFragments,
		MaxHeader:        4 * c.MaxHeaderSize, // net/http allows 4 KiB more than it is told
		HandshakeTimeout: c.HandshakeTimeout,
		MessageTimeout:   c.MessageTimeout,
		ReadTimeout:      c.ReadTimeout,
		WriteTimeout:     c.WriteTimeout,
		CloseTimeout:     c.CloseTimeout,
		Hard:             os.Getenv("GODWIT_LONG") != "",
	}
}

// TestServers puts all ways to serve to the torture, plain and over TLS, and measures
// what they hold afterwards and at the worst.
func TestServers(t *testing.T) {
	watch := measure(t)
	var all sync.WaitGroup
	seats := make(chan struct{}, 4) // most cases only wait
	for _, h := range hosts() {
		for _, secured := range []bool{false, true} {
			name := h.name + "-plain"
			if secured {
				name = h.name + "-tls"
			}
			all.Go(func() {
				seats <- struct{}{}
				defer func() { <-seats }()
				t.Run(name, func(t *testing.T) { runServer(t, h, secured) })
			})
		}
	}
	all.Wait()
	watch.check(t)
}

func runServer(t *testing.T, h host, secured bool) {
	var all sync.WaitGroup
	for _, c := range []conn.Config{small(), hastyOpening(), hasty()} {
		var secure *tls.Config
		if secured {
			secure = certificate(t)
		}
		target, err := torture.NewTarget(h.serve(t, c, secure), nil)
		if err != nil {
			t.Fatal(err)
		}
		o := known(c)
		cases := slices.DeleteFunc(torture.ServerCases(o), func(one torture.Case) bool {
			return dawdles(one) != hurries(c) || secured && !o.Hard && afterTheHandshake(one)
		})
		all.Go(func() { runCases(t, h, target, o, cases) })
	}
	all.Wait()
}

// runCases plays cases against one of a host's servers.
func runCases(t *testing.T, h host, target *torture.Target, o torture.Options, cases []torture.Case) {
	sum, err := torture.Server(t.Context(), target, o, cases, func(r torture.Result) {
		if (r.Verdict == torture.Fail || r.Verdict == torture.Weak) && !slices.Contains(h.lenient, r.Case.Name) {
			t.Errorf("%v %s, %s (%v):\n%v", r.Verdict, r.Case.Name, r.Case.Title, r.Took, r.Err)
		}
	})
	if err != nil {
		t.Error(err)
		return
	}
	t.Logf("%d cases; a bystander's echo took p50 %v, p99 %v, at most %v",
		len(cases), sum.Quantile(.5), sum.Quantile(.99), sum.Quantile(1))
}

// afterTheHandshake are the cases that know nothing of what lies below, and are not
// played over TLS in a short run.
func afterTheHandshake(c torture.Case) bool {
	group, _, _ := strings.Cut(c.Name, "/")
	return slices.Contains([]string{"split", "opcode", "length", "close", "utf8", "header"}, group)
}

// TestFloods plays each flood alone against each engine, plain and over TLS, and reports
// how long a bystander waited: that it is served is what torture.Server wants. With
// GODWIT_LONG each goes on for two seconds.
func TestFloods(t *testing.T) {
	for _, h := range hosts()[2:] {
		t.Run(h.name+"-plain", func(t *testing.T) { runFloods(t, h, nil) })
		t.Run(h.name+"-tls", func(t *testing.T) { runFloods(t, h, certificate(t)) })
	}
}

// quietCase is no flood: what a bystander waits beside it, it waits for the machine.
const quietCase = "control/ping-empty"

func runFloods(t *testing.T, h host, secure *tls.Config) {
	target, err := torture.NewTarget(h.serve(t, small(), secure), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := known(small())
	for _, c := range torture.ServerCases(o) {
		if !strings.HasPrefix(c.Name, "flood/") && c.Name != "deflate/flood" && c.Name != quietCase {
			continue
		}
		sum := playFlood(t, target, o, c)
		t.Logf("%-25s bystander: %4d echoes, p50 %v, p99 %v", c.Name, len(sum.Echoes), sum.Quantile(.5), sum.Quantile(.99))
	}
}

// playFlood plays one flood, in a hard run again and again.
func playFlood(t *testing.T, target *torture.Target, o torture.Options, c torture.Case) (all torture.Summary) {
	for begin := time.Now(); ; {
		sum, err := torture.Server(t.Context(), target, o, []torture.Case{c}, func(r torture.Result) {
			if r.Verdict != torture.Pass {
				t.Errorf("%v %s: %v", r.Verdict, r.Case.Name, r.Err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		all.Echoes = append(all.Echoes, sum.Echoes...)
		if !o.Hard || time.Since(begin) > 2*time.Second {
			slices.Sort(all.Echoes)
			return all
		}
	}
}
