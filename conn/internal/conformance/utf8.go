package conformance

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// kosme is Greek: five letters in eleven bytes, the second one in three.
const kosme = "κ\u1f79σμε"

// textCases is section 6 without 6.4: what is UTF-8 and what isn't (RFC 6455 §8.1,
// RFC 3629), cut into fragments where characters end and where they don't.
func textCases() []Case {
	const long = "Hello-µ@ßöäüàá-UTF-8!!"
	bad := kosme + "\xed\xa0\x80" + "edited"
	cases := []Case{
		{ID: "6.1.1", Title: "text of no bytes, echoed", play: echoed(text(""), 0)},
		{ID: "6.1.2", Title: "three fragments of no bytes: a text of no bytes", play: fragmentsOf("", "", "")},
		{ID: "6.1.3", Title: "three fragments, the first and last of no bytes", play: fragmentsOf("", "middle frame payload", "")},
		{ID: "6.2.1", Title: "text with characters of two bytes, echoed", play: echoed(text(long), 0)},
		{ID: "6.2.2", Title: "the same in two fragments between characters", play: fragmentsOf(long[:13], long[13:])},
		{ID: "6.2.3", Title: "the same in fragments of one byte", play: byteFragments(long)},
		{ID: "6.2.4", Title: "Greek in fragments of one byte", play: byteFragments(kosme)},
		{ID: "6.3.1", Title: "text with a surrogate: 1007", play: failed(frame.CodeInvalidPayload, text(bad))},
		{ID: "6.3.2", Title: "the same in fragments of one byte: 1007", play: failed(frame.CodeInvalidPayload, split(text(bad), 1)...)},
	}
	for i, group := range textGroups() {
		for j, s := range group.texts {
			cases = append(cases, textCase(fmt.Sprintf("6.%d.%d", i+5, j+1), group.title, s))
		}
	}
	return cases
}

func textCase(id, title, s string) Case {
	if utf8.ValidString(s) {
		return Case{ID: id, Title: fmt.Sprintf("%s, % x: echoed", title, s), play: echoed(text(s), 0)}
	}
	return Case{ID: id, Title: fmt.Sprintf("%s, % x: 1007", title, s), play: failed(frame.CodeInvalidPayload, text(s))}
}

// fragmentsOf sends a text in the given fragments and wants it whole.
func fragmentsOf(parts ...string) func(*peer) {
	return func(p *peer) {
		frames := make([]wire, len(parts))
		for i, part := range parts {
			frames[i] = continuation(part).unfinished()
		}
		frames[0].op = frame.Text
		frames[len(frames)-1].more = false
		p.sendEach(frames...)
		p.wantText(strings.Join(parts, ""))
		p.finish()
	}
}

func byteFragments(s string) func(*peer) {
	parts := make([]string, len(s))
	for i := range parts {
		parts[i] = s[i : i+1]
	}
	return fragmentsOf(parts...)
}
