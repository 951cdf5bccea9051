package conn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

func TestDialRefused(t *testing.T) {
	long := strings.Repeat("0123456789", 1000)
	tests := []struct {
		name, answer string
		status       int
		body         string
		text         string
	}{
		{"404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone and more", 404, "gone", `conn: ws://u:xxxxx@a.example/ answered the handshake with 404 "Not Found": "gone"`},
		{"200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", `conn: ws://u:xxxxx@a.example/ answered the handshake with 200 "OK": "hi"`},
		{"no-reason", "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", 503, "", `conn: ws://u:xxxxx@a.example/ answered the handshake with 503`},
		{"no-body", "HTTP/1.1 204 No Content\r\n\r\njunk", 204, "", `conn: ws://u:xxxxx@a.example/ answered the handshake with 204 "No Content"`},
		{"redirect-not-followed", "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", 302, "", `conn: ws://u:xxxxx@a.example/ answered the handshake with 302 "Found"`},
		{"long-body", "HTTP/1.1 500 E\r\nContent-Length: 10000\r\n\r\n" + long, 500, long[:1024], `conn: ws://u:xxxxx@a.example/ answered the handshake with 500 "E": "` + long[:200] + `"`},
		{"chunked", "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfirs\r\n1\r\nt\r\n0\r\n\r\n", 400, "first", `conn: ws://u:xxxxx@a.example/ answered the handshake with 400 "Bad": "first"`},
		{"control-characters", "HTTP/1.1 400 B\xff\r\nContent-Length: 8\r\n\r\n\x1b[2Ja\r\nb", 400, "\x1b[2Ja\r\nb", `conn: ws://u:xxxxx@a.example/ answered the handshake with 400 "B\xff": "\x1b[2Ja\r"`},
		{"long-reason", "HTTP/1.1 400 " + long + "\r\nContent-Length: 0\r\n\r\n", 400, "", `conn: ws://u:xxxxx@a.example/ answered the handshake with 400 "` + long[:64] + `"`},
		{"bad-length", "HTTP/1.1 400 B\r\nContent-Length: -5\r\n\r\nbody", 400, "body", `conn: ws://u:xxxxx@a.example/ answered the handshake with 400 "B": "body"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone(tt.answer)
				start := time.Now()
				c, err := w.dialer().Dial(t.Context(), "ws://u:hunter2@a.example/")
				e, ok := errors.AsType[*conn.DialError](err)
				if c != nil || !ok {
					t.Fatalf("Dial = %v, %v; want a *DialError", c, err)
				}
				if e.Status != tt.status || string(e.Body) != tt.body || e.Response.Status != tt.status || err.Error() != tt.text {
					t.Errorf("status %d, body %.40q, text\n%s\nwant %d, %.40q\n%s", e.Status, e.Body, err, tt.status, tt.body, tt.text)
				}
				if refused, ok := errors.AsType[*handshake.StatusError](err); !ok || refused.Status != tt.status {
					t.Errorf("%v wraps no StatusError", err)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A body that doesn't come is waited for one second, and never past the context;
// the status is returned all the same.
func TestDialRefusedSlowBody(t *testing.T) {
	for name, limit := range map[string]time.Duration{"linger": time.Hour, "context": time.Second / 4} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nonly this")
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				start := time.Now()
				_, err := w.dialer().Dial(ctx, "ws://a.example/")
				if e, ok := errors.AsType[*conn.DialError](err); !ok || string(e.Body) != "only this" {
					t.Errorf("Dial: %v", err)
				}
				elapsed(t, start, min(limit, time.Second))
			})
		})
	}
}

func TestDialErrorWithoutResponse(t *testing.T) {
	e := &conn.DialError{URL: "ws://h", Status: 404}
	if got := e.Error(); got != "conn: ws://h answered the handshake with 404" {
		t.Errorf("Error() = %q", got)
	}
}
