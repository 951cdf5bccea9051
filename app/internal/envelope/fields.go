package envelope

import (
	"bytes"
	"encoding/json"
	"slices"
)

// The keys of a message.
const (
	KeyTargetIP   = "目标IP"
	KeyTargetPort = "目标端口"
	KeyPeerIP     = "对方IP"
	KeyPeerPort   = "对方端口"
	KeyHandleType = "处理类型"
	KeySubType    = "次一级数据类型"
	KeyContent    = "数据内容"
	KeyTime       = "时间"
)

// Value is a JSON value as it was written, without white space around it. Nil
// means that the key isn't there.
type Value []byte

// Member is a key with its value.
type Member struct {
	Key   string // decoded
	raw   []byte // as it was written, with its quotes
	Value Value
}

// Fields are the members of a message, sorted by what they are.
type Fields struct {
	PeerIP, PeerPort    Value // as written: not to be believed on receipt
	HandleType, SubType Value
	Content, Time       Value
	Extra               []Member // all others, in order

	index map[string]int // of Extra, once there are many
}

// Read splits the message in text. The Fields alias text, and reuse the memory of
// their Extra. The error is a *Fault.
func (f *Fields) Read(text []byte) error {
	*f = Fields{Extra: f.Extra[:0]}
	s := splitter{text: text}
	if err := s.begin(); err != nil {
		return err
	}
	for {
		key, value, more, err := s.member()
		if err != nil || !more {
			return err
		}
		if err := f.set(key, value); err != nil {
			return err
		}
	}
}

// set takes in one member. rawKey has its quotes.
func (f *Fields) set(rawKey []byte, v Value) error {
	plain := rawKey[1 : len(rawKey)-1]
	if bytes.IndexByte(plain, '\\') >= 0 {
		decoded, ok := Value(rawKey).Text()
		if !ok {
			return errSyntax
		}
		plain = []byte(decoded)
	}
	if field := f.known(plain); field != nil {
		*field = v
		return nil
	}
	if i := f.find(plain); i >= 0 {
		f.Extra[i].Value = v
		return nil
	}
	f.Extra = append(f.Extra, Member{string(plain), rawKey, v})
	if f.index != nil {
		f.index[string(plain)] = len(f.Extra) - 1
	}
	return nil
}

// find returns where in Extra a key is, -1 if it isn't there.
func (f *Fields) find(key []byte) int {
	if len(f.Extra) < manyExtra {
		return slices.IndexFunc(f.Extra, func(m Member) bool { return m.Key == string(key) })
	}
	if f.index == nil {
		f.index = make(map[string]int)
		for i, m := range f.Extra {
			f.index[m.Key] = i
		}
	}
	i, ok := f.index[string(key)]
	if !ok {
		return -1
	}
	return i
}

// manyExtra is from how many extra keys on they are looked up by a map: to compare
// each with all others would take a hostile message's time squared.
const manyExtra = 32

// known returns where the value of a key belongs, nil if it is an extra one.
func (f *Fields) known(key []byte) *Value {
	switch string(key) {
	case KeyPeerIP:
		return &f.PeerIP
	case KeyPeerPort:
		return &f.PeerPort
	case KeyHandleType:
		return &f.HandleType
	case KeySubType:
		return &f.SubType
	case KeyContent:
		return &f.Content
	case KeyTime:
		return &f.Time
	}
	return nil
}

// Text decodes a JSON string; ok is false if v is none.
func (v Value) Text() (text string, ok bool) {
	if len(v) < 2 || v[0] != '"' {
		return "", false
	}
	plain := v[1 : len(v)-1]
	if bytes.IndexByte(plain, '\\') < 0 {
		return string(plain), true
	}
	err := json.Unmarshal(v, &text)
	return text, err == nil
}

// isText reports whether v is a string with exactly this text.
func (v Value) isText(text string) bool {
	if len(v) == len(text)+2 && v[0] == '"' && string(v[1:len(v)-1]) == text {
		return true
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return false
	}
	decoded, ok := v.Text()
	return ok && decoded == text
}
