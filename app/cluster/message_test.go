package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/conn"
)

// What a publication says comes to other nodes; whom it leaves out concerns its own.
func TestMessageCarries(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		op          conn.Opcode
		payload     string
		key, except string
		fields      int // of the header
	}{
		"plain":       {conn.Text, "hello", "", "", 0},
		"empty":       {conn.Text, "", "", "", 0},
		"binary":      {conn.Binary, "\x00\xff", "", "", 1},
		"key":         {conn.Text, "x", "a key\r\nwith 房", "", 1},
		"left-out":    {conn.Text, "x", "", "c7", 1},
		"all-at-once": {conn.Binary, "x", "k", "c7", 3},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := app.NewPublication("topic", tt.op, []byte(tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			p.Key, p.Except = tt.key, tt.except
			for to, except := range map[string]string{"a": tt.except, "b": ""} {
				m, got := cluster.Carry("a", to, p)
				if len(m.Header) != tt.fields {
					t.Errorf("header %v, want %d fields", m.Header, tt.fields)
				}
				if got == nil || got.Opcode() != tt.op || string(got.Payload()) != tt.payload || got.Key != tt.key || got.Except != except {
					t.Errorf("to node %s: %+v, want what it was, less %q", to, got, except)
				}
			}
		})
	}
}

// What NATS says becomes an error that callers can tell apart.
func TestErrors(t *testing.T) {
	t.Parallel()
	api := func(code int, number jetstream.ErrorCode) error {
		return fmt.Errorf("nats: %w", &jetstream.APIError{Code: code, ErrorCode: number})
	}
	for name, tt := range map[string]struct {
		err    error
		is     error
		repeat bool
	}{
		"timeout":      {context.DeadlineExceeded, cluster.ErrUnavailable, true},
		"no-answer":    {jetstream.ErrNoStreamResponse, cluster.ErrUnavailable, true},
		"no-leader":    {api(503, 10008), cluster.ErrUnavailable, true},
		"bad-request":  {api(400, 10003), cluster.ErrUnavailable, false},
		"stream-full":  {api(503, 10077), cluster.ErrFull, false},
		"no-resources": {api(503, 10023), cluster.ErrFull, false},
		"disk-full":    {api(500, 10047), cluster.ErrFull, false},
		"memory-full":  {api(500, 10028), cluster.ErrFull, false},
		"closed":       {nats.ErrConnectionClosed, cluster.ErrClosed, false},
		"too-long":     {nats.ErrMaxPayload, cluster.ErrUnavailable, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := cluster.Unavailable(tt.err)
			if !errors.Is(got, tt.is) || !errors.Is(got, tt.err) {
				t.Errorf("%v becomes %v, want %v with its cause", tt.err, got, tt.is)
			}
			for _, other := range []error{cluster.ErrUnavailable, cluster.ErrFull, cluster.ErrClosed} {
				if other != tt.is && errors.Is(got, other) {
					t.Errorf("%v is %v as well", got, other)
				}
			}
			if repeat := cluster.Repeatable(tt.err); repeat != tt.repeat {
				t.Errorf("another attempt: %t, want %t", repeat, tt.repeat)
			}
		})
	}
}
