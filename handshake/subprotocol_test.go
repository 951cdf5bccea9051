package handshake_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/handshake"
)

func TestSubprotocol(t *testing.T) {
	tests := []struct {
		name   string
		server []string
		lines  []string // values of Sec-WebSocket-Protocol
		want   string
		err    error
	}{
		{"none-on-either-side", nil, nil, "", nil},
		{"not-offered", []string{"a"}, nil, "", nil},
		{"not-ours", nil, []string{"a"}, "", nil},
		{"nothing-in-common", []string{"a"}, []string{"b, c"}, "", nil},
		{"only", []string{"a"}, []string{"a"}, "a", nil},
		{"servers-order", []string{"a", "b"}, []string{"b, a"}, "a", nil},
		{"both-orders-agree", []string{"a", "b"}, []string{"a, b"}, "a", nil},
		{"servers-order-over-lines", []string{"a", "b"}, []string{"b", "a"}, "a", nil},
		{"case-matters", []string{"a"}, []string{"A"}, "", nil},
		{"no-spaces", []string{"b"}, []string{"a,b,c"}, "b", nil},
		{"spaces-and-tabs", []string{"b"}, []string{"a \t,\t b\t, c"}, "b", nil},
		{"empty-elements", []string{"b"}, []string{",, ,a,,b,"}, "b", nil},
		{"empty-value", []string{"b"}, []string{""}, "", nil},
		{"part-of-a-token", []string{"chat"}, []string{"superchat, chat2"}, "", nil},
		{"offered-twice", []string{"a"}, []string{"a, a"}, "a", nil},
		{"constructor", []string{"a"}, []string{"constructor, __proto__, toString"}, "", nil},
		{"punctuation", []string{"v12.stomp+x"}, []string{"v12.stomp+x"}, "v12.stomp+x", nil},
		{"space-in-token", []string{"a"}, []string{"a b"}, "", handshake.ErrSubprotocol},
		{"quoted", []string{"a"}, []string{`"a"`}, "", handshake.ErrSubprotocol},
		{"semicolon", []string{"a"}, []string{"a;b"}, "", handshake.ErrSubprotocol},
		{"not-ascii", []string{"a"}, []string{"ä"}, "", handshake.ErrSubprotocol},
		{"malformed-though-unwanted", nil, []string{"a b"}, "", handshake.ErrSubprotocol},
		{"malformed-on-second-line", []string{"a"}, []string{"a", "b c"}, "", handshake.ErrSubprotocol},
		{"last-one-looked-at", []string{"a"}, []string{strings.Repeat("x,", 31) + "a"}, "a", nil},
		{"past-those-looked-at", []string{"a"}, []string{strings.Repeat("x,", 32) + "a"}, "", nil},
		{"past-those-looked-at-by-lines", []string{"a"}, append(strings.Split(strings.Repeat("x,", 31)+"x", ","), "a"), "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var changes []string
			for _, l := range tt.lines {
				changes = append(changes, "+Sec-WebSocket-Protocol: "+l)
			}
			policy := handshake.Policy{Subprotocols: tt.server}
			got, err := check(&policy, request(changes...), handshake.HTTP, noPeer)
			if got.Subprotocol != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("server %q, offers %q: %q, %v; want %q, %v", tt.server, tt.lines, got.Subprotocol, err, tt.want, tt.err)
			}
		})
	}
}

func TestSelectSubprotocol(t *testing.T) {
	var asked []string
	answer := ""
	policy := handshake.Policy{
		Subprotocols:      []string{"a"},
		SelectSubprotocol: func(offered []string) string { asked = offered; return answer },
	}
	raw := request("Sec-WebSocket-Protocol: a, b", "+Sec-WebSocket-Protocol: c")
	tests := []struct {
		name, answer string
		err          error
	}{
		{"none", "", nil},
		{"offered", "c", nil},
		{"not-offered", "d", handshake.ErrSubprotocolChoice},
		{"other-case", "C", handshake.ErrSubprotocolChoice},
		{"injection", "a\r\nX: y", handshake.ErrSubprotocolChoice},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer = tt.answer
			got, err := check(&policy, raw, handshake.HTTP, noPeer)
			if !errors.Is(err, tt.err) || err == nil && got.Subprotocol != tt.answer {
				t.Errorf("answer %q: %q, %v; want %v", tt.answer, got.Subprotocol, err, tt.err)
			}
			if diff := cmp.Diff([]string{"a", "b", "c"}, asked); diff != "" {
				t.Errorf("offered (-want +got):\n%s", diff)
			}
		})
	}
	answer = ""
	if _, err := check(&policy, request(), handshake.HTTP, noPeer); err != nil || len(asked) != 0 {
		t.Errorf("without offers: asked with %q, %v", asked, err)
	}
	if got := handshake.Status(handshake.ErrSubprotocolChoice); got != 500 {
		t.Errorf("a bad choice is answered with %d, want 500: it is not the peer's fault", got)
	}
}

// What was agreed on outlives the request by as long as the connection, so no part of it may be one of
// the request's or the answer's.
func TestAcceptedKeepsNoBlockAlive(t *testing.T) {
	inside := func(s, block string) bool {
		from := uintptr(unsafe.Pointer(unsafe.StringData(block)))
		at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
		return s != "" && from <= at && at < from+uintptr(len(block))
	}
	raw := strings.Clone(request("Sec-WebSocket-Protocol: chat"))
	for name, policy := range map[string]*handshake.Policy{
		"by-list":     {Subprotocols: []string{"chat"}},
		"by-callback": {SelectSubprotocol: func(offered []string) string { return offered[0] }},
	} {
		a, err := check(policy, raw, handshake.HTTP, noPeer)
		if err != nil || a.Subprotocol != "chat" || inside(a.Subprotocol, raw) || inside(a.AcceptKey, raw) {
			t.Errorf("%s: %+v, %v: a part of the request's block", name, a, err)
		}
	}
	answer, err := handshake.AppendAccepted(nil, handshake.Accepted{AcceptKey: handshake.AcceptKey(sampleKey), Subprotocol: "chat"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	block := string(answer)
	var resp handshake.Response
	if err := resp.Parse(block); err != nil {
		t.Fatal(err)
	}
	c := handshake.ClientRequest{Key: sampleKey, Subprotocols: []string{"chat"}}
	if a, err := c.Check(&resp); err != nil || a.Subprotocol != "chat" || inside(a.Subprotocol, block) || inside(a.AcceptKey, block) {
		t.Errorf("client: %+v, %v: a part of the answer's block", a, err)
	}
}

func TestPolicyValidate(t *testing.T) {
	tests := []struct {
		name   string
		policy handshake.Policy
		ok     bool
	}{
		{"zero", handshake.Policy{}, true},
		{"full", handshake.Policy{Origins: handshake.Origins{Allow: []string{"*.a"}}, Subprotocols: []string{"a", "A"},
			Deflate: &handshake.DeflatePolicy{ServerMaxWindowBits: 8, ClientMaxWindowBits: 15}}, true},
		{"bad-origin", handshake.Policy{Origins: handshake.Origins{Allow: []string{"a/"}}}, false},
		{"empty-subprotocol", handshake.Policy{Subprotocols: []string{""}}, false},
		{"subprotocol-list", handshake.Policy{Subprotocols: []string{"a, b"}}, false},
		{"subprotocol-twice", handshake.Policy{Subprotocols: []string{"a", "b", "a"}}, false},
		{"server-bits-7", handshake.Policy{Deflate: &handshake.DeflatePolicy{ServerMaxWindowBits: 7}}, false},
		{"server-bits-16", handshake.Policy{Deflate: &handshake.DeflatePolicy{ServerMaxWindowBits: 16}}, false},
		{"client-bits-7", handshake.Policy{Deflate: &handshake.DeflatePolicy{ClientMaxWindowBits: 7}}, false},
		{"client-bits-negative", handshake.Policy{Deflate: &handshake.DeflatePolicy{ClientMaxWindowBits: -1}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.policy.Validate(); tt.ok != (err == nil) {
				t.Errorf("Validate = %v, want ok %v", err, tt.ok)
			}
		})
	}
}

func ExamplePolicy_selectSubprotocol() {
	policy := handshake.Policy{SelectSubprotocol: func(offered []string) string {
		for _, p := range offered {
			if strings.HasPrefix(p, "chat.") {
				return p // the client's order, not ours
			}
		}
		return ""
	}}
	var r handshake.Request
	r.Method, r.Target, r.Proto = "GET", "/", "HTTP/1.1"
	r.Add("Host", "example.com")
	r.Add("Upgrade", "websocket")
	r.Add("Connection", "Upgrade")
	r.Add("Sec-WebSocket-Version", "13")
	r.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	r.Add("Sec-WebSocket-Protocol", "mqtt, chat.v7")
	accepted, err := policy.Check(&r, handshake.HTTP, noPeer)
	fmt.Println(accepted.Subprotocol, err)
	// Output: chat.v7 <nil>
}
