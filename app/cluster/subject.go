package cluster

import (
	"strconv"
	"strings"
)

// appendToken appends a topic's name as one token of a NATS subject: letters, digits,
// hyphen and underscore as they are, every other byte as = and two hexadecimal digits.
func appendToken(dst []byte, name string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(name) {
		switch c := name[i]; {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c == '-', c == '_':
			dst = append(dst, c)
		default:
			dst = append(dst, '=', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// token returns a topic's name as one token of a subject.
func token(name string) string { return string(appendToken(nil, name)) }

// untoken is the inverse of token.
func untoken(tok string) (name string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(tok); i++ {
		if tok[i] != '=' {
			b.WriteByte(tok[i])
			continue
		}
		if i+3 > len(tok) {
			return "", false
		}
		n, err := strconv.ParseUint(tok[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(n))
		i += 2
	}
	name = b.String()
	return name, name != "" && token(name) == tok
}

// subjects are the names that an application has on NATS.
//
//	NAME.t.TOPIC.m            a message of a topic
//	NAME.t.TOPIC.p            somebody came or went
//	NAME.h.POLICY-SHARD.TOPIC a message for the history, which republishes it as NAME.t.TOPIC.m
//	NAME.n.NODE               a request to a node
//	NAME.all                  a request to all nodes
type subjects string

func (s subjects) message(topic string) string  { return string(s) + ".t." + token(topic) + ".m" }
func (s subjects) presence(topic string) string { return string(s) + ".t." + token(topic) + ".p" }
func (s subjects) topic(topic string) string    { return string(s) + ".t." + token(topic) + ".*" }
func (s subjects) node(id string) string        { return string(s) + ".n." + id }
func (s subjects) all() string                  { return string(s) + ".all" }

func (s subjects) kept(stream, topic string) string {
	return string(s) + ".h." + stream + "." + token(topic)
}
