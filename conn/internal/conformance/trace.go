package conformance

import (
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// traceLength is how many frames a trace remembers.
const traceLength = 12

// trace remembers the last frames of a connection, to be shown when a case fails.
type trace struct {
	count int
	last  [traceLength]traced
}

type traced struct {
	way    way
	op     frame.Opcode
	fin    bool
	rsv    byte
	length int
	head   string // of the payload
}

type way string

const (
	incoming way = "received"
	outgoing way = "sent    "
)

func (t *trace) add(w way, op frame.Opcode, fin bool, rsv byte, payload []byte) {
	t.last[t.count%traceLength] = traced{w, op, fin, rsv, len(payload), string(payload[:min(len(payload), 24)])}
	t.count++
}

// String returns a line a frame, the oldest first.
func (t *trace) String() string {
	var b strings.Builder
	for i := max(0, t.count-traceLength); i < t.count; i++ {
		f := t.last[i%traceLength]
		fmt.Fprintf(&b, "\t#%d %s %v fin=%t rsv=%03b length=%d %q\n", i, f.way, f.op, f.fin, f.rsv>>4, f.length, f.head)
	}
	return b.String()
}
