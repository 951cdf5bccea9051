package protocol_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// testKey is the masking key of test peers, which needn't be hard to guess.
const testKey = 0x3d21fa37

// fin, rsv1, rsv2 and rsv3 are the bits of a frame's first frame.Opcode, to be added to its opcode.
const (
	fin  = 0x80
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10
)

// wire is what a peer of the given role sends, frame by frame. It is built from the RFC's picture of a
// frame and not with what is under test, so that it can say wrong things as well.
type wire struct {
	role protocol.Role // of who receives
	b    []byte
}

// to returns the empty wire towards a receiver.
func to(role protocol.Role) *wire { return &wire{role: role} }

// add appends a frame with a right mask and a right length.
func (w *wire) add(first frame.Opcode, payload string) *wire {
	return w.header(first, uint64(len(payload))).payload(payload)
}

// header appends a frame's header alone, with the length it announces in its shortest form.
func (w *wire) header(first frame.Opcode, length uint64) *wire {
	mask := byte(0)
	if w.role == protocol.Server {
		mask = 0x80
	}
	w.b = append(w.b, byte(first))
	switch {
	case length < 126:
		w.b = append(w.b, mask|byte(length))
	case length < 1<<16:
		w.b = append(w.b, mask|126, byte(length>>8), byte(length))
	default:
		w.b = append(w.b, mask|127)
		for shift := 56; shift >= 0; shift -= 8 {
			w.b = append(w.b, byte(length>>shift))
		}
	}
	if mask != 0 {
		w.b = append(w.b, testKey&0xff, testKey>>8&0xff, testKey>>16&0xff, testKey>>24)
	}
	return w
}

// payload appends a payload from its first byte on, masked if it has to be.
func (w *wire) payload(p string) *wire {
	for i := range len(p) {
		b := p[i]
		if w.role == protocol.Server {
			b ^= byte(uint32(testKey) >> (8 * (i & 3)))
		}
		w.b = append(w.b, b)
	}
	return w
}

// bytes returns a copy of all that was added, since a Receiver unmasks in place.
func (w *wire) bytes() []byte { return slices.Clone(w.b) }

// deflated returns the payload of a compressed message made without context.
func deflated(p string) string { return string(deflate.AppendSelfContained(nil, []byte(p), 15)) }

// unlimited is the configuration of a receiver without limits.
func unlimited(role protocol.Role) protocol.ReceiverConfig {
	return protocol.ReceiverConfig{Role: role, MaxMessageSize: -1, MaxFragments: -1}
}

// compressing adds permessage-deflate with its defaults.
func compressing(cfg protocol.ReceiverConfig) protocol.ReceiverConfig {
	cfg.Decompressor = deflate.NewDecompressor(deflate.DecompressorConfig{})
	return cfg
}

// eachRole runs a test as a server and as a client.
func eachRole(t *testing.T, test func(t *testing.T, role protocol.Role)) {
	for _, role := range []protocol.Role{protocol.Server, protocol.Client} {
		t.Run(fmt.Sprintf("role=%s", role), func(t *testing.T) { test(t, role) })
	}
}

// said is an Event whose payload is a copy, and thereby stays.
type said struct {
	Kind    protocol.Kind
	Opcode  frame.Opcode
	Last    bool
	Payload string
	Code    frame.Code
	Reason  string
}

func say(ev protocol.Event) said {
	return said{ev.Kind, ev.Opcode, ev.Last, string(ev.Payload), ev.Code, ev.Reason}
}

// What tests expect most.
func text(p string) said {
	return said{Kind: protocol.Message, Opcode: frame.Text, Last: true, Payload: p}
}

func binary(p string) said {
	return said{Kind: protocol.Message, Opcode: frame.Binary, Last: true, Payload: p}
}

func part(op frame.Opcode, p string, last bool) said {
	return said{Kind: protocol.Part, Opcode: op, Payload: p, Last: last}
}

func ping(p string) said { return said{Kind: protocol.Ping, Payload: p} }
func pong(p string) said { return said{Kind: protocol.Pong, Payload: p} }

func closing(code frame.Code, reason string) said {
	return said{Kind: protocol.Close, Code: code, Reason: reason}
}
