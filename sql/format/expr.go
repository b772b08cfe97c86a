package format

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
)

func itoa(n int) string { return strconv.Itoa(n) }

// expr prints an expression; operators come out in parentheses.
func (p *printer) expr(e ast.Expr) {
	if p.duck && p.duckExpr(e) {
		return
	}
	switch e := e.(type) {
	case *ast.Literal:
		p.literal(e)
	case *ast.TypedLiteral:
		p.typ(e.Type)
		p.str(" ", QuoteString(e.Text))
	case *ast.Interval:
		p.interval(e)
	case *ast.ColumnRef:
		p.name(e.Parts)
	case *ast.PositionalRef:
		p.str("#", itoa(e.Index))
	case *ast.Parameter:
		switch {
		case e.Name == "":
			p.str("$", itoa(e.Index))
		case strings.Contains(e.Name, "$") || !plain("a"+e.Name):
			p.str(":", QuoteIdent(e.Name))
		default:
			p.str("$", e.Name)
		}
	case *ast.Default:
		p.str("DEFAULT")
	case *ast.Star:
		p.star(e)
	case *ast.Columns:
		p.qualifier(e.Qualifier)
		p.flag(e.Unpack, "*")
		p.str("COLUMNS(")
		p.expr(e.Arg)
		p.str(")")
	case *ast.Unary:
		if e.Op == "!" {
			p.str("(")
			p.group(e.X)
			p.str(" !)")
			return
		}
		p.str("(", e.Op)
		p.group(e.X)
		p.str(")")
	case *ast.Binary:
		p.infix(e.L, e.Op, e.R)
	case *ast.Concat:
		p.chain(e.Terms, " || ")
	case *ast.Arrow:
		p.infix(e.L, "->", e.R)
	case *ast.Lambda:
		p.str("(LAMBDA ")
		for i, id := range e.Params {
			p.sep(i)
			p.ident(id)
		}
		p.str(": ")
		p.expr(e.Body)
		p.str(")")
	case *ast.And:
		p.chain(e.Terms, " AND ")
	case *ast.Or:
		p.chain(e.Terms, " OR ")
	case *ast.Not:
		p.str("(NOT ")
		p.expr(e.X)
		p.str(")")
	case *ast.Comparison:
		p.infix(e.L, e.Op.String(), e.R)
	default:
		p.predicate(e)
	}
}

// predicate prints the nodes of IS, BETWEEN, IN, LIKE, and hands on the others.
func (p *printer) predicate(e ast.Expr) {
	switch e := e.(type) {
	case *ast.IsNull:
		p.str("(")
		p.expr(e.X)
		p.str(pick(e.Not, " IS NOT NULL)", " IS NULL)"))
	case *ast.IsDistinct:
		p.infix(e.L, pick(e.Not, "IS NOT DISTINCT FROM", "IS DISTINCT FROM"), e.R)
	case *ast.IsTruth:
		p.str("(")
		p.expr(e.X)
		p.str(pick(e.Not, " IS NOT ", " IS "), [...]string{"TRUE", "FALSE", "UNKNOWN"}[e.Value], ")")
	case *ast.Between:
		p.str("(")
		p.expr(e.X)
		p.str(pick(e.Not, " NOT BETWEEN ", " BETWEEN "))
		p.flag(e.Symmetric, "SYMMETRIC ")
		p.expr(e.Lo)
		p.str(" AND ")
		p.expr(e.Hi)
		p.str(")")
	case *ast.InList:
		p.str("(")
		p.expr(e.X)
		p.str(pick(e.Not, " NOT IN (", " IN ("))
		p.exprs(e.List)
		p.str("))")
	case *ast.InSubquery:
		p.str("(")
		p.expr(e.X)
		p.str(pick(e.Not, " NOT IN (", " IN ("))
		p.query(e.Query)
		p.str("))")
	case *ast.InValue:
		p.infix(e.X, pick(e.Not, "NOT IN", "IN"), e.V)
	case *ast.Like:
		p.str("(")
		p.expr(e.X)
		p.like(e)
		p.str(")")
	case *ast.Case:
		p.str("CASE")
		p.clause(" ", e.Operand)
		for _, w := range e.Whens {
			p.clause(" WHEN ", w.Cond)
			p.clause(" THEN ", w.Result)
		}
		p.clause(" ELSE ", e.Else)
		p.str(" END")
	case *ast.Cast:
		p.str(pick(e.Try, "TRY_CAST(", "CAST("))
		p.expr(e.X)
		p.str(" AS ")
		p.typ(e.Type)
		p.str(")")
	case *ast.Collate:
		p.str("(")
		p.expr(e.X)
		p.str(" COLLATE ")
		p.name(e.Collation)
		p.str(")")
	default:
		p.composite(e)
	}
}

// composite prints subqueries, nested values, subscripts and calls.
func (p *printer) composite(e ast.Expr) {
	switch e := e.(type) {
	case *ast.Subquery:
		p.subquery("(", e.Query)
	case *ast.Exists:
		p.subquery("EXISTS(", e.Query)
	case *ast.ArraySubquery:
		p.subquery("ARRAY(", e.Query)
	case *ast.Quantified:
		p.str("(")
		p.expr(e.X)
		p.str(" ", e.Op.String(), pick(e.All, " ALL(", " ANY("))
		if e.Query != nil {
			p.query(e.Query)
		} else if row, ok := e.List.(*ast.Row); ok && !row.Explicit {
			p.exprs(row.Elems)
		} else {
			p.expr(e.List)
		}
		p.str("))")
	case *ast.Row:
		p.str(pick(e.Explicit, "ROW(", "("))
		p.exprs(e.Elems)
		p.flag(len(e.Elems) == 1 && !e.Explicit, ",")
		p.str(")")
	case *ast.List:
		p.str("[")
		p.exprs(e.Elems)
		p.str("]")
	case *ast.ListComprehension:
		p.str("[")
		p.expr(e.Elem)
		p.str(" FOR ")
		for i, id := range e.Vars {
			p.sep(i)
			p.ident(id)
		}
		p.clause(" IN ", e.Source)
		p.clause(" IF ", e.Filter)
		p.str("]")
	case *ast.Struct:
		p.str("{")
		for i, f := range e.Fields {
			p.sep(i)
			p.str(QuoteString(f.Name), ": ")
			p.expr(f.Value)
		}
		p.str("}")
	case *ast.Map:
		p.str("MAP {")
		for i := range e.Keys {
			p.sep(i)
			p.expr(e.Keys[i])
			p.str(": ")
			p.expr(e.Values[i])
		}
		p.str("}")
	case *ast.Index:
		p.operand(e.X)
		p.str("[")
		p.expr(e.I)
		p.str("]")
	case *ast.Slice:
		p.slice(e)
	case *ast.Field:
		if _, column := e.X.(*ast.ColumnRef); column || p.duck {
			p.group(e.X) // or it would be a qualified name
		} else {
			p.operand(e.X)
		}
		p.str(".")
		p.ident(e.Name)
	case *ast.FuncCall:
		p.call(e)
	case *ast.NamedArg:
		p.ident(e.Name)
		p.str(" := ")
		p.expr(e.Value)
	}
}

func pick(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

func (p *printer) subquery(open string, q *ast.Query) {
	p.str(open)
	p.query(q)
	p.str(")")
}

func (p *printer) infix(l ast.Expr, op string, r ast.Expr) {
	p.str("(")
	p.expr(l)
	p.str(" ", op, " ")
	p.expr(r)
	p.str(")")
}

func (p *printer) chain(terms []ast.Expr, op string) {
	p.str("(")
	for i, t := range terms {
		if i > 0 {
			p.str(op)
		}
		p.expr(t)
	}
	p.str(")")
}

// group prints an operand of a prefix operator in parentheses of its own, so
// that a sign does not run into a number or another operator.
func (p *printer) group(e ast.Expr) {
	p.str("(")
	p.expr(e)
	p.str(")")
}

// operand prints what a subscript, a field or a method applies to.
func (p *printer) operand(e ast.Expr) {
	switch e := e.(type) {
	case *ast.ColumnRef, *ast.List, *ast.Struct, *ast.Map, *ast.Row, *ast.Index, *ast.Slice, *ast.Field, *ast.FuncCall, *ast.Cast:
		p.expr(e)
	case *ast.Literal:
		if e.Kind == ast.LitString {
			p.expr(e)
			return
		}
		p.group(e)
	default:
		p.group(e)
	}
}

func (p *printer) slice(e *ast.Slice) {
	p.operand(e.X)
	p.str("[")
	p.clause("", e.Lo)
	p.str(":")
	switch {
	case e.Hi != nil:
		p.expr(e.Hi)
	case e.Step != nil:
		p.str("-")
	}
	p.clause(":", e.Step)
	p.str("]")
}

func (p *printer) literal(l *ast.Literal) {
	switch l.Kind {
	case ast.LitNull:
		p.str("NULL")
	case ast.LitBool:
		p.str(strings.ToUpper(l.Text))
	case ast.LitString:
		p.str(QuoteString(l.Text))
	case ast.LitBlob:
		p.str("X'", strings.ToUpper(hex.EncodeToString([]byte(l.Text))), "'")
	default:
		p.str(l.Text)
	}
}

func (p *printer) interval(i *ast.Interval) {
	p.str("INTERVAL ")
	if l, ok := i.Value.(*ast.Literal); ok && l.Kind != ast.LitNull && l.Kind != ast.LitBool && !strings.HasPrefix(l.Text, "-") || ok && l.Kind == ast.LitString {
		p.expr(l)
	} else {
		p.group(i.Value)
	}
	if i.Unit != "" {
		p.str(" ", strings.ToUpper(i.Unit))
	}
}

func (p *printer) qualifier(parts []ast.Ident) {
	if len(parts) > 0 {
		p.name(parts)
		p.str(".")
	}
}

func (p *printer) star(s *ast.Star) {
	p.qualifier(s.Qualifier)
	p.str("*")
	list(p, " EXCLUDE (", s.Exclude, p.name)
	list(p, " REPLACE (", s.Replace, func(r ast.StarReplace) {
		p.expr(r.Expr)
		p.str(" AS ")
		p.ident(r.Column)
	})
	list(p, " RENAME (", s.Rename, func(r ast.StarRename) {
		p.name(r.Column)
		p.str(" AS ")
		p.ident(r.Name)
	})
	if s.Like != nil {
		p.like(s.Like)
	}
}

// like prints the operator and pattern of a LIKE, not its left side.
func (p *printer) like(l *ast.Like) {
	p.str(pick(l.Not, " NOT ", " "), l.Kind.String(), " ")
	p.expr(l.Pattern)
	p.clause(" ESCAPE ", l.Escape)
}
