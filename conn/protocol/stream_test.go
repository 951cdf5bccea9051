package protocol_test

import (
	"math/rand/v2"
	"strings"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// talker makes up what a peer says: mostly right, sometimes wrong, in all sizes. Only what it compresses is
// right always: how strict an inflater is with the rest is tested elsewhere.
type talker struct {
	rng *rand.Rand
	*wire
	compressor *deflate.Compressor // nil if compression was not agreed on
	large      bool                // some messages are as large as a scratch, and larger
}

// newTalker returns a peer of a receiver in the given role.
func newTalker(rng *rand.Rand, role protocol.Role, compression bool) *talker {
	t := &talker{rng: rng, wire: to(role)}
	if compression {
		t.compressor = deflate.NewCompressor(deflate.CompressorConfig{})
	}
	return t
}

// talk returns a stream of some messages and control frames, and cuts it off sometimes.
func (t *talker) talk() []byte {
	for range 1 + t.rng.IntN(8) {
		switch n := t.rng.IntN(100); {
		case n < 70:
			t.message()
		case n < 90:
			t.control()
		case n < 96:
			t.mistake()
		default:
			t.add(fin|frame.Close, "\x03\xe8bye")
		}
	}
	stream := t.bytes()
	switch n := t.rng.IntN(10); {
	case len(stream) == 0:
	case n == 0 && t.compressor == nil: // any byte may be any other
		stream[t.rng.IntN(len(stream))] ^= byte(1 + t.rng.IntN(255))
	case n < 3:
		stream = stream[:t.rng.IntN(len(stream))]
	}
	return stream
}

// message adds a message in one to five frames.
func (t *talker) message() {
	first, payload := frame.Binary, ""
	if t.rng.IntN(2) == 0 {
		first, payload = frame.Text, t.words()
	} else {
		payload = string(noise(t.rng.Uint64(), t.size()))
	}
	if t.compressor != nil && t.rng.IntN(2) == 0 {
		first |= rsv1
		payload = string(t.compressor.AppendMessage(nil, []byte(payload)))
	}
	for more := t.rng.IntN(5); more > 0; more-- {
		n := t.rng.IntN(len(payload) + 1)
		t.add(first, payload[:n])
		first, payload = frame.Continuation, payload[n:]
		if t.rng.IntN(3) == 0 {
			t.control()
		}
	}
	t.add(fin|first, payload)
}

// words returns text, now and then with a byte that doesn't belong there.
func (t *talker) words() string {
	characters := []string{"a", "word ", "é", "€", "視", "🐦", "\U0010ffff", "\x00"}
	var b strings.Builder
	for n := t.size(); b.Len() < n; {
		b.WriteString(characters[t.rng.IntN(len(characters))])
		if t.rng.IntN(1000) == 0 {
			b.WriteByte(byte(t.rng.Uint32()))
		}
	}
	return b.String()
}

// size returns how long the next message should be.
func (t *talker) size() int {
	if t.large && t.rng.IntN(3) == 0 {
		return t.rng.IntN(200_000)
	}
	return t.rng.IntN([]int{1, 10, 200, 2000}[t.rng.IntN(4)])
}

// control adds a ping or a pong.
func (t *talker) control() {
	t.add(fin|frame.Ping+frame.Opcode(t.rng.IntN(2)), string(noise(t.rng.Uint64(), t.rng.IntN(frame.MaxControl+1))))
}

// mistake adds a frame that breaks a rule, most of the time.
func (t *talker) mistake() {
	first := frame.Opcode(t.rng.Uint32())
	if t.rng.IntN(2) == 0 || t.compressor != nil && first&rsv1 != 0 && first&0xf < 3 {
		first = fin | frame.Opcode(t.rng.IntN(3))
	}
	switch t.rng.IntN(3) {
	case 0:
		t.header(first, t.rng.Uint64()>>t.rng.IntN(64))
	case 1:
		t.add(first, t.words())
	default:
		for range t.rng.IntN(8) {
			t.add(0, "")
		}
	}
}
