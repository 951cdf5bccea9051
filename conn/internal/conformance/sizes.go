package conformance

import (
	"bytes"
	"fmt"

	"github.com/godwit-ws/godwit/frame"
)

const mib = 1 << 20

// bothTypes makes a group of cases for text and one for binary.
func bothTypes(groups [2]int, group func(id string, op frame.Opcode) []Case) []Case {
	return append(group(fmt.Sprintf("9.%d", groups[0]), frame.Text), group(fmt.Sprintf("9.%d", groups[1]), frame.Binary)...)
}

// payloadOf returns n bytes that suit a message of type op.
func payloadOf(op frame.Opcode, n int) wire {
	pattern := []byte("0123456789abcdefghijklmnopqrstuvwxyz.-")
	if op == frame.Binary {
		pattern = []byte{0, 0xFF, 0xFE, 0x80, 0xC0, 1, 2}
	}
	return wire{op: op, payload: bytes.Repeat(pattern, n/len(pattern)+1)[:n]}
}

// sizes is section 9: messages up to 16 MiB, whole, fragmented and in small
// writes, and one after the other.
func sizes(o Options) []Case {
	var cases []Case
	cases = append(cases, bothTypes([2]int{1, 2}, wholeMessages)...)
	cases = append(cases, bothTypes([2]int{3, 4}, fragmentSizes)...)
	cases = append(cases, bothTypes([2]int{5, 6}, chopSizes)...)
	return append(cases, bothTypes([2]int{7, 8}, func(id string, op frame.Opcode) []Case {
		return roundTrips(id, op, o.Length)
	})...)
}

// wholeMessages is 9.1 and 9.2.
func wholeMessages(id string, op frame.Opcode) []Case {
	var cases []Case
	for i, n := range []int{mib / 16, mib / 4, mib, 4 * mib, 8 * mib, 16 * mib} {
		cases = append(cases, Case{
			ID: fmt.Sprintf("%s.%d", id, i+1), Title: fmt.Sprintf("%v of %d bytes, echoed", op, n),
			bulk: n > mib,
			play: func(p *peer) { echoed(payloadOf(op, n), 0)(p) },
		})
	}
	return cases
}

// fragmentSizes is 9.3 and 9.4.
func fragmentSizes(id string, op frame.Opcode) []Case {
	var cases []Case
	for i := range 9 {
		size := 64 << (2 * i)
		if i == 8 {
			size = 4 * mib
		}
		cases = append(cases, Case{
			ID: fmt.Sprintf("%s.%d", id, i+1), Title: fmt.Sprintf("%v of 4 MiB in fragments of %d bytes, echoed", op, size),
			bulk: true,
			play: func(p *peer) {
				w := payloadOf(op, 4*mib)
				p.send(split(w, size)...)
				p.wantEcho(w)
				p.finish()
			},
		})
	}
	return cases
}

// chopSizes is 9.5 and 9.6.
func chopSizes(id string, op frame.Opcode) []Case {
	var cases []Case
	for i := range 6 {
		chop := 64 << i
		cases = append(cases, Case{
			ID: fmt.Sprintf("%s.%d", id, i+1), Title: fmt.Sprintf("%v of 1 MiB in writes of %d bytes, echoed", op, chop),
			bulk: chop < 1024,
			play: func(p *peer) { echoed(payloadOf(op, mib), chop)(p) },
		})
	}
	return cases
}

// roundTrips is 9.7 and 9.8: one message after the other, each sent when the last
// one's echo has come.
func roundTrips(id string, op frame.Opcode, l Length) []Case {
	count := map[Length]int{Brief: 20, Standard: 100, Full: 1000}[l]
	var cases []Case
	for i, n := range []int{0, 16, 64, 256, 1024, 4096} {
		cases = append(cases, Case{
			ID: fmt.Sprintf("%s.%d", id, i+1), Title: fmt.Sprintf("%d times %v of %d bytes, one after the other", count, op, n),
			play: func(p *peer) {
				w := payloadOf(op, n)
				for range count {
					p.send(w)
					p.wantEcho(w)
				}
				p.finish()
			},
		})
	}
	return cases
}

// limits is X9: the endpoint's own limits, judged by what is announced.
func limits(o Options) []Case {
	var cases []Case
	if limit := uint64(o.MaxMessage); limit > 0 {
		cases = append(cases,
			Case{ID: "X9.1", Title: "header of a message one byte over the limit: 1009 before its payload", play: answeredThen(frame.CodeMessageTooBig, text("").longer(limit+1))},
			Case{ID: "X9.2", Title: "fragments whose sum is one byte over the limit: 1009 on the last one's header", play: answeredThen(frame.CodeMessageTooBig,
				text("begun").unfinished(), continuation("").longer(limit-4))},
			Case{ID: "X9.3", Title: "fragments whose sum would wrap around: 1009", play: failed(frame.CodeMessageTooBig,
				text("begun").unfinished(), continuation("").longer(1<<63-1))},
			Case{ID: "X9.4", Title: "a message of exactly the limit, echoed", bulk: true, play: func(p *peer) {
				echoed(payloadOf(frame.Binary, int(limit)), 0)(p)
			}},
		)
	}
	if o.MaxFragments > 0 {
		cases = append(cases,
			Case{ID: "X9.5", Title: "as many fragments as allowed, all empty but the last: echoed", bulk: true, play: func(p *peer) {
				p.send(append(emptyFragments(o.MaxFragments-1), continuation("last"))...)
				p.wantText("last")
				p.finish()
			}},
			Case{ID: "X9.6", Title: "an empty fragment more than allowed: 1008", bulk: true, play: func(p *peer) {
				p.send(emptyFragments(o.MaxFragments + 1)...)
				p.wantClose(frame.CodePolicyViolation)
			}})
	}
	return cases
}

// emptyFragments returns the first n frames of a text that has no bytes so far.
func emptyFragments(n int) []wire {
	frames := make([]wire, n)
	for i := range frames {
		frames[i] = continuation("").unfinished()
	}
	frames[0].op = frame.Text
	return frames
}
