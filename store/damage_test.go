package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

// openText opens a folder whose file holds text.
func openText(t *testing.T, text string) (*store.Disk, *sim) {
	t.Helper()
	folder := newSim()
	folder.put(store.FileName, text)
	d, err := store.OpenDiskIn(folder, store.Config{}, clock())
	if err != nil {
		t.Fatalf("open %q: %v", text, err)
	}
	return d, folder
}

// contents are the messages of a store.
func contents(t *testing.T, s store.Store) []string {
	t.Helper()
	all := []string{}
	for m, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(m.Payload))
	}
	return all
}

// intact makes the text of a file with messages 1 to n, the first few acknowledged.
func intact(t *testing.T, n, acked int) string {
	t.Helper()
	d, folder := openText(t, "")
	defer d.Close()
	for i := range n {
		if err := d.Append(ctx, payload(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	for range acked {
		m, err := d.TryNext()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Ack(m); err != nil {
			t.Fatal(err)
		}
	}
	return folder.text(store.FileName)
}

// checkDamaged opens a damaged file of messages 1 to n. Every message is there unaltered or, at most most
// of them, missing with something set aside.
func checkDamaged(text string, n, most int) error {
	folder := newSim()
	folder.put(store.FileName, text)
	d, err := store.OpenDiskIn(folder, store.Config{}, clock())
	if err != nil {
		return err
	}
	defer d.Close()
	last, found := 0, 0
	for m, err := range d.All() {
		if err != nil {
			return err
		}
		k, err := number(m.Payload)
		if err != nil || k < 1 || k > n || string(m.Payload) != string(payload(k)) {
			return fmt.Errorf("invented or altered: %s", m.Payload)
		}
		if k <= last {
			return fmt.Errorf("message %d behind %d", k, last)
		}
		last = k
		found++
	}
	report := d.Opened()
	aside := folder.text(report.SetAside)
	if missing := n - found; missing > most || missing > 0 && aside == "" {
		return fmt.Errorf("%d messages missing, set aside: %q", missing, aside)
	}
	if int64(len(aside)) != report.Unreadable {
		return fmt.Errorf("%d bytes unreadable, %d set aside", report.Unreadable, len(aside))
	}
	return checkArray(folder.text(store.FileName), found)
}

func TestBitFlips(t *testing.T) {
	for _, n := range []int{1, 6} {
		text := intact(t, n, 0)
		for i := range len(text) * 8 {
			flipped := []byte(text)
			flipped[i/8] ^= 1 << (i % 8)
			if err := checkDamaged(string(flipped), n, 2); err != nil { // a newline is part of two lines
				t.Fatalf("bit %d of byte %d, %d messages: %v\n%q", i%8, i/8, n, err, flipped)
			}
		}
	}
}

func TestOverwritten(t *testing.T) {
	seed := newSeed(t)
	rng := rand.New(rand.NewPCG(seed, 6))
	garbage := []string{"{", "}", "[", "]", ",", "\n", `"`, "{}", " ", "\x00", "]\n", `{"n":1}`, "\xff", ":"}
	for _, n := range []int{1, 2, 8} {
		text := intact(t, n, 0)
		for round := range rounds(2000, 500_000) {
			damaged := []byte(text)
			for range 1 + rng.IntN(4) {
				at := rng.IntN(len(damaged))
				copy(damaged[at:], strings.Repeat(garbage[rng.IntN(len(garbage))], 1+rng.IntN(3)))
			}
			if err := checkDamaged(string(damaged), n, n); err != nil {
				t.Fatalf("seed %d, round %d: %v\n%q", seed, round, err, damaged)
			}
		}
	}
}

func TestCutAnywhere(t *testing.T) {
	text := intact(t, 5, 0)
	for n := range len(text) {
		whole := strings.Count(text[:n+1], `"}`+"\n") // the last newline may be missing
		d, folder := openText(t, text[:n])
		if d.Len() != whole {
			t.Fatalf("cut to %d bytes: %d messages, want %d", n, d.Len(), whole)
		}
		if err := checkArray(folder.text(store.FileName), whole); err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
}

// TestHalfBlanked blanks a piece of the only record, as a lost write may leave it. What is left may look
// like a message in an array; it must not be taken for one.
func TestHalfBlanked(t *testing.T) {
	objects := []string{
		`{"inner":{"n":5},"list":[{"n":1}]}`,
		`{"a":[{"n":5},{"n":6}]}`,
		`{"":{"n":5}}`,
		`{"text":"one that is long enough to have pages in it, and more than that","a":1}`,
	}
	for _, obj := range objects {
		line := string(store.AppendRecord(nil, []byte(obj), 1))
		line = " " + line[1:]
		for from := range len(line) {
			for to := max(from, 1) + 1; to < len(line); to++ {
				if from > 0 && (from < 32 || to-from < 32) {
					continue // no page of a disk is that short
				}
				text := "[\n" + line[:from] + strings.Repeat(" ", to-from) + line[to:] + "]\n"
				d, _ := openText(t, text)
				if got := contents(t, d); len(got) > 0 && got[0] != obj { // itself, again, is right
					t.Fatalf("%q\ngave %q", text, got)
				}
				d.Close()
			}
		}
	}
}

func TestOpenRecovers(t *testing.T) {
	rec := func(n int, seq uint64) string { return string(store.AppendRecord(nil, payload(n), seq)) }
	first := func(line string) string { return " " + line[1:] }
	p := func(n int) string { return string(payload(n)) }
	blank := strings.Repeat(" ", 60) + "\n"
	tests := []struct {
		name  string
		text  string
		want  []string
		aside string
		clean bool
	}{
		{"as-made", "[\n]\n", nil, "", true},
		{"empty", "", nil, "", false},
		{"python-empty", "[]", nil, "", false},
		{"one", "[\n" + first(rec(1, 5)) + "]\n", []string{p(1)}, "", true},
		{"blanks-before", "[\n" + blank + blank + first(rec(1, 5)) + rec(2, 6) + "]\n", []string{p(1), p(2)}, "", true},
		{"only-blanks", "[\n" + blank + blank + "]\n", nil, "", true},
		{"blank-between", "[\n" + first(rec(1, 5)) + blank + first(rec(3, 7)) + "]\n", []string{p(1), p(3)}, "", false},
		{"wrong-first-lead", "[\n" + rec(1, 5) + "]\n", []string{p(1)}, "", false},
		{"wrong-next-lead", "[\n" + first(rec(1, 5)) + first(rec(2, 6)) + "]\n", []string{p(1), p(2)}, "", false},
		{"no-bracket", "[\n" + first(rec(1, 5)), []string{p(1)}, "", false},
		{"no-last-newline", "[\n" + first(rec(1, 5)) + "]", []string{p(1)}, "", false},
		{"old-bracket-in-the-middle", "[\n" + first(rec(1, 5)) + "]\n\x00\x00\n" + rec(2, 6) + "]\n",
			[]string{p(1), p(2)}, "", false},
		{"behind-the-bracket", "[\n" + first(rec(1, 5)) + "]\n" + rec(2, 6), []string{p(1), p(2)}, "", false},
		{"torn", "[\n" + first(rec(1, 5)) + `,{"n":2,"pa`, []string{p(1)}, `,{"n":2,"pa`, false},
		{"zeros", "[\n" + first(rec(1, 5)) + strings.Repeat("\x00", 100), []string{p(1)}, "", false},
		{"falling-sequence", "[\n" + first(rec(1, 5)) + rec(2, 4) + rec(3, 6) + "]\n", []string{p(1), p(3)},
			rec(2, 4), false},
		{"repeated", "[\n" + first(rec(1, 5)) + rec(1, 5) + "]\n", []string{p(1)}, rec(1, 5), false},
		{"junk-line", "[\n" + first(rec(1, 5)) + "hello\n" + rec(2, 6) + "]\n", []string{p(1), p(2)}, "hello\n", false},
		{"by-hand-between", "[\n" + first(rec(1, 5)) + `,{"n":2}` + "\n]\n", []string{p(1)}, `,{"n":2}` + "\n", false},
		{"no-array", "hello", nil, "hello", false},
		{"long-junk-line", "[\n" + strings.Repeat("x", 400<<10) + "\n" + rec(2, 6) + "]\n", []string{p(2)},
			strings.Repeat("x", 400<<10) + "\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, folder := openText(t, tt.text)
			defer d.Close()
			if diff := cmp.Diff(append([]string{}, tt.want...), contents(t, d)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			report := d.Opened()
			if report.Rebuilt == tt.clean || report.Messages != len(tt.want) || report.Imported {
				t.Errorf("report %+v; want %d messages, rebuilt %v", report, len(tt.want), !tt.clean)
			}
			if got := folder.text(report.SetAside); got != tt.aside {
				t.Errorf("set aside %q, want %q", got, tt.aside)
			}
			if got := int64(len(folder.text(store.FileName))); got != report.Size {
				t.Errorf("file has %d bytes, report says %d", got, report.Size)
			}
			if err := checkArray(folder.text(store.FileName), len(tt.want)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSetAsideTwice sets aside twice within a second: neither is lost.
func TestSetAsideTwice(t *testing.T) {
	folder := newSim()
	var names []string
	for _, text := range []string{"hello", "world"} {
		folder.put(store.FileName, text)
		d, err := store.OpenDiskIn(folder, store.Config{}, clock())
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, d.Opened().SetAside)
		d.Close()
	}
	if folder.text(names[0]) != "hello" || folder.text(names[1]) != "world" {
		t.Errorf("set aside as %q: %q, %q", names, folder.text(names[0]), folder.text(names[1]))
	}
	if !strings.HasPrefix(names[0], store.FileName+".unreadable-20260921T") {
		t.Errorf("set aside as %q, want the time in it", names[0])
	}
}

// TestOpenFails lets each operation of a recovery fail: the file is what it was, and nothing is left over.
func TestOpenFails(t *testing.T) {
	text := intact(t, 3, 0) + "junk"
	failed := 0
	for n := 0; ; n++ {
		folder := newSim()
		folder.put(store.FileName, text)
		folder.plan = func(op simOp) flaw {
			if op.n == n {
				return flaw{err: errIO}
			}
			return flaw{}
		}
		d, err := store.OpenDiskIn(folder, store.Config{}, clock())
		if err == nil {
			d.Close()
			break
		}
		failed++
		if !errors.Is(err, errIO) {
			t.Errorf("operation %d failed: %v", n, err)
		}
		if got := folder.text(store.FileName); got != text && !strings.HasSuffix(got, "]\n") {
			t.Errorf("operation %d failed, the file is now %q", n, got)
		}
		folder.plan = nil
		d, err = store.OpenDiskIn(folder, store.Config{}, clock())
		if err != nil {
			t.Fatalf("operation %d failed, opening again: %v", n, err)
		}
		if d.Len() != 3 {
			t.Errorf("operation %d failed: %d messages the next time", n, d.Len())
		}
		d.Close()
	}
	if failed < 8 {
		t.Errorf("only %d operations failed", failed)
	}
}

// TestPowerLossWhileOpening pulls the plug in a recovery: what couldn't be read is somewhere, always.
func TestPowerLossWhileOpening(t *testing.T) {
	const junk = "something that couldn't be read"
	text := intact(t, 3, 0) + junk
	seed := newSeed(t)
	rng := rand.New(rand.NewPCG(seed, 9))
	for round := range 1500 {
		folder := newSim()
		folder.put(store.FileName, text)
		at := rng.IntN(10)
		folder.plan = func(op simOp) flaw { return flaw{kill: op.n == at, part: rng.IntN(op.size + 1)} }
		if d, err := store.OpenDiskIn(folder, store.Config{}, clock()); err == nil {
			d.Close()
		}
		image := folder.powerLost(rng, 32)
		found := false
		for name := range image.names {
			found = found || strings.Contains(image.text(name), junk)
		}
		if !found {
			t.Fatalf("seed %d, round %d, operation %d: junk lost", seed, round, at)
		}
		d, err := store.OpenDiskIn(image, store.Config{}, clock())
		if err != nil || d.Len() != 3 {
			t.Fatalf("seed %d, round %d, operation %d: %d messages, %v", seed, round, at, d.Len(), err)
		}
		d.Close()
	}
}

// TestOpenFullDisk opens a damaged file on a disk without room for another: an error, and nothing touched.
func TestOpenFullDisk(t *testing.T) {
	text := intact(t, 3, 0) + "junk"
	folder := newSim()
	folder.put(store.FileName, text)
	folder.capacity = int64(len(text)) + 20
	if _, err := store.OpenDiskIn(folder, store.Config{}, clock()); !errors.Is(err, store.ErrFull) {
		t.Fatalf("open = %v; want ErrFull", err)
	}
	if got := folder.text(store.FileName); got != text {
		t.Errorf("the file is now %q", got)
	}
	if len(folder.names) != 1 {
		t.Errorf("%d files left", len(folder.names))
	}
}

// TestDamagedWhileOpen alters a record behind the store's back: it isn't handed out.
func TestDamagedWhileOpen(t *testing.T) {
	d, folder := openText(t, intact(t, 3, 0))
	n := folder.names[store.FileName]
	n.data = bytes.Replace(n.data, []byte(`"n":2`), []byte(`"n":9`), 1)
	m, err := d.TryNext()
	if err != nil {
		t.Fatalf("the message before = %v", err)
	}
	if m, err := d.TryNext(); !errors.Is(err, store.ErrPoisoned) {
		t.Errorf("TryNext = %s, %v; want ErrPoisoned", m.Payload, err)
	}
	if err := d.Ack(m); !errors.Is(err, store.ErrPoisoned) {
		t.Errorf("Ack = %v; want ErrPoisoned", err)
	}
	for _, err := range d.All() {
		if !errors.Is(err, store.ErrPoisoned) {
			t.Errorf("All = %v; want ErrPoisoned", err)
		}
	}
	if err := d.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}
