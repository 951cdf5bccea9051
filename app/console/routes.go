package console

import (
	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/router"
)

// route is a route as the page offers it: ?routes is answered by a list of them.
type route struct {
	Pattern string  `json:"pattern"`
	Handler string  `json:"handler"`
	Source  string  `json:"source"`
	Pieces  []piece `json:"pieces"`
}

// piece is a router.Piece: text, or a parameter to fill in.
type piece struct {
	Text string `json:"text,omitempty"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"`
}

func routesOf(r *app.Router) []route {
	infos := r.Routes()
	routes := make([]route, 0, len(infos))
	for _, info := range infos {
		parts, err := router.Pieces(info.Pattern)
		if err != nil {
			continue // not of a pattern that the router has taken
		}
		pieces := make([]piece, 0, len(parts))
		for _, p := range parts {
			pieces = append(pieces, piece(p))
		}
		routes = append(routes, route{Pattern: info.Pattern, Handler: info.Handler, Source: info.Source, Pieces: pieces})
	}
	return routes
}
