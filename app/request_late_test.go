package app_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// What changes the answer says so where there is none any more.
func TestAnswerTooLate(t *testing.T) {
	for name, change := range map[string]func(*app.Request){
		"AddHeader":         func(r *app.Request) { r.AddHeader("X", "x") },
		"SetCookie":         func(r *app.Request) { r.SetCookie(&http.Cookie{Name: "x", Value: "y"}) },
		"SelectSubprotocol": func(r *app.Request) { r.SelectSubprotocol("x") },
		"ExpireAt":          func(r *app.Request) { r.ExpireAt(time.Now(), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, e *eventloop.Engine) {
				log, text := logger(slog.LevelError)
				_, url := serve(t, app.Config{Engine: e, Logger: log}, at(t, "/", acts{open: func(c *app.Conn) error {
					change(c.Request())
					return nil
				}}))
				dial(t, url).wantEnd(conn.CodeInternalError, "internal error")
				wantLine(t, text, "app: Request."+name+" after the handshake was answered")
			})
		})
	}
}
