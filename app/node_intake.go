package app

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/godwit-ws/godwit/app/internal/envelope"
	"github.com/godwit-ws/godwit/store"
)

// nodeIntake stores what one connection receives, batch by batch: messages are
// rewritten as they come and handed to the store together. It belongs to the
// connection's hooks.
type nodeIntake struct {
	n    *Node
	peer envelope.Peer
	addr net.Addr // for the log
	*nodeBatch
	refused int // messages, on this connection
}

// nodeBatch is the memory of one batch. It is pooled, so that a connection on which
// nothing comes holds none.
type nodeBatch struct {
	fields   envelope.Fields
	text     []byte // the messages, one behind the other
	ends     []int  // of each in text
	messages [][]byte
	verdicts []*envelope.Fault // in order of arrival: nil for a message in text
	reply    []byte
}

var nodeBatches = sync.Pool{New: func() any { return new(nodeBatch) }}

// maxKeptBatch is how many bytes a pooled batch keeps.
const maxKeptBatch = 256 << 10

// read takes a message apart. Its fields are valid until the next one is read.
func (i *nodeIntake) read(p []byte) (*envelope.Fields, error) {
	if i.nodeBatch == nil {
		i.nodeBatch = nodeBatches.Get().(*nodeBatch)
	}
	return &i.fields, i.fields.Read(p)
}

// keep puts the message that was read last into the batch, or what is wrong with it.
func (i *nodeIntake) keep(err error) {
	if err == nil {
		err = i.fields.Check()
	}
	fault, ok := errors.AsType[*envelope.Fault](err)
	if !ok {
		i.text = i.fields.AppendReceived(i.text, i.peer)
		i.ends = append(i.ends, len(i.text))
	}
	i.verdicts = append(i.verdicts, fault)
}

// commit stores the batch and returns the verdict on each of its messages, in the
// order in which they came. They are valid until release.
func (i *nodeIntake) commit() []*envelope.Fault {
	if i.nodeBatch == nil {
		return nil
	}
	i.cut()
	if len(i.messages) > 0 {
		i.store()
	}
	for _, fault := range i.verdicts {
		if fault != nil {
			i.logRefusal(fault)
		}
	}
	return i.verdicts
}

// cut makes messages of text.
func (i *nodeIntake) cut() {
	start := 0
	for _, end := range i.ends {
		i.messages = append(i.messages, i.text[start:end])
		start = end
	}
}

// store appends the messages, together if possible. Where one is in the way, each
// gets a verdict of its own.
func (i *nodeIntake) store() {
	ctx, cancel := i.n.limit(context.Background())
	defer cancel()
	if i.n.store.AppendAll(ctx, i.messages) == nil {
		return
	}
	next := 0 // in messages
	for k, fault := range i.verdicts {
		if fault != nil {
			continue
		}
		if err := i.n.store.Append(ctx, i.messages[next]); err != nil {
			i.verdicts[k] = i.judge(err)
		}
		next++
	}
}

// judge says what the sender is told of an error of the store's.
func (i *nodeIntake) judge(err error) *envelope.Fault {
	switch {
	case errors.Is(err, store.ErrNotObject):
		return envelope.Invalid()
	case errors.Is(err, store.ErrTooDeep):
		return &envelope.Fault{Reason: "嵌套过深"}
	case errors.Is(err, store.ErrTooLarge):
		return &envelope.Fault{Reason: "消息过大"}
	case errors.Is(err, store.ErrFull), errors.Is(err, context.DeadlineExceeded):
		return &envelope.Fault{Reason: "存储已满"}
	}
	i.n.cfg.Logger.Error("存储消息失败", "peer", i.addr, "error", err)
	return &envelope.Fault{Reason: "存储失败"}
}

// loggedRefusals is how many refused messages of one connection are warned of; what
// comes after them can be seen at level Debug.
const loggedRefusals = 10

func (i *nodeIntake) logRefusal(fault *envelope.Fault) {
	i.refused++
	log := i.n.cfg.Logger.Warn
	if i.refused > loggedRefusals {
		log = i.n.cfg.Logger.Debug
	}
	log("消息格式错误", "peer", i.addr, "reason", fault.Reason)
}

// release gives the batch's memory back.
func (i *nodeIntake) release() {
	b := i.nodeBatch
	i.nodeBatch = nil
	if b == nil || cap(b.text) > maxKeptBatch {
		return
	}
	clear(b.messages)
	clear(b.verdicts)
	clear(b.fields.Extra[:cap(b.fields.Extra)])
	*b = nodeBatch{
		fields: envelope.Fields{Extra: b.fields.Extra[:0]},
		text:   b.text[:0], ends: b.ends[:0], messages: b.messages[:0],
		verdicts: b.verdicts[:0], reply: b.reply[:0],
	}
	nodeBatches.Put(b)
}
