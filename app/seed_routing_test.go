package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/router"
)

// named answers with its name and the path's parameters, sorted.
func named(name string) acts {
	return acts{open: func(c *app.Conn) error {
		parts := []string{name}
		for key, value := range c.PathParams() {
			parts = append(parts, fmt.Sprintf("%s=%T(%v)", key, value, value))
		}
		slices.Sort(parts[1:])
		return c.SendText(strings.Join(parts, " "))
	}}
}

// found is a path, and what answers there: the name and the parameters, or "" if
// nothing does, or a status.
type found struct{ path, want string }

// wantRoutes serves patterns, each answering with itself, and tries paths.
func wantRoutes(t *testing.T, c app.RouterConfig, patterns []string, paths []found) {
	t.Helper()
	c.Logger = slog.New(slog.DiscardHandler)
	r := app.NewRouter(c)
	for _, pattern := range patterns {
		at(t, pattern, named(pattern))(r)
	}
	s, url := serve(t, app.Config{Router: r}, nil)
	for _, tt := range paths {
		switch {
		case tt.want == "400", tt.want == "404":
			if got, _ := statusOf(t, s.Addr().String(), opening(s.Addr().String(), tt.path)); fmt.Sprint(got) != tt.want {
				t.Errorf("%s: %d, want %s", tt.path, got, tt.want)
			}
		default:
			f, ok := openFrames(t, url, tt.path).next()
			if !ok || string(f.payload) != tt.want {
				t.Errorf("%s: %q, want %q", tt.path, f.payload, tt.want)
			}
		}
	}
}

func TestSeed027ExactMatch(t *testing.T) {
	wantRoutes(t, app.RouterConfig{}, []string{"/echo/{message:str}", "/slash", "/slash2/"}, []found{
		{"/echo/Hello", "/echo/{message:str} message=string(Hello)"},
		{"/echo/Hello?a=b&c=/x/y", "/echo/{message:str} message=string(Hello)"},
		{"/echo/Hello?", "/echo/{message:str} message=string(Hello)"},
		{"/Echo/Hello", "404"},
		{"/echo/Hello/more", "404"},
		{"/x/echo/Hello", "404"},
		{"/echo", "404"},
		{"/echo/", "404"},
		{"/", "404"},
		{"//echo/Hello", "404"},
		{"/./echo/Hello", "404"},
		{"/slash", "/slash"},
		{"/slash/", "404"},
		{"/slash2", "404"},
		{"/slash2/", "/slash2/"},
	})
}

func TestSeed028IntParam(t *testing.T) {
	type user struct {
		app.Application
		ID int64 `path:"user_id"`
	}
	wantRoutes(t, app.RouterConfig{}, []string{"/user/{int:user_id}", "/room/{str:room_id}"}, []found{
		{"/user/42", "/user/{int:user_id} user_id=int64(42)"},
		{"/user/user_id", "404"},
		{"/room/42", "/room/{str:room_id} room_id=string(42)"},
	})
	if err := app.NewRouter(app.RouterConfig{}).AddRoute("/user/{int:user_id}", func() any { return new(user) }); err != nil {
		t.Errorf("a field of type int64: %v", err)
	}
}

func TestSeed029NameBeforeType(t *testing.T) {
	wantRoutes(t, app.RouterConfig{}, []string{"/echo/{message:str}", "/user/{user_id:int}"}, []found{
		{"/echo/Hello", "/echo/{message:str} message=string(Hello)"},
		{"/user/42", "/user/{user_id:int} user_id=int64(42)"},
	})
}

func TestSeed030NameAlone(t *testing.T) {
	wantRoutes(t, app.RouterConfig{}, []string{"/echo/{name}"}, []found{
		{"/echo/42", "/echo/{name} name=string(42)"},
		{"/echo/abc", "/echo/{name} name=string(abc)"},
	})
}

func TestSeed031WhichSideIsTheType(t *testing.T) {
	silent := app.RouterConfig{Logger: slog.New(slog.DiscardHandler)}
	for _, pattern := range []string{"/a/{int:str}", "/a/{str:int}", "/a/{one:two}", "/a/{integer:id}"} {
		r := app.NewRouter(silent)
		err := r.AddRoute(pattern, newGreeterless)
		if !errors.Is(err, router.ErrPattern) || !strings.Contains(err.Error(), pattern) {
			t.Errorf("%s: %v, want an error that names the route", pattern, err)
		}
		if len(r.Routes()) != 0 {
			t.Errorf("%s: was added", pattern)
		}
	}
	wantRoutes(t, app.RouterConfig{}, []string{"/code/{code:[a-z]+}"}, []found{
		{"/code/abc", "/code/{code:[a-z]+} code=string(abc)"},
		{"/code/ABC", "404"},
		{"/code/abc1", "404"},
	})
}

// newGreeterless makes a handler that takes no parameters.
func newGreeterless() any { return new(acts) }

func TestSeed032Int(t *testing.T) {
	const at = "/n/{int:n}"
	wantRoutes(t, app.RouterConfig{}, []string{at}, []found{
		{"/n/42", at + " n=int64(42)"},
		{"/n/0", at + " n=int64(0)"},
		{"/n/007", at + " n=int64(7)"},
		{"/n/9223372036854775807", at + " n=int64(9223372036854775807)"},
		{"/n/9223372036854775808", "404"},
		{"/n/-42", "404"},
		{"/n/+42", "404"},
		{"/n/abc", "404"},
		{"/n/4.2", "404"},
		{"/n/%D9%A3", "404"}, // an Arabic digit
		{"/n/", "404"},
	})
}

func TestSeed033Str(t *testing.T) {
	wantRoutes(t, app.RouterConfig{}, []string{"/s/{str:s}"}, []found{
		{"/s/x.y-z~", "/s/{str:s} s=string(x.y-z~)"},
		{"/s/;p=1", "/s/{str:s} s=string(;p=1)"},
		{"/s/", "404"},
		{"/s/a/b", "404"},
	})
}

func TestSeed034SeveralParams(t *testing.T) {
	r := app.NewRouter(app.RouterConfig{Logger: slog.New(slog.DiscardHandler)})
	bp := app.NewBlueprint("/t/{tenant}").Route("/x/{int:b}", func() any { h := named("bp"); return &h })
	if err := bp.Register(r); err != nil {
		t.Fatal(err)
	}
	_, url := serve(t, app.Config{Router: r}, at(t, "/{a}/{b:int}/{c}", named("three")))
	dial(t, url+"/t/acme/x/7").want("bp b=int64(7) tenant=string(acme)")
	dial(t, url+"/one/2/three").want("three a=string(one) b=int64(2) c=string(three)")
}

func TestSeed035PercentDecoding(t *testing.T) {
	_, url := serve(t, app.Config{}, func(r *app.Router) { route(t, r, "/echo/{message:str}", newGreeter) })
	for path, want := range map[string]string{
		"/echo/%E4%BD%A0%E5%A5%BD": "初始消息: 你好",
		"/echo/a%2Fb":              "初始消息: a/b",
		"/echo/a%20b":              "初始消息: a b",
		"/echo/100%25":             "初始消息: 100%",
		"/%65cho/x":                "初始消息: x",
	} {
		openFrames(t, url, path).want(conn.Text, want)
	}
	dial(t, url+"/echo/你好").want("初始消息: 你好") // escaped by the client, as a browser does
	wantRoutes(t, app.RouterConfig{}, []string{"/echo/{m}"}, []found{
		{"/echo/%", "400"}, {"/echo/%4", "400"}, {"/echo/%zz", "400"},
		{"/echo/%ff", "400"}, {"/echo/%C0%AF", "400"}, {"/echo/%ED%A0%80", "400"},
	})
}

func TestSeed036StaticIsLiteral(t *testing.T) {
	wantRoutes(t, app.RouterConfig{}, []string{"/chat/dot.path", "/a+b", "/c*"}, []found{
		{"/chat/dot.path", "/chat/dot.path"},
		{"/chat/dotXpath", "404"},
		{"/a+b", "/a+b"}, {"/aab", "404"},
		{"/c*", "/c*"}, {"/ccc", "404"},
	})
}

func TestSeed037TrailingSlash(t *testing.T) {
	wantRoutes(t, app.RouterConfig{}, []string{"/chat", "/room/"}, []found{
		{"/chat", "/chat"}, {"/chat/", "404"}, {"/room/", "/room/"}, {"/room", "404"},
	})
	wantRoutes(t, app.RouterConfig{IgnoreTrailingSlash: true}, []string{"/chat", "/room/"}, []found{
		{"/chat", "/chat"}, {"/chat/", "/chat"}, {"/room/", "/room/"}, {"/room", "/room/"},
	})
}

func TestSeed038UnknownPath(t *testing.T) {
	s, url := serve(t, app.Config{}, at(t, "/echo", echoes()))
	answer := raw(t, s.Addr().String(), "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 404 Not Found\r\n") {
		t.Errorf("answer %q", answer)
	}
	_, err := conn.Dial(context.Background(), url+"/nowhere")
	e, ok := errors.AsType[*conn.DialError](err)
	if !ok || e.Status != http.StatusNotFound {
		t.Errorf("dial: %v, want a DialError with 404", err)
	}
}

func TestSeed039DuplicatePath(t *testing.T) {
	for _, tt := range [][2]string{
		{"/same", "/same"},
		{"/u/{int:id}", "/u/{id:int}"},
		{"/u/{int:id}", "/u/{int:x}"},
		{"/u/{name}", "/u/{str:other}"},
		{"/missing", "missing"},
	} {
		log, lines := logger(slog.LevelInfo)
		r := app.NewRouter(app.RouterConfig{Logger: log})
		at(t, tt[0], named("first"))(r)
		second := named("second")
		err := r.AddRoute(tt[1], func() any { return &second })
		if !errors.Is(err, router.ErrConflict) || !strings.Contains(err.Error(), "seed_routing_test.go") {
			t.Errorf("%s after %s: %v, want a conflict that says where", tt[1], tt[0], err)
		}
		if want := " - WARNING - 路由冲突: 路径 '/" + strings.TrimPrefix(tt[1], "/") + "' 已存在，本次注册将被忽略"; !strings.Contains(lines.String(), want) {
			t.Errorf("no warning %q in\n%s", want, lines)
		}
		_, url := serve(t, app.Config{Router: r}, nil)
		path := strings.NewReplacer("{int:id}", "7", "{name}", "me").Replace(tt[0])
		if got := dial(t, url+path).read(); !strings.HasPrefix(got, "first") {
			t.Errorf("%s is answered by %q", tt[0], got)
		}
	}
}

func TestSeed040AddRoute(t *testing.T) {
	_, url := serve(t, app.Config{}, nil)
	if got, _ := status(t, new(conn.Dialer), url+"/late"); got != http.StatusNotFound {
		t.Errorf("before: %d", got)
	}
	s, url := serve(t, app.Config{}, nil)
	if err := s.Router().AddRoute("/late", newGreeterless); err != nil { // while it serves
		t.Fatal(err)
	}
	dial(t, url+"/late")
}

func TestSeed041Overlap(t *testing.T) {
	patterns := []string{"/u/me", "/u/{int:id}", "/u/{float:f}", "/u/{name:[a-z]+}", "/u/{name}", "/u/{path:rest}"}
	for name, order := range map[string][]string{
		"forwards":  patterns,
		"backwards": reversed(patterns),
	} {
		t.Run(name, func(t *testing.T) {
			wantRoutes(t, app.RouterConfig{}, order, []found{
				{"/u/me", "/u/me"},
				{"/u/7", "/u/{int:id} id=int64(7)"},
				{"/u/7.5", "/u/{float:f} f=float64(7.5)"},
				{"/u/you", "/u/{name:[a-z]+} name=string(you)"},
				{"/u/YOU", "/u/{name} name=string(YOU)"},
				{"/u/a/b", "/u/{path:rest} rest=string(a/b)"},
			})
		})
	}
}

func TestSeed042InvalidPattern(t *testing.T) {
	for _, bad := range []string{
		"/a/{name", "/a/name}", "/a/{}", "/a/{x}/{x}", "/a/{word:id}", "/a/{x:[}", "/a/{x:(}", "/a/{int}", "/a//b", "/a/..", "/a/{path:rest}/b",
	} {
		r := app.NewRouter(app.RouterConfig{Logger: slog.New(slog.DiscardHandler)})
		if err := r.AddRoute(bad, newGreeterless); !errors.Is(err, router.ErrPattern) {
			t.Errorf("AddRoute(%s): %v, want ErrPattern", bad, err)
		}
		bp := app.NewBlueprint("/x").Route("/good", newGreeterless).Route(bad, newGreeterless)
		if err := bp.Register(r); !errors.Is(err, router.ErrPattern) {
			t.Errorf("Register with %s: %v, want ErrPattern", bad, err)
		}
		if got := r.Routes(); len(got) != 0 {
			t.Errorf("%s: half a blueprint was registered: %v", bad, got)
		}
	}
}

func TestSeed043MissingSlash(t *testing.T) {
	r := app.NewRouter(app.RouterConfig{Logger: slog.New(slog.DiscardHandler)})
	bp := app.NewBlueprint("api").Route("x", newGreeterless).Route("", newGreeterless)
	if err := errors.Join(bp.Register(r), r.AddRoute("y", newGreeterless)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, info := range r.Routes() {
		got = append(got, info.Pattern)
	}
	if diff := cmp.Diff([]string{"/api", "/api/x", "/y"}, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}
