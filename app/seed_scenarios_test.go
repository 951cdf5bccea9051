package app_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// The handlers here are those of the examples, which are what the documentation
// shows.

func TestSeed115QuickStart(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		bp := app.NewBlueprint("/echo")
		app.Route[EchoHandler](bp, "/{message:str}")
		if err := bp.Register(r); err != nil {
			t.Fatal(err)
		}
	})
	p := openFrames(t, url, "/echo/Hello")
	p.want(conn.Text, "初始消息: Hello")
	p.write(whole(conn.Text, "你好"), whole(conn.Text, ""))
	p.want(conn.Text, "你好", "")
	p.nc.Close() // ExampleServer shows what is printed at the end
}

func TestSeed117Chunked(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x/{int:n}/{int:size}", acts{open: func(c *app.Conn) error {
		data := make([]byte, c.Int("n"))
		for i := range data {
			data[i] = byte(i)
		}
		if c.SendChunked(data, 0) == nil || c.SendFragmented(conn.Binary, data, -1) == nil {
			t.Error("a size below 1 was taken")
		}
		size := int(c.Int("size"))
		if err := c.SendChunked(data, size); err != nil {
			return err
		}
		return c.SendFragmented(conn.Binary, data, size)
	}}))
	for _, tt := range []struct {
		n, size int
		want    []int
	}{
		{2500, 1024, []int{1024, 1024, 452}},
		{2048, 1024, []int{1024, 1024}},
		{1024, 1024, []int{1024}},
		{1, 1024, []int{1}},
		{0, 1024, []int{0}},
		{3, 1, []int{1, 1, 1}},
	} {
		p := openFrames(t, url, fmt.Sprintf("/x/%d/%d", tt.n, tt.size))
		var got []byte
		for i, n := range tt.want { // messages
			f, ok := p.next()
			if !ok || f.Opcode != frame.Binary || !f.Fin || len(f.payload) != n {
				t.Fatalf("%d in %d: message %d is %v fin=%v of %d bytes", tt.n, tt.size, i, f.Opcode, f.Fin, len(f.payload))
			}
			got = append(got, f.payload...)
		}
		for i := 0; ; i++ { // one message in frames
			f, ok := p.next()
			if !ok || f.Opcode != frame.Binary && i == 0 || f.Opcode != frame.Continuation && i > 0 || len(f.payload) > tt.size {
				t.Fatalf("%d in %d: frame %d is %v of %d bytes", tt.n, tt.size, i, f.Opcode, len(f.payload))
			}
			got = append(got, f.payload...)
			if f.Fin {
				break
			}
		}
		for i, b := range got {
			if b != byte(i%max(1, tt.n)) || len(got) != 2*tt.n {
				t.Fatalf("%d in %d: %d bytes arrived, byte %d is %d", tt.n, tt.size, len(got), i, b)
			}
		}
	}
}

func TestSeed118Heartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := serveMemory(t, app.Config{}, func(r *app.Router) {
			route(t, r, "/heart", func() any { return &Heartbeat{Limit: 30 * time.Second, Every: 5 * time.Second} })
		})
		p := m.open(t, "/heart")
		for range 10 {
			time.Sleep(29 * time.Second)
			p.write(whole(conn.Text, "ping"))
			p.want(conn.Text, "pong")
		}
		p.write(whole(conn.Text, "no ping"))
		start := time.Now()
		p.wantClose(conn.CodeGoingAway, "心跳超时")
		if got := time.Since(start); got < 30*time.Second || got > 35*time.Second {
			t.Errorf("closed after %v, want 30s to 35s", got)
		}
		p.write(closing(conn.CodeGoingAway, ""))
		p.wantEnd()
	}) // and would fail if the goroutine hadn't ended
}

func TestSeed118BuiltIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan *app.CloseError, 1)
		_, m := serveMemory(t, app.Config{Limits: conn.Config{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second}},
			func(r *app.Router) { route(t, r, "/", func() any { return &Mourner{ended} }) })
		p := m.open(t, "/")
		for range 10 {
			f, ok := p.next()
			if !ok || f.Opcode != frame.Ping {
				t.Fatalf("got %v, %v, want a ping", f.Opcode, ok)
			}
			p.write(whole(frame.Pong, string(f.payload)))
		}
		start := time.Now() // of the last pong
		<-p.frames          // a ping that isn't answered
		e := <-ended
		if got := time.Since(start); got != 40*time.Second || e.Code != conn.CodeAbnormal {
			t.Errorf("%v after %v, want 1006 after 40s", e, got)
		}
	})
}

func TestSeed119InputFilter(t *testing.T) {
	handled := make(chan string, 10)
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		route(t, r, "/x", func() any {
			return &acts{text: func(_ *app.Conn, text []byte) error { handled <- string(text); return nil }}
		}, NoSQL)
	})
	for _, bad := range []string{"a;b", "a -- b", ";"} {
		p := openFrames(t, url, "/x")
		p.write(whole(conn.Text, "good"), whole(conn.Text, bad), whole(conn.Text, "later"))
		p.wantClose(conn.CodePolicyViolation, "非法字符")
		p.write(whole(conn.Text, "later still"), closing(conn.CodePolicyViolation, ""))
		p.wantEnd()
		if got := <-handled; got != "good" {
			t.Errorf("handled %q", got)
		}
	}
	if len(handled) != 0 {
		t.Errorf("%q was handled too", <-handled)
	}
}

func TestSeed120RateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := serveMemory(t, app.Config{}, func(r *app.Router) {
			route(t, r, "/x", func() any { return new(Ask) }, app.RateLimit(100, time.Minute))
		})
		ask := func(p *framePeer, n int) {
			for range n {
				p.write(whole(conn.Text, "may I?"))
				p.want(conn.Text, "yes")
			}
		}
		first, second := m.openFrom(t, "192.0.2.7:1", "/x"), m.openFrom(t, "192.0.2.7:2", "/x")
		ask(first, 60)
		ask(second, 40) // the same address
		first.write(whole(conn.Text, "too much"), whole(conn.Text, "later"))
		first.wantClose(conn.CodePolicyViolation, "请求过于频繁")
		first.nc.Close()

		other := m.openFrom(t, "192.0.2.8:1", "/x")
		ask(other, 100)

		time.Sleep(time.Minute) // a window later all is as at first
		ask(second, 100)
		time.Sleep(6 * time.Second) // and a tenth of it gives a tenth
		ask(second, 10)
		second.write(whole(conn.Text, "too much"))
		second.wantClose(conn.CodePolicyViolation, "请求过于频繁")
		second.nc.Close()

		third, fourth := m.openFrom(t, "[2001:db8::1]:1", "/x"), m.openFrom(t, "[2001:db8::ffff]:2", "/x")
		ask(third, 100)
		fourth.write(whole(conn.Text, "of the same /64"))
		fourth.wantClose(conn.CodePolicyViolation, "请求过于频繁")
	})
}

func TestSeed121Upload(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "upload.bin")
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		route(t, r, "/good", func() any { return &Upload{good} })
		route(t, r, "/bad", func() any { return &Upload{filepath.Join(dir, strings.Repeat("长", 50), "upload.bin")} })
	})
	data := strings.Repeat("\x00\x01\xff", 500_000)
	p := openFrames(t, url, "/good")
	p.write(whole(conn.Binary, data))
	p.want(conn.Text, "文件保存成功")
	if saved, err := os.ReadFile(good); err != nil || string(saved) != data {
		t.Errorf("%d bytes saved, %v", len(saved), err)
	}
	p = openFrames(t, url, "/bad")
	p.write(whole(conn.Binary, data))
	f, ok := p.next()
	if !ok || f.Opcode != frame.Close {
		t.Fatalf("got %v, %v", f.Opcode, ok)
	}
	code, reason, err := frame.ParseClosePayload(f.payload)
	if code != conn.CodeInternalError || !strings.HasPrefix(reason, "保存失败: ") || err != nil {
		t.Errorf("Close %d %q, %v", code, reason, err)
	}
}

func TestSeed122Troubleshooting(t *testing.T) {
	log, lines := logger(slog.LevelDebug)
	_, url := serve(t, app.Config{Logger: log, Limits: conn.Config{MaxMessageSize: 1000}}, func(r *app.Router) {
		route(t, r, "/chat/{room}", func() any { return new(Chat) })
	})
	client := `client=127\.0\.0\.1:\d+`
	status(t, new(conn.Dialer), url+"/chat/7/")
	p := openFrames(t, url, "/chat/7")
	p.write(whole(conn.Binary, "unhandled"), whole(conn.Text, strings.Repeat("x", 1001)))
	p.wantFail(conn.CodeMessageTooBig)
	for _, want := range []string{
		`INFO - no route matches the path, but one is close path=/chat/7/ route=/chat/\{room\}`,
		`INFO - Handshake failed: .*no route matches the path ` + client + ` status=404 path=/chat/7/`,
		`DEBUG - message dropped: the handler has no OnBinary handler=Chat path=/chat/7 id=c1`,
		`INFO - Connection error: .*message too big id=c1 ` + client + ` path=/chat/7 code=1009 hint=".*Config\.Limits\.MaxMessageSize.*1000 bytes"`,
	} {
		eventually(t, want, func() bool { return matches(lines, want) })
	}
}

// One message in fragments: what can't be sent isn't begun, and a size over the
// engine's own doesn't matter.
func TestSeed117Fragmented(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x", acts{open: func(c *app.Conn) error {
		for _, bad := range []string{"good \xff bad", "cut \xe4\xbd"} {
			if err := c.SendFragmented(conn.Text, []byte(bad), 2); !errors.Is(err, conn.ErrNotUTF8) {
				t.Errorf("SendFragmented(%q): %v, want ErrNotUTF8", bad, err)
			}
		}
		if err := c.SendFragmented(frame.Ping, []byte("ping"), 2); !errors.Is(err, conn.ErrOpcode) {
			t.Errorf("SendFragmented of a ping: %v", err)
		}
		return errors.Join(
			c.SendFragmented(conn.Text, []byte("你好"), 1),
			c.SendFragmented(conn.Text, nil, 1),
			c.SendFragmented(conn.Binary, make([]byte, 50_000), 20_000))
	}}))
	p := openFrames(t, url, "/x")
	for _, want := range []struct {
		op   conn.Opcode
		text string
	}{{conn.Text, "你好"}, {conn.Text, ""}, {conn.Binary, string(make([]byte, 50_000))}} {
		var got []byte
		for first := true; ; first = false {
			f, ok := p.next()
			if !ok || first && f.Opcode != want.op || !first && f.Opcode != frame.Continuation || len(f.payload) > 16<<10 {
				t.Fatalf("got %v of %d bytes, %v", f.Opcode, len(f.payload), ok)
			}
			if got = append(got, f.payload...); f.Fin {
				break
			}
		}
		if string(got) != want.text {
			t.Errorf("%d bytes arrived, want %q", len(got), shorten(want.text))
		}
	}
}
