package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// servers are the transports that a server's connection is tested over.
var servers = map[string]func(testing.TB, conn.Config) (*conn.Conn, *peer){
	"memory": accept,
	"tcp":    acceptTCP,
}

func TestReadMessages(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 20_000) // larger than any scratch
	tests := []struct {
		name string
		sent [][]byte
		want []string
	}{
		{"empty", [][]byte{whole(frame.Text, "")}, []string{""}},
		{"several-in-one-segment", [][]byte{whole(frame.Text, "a"), whole(frame.Text, "b"), whole(frame.Text, "c")}, []string{"a", "b", "c"}},
		{"fragments-with-a-ping-between", [][]byte{
			masked(frame.Header{Opcode: frame.Text}, "fra"), whole(frame.Ping, "p"),
			masked(frame.Header{}, ""), masked(frame.Header{Fin: true}, "gments"),
		}, []string{"fragments"}},
		{"large", [][]byte{whole(frame.Text, large), whole(frame.Text, "and small")}, []string{large, "and small"}},
		{"character-cut-by-a-fragment", [][]byte{
			masked(frame.Header{Opcode: frame.Text}, "\xe6\x97"), masked(frame.Header{Fin: true}, "\xa5"),
		}, []string{"日"}},
	}
	for transport, accept := range servers {
		for _, tt := range tests {
			t.Run(transport+"/"+tt.name, func(t *testing.T) {
				c, p := accept(t, conn.Config{})
				go p.nc.Write(bytes.Join(tt.sent, nil))
				for _, want := range tt.want {
					op, got, err := c.Read(t.Context())
					if err != nil || op != conn.Text || string(got) != want {
						t.Fatalf("Read = %v %.40q, %v; want %.40q", op, got, err, want)
					}
				}
			})
		}
	}
}

func TestReadIntoUsesTheCallersArray(t *testing.T) {
	c, p := accept(t, conn.Config{})
	dst := make([]byte, 0, 1000)
	for _, n := range []int{0, 1, 1000} {
		p.send(whole(frame.Binary, strings.Repeat("x", n)))
		_, got, err := c.ReadInto(t.Context(), dst)
		if err != nil || len(got) != n || cap(got) != cap(dst) {
			t.Errorf("ReadInto of %d bytes gave %d of capacity %d, %v", n, len(got), cap(got), err)
		}
	}
	p.send(whole(frame.Binary, strings.Repeat("x", 1001)))
	if _, got, err := c.ReadInto(t.Context(), dst); err != nil || len(got) != 1001 {
		t.Errorf("ReadInto of 1001 bytes gave %d, %v", len(got), err)
	}
}

// A context that ends while a message is under way leaves all of it to be read:
// cut between any two bytes, on either transport, with Read and ReadInto.
func TestReadContextLosesNothing(t *testing.T) {
	stream := bytes.Join([][]byte{
		masked(frame.Header{Opcode: frame.Text}, "first frag"), whole(frame.Ping, "x"),
		masked(frame.Header{Fin: true}, "ment"), whole(frame.Text, "second"),
	}, nil)
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			for cut := range len(stream) {
				c, p := accept(t, conn.Config{})
				p.send(stream[:cut])
				var got []string
				dst := make([]byte, 0, 4)
				readUntil(t, c, dst, &got)
				p.send(stream[cut:])
				for len(got) < 2 {
					_, m, err := c.ReadInto(t.Context(), dst)
					if err != nil {
						t.Fatalf("cut at %d: %v", cut, err)
					}
					got = append(got, string(m))
				}
				if got[0] != "first fragment" || got[1] != "second" {
					t.Fatalf("cut at %d: read %q", cut, got)
				}
				c.Abort()
			}
		})
	}
}

// readUntil reads what is there, and on until a context ends.
func readUntil(t *testing.T, c *conn.Conn, dst []byte, got *[]string) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Millisecond)
		_, m, err := c.ReadInto(ctx, dst)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			copy(dst[:cap(dst)], "####") // the array is the caller's alone again
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		*got = append(*got, string(m))
	}
}

func TestReadContextAlreadyEnded(t *testing.T) {
	c, p := accept(t, conn.Config{})
	p.send(whole(frame.Text, "here"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if _, m, err := c.Read(ctx); err == nil && string(m) == "here" {
			break // what has been received may still be handed out
		} else if !errors.Is(err, context.Canceled) {
			t.Fatalf("Read = %q, %v", m, err)
		}
	}
	if err := c.Err(); err != nil {
		t.Errorf("the connection ended: %v", err)
	}
}

func TestReadFromManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		const n = 100
		got := make(chan string, n)
		for range n {
			go func() {
				_, m, err := c.Read(context.Background())
				if err != nil {
					t.Error(err)
				}
				got <- string(m)
			}()
		}
		synctest.Wait()
		seen := map[string]bool{}
		for i := range n {
			m := strings.Repeat("m", i)
			p.send(whole(frame.Text, m))
			seen[<-got] = true
		}
		if len(seen) != n {
			t.Errorf("%d different messages, want %d", len(seen), n)
		}
	})
}

// A violation is answered while the bad message is still incomplete, and what
// was read before it is delivered.
func TestReadFailsFast(t *testing.T) {
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			p.send(whole(frame.Text, "good"), masked(frame.Header{Opcode: frame.Text}, "bad \xf5"))
			if _, m, err := c.Read(t.Context()); string(m) != "good" {
				t.Fatalf("Read = %q, %v", m, err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _, err := c.Read(context.Background())
				wantEnd(t, err, frame.CodeInvalidPayload, false, nil)
			}()
			p.wantClose(frame.CodeInvalidPayload)
			p.wantEOF()
			p.nc.Close()
			<-done
		})
	}
}

func TestLostConnections(t *testing.T) {
	tests := []struct {
		name  string
		sent  []byte
		cause error
	}{
		{"between-messages", whole(frame.Text, "m"), conn.ErrNoClose},
		{"inside-a-header", whole(frame.Text, "m")[:1], conn.ErrCut},
		{"inside-a-payload", whole(frame.Text, "message")[:8], conn.ErrCut},
		{"between-fragments", masked(frame.Header{Opcode: frame.Text}, "m"), conn.ErrCut},
	}
	for transport, accept := range servers {
		for _, tt := range tests {
			t.Run(transport+"/"+tt.name, func(t *testing.T) {
				c, p := accept(t, conn.Config{})
				p.send(tt.sent)
				p.nc.Close()
				var err error
				for err == nil {
					_, _, err = c.Read(t.Context())
				}
				wantEnd(t, err, frame.CodeAbnormal, false, tt.cause)
				wantEnd(t, c.Write(t.Context(), conn.Text, nil), frame.CodeAbnormal, false, tt.cause)
			})
		}
	}
}

// Who leaves the loop keeps the last message.
func TestMessagesLeavesTheLastMessage(t *testing.T) {
	c, p := accept(t, conn.Config{})
	p.send(whole(frame.Text, "kept"), whole(frame.Text, "next"))
	var kept []byte
	for m, err := range c.Messages(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		kept = m.Data
		break
	}
	if _, got, err := c.Read(t.Context()); string(got) != "next" || err != nil {
		t.Errorf("Read = %q, %v", got, err)
	}
	for _, err := range c.Messages(ended(t)) {
		if err == nil {
			t.Error("a message under an ended context")
		}
	}
	if string(kept) != "kept" {
		t.Errorf("the last message is now %q", kept)
	}
}

// ended returns a context that has ended.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestMessagesEndsAfterANormalEnd(t *testing.T) {
	for _, tt := range []struct {
		name   string
		sent   []byte
		errors int
	}{
		{"close-1000", whole(frame.Close, "\x03\xe8"), 0},
		{"close-empty", whole(frame.Close, ""), 0},
		{"close-1008", whole(frame.Close, "\x03\xf0"), 1},
		{"violation", whole(frame.Opcode(3), ""), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			p.send(whole(frame.Text, "a"), whole(frame.Binary, "b"), tt.sent)
			p.nc.(interface{ CloseWrite() error }).CloseWrite()
			var got []string
			failed := 0
			for m, err := range c.Messages(t.Context()) {
				if err != nil {
					failed++
					continue
				}
				got = append(got, m.Opcode.String()+string(m.Data))
			}
			if strings.Join(got, " ") != "texta binaryb" || failed != tt.errors {
				t.Errorf("got %q and %d errors, want %d", got, failed, tt.errors)
			}
		})
	}
}

func TestReaderStreams(t *testing.T) {
	for transport, accept := range servers {
		t.Run(transport, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			p.send(masked(frame.Header{Opcode: frame.Text}, "begin "))
			op, r, err := c.Reader(t.Context())
			if err != nil || op != conn.Text {
				t.Fatal(op, err)
			}
			b := make([]byte, 4)
			if n, err := r.Read(b); n != 4 || err != nil {
				t.Fatal(n, err)
			}
			go p.nc.Write(bytes.Join([][]byte{
				masked(frame.Header{}, strings.Repeat("middle ", 50_000)), whole(frame.Ping, "!"), masked(frame.Header{Fin: true}, "end"),
				whole(frame.Binary, "skipped"), whole(frame.Text, "next"),
			}, nil))
			rest, err := io.ReadAll(r)
			if want := "n " + strings.Repeat("middle ", 50_000) + "end"; string(rest) != want || err != nil {
				t.Fatalf("read %d bytes, %v; want %d", len(rest), err, len(want))
			}
			if _, skipped, err := c.Reader(t.Context()); err != nil {
				t.Fatal(err)
			} else if _, m, err := c.Read(t.Context()); string(m) != "next" {
				t.Fatalf("Read = %q, %v", m, err)
			} else if _, err := skipped.Read(b); !errors.Is(err, conn.ErrReader) {
				t.Errorf("an abandoned reader gave %v", err)
			}
		})
	}
}

func TestReaderContextLosesNothing(t *testing.T) {
	c, p := accept(t, conn.Config{})
	p.send(masked(frame.Header{Opcode: frame.Text}, "be"))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	_, r, err := c.Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	n, err := io.ReadFull(r, b)
	if n != 2 || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("read %d, %v", n, err)
	}
	p.send(masked(frame.Header{Fin: true}, "gin"))
	r.SetContext(t.Context())
	if rest, err := io.ReadAll(r); string(rest) != "gin" || err != nil {
		t.Fatalf("read %q, %v", rest, err)
	}
}

// A Reader whose context ends just as it is asked for a message of which only the header
// has come leaves the message whole, or is there to be skipped: no piece of it is ever
// taken for a message.
func TestReaderOfBegunMessage(t *testing.T) {
	c, p := accept(t, conn.Config{})
	first, second := whole(frame.Text, "first"), whole(frame.Text, "second")
	p.send(first[:6])
	soon, cancel := context.WithTimeout(t.Context(), 2*time.Millisecond)
	defer cancel()
	if _, m, err := c.Read(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Read = %q, %v", m, err)
	}
	if op, r, err := c.Reader(soon); op != frame.Text || r == nil || err != nil {
		t.Errorf("Reader = %v, %v, %v; want one that waits for the text", op, r, err)
	}
	p.send(first[6:8])
	if _, m, err := c.Read(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Read = %q, %v", m, err)
	}
	p.send(first[8:], second)
	if _, m, err := c.Read(t.Context()); string(m) != "second" || err != nil {
		t.Errorf("Read = %q, %v, want what follows the message that was streamed", m, err)
	}
}

func TestReadCompressed(t *testing.T) {
	both := conn.Config{Compression: conn.Compression{Enabled: true, Threshold: -1}}
	s, c := conn.Pipe(both, both)
	t.Cleanup(s.Abort)
	t.Cleanup(c.Abort)
	for i := range 20 {
		want := strings.Repeat("compressible message ", i*i)
		if err := c.WriteText(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		var got []byte
		var err error
		if i%2 == 0 {
			_, got, err = s.Read(t.Context())
		} else {
			var r io.Reader
			_, r, err = s.Reader(t.Context())
			got, _ = io.ReadAll(r)
		}
		if string(got) != want || err != nil {
			t.Fatalf("message %d: %d bytes, %v; want %d", i, len(got), err, len(want))
		}
	}
}

func TestReadJSON(t *testing.T) {
	c, p := accept(t, conn.Config{})
	p.send(whole(frame.Text, `{"n":7}`), whole(frame.Text, `{`), whole(frame.Binary, `{"n":8}`))
	var v struct{ N int }
	if err := c.ReadJSON(t.Context(), &v); err != nil || v.N != 7 {
		t.Errorf("ReadJSON = %v, %v", v, err)
	}
	if err := c.ReadJSON(t.Context(), &v); err == nil {
		t.Error("ReadJSON took half an object")
	}
	if err := c.ReadJSON(t.Context(), &v); err != nil || v.N != 8 {
		t.Errorf("ReadJSON = %v, %v", v, err)
	}
	if err := c.WriteJSON(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	p.want(frame.Text, `{"N":8}`)
}

func TestDiscardReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		ctx := c.DiscardReads()
		p.send(whole(frame.Text, "dropped"), whole(frame.Ping, "answered"))
		p.want(frame.Pong, "answered")
		if err := c.WriteText(ctx, "out"); err != nil {
			t.Fatal(err)
		}
		p.want(frame.Text, "out")
		if _, _, err := c.Read(ctx); !errors.Is(err, conn.ErrTaken) {
			t.Errorf("Read = %v", err)
		}
		p.send(whole(frame.Close, "\x03\xe9"))
		p.wantClose(frame.CodeGoingAway)
		p.nc.Close()
		<-ctx.Done()
		wantEnd(t, context.Cause(ctx), frame.CodeGoingAway, true, nil)
	})
}
