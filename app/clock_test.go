package app_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// watcher is a handler that says how its connection ended.
type watcher struct {
	app.Application
	open func(c *app.Conn) error
	ends chan *app.CloseError
}

func (w *watcher) OnOpen(c *app.Conn) error {
	if w.open == nil {
		return nil
	}
	return w.open(c)
}

func (w *watcher) OnClose(c *app.Conn, e *app.CloseError) { w.ends <- e }

func TestExpireAt(t *testing.T) {
	denied := &app.CloseError{Code: 4001, Reason: "token revoked"}
	tests := map[string]struct {
		recheck func(calls int) (again time.Duration, err error) // nil: none
		after   time.Duration
		code    conn.Code
		reason  string
	}{
		"no-recheck":     {nil, time.Minute, conn.CodePolicyViolation, "authorisation expired"},
		"denied":         {func(int) (time.Duration, error) { return 0, errors.New("no") }, time.Minute, conn.CodePolicyViolation, "authorisation expired"},
		"denied-by-code": {func(int) (time.Duration, error) { return 0, denied }, time.Minute, 4001, "token revoked"},
		"panic":          {func(int) (time.Duration, error) { panic("recheck") }, time.Minute, conn.CodePolicyViolation, "authorisation expired"},
		"goexit":         {func(int) (time.Duration, error) { runtime.Goexit(); return 0, nil }, time.Minute, conn.CodePolicyViolation, "authorisation expired"},
		"extended-twice": {func(calls int) (time.Duration, error) {
			if calls > 2 {
				return 0, denied
			}
			return time.Hour, nil
		}, 2*time.Hour + time.Minute, 4001, "token revoked"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ends := make(chan *app.CloseError, 1)
			start := make(chan time.Time, 1)
			open := func(c *app.Conn) error {
				start <- time.Now()
				var recheck func(*app.Conn) (time.Time, error)
				if tt.recheck != nil {
					calls := 0
					recheck = func(*app.Conn) (time.Time, error) {
						calls++
						again, err := tt.recheck(calls)
						return time.Now().Add(again), err
					}
				}
				c.ExpireAt(time.Now().Add(time.Minute), recheck)
				return nil
			}
			add := func(t *testing.T, r *app.Router) {
				route(t, r, "/", func() any { return &watcher{open: open, ends: ends} })
			}
			inBubble(t, app.Config{Limits: conn.Config{ReadTimeout: -1}}, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
				c := connect("/")
				c.wantEnd(tt.code, tt.reason)
				if lived := time.Since(<-start); lived != tt.after {
					t.Errorf("lived for %v, want %v", lived, tt.after)
				}
				if e := <-ends; !errors.Is(e, app.ErrExpired) {
					t.Errorf("OnClose got %v, want the cause ErrExpired", e)
				}
			})
		})
	}
}

func TestExpireAtForGood(t *testing.T) {
	ends := make(chan *app.CloseError, 1)
	open := func(c *app.Conn) error {
		c.ExpireAt(time.Now().Add(time.Minute), func(*app.Conn) (time.Time, error) { return time.Time{}, nil })
		return nil
	}
	add := func(t *testing.T, r *app.Router) {
		route(t, r, "/", func() any { return &watcher{open: open, ends: ends} })
	}
	inBubble(t, app.Config{Limits: conn.Config{ReadTimeout: -1}}, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
		connect("/")
		time.Sleep(24 * time.Hour)
		select {
		case e := <-ends:
			t.Errorf("ended: %v", e)
		default:
		}
	})
}

func TestMaxAge(t *testing.T) {
	ends := make(chan *app.CloseError, 8)
	add := func(t *testing.T, r *app.Router) {
		route(t, r, "/", func() any { return &watcher{ends: ends} })
	}
	c := app.Config{MaxAge: time.Hour, Limits: conn.Config{ReadTimeout: -1}}
	inBubble(t, c, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
		ages := make(map[time.Duration]bool)
		for range cap(ends) {
			start := time.Now()
			connect("/").wantEnd(conn.CodeGoingAway, "connection reached its age")
			if e := <-ends; !errors.Is(e, app.ErrTooOld) {
				t.Errorf("OnClose got %v, want the cause ErrTooOld", e)
			}
			age := time.Since(start)
			if age < 54*time.Minute || age > 66*time.Minute {
				t.Errorf("lived for %v, want an hour, give or take a tenth", age)
			}
			ages[age] = true
		}
		if len(ages) == 1 {
			t.Errorf("all lived for exactly %v", ages)
		}
	})
}

func TestHookTimeout(t *testing.T) {
	ends := make(chan *app.CloseError, 1)
	release := make(chan struct{})
	slow := &watcher{ends: ends, open: func(c *app.Conn) error {
		<-c.Context().Done()
		close(release)
		return nil
	}}
	log, lines := logger(0)
	add := func(t *testing.T, r *app.Router) { route(t, r, "/", func() any { return slow }) }
	inBubble(t, app.Config{HookTimeout: time.Second, Logger: log}, add, func(t *testing.T, s *app.Server, connect func(string) *client) {
		start := time.Now()
		connect("/").wantEnd(conn.CodeInternalError, "internal error")
		if took, want := time.Since(start), time.Second+s.Limits().CloseTimeout; took != want {
			t.Errorf("ended after %v, want %v", took, want) // the hook is who would read the peer's Close
		}
		<-release
		if e := <-ends; !errors.Is(e, app.ErrHookTimeout) || e.Code != conn.CodeInternalError {
			t.Errorf("OnClose got %v, want 1011 for ErrHookTimeout", e)
		}
	})
	wantLine(t, lines, "ERROR - hook takes too long; connection closed hook=OnOpen handler=watcher")
}
