package conformance

import (
	"fmt"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// failFast is 6.4: text is checked as it comes, and fails at the first byte that
// can't be right, while the rest of the message is still out. X6 does so for every
// text of section 6 that isn't UTF-8.
func failFast() []Case {
	tooLarge, surrogate := "\xf4\x90\x80\x80", "\xed\xa0\x80"
	cases := []Case{
		{ID: "6.4.1", Title: "second of three fragments is past the last character: 1007 before the third", play: failFastFragment(kosme, tooLarge)},
		{ID: "6.4.2", Title: "second of three fragments ends at the first impossible byte: 1007", play: failFastFragment(kosme+tooLarge[:1], tooLarge[1:2])},
		{ID: "6.4.3", Title: "one frame, in writes as the fragments of 6.4.1: 1007 before the third", play: failFastWrite(kosme, tooLarge, 6)},
		{ID: "6.4.4", Title: "one frame, in writes as the fragments of 6.4.2: 1007 at the first impossible byte", play: failFastWrite(kosme+tooLarge[:1], tooLarge[1:2], 8)},
		{ID: "X6.1", Title: "a surrogate fails at its second byte", play: failFastWrite("edited"+surrogate[:1], surrogate[1:2], 1)},
		{ID: "X6.2", Title: "a character cut in half by the end of the message: 1007", play: failed(frame.CodeInvalidPayload, text(kosme[:10]))},
		{ID: "X6.3", Title: "a character cut in half by the end of the last fragment: 1007", play: failed(frame.CodeInvalidPayload, text(kosme).unfinished(), continuation("\xce"))},
		{ID: "X6.4", Title: "a character begun in one fragment and not gone on with in the next: 1007", play: failed(frame.CodeInvalidPayload, text("\xce").unfinished(), continuation("a").unfinished())},
		{ID: "X6.5", Title: "a character over three fragments, with Pings between", play: func(p *peer) {
			p.send(text("\xe2").unfinished(), ping("1"), continuation("\x82").unfinished(), ping("2"), continuation("\xac"))
			p.wantPong("1")
			p.wantPong("2")
			p.wantText("€")
			p.finish()
		}},
		{ID: "X6.6", Title: "binary that isn't UTF-8, echoed", play: echoed(binaries([]byte(surrogate+tooLarge)), 1)},
		{ID: "X6.7", Title: "a bad byte far into a long text: 1007 with most of it still out", play: func(p *peer) {
			w := text(kosme)
			for len(w.payload) < 200_000 {
				w.payload = append(w.payload, w.payload...)
			}
			w.payload = append(w.payload, 0xFF)
			p.send(w.longer(1_000_000))
			p.wantClose(frame.CodeInvalidPayload)
		}},
	}
	for i, group := range textGroups() {
		for j, s := range group.texts {
			if at := impossible(s); at >= 0 {
				cases = append(cases, Case{
					ID:    fmt.Sprintf("X6.%d.%d", i+5, j+1),
					Title: fmt.Sprintf("%s, % x: 1007 at byte %d", group.title, s, at),
					play:  failFastAt(s, at),
				})
			}
		}
	}
	return cases
}

// failFastFragment sends good, which must be taken in silence, and then bad, in
// unfinished fragments.
func failFastFragment(good, bad string) func(*peer) {
	return func(p *peer) {
		p.send(text(good).unfinished())
		p.quiet()
		p.send(continuation(bad).unfinished())
		p.wantClose(frame.CodeInvalidPayload)
	}
}

// failFastWrite does so within one frame, of which the last missing bytes are
// never sent.
func failFastWrite(good, bad string, missing uint64) func(*peer) {
	return func(p *peer) {
		whole := p.appendAll(nil, []wire{text(good + bad).longer(missing)})
		p.write(whole[:len(whole)-len(bad)], 0)
		p.quiet()
		p.write(whole[len(whole)-len(bad):], 0)
		p.wantClose(frame.CodeInvalidPayload)
	}
}

// failFastAt sends s up to its impossible byte, in a frame that promises more.
func failFastAt(s string, at int) func(*peer) {
	return failed(frame.CodeInvalidPayload, text("good: "+s[:at+1]).longer(10))
}

// impossible returns the index of the first byte of s that no valid UTF-8 can have
// at its place, or -1. It tries all that could follow.
func impossible(s string) int {
	for i := range len(s) {
		if !possible(s[:i+1]) {
			return i
		}
	}
	return -1
}

// possible reports whether s can be gone on with to valid UTF-8: whether its last
// character, with up to three of the bytes that may end one, is valid.
func possible(s string) bool {
	for cut := max(0, len(s)-3); cut <= len(s); cut++ {
		if utf8.ValidString(s[:cut]) && (cut == len(s) || completes(s[cut:])) {
			return true
		}
	}
	return false
}

// completes reports whether begun is the beginning of a character. The two bytes
// that it tries behind it suffice: any first byte that may be followed at all may be
// followed by one of them (RFC 3629 §4).
func completes(begun string) bool {
	if utf8.ValidString(begun) {
		return utf8.RuneCountInString(begun) == 1
	}
	return len(begun) < utf8.UTFMax && (completes(begun+"\x80") || completes(begun+"\xa0"))
}
