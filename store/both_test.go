package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

// onBoth runs a test on a Memory and on a Disk in memory.
func onBoth(t *testing.T, cfg store.Config, test func(t *testing.T, s store.Store)) {
	t.Run("memory", func(t *testing.T) {
		s := store.NewMemory(cfg)
		defer s.Close()
		test(t, s)
	})
	t.Run("disk", func(t *testing.T) {
		s, err := store.OpenDiskIn(newSim(), cfg, clock())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, s)
	})
}

// message is a small message with a number.
func message(n int) []byte { return fmt.Appendf(nil, `{"n":%d}`, n) }

func mustAppend(t *testing.T, s store.Store, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		if err := s.Append(ctx, message(n)); err != nil {
			t.Fatalf("Append %d = %v", n, err)
		}
	}
}

// mustTake takes the message of number n.
func mustTake(t *testing.T, s store.Store, n int) store.Delivery {
	t.Helper()
	d, err := s.TryNext()
	if err != nil || string(d.Payload) != string(message(n)) {
		t.Fatalf("TryNext = %s, %v; want message %d", d.Payload, err, n)
	}
	return d
}

func mustAck(t *testing.T, s store.Store, d store.Delivery) {
	t.Helper()
	if err := s.Ack(d); err != nil {
		t.Fatalf("Ack %s = %v", d.Payload, err)
	}
}

func TestOrder(t *testing.T) {
	onBoth(t, store.Config{}, func(t *testing.T, s store.Store) {
		mustAppend(t, s, 1, 2, 3, 4)
		last := uint64(0)
		for n := range 4 {
			d := mustTake(t, s, n+1)
			if d.Seq <= last {
				t.Errorf("sequence %d behind %d", d.Seq, last)
			}
			last = d.Seq
			mustAck(t, s, d)
		}
		if _, err := s.TryNext(); !errors.Is(err, store.ErrEmpty) {
			t.Errorf("TryNext of the empty store = %v; want ErrEmpty", err)
		}
	})
}

func TestReturnedGoesToItsOldPlace(t *testing.T) {
	onBoth(t, store.Config{}, func(t *testing.T, s store.Store) {
		mustAppend(t, s, 1, 2, 3, 4, 5)
		d1, d2, d3 := mustTake(t, s, 1), mustTake(t, s, 2), mustTake(t, s, 3)
		s.Return(d3)
		s.Return(d1)
		s.Return(d1)
		again := mustTake(t, s, 1)
		if err := s.Ack(d1); !errors.Is(err, store.ErrNotTaken) {
			t.Errorf("Ack of a delivery returned = %v; want ErrNotTaken", err)
		}
		mustAck(t, s, again)
		if err := s.Ack(again); !errors.Is(err, store.ErrNotTaken) {
			t.Errorf("second Ack = %v; want ErrNotTaken", err)
		}
		s.Return(again)
		mustTake(t, s, 3)
		mustTake(t, s, 4)
		mustAck(t, s, d2)
		mustTake(t, s, 5)
		if err := s.Ack(store.Delivery{}); !errors.Is(err, store.ErrNotTaken) {
			t.Errorf("Ack of the zero Delivery = %v; want ErrNotTaken", err)
		}
		s.Return(store.Delivery{})
	})
}

// TestManyReturned gives many back in any order, twice over: they come again in theirs.
func TestManyReturned(t *testing.T) {
	const n = 600 // more than a chunk of the queue
	seed := newSeed(t)
	onBoth(t, store.Config{}, func(t *testing.T, s store.Store) {
		rng := rand.New(rand.NewPCG(seed, 8))
		for i := range n {
			mustAppend(t, s, i)
		}
		for range 2 {
			var lent []store.Delivery
			for i := range n {
				lent = append(lent, mustTake(t, s, i))
			}
			rng.Shuffle(n, func(i, j int) { lent[i], lent[j] = lent[j], lent[i] })
			for _, d := range lent {
				s.Return(d)
			}
		}
		for i := range n {
			mustAck(t, s, mustTake(t, s, i))
		}
	})
}

func TestRefused(t *testing.T) {
	onBoth(t, store.Config{MaxMessages: 2, MaxBytes: 40, MaxMessageSize: 30}, func(t *testing.T, s store.Store) {
		long, half := []byte(`{"a":"0123456789012345678901234567"}`), []byte(`{"a":"0123456789012345"}`)
		for _, tt := range []struct {
			name  string
			group [][]byte
			err   error
		}{
			{"no-object", [][]byte{message(1), []byte("x")}, store.ErrNotObject},
			{"too-large", [][]byte{long}, store.ErrTooLarge},
			{"group-too-many", [][]byte{message(1), message(2), message(3)}, store.ErrTooLarge},
			{"group-too-large", [][]byte{half, half}, store.ErrTooLarge},
			{"none", nil, nil},
		} {
			if err := s.AppendAll(ctx, tt.group); !errors.Is(err, tt.err) {
				t.Errorf("%s: AppendAll = %v; want %v", tt.name, err, tt.err)
			}
		}
		mustAppend(t, s, 1, 2)
		if err := s.Append(ctx, message(3)); !errors.Is(err, store.ErrFull) {
			t.Errorf("Append to the full store = %v; want ErrFull", err)
		}
		d := mustTake(t, s, 1)
		if err := s.Append(ctx, message(3)); !errors.Is(err, store.ErrFull) {
			t.Errorf("Append with one message lent out = %v; want ErrFull", err)
		}
		mustAck(t, s, d)
		mustAppend(t, s, 3)
		if got := s.Stats(); got.Waiting != 2 || got.Taken != 0 || got.Bytes != 14 {
			t.Errorf("Stats = %+v", got)
		}
	})
}

func TestDropOldest(t *testing.T) {
	onBoth(t, store.Config{MaxMessages: 3, WhenFull: store.DropOldest}, func(t *testing.T, s store.Store) {
		mustAppend(t, s, 1, 2, 3)
		d := mustTake(t, s, 1)
		mustAppend(t, s, 4)
		if diff := cmp.Diff([]string{`{"n":1}`, `{"n":3}`, `{"n":4}`}, contents(t, s)); diff != "" {
			t.Errorf("after dropping (-want +got):\n%s", diff)
		}
		if got := s.Stats().Dropped; got != 1 {
			t.Errorf("Dropped = %d, want 1", got)
		}
		mustTake(t, s, 3)
		mustTake(t, s, 4)
		if err := s.Append(ctx, message(5)); !errors.Is(err, store.ErrFull) {
			t.Errorf("Append with all lent out = %v; want ErrFull", err)
		}
		mustAck(t, s, d)
		mustAppend(t, s, 5)
	})
}

func TestUnlimited(t *testing.T) {
	onBoth(t, store.Config{MaxMessages: -1, MaxBytes: -1, MaxMessageSize: -1, CompactAfter: -1},
		func(t *testing.T, s store.Store) {
			mustAppend(t, s, 1, 2, 3)
			mustAck(t, s, mustTake(t, s, 1))
		})
}

// TestWaitForRoom runs a producer into a full store: it waits until others have acknowledged, or its
// context ends.
func TestWaitForRoom(t *testing.T) {
	cfg := store.Config{MaxMessages: 2, WhenFull: store.Wait}
	synctest.Test(t, func(t *testing.T) {
		onBothIn(t, cfg, func(s store.Store) {
			mustAppend(t, s, 1, 2)
			var wg sync.WaitGroup
			for n := range 4 {
				wg.Go(func() {
					if err := s.Append(ctx, message(3+n)); err != nil {
						t.Errorf("Append = %v", err)
					}
				})
				synctest.Wait()
			}
			impatient, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			if err := s.Append(impatient, message(9)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Append = %v; want DeadlineExceeded", err)
			}
			for n := range 6 {
				synctest.Wait()
				mustAck(t, s, mustTake(t, s, n+1))
			}
			wg.Wait()
		})
	})
}

// onBothIn is onBoth within a bubble, where no subtest may start.
func onBothIn(t *testing.T, cfg store.Config, test func(s store.Store)) {
	t.Helper()
	m := store.NewMemory(cfg)
	test(m)
	m.Close()
	d, err := store.OpenDiskIn(newSim(), cfg, clock())
	if err != nil {
		t.Fatal(err)
	}
	test(d)
	d.Close()
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		onBothIn(t, store.Config{}, func(s store.Store) {
			var mu sync.Mutex
			var got []int
			var wg sync.WaitGroup
			for n := range 3 {
				wg.Go(func() {
					d, err := s.Next(ctx)
					mu.Lock()
					defer mu.Unlock()
					if err != nil || string(d.Payload) != string(message(n)) {
						t.Errorf("taker %d got %s, %v", n, d.Payload, err)
					}
					got = append(got, n)
				})
				synctest.Wait()
			}
			patience, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			start := time.Now()
			for n := range 3 {
				mustAppend(t, s, n)
				synctest.Wait()
			}
			wg.Wait()
			if !slices.IsSorted(got) {
				t.Errorf("takers were served in the order %v", got)
			}
			if _, err := s.Next(patience); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Hour {
				t.Errorf("Next = %v after %v; want DeadlineExceeded after 1h", err, time.Since(start))
			}
			if _, err := s.Next(patience); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Next with an ended context = %v", err)
			}
		})
	})
}

// TestWakeIsPassedOn ends a taker's context at the moment a message comes: the message wakes another.
func TestWakeIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		onBothIn(t, store.Config{}, func(s store.Store) {
			for range 200 {
				first, cancel := context.WithCancel(ctx)
				var wg sync.WaitGroup
				left := make(chan store.Delivery, 2)
				take := func(ctx context.Context) {
					if d, err := s.Next(ctx); err == nil {
						left <- d
					}
				}
				wg.Go(func() { take(first) })
				synctest.Wait()
				second, cancelSecond := context.WithTimeout(ctx, time.Minute)
				wg.Go(func() { take(second) })
				synctest.Wait()
				cancel()
				mustAppend(t, s, 1) // finds the first still in line, mostly
				wg.Wait()
				cancelSecond()
				select {
				case d := <-left:
					mustAck(t, s, d)
				default:
					t.Fatal("the message woke nobody")
				}
			}
		})
	})
}

func TestCloseWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		onBothIn(t, store.Config{MaxMessages: 1, WhenFull: store.Wait}, func(s store.Store) {
			mustAppend(t, s, 1)
			d := mustTake(t, s, 1)
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := s.Next(ctx); !errors.Is(err, store.ErrClosed) {
					t.Errorf("Next = %v; want ErrClosed", err)
				}
			})
			wg.Go(func() {
				if err := s.Append(ctx, message(2)); !errors.Is(err, store.ErrClosed) {
					t.Errorf("Append = %v; want ErrClosed", err)
				}
			})
			synctest.Wait()
			if err := s.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			wg.Wait()
			if err := s.Close(); err != nil {
				t.Errorf("second Close = %v", err)
			}
			if err := s.Ack(d); !errors.Is(err, store.ErrClosed) {
				t.Errorf("Ack = %v; want ErrClosed", err)
			}
			if _, err := s.TryNext(); !errors.Is(err, store.ErrClosed) {
				t.Errorf("TryNext = %v; want ErrClosed", err)
			}
			for _, err := range s.All() {
				if !errors.Is(err, store.ErrClosed) {
					t.Errorf("All = %v; want ErrClosed", err)
				}
			}
			s.Return(d)
			s.Len()
			s.Stats()
		})
	})
}

// TestCloseWhileBusy closes a Disk under many producers: whoever was told that a message is stored finds
// it, and nobody finds another.
func TestCloseWhileBusy(t *testing.T) {
	for _, p := range policies {
		dir := t.TempDir()
		d := openDir(t, store.Config{Dir: dir, Sync: p.sync, SyncInterval: time.Millisecond})
		var mu sync.Mutex
		var stored []int
		var wg sync.WaitGroup
		for maker := range 8 {
			wg.Go(func() {
				for n := maker; ; n += 8 {
					err := d.Append(ctx, message(n))
					if err != nil {
						if !errors.Is(err, store.ErrClosed) {
							t.Errorf("Append = %v; want ErrClosed", err)
						}
						return
					}
					mu.Lock()
					stored = append(stored, n)
					mu.Unlock()
				}
			})
		}
		for range 50 { // enough to have all of them at work
			if _, err := d.Next(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		var found []int
		for _, text := range contents(t, openDir(t, store.Config{Dir: dir})) {
			n, err := number([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, n)
		}
		slices.Sort(stored)
		slices.Sort(found)
		if !slices.Equal(stored, found) {
			t.Errorf("%s: %d messages stored, %d found", p.name, len(stored), len(found))
		}
	}
}

// TestAllWhileChanging iterates while messages come and go.
func TestAllWhileChanging(t *testing.T) {
	onBoth(t, store.Config{}, func(t *testing.T, s store.Store) {
		for n := range 400 {
			mustAppend(t, s, n)
		}
		last, seen := -1, 0
		for m, err := range s.All() {
			if err != nil {
				t.Fatal(err)
			}
			n, err := number(m.Payload)
			if err != nil || n <= last {
				t.Fatalf("message %d behind %d: %v", n, last, err)
			}
			last = n
			if seen++; seen%2 == 0 {
				d, err := s.TryNext()
				if err != nil {
					t.Fatal(err)
				}
				mustAck(t, s, d)
			}
			if seen == 300 {
				break
			}
		}
		if s.Len() != 250 {
			t.Errorf("Len = %d, want 250", s.Len())
		}
	})
}

// TestTakersThatDie takes messages in goroutines that end in every way; all come back, in order.
func TestTakersThatDie(t *testing.T) {
	onBoth(t, store.Config{}, func(t *testing.T, s store.Store) {
		mustAppend(t, s, 1, 2, 3)
		errTired := errors.New("tired")
		deaths := []func() error{
			func() error { panic("died") },
			func() error { runtime.Goexit(); return nil },
			func() error { return errTired },
		}
		for i, die := range deaths {
			done := make(chan error, 1)
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				done <- store.Consume(ctx, s, func(store.Message) error { return die() })
			}()
			if err := <-done; i == 2 && !errors.Is(err, errTired) {
				t.Errorf("Consume = %v; want what the handler returned", err)
			}
			<-done
			if got := s.Stats(); got.Waiting != 3 || got.Taken != 0 {
				t.Fatalf("after death %d: %+v", i, got)
			}
		}
		for n := range 3 {
			mustAck(t, s, mustTake(t, s, n+1))
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := store.Consume(ended, s, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("Consume with an ended context = %v", err)
		}
	})
}

// TestManyProducersManyConsumers moves messages through a store, some of which are given back on the way:
// each arrives exactly once, and what one producer sends to one consumer in order.
func TestManyProducersManyConsumers(t *testing.T) {
	const makers, consumers, each = 8, 8, 300
	test := func(t *testing.T, s store.Store) {
		var mu sync.Mutex
		got := map[int]int{}
		var making, taking sync.WaitGroup
		for p := range makers {
			making.Go(func() {
				for i := range each {
					if err := s.Append(ctx, message(p*each+i)); err != nil {
						t.Errorf("Append = %v", err)
						return
					}
				}
			})
		}
		work, stop := context.WithCancel(ctx)
		for range consumers {
			taking.Go(func() {
				for turn := 0; ; turn++ {
					d, err := s.Next(work)
					if err != nil {
						return
					}
					if turn%7 == 0 {
						s.Return(d)
						continue
					}
					n, _ := number(d.Payload)
					mu.Lock()
					got[n]++
					all := len(got) == makers*each
					mu.Unlock()
					if err := s.Ack(d); err != nil {
						t.Errorf("Ack = %v", err)
					}
					if all {
						stop()
					}
				}
			})
		}
		making.Wait()
		taking.Wait()
		stop()
		for n, times := range got {
			if times != 1 {
				t.Errorf("message %d arrived %d times", n, times)
			}
		}
		if len(got) != makers*each || s.Len() != 0 || s.Stats().Bytes != 0 {
			t.Errorf("%d of %d arrived; %+v", len(got), makers*each, s.Stats())
		}
	}
	onBoth(t, store.Config{MaxMessages: 50, WhenFull: store.Wait, CompactAfter: 20_000}, test)
	for _, p := range policies {
		t.Run("disk-"+p.name, func(t *testing.T) {
			s, err := store.OpenDisk(store.Config{Dir: t.TempDir(), Sync: p.sync, SyncInterval: time.Millisecond, CompactAfter: 20_000})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			test(t, s)
		})
	}
}
