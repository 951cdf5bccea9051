package torture

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/frame"
)

// slowness dawdles: each case waits for a timeout of the server's.
func slowness(o Options) []Case {
	var all []Case
	add := func(limit time.Duration, name, title string, play func(*peer)) {
		if limit > 0 {
			all = append(all, Case{Name: "slow/" + name, Title: title, play: play, slow: true})
		}
	}
	slowOpenings(o, add)
	slowMessages(o, add)
	slowEnds(o, add)
	return append(all, cut()...)
}

// adder adds a case that needs a timeout to be known.
type adder func(limit time.Duration, name, title string, play func(*peer))

// slowOpenings dawdles before the handshake is done.
func slowOpenings(o Options, add adder) {
	d := o.HandshakeTimeout
	add(d, "silence", "a connection without a byte: closed within the handshake timeout", func(p *peer) { p.wantGone(d) })
	add(d, "half-a-request", "half a request, then silence: 408 or closed within the handshake timeout", func(p *peer) {
		p.write([]byte("GET / HTTP/1.1\r\nHost: x\r\nUpgr"))
		p.wantTimeout(d)
	})
	add(d, "no-last-line", "a request without its last line: 408 or closed within the handshake timeout", func(p *peer) {
		whole := request{}.text(p.env.target.host, p.env.target.path)
		p.write([]byte(strings.TrimSuffix(whole, "\r\n")))
		p.wantTimeout(d)
	})
	add(d, "header-dribble", "a request a byte at a time, for longer than the handshake timeout: 408 or closed within it", func(p *peer) {
		start := time.Now()
		whole := request{fields: []string{"X-Slow: " + strings.Repeat("z", 1000)}}.text(p.env.target.host, p.env.target.path)
		p.dribble([]byte(whole), 1, d/20, d+margin)
		if took := time.Since(start); took > d+margin {
			p.fail("the server still takes bytes of the request after %v", took)
		}
		p.wantTimeout(d)
	})
	add(d, "half-closed", "our direction ended in mid-request: answered or closed, and gone", func(p *peer) {
		p.write([]byte("GET / HTTP/1.1\r\nHost: x\r\n"))
		p.shutdown()
		p.wantGone(d)
	})
	add(d, "tls-silence", "a TCP connection without a byte of TLS: closed within the handshake timeout", func(p *peer) {
		if p.env.target.tls == nil {
			p.err = errSkip
			return
		}
		nc, err := p.env.target.connectBare(p.env.ctx)
		if err != nil {
			p.fail("%w", err)
			return
		}
		defer nc.Close()
		bare := &peer{env: p.env, nc: nc, tcp: nc, r: newReader(nc)}
		bare.wantGone(d)
		p.err = bare.err
	})
}

// wantTimeout wants the handshake given up: with 408, or without an answer.
func (p *peer) wantTimeout(d time.Duration) {
	if p.err != nil {
		return
	}
	p.within(d + margin)
	resp, err := http.ReadResponse(p.r, nil)
	switch {
	case timedOut(err):
		p.fail("the connection is still open %v after its time, %v", margin, d)
	case err == nil && resp.StatusCode != http.StatusRequestTimeout && resp.StatusCode != http.StatusBadRequest:
		p.fail("status %s, want 408", resp.Status)
	}
}

// slowMessages dawdles within a message.
func slowMessages(o Options, add adder) {
	d := o.MessageTimeout
	closedOrGone := func(p *peer) {
		p.within(d + margin)
		ev, err := p.nextBut(frame.Close)
		switch {
		case err != nil && !strings.Contains(err.Error(), errEnd.Error()):
			p.fail("the message has taken %v longer than it may: %w", margin, err)
		case err == nil && (ev.op != frame.Close || codeOf(ev) != frame.CodePolicyViolation && codeOf(ev) != frame.CodeGoingAway):
			p.fail("want Close with %v, got %v with %v", frame.CodePolicyViolation, ev.op, codeOf(ev))
		}
	}
	for name, b := range map[string][]byte{
		"one-byte":        bytesOf(client, text("slow"))[:1],
		"header-only":     bytesOf(client, of(frame.Text, 0).announcing(1000)),
		"half-length":     bytesOf(client, of(frame.Binary, 60_000))[:3],
		"half-a-message":  bytesOf(client, of(frame.Binary, 60_000))[:40_000],
		"first-fragment":  bytesOf(client, text("a").unfinished()),
		"half-a-ping":     bytesOf(client, ping("slow"))[:4],
		"half-a-close":    bytesOf(client, closeCode(frame.CodeNormal, "slow"))[:7],
		"most-of-a-large": bytesOf(client, of(frame.Binary, 60_000))[:59_999],
	} {
		add(d, "message-"+name, "a message that stops at "+name+": closed with 1008 within the message timeout", func(p *peer) {
			p.open()
			p.write(b)
			closedOrGone(p)
		})
	}
	add(d, "message-dribble", "a message a byte at a time, for longer than the message timeout: closed with 1008", func(p *peer) {
		p.open()
		p.dribble(bytesOf(client, of(frame.Binary, 4096)), 1, d/20, d+d/2)
		closedOrGone(p)
	})
	add(d, "fragment-dribble", "empty fragments without an end: closed with 1008", func(p *peer) {
		p.open()
		p.dribble(bytesOf(client, repeatedAfter(text("").unfinished(), continuation("").unfinished(), 1000)...), 6, d/20, d+d/2)
		closedOrGone(p)
	})
	add(d, "fragments-and-pings", "a message kept open with pings: closed with 1008", func(p *peer) {
		p.open()
		p.dribble(bytesOf(client, append([]wire{text("a").unfinished()}, repeated(ping(""), 1000)...)...), 6, d/20, d+d/2)
		closedOrGone(p)
	})
}

// slowEnds doesn't read, doesn't answer, or goes half away.
func slowEnds(o Options, add adder) {
	add(o.WriteTimeout, "never-reads", "messages whose echoes aren't read: the server stops reading or closes, and lets go within the write timeout", func(p *peer) {
		p.open()
		p.pourUnread(o.WriteTimeout, bytesOf(client, of(frame.Binary, 60_000)))
	})
	add(o.WriteTimeout, "never-reads-pings", "pings whose pongs aren't read, without end: the server lets go, or keeps a bounded number of pongs", func(p *peer) {
		p.open()
		b := bytesOf(client, repeated(ping(strings.Repeat("p", 125)), 500)...)
		p.nc.SetWriteDeadline(time.Now().Add(o.WriteTimeout + 500*time.Millisecond))
		for err := error(nil); err == nil; {
			_, err = p.nc.Write(b)
		}
	})
	add(o.CloseTimeout, "close-unanswered", "a Close that isn't answered, our direction left open: the server lets go", func(p *peer) {
		p.open()
		p.send(of(3, 0))
		p.within(p.env.o.Patience)
		p.nextBut(frame.Close) // what comes is for other cases to judge
		p.wantRefusedWrites(o.CloseTimeout, []byte{0})
	})
	add(o.CloseTimeout, "close-then-flood", "after a violation bytes without end: the server lets go", func(p *peer) {
		p.open()
		p.send(of(3, 0))
		p.wantRefusedWrites(o.CloseTimeout, make([]byte, 64<<10))
	})
	add(o.ReadTimeout, "idle", "a connection without a message: closed within the read timeout", func(p *peer) {
		p.open()
		p.wantGone(o.ReadTimeout)
	})
	add(o.CloseTimeout, "half-open", "our direction ended after the handshake: the server lets go", func(p *peer) {
		p.open()
		p.shutdown()
		p.wantGone(o.CloseTimeout)
	})
	add(o.CloseTimeout, "half-open-in-frame", "our direction ended in mid-frame: the server lets go", func(p *peer) {
		p.open()
		p.write(bytesOf(client, text("half"))[:5])
		p.shutdown()
		p.wantGone(o.CloseTimeout)
	})
}

// pourUnread sends b again and again and never reads, until the server has let go.
func (p *peer) pourUnread(d time.Duration, b []byte) {
	if p.err != nil {
		return
	}
	for stuck := false; !stuck; { // a server that is only busy takes more within that time
		p.nc.SetWriteDeadline(time.Now().Add(2*d + margin/6))
		_, err := p.nc.Write(b)
		if stuck = timedOut(err); err != nil && !stuck {
			return
		}
	}
	var err error
	for b := make([]byte, 64<<10); err == nil; { // below TLS, which doesn't outlive a write that timed out
		p.tcp.SetReadDeadline(time.Now().Add(margin / 6)) // anew for each read: what lies ready may be much
		_, err = p.tcp.Read(b)
	}
	if timedOut(err) {
		p.fail("the server still holds a connection whose peer has read nothing for %v", 2*d+margin/6)
	}
}

// cut resets connections at all kinds of points: what is wanted is in the bystander's
// echoes, and in what the server is seen to hold afterwards.
func cut() []Case {
	frames := bytesOf(client, text("first").unfinished(), of(frame.Continuation, 70_000))
	var all []Case
	add := func(name, title string, play func(*peer)) {
		all = append(all, Case{Name: "reset/" + name, Title: "reset " + title, play: play})
	}
	add("at-once", "as soon as it is connected", func(p *peer) { p.reset() })
	add("in-request", "in mid-request", func(p *peer) { p.write([]byte("GET / HT")); p.reset() })
	add("before-answer", "before the answer is read", func(p *peer) { p.ask(request{}); p.reset() })
	add("after-opening", "after the handshake", func(p *peer) { p.open(); p.reset() })
	add("before-echo", "before the echo is read", func(p *peer) { p.open(); p.send(of(frame.Binary, 1<<20)); p.reset() })
	add("after-close", "after our Close", func(p *peer) { p.open(); p.send(closeCode(frame.CodeNormal, "")); p.reset() })
	add("after-violation", "after a violation", func(p *peer) { p.open(); p.send(of(3, 0)); p.reset() })
	for name, n := range map[string]int{"header": 1, "key": 4, "payload": 8, "first-fragment": 11, "second-header": 14, "large": 40_000} {
		add("in-"+name, "in mid-frame: "+name, func(p *peer) { p.open(); p.write(frames[:n]); p.reset() })
	}
	add("bare", "in the middle of TLS, or at once", func(p *peer) {
		nc, err := p.env.target.connectBare(context.WithoutCancel(p.env.ctx))
		if err != nil {
			p.fail("%w", err)
			return
		}
		nc.Write([]byte{22, 3, 1})
		nc.SetLinger(0)
		nc.Close()
	})
	return all
}
