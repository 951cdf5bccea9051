package app_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/store"
)

// finish stops everything and holds what was taken against what was sent.
func (h *nodeHub) finish(others []*nodeOther) {
	for _, o := range others {
		nodeStop(h.t, o.Node)
	}
	nodeStop(h.t, h.node) // so that nothing is on its way any more
	nodeEventually(h.t, "all messages are taken", func() bool {
		st := h.store.Stats()
		return st.Waiting == 0 && st.Taken == 0
	})
	h.down(true)
	h.checkTaken()
	h.checkOrder()
	for _, o := range others {
		h.checkHeard(o)
	}
	if h.disk {
		s, err := store.OpenDisk(h.cfg)
		if err != nil {
			h.t.Fatal(err)
		}
		if n := s.Len(); n != 0 {
			h.t.Errorf("%d messages are in the store that were all taken", n)
		}
		h.store = s
	}
	if err := h.store.Close(); err != nil {
		h.t.Error(err)
	}
}

// checkTaken checks that each message was taken as often as it should: what was
// acknowledged once, and again only where a disk's store was opened again.
func (h *nodeHub) checkTaken() {
	seq, life := make(map[string]uint64), make(map[string]int)
	for _, m := range h.taken {
		content := m.Text()
		fate, sent := h.fates[content]
		_, refused := errors.AsType[*app.NodeRefusal](fate)
		switch {
		case !sent:
			h.t.Errorf("%q was taken, but never sent", content)
		case errors.Is(fate, app.ErrNodeNotSent) || refused:
			h.t.Errorf("%q was taken, of which Send said: %v", content, fate)
		}
		if was, again := seq[content]; again && (was != m.Seq || !h.disk || life[content] == m.life) {
			h.t.Errorf("%q was taken twice, as %d and %d, in life %d and %d; Send said: %v", content, was, m.Seq, life[content], m.life, fate)
		}
		seq[content], life[content] = m.Seq, m.life
	}
	for content, fate := range h.fates {
		_, refused := errors.AsType[*app.NodeRefusal](fate)
		switch _, taken := seq[content]; {
		case fate == nil && !taken:
			h.t.Errorf("%q was acknowledged, but is nowhere", content)
		case fate != nil && !refused && !errors.Is(fate, app.ErrNodeNotSent) && !errors.Is(fate, app.ErrNodeUnacknowledged):
			h.t.Errorf("Send = %v, which is neither of its errors", fate)
		}
	}
}

// checkOrder checks that the messages of a goroutine were stored in order: those that
// were acknowledged, and all that came on one connection.
func (h *nodeHub) checkOrder() {
	type stream struct {
		sender string
		port   int // 0 for what was acknowledged
	}
	place := make(map[stream]map[int]uint64)
	for _, m := range h.taken {
		sender, n := nodeNumber(h.t, m.Text())
		of := []stream{{sender, m.PeerPort}}
		if h.fates[m.Text()] == nil {
			of = append(of, stream{sender, 0})
		}
		for _, s := range of {
			if place[s] == nil {
				place[s] = make(map[int]uint64)
			}
			place[s][n] = m.Seq
		}
	}
	for s, seqs := range place {
		last, top := uint64(0), 0
		for n := range seqs {
			top = max(top, n)
		}
		for n := range top + 1 {
			seq, is := seqs[n]
			if is && seq <= last {
				h.t.Errorf("from %v: %d was stored as %d, behind %d", s, n, seq, last)
			}
			last = max(last, seq)
		}
	}
}

// checkHeard checks that a node has of the broadcasts each once, in order.
func (h *nodeHub) checkHeard(o *nodeOther) {
	last := make(map[string]int)
	for m, ok := o.NextMessage(); ok; m, ok = o.NextMessage() {
		content := m.Text()
		if m.HandleType != "news" || !h.told[content] {
			h.t.Errorf("node %d heard %q of type %q, which nobody said", o.number, content, m.HandleType)
		}
		who, n := nodeNumber(h.t, content)
		if was, before := last[who]; before && n <= was {
			h.t.Errorf("node %d heard of %s %d behind %d", o.number, who, n, was)
		}
		last[who] = n
	}
	if err := o.heard.Close(); err != nil {
		h.t.Error(err)
	}
}

// nodeNumber takes a content apart: who sent it, and its number.
func nodeNumber(t *testing.T, content string) (who string, n int) {
	if _, err := fmt.Sscanf(content, "%s %d", &who, &n); err != nil {
		t.Errorf("%q isn't one of ours: %v", content, err)
	}
	return who, n
}
