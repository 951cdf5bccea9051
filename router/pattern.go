package router

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a parsed pattern.
type pattern struct {
	text     string // as written, with a slash at the front
	shape    string // the segments' shapes: equal for patterns that match the same paths
	segments []segment
	params   []param // of all segments, from left to right
}

// index returns the position of the parameter called name, or -1.
func (p *pattern) index(name string) int {
	for i := range p.params {
		if p.params[i].name == name {
			return i
		}
	}
	return -1
}

// names lists the parameters, for messages.
func (p *pattern) names() string {
	if len(p.params) == 0 {
		return "it has no parameters"
	}
	names := make([]string, len(p.params))
	for i := range p.params {
		names[i] = p.params[i].name
	}
	return "it has " + strings.Join(names, ", ")
}

// parsePattern takes a pattern to pieces. Its errors say what is wrong and what to change, but don't
// name the pattern.
func parsePattern(text string, c Config) (*pattern, error) {
	p := &pattern{text: rooted(text)}
	if !utf8.ValidString(text) {
		return nil, errors.New("a pattern is UTF-8 text, and this one is not")
	}
	parts, err := split(p.text[1:])
	if err != nil {
		return nil, err
	}
	if c.IgnoreTrailingSlash && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	for i, part := range parts {
		last := i == len(parts)-1
		if part == "" && (!last || c.IgnoreTrailingSlash) {
			return nil, errors.New("there is nothing between two slashes; remove one of them")
		}
		s, err := parseSegment(part)
		if err != nil {
			return nil, err
		}
		if s.isPath() && !last {
			return nil, fmt.Errorf("{path:%s} takes all that follows; move it to the end", s.params[0].name)
		}
		p.add(s)
	}
	return p, p.checkNames()
}

// rooted puts a slash at the front of path unless it has one.
func rooted(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return "/" + path
}

// add appends a segment.
func (p *pattern) add(s segment) {
	p.segments = append(p.segments, s)
	p.params = append(p.params, s.params...)
	p.shape += "/" + s.shape
}

// checkNames makes sure that no two parameters share a name.
func (p *pattern) checkNames() error {
	for i := range p.params {
		if name := p.params[i].name; p.index(name) < i {
			return fmt.Errorf("two parameters are called %s; rename one", name)
		}
	}
	return nil
}

// split cuts s at its slashes, except for those in braces.
func split(s string) ([]string, error) {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '/':
			parts = append(parts, s[start:i])
			start = i + 1
		case '{':
			end := closing(s[i:])
			if end < 0 {
				return nil, fmt.Errorf("the brace that opens %s is never closed; write '}' behind the parameter", s[i:])
			}
			i += end
		}
	}
	return append(parts, s[start:]), nil
}

// closing returns the index of the brace that closes the one at the front of s, or -1. A backslash
// takes the next byte's meaning away, as it does in a regular expression.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// checkText refuses text that no path can match, or not as its writer meant it.
func checkText(text string) error {
	for i, c := range text {
		switch {
		case unicode.IsControl(c):
			return fmt.Errorf("it holds the control character %q; remove it", c)
		case c == '?' || c == '#':
			return fmt.Errorf("%q begins what is no part of a path; end the pattern before it, and read the query in the handler", c)
		case c == '}':
			return errors.New("a '}' closes no brace; write '{' in front of the parameter")
		}
		if meant, ok := escaped(text[i:]); ok {
			return fmt.Errorf("%s would be compared with decoded text and match nothing; write %q", text[i:i+3], meant)
		}
	}
	return nil
}
