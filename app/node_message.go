package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/godwit-ws/godwit/app/internal/envelope"
	"github.com/godwit-ws/godwit/store"
)

// NodeMessage is a message that a Node has received.
type NodeMessage struct {
	Seq        uint64          // rises from message to message; tells repetitions after a crash apart
	PeerIP     string          // 对方IP: the sender's address, as the socket had it
	PeerPort   int             // 对方端口: of the sender's end of the connection
	HandleType string          // 处理类型
	SubType    string          // 次一级数据类型
	Content    json.RawMessage // 数据内容: any JSON, as it was sent
	Time       time.Time       // 时间: when it was sent, by the sender's clock
	// Extra is what else the message had, by key: from the Python library and from a
	// Node 目标IP and 目标端口. Nil if there is nothing.
	Extra map[string]json.RawMessage
}

// Text returns the content if it is a JSON string, and else its JSON.
func (m *NodeMessage) Text() string {
	text, ok := envelope.Value(m.Content).Text()
	if !ok {
		return string(m.Content)
	}
	return text
}

// Decode decodes the content into v, as json.Unmarshal does.
func (m *NodeMessage) Decode(v any) error {
	if err := json.Unmarshal(m.Content, v); err != nil {
		return fmt.Errorf("app: content of message: %w", err)
	}
	return nil
}

// Target returns whom the message was sent to, by what its sender wrote: an address,
// or all, for a broadcast. A port may have been written as a string. What isn't
// there, or makes no sense, is "" or 0.
func (m *NodeMessage) Target() (ip string, port int, all bool) {
	ip, _ = envelope.Value(m.Extra[envelope.KeyTargetIP]).Text()
	written := string(m.Extra[envelope.KeyTargetPort])
	if text, ok := envelope.Value(written).Text(); ok {
		written = text
	}
	if written == "all" {
		return ip, 0, true
	}
	port, _ = strconv.Atoi(written) // 0 for what is no number
	return ip, port, false
}

// MarshalJSON writes the message in the format of receiving, with Extra behind the
// six keys, sorted.
func (m NodeMessage) MarshalJSON() ([]byte, error) {
	content := m.Content
	if content == nil {
		content = json.RawMessage("null")
	}
	b := append(envelope.AppendString([]byte(`{"`+envelope.KeyPeerIP+`":`), m.PeerIP), `,"`+envelope.KeyPeerPort+`":`...)
	b = strconv.AppendInt(b, int64(m.PeerPort), 10)
	b = envelope.AppendString(append(b, `,"`+envelope.KeyHandleType+`":`...), m.HandleType)
	b = envelope.AppendString(append(b, `,"`+envelope.KeySubType+`":`...), m.SubType)
	b = append(append(b, `,"`+envelope.KeyContent+`":`...), content...)
	b = envelope.AppendTime(append(b, `,"`+envelope.KeyTime+`":`...), m.Time)
	for _, key := range slices.Sorted(maps.Keys(m.Extra)) {
		b = append(envelope.AppendString(append(b, ','), key), ':')
		b = append(b, m.Extra[key]...)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and what a store holds. Only what is
// no JSON object is an error: a member that isn't of the format's type goes to
// Extra.
func (m *NodeMessage) UnmarshalJSON(text []byte) error {
	var f envelope.Fields
	if err := f.Read(bytes.Clone(text)); err != nil {
		return fmt.Errorf("app: message: %w", err)
	}
	*m = NodeMessage{Seq: m.Seq}
	m.fill(&f)
	return nil
}

// newNodeMessage decodes a stored message, whose payload it keeps.
func newNodeMessage(s store.Message) NodeMessage {
	m := NodeMessage{Seq: s.Seq}
	var f envelope.Fields
	if err := f.Read(s.Payload); err != nil { // not from a store that keeps its promise
		m.Content = s.Payload
		return m
	}
	m.fill(&f)
	return m
}

// fill takes over what was read.
func (m *NodeMessage) fill(f *envelope.Fields) {
	m.PeerIP = m.text(envelope.KeyPeerIP, f.PeerIP)
	if port, err := strconv.Atoi(string(f.PeerPort)); err == nil {
		m.PeerPort = port
	} else {
		m.extra(envelope.KeyPeerPort, f.PeerPort)
	}
	m.HandleType = m.text(envelope.KeyHandleType, f.HandleType)
	m.SubType = m.text(envelope.KeySubType, f.SubType)
	m.Content = json.RawMessage(f.Content)
	written, _ := f.Time.Text()
	if t, err := envelope.ParseTime(written); err == nil {
		m.Time = t
	} else {
		m.extra(envelope.KeyTime, f.Time)
	}
	for _, e := range f.Extra {
		m.extra(e.Key, e.Value)
	}
}

// text returns the text of a value, which goes to Extra if it isn't a string.
func (m *NodeMessage) text(key string, v envelope.Value) string {
	text, ok := v.Text()
	if !ok {
		m.extra(key, v)
	}
	return text
}

// extra puts a member into Extra, if it is there.
func (m *NodeMessage) extra(key string, v envelope.Value) {
	if v == nil {
		return
	}
	if m.Extra == nil {
		m.Extra = make(map[string]json.RawMessage)
	}
	m.Extra[key] = json.RawMessage(v)
}
