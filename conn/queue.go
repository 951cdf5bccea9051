package conn

import (
	"slices"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// queue holds what waits behind a write in progress, in order: messages as they
// were given, where they are to be compressed when they leave, and framed bytes
// else. It is guarded by the Conn's mu.
type queue struct {
	mem     *bufpool.Buffer // the bytes of entries, from off on
	off     int
	entries []entry
	head    int // entries before it are gone
	size    int // what all this counts for, in bytes
	pongs   int // how many of the entries are pongs
}

// entry is one queued message or frame.
type entry struct {
	n        int                // bytes in the queue's memory
	op       frame.Opcode       // Text or Binary for a message to be encoded, Pong for a framed one, 0 for other framed bytes
	prepared *protocol.Prepared // in place of bytes
}

// commitSize is how many bytes leave the queue at a time, unless one message is
// larger.
const commitSize = 64 << 10

func (q *queue) empty() bool { return q.head == len(q.entries) }

// cost is what an entry counts for: its message and a header, so that empty
// messages have a limit too.
func (e *entry) cost() int {
	if e.prepared != nil {
		return e.prepared.Len() + frame.MaxHeader
	}
	return e.n + frame.MaxHeader
}

func (q *queue) push(e entry) {
	if gone := q.head; len(q.entries) == cap(q.entries) && gone > len(q.entries)/2 {
		q.entries = slices.Delete(q.entries, 0, gone)
		q.head = 0
	}
	q.entries = append(q.entries, e)
	q.size += e.cost()
}

// admits reports whether n bytes more may be queued: always if it is empty.
func (q *queue) admits(n, limit int) bool {
	return limit < 0 || q.empty() || n <= limit-q.size
}

// memory returns the queue's memory with room for n more bytes. What has left the
// queue makes room again once it is the larger part, so that a queue which is
// never empty doesn't grow for ever.
func (q *queue) memory(n int) *bufpool.Buffer {
	if q.mem == nil {
		q.mem = bufpool.Get(max(n, minQueue))
	}
	if cap(q.mem.B)-len(q.mem.B) < n && q.off > len(q.mem.B)/2 {
		q.mem.B = q.mem.B[:copy(q.mem.B, q.mem.B[q.off:])]
		q.off = 0
	}
	q.mem.Grow(n)
	return q.mem
}

// minQueue is the least memory of a queue that isn't empty, in bytes.
const minQueue = 4 << 10

// pushMessage queues a message: encoded at once, unless it will be compressed.
func (q *queue) pushMessage(s *protocol.Sender, op frame.Opcode, p []byte) {
	mem := q.memory(s.Room(len(p)))
	if s.Compresses(len(p)) {
		mem.B = append(mem.B, p...)
		q.push(entry{n: len(p), op: op})
		return
	}
	before := len(mem.B)
	mem.B = s.AppendMessage(mem.B, op, p)
	q.push(entry{n: len(mem.B) - before})
}

// pushPrepared queues a prepared message.
func (q *queue) pushPrepared(s *protocol.Sender, m *protocol.Prepared) {
	if s.Compresses(m.Len()) {
		q.push(entry{prepared: m})
		return
	}
	mem := q.memory(s.Room(m.Len()))
	before := len(mem.B)
	mem.B = s.AppendPrepared(mem.B, m)
	q.push(entry{n: len(mem.B) - before})
}

// pushPong queues a pong.
func (q *queue) pushPong(s *protocol.Sender, payload []byte) {
	q.pushFrame(func(dst []byte) []byte {
		dst, _ = s.AppendControl(dst, frame.Pong, payload) // no payload of a ping is too long
		return dst
	})
	q.entries[len(q.entries)-1].op = frame.Pong
	q.pongs++
}

// pushFrame queues what encode appends.
func (q *queue) pushFrame(encode func(dst []byte) []byte) {
	mem := q.memory(frame.MaxHeader + frame.MaxControl)
	before := len(mem.B)
	mem.B = encode(mem.B)
	q.push(entry{n: len(mem.B) - before})
}

// commit moves entries from the front of the queue to out, encoded: up to
// commitSize bytes, or one entry.
func (q *queue) commit(s *protocol.Sender, out *bufpool.Buffer) {
	for !q.empty() {
		e := q.entries[q.head]
		if len(out.B) > 0 && len(out.B)+e.n > commitSize {
			return
		}
		var p []byte
		if e.n > 0 {
			p = q.mem.B[q.off : q.off+e.n]
		}
		switch {
		case e.prepared != nil:
			out.Grow(s.Room(e.prepared.Len()))
			out.B = s.AppendPrepared(out.B, e.prepared)
		case e.op == frame.Text || e.op == frame.Binary:
			out.Grow(s.Room(e.n))
			out.B = s.AppendMessage(out.B, e.op, p)
		default:
			out.Grow(e.n)
			out.B = append(out.B, p...)
		}
		if e.op == frame.Pong {
			q.pongs--
		}
		q.size -= e.cost()
		q.entries[q.head] = entry{}
		q.head++
		q.off += e.n
	}
	q.reset()
}

// reset empties the queue and gives its memory back.
func (q *queue) reset() {
	bufpool.Put(q.mem)
	entries := q.entries[:0]
	if cap(entries) > maxKeptEntries {
		entries = nil
	}
	*q = queue{entries: entries}
}

// maxKeptEntries is how many entries an empty queue keeps room for.
const maxKeptEntries = 64
