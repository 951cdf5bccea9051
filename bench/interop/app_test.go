package interop_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// TestApp has every peer that has a client talk to a server of package app, as the
// framework's quick start describes it.
func TestApp(t *testing.T) {
	for _, entry := range peers() {
		t.Run(entry.name, func(t *testing.T) {
			p := entry.start(t)
			if !p.abilities().has(dials | closes) {
				t.Skip("it has no client, or none that chooses how to close")
			}
			for _, compressed := range []bool{false, true} {
				t.Run(fmt.Sprintf("compression=%v", compressed), func(t *testing.T) { quickStart(t, p, compressed) })
			}
		})
	}
}

// greeter greets, echoes, and reports how its connection ended.
type greeter struct {
	Message string `path:"message"`
	ends    chan *app.CloseError
}

func (g *greeter) OnOpen(c *app.Conn) error                 { return c.SendText("初始消息: " + g.Message) }
func (g *greeter) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }
func (g *greeter) OnBinary(c *app.Conn, data []byte) error  { return c.SendBinary(data) }
func (g *greeter) OnClose(_ *app.Conn, e *app.CloseError)   { g.ends <- e }

// serveApp starts a server with one route until the test ends.
func serveApp(t *testing.T, limits conn.Config, ends chan *app.CloseError) (url string) {
	t.Helper()
	s, err := app.New(app.Config{
		Addr: "127.0.0.1:0", Limits: limits, Origins: app.Origins{AllowAny: true}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Router().AddRoute("/echo/{message:str}", func() any { return &greeter{ends: ends} }); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	go s.ServeForever()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return "ws://" + s.Addr().String()
}

func quickStart(t *testing.T, p peer, compressed bool) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ends := make(chan *app.CloseError, 1)
	url := serveApp(t, conn.Config{Compression: conn.Compression{Enabled: compressed, Threshold: -1}}, ends)
	var wants terms
	if compressed && p.abilities().has(compresses) {
		wants.deflate = &handshake.DeflatePolicy{}
	}
	c, err := p.dial(ctx, url+"/echo/%E4%BD%A0%E5%A5%BD", wants)
	if err != nil {
		t.Fatal(err)
	}
	defer c.drop()
	if err := expectMessage(ctx, c, conn.Text, []byte("初始消息: 你好")); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"你好", "", strings.Repeat("大", 300_000)} {
		for _, op := range []conn.Opcode{conn.Text, conn.Binary} {
			if err := c.send(ctx, op, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if err := expectMessage(ctx, c, op, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p.abilities().has(fragments) {
		if err := c.send(ctx, conn.Text, []byte("in \xe4\xbd"), []byte("\xa0 three"), []byte(" parts")); err != nil {
			t.Fatal(err)
		}
		if err := expectMessage(ctx, c, conn.Text, []byte("in 你 three parts")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(ctx, frame.CodeNormal, "bye"); err != nil {
		t.Fatal(err)
	}
	select {
	case e := <-ends:
		if e.Code != conn.CodeNormal || e.Reason != "bye" || !e.Remote {
			t.Errorf("OnClose was told %v", e)
		}
	case <-ctx.Done():
		t.Error("OnClose wasn't called")
	}
}
