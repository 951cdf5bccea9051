package conn_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// heap returns the bytes of live heap.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// pair returns a server's and a client's connection over loopback TCP.
func pair(tb testing.TB, cfg conn.Config) (server, client *conn.Conn) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan *conn.Conn, 1)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			tb.Error(err)
		}
		c, err := (&conn.Upgrader{Config: cfg}).Accept(context.Background(), nc)
		if err != nil {
			tb.Error(err)
		}
		accepted <- c
	}()
	client, err = (&conn.Dialer{Config: cfg}).Dial(context.Background(), "ws://"+l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	server = <-accepted
	tb.Cleanup(func() { server.Abort(); client.Abort() })
	return server, client
}

// echoInto echoes until the connection ends.
func echoInto(c *conn.Conn, ctx context.Context, size int) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 0, size+1)
		for {
			op, p, err := c.ReadInto(ctx, buf)
			if err != nil || c.Write(ctx, op, p) != nil {
				return
			}
		}
	}()
	return done
}

// BenchmarkEcho is a message to and fro over loopback: with calls of ReadInto and
// Write, or hooks, on the server's side.
func BenchmarkEcho(b *testing.B) {
	for _, style := range []string{"calls", "hooks"} {
		for _, size := range []int{125, 16 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("style=%s/size=%d", style, size), func(b *testing.B) {
				server, client := pair(b, conn.Config{})
				if style == "hooks" {
					go server.Run(echoing{})
				} else {
					echoInto(server, context.Background(), size)
				}
				message, dst := make([]byte, size), make([]byte, 0, size+1)
				ctx := context.Background()
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if err := client.Write(ctx, conn.Binary, message); err != nil {
						b.Fatal(err)
					}
					if _, _, err := client.ReadInto(ctx, dst); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPipelined is 64 messages in flight, the way that shows what a system
// call per message costs.
func BenchmarkPipelined(b *testing.B) {
	for _, style := range []string{"calls", "hooks"} {
		b.Run("style="+style+"/size=125/depth=64", func(b *testing.B) {
			server, client := pair(b, conn.Config{})
			if style == "hooks" {
				go server.Run(echoing{})
			} else {
				echoInto(server, context.Background(), 125)
			}
			message, dst := make([]byte, 125), make([]byte, 0, 126)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				for range 64 {
					client.Write(ctx, conn.Binary, message)
				}
				for range 64 {
					if _, _, err := client.ReadInto(ctx, dst); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkRawTCP is the limit of BenchmarkEcho: package net alone.
func BenchmarkRawTCP(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, _ := l.Accept()
		buf := make([]byte, 1<<16)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			c.Write(buf[:n])
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 125)
	b.SetBytes(125)
	for b.Loop() {
		c.Write(buf)
		c.Read(buf)
	}
}
