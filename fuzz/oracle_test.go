package fuzz_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
	"github.com/google/go-cmp/cmp"
)

// The oracles are held to the examples of the RFCs, so that a model which finds
// nothing wrong with anything is found out.

func TestModel(t *testing.T) {
	hello := said{Kind: protocol.Message, Opcode: frame.Text, Payload: "Hello"}
	for _, tt := range []struct {
		name   string
		rules  rules
		stream string
		want   account
	}{
		// RFC 6455 §5.7
		{"masked-text", rules{}, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", account{Said: []said{hello}}},
		{"unmasked-text", rules{role: protocol.Client}, "\x81\x05Hello", account{Said: []said{hello}}},
		{"fragmented-text", rules{role: protocol.Client}, "\x01\x03Hel\x80\x02lo", account{Said: []said{hello}}},
		{"ping", rules{role: protocol.Client}, "\x89\x05Hello", account{Said: []said{{Kind: protocol.Ping, Payload: "Hello"}}}},
		// RFC 7692 §7.2.3.1 and §7.2.3.2
		{"compressed", rules{role: protocol.Client, compression: true},
			"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00", account{Said: []said{hello, hello}}},
		{"compressed-without-takeover", rules{role: protocol.Client, compression: true, noTakeover: true},
			"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00", account{Said: []said{hello}, Fault: 1007}},
		{"unmasked-from-client", rules{}, "\x81\x05Hello", account{Fault: 1002}},
		{"not-utf8-yet-unfinished", rules{role: protocol.Client}, "\x01\x7da\xed\xa0", account{Fault: 1007}},
		{"too-many-frames", rules{role: protocol.Client, maxFrames: 2}, "\x01\x00\x00\x00\x00\x00", account{Fault: 1008}},
		{"too-big", rules{role: protocol.Client, maxSize: 4}, "\x82\x05", account{Fault: 1009}},
		{"too-big-inflated", rules{role: protocol.Client, compression: true, maxSize: 4},
			"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", account{Fault: 1009}},
		{"cut", rules{role: protocol.Client}, "\x81\x05Hell", account{Pending: true}},
		{"close", rules{role: protocol.Client}, "\x88\x02\x03\xe8\xff",
			account{Said: []said{{Kind: protocol.Close, Code: 1000}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.rules.maxSize == 0 {
				tt.rules.maxSize = 1000
			}
			if tt.rules.maxFrames == 0 {
				tt.rules.maxFrames = 10
			}
			got, _ := modelOf(tt.rules, []byte(tt.stream))
			if got.Fault != 0 {
				got.Pending = false // says nothing
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSlowInflater(t *testing.T) {
	for _, tt := range []struct {
		name, payload, want string
		err                 error
	}{
		// RFC 7692 §7.2.3.1, §7.2.3.3, §7.2.3.4, §7.2.3.5, §7.2.3.6
		{"fixed", "\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello", nil},
		{"stored", "\x00\x05\x00\xfa\xffHello\x00", "Hello", nil},
		{"last-block", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello", nil},
		{"two-blocks", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello", nil},
		{"empty", "\x00", "", nil},
		{"over-the-limit", "\xf2\x48\xcd\xc9\xc9\x07\x00" + "\xf2\x48\xcd\xc9\xc9\x07\x00", "", errCorrupt},
		{"stored-over-the-limit", "\x00\x06\x00\xf9\xffHello!\x00", "", errTooBig},
		{"reserved-type", "\x06", "", errCorrupt},
		{"cut", "\xf2\x48\xcd", "", errCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := slowInflater{window: 1 << 15}
			got, err := s.inflate([]byte(tt.payload), len("Hello"))
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestExtensionFields(t *testing.T) {
	e := extensionFields{lines: []string{` a ; b="\c1" , `, "permessage-deflate;client_max_window_bits"}}
	e.parse()
	want := []element{{"a", [][]string{{"b", "c1"}}}, {"permessage-deflate", [][]string{{"client_max_window_bits"}}}}
	if diff := cmp.Diff(want, e.list, cmp.AllowUnexported(element{})); diff != "" || e.malformed {
		t.Errorf("malformed %v (-want +got):\n%s", e.malformed, diff)
	}
	for _, bad := range []string{"a;", "a b", `a; b="`, `a; b=""`, `a; b="\`, "a=b", "a; b=c d", strings.Repeat("a;b ", 9)} {
		e := extensionFields{lines: []string{bad}}
		if e.parse(); !e.malformed {
			t.Errorf("%q is taken as %+v", bad, e.list)
		}
	}
}
