package store

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// Append is Store's.
func (d *Disk) Append(ctx context.Context, message []byte) error {
	o, err := checkObject(message, d.maxSize)
	if err != nil {
		return err
	}
	one := [1]object{o}
	return d.add(ctx, one[:])
}

// AppendAll is Store's.
func (d *Disk) AppendAll(ctx context.Context, messages [][]byte) error {
	objects, err := checkObjects(messages, d.maxSize)
	if err != nil {
		return err
	}
	return d.add(ctx, objects)
}

func (d *Disk) add(ctx context.Context, objects []object) error {
	size := totalSize(objects)
	d.mu.Lock()
	if err := d.room.reserve(ctx, &d.mu, d, len(objects), size); err != nil || len(objects) == 0 {
		d.mu.Unlock()
		return err
	}
	if d.policy == SyncAlways {
		return d.addSynced(objects, size)
	}
	defer d.mu.Unlock()
	buf, err := d.write(d.encode(d.scratch[:0], objects))
	d.scratch = keep(buf)
	if err != nil {
		d.room.release(len(objects), size)
		return err
	}
	d.changed()
	d.publish(len(objects))
	return nil
}

// encode appends the objects' records.
func (d *Disk) encode(dst []byte, objects []object) []byte {
	for _, o := range objects {
		d.lastSeq = max(d.lastSeq+1, d.env.micros())
		dst = appendRecord(dst, o, d.lastSeq)
	}
	return dst
}

// keepScratch is the largest buffer kept for the next write.
const keepScratch = 1 << 20

// keep returns buf if it is worth keeping.
func keep(buf []byte) []byte {
	if cap(buf) > keepScratch {
		return nil
	}
	return buf
}

// write puts records behind the last: one write, over the closing bracket alone. If it fails what was
// there before is there again, or the store is poisoned. It returns lines' buffer, which may have grown.
func (d *Disk) write(lines []byte) ([]byte, error) {
	lines[0] = leadNext
	if d.head == d.tail {
		lines[0] = leadFirst
	}
	buf := append(lines, closing...)
	if _, err := d.file.WriteAt(buf, d.tail-d.shift); err != nil {
		return buf, d.undo(err)
	}
	d.tail += int64(len(lines))
	return buf, nil
}

// undo brings the closing bracket back after a failed write.
func (d *Disk) undo(cause error) error {
	off := d.tail - d.shift
	if _, err := d.file.WriteAt([]byte(closing), off); err != nil {
		return d.poison("write after "+cause.Error(), err)
	}
	if err := d.file.Truncate(off + int64(len(closing))); err != nil {
		return d.poison("truncate after "+cause.Error(), err)
	}
	return fmt.Errorf("store: append: %w", asFull(cause))
}

// publish lets takers see everything written so far, n messages more than before.
func (d *Disk) publish(n int) {
	d.visible = d.tail
	d.unread += n
	d.takers.wake(n)
}

// batch is a group of appends that share a write and a sync.
type batch struct {
	lines    []byte
	messages int
	size     int64
	done     chan struct{} // closed when err is set
	err      error
}

// addSynced adds the objects, which have room already, to the batch, and returns when it is on disk.
// Whoever opens a batch leads it. It takes mu held and leaves it free.
func (d *Disk) addSynced(objects []object, size int64) error {
	b := d.batch
	leader := b == nil
	if leader {
		b = &batch{lines: d.lines[:0], done: make(chan struct{})}
		d.batch, d.lines = b, nil
	}
	b.lines = d.encode(b.lines, objects)
	b.messages += len(objects)
	b.size += size
	d.mu.Unlock()
	if !leader {
		<-b.done
		return b.err
	}
	d.syncing.Lock()  // the batch grows until the one before it is on disk
	runtime.Gosched() // and by those whom that has just set free
	b.err = d.commit(b)
	close(b.done)
	d.syncing.Unlock()
	return b.err
}

// commit writes and syncs a batch. syncing is held.
func (d *Disk) commit(b *batch) error {
	f, err := d.seal(b)
	if err != nil {
		return err
	}
	err = f.Sync()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		return d.poison("sync", err)
	}
	d.publish(b.messages)
	return nil
}

// seal ends a batch's growth and writes it. It returns the file to sync.
func (d *Disk) seal(b *batch) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.batch = nil
	err := d.end
	if err == nil {
		var buf []byte
		buf, err = d.write(b.lines)
		d.lines = keep(buf)
	}
	if err != nil {
		d.room.release(b.messages, b.size)
		return nil, err
	}
	return d.file, nil
}

// changed sees to it that what was just written is synced in time, if the policy is SyncInterval.
func (d *Disk) changed() {
	if d.policy != SyncInterval || d.dirty {
		return
	}
	d.dirty = true
	if d.timer == nil {
		d.timer = time.AfterFunc(d.interval, d.syncNow)
		return
	}
	d.timer.Reset(d.interval)
}

// syncNow is what the timer runs.
func (d *Disk) syncNow() {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	d.mu.Lock()
	f, end := d.file, d.end
	d.dirty = false
	d.mu.Unlock()
	if end != nil {
		return
	}
	if err := f.Sync(); err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.poison("sync", err)
	}
}
