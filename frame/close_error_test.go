package frame_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// A reader of logs wants to know who ended it, with what, and why.
func TestCloseErrorText(t *testing.T) {
	cause := errors.New("read tcp: reset")
	for _, tt := range []struct {
		name string
		err  frame.CloseError
		want string
	}{
		{"peer", frame.CloseError{Code: frame.CodeGoingAway, Reason: "restarting", Remote: true},
			`websocket closed by peer: 1001 going away, reason "restarting"`},
		{"peer-without-code", frame.CloseError{Code: frame.CodeNoStatus, Remote: true},
			`websocket closed by peer: 1005 no status`},
		{"local", frame.CloseError{Code: frame.CodeNormal},
			`websocket closed locally: 1000 normal`},
		{"local-with-cause", frame.CloseError{Code: frame.CodeProtocolError, Reason: "bad", Err: cause},
			`websocket closed locally: 1002 protocol error, reason "bad": read tcp: reset`},
		{"lost", frame.CloseError{Code: frame.CodeAbnormal, Err: cause},
			`websocket lost: 1006 abnormal: read tcp: reset`},
		{"application-code", frame.CloseError{Code: 4001, Remote: true},
			`websocket closed by peer: 4001`},
		{"reason-cannot-forge-a-line", frame.CloseError{Code: 4001, Remote: true, Reason: "x\n2026 ERROR"},
			`websocket closed by peer: 4001, reason "x\n2026 ERROR"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("Error()\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestCloseErrorUnwrap(t *testing.T) {
	cause := errors.New("cause")
	wrapped := fmt.Errorf("conn: read: %w", &frame.CloseError{Code: frame.CodeAbnormal, Err: cause})
	if !errors.Is(wrapped, cause) {
		t.Errorf("errors.Is(%v, cause) = false", wrapped)
	}
	if e, ok := errors.AsType[*frame.CloseError](wrapped); !ok || e.Code != frame.CodeAbnormal {
		t.Errorf("errors.AsType(%v) = %v, %v", wrapped, e, ok)
	}
	if err := (&frame.CloseError{}).Unwrap(); err != nil {
		t.Errorf("Unwrap of a clean close = %v, want nil", err)
	}
}

// wantClose fails the test unless err is a *CloseError that can be sent as it stands, with code.
func wantClose(t *testing.T, err error, code frame.Code) {
	t.Helper()
	e, ok := errors.AsType[*frame.CloseError](err)
	if !ok {
		t.Fatalf("error is %v, want a *CloseError", err)
	}
	if e.Code != code || e.Remote || e.Err == nil {
		t.Errorf("error is %#v, want code %v, local, with a cause", e, code)
	}
	if len(e.Reason) > frame.MaxReason {
		t.Errorf("reason has %d bytes, over MaxReason", len(e.Reason))
	}
	if _, err := frame.AppendClosePayload(nil, e.Code, e.Reason); err != nil {
		t.Errorf("the answer %v can't be sent: %v", e, err)
	}
}
