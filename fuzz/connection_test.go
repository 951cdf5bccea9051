package fuzz_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// receiveSetup says what receives a stream, and how it is driven: what a byte of
// the fuzzer's means.
type receiveSetup byte

func (s receiveSetup) role() protocol.Role { return protocol.Role(s & 0x01) }
func (s receiveSetup) compression() bool   { return s&0x02 != 0 }
func (s receiveSetup) noTakeover() bool    { return s&0x04 != 0 }
func (s receiveSetup) discard() bool       { return s&0x08 != 0 }
func (s receiveSetup) stream() bool        { return s&0x10 != 0 }
func (s receiveSetup) whole() bool         { return s&0x20 != 0 || !s.stream() } // with stream: by turns
func (s receiveSetup) attach() bool        { return s&0x40 != 0 }
func (s receiveSetup) feed() bool          { return s&0x80 != 0 } // in place of Want and Got

// rules returns the model's rules. The limits' lowest value means none.
func (s receiveSetup) rules(maxSize, maxFrames int16) rules {
	return rules{
		role: s.role(), compression: s.compression(), noTakeover: s.noTakeover(),
		maxSize: int(maxSize), maxFrames: int(maxFrames), discard: s.discard(),
	}
}

// receiver makes the Receiver for the rules.
func (r rules) receiver() *protocol.Receiver {
	cfg := protocol.ReceiverConfig{Role: r.role, MaxMessageSize: int64(r.maxSize), MaxFragments: r.maxFrames}
	if r.compression {
		cfg.Decompressor = deflate.NewDecompressor(deflate.DecompressorConfig{NoTakeover: r.noTakeover})
	}
	return protocol.NewReceiver(cfg)
}

// FuzzConnection: however a stream is cut and a Receiver driven, its events, the
// code it fails with, and whether it was cut are what the model says of the whole
// stream; and the memory it takes is in proportion to what came and went, unless the
// driver itself moves what was collected out of attached memory at every turn.
func FuzzConnection(f *testing.F) {
	f.Fuzz(func(t *testing.T, stream, cuts []byte, setup byte, maxSize, maxFrames int16) {
		if len(stream) > maxInput {
			return
		}
		s := receiveSetup(setup)
		r := s.rules(maxSize, maxFrames)
		want, partial := modelOf(r, stream)
		for _, how := range [][]byte{nil, {0}, cuts} {
			d := &driver{t: t, setup: s, receiver: r.receiver()}
			cost := allocated(func() { d.drive(stream, how) })
			if most := d.fairCost(len(stream), max(0, int(maxSize))); cost > most && !s.attach() {
				t.Fatalf("%d bytes allocated for %d that came, want at most %d", cost, len(stream), most)
			}
			d.check(want, string(partial))
		}
	})
}

// driver gives a stream to a Receiver and takes down what comes of it.
type driver struct {
	t        *testing.T
	setup    receiveSetup
	receiver *protocol.Receiver

	got     account
	part    said   // the message of which parts have come; its Kind is 0 if there is none
	joined  []byte // those parts
	turns   int    // pieces so far
	scratch [4096]byte
	lent    []byte       // attached last
	free    [][]byte     // lent before, and ours again
	kept    []keptMemory // what was Taken, and must not change any more
	bytes   int          // of messages handed out
}

// keptMemory is memory that is ours, and what it holds.
type keptMemory struct {
	memory []byte
	holds  string
}

// drive gives the stream in pieces, until the Receiver fails.
func (d *driver) drive(stream, cuts []byte) {
	for p := range pieces(bytes.Clone(stream), cuts) {
		if d.setup.discard() {
			d.receiver.SetMode(protocol.Discard)
		} else if d.setup.stream() && (!d.setup.whole() || d.turns%2 == 1) {
			d.receiver.SetMode(protocol.Stream)
		} else {
			d.receiver.SetMode(protocol.Whole)
		}
		d.turns++
		for len(p) > 0 && d.got.Fault == 0 {
			p = p[d.give(p):]
			d.drain()
		}
	}
	d.got.Pending = d.receiver.Pending()
}

// give passes on bytes of p and returns how many.
func (d *driver) give(p []byte) int {
	if d.setup.feed() {
		d.receiver.Feed(p)
		return len(p)
	}
	into := d.receiver.Want(d.scratch[:1+len(p)%len(d.scratch)])
	if len(into) == 0 {
		d.t.Fatal("Want returned no room")
	}
	n := copy(into, p)
	d.receiver.Got(n)
	return n
}

// drain takes all events there are.
func (d *driver) drain() {
	if d.turns%5 == 3 {
		d.detach() // as a read does whose context ends as bytes come
	}
	if d.lent == nil && d.turns%4 != 2 {
		d.attach()
	}
	for {
		ev, err := d.receiver.Next()
		if errors.Is(err, frame.ErrShort) {
			break
		}
		if err != nil {
			d.failed(err)
			return
		}
		if d.take(ev); ev.Last || ev.Taken {
			d.taken(ev)
		}
	}
	if n := d.receiver.Buffered(); n > 0 {
		d.t.Fatalf("%d bytes are left after ErrShort", n)
	}
	for i := range d.scratch {
		d.scratch[i] = 0xAA // nobody may need it any more
	}
	for _, b := range d.free {
		clear(b)
	}
	if d.turns%5 == 0 {
		d.detach() // as a read does whose context ends while it waits
	}
}

// attach lends memory to the Receiver for the next message: enough for most, or
// for few.
func (d *driver) attach() {
	if d.setup.attach() {
		d.lent = make([]byte, []int{2048, 8}[d.turns/5%2])
		d.receiver.Attach(d.lent)
	}
}

// taken deals with memory that was lent for a message, and is either its payload
// now or free again. The next message may have some as well, or none.
func (d *driver) taken(ev protocol.Event) {
	if !ev.Taken {
		d.free = append(d.free, d.lent)
	}
	d.lent = nil
	if d.turns%2 == 1 {
		d.attach()
	}
}

// detach takes the memory back.
func (d *driver) detach() {
	if d.lent == nil {
		return
	}
	d.receiver.Detach()
	clear(d.lent)
	d.lent = nil
}

// failed takes down an error, which has to stay.
func (d *driver) failed(err error) {
	e, ok := errors.AsType[*frame.CloseError](err)
	if !ok {
		d.t.Fatalf("error %v is no CloseError", err)
	}
	wantFault(d.t, err, e.Code)
	d.got.Fault = e.Code
	d.receiver.Feed([]byte("\x81\x00"))
	if _, again := d.receiver.Next(); again != err {
		d.t.Fatalf("after %v: %v", err, again)
	}
}

// take takes down an event, and puts parts together.
func (d *driver) take(ev protocol.Event) {
	if ev.Taken {
		d.kept = append(d.kept, keptMemory{ev.Payload, string(ev.Payload)})
	}
	d.bytes += len(ev.Payload)
	switch ev.Kind {
	case protocol.Message:
		if d.part.Kind != 0 || !ev.Last {
			d.t.Fatalf("message %+v inside a streamed one", ev)
		}
		d.got.Said = append(d.got.Said, said{Kind: ev.Kind, Opcode: ev.Opcode, Payload: string(ev.Payload)})
	case protocol.Part:
		if d.part.Kind != 0 && d.part.Opcode != ev.Opcode {
			d.t.Fatalf("part %+v of a message of %v", ev, d.part.Opcode)
		}
		d.part = said{Kind: protocol.Message, Opcode: ev.Opcode}
		d.joined = append(d.joined, ev.Payload...)
		if ev.Last {
			d.part.Payload = string(d.joined)
			d.got.Said = append(d.got.Said, d.part)
			d.part, d.joined = said{}, nil
		}
	default:
		d.got.Said = append(d.got.Said, said{Kind: ev.Kind, Payload: string(ev.Payload), Code: ev.Code, Reason: ev.Reason})
	}
}

// check compares with the model. partial is what may have been handed out of an
// unfinished message: all that came of it, unless what came last was bad.
func (d *driver) check(want account, partial string) {
	d.t.Helper()
	ignored := cmpopts.IgnoreFields(account{}, "Pending")
	if diff := cmp.Diff(want, d.got, ignored, cmpopts.EquateEmpty()); diff != "" {
		d.t.Fatalf("(-model +receiver):\n%s", diff)
	}
	over := want.Fault != 0 || len(want.Said) > 0 && want.Said[len(want.Said)-1].Kind == protocol.Close
	if !over && want.Pending != d.got.Pending {
		d.t.Fatalf("Pending is %v, want %v", d.got.Pending, want.Pending)
	}
	if !strings.HasPrefix(partial, string(d.joined)) {
		d.t.Fatalf("parts % x of a message that begins % x", d.joined, partial)
	}
	if d.setup.stream() && !d.setup.whole() && !over && string(d.joined) != partial && !d.setup.discard() {
		d.t.Fatalf("parts % x, though % x came", d.joined, partial)
	}
	for _, k := range d.kept {
		if string(k.memory) != k.holds {
			d.t.Fatalf("a payload that is ours changed from % x to % x", k.holds, k.memory)
		}
	}
}

// fairCost is how many bytes may be allocated for came bytes: a few times what
// came and what was handed out, one message up to its limit, the first reservation
// for a message that is announced, and a window.
func (d *driver) fairCost(came, limit int) int {
	const reserved, window = 256 << 10, 32 << 10
	const fixed = 256 << 10 // pools that are empty, this driver, others' work
	return 64*came + 16*d.bytes + 2*limit + 2*reserved + 2*window + fixed
}
