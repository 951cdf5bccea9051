package conformance_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/conn/internal/conformance"
	"github.com/godwit-ws/godwit/frame"
)

func TestCodecRoundTrip(t *testing.T) {
	data := conformance.Corpora()[0].Data
	for bits := 8; bits <= 15; bits++ {
		for _, forget := range []conformance.Forget{false, true} {
			t.Run(fmt.Sprintf("bits=%d/forget=%t", bits, forget), func(t *testing.T) {
				c := conformance.NewCodec(bits, forget)
				for i, n := range []int{0, 1, 100, 255, 256, 257, 5000, 40_000, 0, 7} {
					want := data[i*100:][:n]
					got, err := c.Inflate(c.Deflate(want))
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("message %d of %d bytes came back with %d, error %v", i, n, len(got), err)
					}
				}
			})
		}
	}
}

// A compressor that goes beyond its window is found out, whatever its blocks.
func TestWindowIsChecked(t *testing.T) {
	const distance = 300
	r := rand.New(rand.NewPCG(1, 1))
	once := make([]byte, distance)
	for i := range once {
		once[i] = byte(r.Uint32())
	}
	short := bytes.Repeat(once, 2)
	long := bytes.Repeat(append(conformance.Corpora()[3].Data[:distance:distance], "<"...)[:distance], 40)
	for _, tt := range []struct {
		name string
		data []byte
	}{{"fixed", []byte(strings.Repeat("abcdefghij", 3))}, {"short", short}, {"dynamic", long}} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, flate.BestCompression)
			w.Write(tt.data)
			w.Close()
			if err := conformance.CheckWindow(b.Bytes(), distance); err != nil {
				t.Errorf("window of %d bytes: %v", distance, err)
			}
			if err := conformance.CheckWindow(b.Bytes(), 9); err == nil || !strings.Contains(err.Error(), "distance") {
				t.Errorf("window of 9 bytes: error %v, want one about a distance", err)
			}
		})
	}
}

// The walker gets to the end of whatever compress/flate writes, and no further.
func TestWindowWalksAllBlocks(t *testing.T) {
	for _, c := range conformance.Corpora() {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6, 9} {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, level)
			w.Write(c.Data[:30_000])
			w.Close()
			if err := conformance.CheckWindow(b.Bytes(), 1<<15-1); err != nil {
				t.Errorf("%s at level %d: %v", c.Title, level, err)
			}
			if err := conformance.CheckWindow(b.Bytes()[:b.Len()-2], 1<<15-1); err == nil {
				t.Errorf("%s at level %d, cut by two bytes: no error", c.Title, level)
			}
		}
	}
}

func TestAnswer(t *testing.T) {
	const name = "permessage-deflate"
	tests := []struct {
		name, offers string
		bits         int
		forget       conformance.Forget
		want         string // "" for an error
	}{
		{"plain", name, 0, false, name},
		{"forget", name, 0, true, name + "; client_no_context_takeover"},
		{"window-not-offered", name, 8, false, ""},
		{"window", name + "; client_max_window_bits", 8, false, name + "; client_max_window_bits=8"},
		{"window-too-large", name + "; client_max_window_bits=9", 10, false, ""},
		{"second-offer", name + ", " + name + ";client_max_window_bits", 9, false, name + "; client_max_window_bits=9"},
		{"asked-of-us", name + "; server_no_context_takeover; server_max_window_bits=10", 0, false, name + "; server_no_context_takeover; server_max_window_bits=10"},
		{"unknown-parameter", name + "; window=3", 0, false, ""},
		{"twice", name + "; server_no_context_takeover; server_no_context_takeover", 0, false, ""},
		{"value-where-none-belongs", name + "; server_no_context_takeover=1", 0, false, ""},
		{"leading-zero", name + "; server_max_window_bits=08", 0, false, ""},
		{"other-extension", "x-deflate", 0, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := conformance.Answer(tt.offers, tt.bits, tt.forget)
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("answer to %q: %q, %v; want %q", tt.offers, got, err, tt.want)
			}
		})
	}
}

func TestAgreed(t *testing.T) {
	const name = "permessage-deflate"
	tests := []struct {
		name, answer string
		bits         int
		forget       conformance.Forget
		ok           bool
	}{
		{"plain", name, 0, false, true},
		{"more-than-asked", name + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=9; server_max_window_bits=9", 0, false, true},
		{"window-kept", name + "; server_max_window_bits=8", 9, false, true},
		{"window-ignored", name, 9, false, false},
		{"window-exceeded", name + "; server_max_window_bits=10", 9, false, false},
		{"takeover-ignored", name, 0, true, false},
		{"takeover-given-up", name + "; server_no_context_takeover", 0, true, true},
		{"window-absurd", name + "; server_max_window_bits=16", 0, false, false},
		{"two-extensions", name + ", " + name, 0, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := conformance.Agreed(tt.answer, tt.bits, tt.forget); (err == nil) != tt.ok {
				t.Errorf("%q: %v, want ok %t", tt.answer, err, tt.ok)
			}
		})
	}
}

func TestCorpora(t *testing.T) {
	for _, c := range conformance.Corpora() {
		if c.Op == frame.Text && !utf8.Valid(c.Data) {
			t.Errorf("%s isn't UTF-8", c.Title)
		}
		around := c.Cut(len(c.Data)-10, 30)
		if want := append(bytes.Clone(c.Data[len(c.Data)-10:]), c.Data[:20]...); !bytes.Equal(around, want) {
			t.Errorf("%s, cut around its end: %q, want %q", c.Title, around, want)
		}
	}
}
