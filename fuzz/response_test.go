package fuzz_test

import (
	"bufio"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

// sampleKey and sampleAccept are those of RFC 6455 §1.3.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// FuzzHandshakeResponse: a client that offered no compression, and the subprotocols
// in wanted, accepts an answer only if it says what RFC 6455 §4.1 wants, to us and
// to net/http alike, and nothing that was not asked for.
func FuzzHandshakeResponse(f *testing.F) {
	f.Fuzz(func(t *testing.T, block, wanted string) {
		c := handshake.ClientRequest{Host: "example.com", Target: "/", Key: sampleKey}
		if wanted != "" {
			c.Subprotocols = strings.Split(wanted, ",")
		}
		if _, err := c.Append(nil); err != nil {
			if !errors.Is(err, handshake.ErrSubprotocol) {
				t.Fatalf("subprotocols %q: %v", wanted, err)
			}
			return // never sent
		}
		var r handshake.Response
		if err := r.Parse(block); err != nil {
			if !errors.Is(err, handshake.ErrSyntax) && !errors.Is(err, handshake.ErrHeaderTooLarge) || r.Status != 0 || len(r.Fields) > 0 {
				t.Fatalf("Parse(%q) = %+v, %v", block, r, err)
			}
			return
		}
		a, err := c.Check(&r)
		if err != nil {
			checkNotAccepted(t, &r, err)
			return
		}
		checkGoodAnswer(t, block, c.Subprotocols, a)
		checkResponseToNetHTTP(t, block, &r)
	})
}

// checkNotAccepted: whoever gets an error for an answer other than 101 can tell.
func checkNotAccepted(t *testing.T, r *handshake.Response, err error) {
	t.Helper()
	e, ok := errors.AsType[*handshake.StatusError](err)
	if ok != (r.Status != http.StatusSwitchingProtocols) || ok && e.Status != r.Status {
		t.Fatalf("status %d gives %v", r.Status, err)
	}
	if err.Error() == "" || strings.ContainsFunc(err.Error(), isControl) {
		t.Fatalf("error %q", err)
	}
}

// checkGoodAnswer reads an accepted answer by hand.
func checkGoodAnswer(t *testing.T, block string, wanted []string, a handshake.Accepted) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(block, "\r\n\r\n"), "\r\n")
	fields := map[string][]string{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		name = strings.ToLower(name)
		fields[name] = append(fields[name], strings.Trim(value, " \t"))
	}
	protocols := fields["sec-websocket-protocol"]
	switch {
	case !strings.HasPrefix(lines[0], "HTTP/1.") || lines[0][7] == '0' || lines[0][8:12] != " 101":
		t.Fatalf("accepted with status line %q", lines[0])
	case len(fields["upgrade"]) != 1 || !lists(fields["upgrade"], "websocket") || !lists(fields["connection"], "upgrade"):
		t.Fatalf("accepted with Upgrade %q, Connection %q", fields["upgrade"], fields["connection"])
	case !slices.Equal(fields["sec-websocket-accept"], []string{sampleAccept}) || a.AcceptKey != sampleAccept:
		t.Fatalf("accepted with %q", fields["sec-websocket-accept"])
	case len(protocols) > 1 || len(protocols) == 1 && !slices.Contains(wanted, protocols[0]), strings.Join(protocols, "") != a.Subprotocol:
		t.Fatalf("wanted %q, answered %q, taken as %q", wanted, protocols, a.Subprotocol)
	case a.Compressed || strings.Trim(strings.Join(fields["sec-websocket-extensions"], ""), ", \t") != "":
		t.Fatalf("accepted with extensions %q", fields["sec-websocket-extensions"])
	}
}

// checkResponseToNetHTTP lets net/http read what we accepted.
func checkResponseToNetHTTP(t *testing.T, block string, r *handshake.Response) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(block)), nil)
	if err != nil {
		return // refused there: nobody is deceived
	}
	if resp.StatusCode != r.Status {
		t.Fatalf("%q has for net/http status %d", block, resp.StatusCode)
	}
	for _, name := range []string{"Upgrade", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Set-Cookie"} {
		if got := slices.Collect(r.Values(name)); !slices.Equal(got, resp.Header.Values(name)) {
			t.Fatalf("%q has for net/http %s %q, for us %q", block, name, resp.Header.Values(name), got)
		}
	}
}
