package app_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// BenchmarkEcho is a message to and fro over loopback, through routes and hooks: one
// at a time, or 16 under way.
func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{125, 64 << 10} {
		for _, pipelined := range []int{1, 16} {
			b.Run(fmt.Sprintf("size=%d/pipelined=%d", size, pipelined), func(b *testing.B) {
				c, end := echoClient(b)
				defer end()
				ctx, message, dst := context.Background(), bytes.Repeat([]byte("m"), size), make([]byte, 0, size+1)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				sent := 0
				for b.Loop() {
					if err := c.Write(ctx, conn.Text, message); err != nil {
						b.Fatal(err)
					}
					if sent++; sent < pipelined {
						continue
					}
					if _, _, err := c.ReadInto(ctx, dst); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// echoClient returns a client of a server that echoes, and what ends both.
func echoClient(b *testing.B) (c *conn.Conn, end func()) {
	b.Helper()
	s, err := app.New(app.Config{Addr: "127.0.0.1:0", Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Router().AddRoute("/{name}", func() any { return new(textOnly) }); err != nil {
		b.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		b.Fatal(err)
	}
	go s.ServeForever()
	c, err = conn.Dial(context.Background(), "ws://"+s.Addr().String()+"/x")
	if err != nil {
		b.Fatal(err)
	}
	return c, func() {
		c.Abort()
		s.Shutdown(context.Background())
	}
}
