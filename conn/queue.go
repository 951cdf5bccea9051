package conn

import (
	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// queue holds what waits behind a write in progress, in order: messages as they
// were given, where they are to be compressed when they leave or are shared by
// many, and framed bytes else. It is guarded by the Conn's mu.
type queue struct {
	mem     *bufpool.Buffer // the bytes of entries, from off on
	off     int
	entries []entry
	head    int    // entries before it have left
	pushed  uint32 // counts entries, and is the number of the next

	waiting load // what all entries count for
	posted  load // those of them that may give way to others
	live    int  // entries that have neither left nor given way
	pongs   int  // how many of them are pongs

	oldest int            // no entry before it may give way
	latest map[string]int // by key, the entry posted with KeepLatest
}

// load is a number of messages and what they count for, with all else in bytes.
type load struct{ messages, bytes int }

// entry is one queued message or frame.
type entry struct {
	n        int                // bytes in the queue's memory
	prepared *protocol.Prepared // in place of bytes
	key      string             // of a message posted with KeepLatest
	op       frame.Opcode       // of a message to be encoded
	kind     entryKind
	overflow Overflow // of a posted message
	number   uint32   // rises from entry to entry
}

// entryKind says what an entry is, and in which form its bytes are.
type entryKind uint8

const (
	given   entryKind = iota // a message that has given way: nothing is left of it
	control                  // a framed Close or ping
	pong                     // a framed pong
	framed                   // a message, framed
	plain                    // a message, to be encoded as it leaves
	shared                   // a prepared message
	posted                   // one that was posted
)

// commitSize is how many bytes leave the queue at a time, unless one message is
// larger.
const commitSize = 64 << 10

// footprint is the memory that the queue takes, without that of prepared messages, in
// bytes.
func (q *queue) footprint() int {
	n := cap(q.entries) * entrySize
	if q.mem != nil {
		n += cap(q.mem.B)
	}
	return n
}

// entrySize is about the size of an entry, in bytes.
const entrySize = 48

func (q *queue) empty() bool { return q.live == 0 }

// size is the length of an entry in bytes.
func (e *entry) size() int {
	if e.prepared != nil {
		return e.prepared.Len()
	}
	return e.n
}

// load is what an entry counts for: its message and a header, so that empty
// messages have a limit too.
func (e *entry) load() load {
	l := load{bytes: e.size() + frame.MaxHeader}
	if e.kind >= framed {
		l.messages = 1
	}
	return l
}

// givesWay reports whether an entry may be dropped for others.
func (e *entry) givesWay() bool {
	return e.kind == posted && (e.overflow == DropOldest || e.overflow == KeepLatest)
}

// keyed reports whether an entry is found by its key.
func (e *entry) keyed() bool { return e.kind == posted && e.overflow == KeepLatest }

func (l *load) add(m load) { l.messages += m.messages; l.bytes += m.bytes }

func (l *load) sub(m load) { l.messages -= m.messages; l.bytes -= m.bytes }

func (q *queue) push(e entry) {
	if gone := len(q.entries) - q.live; len(q.entries) == cap(q.entries) && gone > len(q.entries)/2 {
		q.compact()
	}
	if e.keyed() {
		if q.latest == nil {
			q.latest = make(map[string]int)
		}
		q.latest[e.key] = len(q.entries)
	}
	e.number = q.pushed
	q.pushed++
	q.entries = append(q.entries, e)
	q.live++
	q.waiting.add(e.load())
	if e.givesWay() {
		q.posted.add(e.load())
	}
	if e.kind == pong {
		q.pongs++
	}
}

// compact forgets the entries that are gone.
func (q *queue) compact() {
	kept := q.entries[:0]
	for _, e := range q.entries[q.head:] {
		if e.kind == given {
			continue
		}
		if e.keyed() {
			q.latest[e.key] = len(kept)
		}
		kept = append(kept, e)
	}
	clear(q.entries[len(kept):])
	q.entries, q.head, q.oldest = kept, 0, 0
}

// take takes the entry at i out of the queue's counts. Its place stays.
func (q *queue) take(i int) entry {
	e := q.entries[i]
	q.live--
	q.waiting.sub(e.load())
	if e.givesWay() {
		q.posted.sub(e.load())
	}
	if e.keyed() {
		delete(q.latest, e.key)
	}
	if e.kind == pong {
		q.pongs--
	}
	q.entries[i] = entry{}
	return e
}

// dropOldest drops the oldest message that may give way, and reports whether there
// was one. All calls together look at each entry once.
func (q *queue) dropOldest() bool {
	for q.oldest = max(q.oldest, q.head); q.oldest < len(q.entries); q.oldest++ {
		if q.entries[q.oldest].givesWay() {
			q.take(q.oldest)
			if q.empty() {
				q.reset()
			}
			return true
		}
	}
	return false
}

// find returns the message that waits with the key, or nil.
func (q *queue) find(key string) *entry {
	if i, ok := q.latest[key]; ok {
		return &q.entries[i]
	}
	return nil
}

// replace puts m in the place of the message of e, which find has returned.
func (q *queue) replace(e *entry, m *protocol.Prepared) {
	q.waiting.sub(e.load())
	q.posted.sub(e.load())
	e.prepared = m
	q.waiting.add(e.load())
	q.posted.add(e.load())
}

// passed reports whether all entries before a number have left or given way.
func (q *queue) passed(number uint32) bool {
	for _, e := range q.entries[q.head:] {
		if e.kind != given {
			return int32(e.number-number) >= 0
		}
	}
	return true
}

// admits reports whether n bytes more may be queued: always if it is empty.
func (q *queue) admits(n, limit int) bool {
	return limit < 0 || q.empty() || n <= limit-q.waiting.bytes
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
		q.push(entry{kind: plain, n: len(p), op: op})
		return
	}
	before := len(mem.B)
	mem.B = s.AppendMessage(mem.B, op, p)
	q.push(entry{kind: framed, n: len(mem.B) - before})
}

// pushPong queues a pong.
func (q *queue) pushPong(s *protocol.Sender, payload []byte) {
	q.pushFrame(pong, func(dst []byte) []byte {
		dst, _ = s.AppendControl(dst, frame.Pong, payload) // no payload of a ping is too long
		return dst
	})
}

// pushFrame queues the control frame that encode appends.
func (q *queue) pushFrame(kind entryKind, encode func(dst []byte) []byte) {
	mem := q.memory(frame.MaxHeader + frame.MaxControl)
	before := len(mem.B)
	mem.B = encode(mem.B)
	q.push(entry{kind: kind, n: len(mem.B) - before})
}

// commit moves entries from the front of the queue to out, encoded: up to
// commitSize bytes, or one entry. They can't give way any more.
func (q *queue) commit(s *protocol.Sender, out *bufpool.Buffer) {
	for ; !q.empty(); q.head++ {
		e := &q.entries[q.head]
		if e.kind == given {
			continue
		}
		if len(out.B) > 0 && len(out.B)+e.size() > commitSize {
			return
		}
		q.encode(s, out, q.take(q.head))
	}
	q.reset()
}

// encode appends an entry to out.
func (q *queue) encode(s *protocol.Sender, out *bufpool.Buffer, e entry) {
	if e.prepared != nil {
		out.Grow(s.Room(e.prepared.Len()))
		out.B = s.AppendPrepared(out.B, e.prepared)
		return
	}
	p := q.mem.B[q.off : q.off+e.n]
	q.off += e.n
	if e.kind == plain {
		out.Grow(s.Room(e.n))
		out.B = s.AppendMessage(out.B, e.op, p)
		return
	}
	out.Grow(e.n)
	out.B = append(out.B, p...)
}

// reset empties the queue and gives its memory back.
func (q *queue) reset() {
	bufpool.Put(q.mem)
	entries := q.entries[:0]
	clear(q.entries)
	if cap(entries) > maxKeptEntries {
		entries = nil
	}
	*q = queue{entries: entries, pushed: q.pushed}
}

// maxKeptEntries is how many entries an empty queue keeps room for.
const maxKeptEntries = 32
