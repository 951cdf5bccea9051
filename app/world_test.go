package app_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// limit is how long a test waits for what should come at once.
const limit = 10 * time.Second

// serve runs a server with the routes that add adds, on a free port, until the test
// ends. It returns the server and the URL of its root.
func serve(t *testing.T, c app.Config, add func(*app.Router)) (*app.Server, string) {
	t.Helper()
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if *onLoops && c.Engine == nil {
		c.Engine = newEngine(t)
	}
	s, err := app.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if add != nil {
		add(s.Router())
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.ServeForever() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-ran; err != nil {
			t.Errorf("ServeForever: %v", err)
		}
	})
	return s, "ws://" + s.Addr().String()
}

// onLoops has all servers of these tests driven by event loops:
// go test ./app -loops.
var onLoops = flag.Bool("loops", false, "drive the servers' connections by event loops")

// newEngine returns event loops that live as long as the test.
func newEngine(t *testing.T) *eventloop.Engine {
	t.Helper()
	e, err := eventloop.New(eventloop.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// route adds a route whose handlers are made by factory.
func route(t *testing.T, r *app.Router, path string, factory func() any, m ...app.Middleware) {
	t.Helper()
	if err := r.AddRoute(path, factory, m...); err != nil {
		t.Fatal(err)
	}
}

// client is a connection to a server under test.
type client struct {
	*conn.Conn
	t        *testing.T
	patience time.Duration
}

// dial connects to a URL.
func dial(t *testing.T, url string) *client {
	t.Helper()
	return dialWith(t, new(conn.Dialer), url)
}

func dialWith(t *testing.T, d *conn.Dialer, url string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, err := d.Dial(ctx, url)
	if err != nil {
		t.Fatalf("dial %s: %v", url, err)
	}
	t.Cleanup(c.Abort)
	return &client{c, t, limit}
}

// status dials a URL that is to be refused, and returns the status and the body.
func status(t *testing.T, d *conn.Dialer, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, err := d.Dial(ctx, url)
	if err == nil {
		c.Abort()
		t.Fatalf("dial %s: accepted", url)
	}
	e, ok := errors.AsType[*conn.DialError](err)
	if !ok {
		t.Fatalf("dial %s: %v, want an answer", url, err)
	}
	return e.Status, string(e.Body)
}

// read returns the next message.
func (c *client) read() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	_, p, err := c.Read(ctx)
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return string(p)
}

// want reads messages and compares them.
func (c *client) want(texts ...string) {
	c.t.Helper()
	for _, want := range texts {
		if got := c.read(); got != want {
			c.t.Fatalf("read %q, want %q", got, want)
		}
	}
}

// send sends a text message.
func (c *client) send(text string) {
	c.t.Helper()
	if err := c.WriteText(context.Background(), text); err != nil {
		c.t.Fatalf("send %q: %v", text, err)
	}
}

// ended reads until the connection has ended and returns how.
func (c *client) ended() *conn.CloseError {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	for {
		_, _, err := c.Read(ctx)
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*conn.CloseError](err)
		if !ok {
			c.t.Fatalf("read: %v, want the end", err)
		}
		return e
	}
}

// wantEnd waits for the end and compares code and reason.
func (c *client) wantEnd(code conn.Code, reason string) {
	c.t.Helper()
	if e := c.ended(); e.Code != code || e.Reason != reason {
		c.t.Errorf("ended with %d %q, want %d %q", e.Code, e.Reason, code, reason)
	}
}

// logBuffer collects lines of a log.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// logger returns a logger of that level and where its lines go.
func logger(level slog.Level) (*slog.Logger, *logBuffer) {
	b := new(logBuffer)
	return slog.New(app.NewLogHandler(b, level)), b
}

// eventually waits until f holds.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for tick := time.Millisecond; !f(); tick = min(2*tick, 50*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
		wait(tick)
	}
}

func wait(d time.Duration) { <-time.After(d) }

// raw sends a request as it stands and returns the answer's head and what follows of
// it until the end.
func raw(t *testing.T, addr, request string) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(limit))
	if _, err := nc.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	var answer strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := nc.Read(buf)
		answer.Write(buf[:n])
		if err != nil {
			return answer.String()
		}
	}
}

// wantLine looks for text in the lines of a log.
func wantLine(t *testing.T, lines *logBuffer, text string) {
	t.Helper()
	if !strings.Contains(lines.String(), text) {
		t.Errorf("the log lacks %q:\n%s", text, lines)
	}
}
