package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// mutantsOf returns the mutants of a file, in the order of their places.
func mutantsOf(filename string, source []byte) ([]*mutant, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, filename, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	g := &generator{filename: filename, source: source, file: fset.File(file.FileStart)}
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			g.function(fn)
			continue
		}
		g.fn = nil
		ast.Inspect(decl, g.visit)
	}
	slices.SortStableFunc(g.all, func(a, b *mutant) int { return a.start - b.start })
	seen := make(map[name]int)
	for _, m := range g.all {
		n := m.name()
		seen[n]++
		m.nth = seen[n]
	}
	return g.all, nil
}

// A generator walks through one file.
type generator struct {
	filename string
	source   []byte
	file     *token.File
	fn       *function // that it is in
	results  []string  // that function's types of results, as the source has them
	all      []*mutant
}

// function goes through a function or method.
func (g *generator) function(fn *ast.FuncDecl) {
	if fn.Body == nil {
		return
	}
	g.fn = &function{
		name:  fn.Name.Name,
		start: g.file.Offset(fn.Pos()), end: g.file.Offset(fn.End()),
		nameStart: g.file.Offset(fn.Name.Pos()), nameEnd: g.file.Offset(fn.Name.End()),
		body: g.file.Offset(fn.Body.Lbrace) + 1,
		call: g.call(fn),
	}
	if fn.Recv != nil {
		g.fn.name = strings.TrimPrefix(g.code(fn.Recv.List[0].Type), "*") + "." + g.fn.name
	}
	g.body(fn.Type, fn.Body)
}

// call returns a call of a function of another name, %s, with a function's receiver and
// parameters. It is "" for one that has parameters without names or types.
func (g *generator) call(fn *ast.FuncDecl) string {
	if fn.Type.TypeParams != nil || fn.Name.Name == "init" {
		return ""
	}
	call := "%s"
	if fn.Recv != nil {
		names := fn.Recv.List[0].Names
		if len(names) == 0 || strings.Contains(g.code(fn.Recv.List[0].Type), "[") {
			return ""
		}
		call = names[0].Name + ".%s"
	}
	var args []string
	for _, field := range fn.Type.Params.List {
		if len(field.Names) == 0 {
			return ""
		}
		for _, n := range field.Names {
			arg := n.Name
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				arg += "..."
			}
			args = append(args, arg)
		}
	}
	call += "(" + strings.Join(args, ", ") + ")"
	if strings.Contains(call, "_") {
		return ""
	}
	if fn.Type.Results == nil {
		return call + "; return"
	}
	return "return " + call
}

// body goes through a function of a type.
func (g *generator) body(of *ast.FuncType, body *ast.BlockStmt) {
	outer := g.results
	g.results = nil
	if of.Results != nil {
		for _, field := range of.Results.List {
			for range max(1, len(field.Names)) {
				g.results = append(g.results, g.code(field.Type))
			}
		}
	}
	ast.Inspect(body, g.visit)
	g.results = outer
}

// visit adds the mutants of one node.
func (g *generator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncLit:
		g.body(n.Type, n.Body)
		return false
	case *ast.ImportSpec, *ast.StructType, *ast.FuncType:
		return false
	case ast.Stmt:
		g.statement(n)
	case ast.Expr:
		g.expression(n)
	}
	return true
}

// counterparts are the operators that take an operator's place.
func counterparts(op token.Token) []token.Token {
	switch op {
	case token.LSS:
		return []token.Token{token.LEQ, token.GEQ}
	case token.LEQ:
		return []token.Token{token.LSS, token.GTR}
	case token.GTR:
		return []token.Token{token.GEQ, token.LEQ}
	case token.GEQ:
		return []token.Token{token.GTR, token.LSS}
	}
	pairs := []token.Token{
		token.EQL, token.NEQ, token.NEQ, token.EQL, token.LAND, token.LOR, token.LOR, token.LAND,
		token.ADD, token.SUB, token.SUB, token.ADD, token.MUL, token.QUO, token.QUO, token.MUL, token.REM, token.MUL,
		token.AND, token.OR, token.OR, token.AND, token.XOR, token.OR, token.AND_NOT, token.AND,
		token.SHL, token.SHR, token.SHR, token.SHL,
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == op {
			return pairs[i+1 : i+2]
		}
	}
	return nil
}

// expression adds what can be done to an expression as such.
func (g *generator) expression(e ast.Expr) {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		for _, op := range counterparts(e.Op) {
			g.add(e.OpPos, e.OpPos+token.Pos(len(e.Op.String())), op.String())
		}
		if e.Op == token.LAND || e.Op == token.LOR {
			g.condition(e.X)
			g.condition(e.Y)
		}
	case *ast.UnaryExpr:
		if slices.Contains([]token.Token{token.NOT, token.SUB, token.XOR}, e.Op) {
			g.add(e.OpPos, e.X.Pos(), "")
		}
	case *ast.BasicLit:
		if e.Kind == token.INT || e.Kind == token.CHAR {
			g.add(e.Pos(), e.End(), "("+e.Value+" + 1)")
			g.add(e.Pos(), e.End(), "("+e.Value+" - 1)")
		}
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			g.add(e.Pos(), e.End(), strconv.FormatBool(e.Name != "true"))
		}
	}
}

// condition turns a condition around that is neither a comparison nor a negation nor
// made of such: those are turned around where they are met.
func (g *generator) condition(e ast.Expr) {
	switch e.(type) {
	case *ast.Ident, *ast.CallExpr, *ast.SelectorExpr, *ast.IndexExpr:
		g.add(e.Pos(), e.End(), "!"+g.code(e))
	}
}

// code returns the source of a node.
func (g *generator) code(n ast.Node) string {
	return string(g.source[g.file.Offset(n.Pos()):g.file.Offset(n.End())])
}

// add adds the mutant in which text is in the place of what stands from one position
// to another.
func (g *generator) add(from, to token.Pos, text string) {
	g.all = append(g.all, &mutant{
		file: g.filename, source: g.source, fn: g.fn, line: g.file.Line(from),
		start: g.file.Offset(from), end: g.file.Offset(to), text: text,
	})
}
