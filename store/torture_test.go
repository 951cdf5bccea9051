package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/store"
)

// childEnv makes the test binary a child of TestKill9: the folder, the sync policy, and the number of the
// next message of each producer.
const childEnv = "GODWIT_STORE_CHILD"

func TestMain(m *testing.M) {
	if job := os.Getenv(childEnv); job != "" {
		if err := child(job); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const producers = 2

// child appends and acknowledges until it is killed. It writes a line after each thing that is done,
// "a" for appended and "t" for acknowledged, and "k" before it acknowledges.
func child(job string) error {
	var dir string
	var policy int
	var next [producers]int
	if _, err := fmt.Sscan(job, &dir, &policy, &next[0], &next[1]); err != nil {
		return err
	}
	d, err := store.OpenDisk(store.Config{Dir: dir, Sync: store.Sync(policy), CompactAfter: 8 << 10})
	if err != nil {
		return err
	}
	fail := make(chan error)
	for p := range producers {
		go func() { fail <- produce(d, p, next[p]) }()
	}
	go func() { fail <- consume(d) }()
	return <-fail
}

func produce(d *store.Disk, p, n int) error {
	for ; ; n++ {
		if err := d.Append(ctx, tortureMessage(p, n)); err != nil {
			return err
		}
		if _, err := fmt.Printf("a %d %d\n", p, n); err != nil {
			return err
		}
	}
}

// consume acknowledges in order, and leaves some messages behind, so that there always is a backlog.
func consume(d *store.Disk) error {
	for {
		m, err := d.Next(ctx)
		if err != nil {
			return err
		}
		p, n, err := tortureNumber(m.Payload)
		if err != nil {
			return err
		}
		var ahead []store.Delivery
		for d.Len()+len(ahead) < 20 { // wait for more
			next, err := d.Next(ctx)
			if err != nil {
				return err
			}
			ahead = append(ahead, next)
		}
		for _, next := range ahead {
			d.Return(next)
		}
		fmt.Printf("k %d %d\n", p, n)
		if err := d.Ack(m); err != nil {
			return err
		}
		fmt.Printf("t %d %d\n", p, n)
	}
}

func tortureMessage(p, n int) []byte {
	return fmt.Appendf(nil, `{"p":%d,"n":%d,"pad":"%s"}`, p, n, strings.Repeat("长", n%50))
}

func tortureNumber(text []byte) (p, n int, err error) {
	if _, err = fmt.Sscanf(string(text), `{"p":%d,"n":%d,`, &p, &n); err != nil {
		return 0, 0, err
	}
	if string(text) != string(tortureMessage(p, n)) {
		return 0, 0, errors.New("altered: " + string(text))
	}
	return p, n, nil
}

// TestKill9 runs the store in a child process, kills that at a random line of what it says, and holds
// what it has said against the file it has left, over and over on the same file.
func TestKill9(t *testing.T) {
	seed := newSeed(t)
	victim := victim{t: t, dir: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 7)), stored: map[[2]int]bool{}}
	for round := range rounds(100, 10_000) {
		victim.live(round)
		if err := victim.autopsy(); err != nil {
			t.Fatalf("seed %d, life %d: %v", seed, round, err)
		}
		if err := victim.lighten(); err != nil {
			t.Fatalf("seed %d, after life %d: %v", seed, round, err)
		}
		if (round+1)%1000 == 0 {
			t.Logf("%d lives, %d messages in all", round+1, victim.next[0]+victim.next[1])
		}
	}
	d, err := store.OpenDisk(store.Config{Dir: victim.dir})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Len() != len(victim.stored) {
		t.Errorf("Len = %d in the end, want %d", d.Len(), len(victim.stored))
	}
	if err := checkArray(readFile(t, victim.dir), d.Len()); err != nil {
		t.Error(err)
	}
}

// victim is a store that lives and is killed many times.
type victim struct {
	t    *testing.T
	dir  string
	rng  *rand.Rand
	next [producers]int // numbers never used

	stored map[[2]int]bool // messages that must be there; false if they may be gone
	gone   map[[2]int]bool // messages that must not be there
}

// live runs a child, kills it and notes what it said.
func (v *victim) live(round int) {
	v.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+fmt.Sprintln(v.dir, round%3, v.next[0], v.next[1]))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	v.gone = map[[2]int]bool{}
	last := v.rng.IntN(400)
	if last == 0 {
		cmd.Process.Kill() // while it opens, or before
	}
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		v.note(lines.Text())
		if n == last {
			cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil {
		v.t.Fatal("the child ended by itself")
	}
}

func (v *victim) note(line string) {
	word := strings.Fields(line)
	if len(word) != 3 {
		v.t.Fatalf("child says %q", line)
	}
	p, err1 := strconv.Atoi(word[1])
	n, err2 := strconv.Atoi(word[2])
	if err := errors.Join(err1, err2); err != nil {
		v.t.Fatalf("child says %q", line)
	}
	id := [2]int{p, n}
	switch word[0] {
	case "a":
		if _, known := v.stored[id]; !known && !v.gone[id] { // it may have been taken before we hear of it
			v.stored[id] = true
		}
		v.next[p] = max(v.next[p], n+1)
	case "k":
		v.stored[id] = false
	case "t":
		delete(v.stored, id)
		v.gone[id] = true
	}
}

// autopsy looks at the file the child has left without opening it: the next child does that, and may be
// killed over it.
func (v *victim) autopsy() error {
	found := map[[2]int]bool{}
	last, seq := [producers]int{-1, -1}, uint64(0)
	_, err := store.Inspect(v.dir, func(m store.Message) error {
		p, n, err := tortureNumber(m.Payload)
		if err != nil {
			return err
		}
		id := [2]int{p, n}
		_, stored := v.stored[id]
		switch {
		case n <= last[p] || m.Seq <= seq:
			return fmt.Errorf("message %v (%d) behind %d (%d)", id, m.Seq, last[p], seq)
		case v.gone[id]:
			return fmt.Errorf("message %v is back", id)
		case !stored && n != v.next[p]:
			return fmt.Errorf("message %v is invented", id)
		}
		last[p], seq, found[id] = n, m.Seq, true
		return nil
	})
	if err != nil && !(errors.Is(err, fs.ErrNotExist) && len(v.stored) == 0) {
		return err
	}
	for id, must := range v.stored {
		if must && !found[id] {
			return fmt.Errorf("message %v is lost", id)
		}
	}
	v.stored = found // from now on all of these must stay
	for p := range producers {
		v.next[p]++ // the one being appended when the end came may be there or not
	}
	return nil
}

// heavy is how many messages are carried from life to life at the most; more would only make each life
// longer.
const heavy = 5000

// lighten takes messages, if there are many, and holds them against what must be there.
func (v *victim) lighten() error {
	if len(v.stored) <= heavy {
		return nil
	}
	d, err := store.OpenDisk(store.Config{Dir: v.dir})
	if err != nil {
		return err
	}
	defer d.Close()
	for d.Len() > heavy/10 {
		m, err := d.Next(ctx)
		if err != nil {
			return err
		}
		p, n, err := tortureNumber(m.Payload)
		if err != nil {
			return err
		}
		id := [2]int{p, n}
		if !v.stored[id] {
			return fmt.Errorf("message %v was taken and isn't there", id)
		}
		if err := d.Ack(m); err != nil {
			return err
		}
		delete(v.stored, id)
	}
	return nil
}

// TestTwoProcesses opens the store while a child has it.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir+" 0 0 0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		once.Do(func() {
			if _, err := store.OpenDisk(store.Config{Dir: dir}); !errors.Is(err, store.ErrLocked) {
				t.Errorf("OpenDisk beside another process = %v; want ErrLocked", err)
			}
			cmd.Process.Kill()
		})
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	d, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		t.Fatalf("OpenDisk after the other process died = %v", err)
	}
	d.Close()
}
