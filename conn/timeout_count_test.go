package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// A caller that reads under one short context after the other is a reader all the
// same: the timeouts count through them.
func TestTimeoutsUnderShortContexts(t *testing.T) {
	tests := []struct {
		name  string
		cfg   conn.Config
		took  time.Duration
		code  frame.Code
		cause error
	}{
		{"read", conn.Config{ReadTimeout: time.Minute}, time.Minute, frame.CodeGoingAway, conn.ErrReadTimeout},
		{"pong", conn.Config{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second}, 40 * time.Second, frame.CodeAbnormal, conn.ErrPongTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := accept(t, tt.cfg)
				var peer sync.WaitGroup
				defer peer.Wait()
				peer.Go(func() {
					for err := error(nil); err == nil; _, _, err = p.read() {
					}
					p.nc.Close()
				})
				start := time.Now()
				for {
					ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
					_, _, err := c.Read(ctx)
					cancel()
					if !errors.Is(err, context.DeadlineExceeded) {
						wantEnd(t, err, tt.code, false, tt.cause)
						break
					}
				}
				elapsed(t, start, tt.took)
			})
		})
	}
}

// MessageTimeout is of one message: in a stream of which every piece received ends
// within some message, none of them takes long.
func TestMessageTimeoutIsOfOneMessage(t *testing.T) {
	for name, unit := range map[string][]byte{
		"messages":  whole(frame.Text, "message"),
		"fragments": append(masked(frame.Header{Opcode: frame.Text}, "mess"), masked(frame.Header{Fin: true}, "age")...),
		"pings":     whole(frame.Ping, "ping"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := accept(t, conn.Config{MessageTimeout: time.Minute})
				go func() {
					stream := bytes.Repeat(unit, 50)
					p.send(stream[:5])
					for at := 5; at+len(unit) < len(stream); at += len(unit) {
						time.Sleep(10 * time.Second)
						p.send(stream[at:][:len(unit)])
					}
					p.nc.Close()
				}()
				go io.Copy(io.Discard, p.nc)
				start := time.Now()
				for err := error(nil); ; _, _, err = c.Read(t.Context()) {
					if err != nil {
						wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrCut)
						break
					}
				}
				elapsed(t, start, 490*time.Second)
			})
		})
	}
}
