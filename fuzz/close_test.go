package fuzz_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// FuzzClosePayload: ParseClosePayload agrees with a reading by hand, and
// AppendClosePayload makes only payloads that may be sent, of any code and reason.
func FuzzClosePayload(f *testing.F) {
	f.Fuzz(func(t *testing.T, p []byte) {
		wantCode, wantReason, fault := wireClose(p)
		code, reason, err := frame.ParseClosePayload(p)
		if code != wantCode || reason != wantReason || (err != nil) != (fault != 0) {
			t.Fatalf("ParseClosePayload(% x) = %v, %q, %v; by hand %v, %q, %v", p, code, reason, err, wantCode, wantReason, fault)
		}
		if fault != 0 {
			wantFault(t, err, fault)
		} else if out, err := frame.AppendClosePayload(nil, code, reason); err != nil || !bytes.Equal(out, p) {
			t.Fatalf("% x is written back as % x, %v", p, out, err)
		}
		if len(p) >= 2 {
			checkCloseWritten(t, frame.Code(bigEndian(p[:2])), string(p[2:]))
		}
	})
}

// checkCloseWritten writes a code and a reason that may be unfit.
func checkCloseWritten(t *testing.T, code frame.Code, reason string) {
	t.Helper()
	const before = "before"
	out, err := frame.AppendClosePayload([]byte(before), code, reason)
	if !bytes.HasPrefix(out, []byte(before)) {
		t.Fatalf("AppendClosePayload(%d, %q) changed what was there: %q", code, reason, out)
	}
	out = out[len(before):]
	empty := code == frame.CodeNoStatus && reason == ""
	switch {
	case err == nil && !empty && !sendable(int(code)), err == nil && !utf8.ValidString(reason):
		t.Fatalf("AppendClosePayload(%d, %q) made % x", code, reason, out)
	case err != nil && (len(out) > 0 || empty || !errors.Is(err, frame.ErrCode) && !errors.Is(err, frame.ErrReason)):
		t.Fatalf("AppendClosePayload(%d, %q) = % x, %v", code, reason, out, err)
	case err != nil && sendable(int(code)) && utf8.ValidString(reason):
		t.Fatalf("AppendClosePayload(%d, %q): %v", code, reason, err)
	case err != nil || empty:
		return
	}
	back, cut, err := frame.ParseClosePayload(out)
	if err != nil || back != code || !strings.HasPrefix(reason, cut) {
		t.Fatalf("AppendClosePayload(%d, %q) made % x, which is %v, %q, %v", code, reason, out, back, cut, err)
	}
	// A cut reason lacks nothing that would have fit: the character after it.
	if _, n := utf8.DecodeRuneInString(reason[len(cut):]); n > 0 && len(cut)+n <= frame.MaxReason {
		t.Fatalf("the reason %q was cut to %d bytes", reason, len(cut))
	}
}
