package load_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/frame"
)

func TestContent(t *testing.T) {
	for _, kind := range load.Contents() {
		for _, n := range []int{0, 1, 2, 3, 4, 125, 1000, 16 << 10} {
			p := load.Content(kind, n, 1)
			if len(p) != n {
				t.Errorf("%s: %d bytes, want %d", kind, len(p), n)
			}
			if kind != load.Binary && !utf8.Valid(p) {
				t.Errorf("%s of %d bytes isn't UTF-8", kind, n)
			}
			if !bytes.Equal(p, load.Content(kind, n, 1)) {
				t.Errorf("%s of %d bytes isn't the same twice", kind, n)
			}
			if n > 100 && bytes.Equal(p, load.Content(kind, n, 2)) {
				t.Errorf("%s of %d bytes is the same for two seeds", kind, n)
			}
		}
	}
}

// TestContentIsWhatItSays looks at what the kinds are for.
func TestContentIsWhatItSays(t *testing.T) {
	cjk := load.Content(load.CJK, 3000, 1)
	if n := utf8.RuneCount(cjk); n != 1000 {
		t.Errorf("3000 bytes of Chinese have %d characters, want 1000", n)
	}
	records := load.Content(load.JSON, 4000, 1)
	whole := records[:bytes.LastIndex(records, []byte("},{"))+1]
	if list := "[" + string(whole) + "]"; !json.Valid([]byte(list)) {
		t.Errorf("not JSON: %s", list)
	}
	if bytes.IndexFunc(load.Content(load.ASCII, 1000, 1), func(r rune) bool { return r >= 0x80 }) >= 0 {
		t.Error("ASCII isn't")
	}
}

// TestDeck decodes what a deck sends, from every place on.
func TestDeck(t *testing.T) {
	for _, compress := range []bool{false, true} {
		for _, size := range []int{0, 1, 125, 126, 5000, 200_000} {
			const span = 5
			d := load.NewDeck(load.JSON, size, span, compress)
			if d.Len() < 2 || d.Len() > 256 {
				t.Errorf("%d messages of %d bytes", d.Len(), size)
			}
			for first := range d.Len() + 1 {
				wantMessages(t, d, first, bytes.Clone(d.Frames(first, span)), span)
			}
		}
	}
}

// wantMessages checks that b is count messages of a deck.
func wantMessages(t *testing.T, d *load.Deck, first int, b []byte, count int) {
	t.Helper()
	for i := range count {
		h, n, err := frame.ParseHeader(b)
		if err != nil || !h.Fin || !h.Masked || h.Opcode != frame.Text || int64(len(b)-n) < h.Length {
			t.Fatalf("message %d: header %+v, %v", first+i, h, err)
		}
		p := b[n:][:h.Length]
		b = b[n+int(h.Length):]
		frame.Mask(p, h.Key)
		if h.Rsv1 {
			if p, err = deflate.NewDecompressor(deflate.DecompressorConfig{}).AppendMessage(nil, p, -1); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(p, d.Message(first+i)) {
			t.Fatalf("message %d has other content", first+i)
		}
	}
	if len(b) > 0 {
		t.Errorf("%d bytes more", len(b))
	}
}
