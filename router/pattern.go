package router

import (
	"errors"
	"fmt"
	"regexp"
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
		if part == "" && !last {
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
			end, err := closing(s[i:])
			if err != nil {
				return nil, err
			}
			i += end
		}
	}
	return append(parts, s[start:]), nil
}

// closing returns the index of the brace that closes the one at the front of s. A backslash takes
// the next byte's meaning away, as it does in a regular expression.
func closing(s string) (int, error) {
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
				return i, nil
			}
		}
	}
	return 0, fmt.Errorf("the brace that opens %s is never closed; write '}' behind the parameter", s)
}

// parseSegment reads what stands between two slashes.
func parseSegment(s string) (segment, error) {
	var out segment
	text, rest := cutText(s)
	out.text, out.shape = text, text
	for rest != "" {
		end, err := closing(rest)
		if err != nil {
			return segment{}, err
		}
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
			return fmt.Errorf("nothing tells where {%s} ends in %s; put text or a slash between the two parameters", p.name, spelt)
		}
		if p.kind == kindPath && (len(s.params) > 1 || s.literals() > 0) {
			return fmt.Errorf("{path:%s} takes whole segments; put a slash in front of it and nothing behind it", p.name)
		}
	}
	return nil
}

// checkText refuses text that no path can match, or not as its writer meant it.
func checkText(text string) error {
	for i, c := range text {
		switch {
		case unicode.IsControl(c):
			return fmt.Errorf("it holds the control character %q; remove it", c)
		case c == '?' || c == '#':
			return fmt.Errorf("%q begins what is not part of a path; end the pattern before it, and read the query in the handler", c)
		case c == '}':
			return errors.New("a '}' closes no brace; write '{' in front of the parameter")
		}
		if meant, ok := escaped(text[i:]); ok {
			return fmt.Errorf("%s would be compared with decoded text and match nothing; write %q", text[i:i+3], meant)
		}
	}
	return nil
}

// parseParam reads what stands between two braces.
func parseParam(s string) (param, error) {
	left, right, colon := strings.Cut(s, ":")
	if !colon {
		if _, isType := kindOf(s); isType {
			return param{}, fmt.Errorf("{%s} has a type and no name; write {%s:name}, or another name than a type's", s, s)
		}
		return named(s, s, kindStr)
	}
	leftKind, leftKnown := kindOf(left)
	rightKind, rightKnown := kindOf(right)
	switch {
	case leftKnown && rightKnown:
		return param{}, fmt.Errorf("both sides of {%s} are types; write {%s:name} with a name that is none", s, left)
	case leftKnown:
		return named(s, right, leftKind)
	case rightKnown:
		return named(s, left, rightKind)
	case regexp.QuoteMeta(right) == right:
		return param{}, fmt.Errorf("neither side of {%s} is a type; the types are %s", s, typeNames)
	}
	return parseRegex(s, left, right)
}

// named makes the parameter that is spelt {s}, without a regular expression.
func named(s, name string, k kind) (param, error) {
	if !isName(name) {
		return param{}, fmt.Errorf("%q in {%s} is no name; names are letters, digits and '_', and don't begin with a digit", name, s)
	}
	return param{name: name, kind: k}, nil
}

// isName says whether s can be a parameter's name: what is an identifier in Go.
func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) && !unicode.IsDigit([]rune(s)[0])
}

// parseRegex makes the parameter {s}, whose right side is a regular expression. The expression is
// compiled by itself first, since a)(b is one only once it stands in a group.
func parseRegex(s, name, source string) (param, error) {
	p, err := named(s, name, kindRegex)
	if err != nil {
		return param{}, err
	}
	if _, err := regexp.Compile(source); err != nil {
		return param{}, fmt.Errorf("%q in {%s} is neither a type (%s) nor a regular expression: %w", source, s, typeNames, err)
	}
	p.source = source
	p.regex, err = regexp.Compile(`\A(?:` + source + `)\z`)
	return p, err
}

// shape spells the parameter without its name. A regular expression begins with a colon, which no
// type's name does.
func (p *param) shape() string {
	if p.kind == kindRegex {
		return "{:" + p.source + "}"
	}
	return "{" + p.kind.String() + "}"
}
