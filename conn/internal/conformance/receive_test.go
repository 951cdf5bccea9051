package conformance_test

import (
	"net"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/internal/conformance"
)

// What a strict peer must object to, as bytes from a server.
func TestReceiveIsStrict(t *testing.T) {
	long := strings.Repeat("\x00", 126)
	tests := []struct {
		name, bytes, want string
	}{
		{"good-text", "\x81\x02hi", ""},
		{"good-fragments", "\x01\x01h\x80\x01i", ""},
		{"good-16-bits", "\x82\x7e\x00\x7e" + long, ""},
		{"good-close", "\x88\x02\x03\xe8", ""},
		{"reserved-opcode", "\x83\x00", "reserved"},
		{"reserved-control-opcode", "\x8b\x00", "reserved"},
		{"rsv1", "\xc1\x00", "reserved bits 100"},
		{"rsv2", "\xa1\x00", "reserved bits 010"},
		{"rsv3", "\x91\x00", "reserved bits 001"},
		{"masked", "\x81\x80\x00\x00\x00\x00", "masked=true"},
		{"length-in-16-bits", "\x81\x7e\x00\x02hi", "shortest"},
		{"length-in-64-bits", "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x7e" + long, "shortest"},
		{"length-absurd", "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", "too long"},
		{"ping-fragmented", "\x09\x00", "fragmented"},
		{"ping-long", "\x89\x7e\x00\x7e" + long, "126 bytes"},
		{"close-of-one-byte", "\x88\x01\x03", "one byte"},
		{"close-1005", "\x88\x02\x03\xed", "1005"},
		{"close-2999", "\x88\x02\x0b\xb7", "2999"},
		{"close-reason-not-utf8", "\x88\x03\x03\xe8\xff", "reason"},
		{"continuation-of-nothing", "\x80\x00", "continuation of nothing"},
		{"interleaved", "\x01\x00\x81\x00", "in the middle"},
		{"text-not-utf8", "\x81\x01\xff", "UTF-8"},
		{"text-cut", "\x81\x01\xe2", "UTF-8"},
		{"end-in-header", "\x81", "reading a frame"},
		{"end-in-16-bits", "\x81\x7e\x00", "16-bit"},
		{"end-in-64-bits", "\x81\x7f\x00", "64-bit"},
		{"end-in-payload", "\x81\x05hi", "2 of 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { receive(t, tt.bytes, tt.want, false, false) })
	}
}

// The same from a client.
func TestReceiveMasked(t *testing.T) {
	tests := []struct {
		name, bytes, want string
	}{
		{"good", "\x81\x82\x01\x02\x03\x04ik", ""},
		{"unmasked", "\x81\x00", "masked=false"},
		{"end-in-key", "\x81\x80\x00", "masking key"},
		{"same-key", "\x01\x80\x01\x02\x03\x04\x80\x80\x01\x02\x03\x04", "twice"},
		{"other-key", "\x01\x80\x01\x02\x03\x04\x80\x80\x01\x02\x03\x05", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { receive(t, tt.bytes, tt.want, true, false) })
	}
}

// The same where compression was agreed on.
func TestReceiveCompressed(t *testing.T) {
	tests := []struct {
		name, bytes, want string
	}{
		{"good", "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", ""},
		{"good-fragments", "\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", ""},
		{"rsv2", "\xe1\x00", "reserved bits"},
		{"rsv1-on-continuation", "\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00", "continuation with RSV1"},
		{"rsv1-on-ping", "\xc9\x00", "RSV1"},
		{"not-deflate", "\xc1\x02\x06\x00", "inflating"},
		{"last-block", "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "last one"},
		{"not-utf8", "\xc1\x08\x00\x02\x00\xfd\xff\xc3\x28\x00", "UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { receive(t, tt.bytes, tt.want, false, true) })
	}
}

func receive(t *testing.T, bytes, want string, masked, compressed bool) {
	t.Helper()
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		theirs.Write([]byte(bytes))
		theirs.Close()
	}()
	err := conformance.Receive(ours, masked, compressed)
	switch {
	case want == "" && err != nil:
		t.Errorf("% x: %v", bytes, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("% x: error %v, want one with %q", bytes, err, want)
	}
}
