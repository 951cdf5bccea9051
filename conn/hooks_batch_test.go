package conn_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// batcher is a recorder that notes batches too.
type batcher struct {
	recorder
	batch func(*conn.Conn) error
}

func (b *batcher) OnBatch(c *conn.Conn) error {
	b.calls = append(b.calls, "batch")
	if b.batch != nil {
		return b.batch(c)
	}
	return nil
}

func TestOnBatchFollowsWhatCameTogether(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   [][]byte // what comes with one read each
		want string
	}{
		{"one", [][]byte{whole(frame.Text, "a")}, "open text a batch close"},
		{"three", [][]byte{slices.Concat(whole(frame.Text, "a"), whole(frame.Binary, "b"), whole(frame.Text, "c"))},
			"open text a binary b text c batch close"},
		{"two-reads", [][]byte{whole(frame.Text, "a"), whole(frame.Text, "b")}, "open text a batch text b batch close"},
		{"ping-alone", [][]byte{whole(frame.Ping, "")}, "open close"},
		{"ping-between", [][]byte{slices.Concat(whole(frame.Text, "a"), whole(frame.Ping, ""), whole(frame.Text, "b"))},
			"open text a text b batch close"},
		{"half", [][]byte{whole(frame.Text, "a")[:5], whole(frame.Text, "a")[5:]}, "open text a batch close"},
		{"and-a-half", [][]byte{slices.Concat(whole(frame.Text, "a"), whole(frame.Text, "b")[:3]), whole(frame.Text, "b")[3:]},
			"open text a batch text b batch close"},
		{"before-close", [][]byte{slices.Concat(whole(frame.Text, "a"), whole(frame.Close, "\x03\xe8"))}, "open text a batch close"},
		{"before-violation", [][]byte{slices.Concat(whole(frame.Text, "a"), whole(frame.Text, "\xff"))}, "open text a batch close"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := accept(t, conn.Config{})
				var b batcher
				done := make(chan struct{})
				go func() { defer close(done); c.Run(&b) }()
				for _, in := range tt.in {
					p.send(in)
					synctest.Wait()
				}
				p.nc.Close()
				<-done
				if got := strings.Join(b.calls, " "); got != tt.want {
					t.Errorf("called %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// What OnBatch answers leaves together, and before the answer to a Close that came
// in the same read.
func TestOnBatchAnswersBeforeTheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := accept(t, conn.Config{})
		b := batcher{batch: func(c *conn.Conn) error { return c.WriteText(context.Background(), "both") }}
		done := make(chan struct{})
		go func() { defer close(done); c.Run(&b) }()
		p.send(slices.Concat(whole(frame.Text, "a"), whole(frame.Text, "b"), whole(frame.Close, "\x03\xe8")))
		p.want(frame.Text, "both")
		p.wantClose(frame.CodeNormal)
		p.nc.Close()
		<-done
	})
}

func TestOnBatchErrorEndsTheConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		batch func(*conn.Conn) error
		code  frame.Code
	}{
		"error":       {func(*conn.Conn) error { return errHook }, frame.CodeInternalError},
		"close-error": {func(*conn.Conn) error { return &conn.CloseError{Code: 4005} }, 4005},
		"panic":       {func(*conn.Conn) error { panic(errHook) }, frame.CodeInternalError},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := accept(t, conn.Config{})
			b := batcher{batch: tt.batch}
			done := make(chan error, 1)
			go func() { done <- c.Run(&b) }()
			p.send(whole(frame.Text, "a"))
			p.wantClose(tt.code)
			p.nc.Close()
			if e, ok := errors.AsType[*conn.CloseError](<-done); !ok || e.Code != tt.code {
				t.Errorf("ended with %v, want code %d", e, tt.code)
			}
		})
	}
}
