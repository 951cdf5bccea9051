package envelope

import "unicode/utf8"

// Check returns what a received message lacks, or has in the wrong type, as a
// *Fault: 处理类型, 次一级数据类型 and 时间 must be there and strings, the last a
// time; 数据内容 must be there.
func (f *Fields) Check() error {
	for _, field := range []struct {
		key   string
		value Value
	}{{KeyHandleType, f.HandleType}, {KeySubType, f.SubType}, {KeyContent, f.Content}, {KeyTime, f.Time}} {
		switch {
		case field.value == nil:
			return missing(field.key)
		case field.key == KeyContent:
		case field.value[0] != '"':
			return notText(field.key)
		}
	}
	text, ok := f.Time.Text()
	if !ok {
		return errSyntax
	}
	if _, err := ParseTime(text); err != nil {
		return notTime(shortened(text))
	}
	return nil
}

// shortened returns the beginning of text, for a message about it.
func shortened(text string) string {
	const limit = 64
	if len(text) <= limit {
		return text
	}
	end := limit
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// Kind is what a message is to whoever waits for a reply.
type Kind int

// The kinds.
const (
	Other      Kind = iota // no reply: a message to be kept
	Acceptance             // 确认
	Refusal                // 错误
)

// Kind tells replies from other messages, by 处理类型 alone.
func (f *Fields) Kind() Kind {
	switch {
	case f.HandleType.isText(TypeAcceptance):
		return Acceptance
	case f.HandleType.isText(TypeRefusal):
		return Refusal
	}
	return Other
}
