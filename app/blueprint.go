package app

import (
	"errors"
	"fmt"
	"slices"

	"github.com/godwit-ws/godwit/router"
)

// Blueprint is a group of routes: a prefix, which may hold parameters, and the
// middleware that all of them share. It is data: nothing is served until a Router
// has taken it, by Register or by Discover, and any number of Routers may. What is
// wrong with its routes is said then, never by a panic.
type Blueprint struct {
	prefix     string
	name       string
	middleware []Middleware
	endpoints  []placed
	children   []*Blueprint
	source     source
}

// NewBlueprint returns an empty Blueprint. A slash is put at the prefix's front if
// there is none, and those at its end don't count. Called for a variable at package
// level it also notes the Blueprint for Router.Discover.
func NewBlueprint(prefix string, middleware ...Middleware) *Blueprint {
	b := &Blueprint{prefix: prefix, middleware: middleware, source: caller(1)}
	if at, ok := initialising(); ok {
		b.source = at
		found.add(b)
	}
	return b
}

// Route binds a path below the Blueprint's prefix to handlers of type T, a new
// one for each connection, whose hooks are methods of *T. The path "" is the prefix
// itself. It returns b, so that at package level one may write
//
//	var _ = app.Route[EchoHandler](echo, "/{message:str}")
func Route[T any](b *Blueprint, path string, middleware ...Middleware) *Blueprint {
	return b.place(Endpoint{Path: path, New: func() any { return new(T) }, Middleware: middleware}, caller(1))
}

// Route binds a path below the prefix to the handlers that factory makes. It
// returns b.
func (b *Blueprint) Route(path string, factory func() any, middleware ...Middleware) *Blueprint {
	return b.place(Endpoint{Path: path, New: factory, Middleware: middleware}, caller(1))
}

// Add adds endpoints below the prefix. It returns b.
func (b *Blueprint) Add(endpoints ...Endpoint) *Blueprint {
	at := caller(1)
	for _, e := range endpoints {
		b.place(e, at)
	}
	return b
}

func (b *Blueprint) place(e Endpoint, at source) *Blueprint {
	b.endpoints = append(b.endpoints, placed{e, at})
	return b
}

// Use adds middleware for all of the Blueprint's routes, inside what it has
// already. It returns b.
func (b *Blueprint) Use(middleware ...Middleware) *Blueprint {
	b.middleware = append(b.middleware, middleware...)
	return b
}

// Named sets what stands, with a dot, before the names of the Blueprint's routes.
// It returns b.
func (b *Blueprint) Named(name string) *Blueprint {
	b.name = name
	return b
}

// Mount puts other Blueprints below this one: their prefixes behind this one's,
// their middleware inside this one's. One that was mounted isn't found by Discover
// on its own any more. It returns b.
func (b *Blueprint) Mount(children ...*Blueprint) *Blueprint {
	b.children = append(b.children, children...)
	for _, child := range children {
		found.remove(child)
	}
	return b
}

// Register adds the Blueprint's routes to r: all of them or, if it returns an error,
// none. Of two routes of one shape within the Blueprint the first stays, with a
// warning in r's log; a route that r has already is an error that wraps
// router.ErrConflict.
func (b *Blueprint) Register(r *Router) error {
	batch, err := b.flatten()
	if err == nil {
		err = r.tryAdd(r.withoutDoubles(batch))
	}
	for _, e := range flatten(err) {
		r.logSkipped(e, b.source.unit())
	}
	return err
}

// logSkipped logs why a unit, a blueprint or a file of them, is skipped.
func (r *Router) logSkipped(err error, unit string) {
	if path, conflict := conflictPath(err); conflict {
		r.log.Warn(fmt.Sprintf("蓝图路由冲突: 路径 '%s' 已存在，跳过模块 '%s' 的注册", path, unit), "error", err)
		return
	}
	r.log.Error(fmt.Sprintf("导入模块失败: %s - %v", unit, err))
}

// withoutDoubles leaves out routes whose shape an earlier one of the batch has, with
// a warning for each.
func (r *Router) withoutDoubles(batch []placed) []placed {
	shapes := router.New[struct{}](r.config)
	return slices.DeleteFunc(batch, func(p placed) bool {
		err := shapes.Add(router.Route[struct{}]{Pattern: p.Path, Source: p.source.String()})
		path, double := conflictPath(err)
		if double {
			r.log.Warn(fmt.Sprintf("路由冲突: 路径 '%s' 已存在，本次注册将被忽略", path), "error", err)
		}
		return double
	})
}

// flatten returns the endpoints of b and of what is mounted below it, complete.
func (b *Blueprint) flatten() ([]placed, error) {
	group, err := b.group(nil)
	if err != nil {
		return nil, err
	}
	routes, err := group.Flatten()
	if err != nil {
		return nil, err
	}
	batch := make([]placed, 0, len(routes))
	for _, route := range routes {
		p := route.Handler
		p.Path, p.Name, p.Middleware = route.Pattern, route.Name, route.Middleware
		batch = append(batch, p)
	}
	return batch, nil
}

// group makes b one of package router's, within others.
func (b *Blueprint) group(within []*Blueprint) (*router.Group[placed, Middleware], error) {
	switch {
	case b == nil:
		return nil, errors.New("app: a blueprint that is nil was mounted")
	case slices.Contains(within, b):
		return nil, fmt.Errorf("app: the blueprint of %s is mounted below itself", b.source)
	}
	g := &router.Group[placed, Middleware]{Prefix: b.prefix, Name: b.name, Middleware: b.middleware}
	for _, p := range b.endpoints {
		g.Routes = append(g.Routes, router.GroupRoute[placed, Middleware]{
			Route:      router.Route[placed]{Pattern: p.Path, Name: p.Name, Handler: p},
			Middleware: p.Middleware,
		})
	}
	for _, child := range b.children {
		inner, err := child.group(append(slices.Clip(within), b))
		if err != nil {
			return nil, err
		}
		g.Groups = append(g.Groups, inner)
	}
	return g, nil
}
