package handshake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

func ExampleRequest_AsksUpgrade() {
	var r handshake.Request
	r.Parse("GET /style.css HTTP/1.1\r\nHost: a\r\n\r\n")
	fmt.Println(r.AsksUpgrade())
	r.Parse("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")
	fmt.Println(r.AsksUpgrade())
	// Output:
	// false
	// true
}

func TestRequestAsksUpgrade(t *testing.T) {
	tests := []struct {
		name   string
		fields []handshake.Field
		want   bool
	}{
		{"none", nil, false},
		{"plain", []handshake.Field{{Name: "Upgrade", Value: "websocket"}}, true},
		{"any-case", []handshake.Field{{Name: "uPGRADE", Value: "WebSocket"}}, true},
		{"among-others", []handshake.Field{{Name: "Upgrade", Value: "h2c , websocket"}}, true},
		{"on-a-second-line", []handshake.Field{{Name: "Upgrade", Value: "h2c"}, {Name: "Upgrade", Value: "websocket"}}, true},
		{"other", []handshake.Field{{Name: "Upgrade", Value: "h2c"}}, false},
		{"part-of-a-word", []handshake.Field{{Name: "Upgrade", Value: "websockets, my websocket"}}, false},
		{"with-version", []handshake.Field{{Name: "Upgrade", Value: "websocket/13"}}, false},
		{"kelvin-sign", []handshake.Field{{Name: "Upgrade", Value: "websoc\u212Aet"}}, false},
		{"other-field", []handshake.Field{{Name: "Connection", Value: "websocket"}}, false},
		{"empty", []handshake.Field{{Name: "Upgrade", Value: ""}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := handshake.Request{Fields: tt.fields}
			if got := r.AsksUpgrade(); got != tt.want {
				t.Errorf("AsksUpgrade of %v = %t, want %t", tt.fields, got, tt.want)
			}
			if n := testing.AllocsPerRun(10, func() { r.AsksUpgrade() }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func TestRequestOffersSubprotocol(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat("x,", 31), ",")
	tests := []struct {
		name, values, asked string
		want                bool
	}{
		{"none", "", "a", false},
		{"first", "a, b", "a", true},
		{"last", "a, b", "b", true},
		{"second-line", "a;b", "b", true},
		{"missing", "a, b", "c", false},
		{"case-matters", "a", "A", false},
		{"nothing", "a, b", "", false},
		{"nothing-of-nothing", "", "", false},
		{"behind-what-is-no-token", "a b, c", "c", false},
		{"32nd", many + ",a", "a", true},
		{"33rd", many + ",x,a", "a", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r handshake.Request
			r.Add("X-Other", "c, A, x") // no offer of the kind
			for line := range strings.SplitSeq(tt.values, ";") {
				r.Add("Sec-WebSocket-Protocol", line)
			}
			if got := r.OffersSubprotocol(tt.asked); got != tt.want {
				t.Errorf("OffersSubprotocol(%q) of %q = %t, want %t", tt.asked, tt.values, got, tt.want)
			}
			if n := testing.AllocsPerRun(10, func() { r.OffersSubprotocol(tt.asked) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}
