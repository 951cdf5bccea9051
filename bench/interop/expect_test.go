package interop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// expectMessage waits for one message at an end.
func expectMessage(ctx context.Context, at side, op conn.Opcode, want []byte) error {
	e, err := at.next(ctx)
	if err != nil {
		return fmt.Errorf("waiting for a message of %d bytes: %w", len(want), err)
	}
	if e.kind != message || e.op != op || !bytes.Equal(e.data, want) {
		return fmt.Errorf("got %v; want %v", e, event{kind: message, op: op, data: want})
	}
	return nil
}

// expectPong waits for a pong at an end. Our own end tells no payload.
func expectPong(ctx context.Context, at side) error {
	e, err := at.next(ctx)
	if err != nil {
		return fmt.Errorf("waiting for a pong: %w", err)
	}
	if e.kind != pong {
		return fmt.Errorf("got %v; want a pong", e)
	}
	return nil
}

// expectClosed waits until an end reports that the connection is over. Messages
// before that are passed over.
func expectClosed(ctx context.Context, at side, code frame.Code, reason string) error {
	for {
		e, err := at.next(ctx)
		if err != nil {
			return fmt.Errorf("waiting for the close with %d: %w", code, err)
		}
		if e.kind != closed {
			continue
		}
		if e.code != code || e.reason != reason {
			return fmt.Errorf("%v; want %d %q", e, uint16(code), reason)
		}
		return nil
	}
}

// expectCode wants the connection's end as the next thing that an end reports,
// with any reason.
func expectCode(ctx context.Context, at side, code frame.Code) error {
	e, err := at.next(ctx)
	if err != nil {
		return fmt.Errorf("waiting for the close with %d: %w", uint16(code), err)
	}
	if e.kind != closed || e.code != code {
		return fmt.Errorf("%v; want it closed with %d", e, uint16(code))
	}
	return nil
}

// roundTrip sends a message from us to them and back.
func roundTrip(ctx context.Context, p pair, op conn.Opcode, data []byte) error {
	if err := deliver(ctx, p.ours, p.theirs, op, data); err != nil {
		return fmt.Errorf("from ours: %w", err)
	}
	if err := deliver(ctx, p.theirs, p.ours, op, data); err != nil {
		return fmt.Errorf("from theirs: %w", err)
	}
	return nil
}

// deliver sends a message from one end and waits for it at the other. The parts
// are sent in frames of their own.
func deliver(ctx context.Context, from, to side, op conn.Opcode, parts ...[]byte) error {
	sent := make(chan error, 1) // a long message needs its reader
	go func() { sent <- from.send(ctx, op, parts...) }()
	err := expectMessage(ctx, to, op, slices.Concat(parts...))
	return errors.Join(<-sent, err)
}
