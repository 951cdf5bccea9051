package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

func TestWriteLengths(t *testing.T) {
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			for _, n := range []int{0, 1, 125, 126, 8191, 8192, 65535, 65536, 1 << 20} {
				payload := strings.Repeat("p", n)
				go c.Write(t.Context(), conn.Binary, []byte(payload))
				p.want(frame.Binary, payload)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	c, p := accept(t, conn.Config{})
	for _, tt := range []struct {
		op      conn.Opcode
		payload string
		err     error
	}{
		{frame.Ping, "", conn.ErrOpcode},
		{frame.Close, "", conn.ErrOpcode},
		{frame.Continuation, "", conn.ErrOpcode},
		{conn.Text, "\xff", conn.ErrNotUTF8},
	} {
		if err := c.Write(t.Context(), tt.op, []byte(tt.payload)); !errors.Is(err, tt.err) {
			t.Errorf("Write(%v, %q) = %v, want %v", tt.op, tt.payload, err, tt.err)
		}
	}
	if _, err := conn.NewPrepared(conn.Text, []byte("\xff")); !errors.Is(err, conn.ErrNotUTF8) {
		t.Errorf("NewPrepared = %v", err)
	}
	c.WriteText(t.Context(), "next") // nothing of all that was sent
	p.want(frame.Text, "next")
}

// Longer messages than the limit go out as several frames of at most its size.
func TestWriteFragmentsPastMaxMessageSize(t *testing.T) {
	c, p := accept(t, conn.Config{MaxMessageSize: 1000})
	go c.Write(t.Context(), conn.Binary, make([]byte, 2500))
	for i, want := range []int{1000, 1000, 500} {
		h, payload, err := p.read()
		if err != nil || len(payload) != want || h.Fin != (i == 2) || (h.Opcode == frame.Continuation) != (i > 0) {
			t.Errorf("frame %d is %+v with %d bytes, %v", i, h, len(payload), err)
		}
	}
}

func TestWritersNeverInterleave(t *testing.T) {
	receivers := map[string]func(t *testing.T) (c *conn.Conn, next func() string){
		"memory": func(t *testing.T) (*conn.Conn, func() string) { return receiver(accept(t, conn.Config{})) },
		"tcp":    func(t *testing.T) (*conn.Conn, func() string) { return receiver(acceptTCP(t, conn.Config{})) },
		"compressed": func(t *testing.T) (*conn.Conn, func() string) {
			cfg := conn.Config{MaxQueued: 100_000, Compression: conn.Compression{Enabled: true}}
			s, c := conn.Pipe(cfg, cfg)
			t.Cleanup(s.Abort)
			t.Cleanup(c.Abort)
			return c, func() string {
				_, m, err := s.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return string(m)
			}
		},
	}
	for name, open := range receivers {
		t.Run(name, func(t *testing.T) {
			c, next := open(t)
			const writers, each = 8, 40
			var group sync.WaitGroup
			for i := range writers {
				group.Go(func() { writeMany(t, c, byte('a'+i), each) })
			}
			counts := map[byte]int{}
			for range writers * each {
				m := next()
				if strings.Trim(m, m[:1]) != "" {
					t.Fatalf("a message of several writers: %.60q", m)
				}
				counts[m[0]]++
			}
			group.Wait()
			for i := range writers {
				if got := counts[byte('a'+i)]; got != each {
					t.Errorf("writer %d: %d messages, want %d", i, got, each)
				}
			}
		})
	}
}

// receiver returns a connection, and a function that reads the next message at
// its other end.
func receiver(c *conn.Conn, p *peer) (*conn.Conn, func() string) { return c, p.message }

// writeMany writes messages of one letter, in every way there is.
func writeMany(t *testing.T, c *conn.Conn, letter byte, n int) {
	ctx := context.Background()
	for i := range n {
		p := bytes.Repeat([]byte{letter}, 1+i*i*20)
		var err error
		switch i % 3 {
		case 0:
			err = c.Write(ctx, conn.Text, p)
		case 1:
			var m *conn.Prepared
			m, err = conn.NewPrepared(conn.Text, p)
			if err == nil {
				err = c.WritePrepared(ctx, m)
			}
		case 2:
			var w *conn.MessageWriter
			w, err = c.Writer(ctx, conn.Text)
			if err == nil {
				w.Write(p)
				err = w.Close()
			}
		}
		if err != nil {
			t.Errorf("writer %c, message %d: %v", letter, i, err)
			return
		}
	}
}

func TestWriterFragments(t *testing.T) {
	c, p := accept(t, conn.Config{})
	w, err := c.Writer(t.Context(), conn.Text)
	if err != nil {
		t.Fatal(err)
	}
	other := make(chan error, 1)
	go func() { other <- c.WriteText(context.Background(), "other") }()
	go func() {
		w.Write([]byte("日")[:1])
		w.Flush()
		w.Write([]byte("日")[1:])
		w.Write(bytes.Repeat([]byte("x"), 20<<10))
		w.Close()
	}()
	var got strings.Builder
	frames := 0
	for fin := false; !fin; frames++ {
		h, payload, err := p.read()
		if err != nil || (frames == 0) != (h.Opcode == frame.Text) {
			t.Fatalf("frame %d is %+v, %v", frames, h, err)
		}
		got.WriteString(payload)
		fin = h.Fin
	}
	if got.String() != "日"+strings.Repeat("x", 20<<10) || frames != 3 {
		t.Errorf("%d bytes in %d frames", got.Len(), frames)
	}
	p.want(frame.Text, "other")
	if err := <-other; err != nil {
		t.Error(err)
	}
	if _, err := w.Write([]byte("x")); !errors.Is(err, conn.ErrWriter) {
		t.Errorf("a write after Close gave %v", err)
	}
}

func TestWriterUnfinishedTextFailsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		w, _ := c.Writer(t.Context(), conn.Text)
		w.Write([]byte("sent "))
		w.Flush()
		p.read()
		if _, err := w.Write([]byte("\xff")); !errors.Is(err, conn.ErrNotUTF8) {
			t.Errorf("Write = %v", err)
		}
		p.wantClose(frame.CodeInternalError)
	})
}

// A context that ends before anything was sent takes the message back; later
// ones are not held up by it.
func TestWriteContextBeforeTheMessage(t *testing.T) {
	c, p := accept(t, conn.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.WriteText(ctx, "never"); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v", err)
	}
	c.WriteText(t.Context(), "always")
	p.want(frame.Text, "always")
}

// A context that ends in the middle of a message: it is sent on.
func TestWriteContextWithinTheMessage(t *testing.T) {
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			c, p := accept(t, conn.Config{MaxMessageSize: -1})
			ctx, cancel := context.WithCancel(t.Context())
			big := strings.Repeat("b", 16<<20)
			header := make([]byte, 10)
			go func() {
				io.ReadFull(p.nc, header) // now it has begun
				cancel()
			}()
			if err := c.Write(ctx, conn.Binary, []byte(big)); !errors.Is(err, conn.ErrWriteUnfinished) {
				t.Fatalf("Write = %v", err)
			}
			next := make(chan error, 1)
			go func() { next <- c.WriteText(context.Background(), "next") }()
			got := make([]byte, len(big))
			if _, err := io.ReadFull(p.nc, got); err != nil || string(got) != big {
				t.Fatalf("the rest of the message came otherwise, %v", err)
			}
			p.want(frame.Text, "next")
			if err := <-next; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{MaxQueued: 10_000, WriteTimeout: 10 * time.Second})
		blocked := make(chan error, 1)
		go func() { blocked <- c.Write(context.Background(), conn.Text, bytes.Repeat([]byte("a"), 100_000)) }()
		synctest.Wait()
		if err := c.Write(t.Context(), conn.Text, bytes.Repeat([]byte("b"), 50_000)); err != nil {
			t.Fatalf("a message larger than MaxQueued on an empty queue: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.WriteText(ctx, "c"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write on a full queue under a context = %v", err)
		}
		var slow sync.WaitGroup
		slow.Go(func() {
			for range 9 { // keeps the write alive
				time.Sleep(time.Second)
				io.ReadFull(p.nc, make([]byte, 10))
			}
		})
		start := time.Now()
		err := c.WriteText(t.Context(), "c")
		if !errors.Is(err, conn.ErrQueueFull) && !errors.Is(err, conn.ErrWriteTimeout) {
			t.Errorf("Write on a full queue = %v", err)
		}
		elapsed(t, start, 10*time.Second)
		slow.Wait()
		c.Abort()
		<-blocked
	})
}

func TestPreparedReachesEveryKindOfConnection(t *testing.T) {
	m, err := conn.NewPrepared(conn.Text, []byte(strings.Repeat("prepared ", 100)))
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range []conn.Compression{{}, {Enabled: true}, {Enabled: true, Threshold: -1, History: 32 << 10}} {
		cfg := conn.Config{Compression: z}
		s, c := conn.Pipe(cfg, cfg)
		for i := range 6 {
			from, to := s, c
			if i%2 == 1 {
				from, to = c, s
			}
			if i == 2 || i == 3 {
				from.WriteText(t.Context(), strings.Repeat("prepared otherwise ", 50))
				to.Read(t.Context())
			}
			if err := from.WritePrepared(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			_, got, err := to.Read(t.Context())
			if err != nil || string(got) != string(m.Payload()) {
				t.Fatalf("%+v, message %d: %.40q, %v", z, i, got, err)
			}
		}
		s.Abort()
		c.Abort()
	}
}

// message reads one message of any number of frames.
func (p *peer) message() string {
	p.t.Helper()
	var got strings.Builder
	for {
		h, payload, err := p.read()
		if err != nil {
			p.t.Fatalf("after %d bytes: %v", got.Len(), err)
		}
		got.WriteString(payload)
		if h.Fin {
			return got.String()
		}
	}
}
