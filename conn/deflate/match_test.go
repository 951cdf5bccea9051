package deflate_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// TestPositionsRunOver has the encoder's positions pass the point where its table is cleared, with
// messages that end before, on and after it. An entry left from an earlier message must never count.
func TestPositionsRunOver(t *testing.T) {
	for back := range 60 {
		t.Run(fmt.Sprintf("back-%d", back), func(t *testing.T) {
			var messages [][]byte
			for range 6 {
				messages = append(messages, bytes.Repeat([]byte("same again "), 3))
			}
			base := uint32(1<<31 - 3*(1<<15) - 50 + back)
			for i, payload := range deflate.CompressFrom(base, messages, 15) {
				d := deflate.NewDecompressor(deflate.DecompressorConfig{NoTakeover: true})
				got, err := d.AppendMessage(nil, payload, -1)
				if err != nil || !bytes.Equal(got, messages[i]) {
					t.Fatalf("message %d: %q, %v", i, got, err)
				}
			}
		})
	}
}

// TestLongMatches covers lengths around what one length code names, where a match is cut in pieces none
// of which may be shorter than three.
func TestLongMatches(t *testing.T) {
	for n := range 800 {
		for _, unit := range []string{"a", "ab", "abcdefghijklmnop"} {
			p := bytes.Repeat([]byte(unit), n/len(unit)+1)[:n]
			s := &strictInflater{window: 1 << 8}
			got, err := s.inflate(deflate.AppendSelfContained(nil, append(p, '!'), 8))
			if err != nil || string(got) != string(p)+"!" {
				t.Fatalf("%d bytes of %q: %v", n, unit, err)
			}
		}
	}
}

// TestSequencesRunOut has more matches in a block than it has room for: short ones, all of them new.
func TestSequencesRunOut(t *testing.T) {
	r := newRand(t)
	words := make([][]byte, 400)
	for i := range words {
		words[i] = makeRandom(r, 4)
	}
	var p []byte
	for len(p) < 1<<17 {
		p = append(p, words[r.IntN(len(words))]...)
	}
	s := &strictInflater{window: 1 << 15}
	got, err := s.inflate(deflate.AppendSelfContained(nil, p, 15))
	if err != nil || !bytes.Equal(got, p) {
		t.Fatal(err)
	}
	if blocks := s.forms[2]; blocks <= len(p)>>16 {
		t.Errorf("%d dynamic blocks: the sequences never ran out", blocks)
	}
}
