package store

import (
	"errors"
	"io"
)

// Compact copies the messages to a new file without the blanks that acknowledged messages have left, and
// puts it in the place of the old one. A Disk does so by itself when Config.CompactAfter says so. Other
// operations go on meanwhile, except for the end of it. If it fails, the old file stays in use.
func (d *Disk) Compact() error {
	d.compacting.Lock()
	defer d.compacting.Unlock()
	c := copying{d: d, tmpName: d.env.name + tmpSuffix}
	return asFull(c.run())
}

// wantsCompaction reports, once until the compaction is over, whether the blanks are worth a compaction: they outweigh the rest.
func (d *Disk) wantsCompaction() bool {
	if d.compactQueued || d.end != nil || d.blank() < d.compactAt || d.blank() < d.tail-d.head {
		return false
	}
	d.compactQueued = true
	d.compactions.Add(1) // before Close can wait for it, since end is nil
	return true
}

// compactQuietly is the compaction nobody asked for. Nobody has to know if it fails, since nothing
// depends on it; it is tried again when there is twice as much to gain.
func (d *Disk) compactQuietly() {
	defer d.compactions.Done()
	err := d.Compact()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.compactQueued = false
	d.compactAt = d.compactAfter
	if err != nil {
		d.compactAt = max(2*d.blank(), d.compactAfter)
	}
}

// copying is a compaction. The file is copied byte for byte from its head on, so that records keep their
// order, their sequences and their distances.
type copying struct {
	d       *Disk
	tmpName string
	tmp     file
	start   int64 // position of the first byte copied
	copied  int64 // position behind the last
	buf     []byte
}

func (c *copying) run() error {
	d := c.d
	d.mu.Lock()
	from, until, end := d.file, d.tail, d.end
	c.start, c.copied = d.head, d.head
	shift := d.shift
	d.mu.Unlock()
	if end != nil {
		return end
	}
	var err error
	if c.tmp, err = d.env.folder.Create(c.tmpName, d.env.name); err != nil {
		return err
	}
	// Nobody waits for this part. Records that are acknowledged meanwhile may be copied half blanked.
	c.buf = make([]byte, min(max(until-c.start, 4<<10), keepScratch))
	err = c.copy(from, shift, until)
	if err == nil {
		err = c.tmp.Sync()
	}
	if err == nil {
		err = c.finish()
	}
	if err != nil && c.tmp != nil {
		err = errors.Join(err, discard(d.env, c.tmp, c.tmpName))
	}
	return err
}

// copy copies up to position until.
func (c *copying) copy(from io.ReaderAt, shift, until int64) error {
	for c.copied < until {
		p := c.buf[:min(int64(len(c.buf)), until-c.copied)]
		if err := readFull(from, p, c.copied-shift); err != nil {
			return err
		}
		if _, err := c.tmp.WriteAt(p, c.offset(c.copied)); err != nil {
			return err
		}
		c.copied += int64(len(p))
	}
	return nil
}

// offset is where in the new file a position lies.
func (c *copying) offset(pos int64) int64 { return pos - c.start + int64(len(opening)) }

// finish copies what has come and what has been blanked since, and changes the files over.
func (c *copying) finish() error {
	d := c.d
	d.syncing.Lock()
	defer d.syncing.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.end != nil {
		return d.end
	}
	if err := c.complete(); err != nil {
		return err
	}
	f, err := d.env.folder.Replace(d.file, c.tmp, c.tmpName, d.env.name)
	if f == nil {
		c.tmp = nil
		return d.poison("replace", err)
	}
	if d.file = f; err != nil {
		return err
	}
	c.tmp = nil
	d.shift = c.start - int64(len(opening))
	d.ahead = readAhead{}
	d.dirty = false
	if err := d.env.folder.Sync(); err != nil {
		return d.poison("sync folder", err)
	}
	return nil
}

// complete makes the new file whole and syncs it.
func (c *copying) complete() error {
	d := c.d
	if err := c.copy(d.file, d.shift, d.tail); err != nil {
		return err
	}
	// The blanks once more, and the lead of the record behind them.
	if d.head > c.start {
		end := c.copied
		c.copied = c.start
		if err := c.copy(d.file, d.shift, min(d.head+1, d.tail)); err != nil {
			return err
		}
		c.copied = end
	}
	if _, err := c.tmp.WriteAt([]byte(opening), 0); err != nil {
		return err
	}
	if _, err := c.tmp.WriteAt([]byte(closing), c.offset(d.tail)); err != nil {
		return err
	}
	return c.tmp.Sync()
}
