package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// segment is what a pattern has between two slashes: text, then parameters, each with the text that
// follows it. Most are text without parameters, or one parameter without text.
type segment struct {
	text   string
	params []param
	shape  string // the spelling without names: equal shapes match the same segments
}

// parseSegment reads what stands between two slashes. split has made sure that its braces close.
func parseSegment(s string) (segment, error) {
	var out segment
	text, rest := cutText(s)
	out.text, out.shape = text, text
	for rest != "" {
		end := closing(rest)
		p, err := parseParam(rest[1:end])
		if err != nil {
			return segment{}, err
		}
		p.after, rest = cutText(rest[end+1:])
		out.params = append(out.params, p)
		out.shape += p.shape() + p.after
	}
	return out, out.check(s)
}

// cutText cuts s in front of its first parameter.
func cutText(s string) (text, rest string) {
	if i := strings.IndexByte(s, '{'); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// check judges a segment that was spelt s.
func (s *segment) check(spelt string) error {
	if s.isText() && isDots(s.text) {
		return fmt.Errorf("clients resolve %q before they send a path; write the path that results", s.text)
	}
	if err := checkText(s.text); err != nil {
		return err
	}
	for i := range s.params {
		p := &s.params[i]
		if err := checkText(p.after); err != nil {
			return err
		}
		if p.after == "" && i < len(s.params)-1 {
			return fmt.Errorf("nothing tells where {%s} ends in %s; put text or a slash behind it", p.name, spelt)
		}
		if p.kind == kindPath && (len(s.params) > 1 || s.literals() > 0) {
			return fmt.Errorf("{path:%s} takes whole segments; put a slash in front of it and nothing behind it", p.name)
		}
	}
	return nil
}

// isText says that the segment has no parameter.
func (s *segment) isText() bool { return len(s.params) == 0 }

// isPath says that the segment is a {path:rest}, which takes all that follows.
func (s *segment) isPath() bool { return !s.isText() && s.params[0].kind == kindPath }

// literals counts the bytes of text.
func (s *segment) literals() int {
	n := len(s.text)
	for i := range s.params {
		n += len(s.params[i].after)
	}
	return n
}

// compareSpecificity orders segments with parameters: the smaller is more specific and tried first.
// More text goes before less; the kinds, from left to right, decide between equals.
func compareSpecificity(a, b *segment) int {
	return cmp.Or(
		cmp.Compare(b.literals(), a.literals()),
		slices.CompareFunc(a.params, b.params, func(p, q param) int { return cmp.Compare(p.kind, q.kind) }),
	)
}

// match compares a decoded segment of a path, and puts the parameters' values into m from slot on.
func (s *segment) match(text string, m *Match, slot int) bool {
	text, ok := strings.CutPrefix(text, s.text)
	if !ok {
		return false
	}
	last := len(s.params) - 1
	for i := range s.params {
		p := &s.params[i]
		var part string
		if i < last {
			part, text, ok = strings.Cut(text, p.after)
		} else {
			part, ok = strings.CutSuffix(text, p.after)
		}
		if !ok {
			return false
		}
		v, ok := p.parse(part)
		if !ok {
			return false
		}
		m.set(slot+i, v)
	}
	return true
}
