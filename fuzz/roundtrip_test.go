package fuzz_test

import (
	"bytes"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// deflateSetup says how messages are compressed: what 16 bits of the fuzzer's
// mean.
type deflateSetup uint16

func (s deflateSetup) bits() int        { return 8 + int(s%8) }
func (s deflateSetup) noTakeover() bool { return s&0x08 != 0 }
func (s deflateSetup) fragments() bool  { return s&0x10 != 0 } // send each message in three
func (s deflateSetup) shared() bool     { return s&0x20 != 0 } // every third message is made elsewhere
func (s deflateSetup) times() int       { return []int{1, 8, 64, 512}[s>>6%4] }

// FuzzDeflateRoundTrip: messages in sequence, through a Compressor with any window
// and history, come back out of our Decompressor, of one with a larger window, of
// compress/flate and of an inflater that holds every distance to the window.
func FuzzDeflateRoundTrip(f *testing.F) {
	f.Fuzz(func(t *testing.T, data, lengths []byte, setup uint16, history int16) {
		s := deflateSetup(setup)
		const most = 1 << 15
		data = bytes.Repeat(data[:min(len(data), most)], s.times())
		data = data[:min(len(data), 2*most)]
		l := newLink(s, int(history))
		for i, p := range messages(data, lengths) {
			l.send(t, i, p)
		}
	})
}

// messages cuts data into at most 32 messages: each byte of lengths gives the
// square root of a length, over and over.
func messages(data, lengths []byte) (list [][]byte) {
	for i := 0; len(data) > 0 && len(list) < 31; i++ {
		n := len(data)
		if len(lengths) > 0 {
			length := int(lengths[i%len(lengths)])
			n = min(n, length*length)
		}
		list = append(list, data[:n])
		data = data[n:]
	}
	return append(list, data)
}

// link is a compressor and what is at the other ends.
type link struct {
	setup      deflateSetup
	compressor *deflate.Compressor
	same       *deflate.Decompressor // with the compressor's window
	larger     *deflate.Decompressor
	slow       *slowInflater
	plain      []byte // all messages so far
}

func newLink(s deflateSetup, history int) *link {
	same := deflate.DecompressorConfig{WindowBits: s.bits(), NoTakeover: s.noTakeover()}
	larger := deflate.DecompressorConfig{NoTakeover: s.noTakeover()}
	return &link{
		setup: s,
		compressor: deflate.NewCompressor(deflate.CompressorConfig{
			WindowBits: s.bits(), NoTakeover: s.noTakeover(), HistorySize: history,
		}),
		same:   deflate.NewDecompressor(same),
		larger: deflate.NewDecompressor(larger),
		slow:   &slowInflater{window: 1 << s.bits(), noTakeover: s.noTakeover()},
	}
}

// send compresses a message and inflates it four ways.
func (l *link) send(t *testing.T, i int, p []byte) {
	t.Helper()
	payload := l.compress(t, i, p)
	for name, d := range map[string]*deflate.Decompressor{"same": l.same, "larger": l.larger} {
		if got, err := d.AppendMessage(nil, payload, int64(len(p))); err != nil || !bytes.Equal(got, p) {
			t.Fatalf("message %d of %d bytes, %s window: %d bytes, %v", i, len(p), name, len(got), err)
		}
	}
	if got, err := l.slow.inflate(payload, len(p)); err != nil || !bytes.Equal(got, p) {
		t.Fatalf("message %d of %d bytes, slowly: %d bytes, %v", i, len(p), len(got), err)
	}
	seen := l.plain[max(0, len(l.plain)-1<<l.setup.bits()):]
	if l.setup.noTakeover() {
		seen = nil
	}
	if got, err := flateInflate(payload, seen); err != nil || !bytes.Equal(got, p) {
		t.Fatalf("message %d of %d bytes, compress/flate: %d bytes, %v", i, len(p), len(got), err)
	}
	l.plain = append(l.plain, p...)
}

// compress makes the payload of a message, in one of three ways.
func (l *link) compress(t *testing.T, i int, p []byte) []byte {
	t.Helper()
	const before = "before"
	out, most := []byte(before), deflate.MaxCompressed(len(p))
	switch {
	case l.setup.shared() && i%3 == 2:
		out = deflate.AppendSelfContained(out, p, l.setup.bits())
		l.compressor.Remember(p)
	case l.setup.fragments():
		a, b := len(p)/3, len(p)/2
		most = deflate.MaxCompressed(a) + deflate.MaxCompressed(b-a) + deflate.MaxCompressed(len(p)-b)
		out = l.compressor.AppendFragment(out, p[:a])
		out = l.compressor.AppendFragment(out, p[a:b])
		out = l.compressor.AppendMessage(out, p[b:])
	default:
		out = l.compressor.AppendMessage(out, p)
	}
	if !bytes.HasPrefix(out, []byte(before)) || len(out)-len(before) > most {
		t.Fatalf("message %d of %d bytes became %d bytes, or what was there is gone", i, len(p), len(out)-len(before))
	}
	return out[len(before):]
}
