// Package console is a page on which a server of package app is tried and watched
// from a browser. It is mounted beside one's own pages:
//
//	mux := http.NewServeMux()
//	srv, err := app.New(app.Config{HTTP: mux})
//	…
//	mux.Handle("/console", console.New(srv, console.Config{}))
//
// On the page a person picks a route, fills in its parameters, connects, sends text,
// bytes or a file, and sees what goes out and comes in; close codes are explained,
// and so is why a connection was refused, which browsers keep to themselves. Beside
// it stand the server's connections, topics and rates. Where the server has package
// app/live (Config.Follow), topics can be followed: by godwit.js, which comes back when
// the server does, and gets what was missed.
//
// # Who may see it
//
// The page shows the addresses of clients and the names of topics. Config.Allow
// decides who gets it; by default that is LocalOnly. The console only looks: nothing
// on the server can be changed with it.
//
// # What it is made of
//
// One page of HTML, with its style and scripts inside it, fixed when the program is
// built. It loads nothing else, and its Content-Security-Policy allows nothing else:
// scripts and style are named by their hashes. What messages, peers and routes say
// is put into it as text, never as markup. All texts stand in static/texts.json, in
// English and Chinese.
//
// # Decisions
//
// The live figures are fetched as JSON, once a second, and not pushed over a
// WebSocket: so the console shows in none of the figures that it shows, unless a topic
// is followed, and works where the server refuses more connections. They are taken from the server at most
// twice a second however many look on, and hold at most MaxRows connections and
// topics.
//
// The Handler looks at no path, only at the query, so that it may be mounted
// anywhere, with a slash at the end or without.
//
// All methods may be called from any goroutine.
package console
