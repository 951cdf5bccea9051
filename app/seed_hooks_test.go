package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

func TestSeed059OnOpen(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) { route(t, r, "/echo/{message:str}", newGreeter) })
	p := openFrames(t, url, "/echo/Hello")
	p.want(conn.Text, "初始消息: Hello")
	_, url = serve(t, app.Config{}, at(t, "/x/{int:n}", acts{open: func(c *app.Conn) error {
		return c.SendText(fmt.Sprint(c.Int("n"), c.Connected(), c.ID() != "", c.ClientAddress().IsValid()))
	}}))
	openFrames(t, url, "/x/5").want(conn.Text, "5 true true true")
}

func TestSeed060OnMessage(t *testing.T) {
	const n = 10_000
	next, done := 0, make(chan int, 1)
	_, url := serve(t, app.Config{}, at(t, "/x", acts{text: func(c *app.Conn, text []byte) error {
		if string(text) == "done" {
			done <- next
			return nil
		}
		if string(text) != "消息 "+strconv.Itoa(next) {
			return fmt.Errorf("got %q as message %d", text, next)
		}
		next++
		return nil
	}}))
	p := openFrames(t, url, "/x")
	var out bytes.Buffer
	for i := range n {
		text := "消息 " + strconv.Itoa(i)
		switch i % 4 {
		case 0:
			out.Write(whole(conn.Text, text))
		case 1: // cut within a character
			out.Write(part(conn.Text, text[:4]))
			out.Write(whole(0, text[4:]))
		case 2:
			out.Write(part(conn.Text, ""))
			out.Write(part(0, text[:1]))
			out.Write(whole(frame.Ping, ""))
			out.Write(part(0, text[1:]))
			out.Write(whole(0, ""))
		case 3:
			for j := range len(text) {
				op := conn.Text
				if j > 0 {
					op = 0
				}
				out.Write(part(op, text[j:j+1]))
			}
			out.Write(whole(0, ""))
		}
	}
	p.write(out.Bytes(), whole(conn.Text, "done"))
	select {
	case got := <-done:
		if got != n {
			t.Errorf("%d messages, want %d", got, n)
		}
	case <-time.After(limit):
		t.Fatal("the last message didn't come")
	}
}

// textOnly is a handler that takes no binary messages.
type textOnly struct{}

func (*textOnly) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }

func TestSeed061OnBinary(t *testing.T) {
	upload := bytes.Repeat([]byte{0, 1, 2, 0xff}, 2<<20/4)
	got := make(chan []byte, 1)
	_, url := serve(t, app.Config{}, at(t, "/x", acts{binary: func(c *app.Conn, data []byte) error {
		got <- bytes.Clone(data)
		return c.SendText("saved")
	}}))
	c := dial(t, url+"/x")
	if err := c.Write(t.Context(), conn.Binary, upload); err != nil {
		t.Fatal(err)
	}
	c.want("saved")
	if !bytes.Equal(<-got, upload) {
		t.Error("the upload arrived as something else")
	}
}

func TestSeed061WithoutOnBinary(t *testing.T) {
	log, lines := logger(slog.LevelDebug)
	_, url := serve(t, app.Config{Logger: log}, func(r *app.Router) {
		route(t, r, "/x", func() any { return new(textOnly) })
	})
	c := dial(t, url+"/x")
	for range 3 {
		if err := c.Write(t.Context(), conn.Binary, []byte{1, 2, 3}); err != nil {
			t.Fatal(err)
		}
	}
	c.send("still here")
	c.want("still here")
	const line = "DEBUG - message dropped: the handler has no OnBinary handler=textOnly path=/x"
	if got := strings.Count(lines.String(), line); got != 1 {
		t.Errorf("%d lines that say so, want 1:\n%s", got, lines)
	}
}

// bare has no hook of its own.
type bare struct{ app.Application }

func TestSeed063NoHooks(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) { route(t, r, "/x", func() any { return new(bare) }) })
	p := openFrames(t, url, "/x")
	p.write(whole(conn.Text, "a"), whole(conn.Binary, "b"), whole(frame.Ping, "c"), whole(frame.Pong, "d"))
	p.want(frame.Pong, "c")
	p.close(conn.CodeNormal, "")
}

// The hooks of one connection never run at once, whatever calls there are from
// elsewhere.
func TestSeed063OneHookAtATime(t *testing.T) {
	var running, clashes, messages atomic.Int64
	enter := func() {
		if running.Add(1) != 1 {
			clashes.Add(1)
		}
		running.Add(-1)
	}
	ends := make(closes, 1)
	s, url := serve(t, app.Config{}, at(t, "/x", acts{
		open:   func(c *app.Conn) error { enter(); return c.Join("x") },
		text:   func(c *app.Conn, text []byte) error { enter(); messages.Add(1); return nil },
		binary: func(c *app.Conn, data []byte) error { enter(); messages.Add(1); return nil },
		close:  func(c *app.Conn, e *app.CloseError) { enter(); ends <- e },
	}))
	p := openFrames(t, url, "/x")
	for range 500 {
		p.write(whole(conn.Text, "t"), whole(conn.Binary, "b"), whole(frame.Ping, ""))
		s.To("x").Text("published")
	}
	eventually(t, "all messages have come", func() bool { return messages.Load() == 1000 })
	for c := range s.Conns() {
		c.Close(conn.CodeNormal, "")
	}
	p.nc.Close()
	<-ends
	if clashes.Load() != 0 {
		t.Errorf("%d times two hooks ran at once", clashes.Load())
	}
}

// hookFails is a way in which a hook fails.
var hookFails = map[string]func() error{
	"error":   func() error { return errors.New("secret trouble") },
	"panic":   func() error { panic("secret trouble") },
	"runtime": func() error { return []error{}[len(os.Args)] },
}

func TestSeed064HookFails(t *testing.T) {
	for way, fail := range hookFails {
		for hook, a := range map[string]acts{
			"OnOpen":    {open: func(*app.Conn) error { return fail() }},
			"OnMessage": {text: func(*app.Conn, []byte) error { return fail() }},
			"OnBinary":  {binary: func(*app.Conn, []byte) error { return fail() }},
		} {
			t.Run(hook+"/"+way, func(t *testing.T) {
				log, lines := logger(slog.LevelInfo)
				ends := make(closes, 2)
				a.close = ends.note
				_, url := serve(t, app.Config{Logger: log}, at(t, "/x", a))
				p := openFrames(t, url, "/x")
				p.nc.Write(bytes.Join([][]byte{whole(conn.Text, "t"), whole(conn.Binary, "b")}, nil)) // it may be too late
				p.wantClose(conn.CodeInternalError, "internal error")
				p.nc.Write(closing(conn.CodeInternalError, ""))
				p.wantEnd()
				if e := <-ends; e.Code != conn.CodeInternalError || e.Err == nil {
					t.Errorf("OnClose was told %v", e)
				}
				got := lines.String()
				if !strings.Contains(got, " - godwit.connection - ERROR - ") || !strings.Contains(got, "hook="+hook) {
					t.Errorf("log:\n%s", got)
				}
				if way != "error" && (!strings.Contains(got, "stack=") || !strings.Contains(got, "seed_hooks_test.go")) {
					t.Errorf("no stack in the log:\n%s", got)
				}
				dial(t, url+"/x") // the server lives on
			})
		}
	}
}

func TestSeed064OnClosePanics(t *testing.T) {
	log, lines := logger(slog.LevelInfo)
	s, url := serve(t, app.Config{Logger: log}, at(t, "/x", acts{close: func(*app.Conn, *app.CloseError) { panic("late trouble") }}))
	p := openFrames(t, url, "/x")
	p.close(conn.CodeNormal, "")
	eventually(t, "the connection is gone", func() bool { return s.Stats().Conns == 0 })
	if got := lines.String(); !strings.Contains(got, "on_close error: panic: late trouble") {
		t.Errorf("log:\n%s", got)
	}
	dial(t, url+"/x")
}

func TestSeed064CloseErrorChooses(t *testing.T) {
	long := strings.Repeat("因", 100)
	for name, tt := range map[string]struct {
		err    error
		expose bool
		code   conn.Code
		reason string
	}{
		"chosen":    {&app.CloseError{Code: 4001, Reason: "as I say"}, false, 4001, "as I say"},
		"wrapped":   {fmt.Errorf("why: %w", &app.CloseError{Code: 1008, Reason: "no"}), false, 1008, "no"},
		"long":      {&app.CloseError{Code: 4001, Reason: long}, false, 4001, long[:123]},
		"unusable":  {&app.CloseError{Code: 1006, Reason: "no"}, false, 1011, "internal error"},
		"plain":     {errors.New("secret"), false, 1011, "internal error"},
		"exposed":   {errors.New("in the open"), true, 1011, "in the open"},
		"exposed-l": {errors.New(long), true, 1011, long[:123]},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := serve(t, app.Config{ExposeErrors: tt.expose}, at(t, "/x", acts{text: func(*app.Conn, []byte) error { return tt.err }}))
			p := openFrames(t, url, "/x")
			p.write(whole(conn.Text, "go"))
			p.wantClose(tt.code, tt.reason)
		})
	}
}

func TestSeed065PathParams(t *testing.T) {
	got := make(chan map[string]any, 1)
	_, url := serve(t, app.Config{}, at(t, "/user/{int:user_id}/{name}", acts{open: func(c *app.Conn) error {
		got <- c.PathParams()
		if c.Int("user_id") != 42 || c.Param("user_id") != "042" || c.Param("name") != "Ann" || c.Int("none") != 0 || c.Param("none") != "" {
			t.Errorf("Int and Param: %d %q %q", c.Int("user_id"), c.Param("user_id"), c.Param("name"))
		}
		return nil
	}}))
	dial(t, url+"/user/042/Ann")
	if diff := cmp.Diff(map[string]any{"user_id": int64(42), "name": "Ann"}, <-got); diff != "" {
		t.Errorf("PathParams() (-want +got):\n%s", diff)
	}
}

func TestSeed065Context(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		_, m := serveMemory(t, app.Config{}, at(t, "/x", acts{open: func(c *app.Conn) error {
			go func() { <-c.Context().Done(); close(ended) }()
			return nil
		}}))
		p := m.open(t, "/x")
		time.Sleep(time.Hour / 4)
		synctest.Wait()
		select {
		case <-ended:
			t.Error("the context ended before the connection")
		default:
		}
		p.nc.Close()
		<-ended
	})
}

// controls notes pings and pongs.
type controls struct{ seen chan string }

func (h *controls) OnPing(_ *app.Conn, payload []byte) error {
	h.seen <- "ping " + string(payload)
	return nil
}

func (h *controls) OnPong(_ *app.Conn, payload []byte) error {
	h.seen <- "pong " + string(payload)
	return nil
}

func TestSeed065PingPongHooks(t *testing.T) {
	h := &controls{make(chan string, 4)}
	_, url := serve(t, app.Config{}, func(r *app.Router) { route(t, r, "/x", func() any { return h }) })
	p := openFrames(t, url, "/x")
	p.write(whole(frame.Ping, "a"), whole(frame.Pong, "b"))
	for _, want := range []string{"ping a", "pong b"} {
		if got := <-h.seen; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	p.want(frame.Pong, "a")
}
