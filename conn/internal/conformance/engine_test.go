package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/conformance"
	"github.com/godwit-ws/godwit/frame"
)

// The limits of the connections under test.
const (
	maxMessage   = 16 << 20
	maxFragments = 1 << 16
)

// compression says whether the engine is set up for it.
type compression bool

const (
	plain    compression = false
	deflated compression = true
)

func config(z compression) conn.Config {
	return conn.Config{
		MaxMessageSize: maxMessage,
		MaxFragments:   maxFragments,
		Compression:    conn.Compression{Enabled: bool(z)},
	}
}

// options describes such a connection. The longest run is made when GODWIT_LONG is
// 1, and the shortest under the race detector.
func options(z compression, l conformance.Length) conformance.Options {
	switch {
	case os.Getenv("GODWIT_LONG") == "1":
		l = conformance.Full
	case raceEnabled:
		l = conformance.Brief
	}
	return conformance.Options{
		Compression:  bool(z),
		MaxMessage:   maxMessage,
		MaxFragments: maxFragments,
		Command:      command,
		Length:       l,
	}
}

// share returns the cases of one of two tests that play them together, turn 0 or 1: in
// neighbouring cases, and groups, the turns alternate. With GODWIT_LONG=1 each plays all.
func share(cases []conformance.Case, turn int) []conformance.Case {
	if os.Getenv("GODWIT_LONG") == "1" {
		return cases
	}
	var ours []conformance.Case
	for _, c := range cases {
		sum := 0
		for _, digit := range c.ID {
			sum += int(digit)
		}
		if sum%2 == turn {
			ours = append(ours, c)
		}
	}
	return ours
}

// repeats says that a case is one of those in which much is sent in like manner.
func repeats(c conformance.Case) bool {
	return slices.Contains([]string{"9", "12", "13"}, c.Section())
}

// commandPrefix begins the text that makes an endpoint close its connection.
const commandPrefix = "please close "

func command(code frame.Code, reason string) string {
	return fmt.Sprintf("%s%d %s", commandPrefix, code, reason)
}

// commanded returns the Close that a message asks for, or nil.
func commanded(op conn.Opcode, p []byte) *conn.CloseError {
	rest, ok := strings.CutPrefix(string(p[:min(len(p), 1000)]), commandPrefix)
	if op != conn.Text || !ok {
		return nil
	}
	number, reason, _ := strings.Cut(rest, " ")
	code, err := strconv.Atoi(number)
	if err != nil {
		return nil
	}
	return &conn.CloseError{Code: frame.Code(code), Reason: reason}
}

// echoLoop is an echo endpoint in the style of Read and Write.
func echoLoop(c *conn.Conn) error {
	ctx := context.Background()
	var buf []byte
	for {
		op, p, err := c.ReadInto(ctx, buf)
		if err != nil {
			return err
		}
		if e := commanded(op, p); e != nil {
			return c.Close(ctx, e.Code, e.Reason)
		}
		if err := c.Write(ctx, op, p); err != nil {
			return err
		}
		buf = p
	}
}

// echoHooks is an echo endpoint in the style of Run.
type echoHooks struct{}

func (echoHooks) OnOpen(*conn.Conn) error { return nil }

func (echoHooks) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	if e := commanded(op, p); e != nil {
		return c.Close(context.Background(), e.Code, e.Reason)
	}
	return c.Write(context.Background(), op, p)
}

func (echoHooks) OnClose(*conn.Conn, *conn.CloseError) {}

func echoRun(c *conn.Conn) error { return c.Run(echoHooks{}) }

// echoStreams is an echo endpoint in the style of Reader and Writer. It knows no
// commands.
func echoStreams(c *conn.Conn) error {
	ctx := context.Background()
	for {
		op, r, err := c.Reader(ctx)
		if err != nil {
			return err
		}
		w, err := c.Writer(ctx, op)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, r); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
}

// noLeaks fails the test if goroutines are left a while after it.
func noLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for end := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; <-tick.C {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<16)
				t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	})
}

// handlerServer serves f under net/http.
func handlerServer(t *testing.T, z compression, f func(*conn.Conn) error) *httptest.Server {
	noLeaks(t)
	u := &conn.Upgrader{Config: config(z)}
	s := httptest.NewServer(u.Handler(f))
	t.Cleanup(s.Close)
	return s
}

// acceptServer serves f on bare connections.
func acceptServer(t *testing.T, z compression, f func(*conn.Conn) error) net.Addr {
	noLeaks(t)
	u := &conn.Upgrader{Config: config(z)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return // the listener was closed
			}
			go func() {
				if c, err := u.Accept(context.Background(), nc); err == nil {
					f(c) // how a connection ends is for the peer to judge
				}
			}()
		}
	}()
	return l.Addr()
}

// dialer returns a client for Client: it dials and echoes until the end.
func dialer(z compression, f func(*conn.Conn) error) func(context.Context, string) error {
	d := &conn.Dialer{Config: config(z)}
	return func(ctx context.Context, url string) error {
		c, err := d.Dial(ctx, url)
		if err != nil {
			return err
		}
		if err := f(c); err != nil && !errors.Is(err, conn.ErrClosed) {
			return err
		}
		return nil
	}
}
