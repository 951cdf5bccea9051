package torture

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/frame"
)

// Case is one thing that a hostile peer does.
type Case struct {
	Name  string // "frame/length/2^62", unique
	Title string // what happens, and what a right endpoint does

	play func(p *peer)
	bare bool // it connects for itself
	slow bool // it waits for a timeout of the endpoint's
}

// Options say what is known of the endpoint under test. What isn't known is 0, and the
// cases that would need it are left out.
type Options struct {
	// MaxMessage is the longest message it takes, in bytes.
	MaxMessage int
	// MaxFragments is the most frames that a message may have.
	MaxFragments int
	// MaxHeader is the longest header block of an opening handshake it takes, in bytes.
	MaxHeader int
	// HandshakeTimeout is how long it waits for an opening request or answer.
	HandshakeTimeout time.Duration
	// MessageTimeout is how long a message may take from its first byte to its last.
	MessageTimeout time.Duration
	// ReadTimeout is how long a connection may be silent.
	ReadTimeout time.Duration
	// WriteTimeout is how long a peer may take nothing.
	WriteTimeout time.Duration
	// CloseTimeout is how long the closing handshake may take.
	CloseTimeout time.Duration
	// Patience is how long it may take for what it is to do at once. 0 means 10 s.
	Patience time.Duration
	// Echo says that a client echoes messages. Of servers it is taken for granted.
	Echo bool
	// Hard makes floods ten times as long.
	Hard bool
}

// withDefaults returns o with its zero fields filled in that have a default.
func (o Options) withDefaults() Options {
	if o.Patience == 0 {
		o.Patience = patience
	}
	return o
}

// times returns n, or more of it in a hard run.
func (o *Options) times(n int) int {
	if o.Hard {
		return 10 * n
	}
	return n
}

// Verdict is the outcome of a case.
type Verdict int

// The verdicts; see the package's documentation.
const (
	Pass Verdict = iota
	Weak
	Fail
	Skip
)

// String returns "ok", "weak", "FAIL" or "skip".
func (v Verdict) String() string { return [...]string{"ok", "weak", "FAIL", "skip"}[v] }

// Result says how a case went.
type Result struct {
	Case    Case
	Verdict Verdict
	Err     error // why it isn't Pass
	Took    time.Duration
}

// judge makes a Result of a script's error.
func (c Case) judge(err error, took time.Duration) Result {
	r := Result{Case: c, Err: err, Took: took}
	switch {
	case errors.Is(err, errSkip):
		r.Verdict = Skip
	case isWeak(err):
		r.Verdict = Weak
	case err != nil:
		r.Verdict = Fail
	}
	return r
}

// ServerCases returns the cases for a server.
func ServerCases(o Options) []Case {
	o.Echo = true
	return slices.Concat(
		requests(), requestShapes(), headers(o),
		framing(), opcodes(), lengths(), controls(), fragments(), closeFrames(), texts(), splits(),
		limits(o), slowness(o), floods(o), compression(o),
	)
}

// ClientCases returns the cases for a client.
func ClientCases(o Options) []Case {
	all := slices.Concat(
		answers(), answerFloods(o),
		framing(), opcodes(), lengths(), controls(), fragments(), closeFrames(), texts(), splits(),
		limits(o), compression(o),
	)
	return slices.DeleteFunc(all, func(c Case) bool { return !o.Echo && strings.HasPrefix(c.Name, "split/") })
}

// echoes reports whether the endpoint is known to send messages back.
func (e *environment) echoes() bool { return e.o.Echo }

// own and other name the roles in the parameters of permessage-deflate.
func (e *environment) own() string {
	if e.role == server {
		return "server"
	}
	return "client"
}

func (e *environment) other() string {
	if e.role == server {
		return "client"
	}
	return "server"
}

// fault is what breaks a rule, and the close codes that it may be answered with.
type fault struct {
	name   string
	what   string
	frames []wire
	codes  []frame.Code
	waits  bool // more is announced than is sent: an endpoint may wait for it, and hold nothing
}

// bad makes a fault that is answered with 1002, as most are.
func bad(name, what string, frames ...wire) fault {
	return fault{name: name, what: what, frames: frames, codes: []frame.Code{frame.CodeProtocolError}}
}

// answeredBy returns f with other codes.
func (f fault) answeredBy(codes ...frame.Code) fault { f.codes = codes; return f }

// tooLong returns f for what is too long by its announcement alone.
func (f fault) tooLong() fault {
	f.codes, f.waits = []frame.Code{frame.CodeMessageTooBig}, true
	return f
}

// cases makes a case of each fault: a good message and the fault come in one write, the
// message is answered, then the connection is failed (RFC 6455 §7.1.7).
func cases(group string, faults []fault) []Case {
	var all []Case
	for _, f := range faults {
		all = append(all, Case{
			Name:  group + "/" + f.name,
			Title: f.what + ": " + codesText(f.codes),
			play:  func(p *peer) { p.fault(f) },
		})
	}
	return all
}

// fault plays a fault.
func (p *peer) fault(f fault) {
	p.open()
	if p.env.echoes() {
		p.send(append([]wire{text("before")}, f.frames...)...)
		p.want(frame.Text, []byte("before"))
	} else {
		p.send(f.frames...)
	}
	p.wantClose(f.codes...)
	if f.waits && timedOut(p.err) {
		p.err = &weakness{p.err}
	}
}

func codesText(codes []frame.Code) string {
	var names []string
	for _, c := range codes {
		names = append(names, c.String())
	}
	return "closed with " + strings.Join(names, " or ")
}

// allowed makes a case of frames that keep to the rules: echo is what comes back.
func allowed(name, what string, frames []wire, echo ...wire) Case {
	return Case{Name: name, Title: what + ": taken", play: func(p *peer) {
		p.open()
		p.send(frames...)
		for _, w := range echo {
			if p.env.echoes() || w.op.IsControl() {
				p.wantEcho(w)
			}
		}
		p.wantAlive()
		p.finish()
	}}
}
