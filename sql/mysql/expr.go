package mysql

import (
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

func (c *converter) exprs(list []sqlparser.Expr) []ast.Expr {
	out := make([]ast.Expr, 0, len(list))
	for _, e := range list {
		out = append(out, c.expr(e))
	}
	return out
}

// expr converts an expression. It never returns nil.
func (c *converter) expr(e sqlparser.Expr) ast.Expr {
	defer c.leave()
	if !c.enter() {
		return null(c.at)
	}
	switch e := e.(type) {
	case *sqlparser.Literal:
		return c.literal(e)
	case *sqlparser.NullVal:
		return null(c.find("null"))
	case sqlparser.BoolVal:
		return &ast.Literal{At: c.find(strconv.FormatBool(bool(e))), Kind: ast.LitBool, Text: strconv.FormatBool(bool(e))}
	case *sqlparser.ColName:
		return c.column(e)
	case *sqlparser.Argument:
		return c.argument(e)
	case *sqlparser.AndExpr:
		terms := c.chain(e)
		return &ast.And{At: ast.At(terms[0].Pos()), Terms: terms}
	case *sqlparser.OrExpr:
		terms := c.chain(e)
		return &ast.Or{At: ast.At(terms[0].Pos()), Terms: terms}
	case *sqlparser.XorExpr:
		l := c.condition(c.expr(e.Left))
		at := c.find("xor")
		return &ast.Comparison{At: at, Op: ast.OpNe, L: l, R: c.condition(c.expr(e.Right))}
	case *sqlparser.NotExpr:
		at := c.find("not")
		return &ast.Not{At: at, X: c.expr(e.Expr)}
	case *sqlparser.ComparisonExpr:
		return c.comparison(e)
	case *sqlparser.BetweenExpr:
		x := c.expr(e.Left)
		at := c.find("between")
		return &ast.Between{At: at, X: x, Lo: c.expr(e.From), Hi: c.expr(e.To), Not: !e.IsBetween}
	case *sqlparser.IsExpr:
		return c.is(e)
	case *sqlparser.ExistsExpr:
		at := c.find("exists")
		return &ast.Exists{At: at, Query: c.query(e.Subquery.Select)}
	case *sqlparser.Subquery:
		return &ast.Subquery{At: c.peekAt("("), Query: c.query(e.Select)}
	case sqlparser.ValTuple:
		return &ast.Row{At: c.peekAt("("), Elems: c.exprs(e)}
	case *sqlparser.BinaryExpr:
		return c.binary(e)
	case *sqlparser.UnaryExpr:
		return c.unary(e)
	case *sqlparser.CaseExpr:
		return c.caseExpr(e)
	case *sqlparser.CollateExpr:
		x := c.expr(e.Expr)
		if !strings.HasSuffix(lower(e.Collation), "_bin") && lower(e.Collation) != "binary" {
			c.unsupported(c.find(e.Collation), "the collation %s", e.Collation)
		}
		return x
	case *sqlparser.Default:
		return &ast.Default{At: c.find("default")}
	case *sqlparser.Variable:
		return c.variable(e)
	case *sqlparser.IntroducerExpr:
		c.unsupported(c.find(e.CharacterSet), "the character set introducer %s", e.CharacterSet)
		return null(c.at)
	case *sqlparser.AssignmentExpr:
		c.unsupported(c.at, "assignment to a variable")
		return null(c.at)
	}
	return c.call(e)
}

// chain flattens AND or OR, which nest to the left.
func (c *converter) chain(e sqlparser.Expr) []ast.Expr {
	var terms []sqlparser.Expr
	_, and := e.(*sqlparser.AndExpr)
	for {
		if n, ok := e.(*sqlparser.AndExpr); ok && and {
			terms, e = append(terms, n.Right), n.Left
			continue
		}
		if n, ok := e.(*sqlparser.OrExpr); ok && !and {
			terms, e = append(terms, n.Right), n.Left
			continue
		}
		break
	}
	out := []ast.Expr{c.expr(e)}
	for i := len(terms) - 1; i >= 0 && c.err == nil; i-- {
		out = append(out, c.expr(terms[i]))
	}
	return out
}

func (c *converter) column(e *sqlparser.ColName) ast.Expr {
	var parts []ast.Ident
	if q := e.Qualifier.Qualifier.String(); q != "" {
		parts = append(parts, c.ident(q))
	}
	if q := e.Qualifier.Name.String(); q != "" {
		parts = append(parts, c.ident(q))
	}
	parts = append(parts, c.ident(e.Name.String()))
	return &ast.ColumnRef{At: parts[0].At, Parts: parts}
}

// argument converts ? (which Vitess calls v1, v2, ...) and :name.
func (c *converter) argument(e *sqlparser.Argument) ast.Expr {
	if n, err := strconv.Atoi(strings.TrimPrefix(e.Name, "v")); err == nil && strings.HasPrefix(e.Name, "v") && n <= c.st.params {
		return &ast.Parameter{At: c.find(":" + e.Name), Index: n}
	}
	return &ast.Parameter{At: c.find(":" + e.Name), Name: lower(e.Name)}
}

func (c *converter) literal(e *sqlparser.Literal) ast.Expr {
	at := c.find(e.Val)
	switch e.Type {
	case sqlparser.StrVal:
		return text(at, e.Val)
	case sqlparser.IntVal:
		return &ast.Literal{At: at, Kind: ast.LitInteger, Text: e.Val}
	case sqlparser.DecimalVal:
		return &ast.Literal{At: at, Kind: ast.LitDecimal, Text: point(e.Val)}
	case sqlparser.FloatVal:
		return &ast.Literal{At: at, Kind: ast.LitFloat, Text: e.Val}
	case sqlparser.HexVal, sqlparser.HexNum:
		digits := strings.TrimPrefix(strings.TrimPrefix(e.Val, "0x"), "0X")
		if len(digits)%2 == 1 {
			digits = "0" + digits
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			c.fail(at, sqlerr.CodeSyntax, "malformed hexadecimal literal %s", clip(e.Val))
		}
		return &ast.Literal{At: at, Kind: ast.LitBlob, Text: string(b)}
	case sqlparser.BitNum:
		digits := strings.TrimPrefix(strings.TrimPrefix(e.Val, "0b"), "0B")
		n, ok := new(big.Int).SetString("0"+digits, 2)
		if !ok {
			c.fail(at, sqlerr.CodeSyntax, "malformed bit literal %s", clip(e.Val))
			return null(at)
		}
		b := make([]byte, (len(digits)+7)/8)
		return &ast.Literal{At: at, Kind: ast.LitBlob, Text: string(n.FillBytes(b))}
	case sqlparser.DateVal:
		return &ast.TypedLiteral{At: at, Type: typeNamed(at, "date"), Text: e.Val}
	case sqlparser.TimeVal:
		return &ast.TypedLiteral{At: at, Type: typeNamed(at, "time"), Text: e.Val}
	case sqlparser.TimestampVal:
		return &ast.TypedLiteral{At: at, Type: typeNamed(at, "timestamp"), Text: e.Val}
	}
	c.unsupported(at, "this literal")
	return null(at)
}

// point gives a decimal digits on both sides of its point.
func point(s string) string {
	if strings.HasPrefix(s, ".") {
		s = "0" + s
	}
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return s
}

var compareOps = map[sqlparser.ComparisonExprOperator]ast.CompareOp{
	sqlparser.EqualOp: ast.OpEq, sqlparser.NotEqualOp: ast.OpNe, sqlparser.LessThanOp: ast.OpLt,
	sqlparser.LessEqualOp: ast.OpLe, sqlparser.GreaterThanOp: ast.OpGt, sqlparser.GreaterEqualOp: ast.OpGe,
}

func (c *converter) comparison(e *sqlparser.ComparisonExpr) ast.Expr {
	l := c.expr(e.Left)
	word := e.Operator.ToString()
	not := strings.HasPrefix(word, "not ")
	at := c.find(strings.TrimPrefix(word, "not "))
	if op, ok := compareOps[e.Operator]; ok {
		if e.Modifier != sqlparser.Missing {
			q := &ast.Quantified{At: at, Op: op, X: l, All: e.Modifier == sqlparser.All}
			sub, ok := e.Right.(*sqlparser.Subquery)
			if !ok {
				c.unsupported(at, "ANY of anything but a subquery")
				return null(at)
			}
			q.Query = c.query(sub.Select)
			return q
		}
		return &ast.Comparison{At: at, Op: op, L: l, R: c.expr(e.Right)}
	}
	switch e.Operator {
	case sqlparser.NullSafeEqualOp:
		return &ast.IsDistinct{At: at, L: l, R: c.expr(e.Right), Not: true}
	case sqlparser.InOp, sqlparser.NotInOp:
		switch r := e.Right.(type) {
		case sqlparser.ValTuple:
			return &ast.InList{At: at, X: l, List: c.exprs(r), Not: not}
		case *sqlparser.Subquery:
			return &ast.InSubquery{At: at, X: l, Query: c.query(r.Select), Not: not}
		}
	case sqlparser.LikeOp, sqlparser.NotLikeOp:
		return c.like(at, l, e, not)
	case sqlparser.RegexpOp, sqlparser.NotRegexpOp:
		var x ast.Expr = call(at, "regexp_matches", l, c.expr(e.Right))
		if not {
			x = &ast.Not{At: at, X: x}
		}
		return x
	}
	c.unsupported(at, "%s", typeOf(e.Right))
	return null(at)
}

// like converts LIKE, whose escape character is the backslash unless the text
// names another; a literal pattern without it needs none.
func (c *converter) like(at ast.At, l ast.Expr, e *sqlparser.ComparisonExpr, not bool) ast.Expr {
	out := &ast.Like{At: at, Kind: ast.LikePlain, X: l, Pattern: c.expr(e.Right), Not: not}
	if e.Escape != nil {
		out.Escape = c.expr(e.Escape)
		return out
	}
	if p, ok := out.Pattern.(*ast.Literal); !ok || strings.Contains(p.Text, `\`) {
		out.Escape = text(at, `\`)
	}
	return out
}

func (c *converter) is(e *sqlparser.IsExpr) ast.Expr {
	x := c.expr(e.Left)
	at := c.find("is")
	switch e.Right {
	case sqlparser.IsNullOp, sqlparser.IsNotNullOp:
		return &ast.IsNull{At: at, X: x, Not: e.Right == sqlparser.IsNotNullOp}
	case sqlparser.IsTrueOp, sqlparser.IsNotTrueOp:
		return &ast.IsTruth{At: at, X: x, Value: ast.True, Not: e.Right == sqlparser.IsNotTrueOp}
	}
	return &ast.IsTruth{At: at, X: x, Value: ast.False, Not: e.Right == sqlparser.IsNotFalseOp}
}

var binaryOps = map[sqlparser.BinaryExprOperator]string{
	sqlparser.BitAndOp: "&", sqlparser.BitOrOp: "|", sqlparser.BitXorOp: "^", sqlparser.PlusOp: "+", sqlparser.MinusOp: "-",
	sqlparser.MultOp: "*", sqlparser.DivOp: "/", sqlparser.IntDivOp: "div", sqlparser.ModOp: "%",
	sqlparser.ShiftLeftOp: "<<", sqlparser.ShiftRightOp: ">>",
}

func (c *converter) binary(e *sqlparser.BinaryExpr) ast.Expr {
	op := binaryOps[e.Operator]
	l := c.number(c.expr(e.Left))
	at := c.find(op)
	r := c.number(c.expr(e.Right))
	switch e.Operator {
	case sqlparser.BitXorOp:
		return call(at, "xor", l, r)
	case sqlparser.DivOp:
		return binary(at, "/", l, nonZero(r))
	case sqlparser.IntDivOp:
		return intDiv(at, l, r)
	}
	return binary(at, op, l, r)
}

// nonZero makes a divisor of zero NULL.
func nonZero(x ast.Expr) ast.Expr {
	if l, ok := x.(*ast.Literal); ok && strings.Trim(l.Text, "-0.") != "" && l.Kind != ast.LitString {
		return x
	}
	at := ast.At(x.Pos())
	return call(at, "nullif", x, integer(at, 0))
}

// intDiv is DIV: the quotient of integers, or of other numbers cut to one.
func intDiv(at ast.At, l, r ast.Expr) ast.Expr {
	fraction := func(x ast.Expr) bool {
		lit, ok := x.(*ast.Literal)
		return ok && (lit.Kind == ast.LitDecimal || lit.Kind == ast.LitFloat)
	}
	if fraction(l) || fraction(r) {
		return cast(at, call(at, "trunc", binary(at, "/", l, nonZero(r))), "bigint")
	}
	return binary(at, "//", l, r)
}

func (c *converter) unary(e *sqlparser.UnaryExpr) ast.Expr {
	switch e.Operator {
	case sqlparser.BangOp:
		at := c.find("!")
		return &ast.Not{At: at, X: c.expr(e.Expr)}
	case sqlparser.NStringOp:
		return c.expr(e.Expr)
	case sqlparser.UPlusOp:
		return c.number(c.expr(e.Expr))
	case sqlparser.TildaOp:
		at := c.find("~")
		return &ast.Unary{At: at, Op: "~", X: c.number(c.expr(e.Expr))}
	}
	at := c.find("-")
	x := c.number(c.expr(e.Expr))
	if l, ok := x.(*ast.Literal); ok && (l.Kind == ast.LitInteger || l.Kind == ast.LitDecimal || l.Kind == ast.LitFloat) &&
		!strings.HasPrefix(l.Text, "-") {
		return &ast.Literal{At: at, Kind: l.Kind, Text: "-" + l.Text}
	}
	return &ast.Unary{At: at, Op: "-", X: x}
}

func (c *converter) caseExpr(e *sqlparser.CaseExpr) ast.Expr {
	out := &ast.Case{At: c.find("case")}
	if e.Expr != nil {
		out.Operand = c.expr(e.Expr)
	}
	for _, w := range e.Whens {
		cond := c.expr(w.Cond)
		out.Whens = append(out.Whens, ast.When{At: ast.At(cond.Pos()), Cond: cond, Result: c.number(c.expr(w.Val))})
	}
	if e.Else != nil {
		out.Else = c.number(c.expr(e.Else))
	}
	return out
}

// variable converts @@name to a setting; user variables do not exist.
func (c *converter) variable(e *sqlparser.Variable) ast.Expr {
	name := e.Name.String()
	at := c.find(name)
	if e.Scope == sqlparser.VariableScope {
		c.unsupported(at, "the user variable @%s", name)
		return null(at)
	}
	if lower(name) == "version" {
		return call(at, "version")
	}
	return call(at, "current_setting", text(at, lower(name)))
}

// predicate reports whether an expression is a truth value by its form.
func predicate(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.And, *ast.Or, *ast.Not, *ast.Comparison, *ast.IsNull, *ast.IsDistinct, *ast.IsTruth, *ast.Between, *ast.InList,
		*ast.InSubquery, *ast.Like, *ast.Exists, *ast.Quantified:
		return true
	case *ast.Literal:
		return x.Kind == ast.LitBool
	case *ast.FuncCall:
		switch x.Name[0].Name {
		case "regexp_matches", "isfinite":
			return true
		}
	}
	return false
}

// number makes a predicate the integer that it is in MySQL.
func (c *converter) number(x ast.Expr) ast.Expr {
	if predicate(x) {
		return cast(ast.At(x.Pos()), x, "integer")
	}
	return x
}

// condition makes anything a truth value.
func (c *converter) condition(x ast.Expr) ast.Expr {
	if predicate(x) {
		return x
	}
	return cast(ast.At(x.Pos()), x, "boolean")
}
