package conn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

func TestWriteTimeoutWhereDeadlinesDoNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe(t)
		c, _ := acceptOn(t, conn.Config{WriteTimeout: time.Minute}, deaf{a}, b)
		start := time.Now()
		err := c.Write(context.Background(), conn.Binary, make([]byte, large))
		wantEnd(t, err, frame.CodeAbnormal, false, conn.ErrWriteTimeout)
		elapsed(t, start, time.Minute+time.Second)
	})
}

// A connection below whose deadlines do nothing is closed soon after a reader has
// overslept a timeout: nothing else wakes it.
func TestTimeoutsWhereDeadlinesDoNothing(t *testing.T) {
	tests := []struct {
		name  string
		cfg   conn.Config
		sent  []byte
		took  time.Duration
		code  frame.Code
		cause error
	}{
		{"read", conn.Config{ReadTimeout: time.Minute}, nil, time.Minute, frame.CodeGoingAway, conn.ErrReadTimeout},
		{"message", conn.Config{MessageTimeout: time.Minute}, []byte{0x81}, time.Minute, frame.CodePolicyViolation, conn.ErrMessageTimeout},
		{"pong", conn.Config{PingInterval: 50 * time.Second, PongTimeout: 10 * time.Second}, nil, time.Minute, frame.CodeAbnormal, conn.ErrPongTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe(t)
				c, p := acceptOn(t, tt.cfg, deaf{a}, b)
				p.send(tt.sent)
				start := time.Now()
				_, _, err := c.Read(context.Background())
				wantEnd(t, err, tt.code, false, tt.cause)
				elapsed(t, start, tt.took+time.Second)
			})
		})
	}
}
