package router

import "strings"

// Lookup finds the route that path leads to, fills m with the values of its parameters, and returns
// its handler. path is the request's, as it was sent: not unescaped, and without a query.
//
// If no route matches, or path doesn't begin with a slash, the error is ErrNotFound; if path has a
// bad escape or isn't UTF-8 it is ErrBadPath, whatever the routes are. Then m is empty and the handler
// is H's zero value.
//
// m must not be nil; what it held is gone. It keeps parts of path.
func (r *Router[H]) Lookup(path string, m *Match) (H, error) {
	var none H
	m.reset()
	text, separator, err := decode(path)
	if err != nil {
		return none, err
	}
	if text == "" || text[0] != separator {
		return none, ErrNotFound
	}
	w := walk{match: m, separator: separator, ignoreSlash: r.config.IgnoreTrailingSlash}
	n := w.find(&r.root, text, 0)
	if n == nil {
		m.reset()
		return none, ErrNotFound
	}
	m.pattern = n.pattern
	return r.routes[n.route].Handler, nil
}

// walk is one lookup's way through the tree.
type walk struct {
	match       *Match
	separator   byte // of the path's segments
	ignoreSlash bool
}

// find returns the end of the most specific route below n that matches tail, or nil. tail is what
// follows the segments that led to n, beginning with a separator, or is empty. Parameters go into slot
// and those after it: a branch that is left again leaves values behind, which the next one overwrites.
func (w *walk) find(n *node, tail string, slot int) *node {
	if w.isEnd(tail) && n.pattern != nil {
		return n
	}
	if tail == "" {
		return nil
	}
	segment, next := w.cut(tail)
	if child := n.text[segment]; child != nil {
		if end := w.find(child, next, slot); end != nil {
			return end
		}
	}
	for i := range n.edges {
		e := &n.edges[i]
		if e.segment.isPath() {
			if e.segment.match(w.rest(tail), w.match, slot) {
				return e.child
			}
			continue
		}
		if !e.segment.match(segment, w.match, slot) {
			continue
		}
		if end := w.find(e.child, next, slot+len(e.segment.params)); end != nil {
			return end
		}
	}
	return nil
}

// isEnd says that a path is at its end where tail is left: nothing, or a slash that doesn't count.
func (w *walk) isEnd(tail string) bool {
	return tail == "" || w.ignoreSlash && len(tail) == 1
}

// cut takes the first segment off tail, with the separator in front of it.
func (w *walk) cut(tail string) (segment, next string) {
	if i := strings.IndexByte(tail[1:], w.separator); i >= 0 {
		return tail[1 : i+1], tail[i+1:]
	}
	return tail[1:], ""
}

// rest gives tail as the value of a {path:rest}: without the separator in front, slashes between the
// segments.
func (w *walk) rest(tail string) string {
	if w.separator == '/' {
		return tail[1:]
	}
	return strings.ReplaceAll(tail[1:], string([]byte{w.separator}), "/")
}
