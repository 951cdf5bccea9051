package router

import (
	"cmp"
	"regexp"
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

// param is one parameter of a pattern.
type param struct {
	name   string
	kind   kind
	regex  *regexp.Regexp // of kindRegex, anchored
	source string         // of the regular expression, as written
	after  string         // the text behind it; never empty if another parameter follows
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

// parse reads text as a value of the parameter. No parameter takes an empty one.
func (p *param) parse(text string) (value, bool) {
	if text == "" {
		return value{}, false
	}
	switch p.kind {
	case kindInt:
		n, ok := parseInt(text)
		return intValue(text, n), ok
	case kindFloat:
		f, ok := parseFloat(text)
		return floatValue(text, f), ok
	case kindBool:
		return boolValue(text, text == "true"), text == "true" || text == "false"
	case kindUUID:
		_, ok := parseUUID(text)
		return value{text: text}, ok
	case kindRegex:
		return value{text: text}, p.regex.MatchString(text)
	case kindPath:
		return value{text: text}, !climbs(text)
	}
	return value{text: text}, true
}

// climbs says that a path has "." or ".." between its slashes. Clients resolve them before they send;
// who sends them means to leave the place that the path is relative to.
func climbs(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if isDots(part) {
			return true
		}
	}
	return false
}

// isDots checks for the two segments that clients resolve (RFC 3986 §5.2.4).
func isDots(segment string) bool { return segment == "." || segment == ".." }
