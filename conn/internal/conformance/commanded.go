package conformance

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// commanded is X8: the endpoint closes the connection (RFC 6455 §7.1.2 and §5.5.1).
func commanded(o Options) []Case {
	table := []struct {
		title string
		after []wire // sent between the endpoint's Close and ours
	}{
		{"nothing between", nil},
		{"messages between are not answered", []wire{text("late"), binaries(make([]byte, 70_000))}},
		{"a Ping between is not answered", []wire{ping("late")}},
		{"fragments between, with a Ping, are not answered", []wire{text("a").unfinished(), ping(""), continuation("b")}},
		{"half a message between", []wire{text("a").unfinished()}},
	}
	var cases []Case
	add := func(title string, play func(*peer)) {
		cases = append(cases, Case{ID: fmt.Sprintf("X8.%d", len(cases)+1), Title: "the endpoint closes: " + title, play: play})
	}
	for _, tt := range table {
		add(tt.title, func(p *peer) {
			p.send(text("before"), text(o.Command(4001, "enough")))
			p.wantText("before")
			p.wantReason(4001, "enough")
			p.send(append(tt.after[:len(tt.after):len(tt.after)], closeCode(4001, ""))...)
			p.wantEnd()
		})
	}
	for _, code := range []frame.Code{1000, 1001, 1011, 3000, 4999, frame.CodeNoStatus} {
		add(fmt.Sprintf("code %d", code), func(p *peer) {
			p.send(text(o.Command(code, "")))
			p.wantClose(code)
		})
	}
	add("behind the command there are messages already: they are not answered", func(p *peer) {
		p.send(text(o.Command(1000, "")), text("late"), ping("late"))
		p.wantClose(frame.CodeNormal)
	})
	add("our Close crosses its own", func(p *peer) {
		p.send(text(o.Command(4001, "")), closeCode(4002, ""))
		p.wantClose(4001)
	})
	add("we violate the protocol on our way out: no second Close", func(p *peer) {
		p.send(text(o.Command(4001, "")))
		p.receiveClose(4001)
		p.send(text("").with(rsv3))
		p.wantEnd()
	})
	add("we answer by ending our direction", func(p *peer) {
		p.send(text(o.Command(4001, "")))
		p.receiveClose(4001)
		p.shutdown()
		p.wantEnd()
	})
	add("a reason that is too long is cut between characters", func(p *peer) { longReason(p, o) })
	return cases
}

func (p *peer) wantReason(code frame.Code, want string) {
	if reason := p.receiveClose(code); reason != want {
		p.fail("want Close with reason %q, got %q", want, reason)
	}
}

// longReason wants as much of a reason as fits: at most 123 bytes, and no character
// cut in half.
func longReason(p *peer, o Options) {
	long := strings.Repeat("€", 60)
	p.send(text(o.Command(4001, long)))
	reason := p.receiveClose(4001)
	if p.err == nil && (!strings.HasPrefix(long, reason) || !utf8.ValidString(reason) || len(reason) > 123 || len(reason) < 121) {
		p.fail("want the beginning of %q, at most 123 bytes of it, got %q", long, reason)
	}
	p.send(closeCode(4001, ""))
	p.wantEnd()
}
