package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"
)

// Memory is a Store in memory. Its messages end with the process.
type Memory struct {
	maxSize int

	mu    sync.Mutex // guards the fields below
	queue queue[Message]
	// lastSeq starts at the microseconds since 1970, as Disk's does, so that numbers don't repeat when
	// a program that remembers them starts anew.
	lastSeq uint64
	room    room
	takers  waiters
	closed  bool
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store with the limits of c.
func NewMemory(c Config) *Memory {
	c = c.forMemory()
	return &Memory{maxSize: c.MaxMessageSize, room: newRoom(c), lastSeq: uint64(time.Now().UnixMicro())}
}

// Append is Store's. It allocates the message's copy and nothing else.
func (m *Memory) Append(ctx context.Context, message []byte) error {
	o, err := checkObject(message, m.maxSize)
	if err != nil {
		return err
	}
	one := [1]object{o}
	return m.add(ctx, one[:])
}

// AppendAll is Store's.
func (m *Memory) AppendAll(ctx context.Context, messages [][]byte) error {
	objects, err := checkObjects(messages, m.maxSize)
	if err != nil {
		return err
	}
	return m.add(ctx, objects)
}

func (m *Memory) add(ctx context.Context, objects []object) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.room.reserve(ctx, &m.mu, m, len(objects), totalSize(objects)); err != nil {
		return err
	}
	for _, o := range objects {
		m.lastSeq++
		m.queue.push(Message{m.lastSeq, o.appendTo(make([]byte, 0, o.size))})
	}
	m.takers.wake(len(objects))
	return nil
}

// state is tenant's.
func (m *Memory) state() error {
	if m.closed {
		return ErrClosed
	}
	return nil
}

// drop is tenant's.
func (m *Memory) drop() error {
	_, t, ok := m.queue.take()
	if !ok {
		return fmt.Errorf("%w: every message is lent out", ErrFull)
	}
	m.remove(t)
	return nil
}

// Next is Store's.
func (m *Memory) Next(ctx context.Context) (Delivery, error) {
	if err := ctx.Err(); err != nil {
		return Delivery{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		d, err := m.take()
		if !errors.Is(err, ErrEmpty) {
			return d, err
		}
		if err := m.takers.wait(ctx, &m.mu); err != nil {
			return Delivery{}, err
		}
	}
}

// TryNext is Store's. It does not allocate.
func (m *Memory) TryNext() (Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.take()
}

func (m *Memory) take() (Delivery, error) {
	if m.closed {
		return Delivery{}, ErrClosed
	}
	msg, t, ok := m.queue.take()
	if !ok {
		return Delivery{}, ErrEmpty
	}
	return Delivery{msg, t}, nil
}

// Ack is Store's. It does not allocate.
func (m *Memory) Ack(d Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if !m.remove(d.ticket) {
		return ErrNotTaken
	}
	return nil
}

// remove takes a lent message out, wherever in the queue it is.
func (m *Memory) remove(t ticket) bool {
	s := m.queue.done(t)
	if s == nil {
		return false
	}
	m.room.release(1, int64(len(s.item.Payload)))
	s.item.Payload = nil // its memory shall not wait for those before it
	for ok := true; ok; {
		_, ok = m.queue.pop()
	}
	return true
}

// Return is Store's.
func (m *Memory) Return(d Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.queue.giveBack(d.ticket) {
		m.takers.wake(1)
	}
}

// All is Store's.
func (m *Memory) All() iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		var group [64]Message
		for id := uint64(0); ; {
			n, next, err := m.peek(group[:], id)
			for _, msg := range group[:n] {
				if !yield(msg, nil) {
					return
				}
			}
			if err != nil {
				yield(Message{}, err)
				return
			}
			if next == id {
				return
			}
			id = next
		}
	}
}

// peek copies messages into group, from that with the given id on, and returns the id to go on with. At
// the end of the queue that is id again.
func (m *Memory) peek(group []Message, id uint64) (n int, next uint64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return 0, id, ErrClosed
	}
	id = max(id, m.queue.head)
	for ; n < len(group) && id < m.queue.end; id++ {
		if s := m.queue.at(id); s.state != slotDone {
			group[n] = s.item
			n++
		}
	}
	return n, id, nil
}

// Len is Store's.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.queue.waiting()
}

// Stats is Store's.
func (m *Memory) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats{
		Waiting: m.queue.waiting(), Taken: m.queue.taken,
		Bytes: m.room.bytes, Dropped: m.room.dropped,
	}
}

// Close is Store's. It frees the messages.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.queue = queue[Message]{}
	m.takers.wakeAll()
	m.room.waiters.wakeAll()
	return nil
}
