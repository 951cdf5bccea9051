package app_test

import (
	"context"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// What a handler sees is the same on every engine.
func TestEngines(t *testing.T) {
	inline, err := eventloop.New(eventloop.Config{Inline: true, Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inline.Close)
	for name, engine := range map[string]*eventloop.Engine{
		"blocking": nil, "pooled": newEngine(t), "inline": inline,
	} {
		t.Run(name, func(t *testing.T) {
			ends := make(chan *app.CloseError, 1)
			s, url := serve(t, app.Config{Engine: engine}, func(r *app.Router) {
				route(t, r, "/echo/{message:str}", newGreeter)
				route(t, r, "/topics", newMember)
				route(t, r, "/ends", func() any { return &watcher{ends: ends} })
			})
			echo := dial(t, url+"/echo/a%20b")
			echo.want("初始消息: a b")
			echo.send("x")
			echo.want("x")
			if err := echo.Close(context.Background(), conn.CodeNormal, ""); err != nil {
				t.Errorf("Close: %v", err)
			}
			a, b := dial(t, url+"/topics"), dial(t, url+"/topics")
			a.do("join x", "join 0")
			b.do("join x", "join 0")
			a.do("say x hi", "hi", "say 2")
			b.want("hi")
			dial(t, url+"/ends").Abort()
			if e := <-ends; e.Code != conn.CodeAbnormal {
				t.Errorf("OnClose got %v, want 1006", e)
			}
			eventually(t, "two are left", func() bool { return s.Stats().Conns == 2 })
		})
	}
}

// A connection that an engine doesn't take has a goroutine of its own.
func TestEngineClosed(t *testing.T) {
	engine := newEngine(t)
	engine.Close()
	log, lines := logger(0)
	s, url := serve(t, app.Config{Engine: engine, MaxConns: 1, Logger: log}, func(r *app.Router) { route(t, r, "/", newMember) })
	for range 2 { // the place of the first is free again
		eventually(t, "a connection is accepted", func() bool {
			c, err := conn.Dial(context.Background(), url)
			if err == nil {
				c.Abort()
			}
			return err == nil
		})
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	wantLine(t, lines, "ERROR - connection not taken by the engine")
}
