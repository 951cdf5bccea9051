package app_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// What the README's table gives for each line of NoWebsocket's stands here, in code
// that runs: the test of the README looks for it in this file.

var echo = app.NewBlueprint("/echo")

var _ = app.Route[UserHandler](echo, "/{int:user_id}/{message:str}")

// UserHandler reports on its connection, whatever it is sent.
type UserHandler struct {
	UserID int64 `path:"user_id"`
}

func (h *UserHandler) OnOpen(c *app.Conn) error {
	return c.SendText(fmt.Sprint(c.Param("message"), c.Int("user_id"), c.PathParams()["user_id"], h.UserID))
}

func (h *UserHandler) OnMessage(c *app.Conn, text []byte) error {
	switch string(text) {
	case "about":
		known := c.ClientAddress().Addr().IsLoopback() && c.ClientAddress().Port() > 0 && time.Since(c.ConnectedAt()) >= 0 && c.Connected()
		return c.SendText(fmt.Sprint(known, c.Limits().MaxMessageSize, c.Limits().ReadTimeout, c.CloseCode(), c.CloseReason() == ""))
	case "socket":
		_, err := fmt.Fprint(c.NetConn(), c.NetConn().RemoteAddr().Network())
		return err
	case "echo":
		return c.SendTextBytes(text)
	case "bad":
		return &app.CloseError{Code: 1008, Reason: "非法字符"}
	}
	return c.Close(1001, "心跳超时")
}

func (h *UserHandler) OnBinary(c *app.Conn, data []byte) error {
	if len(data) > 1024 {
		return c.SendChunked(data, 1024)
	}
	return c.SendBinary(data)
}

func (h *UserHandler) OnClose(c *app.Conn, e *app.CloseError) {
	slog.Debug("closed", "code", e.Code, "reason", e.Reason)
}

// StatusHandler embeds the base type, and so needs no hook.
type StatusHandler struct{ app.Application }

// restoreLogging undoes SetupLogging when the test ends.
func restoreLogging(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(os.Stderr) // where slog's default handler writes
		log.SetFlags(log.LstdFlags)
	})
}

// TestPythonLines runs them.
func TestPythonLines(t *testing.T) {
	restoreLogging(t)
	app.SetupLogging(slog.LevelInfo)

	router := app.NewRouter(app.RouterConfig{})
	if err := router.AddRoute("/status", func() any { return new(StatusHandler) }); err != nil {
		t.Fatal(err)
	}
	if err := router.Discover("sockets"); !errors.Is(err, app.ErrNoBlueprints) {
		t.Fatal(err)
	}
	bp := app.NewBlueprint("/api", app.RateLimit(100, time.Minute))
	app.Route[UserHandler](bp, "/room/{int:user_id}/{str:message}")
	if err := bp.Register(router); err != nil {
		t.Fatal(err)
	}

	limits := conn.Config{MaxHeaderSize: 8192, MaxMessageSize: 10 << 20, ReadTimeout: 300 * time.Second}
	server, err := app.New(app.Config{Addr: "0.0.0.0:8765", Router: router, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // in place of Addr, which may be taken
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- server.Serve(l) }()
	speakPython(t, "ws://"+l.Addr().String()+"/api/room/42/Hello")
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ran; !errors.Is(err, app.ErrServerClosed) {
		t.Error(err)
	}
}

// speakPython talks to an UserHandler.
func speakPython(t *testing.T, url string) {
	t.Helper()
	c := dial(t, url)
	c.want("Hello42 42 42") // fmt.Sprint puts spaces between operands that are no strings
	c.send("about")
	c.want("true 10485760 5m0s 1000 normal true")
	c.send("echo")
	c.want("echo")
	c.send("socket")
	c.want("tcp")
	if err := c.Write(t.Context(), conn.Binary, make([]byte, 2500)); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for range 3 {
		sizes = append(sizes, len(c.read()))
	}
	if diff := cmp.Diff([]int{1024, 1024, 452}, sizes); diff != "" {
		t.Errorf("chunks (-want +got):\n%s", diff)
	}
	c.send("bad")
	c.wantEnd(1008, "非法字符")

	c = dial(t, url)
	c.want("Hello42 42 42")
	c.send("anything")
	c.wantEnd(1001, "心跳超时")
}

// TestPythonServing is the short way to a server. ServeForever and Run end with
// Shutdown, also if it was called before.
func TestPythonServing(t *testing.T) {
	restoreLogging(t)
	app.SetupLogging(slog.LevelError)
	server, err := app.CreateWithBlueprints("0.0.0.0", 8765, app.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := server.ServeForever(); err != nil {
		t.Errorf("ServeForever: %v", err)
	}
	if err := server.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
}
