package deflate_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// TestDecompressorExamples are those of RFC 7692 §7.2.3, and their neighbours.
func TestDecompressorExamples(t *testing.T) {
	const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"
	tests := []struct {
		name     string
		payloads []string
		want     []string
	}{
		{"one-block", []string{hello}, []string{"Hello"}},
		{"shared-window", []string{hello, "\xf2\x00\x11\x00\x00"}, []string{"Hello", "Hello"}},
		{"stored", []string{"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"}, []string{"Hello"}},
		{"final-block", []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"}, []string{"Hello"}},
		{"two-blocks", []string{"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"}, []string{"Hello"}},
		{"empty", []string{"\x00", hello}, []string{"", "Hello"}},
		{"empty-fixed", []string{"\x02\x00", hello}, []string{"", "Hello"}},
		{"no-bytes", []string{"", hello}, []string{"", "Hello"}},
		{"nothing-after-final", []string{"\xf3\x48\xcd\xc9\xc9\x07\x00", hello}, []string{"Hello", "Hello"}},
		{"final-empty-stored", []string{"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x01", hello}, []string{"Hello", "Hello"}},
		{"window-after-final", []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "\xf2\x00\x11\x00\x00"}, []string{"Hello", "Hello"}},
		{"two-finals", []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x00\x11\x00\x00"}, []string{"HelloHello"}},
		{"blocks-after-final", []string{"\xf3\x48\xcd\xc9\xc9\x07\x00" + "\xf2\x00\x11\x00\x00"}, []string{"HelloHello"}},
		{"whole-tail-sent", []string{hello + "\x00\x00\xff\xff\x00"}, []string{"Hello"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := deflate.NewDecompressor(deflate.DecompressorConfig{})
			var got []string
			for _, payload := range tt.payloads {
				p, err := d.AppendMessage(nil, []byte(payload), 10)
				if err != nil {
					t.Fatalf("payload % x: %v", payload, err)
				}
				got = append(got, string(p))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDecompressorAgainstStandardLibrary takes what compress/flate makes at every level, with one
// writer for all messages and with a new start for each.
func TestDecompressorAgainstStandardLibrary(t *testing.T) {
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6, 9} {
		for _, noTakeover := range []bool{false, true} {
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("level-%d/no-takeover-%v/%s", level, noTakeover, kind.name), func(t *testing.T) {
					t.Parallel()
					r := newRand(t)
					var out bytes.Buffer
					w, err := flate.NewWriter(&out, level)
					if err != nil {
						t.Fatal(err)
					}
					d := deflate.NewDecompressor(deflate.DecompressorConfig{NoTakeover: noTakeover})
					for _, n := range sizes() {
						p := kind.make(r, n)
						out.Reset()
						if noTakeover {
							w.Reset(&out)
						}
						w.Write(p)
						w.Flush()
						got, err := d.AppendMessage(nil, bytes.TrimSuffix(out.Bytes(), []byte(tail)), int64(n))
						if err != nil || !bytes.Equal(got, p) {
							t.Fatalf("size %d: %v", n, err)
						}
					}
				})
			}
		}
	}
}

// TestLimit sets the limit at, below and above the size, with and without room in dst.
func TestLimit(t *testing.T) {
	r := newRand(t)
	for _, kind := range kinds {
		for _, n := range []int{1, 2, 3, 600, 5000, 70000} {
			p := kind.make(r, n)
			payload := deflate.AppendSelfContained(nil, p, 15)
			for _, room := range []int{0, n / 2, n, 2 * n} {
				for _, limit := range []int{0, n / 4, n - 1, n, n + 1, -1} {
					t.Run(fmt.Sprintf("%s/size-%d/room-%d/limit-%d", kind.name, n, room, limit), func(t *testing.T) {
						before := []byte("before")
						dst := append(make([]byte, 0, len(before)+room), before...)
						d := deflate.NewDecompressor(deflate.DecompressorConfig{})
						got, err := d.AppendMessage(dst, payload, int64(limit))
						if limit >= 0 && limit < n {
							if !errors.Is(err, deflate.ErrTooBig) || len(got) > len(before)+limit {
								t.Fatalf("%d bytes, error %v; want ErrTooBig", len(got), err)
							}
							p = p[:len(got)-len(before)]
						} else if err != nil {
							t.Fatal(err)
						}
						if !bytes.Equal(got, append(before, p...)) {
							t.Errorf("wrong plaintext")
						}
						p = p[:cap(p)][:n]
					})
				}
			}
		}
	}
}

// TestErrorsStay calls again after an error.
func TestErrorsStay(t *testing.T) {
	hello := []byte("\xf2\x48\xcd\xc9\xc9\x07\x00")
	tests := []struct {
		name  string
		limit int64
		in    []byte
		want  error
	}{
		{"too-big", 4, hello, deflate.ErrTooBig},
		{"corrupt", 10, []byte{0xff}, deflate.ErrCorrupt},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := deflate.NewDecompressor(deflate.DecompressorConfig{})
			if _, err := d.AppendMessage(nil, tt.in, tt.limit); !errors.Is(err, tt.want) {
				t.Fatalf("first: %v, want %v", err, tt.want)
			}
			got, err := d.AppendMessage([]byte("x"), hello, -1)
			if !errors.Is(err, tt.want) || string(got) != "x" {
				t.Errorf("then: %q, %v; want %v again", got, err, tt.want)
			}
		})
	}
}

// TestCallersBytesAreOutOfReach has a distance reach before the message while dst has bytes there: they
// are another message's, perhaps another connection's.
func TestCallersBytesAreOutOfReach(t *testing.T) {
	var w bitString
	w.fixedBlock()
	w.match(6, 6)
	w.endOfBlock()
	d := deflate.NewDecompressor(deflate.DecompressorConfig{})
	got, err := d.AppendMessage([]byte("secret"), w.sync(), -1)
	if !errors.Is(err, deflate.ErrCorrupt) || string(got) != "secret" {
		t.Errorf("got %q, %v; want ErrCorrupt", got, err)
	}
}

// TestMatchAcrossHistory begins a match in the history and ends it in the message, overlapping itself.
func TestMatchAcrossHistory(t *testing.T) {
	d := deflate.NewDecompressor(deflate.DecompressorConfig{})
	if _, err := d.AppendMessage(nil, append(storedBlock([]byte("abc")), 0), -1); err != nil {
		t.Fatal(err)
	}
	var w bitString
	w.fixedBlock()
	w.literal('x')
	w.match(10, 3)
	w.endOfBlock()
	got, err := d.AppendMessage([]byte("before "), w.sync(), -1)
	if want := "before xbcxbcxbcxbc"[:18]; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}
