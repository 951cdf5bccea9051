package router

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// param is one parameter of a pattern.
type param struct {
	name   string
	kind   kind
	regex  *regexp.Regexp // of kindRegex, anchored
	source string         // of the regular expression, as written
	after  string         // the text behind it; never empty if another parameter follows
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

// parseRegex makes the parameter {s}, whose right side is a regular expression.
func parseRegex(s, name, source string) (param, error) {
	p, err := named(s, name, kindRegex)
	if err != nil {
		return param{}, err
	}
	p.source = source
	if p.regex, err = compile(source); err != nil {
		return param{}, fmt.Errorf("%q in {%s} is neither a type (%s) nor a regular expression: %w", source, s, typeNames, err)
	}
	return p, nil
}

// compile compiles a regular expression to match as a whole. It must be one by itself: a)(b becomes
// one only in parentheses.
func compile(source string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(source); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + source + `)\z`)
}

// shape spells the parameter without its name. A regular expression begins with a colon, which no
// type's name does.
func (p *param) shape() string {
	if p.kind == kindRegex {
		return "{:" + p.source + "}"
	}
	return "{" + kindNames[p.kind] + "}"
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
		return value{text: text}, !leaves(text)
	}
	return value{text: text}, true
}

// escape escapes a value. The slashes of a {path:rest} stay: Lookup takes both, and this one is read.
func (p *param) escape(text string) string {
	if p.kind != kindPath {
		return url.PathEscape(text)
	}
	parts := strings.Split(text, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// leaves says that a path leaves, or may leave, the place it is relative to: it begins with a slash, or
// has "." or ".." between slashes. Clients resolve these dots before they send.
func leaves(path string) bool {
	return path[0] == '/' || hasDots(path)
}

// hasDots says that a path has "." or ".." between its slashes.
func hasDots(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if isDots(part) {
			return true
		}
	}
	return false
}

// isDots checks for the two segments that clients resolve (RFC 3986 §5.2.4).
func isDots(segment string) bool { return segment == "." || segment == ".." }
