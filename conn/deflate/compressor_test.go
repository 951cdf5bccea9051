package deflate_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// TestCompressorExamples holds the encoder against RFC 7692 §7.2.3.1, §7.2.3.2 and §7.2.3.6. With a shared
// window it is a byte shorter than the RFC's sender, whose match leaves out the first letter.
func TestCompressorExamples(t *testing.T) {
	tests := []struct {
		name     string
		messages []string
		want     []string
	}{
		{"one-block", []string{"Hello"}, []string{"\xf2\x48\xcd\xc9\xc9\x07\x00"}},
		{"shared-window", []string{"Hello", "Hello"}, []string{"\xf2\x48\xcd\xc9\xc9\x07\x00", "\x02\x13\x00\x00"}},
		{"empty", []string{"", ""}, []string{"\x00", "\x00"}},
		{"empty-between", []string{"Hello", ""}, []string{"\xf2\x48\xcd\xc9\xc9\x07\x00", "\x00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := deflate.NewCompressor(deflate.CompressorConfig{})
			var got []string
			for _, p := range tt.messages {
				got = append(got, string(c.AppendMessage(nil, []byte(p))))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("payloads (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFragmentsJoinToOnePayload cuts messages in fragments (RFC 7692 §7.2.1): joined, their payloads are
// that of the message, and each alone already yields all its plaintext.
func TestFragmentsJoinToOnePayload(t *testing.T) {
	for _, noTakeover := range []bool{false, true} {
		t.Run(fmt.Sprintf("no-takeover-%v", noTakeover), func(t *testing.T) {
			r := newRand(t)
			c := deflate.NewCompressor(deflate.CompressorConfig{NoTakeover: noTakeover})
			d := deflate.NewDecompressor(deflate.DecompressorConfig{NoTakeover: noTakeover})
			for _, n := range []int{0, 1, 100, 5000, 100000} {
				p := makeJSON(r, n)
				var payload []byte
				rest := p
				for len(rest) > 0 {
					cut := r.IntN(len(rest) + 1)
					payload = c.AppendFragment(payload, rest[:cut])
					if !bytes.HasSuffix(payload, []byte(tail)) {
						t.Fatalf("a fragment's payload ends with % x", payload[len(payload)-4:])
					}
					rest = rest[cut:]
					if r.IntN(4) == 0 {
						break
					}
				}
				payload = c.AppendMessage(payload, rest)
				got, err := d.AppendMessage(nil, payload, int64(n))
				if err != nil || !bytes.Equal(got, p) {
					t.Fatalf("size %d: %v", n, err)
				}
			}
		})
	}
}

// TestFragmentsOfOneMessageShareContext checks that no_context_takeover forgets at messages, not at
// fragments (RFC 7692 §7.1.1).
func TestFragmentsOfOneMessageShareContext(t *testing.T) {
	r := newRand(t)
	c := deflate.NewCompressor(deflate.CompressorConfig{NoTakeover: true})
	p := makeRandom(r, 500)
	c.AppendFragment(nil, p)
	if n := len(c.AppendMessage(nil, p)); n > 50 {
		t.Errorf("the second fragment, equal to the first, took %d bytes", n)
	}
	if n := len(c.AppendMessage(nil, p)); n < 500 {
		t.Errorf("the next message took %d bytes: it saw the one before", n)
	}
}

// TestSelfContained sends one payload on connections in any state (RFC 7692 §7.1.1).
func TestSelfContained(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		t.Run(fmt.Sprintf("bits-%d", bits), func(t *testing.T) {
			r := newRand(t)
			p := makeJSON(r, 3000)
			shared := deflate.AppendSelfContained(nil, p, bits)
			c := deflate.NewCompressor(deflate.CompressorConfig{WindowBits: bits})
			s := &strictInflater{window: 1 << bits}
			for range 3 {
				mine := makeJSON(r, 1000)
				got, err := s.inflate(c.AppendMessage(nil, mine))
				if err != nil || !bytes.Equal(got, mine) {
					t.Fatalf("own message: %v", err)
				}
				got, err = s.inflate(shared)
				if err != nil || !bytes.Equal(got, p) {
					t.Fatalf("shared message: %v", err)
				}
				c.Remember(p)
			}
			if n := len(c.AppendMessage(nil, p[3000-200:])); n > 60 {
				t.Errorf("the end of the remembered message took %d bytes", n)
			}
		})
	}
}

func TestAppendKeepsWhatIsBefore(t *testing.T) {
	r := newRand(t)
	c := deflate.NewCompressor(deflate.CompressorConfig{})
	for range 50 {
		p := makeJSON(r, r.IntN(3000))
		before := makeRandom(r, r.IntN(20))
		dst := append(make([]byte, 0, r.IntN(4000)+20), before...)
		got := c.AppendMessage(dst, p)
		if !bytes.HasPrefix(got, before) {
			t.Fatalf("AppendMessage changed what was in dst")
		}
	}
}

// TestInputIsNotKept overwrites the message after each call.
func TestInputIsNotKept(t *testing.T) {
	r := newRand(t)
	c := deflate.NewCompressor(deflate.CompressorConfig{})
	d := deflate.NewDecompressor(deflate.DecompressorConfig{})
	for _, n := range []int{100, 100, 4096, 70000, 100, 40000} {
		p := makeJSON(r, n)
		want := bytes.Clone(p)
		payload := c.AppendMessage(nil, p)
		copy(p, makeRandom(r, n))
		got, err := d.AppendMessage(nil, payload, -1)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("size %d: %v", n, err)
		}
		copy(got, makeRandom(r, n))
		copy(payload, makeRandom(r, len(payload)))
	}
}

// TestMaxCompressed looks for the worst expansion: random bytes, with short spells that compress.
func TestMaxCompressed(t *testing.T) {
	r := newRand(t)
	c := deflate.NewCompressor(deflate.CompressorConfig{HistorySize: 1 << 15})
	for range 100 {
		p := makeRandom(r, r.IntN(1<<r.IntN(20)+1))
		for i := 0; i < len(p); i += 1 + r.IntN(1<<17) {
			copy(p[i:], makeJSON(r, r.IntN(1<<r.IntN(15))))
		}
		dst := make([]byte, 1, 1+deflate.MaxCompressed(len(p)))
		if got := c.AppendFragment(dst, p); &got[0] != &dst[0] {
			t.Fatalf("%d bytes took %d and did not get by with room for %d", len(p), len(got)-1, cap(dst)-1)
		}
	}
	p := makeRandom(r, 3<<20)
	if n := len(c.AppendMessage(nil, p)); n > len(p)+5*(len(p)/65535)+20 {
		t.Errorf("%d random bytes took %d", len(p), n)
	}
}

// TestAllForms checks that each of the three forms of block is chosen where it is due.
func TestAllForms(t *testing.T) {
	r := newRand(t)
	tests := []struct {
		name string
		p    []byte
		form byte
	}{
		{"stored", makeRandom(r, 1000), 0},
		{"fixed", []byte("Hello"), 1},
		{"dynamic", makeText(r, 3000), 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &strictInflater{window: 1 << 15}
			if _, err := s.inflate(deflate.AppendSelfContained(nil, tt.p, 0)); err != nil {
				t.Fatal(err)
			}
			delete(s.forms, 0) // the sync flush
			if tt.form != 0 && s.forms[tt.form] != 1 || tt.form == 0 && len(s.forms) != 0 {
				t.Errorf("forms %v, want only %d", s.forms, tt.form)
			}
		})
	}
}

// TestCodeLengthLimit has byte frequencies that grow like Fibonacci's numbers, for which Huffman's tree
// is deeper than the 15 bits a code may have.
func TestCodeLengthLimit(t *testing.T) {
	var p []byte
	for i, f := 0, [2]int{1, 1}; len(p)+f[0] < 1<<16; i, f = i+1, [2]int{f[1], f[0] + f[1]} {
		p = append(p, bytes.Repeat([]byte{byte(i)}, f[0])...)
	}
	r := newRand(t)
	r.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	s := &strictInflater{window: 1 << 15}
	got, err := s.inflate(deflate.AppendSelfContained(nil, p, 15))
	if err != nil || !bytes.Equal(got, p) {
		t.Errorf("%d bytes: %v", len(p), err)
	}
}

func TestWindowBitsOutOfRangePanic(t *testing.T) {
	calls := map[string]func(bits int){
		"compressor":     func(bits int) { deflate.NewCompressor(deflate.CompressorConfig{WindowBits: bits}) },
		"decompressor":   func(bits int) { deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: bits}) },
		"self-contained": func(bits int) { deflate.AppendSelfContained(nil, nil, bits) },
	}
	for name, call := range calls {
		for _, bits := range []int{-1, 1, 7, 16} {
			t.Run(fmt.Sprintf("%s/bits-%d", name, bits), func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				call(bits)
			})
		}
	}
}
