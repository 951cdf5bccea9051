package conn_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/frame"
)

// wire is a drive.Transport in memory: what is read was put there by the test, and
// no more is taken than it allows.
type wire struct {
	mu       sync.Mutex
	in, out  bytes.Buffer
	takes    int // bytes that may still be written
	awaited  bool
	attended bool
	wakeAt   time.Time
	half     bool
	closed   bool
	eof      bool   // behind in
	during   func() // called once, in the next write
}

func (w *wire) RemoteAddr() net.Addr { return &net.TCPAddr{Port: 1} }
func (w *wire) LocalAddr() net.Addr  { return &net.TCPAddr{Port: 2} }

func (w *wire) Read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.in.Len() == 0 && !w.eof {
		return 0, drive.ErrWouldBlock
	}
	return w.in.Read(p)
}

func (w *wire) Write(head, tail []byte, _ bool) (int, error) {
	if during := w.during; during != nil {
		w.during = nil
		during()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, p := range [][]byte{head, tail} {
		p = p[:min(len(p), w.takes)]
		w.out.Write(p)
		w.takes -= len(p)
		n += len(p)
	}
	if n == 0 {
		return 0, drive.ErrWouldBlock
	}
	return n, nil
}

func (w *wire) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *wire) AwaitWrite() { w.set(func() { w.awaited = true }) }
func (w *wire) CloseWrite() { w.set(func() { w.half = true }) }
func (w *wire) Shutdown()   {}
func (w *wire) Close()      { w.set(func() { w.closed = true }) }

func (w *wire) WakeAt(at time.Time) {
	w.set(func() {
		if w.wakeAt.IsZero() || at.Before(w.wakeAt) {
			w.wakeAt = at
		}
	})
}
func (w *wire) Attend() { w.set(func() { w.attended = true }) }

// driven is a server's connection driven by the test.
type driven struct {
	t testing.TB
	c *conn.Conn
	m drive.Machine
	w *wire
	s drive.Workspace
}

// newDriven hands a connection to the test, and has had its first turns.
func newDriven(t testing.TB, cfg conn.Config, h conn.Hooks, mode drive.Mode) *driven {
	t.Helper()
	server, client := conn.Pipe(cfg, conn.Config{})
	t.Cleanup(client.Abort)
	d := &driven{t: t, c: server, w: &wire{takes: 1 << 30}}
	d.s.Scratch = make([]byte, 4096)
	m, err := server.Drive(h, mode, func(nc net.Conn) (drive.Transport, error) { return d.w, nc.Close() })
	if err != nil {
		t.Fatal(err)
	}
	d.m = m
	d.turns(drive.Drained)
	t.Cleanup(func() {
		server.Abort()
		d.turns(drive.Over)
		if !conn.NothingIsNothing() {
			t.Error("what connections share that have nothing has something in it")
		}
	})
	return d
}

// turns lets the connection have turns until one ends with want.
func (d *driven) turns(want drive.Outcome) {
	d.t.Helper()
	for range 100 {
		if next := d.m.Turn(&d.s); next == want {
			return
		} else if next != drive.More && next != drive.Unread {
			d.t.Fatalf("a turn ended with %d, want %d", next, want)
		}
	}
	d.t.Fatal("turns without end")
}

// receive has the peer's bytes come, and the connection have its turns.
func (d *driven) receive(frames string, want drive.Outcome) {
	d.t.Helper()
	d.w.set(func() { d.w.in.WriteString(frames) })
	d.turns(want)
}

// writable lets n bytes be written.
func (d *driven) writable(n int) {
	d.w.set(func() { d.w.takes += n })
	d.m.Writable()
}

// wrote wants what was written since it was asked last.
func (d *driven) wrote(want string) {
	d.t.Helper()
	d.w.mu.Lock()
	defer d.w.mu.Unlock()
	if got := d.w.out.String(); got != want {
		d.t.Errorf("written: %.80q (%d bytes), want %.80q (%d bytes)", got, len(got), want, len(want))
	}
	d.w.out.Reset()
}

const ping = "\x89\x80\x00\x00\x00\x00"

// send is a way to send something.
type send struct {
	name string
	send func(*driven) error
	want string
}

// sends are all ways there are.
func sends() []send {
	ctx := context.Background()
	prepared, _ := conn.NewPrepared(conn.Text, []byte("prepared"))
	return []send{
		{"write", func(d *driven) error { return d.c.WriteText(ctx, "text") }, "\x81\x04text"},
		{"write-prepared", func(d *driven) error { return d.c.WritePrepared(ctx, prepared) }, "\x81\x08prepared"},
		{"post", func(d *driven) error { _, err := d.c.Post(prepared, conn.Posting{}); return err }, "\x81\x08prepared"},
		{"keep-latest", func(d *driven) error {
			_, err := d.c.Post(prepared, conn.Posting{Overflow: conn.KeepLatest, Key: "k"})
			return err
		}, "\x81\x08prepared"},
		{"write-all", func(d *driven) error {
			_, err := d.c.WriteAll(ctx, conn.Binary, [][]byte{[]byte("a"), []byte("b")})
			return err
		}, "\x82\x01a\x82\x01b"},
		{"writer", func(d *driven) error {
			w, err := d.c.Writer(ctx, conn.Text)
			if err != nil {
				return err
			}
			io.WriteString(w, "in ")
			w.Flush()
			io.WriteString(w, "pieces")
			return w.Close()
		}, "\x81\x09in pieces"},
		{"pong", func(d *driven) error { d.receive(ping, drive.Drained); return nil }, "\x8a\x00"},
		{"echo", func(d *driven) error { d.receive("\x81\x82\x00\x00\x00\x00me", drive.Drained); return nil }, "\x81\x02me"},
		{"close", func(d *driven) error { return d.c.Close(ctx, conn.CodeNormal, "") }, "\x88\x02\x03\xe8"},
	}
}

// Whatever is sent while the socket takes nothing waits, in order, and leaves when
// the socket takes bytes again.
func TestTurnsSendWhileBlocked(t *testing.T) {
	all := sends()
	for _, first := range all[:len(all)-1] {
		for _, second := range all {
			t.Run(first.name+"/"+second.name, func(t *testing.T) {
				d := newDriven(t, conn.Config{}, echoing{}, drive.Inline)
				d.w.takes = 1
				for _, s := range []func(*driven) error{first.send, second.send} {
					if err := s(d); err != nil {
						t.Fatal(err)
					}
				}
				all := first.want + second.want
				d.wrote(all[:1])
				d.writable(2)
				d.wrote(all[1:3])
				d.writable(1 << 20)
				d.wrote(all[3:])
			})
		}
	}
}

// What is sent while a write is in progress leaves with it.
func TestTurnsSendWhileWriting(t *testing.T) {
	for _, s := range sends() {
		t.Run(s.name, func(t *testing.T) {
			if s.name == "pong" || s.name == "echo" {
				t.Skip("turns come one after the other")
			}
			d := newDriven(t, conn.Config{}, echoing{}, drive.Inline)
			d.w.during = func() {
				if err := s.send(d); err != nil {
					t.Error(err)
				}
			}
			if err := d.c.WriteText(t.Context(), "text"); err != nil {
				t.Fatal(err)
			}
			d.wrote("\x81\x04text" + s.want)
		})
	}
}

// WaitWritten waits until the socket has taken all.
func TestTurnsWaitWritten(t *testing.T) {
	d := newDriven(t, conn.Config{}, echoing{}, drive.Pooled)
	if err := d.c.WaitWritten(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.w.takes = 1
	for range 2 {
		if err := d.c.WriteText(t.Context(), "text"); err != nil {
			t.Fatal(err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.c.WaitWritten(ended); err == nil {
		t.Error("nothing was waited for")
	}
	done := make(chan error, 1)
	go func() { done <- d.c.WaitWritten(t.Context()) }()
	d.writable(1)
	d.writable(1 << 20)
	if err := <-done; err != nil {
		t.Error(err)
	}
	d.wrote("\x81\x04text\x81\x04text")
}

// Once more than 64 KiB wait nothing more is read, until most has left.
func TestTurnsPause(t *testing.T) {
	d := newDriven(t, conn.Config{}, echoing{}, drive.Inline)
	d.w.takes = 0
	message := string(frame.AppendHeader(nil, frame.Header{Fin: true, Masked: true, Opcode: frame.Binary, Length: 100_000})) +
		string(make([]byte, 100_000))
	d.receive(message, drive.Paused)
	d.w.set(func() { d.w.attended = false })
	d.writable(10_000)
	if d.w.attended {
		t.Error("reading went on with 90,000 bytes unsent")
	}
	d.writable(60_000)
	if !d.w.attended {
		t.Error("reading didn't go on")
	}
	d.turns(drive.Drained)
}

// The peer's Close is answered behind what waits; then our direction is closed, and
// the rest when the peer has closed its own.
func TestTurnsClose(t *testing.T) {
	d := newDriven(t, conn.Config{}, echoing{}, drive.Inline)
	d.w.takes = 0
	d.c.WriteText(t.Context(), "text")
	d.receive("\x88\x80\x00\x00\x00\x00", drive.Drained)
	if d.w.half {
		t.Error("our direction was closed before all was written")
	}
	d.writable(1 << 20)
	d.wrote("\x81\x04text\x88\x00")
	if !d.w.half || d.w.closed {
		t.Errorf("half closed: %v, closed: %v", d.w.half, d.w.closed)
	}
	d.m.Tick(time.Now().Add(2 * time.Second)) // the peer does nothing
	if !d.w.closed {
		t.Error("not closed after lingering")
	}
}

// A timer from before may have fired when the connection came to be driven in turns.
func TestTimerFromBeforeTheTurns(t *testing.T) {
	d := newDriven(t, conn.Config{}, echoing{}, drive.Inline)
	d.c.TickLate()
	if err := d.c.Err(); err != nil {
		t.Error(err)
	}
}
