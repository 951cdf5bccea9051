package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

func TestAppendClosePayload(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	for _, tt := range []struct {
		name   string
		code   frame.Code
		reason string
		want   string
		err    error
	}{
		{"no-status", frame.CodeNoStatus, "", "", nil},
		{"code-only", frame.CodeNormal, "", "\x03\xe8", nil},
		{"code-and-reason", frame.CodeGoingAway, "bye", "\x03\xe9bye", nil},
		{"application", 4999, "ü", "\x13\x87ü", nil},
		{"reason-fits-exactly", 1000, a(123), "\x03\xe8" + a(123), nil},
		{"reason-cut", 1000, a(124), "\x03\xe8" + a(123), nil},
		{"reason-cut-before-two-bytes", 1000, a(122) + "üü", "\x03\xe8" + a(122), nil},
		{"reason-cut-after-two-bytes", 1000, a(121) + "üü", "\x03\xe8" + a(121) + "ü", nil},
		{"reason-cut-before-three-bytes", 1000, a(121) + "视", "\x03\xe8" + a(121), nil},
		{"reason-cut-before-four-bytes", 1000, a(120) + "🐦", "\x03\xe8" + a(120), nil},
		{"reason-of-four-bytes-each", 1000, strings.Repeat("🐦", 40), "\x03\xe8" + strings.Repeat("🐦", 30), nil},
		{"no-status-with-reason", frame.CodeNoStatus, "x", "", frame.ErrCode},
		{"abnormal", frame.CodeAbnormal, "", "", frame.ErrCode},
		{"tls", frame.CodeTLSHandshake, "", "", frame.ErrCode},
		{"zero", 0, "", "", frame.ErrCode},
		{"reason-not-utf8", 1000, "a\xff", "", frame.ErrReason},
		{"reason-not-utf8-past-the-cut", 1000, a(123) + "\xff", "", frame.ErrReason},
		{"code-before-reason", 1006, "\xff", "", frame.ErrCode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := frame.AppendClosePayload([]byte("dst"), tt.code, tt.reason)
			if string(got) != "dst"+tt.want || !errors.Is(err, tt.err) {
				t.Errorf("AppendClosePayload(%v, %q) = %q, %v; want %q, %v",
					tt.code, tt.reason, got, err, "dst"+tt.want, tt.err)
			}
		})
	}
}

func TestParseClosePayload(t *testing.T) {
	for _, tt := range []struct {
		name   string
		in     string
		code   frame.Code
		reason string
	}{
		{"empty", "", frame.CodeNoStatus, ""},
		{"code-only", "\x03\xe8", frame.CodeNormal, ""},
		{"reason", "\x03\xe9bye", frame.CodeGoingAway, "bye"},
		{"longest", "\x0b\xb8" + strings.Repeat("x", 123), 3000, strings.Repeat("x", 123)},
		{"reason-with-nul", "\x03\xe8a\x00b", frame.CodeNormal, "a\x00b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := []byte(tt.in)
			code, reason, err := frame.ParseClosePayload(in)
			clear(in) // the reason must not alias it
			if code != tt.code || reason != tt.reason || err != nil {
				t.Errorf("ParseClosePayload(%q) = %v, %q, %v; want %v, %q", tt.in, code, reason, err, tt.code, tt.reason)
			}
		})
	}
}

func TestParseClosePayloadRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   string
		want frame.Code
	}{
		{"one-byte", "\x03", frame.CodeProtocolError},
		{"too-long", "\x03\xe8" + strings.Repeat("x", 124), frame.CodeProtocolError},
		{"code-zero", "\x00\x00", frame.CodeProtocolError},
		{"code-reserved", "\x03\xed", frame.CodeProtocolError},
		{"code-bad-and-reason-bad", "\x03\xed\xff", frame.CodeProtocolError},
		{"reason-byte-ff", "\x03\xe8\xff", frame.CodeInvalidPayload},
		{"reason-cut-in-a-character", "\x03\xe8caf\xc3", frame.CodeInvalidPayload},
		{"reason-surrogate", "\x03\xe8\xed\xa0\x80", frame.CodeInvalidPayload},
		{"reason-overlong", "\x03\xe8\xc0\xaf", frame.CodeInvalidPayload},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, reason, err := frame.ParseClosePayload([]byte(tt.in))
			if code != 0 || reason != "" {
				t.Errorf("ParseClosePayload(%q) = %v, %q beside its error", tt.in, code, reason)
			}
			wantClose(t, err, tt.want)
		})
	}
}

// Every code there is, both ways: what may be sent is what is accepted, and reads back the same.
func TestClosePayloadEveryCode(t *testing.T) {
	for i := range 1 << 16 {
		code := frame.Code(i)
		wire := binary.BigEndian.AppendUint16(nil, uint16(i))
		got, _, err := frame.ParseClosePayload(wire)
		if !maySend(i) {
			if e, ok := errors.AsType[*frame.CloseError](err); !ok || e.Code != frame.CodeProtocolError {
				t.Errorf("ParseClosePayload(% x) = %v, %v; want a protocol error", wire, got, err)
			}
			if _, err := frame.AppendClosePayload(nil, code, "x"); !errors.Is(err, frame.ErrCode) {
				t.Errorf("AppendClosePayload(%d) = %v, want ErrCode", i, err)
			}
			continue
		}
		if got != code || err != nil {
			t.Errorf("ParseClosePayload(% x) = %v, %v", wire, got, err)
		}
		if back, err := frame.AppendClosePayload(nil, code, ""); !bytes.Equal(back, wire) || err != nil {
			t.Errorf("AppendClosePayload(%d) = % x, %v; want % x", i, back, err, wire)
		}
	}
}

func FuzzClosePayload(f *testing.F) {
	for _, seed := range []string{"", "\x03", "\x03\xe8", "\x03\xe8bye", "\x03\xed", "\x03\xe8\xc3", "\x13\x87🐦"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		code, reason, err := frame.ParseClosePayload(p)
		if err != nil {
			if _, ok := errors.AsType[*frame.CloseError](err); !ok {
				t.Fatalf("error %v is no *CloseError", err)
			}
			return
		}
		if !utf8.ValidString(reason) {
			t.Fatalf("reason %q let through", reason)
		}
		back, err := frame.AppendClosePayload(nil, code, reason)
		if err != nil || !bytes.Equal(back, p) {
			t.Fatalf("% x reads as %v, %q, which writes % x, %v", p, code, reason, back, err)
		}
	})
}

func TestCutReason(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"just-fits", strings.Repeat("a", frame.MaxReason), strings.Repeat("a", frame.MaxReason)},
		{"one-over", strings.Repeat("a", frame.MaxReason+1), strings.Repeat("a", frame.MaxReason)},
		{"between-characters", strings.Repeat("ü", 100), strings.Repeat("ü", 61)},
		{"no-character-in-it", strings.Repeat("\x80", 200), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := frame.CutReason(tt.in); got != tt.want {
				t.Errorf("CutReason(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}
