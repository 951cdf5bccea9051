package app_test

import (
	"log/slog"
	"runtime"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// A hook that ends its goroutine is told of in the log, as one that panics is.
func TestGoexitIsLogged(t *testing.T) {
	exit := func(*app.Conn) error { runtime.Goexit(); return nil }
	for hook, a := range map[string]acts{
		"OnOpen":    {open: exit},
		"OnMessage": {text: func(c *app.Conn, _ []byte) error { return exit(c) }},
		"OnClose":   {close: func(c *app.Conn, _ *app.CloseError) { exit(c) }},
	} {
		t.Run(hook, func(t *testing.T) {
			onEach(t, func(t *testing.T, e *eventloop.Engine) {
				log, text := logger(slog.LevelError)
				s, url := serve(t, app.Config{Engine: e, Logger: log}, at(t, "/", a))
				openFrames(t, url, "/").write(whole(conn.Text, "x"), closing(1000, ""))
				eventually(t, "it has come and gone", func() bool { return s.Stats().Accepted == 1 && s.Stats().Conns == 0 })
				wantLine(t, text, "a hook ended its goroutine hook="+hook)
			})
		})
	}
}
