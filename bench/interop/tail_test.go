package interop_test

import (
	"bytes"
	"sync"
)

// tail keeps the end of what a program writes to its standard error.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// tailSize is how many bytes a tail keeps at least.
const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if t.buf.Len() > 2*tailSize {
		t.buf.Next(t.buf.Len() - tailSize)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
