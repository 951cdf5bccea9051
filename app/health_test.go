package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// health asks s how it is, without a socket.
func health(s *app.Server, method string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Healthz(w, httptest.NewRequest(method, "/healthz", nil))
	return w
}

func TestHealthz(t *testing.T) {
	mux := http.NewServeMux()
	s, url := serve(t, app.Config{HTTP: mux}, func(r *app.Router) { route(t, r, "/echo/{message:str}", newGreeter) })
	mux.HandleFunc("/healthz", s.Healthz)
	dial(t, url+"/echo/a").want("初始消息: a")
	resp, err := http.Get("http" + strings.TrimPrefix(url, "ws") + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, header %v", resp.StatusCode, resp.Header)
	}
	if w := health(s, "GET"); w.Body.String() != `{"status":"ok","conns":1}`+"\n" {
		t.Errorf("says %s", w.Body)
	}
}

func TestHealthzMethods(t *testing.T) {
	s, err := app.New(app.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "DELETE": 405} {
		if w := health(s, method); w.Code != want {
			t.Errorf("%s: status %d, want %d", method, w.Code, want)
		}
	}
}

// TestHealthzShutdown asks while a connection holds up the end, and after it.
func TestHealthzShutdown(t *testing.T) {
	holding, leave := make(chan struct{}), make(chan struct{})
	s, url := serve(t, app.Config{}, func(r *app.Router) {
		route(t, r, "/stay", func() any { return &stayer{holding, leave} })
	})
	c := dial(t, url+"/stay")
	<-holding
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	const want = `{"status":"shutting down","conns":1}` + "\n"
	eventually(t, "503", func() bool { return health(s, "GET").Code == http.StatusServiceUnavailable })
	if w := health(s, "GET"); w.Body.String() != want || w.Header().Get("Connection") != "close" {
		t.Errorf("says %s with header %v, want %s and Connection: close", w.Body, w.Header(), want)
	}
	close(leave)
	c.wantEnd(conn.CodeGoingAway, "server shutting down")
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if w := health(s, "GET"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d after the end", w.Code)
	}
}

// stayer stays in OnOpen until it is let go.
type stayer struct{ holding, leave chan struct{} }

func (s *stayer) OnOpen(*app.Conn) error {
	close(s.holding)
	<-s.leave
	return nil
}
