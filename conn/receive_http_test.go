package conn_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

func ExampleUpgrader_ReceiveHTTP() {
	u := new(conn.Upgrader)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := u.ReceiveHTTP(w, r)
		if !o.AsksUpgrade() {
			o.Release() // w and r are ours again
			fmt.Fprint(w, "a page for people")
			return
		}
		if err := o.Check(); err != nil {
			o.Refuse(err)
			return
		}
		c, err := o.Accept(conn.Answer{Fields: []handshake.Field{{Name: "X-Room", Value: "1"}}})
		if err != nil {
			return // it was answered
		}
		c.Close(r.Context(), conn.CodeNormal, "")
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, w.Body)
	w = httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Upgrade", "websocket")
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Sec-WebSocket-Version"))
	// Output:
	// 200 a page for people
	// 426 13
}

func TestReceiveHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan accepted, 1)
		l := httpServer(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			o := new(conn.Upgrader).ReceiveHTTP(w, r)
			if !o.AsksUpgrade() || o.Request.Path() != "/chat" || o.Scheme != handshake.HTTP || o.Check() != nil {
				t.Errorf("Opening %+v", o)
			}
			w.Header().Set("X-Set", "between")
			c, err := o.Accept(conn.Answer{Subprotocol: "v2", Fields: []handshake.Field{{Name: "X-Set", Value: "by the answer"}}})
			done <- accepted{c, err}
			if _, err := o.Accept(conn.Answer{}); err == nil {
				t.Error("accepted twice")
			}
		})})
		p, got := asked(t, l, opening("Sec-WebSocket-Protocol: v1, v2"))
		c := (<-done).c
		defer c.Abort()
		if set := got.Header.Values("X-Set"); got.Status != 101 || c.Subprotocol() != "v2" || len(set) != 2 || set[0] != "between" {
			t.Errorf("answered with %+v", got)
		}
		p.send(whole(frame.Text, "m"))
		if _, m, err := c.Read(t.Context()); string(m) != "m" || err != nil {
			t.Errorf("Read = %q, %v", m, err)
		}
	})
}

func TestReceiveHTTPRefuse(t *testing.T) {
	w, r := httptest.NewRecorder(), opened()
	r.RemoteAddr = "192.0.2.1:1234"
	w.Header().Set("X-Trace", "abc")
	o := new(conn.Upgrader).ReceiveHTTP(w, r)
	if o.Peer != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("Peer is %v", o.Peer)
	}
	if err := o.Refuse(handshake.ErrTooManyRequests); !errors.Is(err, handshake.ErrTooManyRequests) {
		t.Errorf("Refuse = %v", err)
	}
	if w.Code != 429 || w.Header().Get("Retry-After") == "" || w.Header().Get("X-Trace") != "abc" {
		t.Errorf("answered %d, %v", w.Code, w.Header())
	}
	if err := o.Refuse(handshake.ErrForbidden); err == nil || errors.Is(err, handshake.ErrForbidden) {
		t.Errorf("the second Refuse = %v", err)
	}
}

// A mistake in the Upgrader's fields shows in Check.
func TestReceiveHTTPMisconfigured(t *testing.T) {
	w := httptest.NewRecorder()
	o := (&conn.Upgrader{Subprotocols: []string{"hunter 2"}}).ReceiveHTTP(w, opened())
	if err := o.Check(); handshake.Status(err) != 500 || w.Body.Len() > 0 {
		t.Errorf("Check = %v, answered %q", err, w.Body)
	}
	if _, err := o.Accept(conn.Answer{}); handshake.Status(err) != 500 || w.Code != 500 {
		t.Errorf("Accept = %v, answered %d", err, w.Code)
	}
}

// What isn't for us stays with net/http.
func TestReceiveHTTPRelease(t *testing.T) {
	w := httptest.NewRecorder()
	o := new(conn.Upgrader).ReceiveHTTP(w, httptest.NewRequest("GET", "/", nil))
	if nc := o.Release(); nc != nil {
		t.Errorf("Release = %v", nc)
	}
	if w.WriteHeader(http.StatusTeapot); w.Code != http.StatusTeapot || len(w.Header()) != 0 {
		t.Errorf("net/http's answer is %d, %v", w.Code, w.Header())
	}
	if _, err := o.Accept(conn.Answer{}); err == nil {
		t.Error("accepted after Release")
	}
}
