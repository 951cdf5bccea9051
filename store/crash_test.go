package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/store"
)

// long reports whether the tests may take their time, which is more than go test's ten minutes:
//
//	GODWIT_LONG=1 go test -timeout 2h ./store
func long() bool { return os.Getenv("GODWIT_LONG") == "1" }

// rounds is how often a random test repeats itself.
func rounds(short, many int) int {
	switch {
	case long():
		return many
	case raceDetector:
		return max(short/5, 1)
	}
	return short
}

// newSeed returns a seed for a random test and sees to it that it is known if the test fails.
func newSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return seed
}

var policies = []struct {
	name string
	sync store.Sync
}{{"always", store.SyncAlways}, {"interval", store.SyncInterval}, {"never", store.SyncNever}}

// crashAt runs the operations of seed until plan kills the process.
func crashAt(seed uint64, sync store.Sync, ops int, plan func(simOp) flaw) *ledger {
	folder := newSim()
	folder.plan = plan
	// no sync by the clock, which a slow machine would put anywhere, and beside this goroutine
	l := newLedger(rand.New(rand.NewPCG(seed, 1)), folder, store.Config{Sync: sync, SyncInterval: time.Hour})
	if l.open() == nil {
		l.run(ops)
	}
	return l
}

// TestCrashEverywhere kills the process at every operation of a run, and within every write at every
// byte of it.
func TestCrashEverywhere(t *testing.T) {
	seed := newSeed(t)
	for round := range rounds(2, 200) {
		seed := seed + uint64(round)
		var ops []simOp
		crashAt(seed, store.SyncAlways, 25, func(op simOp) flaw {
			ops = append(ops, op)
			return flaw{}
		})
		for _, op := range ops {
			for part := range op.size + 1 {
				l := crashAt(seed, store.SyncAlways, 25, func(now simOp) flaw {
					return flaw{kill: now.n == op.n, part: part}
				})
				if err := l.check(l.folder.killed(), processKilled); err != nil {
					t.Fatalf("seed %d, killed after %d bytes of %s %d: %v\n%s", seed, part, op.kind, op.n, err,
						l.folder.text(store.FileName))
				}
			}
		}
	}
}

// TestPowerLoss pulls the plug at random moments: pages that weren't synced are lost, reordered and torn.
func TestPowerLoss(t *testing.T) {
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			seed := newSeed(t)
			for round := range rounds(400, 100_000) {
				seed := seed + uint64(round)
				rng := rand.New(rand.NewPCG(seed, 2))
				at := rng.IntN(90)
				l := crashAt(seed, p.sync, 60, func(op simOp) flaw {
					return flaw{kill: op.n == at, part: rng.IntN(op.size + 1)}
				})
				page := 32 << rng.IntN(4)
				for range 5 {
					image := l.folder.powerLost(rng, page)
					before := image.text(store.FileName)
					if err := l.check(image, powerLost); err != nil {
						t.Fatalf("seed %d, page %d: %v\n%q", seed, page, err, before)
					}
				}
			}
		})
	}
}

// TestFaults lets single operations fail: the store either works on with nothing lost or is poisoned, and
// then nothing is lost either once it is opened again.
func TestFaults(t *testing.T) {
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			seed := newSeed(t)
			for round := range rounds(500, 50_000) {
				seed := seed + uint64(round)
				rng := rand.New(rand.NewPCG(seed, 3))
				l := crashAt(seed, p.sync, 60, func(op simOp) flaw {
					if rng.IntN(12) > 0 {
						return flaw{}
					}
					return flaw{err: errIO, part: rng.IntN(op.size + 1)}
				})
				l.folder.plan = nil
				l.folder.locked = map[string]bool{} // the process is gone
				if err := l.check(l.folder.killed(), processKilled); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		})
	}
}

// TestFullDisk lets the disk fill up and get room again, over and over.
func TestFullDisk(t *testing.T) {
	seed := newSeed(t)
	var full, compacted int
	for round := range rounds(300, 20_000) {
		seed := seed + uint64(round)
		rng := rand.New(rand.NewPCG(seed, 4))
		l := newLedger(rng, newSim(), store.Config{Sync: policies[round%3].sync, SyncInterval: time.Hour})
		if err := l.open(); err != nil {
			t.Fatal(err)
		}
		for range 12 {
			l.folder.capacity = l.folder.used() + int64(rng.IntN(400))
			if err := l.run(10); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if err := checkArray(l.folder.text(store.FileName), l.live()); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if err := l.disk.Compact(); err == nil {
			compacted++
		}
		if err := l.check(l.folder.killed(), closed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, f := range l.fate {
			if f.refused {
				full++
			}
		}
	}
	if !raceDetector && (full == 0 || compacted == 0) { // too few rounds there
		t.Errorf("%d messages refused, %d compactions: the test doesn't test", full, compacted)
	}
}

// live is how many messages the file must hold: all that aren't certainly gone.
func (l *ledger) live() (n int) {
	for _, f := range l.fate {
		if f.stored && !f.gone {
			n++
		}
	}
	return n
}

func TestPoisoned(t *testing.T) {
	tests := []struct {
		name string
		sync store.Sync
		fail map[string]int // kind → how many of that kind go well after opening
	}{
		{"sync", store.SyncAlways, map[string]int{"sync": 0}},
		{"timed-sync", store.SyncInterval, map[string]int{"sync": 0}},
		{"write-and-undo", store.SyncAlways, map[string]int{"write": 0}},
		{"truncate-in-undo", store.SyncNever, map[string]int{"write": 0, "truncate": 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := newSim()
			d, err := store.OpenDiskIn(folder, store.Config{Sync: tt.sync}, clock())
			if err != nil {
				t.Fatal(err)
			}
			folder.plan = failing(tt.fail)
			err = d.Append(ctx, []byte(`{"n":1}`))
			if tt.sync == store.SyncInterval {
				d.SyncNow()
				_, err = d.TryNext()
			}
			if !errors.Is(err, store.ErrPoisoned) || !errors.Is(err, errIO) {
				t.Fatalf("first error = %v; want one that is ErrPoisoned and says why", err)
			}
			if err := d.Append(ctx, []byte(`{"n":2}`)); !errors.Is(err, store.ErrPoisoned) {
				t.Errorf("Append = %v; want ErrPoisoned", err)
			}
			if _, err := d.Next(ctx); !errors.Is(err, store.ErrPoisoned) {
				t.Errorf("Next = %v; want ErrPoisoned", err)
			}
			if err := d.Compact(); !errors.Is(err, store.ErrPoisoned) {
				t.Errorf("Compact = %v; want ErrPoisoned", err)
			}
			folder.plan = nil
			if err := d.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			d, err = store.OpenDiskIn(folder, store.Config{}, clock())
			if err != nil {
				t.Fatalf("opening again: %v", err)
			}
			if err := d.Append(ctx, []byte(`{"n":3}`)); err != nil {
				t.Errorf("Append to the store opened again = %v", err)
			}
			d.Close()
		})
	}
}

// TestPoisonedByAck fails an acknowledgement half way: the message comes again, and no other is lost.
func TestPoisonedByAck(t *testing.T) {
	d, folder := openText(t, intact(t, 3, 0))
	m, err := d.TryNext()
	if err != nil {
		t.Fatal(err)
	}
	folder.plan = failing(map[string]int{"write": 0})
	if err := d.Ack(m); !errors.Is(err, store.ErrPoisoned) || !errors.Is(err, errIO) {
		t.Errorf("Ack = %v; want ErrPoisoned", err)
	}
	folder.plan = nil
	if err := d.Append(ctx, message(1)); !errors.Is(err, store.ErrPoisoned) {
		t.Errorf("Append = %v; want ErrPoisoned", err)
	}
	d.Close()
	if err := checkDamaged(folder.text(store.FileName), 3, 1); err != nil {
		t.Error(err)
	}
}

// failing makes operations fail once as many of their kind as given went well. The first write that
// "truncate" stands beside fails alone, so that undoing gets as far as the truncation.
func failing(after map[string]int) func(simOp) flaw {
	seen := map[string]int{}
	return func(op simOp) flaw {
		n, named := after[op.kind]
		seen[op.kind]++
		_, truncates := after["truncate"]
		if !named || seen[op.kind] <= n || truncates && op.kind == "write" && seen[op.kind] > n+1 {
			return flaw{}
		}
		return flaw{err: errIO, part: op.size / 2}
	}
}

// clock returns a clock that stands at some moment and is read in microseconds.
func clock() func() uint64 { return func() uint64 { return 1_790_000_000_000_000 } }

// TestShortWrite fails an append half way: it alone is refused.
func TestShortWrite(t *testing.T) {
	folder := newSim()
	d, err := store.OpenDiskIn(folder, store.Config{}, clock())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for n := range 6 {
		want := error(nil)
		folder.plan = nil
		if n%2 == 1 {
			want = errIO
			first := true
			folder.plan = func(op simOp) flaw {
				if op.kind != "write" || !first {
					return flaw{}
				}
				first = false
				return flaw{err: errIO, part: 30}
			}
		}
		if err := d.Append(ctx, fmt.Appendf(nil, `{"n":%d}`, n)); !errors.Is(err, want) {
			t.Fatalf("Append %d = %v; want %v", n, err, want)
		}
		if err := checkArray(folder.text(store.FileName), n/2+1); err != nil {
			t.Fatal(err)
		}
	}
	if d.Len() != 3 {
		t.Errorf("Len = %d, want 3", d.Len())
	}
}
