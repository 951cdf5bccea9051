package protocol_test

import (
	"fmt"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

const notText = "text is not UTF-8"

// wrongTexts are texts with the index of the first byte that can't be right (RFC 6455 §8.1, RFC 3629 §4).
var wrongTexts = []struct {
	name string
	text string
	bad  int
}{
	{"first-byte", "\xff", 0},
	{"lone-continuation", "abc\x80def", 3},
	{"overlong-slash", "abc\xc0\xafdef", 3},
	{"overlong-of-three", "abc\xe0\x80\xaf", 4},
	{"surrogate", "κόσμε\xed\xa0\x80edited", 11},
	{"past-the-last-character", "κόσμε\xf4\x90\x80\x80edited", 11},
	{"character-broken-off", "€\xe2\x82abcdefghijklmnop", 5},
	{"behind-much-ascii", "0123456789012345678901234567890123456789\xfe", 40},
	{"behind-emoji", "🐦🌊🛫🌏\xf0\x9f\x90🐦", 19},
}

// Bad text fails at the first byte that can't be right, however the message is cut into fragments and
// reads: with all bytes before that one, nothing is wrong yet.
func TestTextFailsAtTheFirstBadByte(t *testing.T) {
	for _, tt := range wrongTexts {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				for fragment := 1; fragment <= len(tt.text)+1; fragment++ {
					for _, mode := range []protocol.Mode{protocol.Whole, protocol.Stream} {
						t.Run(fmt.Sprintf("fragment=%d/mode=%d", fragment, mode), func(t *testing.T) {
							failAt(t, role, mode, tt.text, fragment, tt.bad)
						})
					}
				}
			})
		})
	}
}

// failAt sends text in fragments of the given size, without an end, and wants failure with byte bad.
func failAt(t *testing.T, role protocol.Role, mode protocol.Mode, text string, fragment, bad int) {
	r := protocol.NewReceiver(unlimited(role))
	r.SetMode(mode)
	first := frame.Text
	for at := 0; at < len(text); at += fragment {
		p := text[at:min(at+fragment, len(text))]
		header := to(role).header(first, uint64(len(p))).bytes()
		whole := to(role).add(first, p).bytes()
		feed(t, r, header)
		for i, b := range whole[len(header):] {
			_, failure := feed(t, r, []byte{b})
			if at+i < bad {
				if failure != nil {
					t.Fatalf("byte %d: %v, want failure at byte %d", at+i, failure, bad)
				}
				continue
			}
			wantFailure(t, failure, frame.CodeInvalidPayload, notText)
			return
		}
		first = frame.Continuation
	}
	t.Fatal("no failure")
}

// A character that the message's end cuts in half fails at the end, and not at the end of a fragment.
func TestTextCutInACharacter(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		for _, cut := range []string{"\xe2", "\xe2\x82", "ab\xf0\x9f\x90", "\xc3"} {
			_, bad := feed(t, protocol.NewReceiver(unlimited(role)), to(role).add(fin|frame.Text, cut).bytes())
			wantFailure(t, bad, frame.CodeInvalidPayload, notText)

			r := protocol.NewReceiver(unlimited(role))
			got, bad := feed(t, r, to(role).add(frame.Text, cut).add(fin|frame.Ping, "\xff").bytes())
			wantEvents(t, got, bad, ping("\xff"))
			_, bad = feed(t, r, to(role).add(fin, "").bytes())
			wantFailure(t, bad, frame.CodeInvalidPayload, notText)
		}
	})
}

// Every character may be cut anywhere; what comes after a message begins anew.
func TestTextCutBetweenFragments(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		const s = "aé€🐦"
		for i := range len(s) + 1 {
			for j := i; j <= len(s); j++ {
				stream := to(role).add(frame.Text, s[:i]).add(0, s[i:j]).add(fin, s[j:]).add(fin|frame.Text, s)
				got, bad := feed(t, protocol.NewReceiver(unlimited(role)), stream.bytes())
				wantEvents(t, got, bad, text(s), text(s))
			}
		}
	})
}

// Binary messages are nobody's text.
func TestBinaryIsNotChecked(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		stream := to(role).add(fin|frame.Binary, "\xff\xfe").add(frame.Binary, "\xc0").add(fin, "\x80")
		got, bad := feed(t, protocol.NewReceiver(unlimited(role)), stream.bytes())
		wantEvents(t, got, bad, binary("\xff\xfe"), binary("\xc0\x80"))
	})
}
