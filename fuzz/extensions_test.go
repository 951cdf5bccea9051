package fuzz_test

import (
	"errors"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/handshake"
)

// FuzzExtensions: Sec-WebSocket-Extensions of any content, one field a line, as a
// request to a server and as an answer to a client. What they agree on is always
// within what was offered, by another parser, and the grammar decides what is
// malformed (RFC 6455 §9.1, RFC 7692 §7.1). Parsing takes linear time.
func FuzzExtensions(f *testing.F) {
	f.Fuzz(func(t *testing.T, value string, server, client int8, flags byte) {
		lines := strings.Split(value, "\n")
		e := extensionFields{lines: lines}
		e.parse()
		policy := handshake.DeflatePolicy{
			ServerNoContextTakeover: flags&1 != 0, ClientNoContextTakeover: flags&2 != 0,
			ServerMaxWindowBits: windowCap(server), ClientMaxWindowBits: windowCap(client),
		}
		checkServer(t, &e, policy)
		offer := handshake.DeflateOffer{
			ServerNoContextTakeover: flags&4 != 0, ClientNoContextTakeover: flags&8 != 0,
			ServerMaxWindowBits: windowCap(server), ClientMaxWindowBits: windowCap(client),
		}
		if flags&16 != 0 {
			offer.ClientMaxWindowBits = -1
		}
		checkClient(t, &e, offer)
		checkLinear(t, value)
	})
}

// windowCap maps any number to 0 or 8 to 15.
func windowCap(n int8) int {
	if n = n & 15; n < 8 {
		return 0
	}
	return int(n)
}

// request returns an opening request with these fields.
func (e *extensionFields) request() *handshake.Request {
	r := &handshake.Request{Method: "GET", Target: "/", Proto: "HTTP/1.1"}
	for _, line := range strings.Split(strings.TrimSuffix(openingRequest, "\r\n"), "\r\n")[1:] {
		name, value, _ := strings.Cut(line, ": ")
		r.Add(name, value)
	}
	for _, line := range e.lines {
		r.Add("Sec-WebSocket-Extensions", line)
	}
	return r
}

// checkServer has a server decide on the fields as offers.
func checkServer(t *testing.T, e *extensionFields, p handshake.DeflatePolicy) {
	t.Helper()
	policy := handshake.Policy{Deflate: &p}
	a, err := policy.Check(e.request(), handshake.HTTP, netip.Addr{})
	const looked = 32 // so many offers are looked at; what is malformed may stand behind them
	if few := len(e.list) < looked || len(e.list) == looked && !e.malformed; few && (err != nil) != e.malformed || err != nil && !errors.Is(err, handshake.ErrExtension) {
		t.Fatalf("%q: error %v, malformed %v", e.lines, err, e.malformed)
	}
	if err != nil || e.malformed {
		return
	}
	offer, acceptable := e.firstAcceptable(p, looked)
	if a.Compressed != acceptable {
		t.Fatalf("%q: compressed %v, want %v", e.lines, a.Compressed, acceptable)
	}
	if !acceptable {
		return
	}
	d := a.Deflate
	switch {
	case !offer.allows(d):
		t.Fatalf("%q: agreed on %+v, outside the offer %+v", e.lines, d, offer)
	case d.ServerMaxWindowBits > orAll(p.ServerMaxWindowBits) || d.ClientMaxWindowBits > orAll(p.ClientMaxWindowBits),
		p.ServerNoContextTakeover && !d.ServerNoContextTakeover, p.ClientNoContextTakeover && !d.ClientNoContextTakeover:
		t.Fatalf("%q: agreed on %+v, outside our policy %+v", e.lines, d, p)
	}
	checkAnswered(t, offer, a)
}

// checkAnswered reads our answer as the client that made the offer.
func checkAnswered(t *testing.T, offer deflateParams, a handshake.Accepted) {
	t.Helper()
	out, err := handshake.AppendAccepted(nil, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(out), "Sec-WebSocket-Extensions: ")
	line, _, _ := strings.Cut(rest, "\r\n")
	answer := extensionFields{lines: []string{line}}
	answer.parse()
	if answer.malformed || len(answer.list) != 1 {
		t.Fatalf("answered with %q", line)
	}
	params, ok := answer.list[0].deflate()
	d := a.Deflate
	switch {
	case !ok || params.clientOpen || params.client && !offer.client:
		t.Fatalf("%+v is answered with %q", offer, line)
	case offer.serverBits != 0 && params.serverBits == 0, offer.serverNoTakeover && !params.serverNoTakeover:
		t.Fatalf("%+v is answered with %q, which leaves out what was asked for", offer, line)
	case orAll(params.serverBits) != d.ServerMaxWindowBits || orAll(params.clientBits) != d.ClientMaxWindowBits && params.client,
		params.serverNoTakeover != d.ServerNoContextTakeover || params.clientNoTakeover != d.ClientNoContextTakeover:
		t.Fatalf("agreed on %+v, answered with %q", d, line)
	case !params.client && d.ClientMaxWindowBits < orAll(offer.clientBits):
		t.Fatalf("agreed on %+v, which the answer %q does not say", d, line)
	}
}

// checkClient has a client that made one offer judge the fields as an answer.
func checkClient(t *testing.T, e *extensionFields, offer handshake.DeflateOffer) {
	t.Helper()
	c := handshake.ClientRequest{Key: sampleKey, Deflate: []handshake.DeflateOffer{offer}}
	r := handshake.Response{Proto: "HTTP/1.1", Status: 101, Fields: []handshake.Field{
		{Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"},
		{Name: "Sec-WebSocket-Accept", Value: sampleAccept},
	}}
	for _, line := range e.lines {
		r.Fields = append(r.Fields, handshake.Field{Name: "Sec-WebSocket-Extensions", Value: line})
	}
	a, err := c.Check(&r)
	if err != nil && !errors.Is(err, handshake.ErrExtension) {
		t.Fatalf("%q: %v", e.lines, err)
	}
	fits := !e.malformed && len(e.list) == 0
	var params deflateParams
	if !e.malformed && len(e.list) == 1 {
		params, fits = e.list[0].deflate()
		fits = fits && params.answers(offer)
	}
	if (err == nil) != fits {
		t.Fatalf("%q answers %+v: error %v, fits %v", e.lines, offer, err, fits)
	}
	d := a.Deflate
	switch {
	case err != nil || !a.Compressed:
		if d != (handshake.Deflate{}) || err == nil && len(e.list) > 0 {
			t.Fatalf("%q answers %+v: agreed on %+v, %v", e.lines, offer, a, err)
		}
	case !params.allows(d) || offer.ClientMaxWindowBits > 0 && d.ClientMaxWindowBits > offer.ClientMaxWindowBits,
		d.ServerMaxWindowBits != orAll(params.serverBits), d.ServerNoContextTakeover != params.serverNoTakeover:
		t.Fatalf("%q answers %+v: agreed on %+v", e.lines, offer, d)
	}
}

// checkLinear repeats value until it is long: quadratic time would show.
func checkLinear(t *testing.T, value string) {
	t.Helper()
	if value == "" {
		return
	}
	const length, limit = 1 << 16, 2 * time.Second // linear: a millisecond
	e := extensionFields{lines: []string{strings.Repeat(value, length/len(value)+1)}}
	policy := handshake.Policy{Deflate: &handshake.DeflatePolicy{}}
	start := time.Now()
	policy.Check(e.request(), handshake.HTTP, netip.Addr{})
	if took := time.Since(start); took > limit {
		t.Fatalf("%q, repeated to %d bytes, takes %v", value, length, took)
	}
}

// extensionFields is what the lines of Sec-WebSocket-Extensions hold, by regular
// expressions for the grammar in RFC 6455 §9.1.
type extensionFields struct {
	lines     []string
	malformed bool
	list      []element
}

// element is one extension with its parameters; a parameter without a value has a
// single element.
type element struct {
	name   string
	params [][]string
}

const (
	ows       = `[ \t]*`
	separator = ows + ";" + ows
	quoted    = `"(?:\\?` + tokenByte + `)+"` // what it stands for is a token, too
	value     = "(?:" + tokenRun + "|" + quoted + ")"
	parameter = separator + tokenRun + "(?:" + ows + "=" + ows + value + ")?"
)

var (
	oneParameter = regexp.MustCompile(separator + "(" + tokenRun + ")(?:" + ows + "=" + ows + "(" + value + "))?")
	oneExtension = regexp.MustCompile(`^[ \t,]*(` + tokenRun + ")((?:" + parameter + ")*)" + ows + "(?:,|$)")
	nothing      = regexp.MustCompile(`^[ \t,]*$`)
)

func (e *extensionFields) parse() {
	for _, line := range e.lines {
		for !nothing.MatchString(line) {
			m := oneExtension.FindStringSubmatch(line)
			if m == nil {
				e.malformed = true
				return
			}
			one := element{name: m[1]}
			for _, p := range oneParameter.FindAllStringSubmatch(m[2], -1) {
				param := p[1:2:2]
				if p[2] != "" {
					param = append(param, strings.NewReplacer(`"`, "", `\`, "").Replace(p[2]))
				}
				one.params = append(one.params, param)
			}
			e.list = append(e.list, one)
			line = line[len(m[0]):]
		}
	}
}

// deflateParams are the parameters of one permessage-deflate.
type deflateParams struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits, clientBits             int  // 0: none named
	client, clientOpen                 bool // client_max_window_bits is there; without a value
}

// deflate returns e's parameters, if it is a permessage-deflate in which each is
// known, there once and of a right value (RFC 7692 §7.1).
func (e element) deflate() (p deflateParams, ok bool) {
	seen := map[string]bool{}
	for _, param := range e.params {
		name, value := param[0], strings.Join(param[1:], "")
		if seen[name] {
			return p, false
		}
		seen[name] = true
		bits, err := strconv.Atoi(value)
		valid := err == nil && bits >= 8 && bits <= 15 && strconv.Itoa(bits) == value
		switch {
		case name == "server_no_context_takeover" && len(param) == 1:
			p.serverNoTakeover = true
		case name == "client_no_context_takeover" && len(param) == 1:
			p.clientNoTakeover = true
		case name == "server_max_window_bits" && valid:
			p.serverBits = bits
		case name == "client_max_window_bits" && len(param) == 1:
			p.client, p.clientOpen = true, true
		case name == "client_max_window_bits" && valid:
			p.client, p.clientBits = true, bits
		default:
			return p, false
		}
	}
	return p, e.name == "permessage-deflate"
}

// firstAcceptable returns the first offer that a server with policy p can agree
// to, among so many elements.
func (e *extensionFields) firstAcceptable(p handshake.DeflatePolicy, looked int) (deflateParams, bool) {
	for _, one := range e.list[:min(len(e.list), looked)] {
		if o, ok := one.deflate(); ok && (o.client || orAll(p.ClientMaxWindowBits) == 15) {
			return o, true
		}
	}
	return deflateParams{}, false
}

// allows reports whether what was agreed on is within p.
func (p deflateParams) allows(d handshake.Deflate) bool {
	return (d.ServerNoContextTakeover || !p.serverNoTakeover) && (d.ClientNoContextTakeover || !p.clientNoTakeover) &&
		8 <= d.ServerMaxWindowBits && d.ServerMaxWindowBits <= orAll(p.serverBits) &&
		8 <= d.ClientMaxWindowBits && d.ClientMaxWindowBits <= orAll(p.clientBits)
}

// answers reports whether p, as a server's answer, fits the offer o.
func (p deflateParams) answers(o handshake.DeflateOffer) bool {
	switch {
	case o.ServerNoContextTakeover && !p.serverNoTakeover,
		o.ServerMaxWindowBits != 0 && (p.serverBits == 0 || p.serverBits > o.ServerMaxWindowBits),
		p.clientOpen,
		p.client && o.ClientMaxWindowBits < 0,
		p.client && o.ClientMaxWindowBits > 0 && p.clientBits > o.ClientMaxWindowBits:
		return false
	}
	return true
}

// orAll returns the window that bits stand for, where 0 means the largest.
func orAll(bits int) int {
	if bits == 0 {
		return 15
	}
	return bits
}
