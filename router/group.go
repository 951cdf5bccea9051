package router

import (
	"slices"
	"strings"
)

// Group is a tree of routes: what they share, a prefix of paths and names and a chain of middleware,
// stands once. It is data and registers nothing by itself: Flatten gives the routes, complete, for
// Router.Add. M is whatever middleware is to the caller; router never looks at it.
//
// A Group may stand in several places and be flattened any number of times: it isn't changed by it.
type Group[H, M any] struct {
	// Prefix stands before the path of every route below, and may hold parameters. Slashes at its end
	// don't count; one is put at its front if missing.
	Prefix string
	// Name stands before the name of every route below that has one, with a dot between. "" stands for
	// nothing.
	Name string
	// Middleware is for every route below, the outermost first.
	Middleware []M
	// Routes are the group's own.
	Routes []GroupRoute[H, M]
	// Groups are those inside this one.
	Groups []*Group[H, M]
}

// GroupRoute is a route of a Group. From Flatten it is complete: Pattern and Name have their prefixes,
// Middleware has the groups' before the route's own. In a Group, a Pattern "" is the prefix itself, and
// "/" is the prefix with a slash at its end.
type GroupRoute[H, M any] struct {
	Route[H]
	// Middleware is for this route only, inside that of its groups; the outermost first.
	Middleware []M
}

// Flatten returns all routes of the tree in order: a group's own, then those of the groups inside it,
// each complete. It fails (ErrPattern) only if a group contains itself or is nil. Whether the patterns are
// valid and free of conflicts is for Router.Add to say.
func (g *Group[H, M]) Flatten() ([]GroupRoute[H, M], error) {
	var f flattening[H, M]
	if err := f.group(g, level[M]{}); err != nil {
		return nil, err
	}
	return f.routes, nil
}

// flattening collects the routes of a tree.
type flattening[H, M any] struct {
	routes []GroupRoute[H, M]
	within []*Group[H, M] // the groups around the current one
}

// level is what the groups around a place amount to.
type level[M any] struct {
	prefix, name string
	middleware   []M
}

// group appends the routes of g, which stands at outer.
func (f *flattening[H, M]) group(g *Group[H, M], outer level[M]) error {
	if g == nil {
		return refuseGroup(outer.prefix, "a group inside it is nil; remove it")
	}
	at := level[M]{
		prefix:     strings.TrimRight(join(outer.prefix, g.Prefix), "/"),
		name:       dotted(outer.name, g.Name),
		middleware: slices.Concat(outer.middleware, g.Middleware),
	}
	if slices.Contains(f.within, g) {
		return refuseGroup(at.prefix, "the group contains itself; remove it from its Groups")
	}
	f.within = append(f.within, g)
	for _, route := range g.Routes {
		f.routes = append(f.routes, complete(at, route))
	}
	for _, inner := range g.Groups {
		if err := f.group(inner, at); err != nil {
			return err
		}
	}
	f.within = f.within[:len(f.within)-1]
	return nil
}

// complete gives route as it is at l.
func complete[H, M any](l level[M], route GroupRoute[H, M]) GroupRoute[H, M] {
	route.Pattern = join(l.prefix, route.Pattern)
	if route.Name != "" {
		route.Name = dotted(l.name, route.Name)
	}
	route.Middleware = slices.Concat(l.middleware, route.Middleware)
	return route
}

// join puts prefix, which doesn't end in a slash, before path.
func join(prefix, path string) string {
	if path == "" && prefix != "" {
		return prefix
	}
	return prefix + rooted(path)
}

// dotted puts prefix before name, with a dot between unless one of them is empty.
func dotted(prefix, name string) string {
	if prefix == "" || name == "" {
		return prefix + name
	}
	return prefix + "." + name
}

// refuseGroup is the error for a group at prefix.
func refuseGroup(prefix, reason string) error {
	return &RouteError{Pattern: rooted(prefix), Reason: reason, Err: ErrPattern}
}
