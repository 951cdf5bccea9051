package store_test

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/godwit-ws/godwit/store"
)

// sim is a folder in memory that fails on demand and can lose power. What a write has changed is in the
// kernel's hands until the file is synced: from there each page reaches the disk by itself, in any of
// the states it went through, torn at any byte. The list of names is in its hands until the folder is synced.
type sim struct {
	mu       sync.Mutex
	names    map[string]*inode
	synced   map[string]*inode
	since    []map[string]*inode // the list of names after each change since the last sync
	locked   map[string]bool
	capacity int64 // bytes of all files; 0 is no limit

	lean   bool        // forget what there was before, which a power loss could bring back
	before func(simOp) // called before each operation, if there is one; may use the store
	moved  int64       // bytes read and written

	ops   int                 // operations so far that change something
	plan  func(op simOp) flaw // what goes wrong, nil for nothing
	blind bool                // reading fails
	dead  bool                // the process was killed: nothing has any effect any more
}

// simOp is an operation about to be done.
type simOp struct {
	n    int // how many were before
	kind string
	size int // bytes to be written
}

// flaw is what goes wrong with an operation.
type flaw struct {
	err  error // returned, with the first part bytes of a write done
	kill bool  // the process dies after part bytes, or before anything else than a write
	part int
}

var (
	errKilled = errors.New("sim: process killed")
	errIO     = errors.New("sim: input/output error")
)

// inode is a file, whatever its name.
type inode struct {
	data  []byte
	disk  []byte   // when it was last synced
	since [][]byte // data after each change since then
}

func newSim() *sim {
	return &sim{names: map[string]*inode{}, synced: map[string]*inode{}, locked: map[string]bool{}}
}

// put makes a durable file.
func (s *sim) put(name, text string) {
	s.names[name] = &inode{data: []byte(text), disk: []byte(text)}
	s.synced = maps.Clone(s.names)
}

// text returns a file's content.
func (s *sim) text(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.names[name]; n != nil {
		return string(n.data)
	}
	return ""
}

// announce calls before. mu is free.
func (s *sim) announce(kind string) {
	if s.before != nil {
		s.before(simOp{kind: kind})
	}
}

// next counts an operation and says what is to go wrong with it.
func (s *sim) next(kind string, size int) flaw {
	if s.dead {
		return flaw{err: errKilled}
	}
	op := simOp{s.ops, kind, size}
	s.ops++
	var f flaw
	if s.plan != nil {
		f = s.plan(op)
	}
	if f.kill {
		s.dead = true
		f.err = errKilled
	}
	return f
}

// killed returns the folder as the next process finds it.
func (s *sim) killed() *sim {
	after := newSim()
	for name, n := range s.names {
		after.put(name, string(n.data))
	}
	return after
}

// powerLost returns the folder as it is found after a power loss.
func (s *sim) powerLost(rng *rand.Rand, page int) *sim {
	after := newSim()
	states := append([]map[string]*inode{s.synced}, s.since...)
	all := map[string]bool{}
	for _, st := range states {
		for name := range st {
			all[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if n := states[rng.IntN(len(states))][name]; n != nil {
			after.put(name, string(n.powerLost(rng, page)))
		}
	}
	return after
}

func (n *inode) powerLost(rng *rand.Rand, page int) []byte {
	states := append([][]byte{n.disk}, n.since...)
	pick := func() []byte {
		switch rng.IntN(3) {
		case 0:
			return states[0]
		case 1:
			return states[len(states)-1]
		}
		return states[rng.IntN(len(states))]
	}
	image := make([]byte, len(pick()))
	for from := 0; from < len(image); from += page {
		to := min(from+page, len(image))
		copyPage(image, pick(), from, to)
		if rng.IntN(8) == 0 { // torn within the page
			copyPage(image, pick(), from+rng.IntN(to-from), to)
		}
	}
	return image
}

func copyPage(dst, src []byte, from, to int) {
	clear(dst[from:to])
	if from < len(src) {
		copy(dst[from:to], src[from:])
	}
}

func (s *sim) changed(n *inode) {
	if !s.lean {
		n.since = append(n.since, slices.Clone(n.data))
	}
}

func (s *sim) renamed() { s.since = append(s.since, maps.Clone(s.names)) }

// used is how many bytes all files have.
func (s *sim) used() (total int64) {
	for _, n := range s.names {
		total += int64(len(n.data))
	}
	return total
}

// The methods of Folder.

func (s *sim) Open(name string) (store.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.names[name]; n != nil {
		return &simFile{s, n}, nil
	}
	return nil, fs.ErrNotExist
}

func (s *sim) Create(name, _ string) (store.File, error) {
	s.announce("create")
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.next("create", 0); f.err != nil {
		return nil, f.err
	}
	n := s.names[name]
	if n == nil {
		n = &inode{}
		s.names[name] = n
		s.renamed()
	}
	n.data = nil
	s.changed(n)
	return &simFile{s, n}, nil
}

func (s *sim) Replace(current, tmp store.File, tmpName, name string) (store.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.next("replace", 0); f.err != nil {
		return current, f.err
	}
	s.names[name] = s.names[tmpName]
	delete(s.names, tmpName)
	s.renamed()
	return tmp, nil
}

func (s *sim) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[name] == nil {
		return fs.ErrNotExist
	}
	if f := s.next("remove", 0); f.err != nil {
		return f.err
	}
	delete(s.names, name)
	s.renamed()
	return nil
}

func (s *sim) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.next("sync-folder", 0); f.err != nil {
		return f.err
	}
	s.synced, s.since = maps.Clone(s.names), nil
	return nil
}

func (s *sim) Lock(name string) (io.Closer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked[name] {
		return nil, store.ErrLocked
	}
	s.locked[name] = true
	return simLock{s, name}, nil
}

type simLock struct {
	s    *sim
	name string
}

func (l simLock) Close() error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	delete(l.s.locked, l.name)
	return nil
}

// simFile is an open file of a sim.
type simFile struct {
	s *sim
	n *inode
}

func (f *simFile) ReadAt(p []byte, off int64) (int, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if f.s.blind {
		return 0, errIO
	}
	if off >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[off:])
	f.s.moved += int64(n)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *simFile) WriteAt(p []byte, off int64) (int, error) {
	f.s.announce("write")
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	was := f.s.dead
	flaw := f.s.next("write", len(p))
	if was {
		return 0, errKilled
	}
	n, err := len(p), flaw.err
	if err != nil {
		n = min(flaw.part, len(p))
	}
	if grow := off + int64(n) - int64(len(f.n.data)); f.s.capacity > 0 && grow > 0 {
		if over := f.s.used() + grow - f.s.capacity; over > 0 {
			n, err = max(0, n-int(over)), store.ErrDiskFull
		}
	}
	if n == 0 {
		return 0, err
	}
	if end := int(off) + n; end > len(f.n.data) {
		f.n.data = append(f.n.data, make([]byte, end-len(f.n.data))...)
	}
	copy(f.n.data[off:], p[:n])
	f.s.moved += int64(n)
	f.s.changed(f.n)
	return n, err
}

func (f *simFile) Truncate(size int64) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if flaw := f.s.next("truncate", 0); flaw.err != nil {
		return flaw.err
	}
	f.n.data = append(f.n.data[:min(size, int64(len(f.n.data)))], make([]byte, max(0, size-int64(len(f.n.data))))...)
	f.s.changed(f.n)
	return nil
}

func (f *simFile) Sync() error {
	f.s.announce("sync")
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if flaw := f.s.next("sync", 0); flaw.err != nil {
		return flaw.err
	}
	if !f.s.lean {
		f.n.disk, f.n.since = slices.Clone(f.n.data), nil
	}
	return nil
}

func (f *simFile) Size() (int64, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return int64(len(f.n.data)), nil
}

func (f *simFile) Close() error { return nil }
