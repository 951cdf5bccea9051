package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/godwit-ws/godwit/store"
)

// ledger drives a Disk with random operations, writes down what it was promised, and holds what a crash
// has left against that. Messages are numbered in the order they are appended.
type ledger struct {
	rng    *rand.Rand
	folder *sim
	cfg    store.Config
	micros uint64

	disk  *store.Disk
	taken []store.Delivery
	count int
	fate  map[int]*fate
}

// fate is what became of one message.
type fate struct {
	stored  bool // Append returned nil
	synced  bool // and a power loss may not touch it
	refused bool // Append returned an error, and the store worked on
	acking  bool // Ack was called
	gone    bool // Ack returned nil, for this and all before
}

func newLedger(rng *rand.Rand, folder *sim, cfg store.Config) *ledger {
	cfg.CompactAfter = 300 // or nothing would ever be copied here
	return &ledger{rng: rng, folder: folder, cfg: cfg, micros: 1e15, fate: map[int]*fate{}}
}

func (l *ledger) open() (err error) {
	l.taken = nil
	for _, f := range l.fate {
		f.acking = f.gone // acknowledged out of order: back again
	}
	l.disk, err = store.OpenDiskIn(l.folder, l.cfg, func() uint64 { l.micros++; return l.micros })
	return err
}

// payload makes the message of a number. Some hold an object, keys like those of the format, and nothing.
func payload(n int) []byte {
	pad := strings.Repeat("x", n*37%90)
	switch n % 5 {
	case 0:
		return fmt.Appendf(nil, `{"n":%d,"inner":{"n":%d},"list":[{"n":1}],"pad":"%s"}`, n, n+1, pad)
	case 1:
		return fmt.Appendf(nil, `{"n":%d,"_seq":7,"_crc":"00000000"}`, n)
	}
	return fmt.Appendf(nil, `{"n":%d,"数据内容":"%s"}`, n, pad)
}

func number(p []byte) (int, error) {
	var m struct{ N int }
	err := json.Unmarshal(p, &m)
	return m.N, err
}

// run does ops random operations; it stops at the first after which the store is of no use.
func (l *ledger) run(ops int) error {
	for range ops {
		if err := l.step(); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) step() error {
	switch p := l.rng.IntN(100); {
	case p < 35:
		return l.append(1)
	case p < 45:
		return l.append(2 + l.rng.IntN(4))
	case p < 65:
		return l.take()
	case p < 88:
		return l.settle()
	case p < 91:
		return ignoreFull(l.disk.Compact())
	case p < 95:
		return l.sync()
	}
	if err := l.disk.Close(); err != nil {
		return err
	}
	return l.open()
}

// ignoreFull is for errors after which the store works on.
func ignoreFull(err error) error {
	if errors.Is(err, store.ErrFull) {
		return nil
	}
	return err
}

func (l *ledger) append(n int) error {
	var group [][]byte
	var fates []*fate
	for range n {
		l.count++
		f := &fate{}
		l.fate[l.count] = f
		fates = append(fates, f)
		group = append(group, payload(l.count))
	}
	err := l.disk.AppendAll(ctx, group)
	for _, f := range fates {
		f.stored = err == nil
		f.synced = err == nil && l.cfg.Sync == store.SyncAlways
		f.refused = errors.Is(err, store.ErrFull)
	}
	return ignoreFull(err)
}

func (l *ledger) take() error {
	d, err := l.disk.TryNext()
	if errors.Is(err, store.ErrEmpty) {
		return nil
	}
	if err != nil {
		return err
	}
	l.taken = append(l.taken, d)
	return nil
}

// settle acknowledges, or now and then gives back, a message: mostly the oldest, sometimes any.
func (l *ledger) settle() error {
	if len(l.taken) == 0 {
		return nil
	}
	i := 0
	if l.rng.IntN(3) == 0 {
		i = l.rng.IntN(len(l.taken))
	}
	d := l.taken[i]
	l.taken = append(l.taken[:i], l.taken[i+1:]...)
	if l.rng.IntN(6) == 0 {
		l.disk.Return(d)
		return nil
	}
	n, err := number(d.Payload)
	if err != nil {
		return err
	}
	l.fate[n].acking = true
	if err := l.disk.Ack(d); err != nil {
		return err
	}
	l.reckon(n)
	return nil
}

// reckon notes that n is acknowledged, and finds out which messages must be gone for good by that.
func (l *ledger) reckon(n int) {
	l.fate[n].gone = true
	for m := 1; m < n; m++ {
		if f := l.fate[m]; f.stored && !f.acking {
			l.fate[n].gone = false // waits for m
			return
		}
	}
	for m := n + 1; m <= l.count; m++ {
		if f := l.fate[m]; f.stored && !f.acking {
			return
		}
		l.fate[m].gone = true
	}
}

// sync is what SyncInterval's timer does.
func (l *ledger) sync() error {
	if l.cfg.Sync != store.SyncInterval {
		return nil
	}
	l.disk.SyncNow()
	if err := l.disk.Append(ctx, []byte(`[]`)); !errors.Is(err, store.ErrNotObject) {
		return err
	}
	if _, err := l.disk.TryNext(); errors.Is(err, store.ErrPoisoned) {
		return err
	}
	for _, f := range l.fate {
		f.synced = f.stored
	}
	return nil
}

// crash says how the messages were lost sight of.
type crash int

const (
	processKilled crash = iota
	powerLost
	closed
)

// check opens what the crash has left and reports what is wrong with it.
func (l *ledger) check(after *sim, how crash) error {
	d, err := store.OpenDiskIn(after, l.cfg, func() uint64 { l.micros++; return l.micros })
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer d.Close()
	found := map[int]bool{}
	last, seq := 0, uint64(0)
	for m, err := range d.All() {
		if err != nil {
			return err
		}
		n, err := number(m.Payload)
		if err != nil || n < 1 || n > l.count || string(m.Payload) != string(payload(n)) {
			return fmt.Errorf("invented or altered: %s", m.Payload)
		}
		if n <= last || m.Seq <= seq {
			return fmt.Errorf("message %d (%d) behind %d (%d)", n, m.Seq, last, seq)
		}
		last, seq, found[n] = n, m.Seq, true
	}
	for n, f := range l.fate {
		if err := f.judge(found[n], how); err != nil {
			return fmt.Errorf("message %d: %w", n, err)
		}
	}
	if d.Len() != len(found) {
		return fmt.Errorf("Len = %d with %d messages", d.Len(), len(found))
	}
	return checkArray(after.text(store.FileName), len(found))
}

func (f *fate) judge(found bool, how crash) error {
	kept := f.stored && how != powerLost || f.synced
	switch {
	case kept && !f.acking && !found:
		return errors.New("lost")
	case how != powerLost && f.gone && found:
		return errors.New("back after it was acknowledged")
	case how != powerLost && f.refused && found:
		return errors.New("stored though refused")
	}
	return nil
}

// checkArray reports whether text is a JSON array of n elements.
func checkArray(text string, n int) error {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return fmt.Errorf("file is no array: %w\n%s", err, text)
	}
	if len(all) != n {
		return fmt.Errorf("file has %d elements for %d messages:\n%s", len(all), n, text)
	}
	return nil
}
