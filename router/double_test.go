package router_test

import (
	"cmp"
	"math"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// double is the reference: it tries every route on every path with regular expressions, and sorts what
// matches. It shares no code and no idea with the tree, and net/url decodes for it.
type double struct {
	ignoreSlash bool
	routes      []doubleRoute
	first       map[string]int // shape of the segments up to a place → the first route that has it
}

// doubleRoute is a route made of pieces.
type doubleRoute struct {
	pattern string
	pieces  []piece
}

// piece is a segment of a pattern, known by construction instead of by parsing.
type piece struct {
	spellings []string                   // ways to write it, # for names
	rank      int                        // specificity: the smaller goes first; equal ranks go by age
	expr      string                     // what it matches, with a group per parameter
	valid     func(values []string) bool // what the expression can't say; nil for nothing
}

// pieces is what random patterns are made of. The first spelling without names is a piece's shape.
var pieces = []piece{
	{[]string{"a"}, 0, `a`, nil},
	{[]string{"me"}, 0, `me`, nil},
	{[]string{"7"}, 0, `7`, nil},
	{[]string{"v1"}, 0, `v1`, nil},
	{[]string{"x.y z"}, 0, `x\.y z`, nil},
	{[]string{"你好"}, 0, `你好`, nil},
	{[]string{"vv{int:#}"}, 1, `vv([0-9]+)`, int64s},
	{[]string{"v{#:int}", "v{int:#}"}, 2, `v([0-9]+)`, int64s},
	{[]string{"{#}.{#:str}", "{str:#}.{#}"}, 4, `([^.]+)\.((?s).+)`, nil},
	{[]string{"v{#}"}, 3, `v((?s).+)`, nil},
	{[]string{"{int:#}", "{#:int}"}, 5, `([0-9]+)`, int64s},
	{[]string{"{float:#}", "{#:float}"}, 6, `(-?[0-9]+(?:\.[0-9]+)?)`, floats},
	{[]string{"{bool:#}", "{#:bool}"}, 7, `(true|false)`, nil},
	{[]string{"{uuid:#}", "{#:uuid}"}, 8, `([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})`, nil},
	{[]string{"{#:[a-m]+}"}, 9, `([a-m]+)`, nil},
	{[]string{"{#:[a-z/]{2,}}"}, 9, `([a-z/]{2,})`, nil},
	{[]string{"{#}", "{str:#}", "{#:str}"}, 10, `((?s).+)`, nil},
}

// Pieces that stand at the end only: a trailing slash, and all the rest.
var (
	slashPiece = piece{[]string{""}, 0, ``, nil}
	restPiece  = piece{[]string{"{path:#}", "{#:path}"}, 11, `((?s).+)`, stays}
)

func int64s(values []string) bool {
	n, ok := new(big.Int).SetString(values[0], 10)
	return ok && n.IsInt64()
}

func floats(values []string) bool {
	f, err := strconv.ParseFloat(values[0], 64)
	return err == nil && !math.IsInf(f, 0)
}

func stays(values []string) bool {
	parts := strings.Split(values[0], "/")
	return parts[0] != "" && !slices.Contains(parts, ".") && !slices.Contains(parts, "..")
}

// shape names what the pieces match.
func shape(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString("/" + p.spellings[0])
	}
	return b.String()
}

// counted drops a trailing slash that doesn't count.
func (d *double) counted(pieces []piece) []piece {
	if n := len(pieces); d.ignoreSlash && n > 0 && pieces[n-1].expr == "" {
		return pieces[:n-1]
	}
	return pieces
}

// has says whether a route of this shape is there.
func (d *double) has(pieces []piece) bool {
	return slices.ContainsFunc(d.routes, func(r doubleRoute) bool { return shape(r.pieces) == shape(d.counted(pieces)) })
}

// add takes a route in.
func (d *double) add(pattern string, pieces []piece) {
	pieces = d.counted(pieces)
	if d.first == nil {
		d.first = make(map[string]int)
	}
	for i := range pieces {
		if prefix := shape(pieces[:i+1]); d.first[prefix] == 0 {
			d.first[prefix] = len(d.routes) + 1
		}
	}
	d.routes = append(d.routes, doubleRoute{pattern, pieces})
}

// lookup returns the pattern that path leads to with its values, "" for none, or a status of 400.
func (d *double) lookup(path string) (pattern string, values []string, status int) {
	decoded := strings.Split(path, "/")
	for i, segment := range decoded {
		text, err := url.PathUnescape(segment)
		if err != nil || !utf8.ValidString(text) {
			return "", nil, 400
		}
		decoded[i] = text
	}
	if !strings.HasPrefix(path, "/") {
		return "", nil, 404
	}
	best := -1
	for i := range d.routes {
		got, ok := d.match(d.routes[i].pieces, decoded[1:])
		if ok && (best < 0 || d.compare(d.routes[i].pieces, d.routes[best].pieces) < 0) {
			best, values = i, got
		}
	}
	if best < 0 {
		return "", nil, 404
	}
	return d.routes[best].pattern, values, 200
}

// match matches one route.
func (d *double) match(pieces []piece, segments []string) (values []string, ok bool) {
	if n := len(pieces); n > 0 && pieces[n-1].rank == restPiece.rank && len(segments) > n {
		segments = append(slices.Clone(segments[:n-1]), strings.Join(segments[n-1:], "/"))
	}
	if d.ignoreSlash && len(segments) == len(pieces)+1 && segments[len(pieces)] == "" {
		segments = segments[:len(pieces)]
	}
	if len(segments) != len(pieces) {
		return nil, false
	}
	for i, p := range pieces {
		found := regexp.MustCompile(`^(?:` + p.expr + `)$`).FindStringSubmatch(segments[i])
		if found == nil || p.valid != nil && !p.valid(found[1:]) {
			return nil, false
		}
		values = append(values, found[1:]...)
	}
	return values, true
}

// compare orders two routes by the first segment in which they differ.
func (d *double) compare(a, b []piece) int {
	for i := range min(len(a), len(b)) {
		if a[i].spellings[0] != b[i].spellings[0] {
			return cmp.Or(cmp.Compare(a[i].rank, b[i].rank), cmp.Compare(d.first[shape(a[:i+1])], d.first[shape(b[:i+1])]))
		}
	}
	return cmp.Compare(len(a), len(b))
}
