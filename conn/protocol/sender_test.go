package protocol_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// senderConfig is a sender's, with a threshold of 0 and a constant key.
func senderConfig(role protocol.Role, compression bool) protocol.SenderConfig {
	cfg := protocol.SenderConfig{Role: role}
	if role == protocol.Client {
		cfg.Key = func() uint32 { return testKey }
	}
	if compression {
		cfg.Compressor = deflate.NewCompressor(deflate.CompressorConfig{})
		cfg.WindowBits = 15
	}
	return cfg
}

// opposite returns the role of the peer.
func opposite(role protocol.Role) protocol.Role { return protocol.Client - role }

// wantHex compares what was appended with hex digits, in which spaces don't count, behind what was there
// before.
func wantHex(t *testing.T, got []byte, before, want string) {
	t.Helper()
	if !strings.HasPrefix(string(got), before) {
		t.Errorf("what was there before became %q", got[:len(before)])
	}
	if diff := cmp.Diff(strings.ReplaceAll(want, " ", ""), hex.EncodeToString(got[len(before):])); diff != "" {
		t.Errorf("bytes (-want +got):\n%s", diff)
	}
}

func TestSenderRole(t *testing.T) {
	for _, role := range []protocol.Role{protocol.Server, protocol.Client} {
		if got := protocol.NewSender(protocol.SenderConfig{Role: role}).Role(); got != role {
			t.Errorf("%v sends as %v", role, got)
		}
	}
}

// The bytes of RFC 6455 §5.7 and RFC 7692 §7.2.3, and some more.
func TestAppendMessage(t *testing.T) {
	for _, tt := range []struct {
		name     string
		op       frame.Opcode
		payload  string
		maxFrame int
		server   string
		client   string // masked with the key 37 fa 21 3d
	}{
		{"hello", frame.Text, "Hello", 0, "81 05 48656c6c6f", "81 85 37fa213d 7f9f4d5158"},
		{"empty", frame.Text, "", 0, "81 00", "81 80 37fa213d"},
		{"binary", frame.Binary, "\x00\xff", 0, "82 02 00ff", "82 82 37fa213d 3705"},
		{"as-long-as-a-frame", frame.Text, "Hello", 5, "81 05 48656c6c6f", "81 85 37fa213d 7f9f4d5158"},
		{"two-fragments", frame.Text, "Hello", 3, "01 03 48656c 80 02 6c6f", "01 83 37fa213d 7f9f4d 80 82 37fa213d 5b95"},
		{"three-fragments", frame.Binary, "Hello", 2, "02 02 4865 00 02 6c6c 80 01 6f",
			"02 82 37fa213d 7f9f 00 82 37fa213d 5b96 80 81 37fa213d 58"},
		{"fragments-that-come-out-even", frame.Text, "Hell", 2, "01 02 4865 80 02 6c6c", "01 82 37fa213d 7f9f 80 82 37fa213d 5b96"},
		{"fragments-of-a-byte", frame.Text, "Hi", 1, "01 01 48 80 01 69", "01 81 37fa213d 7f 80 81 37fa213d 5e"},
		{"empty-with-fragments", frame.Text, "", 1, "81 00", "81 80 37fa213d"},
		{"no-limit", frame.Text, "Hello", -1, "81 05 48656c6c6f", "81 85 37fa213d 7f9f4d5158"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				cfg := senderConfig(role, false)
				cfg.MaxFrame = tt.maxFrame
				payload := []byte(tt.payload)
				got := protocol.NewSender(cfg).AppendMessage([]byte("before"), tt.op, payload)
				wantHex(t, got, "before", map[protocol.Role]string{protocol.Server: tt.server, protocol.Client: tt.client}[role])
				if string(payload) != tt.payload {
					t.Errorf("the caller's payload became %q", payload)
				}
			})
		})
	}
}

// Headers of every size, in both roles.
func TestAppendMessageLengths(t *testing.T) {
	for _, tt := range []struct {
		n      int
		header string
	}{
		{125, "82 7d"}, {126, "82 7e 007e"}, {127, "82 7e 007f"}, {65535, "82 7e ffff"},
		{65536, "82 7f 0000000000010000"}, {70000, "82 7f 0000000000011170"},
	} {
		payload := []byte(strings.Repeat("\x00", tt.n))
		s := protocol.NewSender(senderConfig(protocol.Server, false))
		got := s.AppendMessage(nil, frame.Binary, payload)
		header := len(got) - tt.n
		wantHex(t, got[:header], "", tt.header)
		if !s.Direct(tt.n) {
			t.Errorf("%d bytes don't go out behind their header", tt.n)
		}
		wantHex(t, s.AppendHeader([]byte("before"), frame.Binary, tt.n), "before", tt.header)

		masked := protocol.NewSender(senderConfig(protocol.Client, false)).AppendMessage(nil, frame.Binary, payload)
		if len(masked) != len(got)+4 || masked[1] != got[1]|0x80 {
			t.Errorf("%d bytes take %d masked and %d plain", tt.n, len(masked), len(got))
		}
	}
}

// Every frame draws a masking key of its own (RFC 6455 §5.3); a server draws none.
func TestMaskingKeys(t *testing.T) {
	cfg := senderConfig(protocol.Client, true)
	cfg.Threshold = 100
	cfg.MaxFrame = 2
	drawn := uint32(0)
	cfg.Key = func() uint32 { drawn++; return drawn }
	s := protocol.NewSender(cfg)
	out := s.AppendMessage(nil, frame.Binary, []byte("\x00\x00\x00\x00\x00"))
	out, _ = s.AppendControl(out, frame.Ping, nil)
	wantHex(t, out, "", "02 82 01000000 0100 00 82 02000000 0200 80 81 03000000 03 89 80 04000000")
	s.AppendMessage(nil, frame.Text, make([]byte, 100))
	s.Begin(frame.Text)
	s.AppendFragment(nil, nil, protocol.More)
	s.AppendFragment(nil, nil, protocol.Final)
	s.AppendClose(nil, frame.CodeNormal, "")
	if drawn != 8 {
		t.Errorf("%d keys for 8 frames", drawn)
	}
}

// The bytes of RFC 7692 §7.2.3.1 and §7.2.3.2: what the first message leaves behind serves the second.
func TestAppendCompressed(t *testing.T) {
	s := protocol.NewSender(senderConfig(protocol.Server, true))
	out := s.AppendMessage([]byte("before"), frame.Text, []byte("Hello"))
	wantHex(t, out, "before", "c1 07 f248cdc9c90700")
	wantHex(t, s.AppendMessage(nil, frame.Text, nil), "", "c1 01 00")

	c := protocol.NewSender(senderConfig(protocol.Client, true))
	out = c.AppendMessage([]byte("before"), frame.Text, []byte("Hello"))
	wantHex(t, out, "before", "c1 87 37fa213d c5b2ecf4fefd21")
}

// Threshold and compression decide over a message, and over Direct.
func TestCompresses(t *testing.T) {
	for _, tt := range []struct {
		name                string
		role                protocol.Role
		compression         bool
		threshold, maxFrame int
		n                   int
		compresses, direct  bool
	}{
		{"server", protocol.Server, false, 0, 0, 1000, false, true},
		{"server-that-compresses", protocol.Server, true, 0, 0, 0, true, false},
		{"at-the-threshold", protocol.Server, true, 10, 0, 10, true, false},
		{"under-the-threshold", protocol.Server, true, 10, 0, 9, false, true},
		{"as-long-as-a-frame", protocol.Server, false, 0, 10, 10, false, true},
		{"longer-than-a-frame", protocol.Server, false, 0, 10, 11, false, false},
		{"client", protocol.Client, false, 0, 0, 1000, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := senderConfig(tt.role, tt.compression)
			cfg.Threshold, cfg.MaxFrame = tt.threshold, tt.maxFrame
			s := protocol.NewSender(cfg)
			if c, d := s.Compresses(tt.n), s.Direct(tt.n); c != tt.compresses || d != tt.direct {
				t.Errorf("Compresses is %t and Direct %t, want %t and %t", c, d, tt.compresses, tt.direct)
			}
			compressed := s.AppendMessage(nil, frame.Binary, make([]byte, tt.n))[0]&rsv1 != 0
			if compressed != tt.compresses {
				t.Errorf("RSV1 is %t, want %t", compressed, tt.compresses)
			}
		})
	}
}

// RFC 6455 §5.5: control frames.
func TestAppendControl(t *testing.T) {
	long := strings.Repeat("p", frame.MaxControl+1)
	for _, tt := range []struct {
		name    string
		op      frame.Opcode
		payload string
		err     error
		server  string
		client  string
	}{
		{"ping", frame.Ping, "Hello", nil, "89 05 48656c6c6f", "89 85 37fa213d 7f9f4d5158"},
		{"pong", frame.Pong, "Hello", nil, "8a 05 48656c6c6f", "8a 85 37fa213d 7f9f4d5158"},
		{"empty", frame.Pong, "", nil, "8a 00", "8a 80 37fa213d"},
		{"longest", frame.Ping, long[1:], nil, "89 7d" + strings.Repeat("70", 125), ""},
		{"too-long", frame.Ping, long, protocol.ErrControl, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				got, err := protocol.NewSender(senderConfig(role, true)).AppendControl([]byte("before"), tt.op, []byte(tt.payload))
				if err != tt.err {
					t.Errorf("error %v, want %v", err, tt.err)
				}
				if role == protocol.Server {
					wantHex(t, got, "before", tt.server)
				} else if tt.name != "longest" {
					wantHex(t, got, "before", tt.client)
				}
			})
		})
	}
}

// RFC 6455 §5.5.1: a Close is the last frame.
func TestAppendClose(t *testing.T) {
	reason := strings.Repeat("r", frame.MaxReason-1)
	for _, tt := range []struct {
		name   string
		code   frame.Code
		reason string
		err    error
		server string
		client string
	}{
		{"normal", 1000, "", nil, "88 02 03e8", "88 82 37fa213d 3412"},
		{"with-reason", 4000, "Hi", nil, "88 04 0fa04869", "88 84 37fa213d 385a6954"},
		{"empty", frame.CodeNoStatus, "", nil, "88 00", "88 80 37fa213d"},
		{"reason-cut-between-characters", 1001, reason + "é", nil, "88 7c 03e9" + strings.Repeat("72", 122), ""},
		{"code-that-may-not-be-sent", 1006, "", frame.ErrCode, "", ""},
		{"reason-without-code", frame.CodeNoStatus, "x", frame.ErrCode, "", ""},
		{"reason-not-utf8", 1000, "\xff", frame.ErrReason, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				s := protocol.NewSender(senderConfig(role, false))
				got, err := s.AppendClose([]byte("before"), tt.code, tt.reason)
				if err != tt.err || s.Closed() != (err == nil) {
					t.Errorf("error %v and Closed %t, want %v", err, s.Closed(), tt.err)
				}
				if role == protocol.Server || tt.err != nil {
					wantHex(t, got, "before", tt.server)
				} else if tt.client != "" {
					wantHex(t, got, "before", tt.client)
				}
			})
		})
	}
}

func TestNothingIsAppendedAfterClose(t *testing.T) {
	s := protocol.NewSender(senderConfig(protocol.Server, false))
	if _, err := s.AppendClose(nil, 1000, ""); err != nil {
		t.Fatal(err)
	}
	out, err := s.AppendClose([]byte("before"), 1001, "")
	if err != protocol.ErrClosed {
		t.Errorf("a second Close: %v, want ErrClosed", err)
	}
	wantHex(t, out, "before", "")
	out, err = s.AppendControl(out, frame.Pong, nil)
	if err != protocol.ErrClosed {
		t.Errorf("a pong: %v, want ErrClosed", err)
	}
	wantHex(t, out, "before", "")
}
