package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/internal/chromium"
)

// screenshots names a folder in which pictures of the console are put, for people to
// look at.
const screenshots = "GODWIT_TEST_SCREENSHOTS"

// TestConsoleScreenshots takes pictures of a console with some life on it.
func TestConsoleScreenshots(t *testing.T) {
	dir := os.Getenv(screenshots)
	if dir == "" {
		t.Skip(screenshots + " isn't set: it names the folder for the pictures")
	}
	p := openConsole(t, chromium.Start(t))
	for i, path := range []string{"/chat/lobby?name=ann", "/chat/lobby?name=小明", "/chat/a-room-with-a-rather-long-name-that-has-to-break-somewhere", "/time", "/echo/hello"} {
		c := dialTest(t, new(conn.Dialer), p.root+path)
		c.DiscardReads()
		go liven(t.Context(), c, i)
	}
	p.Await("a minute's figures", `past.conns.length > 20`)
	connect(p, "/echo/{message}")
	for _, text := range []string{"hello", "你好，世界", strings.Repeat(`{"temperature": 21.5, "unit": "°C"}, `, 12)} {
		p.Fill("#message", text)
		p.Press("Enter")
	}
	p.Click("input[value=hex]")
	p.Fill("#message", "00 01 02 e4 bd a0 e5 a5 bd 48 65 6c 6c 6f 2c 20 62 69 6e 61 72 79 ff fe")
	p.Click("#submit")
	p.Await("all came back", `rows(".in").length === 5`)
	p.Await("the table knows", `last.conns[0].in.messages === 4`)
	p.Screenshot(filepath.Join(dir, "console-light.png"))
	p.View(1280, 900, false, "dark")
	p.Click("#open")
	p.AwaitText("#log", "1000 normal closure")
	p.Expect("WebSocket connection to")
	p.Fill("#url", p.root+"/nowhere")
	p.Click("#open")
	p.AwaitText("#log", "404")
	p.Screenshot(filepath.Join(dir, "console-dark.png"))
	p.View(390, 844, true, "light")
	p.Click("#language")
	p.Screenshot(filepath.Join(dir, "console-phone.png"))
}

// liven sends messages, in waves, until ctx ends.
func liven(ctx context.Context, c *conn.Conn, n int) {
	for i := 0; ctx.Err() == nil; i++ {
		for range n * (i%7 + 1) {
			c.WriteText(ctx, `{"say":"hello"}`)
		}
		pause(ctx, 400*time.Millisecond)
	}
}
