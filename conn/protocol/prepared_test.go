package protocol_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

func TestCheckMessage(t *testing.T) {
	for _, tt := range []struct {
		name    string
		op      frame.Opcode
		payload string
		err     error
	}{
		{"text", frame.Text, "aé€🐦", nil},
		{"binary", frame.Binary, "\xff", nil},
		{"empty", frame.Text, "", nil},
		{"not-utf8", frame.Text, "\xff", protocol.ErrNotUTF8},
		{"cut-in-a-character", frame.Text, "\xe2\x82", protocol.ErrNotUTF8},
		{"continuation", frame.Continuation, "", protocol.ErrOpcode},
		{"ping", frame.Ping, "", protocol.ErrOpcode},
		{"close", frame.Close, "", protocol.ErrOpcode},
		{"reserved", 3, "", protocol.ErrOpcode},
		{"no-opcode", 0x11, "", protocol.ErrOpcode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := protocol.CheckMessage(tt.op, []byte(tt.payload)); err != tt.err {
				t.Errorf("CheckMessage = %v, want %v", err, tt.err)
			}
			if _, err := protocol.NewPrepared(tt.op, []byte(tt.payload)); err != tt.err {
				t.Errorf("NewPrepared = %v, want %v", err, tt.err)
			}
		})
	}
}

// prepare returns a Prepared message.
func prepare(t testing.TB, op frame.Opcode, p string) *protocol.Prepared {
	t.Helper()
	m, err := protocol.NewPrepared(op, []byte(p))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A Prepared message is a copy, and gives copies.
func TestPreparedIsImmutable(t *testing.T) {
	p := []byte("original")
	m, err := protocol.NewPrepared(frame.Text, p)
	if err != nil {
		t.Fatal(err)
	}
	clear(p)
	clear(m.Payload())
	if m.Opcode() != frame.Text || m.Len() != 8 || string(m.Payload()) != "original" {
		t.Errorf("became %s %q of %d bytes", m.Opcode(), m.Payload(), m.Len())
	}
	out := protocol.NewSender(senderConfig(protocol.Server, false)).AppendPrepared([]byte("before"), m)
	wantHex(t, out, "before", "81 08 6f726967696e616c")
}

// Where nothing is shared to gain, the message goes out as any other.
func TestPreparedWithoutVariant(t *testing.T) {
	m := prepare(t, frame.Text, "Hello")
	cfg := senderConfig(protocol.Server, false)
	cfg.MaxFrame = 3
	wantHex(t, protocol.NewSender(cfg).AppendPrepared(nil, m), "", "01 03 48656c 80 02 6c6f")
	wantHex(t, protocol.NewSender(senderConfig(protocol.Client, false)).AppendPrepared(nil, m), "", "81 85 37fa213d 7f9f4d5158")
	cfg = senderConfig(protocol.Server, true)
	cfg.Threshold = 6
	wantHex(t, protocol.NewSender(cfg).AppendPrepared(nil, m), "", "81 05 48656c6c6f")
	cfg.Threshold = 5
	wantHex(t, protocol.NewSender(cfg).AppendPrepared(nil, m), "", "c1 07 f248cdc9c90700")
}

// One Prepared message serves connections of every window, with and without context takeover; the
// messages around it go on to be understood (RFC 7692 §7.1.1), for which it must be remembered.
func TestPreparedOnEveryVariant(t *testing.T) {
	shared := prepare(t, frame.Text, strings.Repeat(`{"news":"to all of you","n":12345},`, 40))
	for bits := 8; bits <= 15; bits++ {
		for _, noTakeover := range []bool{false, true} {
			t.Run(fmt.Sprintf("bits=%d/no-takeover=%t", bits, noTakeover), func(t *testing.T) {
				eachRole(t, func(t *testing.T, role protocol.Role) {
					sendPrepared(t, role, shared, bits, noTakeover)
				})
			})
		}
	}
}

func sendPrepared(t *testing.T, role protocol.Role, shared *protocol.Prepared, bits int, noTakeover bool) {
	out := senderConfig(opposite(role), true)
	out.Compressor = deflate.NewCompressor(deflate.CompressorConfig{WindowBits: bits, NoTakeover: noTakeover})
	out.WindowBits = bits
	in := unlimited(role)
	in.Decompressor = deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: bits, NoTakeover: noTakeover})
	s, r := protocol.NewSender(out), protocol.NewReceiver(in)
	before, after := strings.Repeat("words said before; ", 30), strings.Repeat(`{"news":"to all of you"}`, 20)
	for range 3 {
		stream := s.AppendMessage(nil, frame.Text, []byte(before))
		stream = s.AppendPrepared(stream, shared)
		stream = s.AppendMessage(stream, frame.Text, []byte(after))
		stream = s.AppendPrepared(stream, shared)
		got, bad := feed(t, r, stream)
		wantEvents(t, got, bad, text(before), text(string(shared.Payload())), text(after), text(string(shared.Payload())))
	}
}

// Goroutines that need a variant first at once all get a right one.
func TestPreparedFromManyGoroutines(t *testing.T) {
	plain := strings.Repeat("shared by many ", 500)
	m := prepare(t, frame.Binary, plain)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			cfg := senderConfig(protocol.Client, true)
			cfg.WindowBits = 8 + i%8
			cfg.Compressor = deflate.NewCompressor(deflate.CompressorConfig{WindowBits: cfg.WindowBits})
			got, bad := feed(t, protocol.NewReceiver(compressing(unlimited(protocol.Server))), protocol.NewSender(cfg).AppendPrepared(nil, m))
			wantEvents(t, got, bad, binary(plain))
		})
	}
	all.Wait()
}
