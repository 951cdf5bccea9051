package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godwit-ws/godwit/store"
)

// kinds is how many different messages there are; they come in turn.
const kinds = 4096

// makeMessages returns messages of about 240 bytes, as a node stores them, that differ
// in a number.
func makeMessages() [][]byte {
	all := make([][]byte, kinds)
	for i := range all {
		all[i] = fmt.Appendf(nil, `{"对方IP":"127.0.0.1","对方端口":40000,"处理类型":"聊天","次一级数据类型":"文本","数据内容":"%s","时间":"2026-01-02T03:04:05.678901+00:00"}`, content(i))
	}
	return all
}

// content is what a message says.
func content(i int) string {
	return fmt.Sprintf("%08d 第一行是问候，第二行是正文，第三行是祝福", i)
}

// fill stores n messages, in groups.
func (l *lab) fill(ctx context.Context, s store.Store, n int) error {
	for begin := 0; begin < n; {
		group := l.messages[begin%kinds:]
		group = group[:min(len(group), n-begin)]
		if err := s.AppendAll(ctx, group); err != nil {
			return err
		}
		begin += len(group)
	}
	return nil
}

// errWrong says that a store doesn't hold what it was given.
var errWrong = errors.New("the store is wrong")

// order says whether messages must stand in a store in the order of their numbers.
type order bool

const (
	inOrder  order = true
	anyOrder order = false
)

// check looks whether a store holds messages first to first+n-1, each once, and nothing
// else.
func (l *lab) check(s store.Store, first, n int, o order) error {
	if s.Len() != n {
		return fmt.Errorf("%w: %d messages, want %d", errWrong, s.Len(), n)
	}
	count, at := make([]int, kinds), 0
	for m, err := range s.All() {
		if err != nil {
			return err
		}
		i, ok := l.number[string(m.Payload)]
		if !ok {
			return fmt.Errorf("%w: message %d is %q", errWrong, at, m.Payload)
		}
		if o == inOrder && i != (first+at)%kinds {
			return fmt.Errorf("%w: message %d is number %d", errWrong, at, i)
		}
		count[i]++
		at++
	}
	want := make([]int, kinds)
	for i := range n {
		want[(first+i)%kinds]++
	}
	if !slices.Equal(count, want) {
		return fmt.Errorf("%w: messages are missing or there twice", errWrong)
	}
	return nil
}

// take takes n messages, the first of which is number first, and acknowledges them.
func (l *lab) take(s store.Store, first, n int) error {
	for i := range n {
		d, err := s.TryNext()
		if err != nil {
			return err
		}
		if len(d.Payload) != len(l.messages[0]) || string(d.Payload) != string(l.messages[(first+i)%kinds]) {
			return fmt.Errorf("%w: %q is message %d", errWrong, d.Payload, first+i)
		}
		if err := s.Ack(d); err != nil {
			return err
		}
	}
	return nil
}
