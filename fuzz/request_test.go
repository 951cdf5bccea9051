package fuzz_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

// headerLimit is the longest header block that the targets take, in bytes.
const headerLimit = 2048

// FuzzHandshakeRequest: an opening request that is accepted has all that
// RFC 6455 §4.2.1 wants, by a reading by hand; net/http reads the same request,
// of the same host, that ends at the same byte and has no body; and any other gets
// an answer that net/http can read.
func FuzzHandshakeRequest(f *testing.F) {
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		end, err := headerEnd(stream, nil)
		for _, how := range [][]byte{{0}, cuts} {
			if cutEnd, cutErr := headerEnd(stream, how); cutEnd != end || (cutErr == nil) != (err == nil) {
				t.Fatalf("%q ends at %d, %v; when cut at %d, %v", stream, end, err, cutEnd, cutErr)
			}
		}
		if err == nil && end == 0 {
			if bareLF.Match(stream) || len(stream) >= headerLimit {
				t.Fatalf("%q: what can't become a header is waited for", stream)
			}
			return
		}
		var r handshake.Request
		if err == nil {
			err = r.Parse(string(stream[:end]))
		}
		policy := handshake.Policy{Subprotocols: []string{"chat", "superchat"}, Deflate: &handshake.DeflatePolicy{}}
		var accepted handshake.Accepted
		if err == nil {
			accepted, err = policy.Check(&r, handshake.HTTP, netip.Addr{})
		}
		if err != nil {
			checkRefusal(t, err)
			return
		}
		checkAcceptable(t, string(stream[:end]), accepted)
		checkSameToNetHTTP(t, stream, end, &r)
		checkAnswer(t, accepted)
	})
}

// headerEnd looks for the end of a header in pieces that come one after the other.
func headerEnd(stream, cuts []byte) (n int, err error) {
	seen := 0
	for p := range pieces(stream, cuts) {
		scanned := seen
		seen += len(p)
		if n, err = handshake.HeaderEnd(stream[:seen], scanned, headerLimit); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// checkRefusal holds the answer for err to be one that a client can read, and that
// keeps nothing open.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	answer := handshake.AppendRefusal(nil, err)
	in := bufio.NewReader(bytes.NewReader(answer))
	resp, readErr := http.ReadResponse(in, nil)
	if readErr != nil {
		t.Fatalf("%v is answered with %q: %v", err, answer, readErr)
	}
	body, readErr := io.ReadAll(resp.Body)
	if readErr != nil || in.Buffered() > 0 || int64(len(body)) != resp.ContentLength || len(body) == 0 || !resp.Close {
		t.Fatalf("%v is answered with %q: body %q, %v", err, answer, body, readErr)
	}
	if resp.StatusCode != handshake.Status(err) || resp.StatusCode < 400 || resp.StatusCode > 499 {
		t.Fatalf("%v is answered with %d, want %d", err, resp.StatusCode, handshake.Status(err))
	}
	switch h := resp.Header; {
	case resp.StatusCode == http.StatusMethodNotAllowed && h.Get("Allow") != "GET",
		resp.StatusCode == http.StatusUpgradeRequired && (h.Get("Upgrade") != "websocket" || h.Get("Sec-WebSocket-Version") != "13"):
		t.Fatalf("%d lacks the fields it has to bring: %q", resp.StatusCode, answer)
	}
}

// checkAcceptable reads an accepted block by hand.
func checkAcceptable(t *testing.T, block string, a handshake.Accepted) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(block, "\r\n\r\n"), "\r\n")
	fields := map[string][]string{} // by name in small letters
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok || !tokenOnly.MatchString(name) || strings.ContainsFunc(value, isControl) {
			t.Fatalf("%q is accepted with line %q", block, line)
		}
		name = strings.ToLower(name)
		fields[name] = append(fields[name], strings.Trim(value, " \t"))
	}
	key := strings.Join(fields["sec-websocket-key"], "twice")
	random, err := base64.StdEncoding.Strict().DecodeString(key)
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	switch {
	case !acceptableLine.MatchString(lines[0]):
		t.Fatalf("accepted with request line %q", lines[0])
	case len(fields["host"]) != 1 || !acceptableHost.MatchString(fields["host"][0]):
		t.Fatalf("accepted with Host %q", fields["host"])
	case len(fields["content-length"])+len(fields["transfer-encoding"]) > 0:
		t.Fatalf("accepted with a body: %q", block)
	case !lists(fields["upgrade"], "websocket") || !lists(fields["connection"], "upgrade"):
		t.Fatalf("accepted with Upgrade %q, Connection %q", fields["upgrade"], fields["connection"])
	case !slices.Equal(fields["sec-websocket-version"], []string{"13"}):
		t.Fatalf("accepted with version %q", fields["sec-websocket-version"])
	case err != nil || len(random) != 16 || a.AcceptKey != base64.StdEncoding.EncodeToString(sum[:]):
		t.Fatalf("accepted with key %q, answered with %q", key, a.AcceptKey)
	case a.Subprotocol != "" && !slices.Contains(elements(fields["sec-websocket-protocol"]), a.Subprotocol):
		t.Fatalf("subprotocol %q is chosen from %q", a.Subprotocol, fields["sec-websocket-protocol"])
	case a.Compressed && !strings.Contains(strings.Join(fields["sec-websocket-extensions"], ","), "permessage-deflate"):
		t.Fatalf("compression is agreed to, from %q", fields["sec-websocket-extensions"])
	case len(fields["origin"]) > 1:
		t.Fatalf("accepted with Origin %q", fields["origin"])
	}
}

var (
	tokenOnly      = regexp.MustCompile("^" + tokenRun + "$")
	acceptableHost = regexp.MustCompile(`^(\[[0-9A-Fa-f:.]+\]|[^][\x00-\x20\x7F:/?#@\\]+)(:[0-9]{0,5})?$`)
	bareLF         = regexp.MustCompile(`(?:^|[^\r])\n`)
	acceptableLine = regexp.MustCompile(`^GET (/|(?i:https?|wss?)://)[^\x00-\x20\x7F#]* HTTP/1\.[1-9]$`)
)

// tokenRun is the token of RFC 9110 §5.6.2, as a regular expression.
const (
	tokenByte = "[!#$%&'*+.^_`|~0-9A-Za-z-]"
	tokenRun  = tokenByte + "+"
)

// isControl reports whether r may not stand in a field value.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }

// elements returns the elements of a list that may be spread over lines.
func elements(values []string) (list []string) {
	for _, e := range strings.Split(strings.Join(values, ","), ",") {
		list = append(list, strings.Trim(e, " \t"))
	}
	return list
}

// lists reports whether want, in any case of ASCII letters, is an element.
func lists(values []string, want string) bool {
	return slices.ContainsFunc(elements(values), func(e string) bool {
		return len(e) == len(want) && strings.EqualFold(e, want) // as long: no Kelvin sign, no long s
	})
}

// checkSameToNetHTTP lets net/http read what we accepted. What it refuses can't be
// smuggled past it; what it takes must be the same request.
func checkSameToNetHTTP(t *testing.T, stream []byte, end int, r *handshake.Request) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(stream))
	req, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	body, err := io.ReadAll(req.Body)
	rest, _ := io.ReadAll(in)
	switch {
	case err != nil || len(body) > 0 || req.ContentLength != 0 || len(req.TransferEncoding) > 0 || req.Trailer != nil:
		t.Fatalf("%q has a body for net/http: %d bytes, %q, %v", stream[:end], req.ContentLength, req.TransferEncoding, err)
	case !bytes.Equal(rest, stream[end:]):
		t.Fatalf("%q ends for net/http %d bytes before its end, for us %d", stream, len(rest), len(stream)-end)
	case req.Method != r.Method || req.RequestURI != r.Target:
		t.Fatalf("%q is for net/http %s %s", stream[:end], req.Method, req.RequestURI)
	case !strings.EqualFold(req.Host, r.Host()):
		t.Fatalf("%q is for net/http of host %q, for us of %q", stream[:end], req.Host, r.Host())
	}
	for _, name := range []string{"Upgrade", "Connection", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
		"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Cookie", "Authorization"} {
		if got := slices.Collect(r.Values(name)); !slices.Equal(got, req.Header.Values(name)) {
			t.Fatalf("%q has for net/http %s %q, for us %q", stream[:end], name, req.Header.Values(name), got)
		}
	}
}

// checkAnswer lets net/http read the answer to an accepted request.
func checkAnswer(t *testing.T, a handshake.Accepted) {
	t.Helper()
	answer, err := handshake.AppendAccepted(nil, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("accepted with %q: %v", answer, err)
	}
	if h := resp.Header; h.Get("Upgrade") != "websocket" || h.Get("Connection") != "Upgrade" ||
		h.Get("Sec-WebSocket-Accept") != a.AcceptKey || h.Get("Sec-WebSocket-Protocol") != a.Subprotocol ||
		(h.Get("Sec-WebSocket-Extensions") != "") != a.Compressed || h.Get("Content-Length") != "" {
		t.Fatalf("accepted with %q", answer)
	}
}
