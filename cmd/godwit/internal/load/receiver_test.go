package load_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
	"github.com/godwit-ws/godwit/frame"
)

// server encodes a frame as servers do.
func server(op frame.Opcode, fin bool, p string) []byte {
	h := frame.Header{Fin: fin, Opcode: op, Length: int64(len(p))}
	return append(frame.AppendHeader(nil, h), p...)
}

// TestReceiverSplit gives an answer with fragments and a ping in between to the
// receiver, cut at every place.
func TestReceiverSplit(t *testing.T) {
	d := load.NewDeck(load.ASCII, 300, 1, false)
	first, second := string(d.Message(0)), string(d.Message(1))
	stream := slices.Concat(
		server(frame.Text, false, first[:100]),
		server(frame.Continuation, false, ""),
		server(frame.Ping, true, "are you there"),
		server(frame.Continuation, true, first[100:]),
		server(frame.Pong, true, ""),
		server(frame.Text, true, second),
	)
	for cut := range stream {
		var pings []string
		r := load.NewReceiver(d, false, func(p []byte) error { pings = append(pings, string(p)); return nil })
		n, err := r.Take(bytes.Clone(stream[:cut]))
		m, err2 := r.Take(bytes.Clone(stream[cut:]))
		if err := errors.Join(err, err2); err != nil || n+m != 2 {
			t.Fatalf("cut at %d: %d + %d messages, %v", cut, n, m, err)
		}
		if len(pings) != 1 || pings[0] != "are you there" {
			t.Fatalf("cut at %d: pings %q", cut, pings)
		}
	}
}

// TestReceiverVerbatim takes back what was sent, at every cut.
func TestReceiverVerbatim(t *testing.T) {
	d := load.NewDeck(load.Binary, 200, 3, false)
	stream := d.Frames(0, 3)
	for cut := range stream {
		r := load.NewReceiver(d, true, nil)
		n, err := r.Take(bytes.Clone(stream[:cut]))
		m, err2 := r.Take(bytes.Clone(stream[cut:]))
		if err := errors.Join(err, err2); err != nil || n+m != 3 {
			t.Fatalf("cut at %d: %d + %d messages, %v", cut, n, m, err)
		}
	}
	broken := bytes.Clone(stream)
	broken[100] ^= 1
	if _, err := load.NewReceiver(d, true, nil).Take(broken); err == nil {
		t.Error("a changed byte went unnoticed")
	}
}

func TestReceiverFaults(t *testing.T) {
	d := load.NewDeck(load.ASCII, 10, 1, false)
	message := string(d.Message(0))
	closing, err := frame.AppendClosePayload(nil, frame.CodeGoingAway, "bye")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"masked", d.Frames(0, 1), "masked is true"},
		{"compressed", append([]byte{0xC1, 10}, message...), "it is compressed"},
		{"continues-nothing", server(frame.Continuation, true, message), "it continues nothing"},
		{"within-another", append(server(frame.Text, false, message[:5]), server(frame.Text, true, message[5:])...), "it begins within another"},
		{"too-short", server(frame.Text, true, message[:9]), "it has 9 bytes, want 10"},
		{"too-long-in-pieces", append(server(frame.Text, false, message), server(frame.Continuation, true, "x")...), "longer than 10"},
		{"length-not-shortest", []byte{0x81, 126, 0, 10}, "websocket"},
		{"closed", server(frame.Close, true, string(closing)), `closed with 1001 going away: "bye"`},
		{"closed-badly", server(frame.Close, true, "x"), "answer 1 is wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := load.NewReceiver(d, false, nil).Take(bytes.Clone(tt.in))
			if n != 0 || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%d messages, error %v, want %q", n, err, tt.want)
			}
		})
	}
}
