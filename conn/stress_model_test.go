package conn_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// fate is what a send's result promises.
type fate uint8

const (
	mayCome fate = iota // the connection ended meanwhile: it may arrive
	must                // it arrives, if the connection ends in order
	waits               // it does, if all who send have finished before that
	never               // it doesn't arrive
)

// ledger is the model of one direction: what was promised, and what came.
type ledger struct {
	t       testing.TB
	ordered bool // one reader takes all messages, so that each sender's come in order

	mu    sync.Mutex
	fates map[int]fate // by sender and number
	came  map[int]bool
	last  map[int]int // of each sender
	stray int         // messages begun by a reader that another has taken before it was known which
}

func newLedger(t testing.TB) *ledger {
	return &ledger{t: t, fates: map[int]fate{}, came: map[int]bool{}, last: map[int]int{}}
}

// perSender is how many messages a sender may have.
const perSender = 1 << 20

// prefix is the length in bytes of what tells a message from others.
const prefix = 24

// alphabet of one to four bytes, so that fragments cut characters.
var alphabet = []string{"a", "é", "日", "𝄞"}

// compose returns the n-th message of a sender: of about size bytes, all of which
// follow from the three.
func compose(sender, n, size int) []byte {
	b := fmt.Appendf(make([]byte, 0, prefix+size+4), "%03d:%07d:%011d:", sender, n, size)
	for letter := rand.New(rand.NewPCG(uint64(sender), uint64(n))); len(b) < prefix+size; {
		b = append(b, strings.Repeat(alphabet[letter.IntN(len(alphabet))], 1+letter.IntN(50))...)
	}
	return b
}

// promise notes what a send has returned.
func (l *ledger) promise(sender, n int, f fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fates[sender*perSender+n] = f
}

// arrived notes a message, or the beginning of one that was left there.
func (l *ledger) arrived(p []byte, whole bool) {
	var sender, n, size int
	if _, err := fmt.Sscanf(string(p[:min(len(p), prefix)]), "%d:%d:%d:", &sender, &n, &size); err != nil {
		l.t.Errorf("a message of %d bytes begins with %.40q: %v", len(p), p, err)
		return
	}
	if want := compose(sender, n, size); !bytes.HasPrefix(want, p) || whole && len(p) != len(want) {
		l.t.Errorf("message %d of sender %d came otherwise: %d bytes, want %d", n, sender, len(p), len(want))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := sender*perSender + n
	if l.came[key] {
		l.t.Errorf("message %d of sender %d came twice", n, sender)
	}
	l.came[key] = true
	if before, ok := l.last[sender]; ok && l.ordered && n < before {
		l.t.Errorf("message %d of sender %d came after %d", n, sender, before)
	}
	l.last[sender] = n
}

// lost notes a message of which nothing was seen.
func (l *ledger) lost() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stray++
}

// settle compares what came with what was promised. complete says that the
// connection has ended so that all had to come, finished that all who send had
// finished before.
func (l *ledger) settle(name string, complete, finished bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := 0
	for key, f := range l.fates {
		switch {
		case f == never && l.came[key]:
			l.t.Errorf("%s: message %d of sender %d came, though its send had failed", name, key%perSender, key/perSender)
		case (f == must || f == waits && finished) && !l.came[key]:
			missing++
		}
	}
	if complete && missing > l.stray {
		l.t.Errorf("%s: %d of %d messages are missing, %d strays", name, missing, len(l.fates), l.stray)
	}
}
