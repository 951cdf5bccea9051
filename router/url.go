package router

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// URL builds the path of the route called name, escaped as it stands in a request: the inverse of
// Lookup. values has one entry for each parameter and no other: an integer, a float, a bool, a string,
// a UUID or other [16]byte, or any fmt.Stringer, whose text the parameter takes; a string will do for
// every type.
//
// It returns an error if there is no such route, if values doesn't fit, and if the path would not lead
// to this route with these values: because a more specific one matches it too, or because a client
// would resolve a segment that is "." or "..".
func (r *Router[H]) URL(name string, values map[string]any) (string, error) {
	index, found := r.names[name]
	if !found || name == "" {
		return "", fmt.Errorf("router: no route is called %q", name)
	}
	p := r.patterns[index]
	path, err := r.build(p, values)
	if err != nil {
		return "", fmt.Errorf("router: URL of route %q (%s): %w", name, p.text, err)
	}
	return path, nil
}

// build builds a path of p and makes sure that it leads back.
func (r *Router[H]) build(p *pattern, values map[string]any) (string, error) {
	texts, err := p.texts(values)
	if err != nil {
		return "", err
	}
	path := p.spell(texts)
	return path, r.checkURL(path, p, texts)
}

// texts gives the parameters' texts in order.
func (p *pattern) texts(values map[string]any) ([]string, error) {
	texts := make([]string, len(p.params))
	for i := range p.params {
		v, given := values[p.params[i].name]
		if !given {
			return nil, fmt.Errorf("no value for parameter %s", p.params[i].name)
		}
		text, ok := textOf(v)
		if !ok {
			return nil, fmt.Errorf("parameter %s: a %T is no value for a path; give its text", p.params[i].name, v)
		}
		if _, ok := p.params[i].parse(text); !ok {
			return nil, fmt.Errorf("parameter %s: %q doesn't match %s", p.params[i].name, text, p.params[i].shape())
		}
		texts[i] = text
	}
	for name := range values {
		if p.index(name) < 0 {
			return nil, fmt.Errorf("it has no parameter %q; %s", name, p.names())
		}
	}
	return texts, nil
}

// textOf spells v as it would stand in a path.
func textOf(v any) (text string, ok bool) {
	if s, ok := v.(fmt.Stringer); ok {
		return s.String(), true
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.String:
		return rv.String(), true
	case reflect.Bool:
		return strconv.FormatBool(rv.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(rv.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(rv.Uint(), 10), true
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(rv.Float(), 'f', -1, rv.Type().Bits()), true
	case reflect.Array:
		if rv.Type().ConvertibleTo(uuidType) {
			return rv.Convert(uuidType).Interface().(UUID).String(), true
		}
	}
	return "", false
}

// uuidType is the type that every other [16]byte converts to.
var uuidType = reflect.TypeFor[UUID]()

// spell writes the path with texts for the parameters, escaped.
func (p *pattern) spell(texts []string) string {
	var b strings.Builder
	for i := range p.segments {
		s := &p.segments[i]
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s.text))
		for j := range s.params {
			b.WriteString(s.params[j].escape(texts[0]))
			b.WriteString(url.PathEscape(s.params[j].after))
			texts = texts[1:]
		}
	}
	if b.Len() == 0 {
		return "/" // a pattern that is nothing but a slash which doesn't count
	}
	return b.String()
}

// checkURL makes sure that path leads to the route of p with texts.
func (r *Router[H]) checkURL(path string, p *pattern, texts []string) error {
	if hasDots(path) {
		return fmt.Errorf("clients resolve the dots in %s before they send it", path)
	}
	var m Match
	if _, err := r.Lookup(path, &m); err != nil {
		return fmt.Errorf("%s doesn't lead back to it: %w", path, err)
	}
	if m.pattern.text != p.text {
		return fmt.Errorf("%s leads to %s, which is more specific", path, m.pattern.text)
	}
	for i, text := range texts {
		if m.at(i).text != text {
			return fmt.Errorf("%s leads back to it with %q for parameter %s", path, m.at(i).text, p.params[i].name)
		}
	}
	return nil
}
