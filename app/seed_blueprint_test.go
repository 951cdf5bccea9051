package app_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/router"
)

// sayer is a handler that says its name.
type sayer struct{ name string }

func (h *sayer) OnOpen(c *app.Conn) error { return c.SendText(h.name) }

// saying returns a factory of handlers that say a name.
func saying(name string) func() any { return func() any { return &sayer{name} } }

// silentRouter is the configuration of a router that logs nothing.
func silentRouter() app.RouterConfig {
	return app.RouterConfig{Logger: slog.New(slog.DiscardHandler)}
}

// patterns are those of a router's routes.
func patterns(r *app.Router) (all []string) {
	for _, route := range r.Routes() {
		all = append(all, route.Pattern)
	}
	return all
}

// TestSeed045BlueprintPrefix puts the prefix before each path: slashes at its end
// don't count, one at its front, or the path's, is added, and it may hold parameters.
func TestSeed045BlueprintPrefix(t *testing.T) {
	for _, tt := range []struct{ prefix, path, want, dial string }{
		{"", "/x", "/x", "/x"},
		{"/", "/x", "/x", "/x"},
		{"/a", "/x", "/a/x", "/a/x"},
		{"/a/", "/x", "/a/x", "/a/x"},
		{"/a///", "/x", "/a/x", "/a/x"},
		{"api", "x", "/api/x", "/api/x"},
		{"/chat", "noslash", "/chat/noslash", "/chat/noslash"},
		{"/chat", "", "/chat", "/chat"},
		{"/chat", "/", "/chat/", "/chat/"},
		{"/t/{tenant}", "/x/{int:b}", "/t/{tenant}/x/{int:b}", "/t/acme/x/7"},
	} {
		t.Run(tt.prefix+"+"+tt.path, func(t *testing.T) {
			_, url := serve(t, app.Config{}, func(r *app.Router) {
				if err := app.NewBlueprint(tt.prefix).Route(tt.path, saying("here")).Register(r); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]string{tt.want}, patterns(r)); diff != "" {
					t.Errorf("patterns (-want +got):\n%s", diff)
				}
			})
			dial(t, url+tt.dial).want("here")
		})
	}
}

// TestSeed046RouteBindsHandlerType binds a type at package level, and a factory.
func TestSeed046RouteBindsHandlerType(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		if err := r.Discover("app/testdata/found"); err != nil {
			t.Fatal(err)
		}
	})
	dial(t, url+"/echo/Hello").want("初始消息: Hello")
	c := dial(t, url+"/chat/room/7")
	c.send("hi")
	c.want("1 hi")
}

// Handlers that aren't.
type (
	noHooks   struct{}
	textHook  struct{}
	misspelt  struct{}
	noPointer struct{}
)

func (*textHook) OnMessage(*app.Conn, string) error  { return nil }
func (*misspelt) OnMesage(*app.Conn, []byte) error   { return nil }
func (*noPointer) OnMessage(*app.Conn, []byte) error { return nil }

// TestSeed047HandlersNeedHooks refuses values that could never handle anything, and
// says what to write.
func TestSeed047HandlersNeedHooks(t *testing.T) {
	for _, tt := range []struct {
		name    string
		factory func() any
		want    string
	}{
		{"no-hooks", func() any { return new(noHooks) }, "*app_test.noHooks has no hooks; write func (h *noHooks) OnMessage(c *app.Conn, text []byte) error, or embed app.Application"},
		{"other-shape", func() any { return new(textHook) }, "*app_test.textHook has OnMessage of another shape; write func (h *textHook) OnMessage(c *app.Conn, text []byte) error"},
		{"misspelt", func() any { return new(misspelt) }, "*app_test.misspelt has a method OnMesage, but there is no such hook; the hooks are OnOpen, OnMessage, OnBinary, OnPing, OnPong, OnClose: rename it"},
		{"no-pointer", func() any { return noPointer{} }, "app_test.noPointer has no hooks, but *app_test.noPointer has: return a pointer"},
		{"nil", func() any { return nil }, "the factory returned nil; return a pointer to a new handler"},
		{"no-factory", nil, "write New: func() any { return new(MyHandler) }"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := app.NewRouter(silentRouter())
			err := app.NewBlueprint("/p").Route("/x", tt.factory).Register(r)
			if !errors.Is(err, app.ErrHandler) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), `"/p/x"`) {
				t.Errorf("%v; want ErrHandler with %q", err, tt.want)
			}
			if len(r.Routes()) != 0 {
				t.Errorf("routes %q", patterns(r))
			}
		})
	}
	if err := app.NewBlueprint("").Route("/x", func() any { return new(struct{ app.Application }) }).Register(app.NewRouter(silentRouter())); err != nil {
		t.Errorf("with Application embedded: %v", err)
	}
}

// TestSeed048NewHandlerPerConnection counts apart.
func TestSeed048NewHandlerPerConnection(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		if err := r.Discover("app/testdata/found"); err != nil {
			t.Fatal(err)
		}
	})
	a, b := dial(t, url+"/chat/room/1"), dial(t, url+"/chat/room/1")
	for _, text := range []string{"x", "y", "z"} {
		a.send(text)
	}
	b.send("x")
	a.want("1 x", "2 y", "3 z")
	b.want("1 x")
}

// TestSeed049RegisterByHand registers once on each router; a second time is an error
// and a warning.
func TestSeed049RegisterByHand(t *testing.T) {
	bp := app.NewBlueprint("/api").Route("/status", saying("up"))
	log, lines := logger(slog.LevelInfo)
	r := app.NewRouter(app.RouterConfig{Logger: log})
	if err := bp.Register(r); err != nil {
		t.Fatal(err)
	}
	if err := bp.Register(r); !errors.Is(err, router.ErrConflict) {
		t.Errorf("the second time: %v, want ErrConflict", err)
	}
	if want := "godwit.router - WARNING - 蓝图路由冲突: 路径 '/api/status' 已存在，跳过模块 '"; !strings.Contains(lines.String(), want) {
		t.Errorf("no %q in\n%s", want, lines)
	}
	if got := patterns(r); len(got) != 1 {
		t.Errorf("routes %q", got)
	}
	_, url := serve(t, app.Config{}, func(other *app.Router) {
		if err := bp.Register(other); err != nil {
			t.Fatalf("on another router: %v", err)
		}
	})
	dial(t, url+"/api/status").want("up")
}

// TestSeed057ManualRoutesFirst adds a route by hand before discovery, which then skips
// the file that has it too.
func TestSeed057ManualRoutesFirst(t *testing.T) {
	r, _, err := discover(t, "conflict", app.Endpoint{Path: "/third", New: saying("by hand")})
	if !errors.Is(err, router.ErrConflict) {
		t.Errorf("Discover: %v, want ErrConflict", err)
	}
	_, url := serve(t, app.Config{Router: r}, nil)
	dial(t, url+"/third").want("by hand")
	dial(t, url+"/first/1").want("a")
}

// numbered returns middleware that wraps OnOpen to send its name first.
func numbered(name string) app.Middleware {
	return func(next app.Acceptor) app.Acceptor {
		return func(r *app.Request) (app.Handler, error) {
			h, err := next(r)
			return &announcing{h, name}, err
		}
	}
}

type announcing struct {
	app.Handler
	name string
}

func (h *announcing) OnOpen(c *app.Conn) error {
	if err := c.SendText(h.name); err != nil {
		return err
	}
	return h.Handler.OnOpen(c)
}

// onlyWithKey is middleware that refuses requests without the key.
func onlyWithKey(next app.Acceptor) app.Acceptor {
	return func(r *app.Request) (app.Handler, error) {
		if r.Query().Get("key") != "secret" && r.Header("Authorization") != "Bearer secret" {
			return nil, app.Refuse(http.StatusUnauthorized, "A key is needed.")
		}
		return next(r)
	}
}

// TestSeed058NestingMiddlewareNames nests blueprints; prefixes, names and middleware of
// the outer ones come first.
func TestSeed058NestingMiddlewareNames(t *testing.T) {
	inner := app.NewBlueprint("/users", numbered("inner")).Named("users").
		Add(app.Endpoint{Path: "/{int:id}", Name: "show", New: saying("user"), Middleware: []app.Middleware{numbered("route")}})
	api := app.NewBlueprint("/api/v{int:version}", numbered("api")).Named("api").Use(onlyWithKey).
		Route("/status", saying("up")).Mount(inner)
	s, url := serve(t, app.Config{}, func(r *app.Router) {
		if err := api.Register(r); err != nil {
			t.Fatal(err)
		}
	})
	dial(t, url+"/api/v1/status?key=secret").want("api", "up")
	path, err := s.Router().URL("api.users.show", map[string]any{"version": 2, "id": 42})
	if err != nil || path != "/api/v2/users/42" {
		t.Fatalf("URL = %q, %v", path, err)
	}
	dialWith(t, &conn.Dialer{Header: http.Header{"Authorization": {"Bearer secret"}}}, url+path).want("api", "inner", "route", "user")
	for _, path := range []string{"/api/v1/status", path} {
		if code, body := status(t, new(conn.Dialer), url+path); code != http.StatusUnauthorized || !strings.Contains(body, "A key is needed.") {
			t.Errorf("%s without the key: status %d %q", path, code, body)
		}
	}
	var names []string
	for _, route := range s.Router().Routes() {
		names = append(names, fmt.Sprintf("%s %s %s", route.Pattern, route.Name, route.Handler))
	}
	want := []string{"/api/v{int:version}/status  sayer", "/api/v{int:version}/users/{int:id} api.users.show sayer"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}
