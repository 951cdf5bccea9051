package router

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Router finds the handler of a path. H is whatever a path leads to: a function, a factory, a pointer
// to a struct. The zero value is an empty Router with the zero Config.
type Router[H any] struct {
	config   Config
	root     node
	routes   []Route[H]     // by the index that nodes know
	patterns []*pattern     // of each of routes
	shapes   map[string]int // shape of a pattern → index in routes
	names    map[string]int // name → index in routes
}

// Route is a pattern and what it leads to.
type Route[H any] struct {
	// Pattern is the path; doc.go says how it is written. A missing slash at the front is added.
	Pattern string
	// Name is for URL, and unique within a Router. "" is no name.
	Name string
	// Handler is what Lookup returns.
	Handler H
	// Source is where the route was written, such as "chat_bp.go:12": for messages and lists only.
	Source string
}

// New returns an empty Router.
func New[H any](c Config) *Router[H] { return &Router[H]{config: c} }

// Add adds routes: all of them or, if it returns an error, none. The error joins (errors.Join) one
// *RouteError for each route that can't be added, because its pattern is invalid (ErrPattern), or
// because it has the shape or the name of a route that was added before or stands before it in routes
// (ErrConflict).
//
// It must not run while anything else uses the Router.
func (r *Router[H]) Add(routes ...Route[H]) error {
	p := plan[H]{
		router: r, first: len(r.routes),
		shapes: make(map[string]int), names: make(map[string]int),
	}
	for _, route := range routes {
		p.add(route)
	}
	if err := errors.Join(p.errs...); err != nil {
		return err
	}
	r.commit(&p)
	return nil
}

// plan is a set of routes on their way into a Router that doesn't know of them yet.
type plan[H any] struct {
	router   *Router[H]
	first    int // the index of the first one
	routes   []Route[H]
	patterns []*pattern // of each of routes
	shapes   map[string]int
	names    map[string]int
	errs     []error
}

// add takes a route in, or appends to errs.
func (p *plan[H]) add(route Route[H]) {
	parsed, err := parsePattern(route.Pattern, p.router.config)
	route.Pattern = rooted(route.Pattern)
	if err != nil {
		p.errs = append(p.errs, &RouteError{
			Pattern: route.Pattern, Source: route.Source, Reason: err.Error(), Err: ErrPattern,
		})
		return
	}
	index := p.first + len(p.routes)
	if other, taken := lookup(parsed.shape, p.shapes, p.router.shapes); taken {
		p.conflict(&route, p.at(other), "it matches the same paths as")
		return
	}
	if other, taken := lookup(route.Name, p.names, p.router.names); taken {
		p.conflict(&route, p.at(other), fmt.Sprintf("it has the name %q of", route.Name))
		return
	}
	p.routes, p.patterns = append(p.routes, route), append(p.patterns, parsed)
	p.shapes[parsed.shape] = index
	if route.Name != "" {
		p.names[route.Name] = index
	}
}

// lookup finds key in the first of two maps that has it.
func lookup(key string, first, second map[string]int) (index int, found bool) {
	if index, found = first[key]; found {
		return index, true
	}
	index, found = second[key]
	return index, found
}

// at returns the route of an index, added or planned.
func (p *plan[H]) at(index int) *Route[H] {
	if index < p.first {
		return &p.router.routes[index]
	}
	return &p.routes[index-p.first]
}

// conflict records that other stands in route's way: route clashes with it.
func (p *plan[H]) conflict(route, other *Route[H], clashes string) {
	p.errs = append(p.errs, &RouteError{
		Pattern: route.Pattern, Source: route.Source,
		Other: other.Pattern, OtherSource: other.Source,
		Reason: clashes + " " + cite(other.Pattern, other.Source) + ", which was there first; change or remove one of the two",
		Err:    ErrConflict,
	})
}

// commit puts the planned routes in place. Nothing can fail any more.
func (r *Router[H]) commit(p *plan[H]) {
	for i, parsed := range p.patterns {
		r.root.insert(parsed, p.first+i)
	}
	r.routes = append(r.routes, p.routes...)
	r.patterns = append(r.patterns, p.patterns...)
	if r.shapes == nil {
		r.shapes, r.names = p.shapes, p.names
		return
	}
	maps.Copy(r.shapes, p.shapes)
	maps.Copy(r.names, p.names)
}

// Routes returns all routes in a new slice, sorted by pattern. Patterns are complete and differ from
// one another.
func (r *Router[H]) Routes() []Route[H] {
	return slices.SortedFunc(slices.Values(r.routes), func(a, b Route[H]) int {
		return cmp.Compare(a.Pattern, b.Pattern)
	})
}
