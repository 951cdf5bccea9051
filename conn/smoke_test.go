package conn_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

func echo(c *conn.Conn) error {
	ctx := context.Background()
	var buf []byte
	for {
		op, p, err := c.ReadInto(ctx, buf)
		if err != nil {
			return err
		}
		if err := c.Write(ctx, op, p); err != nil {
			return err
		}
		buf = p
	}
}

func TestSmokeHTTP(t *testing.T) {
	for _, compress := range []bool{false, true} {
		u := &conn.Upgrader{Config: conn.Config{MaxMessageSize: 8 << 20, Compression: conn.Compression{Enabled: compress}}}
		srv := httptest.NewServer(u.Handler(echo))
		defer srv.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		d := &conn.Dialer{Config: conn.Config{MaxMessageSize: 8 << 20, Compression: conn.Compression{Enabled: compress}}}
		c, err := d.Dial(ctx, strings.Replace(srv.URL, "http", "ws", 1))
		if err != nil {
			t.Fatal(err)
		}
		if c.Compressed() != compress {
			t.Fatal("compression", c.Compressed())
		}
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 70000, 1 << 20, 5 << 20} {
			want := bytes.Repeat([]byte("abcdefg1"), n/8+1)[:n]
			if err := c.Write(ctx, conn.Text, want); err != nil {
				t.Fatal(n, err)
			}
			op, got, err := c.Read(ctx)
			if err != nil || op != conn.Text || !bytes.Equal(got, want) {
				t.Fatal(n, op, len(got), err)
			}
		}
		short, stop := context.WithTimeout(ctx, 10*time.Millisecond)
		if _, _, err := c.Read(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		stop()
		c.WriteText(ctx, "again")
		if _, p, err := c.Read(ctx); string(p) != "again" {
			t.Fatal(string(p), err)
		}
		if err := c.Close(ctx, frame.CodeNormal, "bye"); err != nil {
			t.Fatal(err)
		}
		_, _, err = c.Read(ctx)
		if !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
		t.Log(err)
	}
}

func TestSmokePipe(t *testing.T) {
	s, c := conn.Pipe(conn.Config{}, conn.Config{})
	done := make(chan error)
	go func() { done <- echo(s) }()
	ctx := t.Context()
	c.WriteText(ctx, "hello")
	_, p, err := c.Read(ctx)
	if string(p) != "hello" {
		t.Fatal(err)
	}
	if err := c.Close(ctx, 4001, "x"); err != nil {
		t.Fatal(err)
	}
	t.Log(<-done)
}

type hooks struct{ t *testing.T }

func (h hooks) OnOpen(c *conn.Conn) error                               { return nil }
func (h hooks) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error { return c.Write(context.Background(), op, p) }
func (h hooks) OnClose(c *conn.Conn, e *conn.CloseError)               { h.t.Log(e) }

func TestSmokeHooks(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	defer l.Close()
	var u conn.Upgrader
	done := make(chan error, 1)
	go func() {
		nc, _ := l.Accept()
		c, err := u.Accept(context.Background(), nc)
		if err != nil {
			done <- err
			return
		}
		done <- c.Run(hooks{t})
	}()
	ctx := t.Context()
	c, err := conn.Dial(ctx, "ws://"+l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for range 1000 {
			c.WriteText(ctx, "hello")
		}
	}()
	for range 1000 {
		if _, p, err := c.Read(ctx); string(p) != "hello" {
			t.Fatal(err)
		}
	}
	if err := c.Close(ctx, 4001, "x"); err != nil {
		t.Fatal(err)
	}
	t.Log(<-done)
}
