package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

// openDir opens a store in a real folder.
func openDir(t *testing.T, cfg store.Config) *store.Disk {
	t.Helper()
	d, err := store.OpenDisk(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func readFile(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDefaultFile opens a store with the zero Config: data/received_messages.json, an empty array.
func TestDefaultFile(t *testing.T) {
	t.Chdir(t.TempDir())
	d := openDir(t, store.Config{})
	text, err := os.ReadFile("data/received_messages.json")
	if err != nil || string(text) != "[\n]\n" {
		t.Fatalf("data/received_messages.json = %q, %v", text, err)
	}
	mustAppend(t, d, 1)
	if err := checkArray(readFile(t, "data"), 1); err != nil {
		t.Error(err)
	}
}

func TestNestedFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	mustAppend(t, openDir(t, store.Config{Dir: dir}), 1)
	if err := checkArray(readFile(t, dir), 1); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{file, filepath.Join(file, "below"), "nul\x00"} {
		if d, err := store.OpenDisk(store.Config{Dir: bad}); err == nil {
			d.Close()
			t.Errorf("OpenDisk in %q succeeded", bad)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, store.FileName), 0o700); err != nil {
		t.Fatal(err)
	}
	if d, err := store.OpenDisk(store.Config{Dir: dir}); err == nil {
		d.Close()
		t.Error("OpenDisk with a folder for a file succeeded")
	}
}

// TestLocked opens a store twice: refused while it is open, allowed after.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, store.Config{Dir: dir})
	if _, err := store.OpenDisk(store.Config{Dir: dir}); !errors.Is(err, store.ErrLocked) {
		t.Fatalf("second OpenDisk = %v; want ErrLocked", err)
	}
	mustAppend(t, d, 1)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if again := openDir(t, store.Config{Dir: dir}); again.Len() != 1 {
		t.Errorf("Len = %d, want 1", again.Len())
	}
}

// TestSymlink keeps a file behind a symbolic link where it is.
func TestSymlink(t *testing.T) {
	real, dir := t.TempDir(), t.TempDir()
	target := filepath.Join(real, "elsewhere.json")
	if err := os.WriteFile(target, []byte(pythonFile), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, store.FileName)); err != nil {
		t.Skip(err)
	}
	d := openDir(t, store.Config{Dir: dir})
	mustAppend(t, d, 3)
	if err := d.Compact(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(filepath.Join(dir, store.FileName))
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info.Mode(), err)
	}
	if err := checkArray(readFile(t, dir), 3); err != nil {
		t.Error(err)
	}
	if info, err = os.Stat(target); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("the file's permissions are %v, %v; want what they were", info.Mode(), err)
	}
}

// TestRestart goes through the seed's case: 100 messages, the process ends, the same 100 in order.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, store.Config{Dir: dir, Sync: store.SyncNever})
	want := []string{}
	for n := range 100 {
		mustAppend(t, d, n)
		want = append(want, string(message(n)))
	}
	lent := mustTake(t, d, 0)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Ack(lent); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Ack after Close = %v", err)
	}
	d = openDir(t, store.Config{Dir: dir})
	if diff := cmp.Diff(want, contents(t, d)); diff != "" {
		t.Errorf("after the restart (-want +got):\n%s", diff)
	}
	if r := d.Opened(); r.Rebuilt || r.Messages != 100 {
		t.Errorf("report %+v", r)
	}
}

// TestSequencesNeverRepeat takes everything out, turns the clock back, and goes on.
func TestSequencesNeverRepeat(t *testing.T) {
	folder := newSim()
	now := uint64(1_000_000)
	open := func() *store.Disk {
		d, err := store.OpenDiskIn(folder, store.Config{}, func() uint64 { return now })
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	last := uint64(0)
	next := func(d *store.Disk) {
		t.Helper()
		mustAppend(t, d, 1)
		m := mustTake(t, d, 1)
		if m.Seq <= last {
			t.Errorf("sequence %d behind %d", m.Seq, last)
		}
		last = m.Seq
		mustAck(t, d, m)
	}
	d := open()
	for range 5 {
		next(d)
	}
	now = 10 // turned back while open
	next(d)
	if err := d.Compact(); err != nil {
		t.Fatal(err)
	}
	next(d)
	d.Close()
	now = 2_000_000
	d = open()
	next(d)
	mustAppend(t, d, 1)
	d.Close()
	now = 10 // turned back while closed, with a message stored
	d = open()
	mustAck(t, d, mustTake(t, d, 1))
	last++
	next(d)
	d.Close()
}

// TestSizes stores messages around the sizes of the buffers.
func TestSizes(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, store.Config{Dir: dir, Sync: store.SyncNever})
	var want []string
	for _, size := range []int{10, 64 << 10, 256 << 10, 1 << 20, 3 << 20} {
		for delta := -60; delta <= 60; delta += 20 {
			want = append(want, fmt.Sprintf(`{"a":"%s"}`, strings.Repeat("x", max(0, size+delta))))
		}
	}
	for _, text := range want {
		if err := d.Append(ctx, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		if !slices.Equal(want, contents(t, d)) {
			t.Fatal("messages differ")
		}
	}
	check()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openDir(t, store.Config{Dir: dir, Sync: store.SyncNever})
	check()
	for range want[:20] {
		m, err := d.TryNext()
		if err != nil || string(m.Payload) != want[0] {
			t.Fatalf("took %.50s (%d), %v; want %.50s (%d)", m.Payload, len(m.Payload), err, want[0], len(want[0]))
		}
		d.Return(m)
		if m, err = d.TryNext(); err != nil || string(m.Payload) != want[0] {
			t.Fatalf("took again %.50s (%d), %v", m.Payload, len(m.Payload), err)
		}
		mustAck(t, d, m)
		want = want[1:]
	}
	check()
	if err := d.Compact(); err != nil {
		t.Fatal(err)
	}
	check()
	if err := checkArray(readFile(t, dir), len(want)); err != nil {
		t.Fatal(err)
	}
}

// TestReadFails lets reading fail: an error, no more. The message is there the next time.
func TestReadFails(t *testing.T) {
	d, folder := openText(t, intact(t, 3, 0))
	defer d.Close()
	take := func(want int) store.Delivery {
		t.Helper()
		folder.blind = true
		if _, err := d.TryNext(); !errors.Is(err, errIO) || errors.Is(err, store.ErrPoisoned) {
			t.Fatalf("TryNext = %v; want the cause alone", err)
		}
		folder.blind = false
		m, err := d.TryNext()
		if err != nil || string(m.Payload) != string(payload(want)) {
			t.Fatalf("TryNext = %s, %v; want message %d", m.Payload, err, want)
		}
		return m
	}
	first := take(1)
	d.Return(first)
	first = take(1)
	folder.blind = true
	for _, err := range d.All() {
		if !errors.Is(err, errIO) {
			t.Errorf("All = %v; want the cause", err)
		}
	}
	if err := d.Compact(); !errors.Is(err, errIO) {
		t.Errorf("Compact = %v; want the cause", err)
	}
	folder.blind = false
	mustAck(t, d, first)
	folder.blind = true
	if _, err := store.OpenDiskIn(folder.killed(), store.Config{}, clock()); err != nil {
		t.Errorf("the file isn't sound: %v", err)
	}
	d.Close()
	if _, err := store.OpenDiskIn(folder, store.Config{}, clock()); !errors.Is(err, errIO) {
		t.Errorf("open = %v; want the cause", err)
	}
}

// TestAcksOutOfOrder acknowledges a long run from behind: the file changes with the last of them only,
// and then is all blanks.
func TestAcksOutOfOrder(t *testing.T) {
	const n = 5000 // some 1.5 MB: more than is blanked in one write
	folder := newSim()
	folder.lean = true
	d, err := store.OpenDiskIn(folder, store.Config{Sync: store.SyncNever, CompactAfter: -1}, clock())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var taken []store.Delivery
	for i := range n {
		if err := d.Append(ctx, fmt.Appendf(nil, `{"n":%d,"pad":"%0250d"}`, i, 0)); err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, d, n)
	for range n {
		m, err := d.TryNext()
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, m)
	}
	for i := n - 1; i > 0; i-- {
		mustAck(t, d, taken[i])
	}
	if err := checkArray(folder.text(store.FileName), n+1); err != nil {
		t.Fatal("before the first is acknowledged:", err)
	}
	if got := contents(t, d); len(got) != 2 {
		t.Errorf("All shows %d messages, want 2", len(got))
	}
	mustAck(t, d, taken[0])
	if err := checkArray(folder.text(store.FileName), 1); err != nil {
		t.Error("after:", err)
	}
	if got := d.Stats(); got.Blank+int64(len(message(n))) > got.FileSize || got.Blank < n*250 {
		t.Errorf("Stats = %+v", got)
	}
}

// TestCompactsByItself runs messages through until the file has become smaller three times.
func TestCompactsByItself(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, store.Config{Dir: dir, Sync: store.SyncNever, CompactAfter: 10_000})
	mustAppend(t, d, 0, 1, 2)
	size, shrunk := int64(0), 0
	for n := 0; shrunk < 3; n++ {
		mustAppend(t, d, n+3)
		mustAck(t, d, mustTake(t, d, n))
		now := d.Stats().FileSize
		if now < size {
			shrunk++
		}
		size = now
	}
	if err := d.Close(); err != nil { // waits for a compaction
		t.Fatal(err)
	}
	if d = openDir(t, store.Config{Dir: dir}); d.Len() != 3 {
		t.Errorf("Len = %d, want 3", d.Len())
	}
}

// TestCompactWhileBusy appends, takes, acknowledges and looks while the file is being copied.
func TestCompactWhileBusy(t *testing.T) {
	for _, p := range []store.Sync{store.SyncNever, store.SyncInterval} {
		folder := newSim()
		d, err := store.OpenDiskIn(folder, store.Config{Sync: p, CompactAfter: -1}, clock())
		if err != nil {
			t.Fatal(err)
		}
		for n := range 40 {
			mustAppend(t, d, n)
		}
		next, last, acked := 0, 39, 0
		var lent []store.Delivery
		busy, over := false, false
		work := func(op simOp) {
			if busy || over {
				return
			}
			busy = true
			over = op.kind == "sync" // behind that nobody else may do anything
			for range 3 {
				lent = append(lent, mustTake(t, d, next))
				next++
			}
			for _, m := range lent[:2] {
				mustAck(t, d, m)
				acked++
			}
			lent = lent[2:]
			last++
			mustAppend(t, d, last)
			busy = false
		}
		mustAck(t, d, mustTake(t, d, next))
		next, acked = next+1, acked+1
		folder.before = work
		if err := d.Compact(); err != nil {
			t.Fatal(err)
		}
		folder.before = nil
		if acked < 3 {
			t.Fatal("nothing happened during the copy")
		}
		if err := checkArray(folder.text(store.FileName), last+1-acked); err != nil {
			t.Fatal(err)
		}
		for _, m := range lent {
			mustAck(t, d, m)
			acked++
		}
		for ; next <= last; next++ {
			mustAck(t, d, mustTake(t, d, next))
			acked++
		}
		if err := checkArray(folder.text(store.FileName), 0); err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
}

// TestCompactFails lets a compaction nobody asked for fail: nothing happens, and it is tried again.
func TestCompactFails(t *testing.T) {
	folder := newSim()
	d, err := store.OpenDiskIn(folder, store.Config{Sync: store.SyncNever, CompactAfter: 500}, clock())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	tries := 0
	folder.plan = func(op simOp) flaw {
		if op.kind == "create" {
			tries++
			return flaw{err: errIO}
		}
		return flaw{}
	}
	pass := func(times int) {
		for n := range times {
			mustAppend(t, d, n)
			mustAck(t, d, mustTake(t, d, n))
		}
	}
	pass(100)
	if tries < 2 || tries > 6 {
		t.Errorf("%d tries over 100 messages; want a few, ever farther apart", tries)
	}
	if err := d.Compact(); !errors.Is(err, errIO) {
		t.Errorf("Compact = %v; want the cause", err)
	}
	folder.plan = nil
	pass(100)
	if s := d.Stats(); s.FileSize > 1000 {
		t.Errorf("the file was never compacted: %+v", s)
	}
}

// TestIntervalSyncs counts syncs: one an interval if something changed, none otherwise.
func TestIntervalSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := newSim()
		var syncs atomic.Int64
		d, err := store.OpenDiskIn(folder, store.Config{Sync: store.SyncInterval, SyncInterval: time.Second}, clock())
		if err != nil {
			t.Fatal(err)
		}
		folder.plan = func(op simOp) flaw {
			if op.kind == "sync" {
				syncs.Add(1)
			}
			return flaw{}
		}
		for round := range 3 {
			mustAppend(t, d, 1, 2, 3)
			time.Sleep(999 * time.Millisecond)
			if syncs.Load() != int64(round) {
				t.Errorf("%d syncs before the interval was over", syncs.Load())
			}
			time.Sleep(time.Hour)
			if syncs.Load() != int64(round+1) {
				t.Errorf("%d syncs an hour after, want %d", syncs.Load(), round+1)
			}
		}
		mustAck(t, d, mustTake(t, d, 1))
		if err := d.Close(); err != nil || syncs.Load() != 4 {
			t.Errorf("Close = %v, %d syncs", err, syncs.Load())
		}
	})
}

// TestVisibleAfterSync looks for a message while it is being synced: with SyncAlways no taker sees it.
func TestVisibleAfterSync(t *testing.T) {
	for _, p := range policies {
		folder := newSim()
		d, err := store.OpenDiskIn(folder, store.Config{Sync: p.sync}, clock())
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		folder.before = func(op simOp) {
			if op.kind == "sync" {
				seen = d.Len() + len(contents(t, d))
			}
		}
		mustAppend(t, d, 1)
		folder.before = nil
		if d.Len() != 1 || seen != 0 {
			t.Errorf("%s: Len = %d, during the sync %d", p.name, d.Len(), seen)
		}
		d.Close()
	}
}

// TestGroupCommit holds the first sync up until everybody else has appended: they share the next.
func TestGroupCommit(t *testing.T) {
	const n = 100
	folder := newSim()
	d, err := store.OpenDiskIn(folder, store.Config{}, clock())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	syncs, writes := 0, 0
	folder.before = func(op simOp) {
		switch op.kind {
		case "sync":
			syncs++
			for d.Stats().Bytes < n*int64(len(message(100))) {
				runtime.Gosched()
			}
		case "write":
			writes++
		}
	}
	done := make(chan error)
	for i := range n {
		go func() { done <- d.Append(ctx, message(100+i)) }()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	folder.before = nil
	if syncs > 2 || writes != syncs || d.Len() != n {
		t.Errorf("%d writes, %d syncs, %d messages; want two of the first at most", writes, syncs, d.Len())
	}
}

// TestCostDoesNotGrow counts operations and bytes for a message in and out, with nothing and with a
// great many waiting.
func TestCostDoesNotGrow(t *testing.T) {
	cost := func(backlog int) (ops int, bytes int64) {
		folder := newSim()
		folder.lean = true
		d, err := store.OpenDiskIn(folder, store.Config{Sync: store.SyncNever, CompactAfter: -1}, clock())
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		group := make([][]byte, backlog)
		for i := range group {
			group[i] = message(100_000 + i)
		}
		if err := d.AppendAll(ctx, group); err != nil {
			t.Fatal(err)
		}
		folder.ops, folder.moved = 0, 0
		for n := range 2000 {
			mustAppend(t, d, 100_000+backlog+n)
			m, err := d.TryNext()
			if err != nil {
				t.Fatal(err)
			}
			mustAck(t, d, m)
		}
		return folder.ops, folder.moved
	}
	emptyOps, emptyBytes := cost(0)
	fullOps, fullBytes := cost(60_000)
	if fullOps > emptyOps || fullBytes > emptyBytes*3/2 {
		t.Errorf("with nothing waiting %d operations, %d bytes; with 60,000 waiting %d, %d",
			emptyOps, emptyBytes, fullOps, fullBytes)
	}
}

// TestPythonReads lets Python read the file in all its states.
func TestPythonReads(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	d := openDir(t, store.Config{Dir: dir, Sync: store.SyncNever})
	read := func(state string) {
		t.Helper()
		out, err := exec.Command(python, "-m", "json.tool", filepath.Join(dir, store.FileName)).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", state, err, out)
		}
		if got := strings.Count(string(out), `"_crc"`); got != d.Len()+d.Stats().Taken {
			t.Errorf("%s: python sees %d messages", state, got)
		}
	}
	read("empty")
	for _, text := range []string{`{}`, `{"数据内容":"你好 😀"}`, `{"a":"\ud800"}`, `{"a":1e999}`, nested(store.MaxDepth),
		`{"a":-` + strings.Repeat("7", store.MaxNumber-1) + `}`} {
		if err := d.Append(ctx, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	read("full")
	for d.Len() > 0 {
		m, err := d.TryNext()
		if err != nil {
			t.Fatal(err)
		}
		mustAck(t, d, m)
		if d.Len()%3 == 0 {
			read("blanked")
		}
	}
	mustAppend(t, d, 1)
	read("again")
}

// Without a folder Inspect looks where Disk writes by default, and visit may be nil.
func TestInspectDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir(store.DefaultDir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := intact(t, 3, 0)
	if err := os.WriteFile(filepath.Join(store.DefaultDir, store.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Inspect("", nil); err != nil || got.Messages != 3 {
		t.Errorf("Inspect = %+v, %v; want 3 messages", got, err)
	}
}

func TestInspect(t *testing.T) {
	dir := t.TempDir()
	if _, err := store.Inspect(dir, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Inspect of nothing = %v", err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, store.FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, text string
		want       store.Report
	}{
		{"whole", intact(t, 3, 1), store.Report{Messages: 2, Blank: int64(len(store.AppendRecord(nil, payload(1), 1e15)))}},
		{"damaged", intact(t, 2, 0) + "junk", store.Report{Messages: 2, Rebuilt: true, Unreadable: 4}},
		{"python", pythonFile, store.Report{Messages: 2, Rebuilt: true, Imported: true}},
		{"nonsense", "hello", store.Report{Rebuilt: true, Unreadable: 5}},
		{"empty", "", store.Report{Rebuilt: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			write(tt.text)
			seen := 0
			got, err := store.Inspect(dir, func(store.Message) error { seen++; return nil })
			tt.want.Size = int64(len(tt.text))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil || seen != tt.want.Messages {
				t.Errorf("Inspect = %v, %d messages seen (-want +got):\n%s", err, seen, diff)
			}
			enough := errors.New("enough")
			if _, err := store.Inspect(dir, func(store.Message) error { return enough }); seen > 0 && !errors.Is(err, enough) {
				t.Errorf("Inspect = %v; want what visit returned", err)
			}
			if after := readFile(t, dir); after != tt.text {
				t.Error("Inspect changed the file")
			}
		})
	}
}
