package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// greeter is the handler of the quick start.
type greeter struct {
	Message string `path:"message"`
}

func (g *greeter) OnOpen(c *app.Conn) error                 { return c.SendText("初始消息: " + g.Message) }
func (g *greeter) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }

func newGreeter() any { return new(greeter) }

func TestServerEcho(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) { route(t, r, "/echo/{message:str}", newGreeter) })
	c := dial(t, url+"/echo/Hello")
	c.want("初始消息: Hello")
	c.send("a")
	c.send("")
	c.want("a", "")
	if err := c.Close(context.Background(), conn.CodeNormal, "bye"); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestServerOrdinaryHTTP(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("page " + r.URL.Path)) })
	_, url := serve(t, app.Config{HTTP: page}, func(r *app.Router) { route(t, r, "/echo/{message:str}", newGreeter) })
	resp, err := http.Get("http" + strings.TrimPrefix(url, "ws") + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	dial(t, url+"/echo/b").want("初始消息: b")
}

func TestServerTopics(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		route(t, r, "/chat", func() any { return new(chatter) })
	})
	a, b := dial(t, url+"/chat"), dial(t, url+"/chat")
	a.want("joined")
	b.want("joined")
	a.send("hello")
	a.want("hello")
	b.want("hello")
}

type chatter struct{}

func (*chatter) OnOpen(c *app.Conn) error {
	if err := c.Join("room"); err != nil {
		return err
	}
	return c.SendText("joined")
}

func (*chatter) OnMessage(c *app.Conn, text []byte) error {
	_, err := c.To("room").Text(string(text))
	return err
}

func TestServerLogs(t *testing.T) {
	log, lines := logger(slog.LevelDebug)
	_, url := serve(t, app.Config{Logger: log}, func(r *app.Router) { route(t, r, "/echo/{message:str}", newGreeter) })
	status(t, new(conn.Dialer), url+"/nowhere")
	t.Log(lines)
}
