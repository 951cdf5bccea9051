package router

import (
	"iter"
	"math"
	"strings"
)

// Match is what a lookup found in a path: the route's pattern and its parameters' values. Lookup fills
// it; the zero value is empty and ready for use. Its texts are parts of the path that was looked up.
// A copy shares memory with the original beyond the fourth parameter: Detach it before the original is
// used in another Lookup.
type Match struct {
	pattern *pattern
	slots   [inlineSlots]value
	more    []value // beyond the slots; its memory is used again
}

// inlineSlots is how many parameters a Match holds without allocating.
const inlineSlots = 4

// value is a parameter's value: the decoded text, and what it means, where a number or a bool.
type value struct {
	text string
	bits uint64
}

func intValue(text string, n int64) value     { return value{text, uint64(n)} }
func floatValue(text string, f float64) value { return value{text, math.Float64bits(f)} }

func boolValue(text string, truth bool) value {
	if truth {
		return value{text, 1}
	}
	return value{text, 0}
}

func (v value) float() float64 { return math.Float64frombits(v.bits) }

// Pattern returns the pattern of the route that was found, complete with its groups' prefixes, or ""
// if none was.
func (m *Match) Pattern() string {
	if m.pattern == nil {
		return ""
	}
	return m.pattern.text
}

// Len returns the number of parameters.
func (m *Match) Len() int {
	if m.pattern == nil {
		return 0
	}
	return len(m.pattern.params)
}

// String returns the decoded text of the parameter called name, whatever its type. ok is false if the
// route has no such parameter.
func (m *Match) String(name string) (text string, ok bool) {
	i := m.index(name)
	if i < 0 {
		return "", false
	}
	return m.at(i).text, true
}

// Int returns the value of the int parameter called name. ok is false if the route has none.
func (m *Match) Int(name string) (n int64, ok bool) {
	v, ok := m.typed(name, kindInt)
	return int64(v.bits), ok
}

// Float returns the value of the float parameter called name. ok is false if the route has none.
func (m *Match) Float(name string) (f float64, ok bool) {
	v, ok := m.typed(name, kindFloat)
	return v.float(), ok
}

// Bool returns the value of the bool parameter called name. ok is false if the route has none.
func (m *Match) Bool(name string) (truth, ok bool) {
	v, ok := m.typed(name, kindBool)
	return v.bits != 0, ok
}

// UUID returns the value of the uuid parameter called name. ok is false if the route has none.
func (m *Match) UUID(name string) (u UUID, ok bool) {
	v, ok := m.typed(name, kindUUID)
	if !ok {
		return UUID{}, false
	}
	return parseUUID(v.text)
}

// Rest returns the value of the path parameter called name: not empty, without a slash in front, and
// without "." or ".." between slashes. ok is false if the route has none.
func (m *Match) Rest(name string) (path string, ok bool) {
	v, ok := m.typed(name, kindPath)
	return v.text, ok
}

// All yields the parameters' names and decoded texts, in the order of the pattern.
func (m *Match) All() iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) {
		for i := range m.Len() {
			if !yield(m.pattern.params[i].name, m.at(i).text) {
				return
			}
		}
	}
}

// Map returns the parameters as a new map: int64, float64, bool and UUID for the types of that name,
// string for all others.
func (m *Match) Map() map[string]any {
	values := make(map[string]any, m.Len())
	for i := range m.Len() {
		values[m.pattern.params[i].name] = m.at(i).any(m.pattern.params[i].kind)
	}
	return values
}

// any gives the value as the Go type of kind k.
func (v value) any(k kind) any {
	switch k {
	case kindInt:
		return int64(v.bits)
	case kindFloat:
		return v.float()
	case kindBool:
		return v.bits != 0
	case kindUUID:
		u, _ := parseUUID(v.text) // the match has made sure
		return u
	}
	return v.text
}

// Detach copies the texts out of the path that was looked up, so that a Match which is kept doesn't
// keep the request. It allocates once if there are parameters, and once more beyond the fourth.
func (m *Match) Detach() {
	size := 0
	for _, text := range m.All() {
		size += len(text)
	}
	var b strings.Builder
	b.Grow(size)
	for _, text := range m.All() {
		b.WriteString(text)
	}
	texts := b.String()
	if n := m.Len() - inlineSlots; n > 0 {
		m.more = append(make([]value, 0, n), m.more[:n]...)
	} else {
		m.more = nil
	}
	for i := range m.Len() {
		v := m.at(i)
		n := len(v.text)
		v.text, texts = texts[:n], texts[n:]
		m.set(i, v)
	}
}

// typed returns the parameter called name if it is of kind k.
func (m *Match) typed(name string, k kind) (value, bool) {
	i := m.index(name)
	if i < 0 || m.pattern.params[i].kind != k {
		return value{}, false
	}
	return m.at(i), true
}

// index returns the slot of the parameter called name, or -1.
func (m *Match) index(name string) int {
	if m.pattern == nil {
		return -1
	}
	return m.pattern.index(name)
}

// at returns the value in slot i.
func (m *Match) at(i int) value {
	if i < inlineSlots {
		return m.slots[i]
	}
	return m.more[i-inlineSlots]
}

// set puts v into slot i, of which the lower ones have been set.
func (m *Match) set(i int, v value) {
	switch n := i - inlineSlots; {
	case n < 0:
		m.slots[i] = v
	case n < len(m.more):
		m.more[n] = v
	default:
		m.more = append(m.more, v)
	}
}

// reset empties m, lets go of the texts and keeps the memory.
func (m *Match) reset() {
	m.pattern = nil
	clear(m.slots[:])
	clear(m.more)
	m.more = m.more[:0]
}
