package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scriptedListener gives what it is told to: a connection for nil, else the error.
// Behind the script it waits for Close.
type scriptedListener struct {
	script []error
	start  time.Time
	times  []time.Duration // of the calls
	closed chan struct{}
}

func newScriptedListener(script ...error) *scriptedListener {
	return &scriptedListener{script: script, start: time.Now(), closed: make(chan struct{})}
}

func (l *scriptedListener) Accept() (net.Conn, error) {
	l.times = append(l.times, time.Since(l.start))
	if len(l.script) == 0 {
		<-l.closed
		return nil, net.ErrClosed
	}
	err := l.script[0]
	l.script = l.script[1:]
	if err != nil {
		return nil, err
	}
	nc, _ := net.Pipe()
	return nc, nil
}

func (l *scriptedListener) Close() error   { close(l.closed); return nil }
func (l *scriptedListener) Addr() net.Addr { return &net.TCPAddr{} }

// TestAcceptBackoff runs out of descriptors: each failed accept is followed by a
// longer wait, a success begins anew, and only the first failure of each run is
// reported.
func TestAcceptBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := &net.OpError{Op: "accept", Err: syscall.EMFILE}
		l := newScriptedListener(full, full, full, nil, full, full)
		served, reported := 0, 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			acceptAll(t.Context(), l, func(net.Conn) { served++ }, func(err error) {
				if !errors.Is(err, syscall.EMFILE) {
					t.Errorf("reported %v", err)
				}
				reported++
			})
		}()
		time.Sleep(time.Minute)
		l.Close()
		<-done
		synctest.Wait() // for what was served
		ms := time.Millisecond
		want := []time.Duration{0, 5 * ms, 15 * ms, 35 * ms, 35 * ms, 40 * ms, 50 * ms}
		if diff := cmp.Diff(want, l.times); diff != "" {
			t.Errorf("accepts (-want +got):\n%s", diff)
		}
		if served != 1 || reported != 2 {
			t.Errorf("served %d, reported %d; want 1 and 2", served, reported)
		}
	})
}

// TestAcceptBackoffLimit fails for a long time: the waits end at a second, and the
// loop goes on.
func TestAcceptBackoffLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := make([]error, 100)
		for i := range script {
			script[i] = syscall.ENFILE
		}
		l := newScriptedListener(script...)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			acceptAll(ctx, l, nil, func(error) {})
		}()
		time.Sleep(50*time.Second + time.Millisecond)
		cancel() // during a wait
		<-done
		n := len(l.times)
		if got := l.times[n-2] - l.times[n-3]; got != time.Second {
			t.Errorf("the last whole wait took %v, want 1s", got)
		}
		if n > 60 {
			t.Errorf("%d accepts in 50 s", n)
		}
	})
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	for _, args := range [][]string{
		{"serve", "--addr", addr},
		{"echo", "--addr", addr},
		{"echo", "--addr", "127.0.0.1:0", "--pprof", addr},
	} {
		got := invoke(t, "", args...)
		if got.code != exitFailure || got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, addr) {
			t.Errorf("godwit %q: %+v", args, got)
		}
	}
}

func TestBadAddress(t *testing.T) {
	for _, addr := range []string{"nonsense", "127.0.0.1:99999", "203.0.113.1:0"} {
		for _, name := range []string{"serve", "echo"} {
			if got := invoke(t, "", name, "--addr", addr); got.code != exitFailure || !strings.Contains(got.err, "listen tcp") {
				t.Errorf("godwit %s --addr %s: %+v", name, addr, got)
			}
		}
	}
}

func TestURLOf(t *testing.T) {
	for _, tt := range []struct {
		addr net.Addr
		want string
	}{
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, "ws://127.0.0.1:80"},
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}, "ws://192.0.2.1:80"},
		{&net.TCPAddr{IP: net.IPv6loopback, Port: 80}, "ws://[::1]:80"},
		{&net.TCPAddr{IP: net.IPv4zero, Port: 80}, "ws://127.0.0.1:80"},
		{&net.TCPAddr{IP: net.IPv6unspecified, Port: 80}, "ws://127.0.0.1:80"},
	} {
		if got := urlOf("ws", tt.addr); got != tt.want {
			t.Errorf("urlOf(%v) = %q, want %q", tt.addr, got, tt.want)
		}
	}
}
