package router_test

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/godwit-ws/godwit/router"
)

func Example() {
	var routes router.Router[string]
	err := routes.Add(
		router.Route[string]{Pattern: "/chat/room/{str:room_id}", Handler: "room"},
		router.Route[string]{Pattern: "/chat/user/{int:user_id}", Handler: "user"},
		router.Route[string]{Pattern: "/chat/user/me", Handler: "me"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	var match router.Match
	for _, path := range []string{"/chat/user/42", "/chat/user/me", "/chat/room/%E4%BD%A0%E5%A5%BD", "/chat/user/-42", "/chat/room/%zz"} {
		handler, err := routes.Lookup(path, &match)
		if err != nil {
			fmt.Println(router.Status(err), err)
			continue
		}
		fmt.Println(handler, match.Map())
	}
	// Output:
	// user map[user_id:42]
	// me map[]
	// room map[room_id:你好]
	// 404 router: no route matches the path
	// 400 router: the path has a bad escape or isn't UTF-8
}

// endpoint is what a framework keeps for a route.
type endpoint struct {
	make       func() any      // a new handler for each connection
	fields     *router.Binder  // of that handler
	middleware []func() string // the outermost first
}

// handlerFactory is what users give for a route.
type handlerFactory = func() any

// Room is a handler with fields for its parameters.
type Room struct {
	Tenant string `path:"tenant"`
	ID     int64  `path:"room_id"`
}

// How a framework uses the package: its blueprints are groups, each flattened into endpoints that are
// added together, all or none.
func Example_framework() {
	log := func() string { return "log" }
	auth := func() string { return "auth" }
	newRoom := func() any { return new(Room) }
	blueprint := &router.Group[handlerFactory, func() string]{
		Prefix:     "/t/{tenant}",
		Name:       "tenant",
		Middleware: []func() string{log},
		Groups: []*router.Group[handlerFactory, func() string]{{
			Prefix: "chat",
			Routes: []router.GroupRoute[handlerFactory, func() string]{{
				Route:      router.Route[handlerFactory]{Pattern: "room/{int:room_id}", Name: "room", Handler: newRoom, Source: "chat_bp.go:12"},
				Middleware: []func() string{auth},
			}},
		}},
	}

	// At start: check everything, then add it.
	flat, err := blueprint.Flatten()
	if err != nil {
		fmt.Println(err)
		return
	}
	var batch []router.Route[*endpoint]
	for _, route := range flat {
		fields, err := router.NewBinder(reflect.TypeOf(route.Handler()), route.Pattern)
		if err != nil {
			fmt.Println(err)
			return
		}
		batch = append(batch, router.Route[*endpoint]{
			Pattern: route.Pattern, Name: route.Name, Source: route.Source,
			Handler: &endpoint{make: route.Handler, fields: fields, middleware: route.Middleware},
		})
	}
	var routes router.Router[*endpoint]
	if err := routes.Add(batch...); err != nil {
		fmt.Println(err)
		return
	}
	for _, route := range routes.Routes() {
		fmt.Println(route.Pattern, route.Name, route.Source)
	}

	// For each connection: find the endpoint, run its middleware, fill a new handler.
	var match router.Match
	found, err := routes.Lookup("/t/acme/chat/room/7", &match)
	if err != nil {
		fmt.Println(router.Status(err))
		return
	}
	for _, middleware := range found.middleware {
		fmt.Println(middleware())
	}
	handler := found.make()
	match.Detach() // the handler outlives the request
	if err := found.fields.Bind(handler, &match); err != nil {
		fmt.Println(router.Status(err))
		return
	}
	fmt.Printf("%+v\n", *handler.(*Room))
	// Output:
	// /t/{tenant}/chat/room/{int:room_id} tenant.room chat_bp.go:12
	// log
	// auth
	// {Tenant:acme ID:7}
}

func ExampleRouter_Add() {
	var routes router.Router[string]
	fmt.Println(routes.Add(router.Route[string]{Pattern: "/u/{int:id}", Source: "user_bp.go:9"}))
	err := routes.Add(
		router.Route[string]{Pattern: "/about", Source: "site_bp.go:5"},
		router.Route[string]{Pattern: "/u/{user:int}", Source: "site_bp.go:6"},
		router.Route[string]{Pattern: "/v/{int}", Source: "site_bp.go:7"},
	)
	fmt.Println(err)
	if conflict, ok := errors.AsType[*router.RouteError](err); ok && errors.Is(conflict, router.ErrConflict) {
		fmt.Println("路由冲突:", conflict.Pattern)
	}
	fmt.Println(len(routes.Routes()))
	// Output:
	// <nil>
	// router: route "/u/{user:int}" (site_bp.go:6): it matches the same paths as "/u/{int:id}" (user_bp.go:9), which was there first; change or remove one of the two
	// router: route "/v/{int}" (site_bp.go:7): {int} has a type and no name; write {int:name}, or another name than a type's
	// 路由冲突: /u/{user:int}
	// 1
}

func ExampleRouter_Lookup() {
	var routes router.Router[string]
	if err := routes.Add(router.Route[string]{Pattern: "/map/{float:lat},{float:lon}/{path:layers}", Handler: "map"}); err != nil {
		fmt.Println(err)
		return
	}
	var match router.Match
	if _, err := routes.Lookup("/map/52.37,-4.9/roads/minor", &match); err != nil {
		fmt.Println(err)
		return
	}
	lat, _ := match.Float("lat")
	lon, _ := match.Float("lon")
	layers, _ := match.Rest("layers")
	fmt.Println(lat, lon, layers)
	// Output: 52.37 -4.9 roads/minor
}

func ExampleRouter_URL() {
	var routes router.Router[string]
	if err := routes.Add(router.Route[string]{Pattern: "/聊天/{room}/{int:page}", Name: "chat"}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(routes.URL("chat", map[string]any{"room": "a/b", "page": 2}))
	fmt.Println(routes.URL("chat", map[string]any{"room": "lobby", "page": -1}))
	// Output:
	// /%E8%81%8A%E5%A4%A9/a%2Fb/2 <nil>
	//  router: URL of route "chat" (/聊天/{room}/{int:page}): parameter page: "-1" doesn't match {int}
}

func ExampleRouter_Near() {
	var routes router.Router[string]
	if err := routes.Add(router.Route[string]{Pattern: "/echo/{message}"}); err != nil {
		fmt.Println(err)
		return
	}
	const path = "/Echo/Hello/"
	if _, err := routes.Lookup(path, new(router.Match)); errors.Is(err, router.ErrNotFound) {
		pattern, _ := routes.Near(path)
		fmt.Printf("404 %s (did the client mean %s?)\n", path, pattern)
	}
	// Output: 404 /Echo/Hello/ (did the client mean /echo/{message}?)
}

func ExampleMatch_Map() {
	var routes router.Router[string]
	if err := routes.Add(router.Route[string]{Pattern: "/chat/{room}/{int:page}"}); err != nil {
		fmt.Println(err)
		return
	}
	var match router.Match
	if _, err := routes.Lookup("/chat/lobby/2", &match); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%#v\n", match.Map())
	page, ok := match.Int("page")
	fmt.Println(page, ok)
	_, ok = match.Int("room") // is a str
	fmt.Println(ok)
	// Output:
	// map[string]interface {}{"page":2, "room":"lobby"}
	// 2 true
	// false
}

func ExampleGroup_Flatten() {
	api := &router.Group[string, string]{
		Prefix:     "api",
		Middleware: []string{"log"},
		Routes: []router.GroupRoute[string, string]{
			{Route: router.Route[string]{Pattern: "", Handler: "index"}},
			{Route: router.Route[string]{Pattern: "x", Handler: "x"}, Middleware: []string{"limit"}},
		},
	}
	flat, err := api.Flatten()
	for _, route := range flat {
		fmt.Println(route.Pattern, route.Handler, route.Middleware)
	}
	fmt.Println(err)
	// Output:
	// /api index [log]
	// /api/x x [log limit]
	// <nil>
}

func ExampleNewBinder() {
	type Room struct {
		ID int64 `path:"rom_id"`
	}
	_, err := router.NewBinder(reflect.TypeFor[Room](), "/room/{int:room_id}")
	fmt.Println(err)
	// Output:
	// router: route "/room/{int:room_id}": field ID of router_test.Room, tagged `path:"rom_id"`, names no parameter of the route; it has room_id
}
