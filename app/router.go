package app

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/godwit-ws/godwit/router"
)

// Router holds the routes of servers: added one by one, by blueprint, or found by
// Discover. Routes can be added while it serves.
type Router struct {
	log    *slog.Logger
	config router.Config

	mu     sync.RWMutex // guards routes
	routes router.Router[*route]
}

// RouterConfig sets how a Router matches and where it logs. The zero value is ready
// to use.
type RouterConfig struct {
	// IgnoreTrailingSlash makes /chat and /chat/ one path.
	IgnoreTrailingSlash bool
	// Logger is told of routes added and refused. Nil means as for Config.Logger.
	Logger *slog.Logger
}

// NewRouter returns an empty Router.
func NewRouter(c RouterConfig) *Router {
	config := router.Config{IgnoreTrailingSlash: c.IgnoreTrailingSlash}
	return &Router{
		log:    loggerNamed(c.Logger, "godwit.router"),
		config: config,
		routes: *router.New[*route](config),
	}
}

// AddRoute adds a route: the pattern, what makes the handler of each connection,
// and middleware, the outermost first. The first of two routes of one shape stays:
// the error of the second wraps router.ErrConflict and names both. Other errors
// wrap router.ErrPattern, router.ErrBind or ErrHandler.
func (r *Router) AddRoute(path string, factory func() any, middleware ...Middleware) error {
	return r.add([]placed{{Endpoint{Path: path, New: factory, Middleware: middleware}, caller(1)}})
}

// Add adds endpoints: all of them or, if it returns an error, none.
func (r *Router) Add(endpoints ...Endpoint) error {
	at := caller(1)
	batch := make([]placed, 0, len(endpoints))
	for _, e := range endpoints {
		batch = append(batch, placed{e, at})
	}
	return r.add(batch)
}

// placed is an endpoint, complete, with the place where it was written.
type placed struct {
	Endpoint
	source source
}

// add adds endpoints, all or none, and logs what came of it.
func (r *Router) add(batch []placed) error {
	err := r.tryAdd(batch)
	for _, e := range flatten(err) {
		if path, conflict := conflictPath(e); conflict {
			r.log.Warn(fmt.Sprintf("路由冲突: 路径 '%s' 已存在，本次注册将被忽略", path), "error", e)
			continue
		}
		r.log.Error("route refused", "error", e)
	}
	return err
}

// tryAdd adds endpoints, all or none, and logs those it adds.
func (r *Router) tryAdd(batch []placed) error {
	routes, err := routesOf(batch)
	if err != nil {
		return err
	}
	if err := r.insert(routes); err != nil {
		return err
	}
	for _, route := range routes {
		r.log.Info(fmt.Sprintf("路由注册成功: %s -> %s", route.Handler.pattern, route.Handler.handler), "source", route.Source)
	}
	return nil
}

// routesOf makes endpoints routes. The error joins those of all that can't be one.
func routesOf(batch []placed) ([]router.Route[*route], error) {
	routes := make([]router.Route[*route], 0, len(batch))
	var errs []error
	for _, p := range batch {
		prepared, err := prepare(p.Endpoint)
		if err != nil {
			errs = append(errs, fmt.Errorf("%w (%s)", err, p.source))
			continue
		}
		routes = append(routes, router.Route[*route]{Pattern: p.Path, Name: p.Name, Handler: prepared, Source: p.source.String()})
	}
	return routes, errors.Join(errs...)
}

func (r *Router) insert(routes []router.Route[*route]) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.routes.Add(routes...)
}

// conflictPath returns the path that an error says is taken.
func conflictPath(err error) (path string, conflict bool) {
	if e, ok := errors.AsType[*router.RouteError](err); ok && errors.Is(e, router.ErrConflict) {
		return e.Pattern, true
	}
	return "", false
}

// flatten returns the errors that errors.Join has joined.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

// lookup finds the route of a path, as it stands in a request.
func (r *Router) lookup(path string, m *router.Match) (*route, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.routes.Lookup(path, m)
}

// near returns the pattern of a route that a path misses narrowly.
func (r *Router) near(path string) (string, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.routes.Near(path)
}

// Routes lists all routes, sorted by pattern.
func (r *Router) Routes() []RouteInfo {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := r.routes.Routes()
	infos := make([]RouteInfo, 0, len(all))
	for _, route := range all {
		infos = append(infos, RouteInfo{
			Pattern: route.Pattern, Name: route.Name,
			Handler: route.Handler.handler, Source: route.Source,
		})
	}
	return infos
}

// URL builds the path of the route of that name; router.Router.URL says how.
func (r *Router) URL(name string, values map[string]any) (string, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.routes.URL(name, values)
}
