package handshake_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

// A block that HeaderEnd delimits is found whatever the cut; what Parse takes is in the grammar, and
// writes back to a block that parses to the same; Check never panics, and every fault has an answer
// that our own client can read.
func FuzzRequest(f *testing.F) {
	f.Add(request(), 10)
	f.Add(request("GET http://[::1]:80/a?b HTTP/1.1", "Host: [::1]:80"), 3)
	f.Add(request("Origin: https://x.example.com:8443", "Sec-WebSocket-Protocol: a,, b"), 0)
	f.Add(request("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"1\\0\", permessage-deflate"), 99)
	f.Add(request("X: a\r\n b"), 50)
	f.Add("GET / HTTP/1.1\nHost: a\n\n", 15)
	f.Add("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 16)
	f.Add("GET / HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 20)
	policy := handshake.Policy{
		Origins:      handshake.Origins{Allow: []string{"https://*.example.com:*", "b"}, LocalFiles: true},
		Subprotocols: []string{"b", "a"},
		Deflate:      &handshake.DeflatePolicy{ClientMaxWindowBits: 12},
	}
	f.Fuzz(func(t *testing.T, raw string, cut int) {
		const max = 2048
		n, err := handshake.HeaderEnd([]byte(raw), 0, max)
		if cut = min(max, len(raw), cut); cut > 0 {
			n2, err2 := handshake.HeaderEnd([]byte(raw[:cut]), 0, max)
			if n2 == 0 && err2 == nil {
				n2, err2 = handshake.HeaderEnd([]byte(raw), cut, max)
			}
			if n2 != n || (err == nil) != (err2 == nil) {
				t.Fatalf("%q at once %d, %v; cut at %d: %d, %v", raw, n, err, cut, n2, err2)
			}
		}
		if n == 0 {
			return
		}
		if n > max || !strings.HasSuffix(raw[:n], "\r\n\r\n") || strings.Contains(raw[:n-1], "\r\n\r\n") {
			t.Fatalf("HeaderEnd(%q) = %d", raw, n)
		}
		var r handshake.Request
		if err = r.Parse(raw[:n]); err == nil {
			fuzzWriteBack(t, &r)
			_, err = policy.Check(&r, handshake.HTTP, netip.IPv6LinkLocalAllNodes())
		}
		if err != nil {
			fuzzAnswer(t, err)
		}
	})
}

// fuzzWriteBack holds r to the grammar by writing it and parsing it again.
func fuzzWriteBack(t *testing.T, r *handshake.Request) {
	t.Helper()
	var b strings.Builder
	b.WriteString(r.Method + " " + r.Target + " " + r.Proto + "\r\n")
	for _, f := range r.Fields {
		if strings.ContainsAny(f.Name+f.Value, "\r\n\x00") || strings.ContainsAny(f.Name, " \t:") {
			t.Fatalf("field %q", f)
		}
		b.WriteString(f.Name + ":" + f.Value + "\r\n")
	}
	b.WriteString("\r\n")
	var again handshake.Request
	if err := again.Parse(b.String()); err != nil {
		t.Fatalf("%q does not parse again: %v", b.String(), err)
	}
	if again.Path() != r.Path() || again.RawQuery() != r.RawQuery() || again.Host() != r.Host() || len(again.Fields) != len(r.Fields) {
		t.Fatalf("%+v became %+v", r, again)
	}
}

func fuzzAnswer(t *testing.T, err error) {
	t.Helper()
	answer := handshake.AppendRefusal(nil, err)
	n, errEnd := handshake.HeaderEnd(answer, 0, -1)
	var resp handshake.Response
	if errParse := resp.Parse(string(answer[:n])); errEnd != nil || errParse != nil || resp.Status != handshake.Status(err) || resp.Status < 400 {
		t.Fatalf("%v is answered with %q: %v, %v", err, answer, errEnd, errParse)
	}
}

// A client takes no answer that it could not have provoked, and never panics.
func FuzzResponse(f *testing.F) {
	const ok = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	f.Add(ok + "\r\n")
	f.Add(ok + "Sec-WebSocket-Protocol: a\r\n\r\n")
	f.Add(ok + "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; client_max_window_bits=\"1\\0\"\r\n\r\n")
	f.Add("HTTP/1.1 302\r\nLocation: /\r\n\r\n")
	f.Fuzz(func(t *testing.T, block string) {
		var r handshake.Response
		if err := r.Parse(block); err != nil {
			if !errors.Is(err, handshake.ErrSyntax) && !errors.Is(err, handshake.ErrHeaderTooLarge) {
				t.Fatalf("Parse(%q) = %v", block, err)
			}
			return
		}
		c := handshake.ClientRequest{Key: sampleKey, Subprotocols: []string{"a", "b"},
			Deflate: []handshake.DeflateOffer{{ServerMaxWindowBits: 10}, {ServerNoContextTakeover: true, ClientMaxWindowBits: 11}}}
		a, err := c.Check(&r)
		if err != nil {
			_ = err.Error()
			return
		}
		d := a.Deflate
		if r.Status != 101 || r.Get("Sec-WebSocket-Accept") != a.AcceptKey || a.Subprotocol != r.Get("Sec-WebSocket-Protocol") ||
			a.Compressed && (d.ServerMaxWindowBits > 10 && !d.ServerNoContextTakeover || d.ServerMaxWindowBits < 8 || d.ClientMaxWindowBits < 8 || d.ClientMaxWindowBits > 15) {
			t.Fatalf("%q is taken as %+v", block, a)
		}
	})
}

// An extension header of any shape is refused, declined or agreed to; what is agreed to is written in a
// way that a client takes.
func FuzzExtensions(f *testing.F) {
	for _, s := range []string{
		"", "permessage-deflate", "permessage-deflate; client_max_window_bits, permessage-deflate",
		"permessage-deflate; server_max_window_bits=\"\\1\\0\"; server_no_context_takeover",
		`a; b="c\"d", e`, `a; b="` + `\\\\\\`, ",,, ,", "constructor; __proto__=1", "a" + strings.Repeat(" ", 50) + "b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := handshake.Request{Method: "GET", Target: "/", Proto: "HTTP/1.1"}
		for _, line := range opening[1:] {
			name, v, _ := strings.Cut(line, ": ")
			r.Add(name, v)
		}
		r.Add("Sec-WebSocket-Extensions", value)
		policy := handshake.Policy{Deflate: &handshake.DeflatePolicy{}}
		a, err := policy.Check(&r, handshake.HTTP, noPeer)
		if err != nil {
			if !errors.Is(err, handshake.ErrExtension) {
				t.Fatalf("%q: %v", value, err)
			}
			return
		}
		if a.Compressed != (a.Deflate != handshake.Deflate{}) || a.Compressed && !strings.Contains(value, "permessage-deflate") {
			t.Fatalf("%q is agreed to as %+v", value, a)
		}
		if !a.Compressed {
			return
		}
		answer, err := handshake.AppendAccepted(nil, a, nil)
		if err != nil {
			t.Fatal(err)
		}
		var resp handshake.Response
		if err := resp.Parse(string(answer)); err != nil {
			t.Fatal(err)
		}
		c := handshake.ClientRequest{Key: sampleKey, Deflate: []handshake.DeflateOffer{{}}}
		if b, err := c.Check(&resp); err != nil || b.Deflate != a.Deflate {
			t.Fatalf("%q: server has %+v, client %+v, %v", value, a, b, err)
		}
	})
}

// Whatever the pattern, an origin that comes in is one by net/url's reading too, without user, path or
// query; and a pattern that Validate finds fault with lets nobody in.
func FuzzOrigins(f *testing.F) {
	f.Add("https://*.example.com:*", "https://a.example.com")
	f.Add("*:1", "null")
	f.Add("http://[::1]", "http://[::1]:80")
	f.Add("app://x", "app://X")
	f.Fuzz(func(t *testing.T, pattern, origin string) {
		policy := handshake.Policy{Origins: handshake.Origins{Allow: []string{pattern}}}
		r := handshake.Request{Method: "GET", Target: "/", Proto: "HTTP/1.1"}
		for _, line := range opening[1:] {
			name, v, _ := strings.Cut(line, ": ")
			r.Add(name, v)
		}
		r.Add("Origin", origin)
		if _, err := policy.Check(&r, handshake.HTTP, noPeer); err != nil {
			return
		}
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("pattern %q lets %q in", pattern, origin)
		}
		same := u.Scheme == "http" && strings.EqualFold(u.Hostname(), "example.com") && (u.Port() == "" || strings.TrimLeft(u.Port(), "0") == "80")
		if err := policy.Validate(); err != nil && !same {
			t.Fatalf("bad pattern %q (%v) lets %q in", pattern, err, origin)
		}
	})
}
