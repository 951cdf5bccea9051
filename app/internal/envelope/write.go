package envelope

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// What replies say.
const (
	TypeAcceptance    = "确认"
	SubTypeAcceptance = "接收成功"
	TextAcceptance    = "已收到消息"
	TypeRefusal       = "错误"
	SubTypeRefusal    = "接收失败"
)

// AppendSent appends a message in the format of sending. host and content are
// JSON: a string, and anything; port is a number or, to all, the string "all".
// The strings must be UTF-8.
func AppendSent(dst []byte, host, port, content Value, handleType, subType string, now time.Time) []byte {
	dst = append(dst, `{"`+KeyTargetIP+`":`...)
	dst = append(dst, host...)
	dst = append(dst, `,"`+KeyTargetPort+`":`...)
	dst = append(dst, port...)
	dst = append(dst, `,"`+KeyHandleType+`":`...)
	dst = AppendString(dst, handleType)
	dst = append(dst, `,"`+KeySubType+`":`...)
	dst = AppendString(dst, subType)
	dst = append(dst, `,"`+KeyContent+`":`...)
	dst = append(dst, content...)
	dst = append(dst, `,"`+KeyTime+`":`...)
	dst = AppendTime(dst, now)
	return append(dst, '}')
}

// AppendReceived appends a message as it is stored: with the peer's address in
// place of what the message says of it.
func (f *Fields) AppendReceived(dst []byte, peer Peer) []byte {
	dst = append(dst, peer.head...)
	dst = append(dst, `,"`+KeyHandleType+`":`...)
	dst = append(dst, f.HandleType...)
	dst = append(dst, `,"`+KeySubType+`":`...)
	dst = append(dst, f.SubType...)
	dst = append(dst, `,"`+KeyContent+`":`...)
	dst = append(dst, f.Content...)
	dst = append(dst, `,"`+KeyTime+`":`...)
	dst = append(dst, f.Time...)
	for _, m := range f.Extra {
		dst = append(dst, ',')
		dst = append(dst, m.raw...)
		dst = append(dst, ':')
		dst = append(dst, m.Value...)
	}
	return append(dst, '}')
}

// Peer is the address at one end of a connection, as messages name it.
type Peer struct{ head string }

// NewPeer makes a Peer. ip must be UTF-8.
func NewPeer(ip string, port int) Peer {
	head := AppendString([]byte(`{"`+KeyPeerIP+`":`), ip)
	head = append(head, `,"`+KeyPeerPort+`":`...)
	return Peer{string(strconv.AppendInt(head, int64(port), 10))}
}

// AppendAcceptance appends the reply to a message that was stored. from is the
// address of whoever replies.
func AppendAcceptance(dst []byte, from Peer, now time.Time) []byte {
	dst = append(dst, from.head...)
	dst = append(dst, `,"`+KeyHandleType+`":"`+TypeAcceptance+`","`+KeySubType+`":"`+SubTypeAcceptance+
		`","`+KeyContent+`":"`+TextAcceptance+`","`+KeyTime+`":`...)
	dst = AppendTime(dst, now)
	return append(dst, '}')
}

// AppendRefusal appends the reply to a message that was not stored.
func AppendRefusal(dst []byte, from Peer, reason string, now time.Time) []byte {
	dst = append(dst, from.head...)
	dst = append(dst, `,"`+KeyHandleType+`":"`+TypeRefusal+`","`+KeySubType+`":"`+SubTypeRefusal+`","`+KeyContent+`":`...)
	dst = AppendString(dst, reason)
	dst = append(dst, `,"`+KeyTime+`":`...)
	dst = AppendTime(dst, now)
	return append(dst, '}')
}

// AppendString appends text as a JSON string. Nothing but what must be is escaped.
// Bytes that aren't UTF-8 become U+FFFD.
func AppendString(dst []byte, text string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0 // bytes of text appended
	for i := 0; i < len(text); {
		b := text[i]
		if b >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, text[done:i]...), "\uFFFD"...)
				done = i + n
			}
			i += n
			continue
		}
		i++
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		dst = append(dst, text[done:i-1]...)
		done = i
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, digits[b>>4], digits[b&15])
		}
	}
	return append(append(dst, text[done:]...), '"')
}

// Encode returns the JSON of a message's content: of a string, which must be
// UTF-8, or of any value that encoding/json encodes, without escapes for HTML.
func Encode(content any) (Value, error) {
	text, ok := content.(string)
	if ok {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("envelope: content is not UTF-8: %q", shortened(text))
		}
		return AppendString(make([]byte, 0, len(text)+2), text), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(content); err != nil {
		return nil, fmt.Errorf("envelope: content: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
