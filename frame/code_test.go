package frame_test

import (
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// sendable lists the ranges of codes that may stand on the wire, from RFC 6455 §7.4.1, §7.4.2 and
// the registry: written apart from the code, so that the two check each other.
var sendable = [][2]int{{1000, 1003}, {1007, 1014}, {3000, 4999}}

// maySend looks code up in sendable.
func maySend(code int) bool {
	for _, r := range sendable {
		if r[0] <= code && code <= r[1] {
			return true
		}
	}
	return false
}

func TestCodeSendable(t *testing.T) {
	for i := range 1 << 16 {
		if got, want := frame.Code(i).Sendable(), maySend(i); got != want {
			t.Errorf("Code(%d).Sendable() = %v, want %v", i, got, want)
		}
	}
}

func TestCodeString(t *testing.T) {
	for _, tt := range []struct {
		code frame.Code
		num  int
		want string
	}{
		{frame.CodeNormal, 1000, "1000 normal"},
		{frame.CodeGoingAway, 1001, "1001 going away"},
		{frame.CodeProtocolError, 1002, "1002 protocol error"},
		{frame.CodeUnsupportedData, 1003, "1003 unsupported data"},
		{1004, 1004, "1004"},
		{frame.CodeNoStatus, 1005, "1005 no status"},
		{frame.CodeAbnormal, 1006, "1006 abnormal"},
		{frame.CodeInvalidPayload, 1007, "1007 invalid payload"},
		{frame.CodePolicyViolation, 1008, "1008 policy violation"},
		{frame.CodeMessageTooBig, 1009, "1009 message too big"},
		{frame.CodeMandatoryExtension, 1010, "1010 mandatory extension"},
		{frame.CodeInternalError, 1011, "1011 internal error"},
		{frame.CodeServiceRestart, 1012, "1012 service restart"},
		{frame.CodeTryAgainLater, 1013, "1013 try again later"},
		{frame.CodeBadGateway, 1014, "1014 bad gateway"},
		{frame.CodeTLSHandshake, 1015, "1015 TLS handshake"},
		{4001, 4001, "4001"},
		{0, 0, "0"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if int(tt.code) != tt.num {
				t.Errorf("code is %d, want %d", tt.code, tt.num)
			}
			if got := tt.code.String(); got != tt.want {
				t.Errorf("String() = %q, want %q", got, tt.want)
			}
		})
	}
}
