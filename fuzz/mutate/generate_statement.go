package main

import (
	"go/ast"
	"go/token"
	"strings"
)

// statement adds what can be done to a statement as a whole.
func (g *generator) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.IfStmt:
		g.condition(s.Cond)
	case *ast.ForStmt:
		g.condition(s.Cond)
	case *ast.SwitchStmt:
		g.cases(s)
	case *ast.ExprStmt, *ast.GoStmt, *ast.DeferStmt, *ast.SendStmt:
		g.add(s.Pos(), s.End(), "")
	case *ast.IncDecStmt:
		g.add(s.Pos(), s.End(), "")
		g.add(s.TokPos, s.End(), map[token.Token]string{token.INC: "--", token.DEC: "++"}[s.Tok])
	case *ast.AssignStmt:
		g.assignment(s)
	case *ast.BranchStmt:
		if other := map[token.Token]string{token.BREAK: "continue", token.CONTINUE: "break"}[s.Tok]; other != "" {
			g.add(s.Pos(), s.Pos()+token.Pos(len(s.Tok.String())), other)
		}
	case *ast.ReturnStmt:
		g.returned(s)
	}
}

// cases goes through a switch: the conditions of one without a tag, the values of one
// with a tag.
func (g *generator) cases(s *ast.SwitchStmt) {
	for _, clause := range s.Body.List {
		list := clause.(*ast.CaseClause).List
		for i, e := range list {
			switch {
			case s.Tag == nil:
				g.condition(e)
			case len(list) == 1:
			case i == 0:
				g.add(e.Pos(), list[1].Pos(), "")
			default:
				g.add(list[i-1].End(), e.End(), "")
			}
		}
	}
}

// assignment leaves out one target of an assignment. What declares a variable stays:
// without it nothing compiles.
func (g *generator) assignment(s *ast.AssignStmt) {
	switch s.Tok {
	case token.DEFINE:
		return
	case token.ASSIGN:
	default: // such as +=
		g.add(s.Lhs[0].Pos(), s.TokPos+token.Pos(len(s.Tok.String())), "_ =")
		op := strings.TrimSuffix(s.Tok.String(), "=")
		for _, other := range counterparts(operator(op)) {
			g.add(s.TokPos, s.TokPos+token.Pos(len(op)), other.String())
		}
		return
	}
	for i, target := range s.Lhs {
		switch {
		case g.code(target) == "_":
		case len(s.Lhs) == len(s.Rhs) && g.code(s.Rhs[i]) == "nil" && len(s.Lhs) == 1:
			g.add(s.Pos(), s.End(), "") // _ = nil doesn't compile
		case len(s.Lhs) == len(s.Rhs) && g.code(s.Rhs[i]) == "nil":
			g.add(s.Rhs[i].Pos(), s.Rhs[i].End(), g.code(target)) // keeps what it has
		default:
			g.add(target.Pos(), target.End(), "_")
		}
	}
}

// operator returns the token of a binary operator.
func operator(text string) token.Token {
	for t := token.ADD; t <= token.AND_NOT; t++ {
		if t.String() == text {
			return t
		}
	}
	return token.ILLEGAL
}

// returned changes one of the values that are returned, or leaves out a return that
// has none.
func (g *generator) returned(s *ast.ReturnStmt) {
	if len(s.Results) == 0 {
		g.add(s.Pos(), s.End(), "")
		return
	}
	if len(s.Results) != len(g.results) {
		return // those of another function, passed on
	}
	for i, e := range s.Results {
		switch code := g.code(e); {
		case code == "true" || code == "false": // done where they are met
		case g.results[i] == "bool":
			g.add(e.Pos(), e.End(), "!("+code+")")
		case !isZero(code):
			g.add(e.Pos(), e.End(), "*new("+g.results[i]+")")
		}
	}
}

// isZero reports whether an expression is a zero value on the face of it.
func isZero(code string) bool {
	return code == "0" || code == "nil" || code == `""` || strings.HasSuffix(code, "{}")
}
