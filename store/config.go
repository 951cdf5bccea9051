package store

import (
	"math"
	"time"
)

// Config sets the limits of a store, and where and how a Disk keeps its file. The zero value is ready
// to use. 0 means the default; a negative number means no limit.
type Config struct {
	// MaxMessages is how many messages are stored at most, lent out or not. 0 means 1,048,576 in memory
	// and no limit on disk. Past it WhenFull decides.
	MaxMessages int
	// MaxBytes is how many bytes of payload are stored at most. 0 means 256 MiB in memory and 4 GiB on
	// disk, where the file may grow to about twice that between compactions. Past it WhenFull decides.
	MaxBytes int64
	// MaxMessageSize is the longest payload taken, in bytes, after white space was taken out. 0 means
	// 16 MiB. A longer one gives ErrTooLarge.
	MaxMessageSize int
	// WhenFull says what Append does when there is no room. The default is Refuse.
	WhenFull WhenFull

	// Dir is the folder of a Disk's file, made if need be. Empty means DefaultDir. Memory ignores this
	// field and those below.
	Dir string
	// Sync says when a Disk waits for the disk itself. The default is SyncAlways.
	Sync Sync
	// SyncInterval is how long a change waits for its sync at most with SyncInterval. 0 or less means
	// 100 ms.
	SyncInterval time.Duration
	// CompactAfter is how many bytes acknowledged messages may leave behind before a Disk considers
	// copying the rest to a new file, which it does once they outweigh it. 0 means 16 MiB; a negative
	// number means only when Compact is called.
	CompactAfter int64
}

// Where a Disk keeps its messages.
const (
	// DefaultDir is the folder used when Config.Dir is empty.
	DefaultDir = "data"
	// FileName is the name of the file in that folder.
	FileName = "received_messages.json"
)

// Bounds of what is taken as a message, chosen so that Python's json module can read the file.
const (
	// MaxDepth is how deep objects and arrays may nest, the message itself being 1.
	MaxDepth = 512
	// MaxNumber is how many bytes a number may have.
	MaxNumber = 4096
)

// The defaults of Config.
const (
	defaultMemoryMessages = 1 << 20
	defaultMemoryBytes    = 256 << 20
	defaultDiskBytes      = 4 << 30
	defaultMessageSize    = 16 << 20
	defaultSyncInterval   = 100 * time.Millisecond
	defaultCompactAfter   = 16 << 20
)

// WhenFull says what Append does when a store has no room.
type WhenFull int

// The policies. A message longer than the whole store is refused by each of them.
const (
	// Refuse returns ErrFull.
	Refuse WhenFull = iota
	// DropOldest removes the oldest messages waiting, never those lent out; if that doesn't make
	// room, it returns ErrFull.
	DropOldest
	// Wait waits until others have acknowledged enough, as long as Append's context lasts. A full
	// disk is not waited for.
	Wait
)

// Sync says when a Disk waits for the disk itself (fsync).
type Sync int

// The policies.
const (
	// SyncAlways returns from Append when the message survives a power loss. Concurrent appends share
	// a sync. Acknowledgements aren't waited for: after a power loss a message may come again.
	SyncAlways Sync = iota
	// SyncInterval returns from Append when the message survives the death of the process, and syncs
	// every Config.SyncInterval if anything changed.
	SyncInterval
	// SyncNever leaves it to the operating system.
	SyncNever
)

// forMemory returns c with the defaults of Memory in place of zeros and "no limit" spelt out.
func (c Config) forMemory() Config {
	return c.withLimits(defaultMemoryMessages, defaultMemoryBytes)
}

// forDisk is forMemory for Disk.
func (c Config) forDisk() Config {
	c = c.withLimits(math.MaxInt, defaultDiskBytes)
	if c.Dir == "" {
		c.Dir = DefaultDir
	}
	if c.SyncInterval <= 0 {
		c.SyncInterval = defaultSyncInterval
	}
	c.CompactAfter = limit(c.CompactAfter, defaultCompactAfter, math.MaxInt64)
	return c
}

func (c Config) withLimits(messages int, bytes int64) Config {
	c.MaxMessages = limit(c.MaxMessages, messages, math.MaxInt)
	c.MaxBytes = limit(c.MaxBytes, bytes, math.MaxInt64)
	c.MaxMessageSize = limit(c.MaxMessageSize, defaultMessageSize, math.MaxInt)
	return c
}

// limit reads one figure of a Config: 0 is def, negative is none.
func limit[T int | int64](given, def, none T) T {
	switch {
	case given == 0:
		return def
	case given < 0:
		return none
	}
	return given
}
