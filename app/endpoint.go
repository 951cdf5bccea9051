package app

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/godwit-ws/godwit/router"
)

// Endpoint is a route to be: a path and what answers there.
type Endpoint struct {
	// Path is the pattern, as package router has it; a missing slash at the front is
	// added.
	Path string
	// Name is for Router.URL, and unique within a Router. "" is no name.
	Name string
	// New makes the handler of a connection: a pointer to a new value with hooks. It
	// is called once when the endpoint is added, to look at the type, and then for
	// each connection.
	New func() any
	// Middleware is for this endpoint only, inside that of its blueprints; the
	// outermost first.
	Middleware []Middleware
}

// RouteInfo describes a route of a Router.
type RouteInfo struct {
	Pattern string // complete with its blueprints' prefixes
	Name    string // "" if it has none
	Handler string // the name of the handler's type
	Source  string // where it was written: package path, file and line
}

// route is what a path leads to.
type route struct {
	pattern string
	handler string
	accept  Acceptor

	middleware bool // there is some in accept
}

// keepPath returns a path that leads here without the request it is a part of: where
// it is the pattern, as most are, that.
func (r *route) keepPath(path string) string {
	if path == r.pattern {
		return r.pattern
	}
	return strings.Clone(path)
}

// source is a place in the code: where a blueprint or a route was made.
type source struct {
	pkg  string // import path
	file string // base name
	line int
}

// String gives the place as lists and messages show it.
func (s source) String() string {
	if s.file == "" {
		return ""
	}
	return s.pkg + "/" + s.file + ":" + strconv.Itoa(s.line)
}

// unit is the name of the file: what discovery takes whole or not at all.
func (s source) unit() string { return s.pkg + "/" + s.file }

// prepare makes an endpoint, whose path and middleware are complete, a route. It
// calls New, and turns a panic of it into an error.
func prepare(e Endpoint) (r *route, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("%w: the factory or a middleware of route %q panicked: %v", ErrHandler, e.Path, value)
		}
	}()
	if e.New == nil {
		return nil, fmt.Errorf("%w: route %q has no factory; write New: func() any { return new(MyHandler) }", ErrHandler, e.Path)
	}
	t := reflect.TypeOf(e.New())
	if err := checkHandler(t); err != nil {
		return nil, fmt.Errorf("route %q: %w", e.Path, err)
	}
	binder, err := router.NewBinder(t, e.Path)
	if err != nil {
		return nil, err
	}
	accept := func(r *Request) (Handler, error) {
		h := e.New()
		if reflect.TypeOf(h) != t {
			return nil, fmt.Errorf("%w: the factory of route %q returned a %T, and a %s before", ErrHandler, e.Path, h, t)
		}
		if r.given.params == nil {
			return complete(h), nil
		}
		switch err := binder.Bind(h, r.given.params); {
		case errors.Is(err, router.ErrNotFound):
			return nil, Refuse(http.StatusNotFound, "The path has a value that is out of range.")
		case err != nil:
			return nil, err
		}
		return complete(h), nil
	}
	return &route{pattern: e.Path, handler: handlerName(t), accept: chain(e.Middleware, accept), middleware: len(e.Middleware) > 0}, nil
}

// chain puts middleware around an Acceptor, the first outermost.
func chain(middleware []Middleware, accept Acceptor) Acceptor {
	for i := len(middleware) - 1; i >= 0; i-- {
		accept = middleware[i](accept)
	}
	return accept
}

// caller returns where the function was called that called ours, skip frames up.
func caller(skip int) source {
	var pc [1]uintptr
	if runtime.Callers(skip+2, pc[:]) == 0 {
		return source{}
	}
	frame, _ := runtime.CallersFrames(pc[:]).Next()
	return sourceOf(frame)
}
