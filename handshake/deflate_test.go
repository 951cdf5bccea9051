package handshake_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/handshake"
)

// answerLine takes offers through a server and returns the value of Sec-WebSocket-Extensions in its
// answer, "" if there is none.
func answerLine(t *testing.T, policy *handshake.DeflatePolicy, lines ...string) (string, handshake.Accepted, error) {
	t.Helper()
	var changes []string
	for _, l := range lines {
		changes = append(changes, "+Sec-WebSocket-Extensions: "+l)
	}
	a, err := check(&handshake.Policy{Deflate: policy}, request(changes...), handshake.HTTP, noPeer)
	if err != nil {
		return "", a, err
	}
	answer, err := handshake.AppendAccepted(nil, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	var r handshake.Response
	if err := r.Parse(string(answer)); err != nil {
		t.Fatalf("Parse(%q) = %v", answer, err)
	}
	line := r.Get("Sec-WebSocket-Extensions")
	if a.Compressed != (line != "") {
		t.Errorf("Compressed is %v, but the answer says %q", a.Compressed, line)
	}
	return line, a, nil
}

func TestDeflateServer(t *testing.T) {
	const name = "permessage-deflate"
	lax := handshake.DeflatePolicy{}
	tests := []struct {
		name   string
		policy handshake.DeflatePolicy
		offer  string
		want   string // "" where declined
	}{
		{"plain", lax, name, name},
		{"as-browsers-do", lax, name + "; client_max_window_bits", name + "; client_max_window_bits=12"},
		{"client-bits-without-context", lax, name + "; client_max_window_bits; client_no_context_takeover", name + "; client_no_context_takeover"},
		{"client-bits-without-context-by-policy", handshake.DeflatePolicy{ClientNoContextTakeover: true}, name + "; client_max_window_bits", name + "; client_no_context_takeover"},
		{"policy-client-bits-15-open", handshake.DeflatePolicy{ClientMaxWindowBits: 15}, name + "; client_max_window_bits", name},
		{"server-takeover", lax, name + "; server_no_context_takeover", name + "; server_no_context_takeover"},
		{"client-takeover", lax, name + "; client_no_context_takeover", name + "; client_no_context_takeover"},
		{"both-takeovers-in-any-order", lax, name + ";client_no_context_takeover;server_no_context_takeover", name + "; server_no_context_takeover; client_no_context_takeover"},
		{"server-bits", lax, name + "; server_max_window_bits=10", name + "; server_max_window_bits=10"},
		{"server-bits-8", lax, name + "; server_max_window_bits=8", name + "; server_max_window_bits=8"},
		{"server-bits-15-are-answered", lax, name + "; server_max_window_bits=15", name + "; server_max_window_bits=15"},
		{"client-bits", lax, name + "; client_max_window_bits=9", name + "; client_max_window_bits=9"},
		{"client-bits-15", lax, name + "; client_max_window_bits=15", name + "; client_max_window_bits=12"},
		{"all-four", lax, name + "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=8",
			name + "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=8"},
		{"quoted", lax, name + `; server_max_window_bits="10"`, name + "; server_max_window_bits=10"},
		{"quoted-with-escapes", lax, name + `; server_max_window_bits="\1\0"`, name + "; server_max_window_bits=10"},
		{"spaces-and-tabs", lax, "\t" + name + " \t;\tserver_max_window_bits = 10 ", name + "; server_max_window_bits=10"},

		{"policy-takeovers", handshake.DeflatePolicy{ServerNoContextTakeover: true, ClientNoContextTakeover: true}, name,
			name + "; server_no_context_takeover; client_no_context_takeover"},
		{"policy-server-bits-unasked", handshake.DeflatePolicy{ServerMaxWindowBits: 11}, name, name + "; server_max_window_bits=11"},
		{"policy-server-bits-below-offer", handshake.DeflatePolicy{ServerMaxWindowBits: 9}, name + "; server_max_window_bits=12", name + "; server_max_window_bits=9"},
		{"policy-server-bits-above-offer", handshake.DeflatePolicy{ServerMaxWindowBits: 14}, name + "; server_max_window_bits=12", name + "; server_max_window_bits=12"},
		{"policy-client-bits-open", handshake.DeflatePolicy{ClientMaxWindowBits: 10}, name + "; client_max_window_bits", name + "; client_max_window_bits=10"},
		{"policy-client-bits-below-offer", handshake.DeflatePolicy{ClientMaxWindowBits: 10}, name + "; client_max_window_bits=12", name + "; client_max_window_bits=10"},
		{"policy-client-bits-above-offer", handshake.DeflatePolicy{ClientMaxWindowBits: 12}, name + "; client_max_window_bits=10", name + "; client_max_window_bits=10"},
		{"policy-client-bits-not-offered", handshake.DeflatePolicy{ClientMaxWindowBits: 10}, name, ""},
		{"policy-client-bits-15-not-offered", handshake.DeflatePolicy{ClientMaxWindowBits: 15}, name, name},

		{"other-extension", lax, "x-webkit-deflate-frame", ""},
		{"other-extension-first", lax, `foo; a=1; b="2"; c, ` + name, name},
		{"constructor", lax, "constructor, __proto__; toString, hasOwnProperty", ""},
		{"name-in-other-case", lax, "Permessage-Deflate", ""},
		{"name-begins-so", lax, name + "-frame", ""},
		{"empty-value", lax, "", ""},
		{"commas-only", lax, ", ,,\t,", ""},
		{"empty-elements", lax, ",," + name + ",,", name},

		{"unknown-parameter", lax, name + "; foo", ""},
		{"unknown-parameter-constructor", lax, name + "; constructor", ""},
		{"parameter-in-other-case", lax, name + "; Server_No_Context_Takeover", ""},
		{"takeover-with-value", lax, name + "; server_no_context_takeover=1", ""},
		{"takeover-with-quoted-value", lax, name + `; client_no_context_takeover="1"`, ""},
		{"server-takeover-twice", lax, name + "; server_no_context_takeover; server_no_context_takeover", ""},
		{"client-takeover-twice", lax, name + "; client_no_context_takeover; client_no_context_takeover", ""},
		{"server-bits-twice", lax, name + "; server_max_window_bits=10; server_max_window_bits=10", ""},
		{"client-bits-twice", lax, name + "; client_max_window_bits; client_max_window_bits", ""},
		{"client-bits-twice-with-values", lax, name + "; client_max_window_bits=10; client_max_window_bits=10", ""},
		{"five-parameters", lax, name + "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits; foo", ""},
		{"server-bits-without-value", lax, name + "; server_max_window_bits", ""},
		{"bits-7", lax, name + "; server_max_window_bits=7", ""},
		{"bits-16", lax, name + "; server_max_window_bits=16", ""},
		{"bits-0", lax, name + "; client_max_window_bits=0", ""},
		{"bits-leading-zero", lax, name + "; server_max_window_bits=08", ""},
		{"bits-leading-zero-quoted", lax, name + `; server_max_window_bits="\010"`, ""},
		{"bits-trailing-letter", lax, name + "; server_max_window_bits=10x", ""},
		{"bits-sign", lax, name + "; server_max_window_bits=+10", ""},
		{"bits-hex", lax, name + "; server_max_window_bits=0xa", ""},
		{"bits-overflow", lax, name + "; server_max_window_bits=18446744073709551626", ""},
		{"client-bits-16", lax, name + "; client_max_window_bits=16", ""},

		{"fallback", lax, name + "; server_max_window_bits=7, " + name, name},
		{"fallback-past-unknown-parameter", lax, name + "; foo, " + name + "; client_no_context_takeover", name + "; client_no_context_takeover"},
		{"fallback-past-policy", handshake.DeflatePolicy{ClientMaxWindowBits: 9}, name + ", " + name + "; client_max_window_bits", name + "; client_max_window_bits=9"},
		{"first-acceptable-wins", lax, name + "; server_max_window_bits=9, " + name + "; server_max_window_bits=10", name + "; server_max_window_bits=9"},
		{"last-one-looked-at", lax, strings.Repeat("x,", 31) + name, name},
		{"past-those-looked-at", lax, strings.Repeat("x,", 32) + name, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := answerLine(t, &tt.policy, tt.offer)
			if got != tt.want || err != nil {
				t.Errorf("offer %q is answered with %q, %v; want %q", tt.offer, got, err, tt.want)
			}
		})
	}
}

func TestDeflateServerRepeatedLines(t *testing.T) {
	got, a, err := answerLine(t, &handshake.DeflatePolicy{}, "foo", "permessage-deflate; bar", "permessage-deflate; client_max_window_bits=9")
	if want := "permessage-deflate; client_max_window_bits=9"; got != want || err != nil {
		t.Errorf("answer %q, %v; want %q", got, err, want)
	}
	want := handshake.Deflate{ServerMaxWindowBits: 15, ClientMaxWindowBits: 9}
	if diff := cmp.Diff(want, a.Deflate); diff != "" {
		t.Errorf("agreed (-want +got):\n%s", diff)
	}
}

func TestDeflateServerDeclinesWithoutPolicy(t *testing.T) {
	if got, _, err := answerLine(t, nil, "permessage-deflate"); got != "" || err != nil {
		t.Errorf("answer %q, %v; want none", got, err)
	}
}

// Text that breaks the grammar fails the handshake, wanted or not (RFC 6455 §9.1).
func TestExtensionGrammar(t *testing.T) {
	tests := []struct{ name, line string }{
		{"space-in-name", "a b"},
		{"no-name", "; a"},
		{"no-name-second", "a, ; b"},
		{"no-parameter", "a;"},
		{"no-parameter-second", "a; ; b"},
		{"no-parameter-before-comma", "a; , b"},
		{"no-value", "a; b="},
		{"no-value-before-next", "a; b=; c"},
		{"no-parameter-name", "a; =b"},
		{"value-on-the-name", "a=b"},
		{"two-values", "a; b=c=d"},
		{"space-in-value", "a; b=c d"},
		{"quoted-empty", `a; b=""`},
		{"quoted-space", `a; b="c d"`},
		{"quoted-comma", `a; b="c,d"`},
		{"quoted-open", `a; b="c`},
		{"quoted-open-at-once", `a; b="`},
		{"quoted-open-escape", `a; b="c\`},
		{"quoted-escaped-end", `a; b="c\"`},
		{"quoted-escaped-quote", `a; b="c\"d"`},
		{"quoted-escaped-backslash", `a; b="c\\d"`},
		{"quoted-then-text", `a; b="c"d`},
		{"quoted-name", `"a"`},
		{"quote-in-value", `a; b=c"d"`},
		{"not-ascii", "ä"},
		{"semicolon-only", ";"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, policy := range []*handshake.DeflatePolicy{nil, {}} {
				if _, _, err := answerLine(t, policy, tt.line); !errors.Is(err, handshake.ErrExtension) {
					t.Errorf("%q: %v, want ErrExtension", tt.line, err)
				}
			}
			if _, _, err := answerLine(t, nil, "ok; a=b", tt.line); !errors.Is(err, handshake.ErrExtension) {
				t.Errorf("%q on the second line: %v, want ErrExtension", tt.line, err)
			}
			if _, err := clientCheck(&handshake.ClientRequest{Deflate: []handshake.DeflateOffer{{}}}, "Sec-WebSocket-Extensions: "+tt.line); !errors.Is(err, handshake.ErrExtension) {
				t.Errorf("%q in an answer: %v, want ErrExtension", tt.line, err)
			}
		})
	}
}

// Lists of a megabyte, of the kinds that ran for minutes elsewhere: spaces before a comma, open
// quotes, runs of backslashes. A parser that isn't linear doesn't come back from this.
func TestListsAreLinear(t *testing.T) {
	const n = 1 << 20
	values := map[string]string{
		"spaces":          "a" + strings.Repeat(" ", n) + "b",
		"spaces-and-tabs": strings.Repeat(" \t", n/2) + "x",
		"commas":          strings.Repeat(",", n),
		"comma-spaces":    strings.Repeat(", ", n/2),
		"semicolons":      "a" + strings.Repeat("; b", n/3),
		"equals":          "a; b" + strings.Repeat("=", n),
		"open-quote":      `a; b="` + strings.Repeat("c", n),
		"backslashes":     `a; b="` + strings.Repeat(`\`, n),
		"escaped-letters": `a; b="` + strings.Repeat(`\a`, n/2),
		"quotes":          `a; b=` + strings.Repeat(`"`, n),
		"long-token":      strings.Repeat("a", n),
		"offers":          strings.Repeat("permessage-deflate; foo,", n/24),
		"digits":          "permessage-deflate; server_max_window_bits=" + strings.Repeat("1", n),
	}
	policy := handshake.Policy{Subprotocols: []string{"z"}, Deflate: &handshake.DeflatePolicy{}}
	for name, v := range values {
		for _, field := range []string{"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Upgrade", "Connection", "Host", "Origin", "Sec-WebSocket-Key"} {
			t.Run(name+"/"+field, func(t *testing.T) {
				var r handshake.Request
				if err := r.Parse(request(field + ": " + v)); err != nil {
					t.Fatal(err)
				}
				if a, err := policy.Check(&r, handshake.HTTP, noPeer); err == nil && (a.Compressed || a.Subprotocol != "") {
					t.Errorf("agreed on %+v", a)
				}
			})
		}
	}
}

func TestDeflateClient(t *testing.T) {
	const name = "permessage-deflate"
	type offers = []handshake.DeflateOffer
	open := offers{{}}
	tests := []struct {
		name   string
		offers offers
		answer string
		want   handshake.Deflate // the zero value where the answer is refused
	}{
		{"plain", open, name, handshake.Deflate{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{"all-four", open, name + "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=8",
			handshake.Deflate{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 9, ClientMaxWindowBits: 8}},
		{"quoted", open, name + `; client_max_window_bits="1\1"`, handshake.Deflate{ServerMaxWindowBits: 15, ClientMaxWindowBits: 11}},

		{"server-takeover-asked-and-answered", offers{{ServerNoContextTakeover: true}}, name + "; server_no_context_takeover",
			handshake.Deflate{ServerNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{"server-takeover-asked-not-answered", offers{{ServerNoContextTakeover: true}}, name, handshake.Deflate{}},
		{"client-takeover-promised", offers{{ClientNoContextTakeover: true}}, name,
			handshake.Deflate{ClientNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},

		{"server-bits-asked-and-answered", offers{{ServerMaxWindowBits: 10}}, name + "; server_max_window_bits=10",
			handshake.Deflate{ServerMaxWindowBits: 10, ClientMaxWindowBits: 15}},
		{"server-bits-answered-lower", offers{{ServerMaxWindowBits: 10}}, name + "; server_max_window_bits=8",
			handshake.Deflate{ServerMaxWindowBits: 8, ClientMaxWindowBits: 15}},
		{"server-bits-answered-higher", offers{{ServerMaxWindowBits: 10}}, name + "; server_max_window_bits=11", handshake.Deflate{}},
		{"server-bits-asked-not-answered", offers{{ServerMaxWindowBits: 10}}, name, handshake.Deflate{}},
		{"server-bits-15-asked-not-answered", offers{{ServerMaxWindowBits: 15}}, name, handshake.Deflate{}},

		{"client-bits-within-promise", offers{{ClientMaxWindowBits: 10}}, name + "; client_max_window_bits=9",
			handshake.Deflate{ServerMaxWindowBits: 15, ClientMaxWindowBits: 9}},
		{"client-bits-above-promise", offers{{ClientMaxWindowBits: 10}}, name + "; client_max_window_bits=11", handshake.Deflate{}},
		{"client-bits-promised-not-answered", offers{{ClientMaxWindowBits: 10}}, name,
			handshake.Deflate{ServerMaxWindowBits: 15, ClientMaxWindowBits: 10}},
		{"client-bits-not-offered", offers{{ClientMaxWindowBits: -1}}, name + "; client_max_window_bits=15", handshake.Deflate{}},
		{"client-bits-not-offered-nor-answered", offers{{ClientMaxWindowBits: -1}}, name, handshake.Deflate{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{"client-bits-without-value", open, name + "; client_max_window_bits", handshake.Deflate{}},

		{"fits-the-second-offer", offers{{ServerMaxWindowBits: 9}, {ClientNoContextTakeover: true}}, name,
			handshake.Deflate{ClientNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{"nothing-offered", nil, name, handshake.Deflate{}},
		{"other-extension", open, "foo", handshake.Deflate{}},
		{"other-extension-beside", open, name + ", foo", handshake.Deflate{}},
		{"other-extension-before", open, "foo, " + name, handshake.Deflate{}},
		{"twice", open, name + ", " + name, handshake.Deflate{}},
		{"unknown-parameter", open, name + "; foo", handshake.Deflate{}},
		{"parameter-twice", open, name + "; server_no_context_takeover; server_no_context_takeover", handshake.Deflate{}},
		{"takeover-with-value", open, name + "; server_no_context_takeover=true", handshake.Deflate{}},
		{"bits-7", open, name + "; server_max_window_bits=7", handshake.Deflate{}},
		{"bits-16", open, name + "; client_max_window_bits=16", handshake.Deflate{}},
		{"bits-leading-zero", open, name + "; client_max_window_bits=09", handshake.Deflate{}},
		{"server-bits-without-value", open, name + "; server_max_window_bits", handshake.Deflate{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := handshake.ClientRequest{Deflate: tt.offers}
			a, err := clientCheck(&c, "Sec-WebSocket-Extensions: "+tt.answer)
			if refused := tt.want == (handshake.Deflate{}); refused != errors.Is(err, handshake.ErrExtension) || refused == a.Compressed {
				t.Fatalf("offers %+v, answer %q: %+v, %v", tt.offers, tt.answer, a, err)
			}
			if diff := cmp.Diff(tt.want, a.Deflate); diff != "" {
				t.Errorf("agreed (-want +got):\n%s", diff)
			}
		})
	}
}

// For every offer and every policy: a server that accepts answers something the client agrees to, and
// both mean the same; what one side asked for holds.
func TestDeflateEveryCombination(t *testing.T) {
	bits := []int{0, 8, 9, 12, 15}
	n, accepted := 0, 0
	for mask := range 1 << 4 {
		for _, so := range bits {
			for _, co := range []int{-1, 0, 8, 9, 12, 15} {
				for _, sp := range bits {
					for _, cp := range bits {
						offer := handshake.DeflateOffer{ServerNoContextTakeover: mask&1 != 0, ClientNoContextTakeover: mask&2 != 0, ServerMaxWindowBits: so, ClientMaxWindowBits: co}
						policy := handshake.DeflatePolicy{ServerNoContextTakeover: mask&4 != 0, ClientNoContextTakeover: mask&8 != 0, ServerMaxWindowBits: sp, ClientMaxWindowBits: cp}
						n++
						if combine(t, offer, policy) {
							accepted++
						}
					}
				}
			}
		}
	}
	// Declined is only what can't keep to a cap: no choice for the server, and a cap of 8, 9 or 12.
	if declined := 16 * 5 * 5 * 3; n-accepted != declined {
		t.Errorf("%d of %d combinations declined, want %d", n-accepted, n, declined)
	}
}

// combine runs one handshake, and reports whether compression was agreed on.
func combine(t *testing.T, offer handshake.DeflateOffer, policy handshake.DeflatePolicy) bool {
	t.Helper()
	c := handshake.ClientRequest{Host: "a", Target: "/", Key: sampleKey, Deflate: []handshake.DeflateOffer{offer}}
	out, err := c.Append(nil)
	if err != nil {
		t.Fatalf("%+v: %v", offer, err)
	}
	server, err := check(&handshake.Policy{Deflate: &policy}, string(out), handshake.HTTP, noPeer)
	if err != nil {
		t.Fatalf("%+v against %+v: %v", offer, policy, err)
	}
	answer, _ := handshake.AppendAccepted(nil, server, nil)
	var resp handshake.Response
	if err := resp.Parse(string(answer)); err != nil {
		t.Fatal(err)
	}
	client, err := c.Check(&resp)
	if err != nil || client.Compressed != server.Compressed || client.Deflate != server.Deflate {
		t.Fatalf("%+v against %+v: server has %+v, client %+v, %v", offer, policy, server, client, err)
	}
	d := server.Deflate
	capped := func(bits, limit int) bool { return limit <= 0 || bits <= limit }
	if server.Compressed && !(capped(d.ServerMaxWindowBits, offer.ServerMaxWindowBits) && capped(d.ServerMaxWindowBits, policy.ServerMaxWindowBits) &&
		capped(d.ClientMaxWindowBits, offer.ClientMaxWindowBits) && capped(d.ClientMaxWindowBits, policy.ClientMaxWindowBits) &&
		d.ServerNoContextTakeover == (offer.ServerNoContextTakeover || policy.ServerNoContextTakeover) &&
		d.ClientNoContextTakeover == (offer.ClientNoContextTakeover || policy.ClientNoContextTakeover)) {
		t.Fatalf("%+v against %+v gives %+v", offer, policy, d)
	}
	return server.Compressed
}

func ExampleDeflatePolicy() {
	policy := handshake.Policy{Deflate: &handshake.DeflatePolicy{ServerMaxWindowBits: 12}}
	var r handshake.Request
	err := r.Parse("GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n\r\n")
	if err != nil {
		return
	}
	accepted, err := policy.Check(&r, handshake.HTTP, noPeer)
	fmt.Println(accepted.Compressed, accepted.Deflate.ServerMaxWindowBits, accepted.Deflate.ClientMaxWindowBits, err)
	// Output: true 12 10 <nil>
}
