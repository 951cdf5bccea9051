package router

import "slices"

// node is a place in the tree of routes: what a path may have been up to a slash or its end. Its
// children match the next segment.
type node struct {
	pattern *pattern         // of the route that ends here; nil if none does
	route   int              // that route's index
	text    map[string]*node // children by a segment that is text
	edges   []edge           // children by a segment with parameters, the more specific first
}

// edge leads to a child by way of a segment with parameters. The child of a {path:rest} is an end.
type edge struct {
	segment segment
	child   *node
}

// insert puts a route into the tree. Its shape must not be there yet.
func (n *node) insert(p *pattern, route int) {
	for i := range p.segments {
		n = n.child(&p.segments[i])
	}
	n.pattern, n.route = p, route
}

// child returns the child for s, which it makes if need be.
func (n *node) child(s *segment) *node {
	if s.isText() {
		return n.textChild(s.text)
	}
	for i := range n.edges {
		if n.edges[i].segment.shape == s.shape {
			return n.edges[i].child
		}
	}
	at := len(n.edges)
	for at > 0 && compareSpecificity(s, &n.edges[at-1].segment) < 0 {
		at--
	}
	child := new(node)
	n.edges = slices.Insert(n.edges, at, edge{*s, child})
	return child
}

// textChild returns the child for a segment that is text.
func (n *node) textChild(text string) *node {
	child := n.text[text]
	if child != nil {
		return child
	}
	if n.text == nil {
		n.text = make(map[string]*node)
	}
	child = new(node)
	n.text[text] = child
	return child
}
