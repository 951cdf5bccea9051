package interop_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
)

// tail keeps the end of what a program writes to its standard error.
type tail struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	wrote chan struct{} // closed, and made anew, by every write
}

// tailSize is how many bytes a tail keeps at least.
const tailSize = 8 << 10

func newTail() *tail { return &tail{wrote: make(chan struct{})} }

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if t.buf.Len() > 2*tailSize {
		t.buf.Next(t.buf.Len() - tailSize)
	}
	close(t.wrote)
	t.wrote = make(chan struct{})
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}

// lineWith waits for a whole line that has prefix, and returns its rest.
func (t *tail) lineWith(ctx context.Context, prefix string) (string, error) {
	for {
		t.mu.Lock()
		text, wrote := t.buf.String(), t.wrote
		t.mu.Unlock()
		if _, after, ok := strings.Cut(text, prefix); ok {
			if rest, _, ok := strings.Cut(after, "\n"); ok {
				return rest, nil
			}
		}
		select {
		case <-wrote:
		case <-ctx.Done():
			return "", fmt.Errorf("no line with %q: %w\n%s", prefix, ctx.Err(), text)
		}
	}
}
