package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

// FuzzStore holds a Memory or a Disk against a slice. The first byte chooses kind and policy, each two
// bytes after it an operation and what it is done to.
func FuzzStore(f *testing.F) {
	for _, kind := range []byte{memoryRefuses, memoryDrops, diskRefuses, diskDrops} {
		f.Add([]byte{kind})
		f.Add([]byte{kind, opAppend, 3, opTake, 0, opAck, 0, opAppend, 9, opTake, 0})
		f.Add([]byte{kind, opAppend, 1, opAppend, 2, opAppend, 3, opTake, 0, opTake, 0, opTake, 0,
			opAck, 2, opReturn, 1, opReopen, 0, opTake, 0, opAck, 0})
		f.Add([]byte{kind, opGroup, 4, opTake, 0, opTake, 0, opReturn, 0, opReturn, 0, opTake, 0, opStale, 0,
			opAck, 0, opTake, 0, opAck, 0, opCompact, 0, opAppend, 200, opReopen, 0})
		f.Add([]byte{kind, opGroup, 5, opGroup, 5, opTake, 0, opGroup, 5, opAppend, 250, opAck, 0, opGroup, 5})
		rng := rand.New(rand.NewPCG(uint64(kind), 5))
		for range 12 {
			ops := make([]byte, 400)
			for i := range ops {
				ops[i] = byte(rng.Uint32())
			}
			f.Add(append([]byte{kind}, ops...))
		}
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) == 0 {
			return
		}
		ops = ops[:min(len(ops), maxOps)]
		m := newModel(t, ops[0]%4)
		for i := 1; i+1 < len(ops); i += 2 {
			m.do(ops[i]%opCount, ops[i+1])
			m.compare()
		}
		m.finish()
	})
}

// maxOps bounds an input: each step is compared with all that is stored, and one that
// takes ten seconds counts as hung.
const maxOps = 500

const (
	memoryRefuses byte = iota
	memoryDrops
	diskRefuses
	diskDrops
)

const (
	opAppend byte = iota
	opGroup
	opTake
	opAck
	opReturn
	opStale
	opReopen
	opCompact
	opCount
)

// The limits the model's stores have.
const (
	modelMessages = 12
	modelBytes    = 900
)

// model is a store and what it should hold.
type model struct {
	t      *testing.T
	cfg    store.Config
	folder *sim // nil for Memory
	store  store.Store
	count  int
	stale  store.Delivery

	entries []*entry // oldest first; acknowledged ones stay until they are the oldest
	taken   []loan
}

type entry struct {
	text  string
	state string // waiting, taken, done
}

type loan struct {
	store.Delivery
	entry *entry
}

func newModel(t *testing.T, kind byte) *model {
	m := &model{t: t, cfg: store.Config{MaxMessages: modelMessages, MaxBytes: modelBytes, CompactAfter: 500}}
	if kind == memoryDrops || kind == diskDrops {
		m.cfg.WhenFull = store.DropOldest
	}
	if kind == diskRefuses || kind == diskDrops {
		m.folder = newSim()
	}
	m.open()
	return m
}

func (m *model) open() {
	m.store = store.NewMemory(m.cfg)
	if m.folder == nil {
		return
	}
	d, err := store.OpenDiskIn(m.folder, m.cfg, clock())
	if err != nil {
		m.t.Fatal(err)
	}
	m.store = d
}

func (m *model) do(op, arg byte) {
	switch op {
	case opAppend:
		m.append(m.message(int(arg)))
	case opGroup:
		var group []string
		for range arg % 6 {
			group = append(group, m.message(int(arg)))
		}
		m.append(group...)
	case opTake:
		m.take()
	case opAck:
		m.ack(int(arg))
	case opReturn:
		m.giveBack(int(arg))
	case opStale:
		if err := m.store.Ack(m.stale); !errors.Is(err, store.ErrNotTaken) {
			m.t.Fatalf("Ack of a stale delivery = %v; want ErrNotTaken", err)
		}
		m.store.Return(m.stale)
	case opReopen:
		m.reopen()
	case opCompact:
		if d, ok := m.store.(*store.Disk); ok {
			m.must(d.Compact())
		}
	}
}

func (m *model) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// message makes a new message, the longer the larger size is.
func (m *model) message(size int) string {
	m.count++
	return fmt.Sprintf(`{"n":%d,"pad":"%0*d"}`, m.count, 1+size, 0)
}

func (m *model) append(texts ...string) {
	var group [][]byte
	size := 0
	for _, text := range texts {
		group = append(group, []byte(text))
		size += len(text)
	}
	want := m.admit(len(texts), size)
	if err := m.store.AppendAll(ctx, group); !errors.Is(err, want) {
		m.t.Fatalf("AppendAll of %d messages, %d bytes = %v; want %v", len(texts), size, err, want)
	}
	if want != nil {
		return
	}
	for _, text := range texts {
		m.entries = append(m.entries, &entry{text, "waiting"})
	}
}

// admit makes room as the policy has it, and returns the error that is due.
func (m *model) admit(n, size int) error {
	if n > modelMessages || size > modelBytes {
		return store.ErrTooLarge
	}
	for {
		messages, bytes := m.held()
		if messages+n <= modelMessages && bytes+size <= modelBytes {
			return nil
		}
		oldest := m.oldestWaiting()
		if m.cfg.WhenFull != store.DropOldest || oldest == nil {
			return store.ErrFull
		}
		m.remove(oldest)
	}
}

// held is what counts against the limits.
func (m *model) held() (messages, bytes int) {
	for _, e := range m.entries {
		if e.state != "done" {
			messages++
			bytes += len(e.text)
		}
	}
	return messages, bytes
}

func (m *model) oldestWaiting() *entry {
	for _, e := range m.entries {
		if e.state == "waiting" {
			return e
		}
	}
	return nil
}

func (m *model) remove(e *entry) {
	e.state = "done"
	for len(m.entries) > 0 && m.entries[0].state == "done" {
		m.entries = m.entries[1:]
	}
}

func (m *model) take() {
	d, err := m.store.TryNext()
	e := m.oldestWaiting()
	if e == nil {
		if !errors.Is(err, store.ErrEmpty) {
			m.t.Fatalf("TryNext = %s, %v; want ErrEmpty", d.Payload, err)
		}
		return
	}
	if err != nil || string(d.Payload) != e.text {
		m.t.Fatalf("TryNext = %s, %v; want %s", d.Payload, err, e.text)
	}
	e.state = "taken"
	m.taken = append(m.taken, loan{d, e})
}

// pick takes one loan out of those there are.
func (m *model) pick(i int) (loan, bool) {
	if len(m.taken) == 0 {
		return loan{}, false
	}
	i %= len(m.taken)
	l := m.taken[i]
	m.taken = append(m.taken[:i:i], m.taken[i+1:]...)
	m.stale = l.Delivery
	return l, true
}

func (m *model) ack(i int) {
	if l, ok := m.pick(i); ok {
		m.must(m.store.Ack(l.Delivery))
		m.remove(l.entry)
	}
}

func (m *model) giveBack(i int) {
	if l, ok := m.pick(i); ok {
		m.store.Return(l.Delivery)
		l.entry.state = "waiting"
	}
}

// reopen closes a Disk and opens it again: everything not blanked in the file waits.
func (m *model) reopen() {
	if m.folder == nil {
		return
	}
	m.must(m.store.Close())
	m.open()
	m.taken, m.stale = nil, store.Delivery{}
	for _, e := range m.entries {
		e.state = "waiting"
	}
}

// compare holds the store's figures against the model.
func (m *model) compare() {
	m.t.Helper()
	waiting := 0
	for _, e := range m.entries {
		if e.state == "waiting" {
			waiting++
		}
	}
	_, bytes := m.held()
	s := m.store.Stats()
	if m.store.Len() != waiting || s.Waiting != waiting || s.Taken != len(m.taken) || s.Bytes != int64(bytes) {
		m.t.Fatalf("Len %d, Stats %+v; want %d waiting, %d taken, %d bytes",
			m.store.Len(), s, waiting, len(m.taken), bytes)
	}
	if m.folder != nil {
		m.must(checkArray(m.folder.text(store.FileName), len(m.entries)))
	}
}

// finish compares all messages, by looking and by taking.
func (m *model) finish() {
	want, got := []string{}, []string{}
	for _, e := range m.entries {
		if e.state != "done" {
			want = append(want, e.text)
		}
	}
	for msg, err := range m.store.All() {
		m.must(err)
		got = append(got, string(msg.Payload))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		m.t.Fatalf("All (-want +got):\n%s", diff)
	}
	for m.oldestWaiting() != nil {
		m.take()
	}
	for len(m.taken) > 0 {
		m.ack(len(m.taken) / 2)
	}
	m.compare()
	m.must(m.store.Close())
}
