package deflate_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// TestDistancesStayInWindow compresses messages whose content comes back at distances around the window
// and checks each distance (RFC 7692 §7.1.2).
func TestDistancesStayInWindow(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, history := range []int{-1, 0, 100, 1 << 15} {
			t.Run(fmt.Sprintf("bits-%d/history-%d", bits, history), func(t *testing.T) {
				t.Parallel()
				r := newRand(t)
				c := deflate.NewCompressor(deflate.CompressorConfig{WindowBits: bits, HistorySize: history})
				s := &strictInflater{window: 1 << bits}
				for i, p := range repeatingMessages(r, 1<<bits) {
					got, err := s.inflate(c.AppendMessage(nil, p))
					if err != nil || !bytes.Equal(got, p) {
						t.Fatalf("message %d of %d bytes: %v", i, len(p), err)
					}
				}
				if s.farthest < 1<<bits-20 && history == 1<<15 {
					t.Errorf("farthest distance %d: the window of %d is not used", s.farthest, 1<<bits)
				}
			})
		}
	}
}

// repeatingMessages returns messages in which random bytes come back after a little less and a little
// more than the window, in one message and in the next, and a big message.
func repeatingMessages(r *rand.Rand, window int) [][]byte {
	var messages [][]byte
	for delta := -12; delta <= 12; delta += 4 {
		p := makeRandom(r, window+delta)
		messages = append(messages, bytes.Repeat(p, 3), p, p)
	}
	return append(messages, makeJSON(r, 1<<16+1000))
}

func TestHistorySizeBoundsDistances(t *testing.T) {
	r := newRand(t)
	c := deflate.NewCompressor(deflate.CompressorConfig{HistorySize: 300})
	block := makeRandom(r, 200)
	other := makeRandom(r, 150)
	first := len(c.AppendMessage(nil, block))
	c.AppendMessage(nil, other)
	// The last 150 bytes of block are still there, and the first 50 are not.
	again := len(c.AppendMessage(nil, block))
	if first < 200 || again < 50 || again > 100 {
		t.Errorf("sizes %d, then %d; want the 150 bytes within 300 found and no others", first, again)
	}
}

// TestDecompressorRefusesDistancesPastWindow takes a payload that a larger window made. A distance that
// is too long by one is corrupt, in the message as well as across its start.
func TestDecompressorRefusesDistancesPastWindow(t *testing.T) {
	for bits := 8; bits < 15; bits++ {
		for _, over := range []int{0, 1} {
			name := fmt.Sprintf("bits-%d/over-%d", bits, over)
			distance := 1<<bits + over
			lead := make([]byte, distance)
			for i := range lead {
				lead[i] = byte(i)
			}
			var w bitString
			w.fixedBlock()
			w.match(4, distance)
			w.endOfBlock()
			back := w.sync()
			t.Run(name+"/in-message", func(t *testing.T) {
				d := deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: bits, NoTakeover: true})
				got, err := d.AppendMessage(nil, append(storedBlock(lead), back...), -1)
				checkDistance(t, got, err, over, append(lead[:distance:distance], lead[:4]...))
			})
			t.Run(name+"/across-messages", func(t *testing.T) {
				d := deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: bits})
				if _, err := d.AppendMessage(nil, append(storedBlock(lead), 0), -1); err != nil {
					t.Fatal(err)
				}
				got, err := d.AppendMessage(nil, back, -1)
				checkDistance(t, got, err, over, lead[:4])
			})
		}
	}
}

func checkDistance(t *testing.T, got []byte, err error, over int, want []byte) {
	t.Helper()
	if over > 0 {
		if !errors.Is(err, deflate.ErrCorrupt) {
			t.Errorf("error %v, want ErrCorrupt", err)
		}
		return
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got % x, %v; want % x", got, err, want)
	}
}

// TestNoTakeoverForgets has the second message reach into the first (RFC 7692 §7.1.1).
func TestNoTakeoverForgets(t *testing.T) {
	c := deflate.NewCompressor(deflate.CompressorConfig{NoTakeover: true})
	p := []byte("a message that comes twice")
	first := c.AppendMessage(nil, p)
	c.Remember(p)
	if again := c.AppendMessage(nil, p); !bytes.Equal(first, again) {
		t.Errorf("the second payload % x differs from the first % x", again, first)
	}

	c = deflate.NewCompressor(deflate.CompressorConfig{})
	d := deflate.NewDecompressor(deflate.DecompressorConfig{NoTakeover: true})
	if _, err := d.AppendMessage(nil, c.AppendMessage(nil, p), -1); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AppendMessage(nil, c.AppendMessage(nil, p), -1); !errors.Is(err, deflate.ErrCorrupt) {
		t.Errorf("a distance into the previous message: %v, want ErrCorrupt", err)
	}
}
