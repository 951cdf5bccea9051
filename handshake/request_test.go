package handshake_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/handshake"
)

func TestRequestParse(t *testing.T) {
	const block = "GET /chat?x=1 HTTP/1.1\r\n" +
		"Host: example.com\r\n" +
		"X-Empty:\r\n" +
		"X-Spaces: \t two  words \t\r\n" +
		"x-colon:a:b\r\n" +
		"X-Bytes: \xe2\x98\x83\xff\r\n" +
		"\r\n"
	want := handshake.Request{Method: "GET", Target: "/chat?x=1", Proto: "HTTP/1.1", Fields: []handshake.Field{
		{Name: "Host", Value: "example.com"},
		{Name: "X-Empty", Value: ""},
		{Name: "X-Spaces", Value: "two  words"},
		{Name: "x-colon", Value: "a:b"},
		{Name: "X-Bytes", Value: "\xe2\x98\x83\xff"},
	}}
	var got handshake.Request
	if err := got.Parse(block); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse(%q) (-want +got):\n%s", block, diff)
	}
	for i := range len(block) {
		if err := got.Parse(block[:i]); !errors.Is(err, handshake.ErrSyntax) {
			t.Errorf("Parse of the first %d bytes = %v, want ErrSyntax", i, err)
		}
		if got.Method != "" || len(got.Fields) != 0 {
			t.Errorf("after an error at %d the request is %+v, want empty", i, got)
		}
	}
}

func TestRequestParseStartLine(t *testing.T) {
	tests := []struct {
		name string
		line string
		ok   bool
	}{
		{"origin-form", "GET / HTTP/1.1", true},
		{"absolute-form", "GET http://example.com/ HTTP/1.1", true},
		{"asterisk-form", "OPTIONS * HTTP/1.1", true},
		{"authority-form", "CONNECT example.com:80 HTTP/1.1", true},
		{"any-token-method", "M-SEARCH!#$%&'*+.^_`|~09 / HTTP/1.1", true},
		{"raw-utf8-target", "GET /房间 HTTP/1.1", true},
		{"http-1.0", "GET / HTTP/1.0", true},
		{"http-1.9", "GET / HTTP/1.9", true},
		{"empty", "", false},
		{"method-only", "GET", false},
		{"http-0.9", "GET /", false},
		{"no-target", "GET  HTTP/1.1", false},
		{"two-spaces-before-target", "GET  / HTTP/1.1", false},
		{"two-spaces-after-target", "GET /  HTTP/1.1", false},
		{"space-at-end", "GET / HTTP/1.1 ", false},
		{"space-in-target", "GET /a b HTTP/1.1", false},
		{"tab-for-space", "GET\t/ HTTP/1.1", false},
		{"tab-in-target", "GET /a\tb HTTP/1.1", false},
		{"nul-in-target", "GET /\x00 HTTP/1.1", false},
		{"del-in-target", "GET /\x7f HTTP/1.1", false},
		{"cr-in-target", "GET /\r HTTP/1.1", false},
		{"fragment", "GET /#top HTTP/1.1", false},
		{"method-no-token", "G@T / HTTP/1.1", false},
		{"method-not-ascii", "GÉT / HTTP/1.1", false},
		{"http-2-preface", "PRI * HTTP/2.0", false},
		{"http-2", "GET / HTTP/2", false},
		{"http-11", "GET / HTTP/11", false},
		{"http-1.10", "GET / HTTP/1.10", false},
		{"http-1.x", "GET / HTTP/1.x", false},
		{"lower-case-proto", "GET / http/1.1", false},
		{"other-proto", "GET / ICY/1.1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r handshake.Request
			err := r.Parse(tt.line + "\r\nHost: a\r\n\r\n")
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, handshake.ErrSyntax) {
				t.Fatalf("Parse(%q) = %v, want ok %v", tt.line, err, tt.ok)
			}
			if line := r.Method + " " + r.Target + " " + r.Proto; tt.ok && line != tt.line {
				t.Errorf("parsed line is %q, want %q", line, tt.line)
			}
		})
	}
}

// fieldLines are tried in requests and in responses.
var fieldLines = []struct {
	name string
	line string
	ok   bool
}{
	{"plain", "A: b", true},
	{"no-space", "A:b", true},
	{"token-name", "!#$%&'*+-.^_`|~09azAZ: b", true},
	{"tab-in-value", "A: b\tc", true},
	{"colon-in-value", "A: :b:", true},
	{"no-colon", "A", false},
	{"empty-name", ": b", false},
	{"space-before-colon", "A : b", false},
	{"tab-before-colon", "A\t: b", false},
	{"space-before-name", " A: b", false},
	{"folded", "A: b\r\n c", false},
	{"folded-by-tab", "A: b\r\n\tc: d", false},
	{"space-in-name", "A B: c", false},
	{"quote-in-name", "\"A\": c", false},
	{"name-not-ascii", "Ä: c", false},
	{"nul-in-name", "A\x00: c", false},
	{"nul-in-value", "A: \x00", false},
	{"bare-cr-in-value", "A: b\rC: d", false},
	{"cr-cr-lf", "A: b\r", false},
	{"bare-lf-in-value", "A: b\nC: d", false},
	{"escape-in-value", "A: \x1b[31m", false},
	{"del-in-value", "A: \x7f", false},
	{"vertical-tab-in-value", "A: \x0b", false},
}

func TestRequestParseFields(t *testing.T) {
	for _, tt := range fieldLines {
		t.Run(tt.name, func(t *testing.T) {
			var r handshake.Request
			err := r.Parse("GET / HTTP/1.1\r\n" + tt.line + "\r\nLast: 1\r\n\r\n")
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, handshake.ErrSyntax) {
				t.Fatalf("Parse of %q = %v, want ok %v", tt.line, err, tt.ok)
			}
		})
	}
}

// Every byte in every position of a field and of the request line: what is let through is exactly
// what the grammar has.
func TestRequestParseEveryByte(t *testing.T) {
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for b := range 256 {
		c := string([]byte{byte(b)})
		visible := b > ' ' && b != 0x7f
		checks := []struct {
			place, block string
			ok           bool
		}{
			{"method", "G" + c + "T / HTTP/1.1\r\n\r\n", strings.Contains(token, c)},
			{"target", "GET /" + c + "a HTTP/1.1\r\n\r\n", visible && c != "#"},
			{"name", "GET / HTTP/1.1\r\nA" + c + "B: c\r\n\r\n", strings.Contains(token, c) || c == ":"},
			{"value", "GET / HTTP/1.1\r\nA: b" + c + "c\r\n\r\n", visible || c == " " || c == "\t"},
		}
		for _, tt := range checks {
			var r handshake.Request
			if err := r.Parse(tt.block); tt.ok != (err == nil) {
				t.Errorf("byte %#02x in the %s: %v, want ok %v", b, tt.place, err, tt.ok)
			}
		}
	}
}

func TestRequestParseBytesAfterBlock(t *testing.T) {
	var r handshake.Request
	if err := r.Parse("GET / HTTP/1.1\r\nA: b\r\n\r\nC: d\r\n\r\n"); !errors.Is(err, handshake.ErrSyntax) {
		t.Errorf("Parse = %v, want ErrSyntax", err)
	}
}

func TestRequestParseTooManyFields(t *testing.T) {
	var r handshake.Request
	for n, want := range map[int]error{128: nil, 129: handshake.ErrHeaderTooLarge} {
		block := "GET / HTTP/1.1\r\n" + strings.Repeat("a:\r\n", n) + "\r\n"
		if err := r.Parse(block); !errors.Is(err, want) {
			t.Errorf("%d fields: %v, want %v", n, err, want)
		}
	}
}

// A request written from what was parsed is the request that was parsed.
func TestRequestParseKeepsEverything(t *testing.T) {
	const block = "GET /a?b=c&d HTTP/1.1\r\nHost: x\r\ncookie: a=b; c=\"d\"\r\nCookie: e\r\nA: \r\n\r\n"
	var r handshake.Request
	if err := r.Parse(block); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s %s %s\r\n", r.Method, r.Target, r.Proto)
	for _, f := range r.Fields {
		got += f.Name + ": " + f.Value + "\r\n"
	}
	if got += "\r\n"; got != block {
		t.Errorf("written back: %q, want %q", got, block)
	}
}

func TestRequestTarget(t *testing.T) {
	tests := []struct{ name, target, path, query string }{
		{"zero", "", "/", ""},
		{"root", "/", "/", ""},
		{"query", "/a/b?c=d", "/a/b", "c=d"},
		{"empty-query", "/a?", "/a", ""},
		{"two-question-marks", "/a?b?c", "/a", "b?c"},
		{"escaped", "/a%2Fb", "/a%2Fb", ""},
		{"url-in-query", "/?u=http://x/y", "/", "u=http://x/y"},
		{"two-slashes", "//x/y", "//x/y", ""},
		{"absolute", "http://x:80/a?b", "/a", "b"},
		{"absolute-without-path", "http://x", "/", ""},
		{"absolute-with-query-only", "ws://x?b/c", "/", "b/c"},
		{"asterisk", "*", "*", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := handshake.Request{Target: tt.target}
			if p, q := r.Path(), r.RawQuery(); p != tt.path || q != tt.query {
				t.Errorf("target %q has path %q, query %q; want %q, %q", tt.target, p, q, tt.path, tt.query)
			}
		})
	}
}

func TestRequestFields(t *testing.T) {
	var r handshake.Request
	r.Add("Host", "h")
	r.Add("X-A", "1")
	r.Add("x-a", "2")
	r.Add("X-a", "3")
	if got := r.Get("x-A"); got != "1" {
		t.Errorf("Get = %q, want the first", got)
	}
	if got := r.Get("Absent"); got != "" {
		t.Errorf("Get of an absent field = %q", got)
	}
	if got := r.Host(); got != "h" {
		t.Errorf("Host = %q", got)
	}
	if diff := cmp.Diff([]string{"1", "2", "3"}, slices.Collect(r.Values("X-A"))); diff != "" {
		t.Errorf("Values (-want +got):\n%s", diff)
	}
	for v := range r.Values("X-A") {
		if v == "2" {
			break // an iterator that goes on after this would panic
		}
	}
	r.Reset()
	if r.Host() != "" || len(r.Fields) != 0 {
		t.Errorf("after Reset: %+v", r)
	}
	if all := r.Fields[:4]; all[0] != (handshake.Field{}) {
		t.Errorf("Reset keeps strings of the last request alive: %q", all)
	}
}

// The names are compared in ASCII: a Kelvin sign is no k, whatever Unicode folds it to.
func TestRequestGetFoldsASCIIOnly(t *testing.T) {
	var r handshake.Request
	r.Add("Sec-Web\u017focket-\u212aey", "x")
	if got := r.Get("Sec-WebSocket-Key"); got != "" {
		t.Errorf("Get = %q, want nothing", got)
	}
}

func TestRequestParseDoesNotAllocate(t *testing.T) {
	block := "GET / HTTP/1.1\r\n" + strings.Repeat("Some-Name: some value\r\n", 50) + "\r\n"
	var r handshake.Request
	allocs := testing.AllocsPerRun(100, func() {
		if err := r.Parse(block); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations for 50 fields, want 0", allocs)
	}
}

func ExampleRequest_Parse() {
	var r handshake.Request
	err := r.Parse("GET /room/7?lang=de HTTP/1.1\r\nHost: example.com\r\n\r\n")
	fmt.Println(err, r.Path(), r.RawQuery(), r.Host())

	err = r.Parse("GET / HTTP/1.1\r\nHost : example.com\r\n\r\n")
	fmt.Println(err)
	// Output:
	// <nil> /room/7 lang=de example.com
	// handshake: malformed HTTP/1.1 header: field name is no token
}
