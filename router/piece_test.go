package router_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/router"
)

func TestPieces(t *testing.T) {
	text := func(s string) router.Piece { return router.Piece{Text: s} }
	param := func(name, typ string) router.Piece { return router.Piece{Name: name, Type: typ} }
	for _, tt := range []struct {
		name, pattern string
		want          []router.Piece
	}{
		{"root", "/", []router.Piece{text("/")}},
		{"empty", "", []router.Piece{text("/")}},
		{"text", "/a/b", []router.Piece{text("/a/b")}},
		{"no-slash", "a", []router.Piece{text("/a")}},
		{"trailing-slash", "/a/", []router.Piece{text("/a/")}},
		{"type-name", "/room/{int:id}", []router.Piece{text("/room/"), param("id", "int")}},
		{"name-type", "/room/{id:int}/log", []router.Piece{text("/room/"), param("id", "int"), text("/log")}},
		{"name-only", "/{name}", []router.Piece{text("/"), param("name", "str")}},
		{"slash-behind", "/{name}/", []router.Piece{text("/"), param("name", "str"), text("/")}},
		{"rest", "/{path:rest}", []router.Piece{text("/"), param("rest", "path")}},
		{"two", "/{a}/{b}", []router.Piece{text("/"), param("a", "str"), text("/"), param("b", "str")}},
		{"mixed", "/v{int:major}.{int:minor}-x", []router.Piece{
			text("/v"), param("major", "int"), text("."), param("minor", "int"), text("-x")}},
		{"regex", "/{code:[a-z]{2}/?}/c", []router.Piece{text("/"), param("code", "[a-z]{2}/?"), text("/c")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := router.Pieces(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPiecesOfBadPattern(t *testing.T) {
	_, err := router.Pieces("/{int}")
	e, ok := errors.AsType[*router.RouteError](err)
	if !ok || !errors.Is(err, router.ErrPattern) || e.Pattern != "/{int}" || e.Reason == "" {
		t.Errorf("%#v, want a *RouteError that wraps ErrPattern, with pattern and reason", err)
	}
}

func ExamplePieces() {
	pieces, err := router.Pieces("/room/{int:id}/log")
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range pieces {
		if p.Name != "" {
			fmt.Printf("a field for the %s called %s\n", p.Type, p.Name)
		} else {
			fmt.Printf("the text %s\n", p.Text)
		}
	}
	// Output:
	// the text /room/
	// a field for the int called id
	// the text /log
}
