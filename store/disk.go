package store

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"
)

// Disk is a Store in one file, which doc.go describes. OpenDisk makes one.
//
// Positions in the file are kept as if nothing had ever been cut from its front: a compaction changes
// shift and nothing else. So a position that someone holds stays right.
//
//	│ blanks │ lent out or acknowledged │ waiting           │ not yet synced │ ]
//	         head                       cursor              visible          tail
type Disk struct {
	maxSize      int
	policy       Sync
	interval     time.Duration
	compactAfter int64
	env          env
	opened       Report
	lock         io.Closer

	// Locks are taken in this order: compacting, syncing, mu.
	compacting  sync.Mutex     // held while the file is copied
	syncing     sync.Mutex     // held while the file is synced and while it is replaced
	compactions sync.WaitGroup // those that run by themselves; added to while mu is held

	mu   sync.Mutex // guards the fields below; held while the file is read and written
	file file
	end  error // why nothing works any more; nil while it does

	shift   int64 // position less offset in the file
	head    int64 // first live record, tail if there is none
	cursor  int64 // first record never taken
	visible int64 // records before this may be taken
	tail    int64 // the closing bracket
	unread  int   // records from cursor to visible
	lastSeq uint64

	loans  queue[span] // records from head to cursor
	room   room
	takers waiters

	ahead   readAhead
	scratch []byte // for writes
	batch   *batch // appends that wait for their leader; SyncAlways only
	lines   []byte // the buffer of the last batch, for the next
	dirty   bool   // written since the last sync; SyncInterval only
	timer   *time.Timer

	compactAt     int64 // blanks that make a compaction worth a thought
	compactQueued bool
}

var _ Store = (*Disk)(nil)

// span is where a record that was taken lies.
type span struct {
	pos  int64
	line int // bytes of the line, its newline included
	size int // bytes of the payload
}

// Opened returns what OpenDisk found and did.
func (d *Disk) Opened() Report { return d.opened }

// state is tenant's.
func (d *Disk) state() error { return d.end }

// poison ends the store after a failure that leaves the file's state unknown, and returns the error
// that every call gives from now on.
func (d *Disk) poison(what string, cause error) error {
	if d.end == nil {
		d.end = fmt.Errorf("%w: %s: %w", ErrPoisoned, what, cause)
		d.wakeAll()
	}
	return d.end
}

func (d *Disk) wakeAll() {
	d.takers.wakeAll()
	d.room.waiters.wakeAll()
}

// Len is Store's.
func (d *Disk) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.unread + d.loans.waiting()
}

// Stats is Store's.
func (d *Disk) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Stats{
		Waiting: d.unread + d.loans.waiting(), Taken: d.loans.taken,
		Bytes: d.room.bytes, Dropped: d.room.dropped,
		FileSize: d.tail - d.shift + int64(len(closing)), Blank: d.blank(),
	}
}

// blank is how many bytes of blanks the file begins with.
func (d *Disk) blank() int64 { return d.head - d.shift - int64(len(opening)) }

// All is Store's.
func (d *Disk) All() iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for pos := int64(0); ; {
			group, next, err := d.peek(pos)
			for _, m := range group {
				if !yield(m, nil) {
					return
				}
			}
			if err != nil {
				yield(Message{}, err)
				return
			}
			if len(group) == 0 && next == pos {
				return
			}
			pos = next
		}
	}
}

// peekGroup is how many messages All reads at a time.
const peekGroup = 64

// peek reads messages from position pos on, and returns the position to go on with.
func (d *Disk) peek(pos int64) (group []Message, next int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.end != nil {
		return nil, pos, d.end
	}
	var ahead readAhead
	pos = max(pos, d.head)
	for n := 0; n < peekGroup && pos < d.visible; n++ {
		r, line, err := d.read(&ahead, pos, d.visible)
		if err != nil {
			return group, pos, err
		}
		if !d.acknowledged(pos) {
			group = append(group, r.message())
		}
		pos += int64(line)
	}
	return group, pos, nil
}

// Close is Store's. With SyncAlways and SyncInterval it syncs what was written, acknowledgements
// included. Messages lent out wait again when the store is opened anew.
func (d *Disk) Close() error {
	d.mu.Lock()
	before := d.end
	if errors.Is(before, ErrClosed) {
		d.mu.Unlock()
		return nil
	}
	d.end = ErrClosed
	d.wakeAll()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.mu.Unlock()

	d.compactions.Wait()
	d.compacting.Lock()
	defer d.compacting.Unlock()
	d.syncing.Lock()
	defer d.syncing.Unlock()

	var err error
	if before == nil && d.policy != SyncNever {
		err = d.file.Sync()
	}
	return errors.Join(err, d.file.Close(), d.lock.Close())
}
