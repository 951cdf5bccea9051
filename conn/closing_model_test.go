package conn_test

import (
	"slices"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// The model of how a connection ends (RFC 6455 §7): one endpoint as a machine without
// time, bytes or goroutines, small enough to look at all that can happen. The real one is
// held against it by replaying its ways (closing_replay_test.go).

// frameKind is what of a frame matters here.
type frameKind uint8

const (
	dataFrame frameKind = iota + 1
	pingFrame
	pongFrame
	closeFrame
	badFrame
)

// wireFrame is a frame between two endpoints.
type wireFrame struct {
	kind frameKind
	code conn.Code // of a Close
}

// act is something that happens to an endpoint.
type act uint8

const (
	sendData act = iota // by the application
	sendClosing
	abortNow
	gotData // from the peer
	gotPing
	gotClose
	gotBad
	gotEOF
	timePasses // longer than any timeout
	acts
)

func (a act) String() string {
	return [...]string{"send", "close", "abort", "data", "ping", "peer-close", "peer-violates", "eof", "time"}[a]
}

// Codes of the two applications.
const ourCode, theirCode conn.Code = 4001, 4002

// phase is how far an endpoint has come.
type phase uint8

const (
	up      phase = iota
	closing       // our Close is sent, the peer's is awaited
	parted        // the Close frames are exchanged, or the violation answered: the peer is to close its direction
	gone
)

// endpoint is one end of a connection. It can be compared, and is never changed.
type endpoint struct {
	phase     phase
	code      conn.Code // how it is to end, once parted or gone; what was sent, while closing
	remote    bool
	delivered uint8 // messages that the application was given
	onClose   uint8 // calls
}

// end ends it.
func (e endpoint) end(code conn.Code, remote bool) endpoint {
	e.phase, e.code, e.remote = gone, code, remote
	e.onClose++
	return e
}

// part has it wait for the peer to go.
func (e endpoint) part(code conn.Code, remote bool) endpoint {
	e.phase, e.code, e.remote = parted, code, remote
	return e
}

// after returns what becomes of the endpoint, and what it sends.
func (e endpoint) after(a act) (endpoint, []wireFrame) {
	if e.phase == gone {
		return e, nil
	}
	if a == abortNow {
		return e.end(conn.CodeAbnormal, false), nil
	}
	switch e.phase {
	case up:
		return e.afterUp(a)
	case closing:
		return e.afterClosing(a), nil
	}
	if a == gotEOF || a == timePasses { // parted
		return e.end(e.code, e.remote), nil
	}
	return e, nil
}

func (e endpoint) afterUp(a act) (endpoint, []wireFrame) {
	switch a {
	case sendData:
		return e, []wireFrame{{kind: dataFrame}}
	case sendClosing:
		e.phase, e.code = closing, ourCode
		return e, []wireFrame{{closeFrame, ourCode}}
	case gotData:
		e.delivered++
	case gotPing:
		return e, []wireFrame{{kind: pongFrame}}
	case gotClose:
		return e.part(theirCode, true), []wireFrame{{closeFrame, theirCode}}
	case gotBad:
		return e.part(conn.CodeProtocolError, false), []wireFrame{{closeFrame, conn.CodeProtocolError}}
	case gotEOF:
		return e.end(conn.CodeAbnormal, false), nil
	}
	return e, nil // time: there are no timeouts while it is up
}

// afterClosing drops what comes, and says nothing more.
func (e endpoint) afterClosing(a act) endpoint {
	switch a {
	case gotClose, gotBad:
		return e.part(e.code, false)
	case gotEOF, timePasses:
		return e.end(e.code, false)
	}
	return e
}

// way is a sequence of acts that leads to an endpoint.
type way struct {
	at   endpoint
	acts []act
}

// ways returns, for each endpoint that can be reached, each act there, behind a
// shortest way: all transitions of the model.
func ways() []way {
	start := way{}
	seen := map[endpoint]bool{start.at: true}
	var all []way
	for queue := []way{start}; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		for a := range acts {
			next, _ := w.at.after(a)
			longer := way{next, append(slices.Clone(w.acts), a)}
			all = append(all, longer)
			if next.delivered <= 2 && !seen[next] {
				seen[next] = true
				queue = append(queue, longer)
			}
		}
	}
	return all
}

// endpoints is two endpoints and what is on its way between them.
type endpoints struct {
	ends    [2]endpoint
	pipes   [2][3]wireFrame // to each; the first comes next
	eofs    [2]bool         // behind them
	told    [2]bool         // it was delivered
	may     [2]uint8        // messages that each may still send
	unclean bool            // somebody aborted, or time ran out
}

// deliver takes the next of what is on its way to end i.
func (p endpoints) deliver(i int) (endpoints, bool) {
	f := p.pipes[i][0]
	if f.kind == 0 {
		if !p.eofs[i] || p.told[i] {
			return p, false
		}
		p.told[i] = true
		return p.happens(i, gotEOF)
	}
	p.pipes[i] = [3]wireFrame{p.pipes[i][1], p.pipes[i][2]}
	return p.happens(i, map[frameKind]act{dataFrame: gotData, closeFrame: gotClose}[f.kind])
}

// happens has something happen at end i. It is false if there is no room for what it
// sends, so that it can't happen now.
func (p endpoints) happens(i int, a act) (endpoints, bool) {
	next, out := p.ends[i].after(a)
	if a == gotClose && p.ends[i].phase == up {
		next.code = p.closeCode(i)
		out[0].code = next.code
	}
	if a == sendClosing && len(out) > 0 && i == 1 {
		next.code, out[0].code = theirCode, theirCode
	}
	p.ends[i] = next
	for _, f := range out {
		at := slices.Index(p.pipes[1-i][:], wireFrame{})
		if at < 0 || p.eofs[1-i] {
			return p, false
		}
		p.pipes[1-i][at] = f
	}
	if next.phase == gone || next.phase == parted { // a client may wait for the server here: it changes nothing
		p.eofs[1-i] = true
	}
	return p, true
}

// closeCode is the code of the Close that end i has just been given.
func (p endpoints) closeCode(i int) conn.Code {
	if i == 0 {
		return theirCode
	}
	return ourCode
}

// nexts returns all that can come next, and those of it that come by themselves.
func (p endpoints) nexts() (all, byItself []endpoints) {
	for i := range p.ends {
		if n, ok := p.deliver(i); ok {
			all, byItself = append(all, n), append(byItself, n)
		}
		if p.ends[i].phase == closing || p.ends[i].phase == parted {
			n, _ := p.happens(i, timePasses)
			n.unclean = n.unclean || p.ends[i].phase == closing
			all, byItself = append(all, n), append(byItself, n)
		}
		if p.may[i] > 0 {
			if n, ok := p.happens(i, sendData); ok && n.ends[i].phase == up {
				n.may[i]--
				all = append(all, n)
			}
		}
		if p.ends[i].phase == up {
			if n, ok := p.happens(i, sendClosing); ok {
				all = append(all, n)
			}
		}
		if p.ends[i].phase != gone {
			n, _ := p.happens(i, abortNow)
			n.unclean = true
			all = append(all, n)
		}
	}
	return all, byItself
}

// TestClosingModel looks at all that two endpoints can come to.
func TestClosingModel(t *testing.T) {
	start := endpoints{may: [2]uint8{1, 1}}
	seen := map[endpoints]bool{start: true}
	for queue := []endpoints{start}; len(queue) > 0 && !t.Failed(); queue = queue[1:] {
		p := queue[0]
		all, byItself := p.nexts()
		p.check(t, byItself)
		for _, n := range all {
			if !seen[n] {
				seen[n] = true
				queue = append(queue, n)
			}
		}
	}
	if len(seen) < 500 {
		t.Errorf("only %d states were reached", len(seen))
	}
	t.Logf("%d states", len(seen))
}

// check holds a state to what must be true of all.
func (p endpoints) check(t *testing.T, byItself []endpoints) {
	t.Helper()
	a, b := p.ends[0], p.ends[1]
	for i, e := range p.ends {
		if e.onClose > 1 || (e.phase == gone) != (e.onClose == 1) {
			t.Errorf("OnClose was called %d times at end %d of %+v", e.onClose, i, p)
		}
		closed := false
		for _, f := range p.pipes[i] {
			if closed && f.kind != 0 {
				t.Errorf("something follows a Close: %+v", p)
			}
			closed = closed || f.kind == closeFrame
		}
		if e.phase != up && e.phase != gone && len(byItself) == 0 {
			t.Errorf("nothing more happens by itself, and it hasn't ended: %+v", p)
		}
	}
	if a.phase != gone || b.phase != gone || p.unclean {
		return
	}
	agree := a.code == b.code && a.remote != b.remote || // one closed, the other answered
		!a.remote && !b.remote && a.code == ourCode && b.code == theirCode // both closed at once
	if !agree {
		t.Errorf("they ended with %d (remote %t) and %d (remote %t): %+v", a.code, a.remote, b.code, b.remote, p)
	}
}
