package mysql

import (
	"slices"
	"strings"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// call converts function calls, for many of which Vitess has nodes of their
// own: plain calls by the table of functions.go, aggregates, window functions
// and the special syntaxes.
func (c *converter) call(e sqlparser.Expr) ast.Expr {
	switch e := e.(type) {
	case *sqlparser.FuncExpr:
		return c.function(e)
	case *sqlparser.CountStar:
		at := c.find("count")
		return c.over(call(at, "count", &ast.Star{At: c.find("*")}), e.OverClause)
	case *sqlparser.Count:
		return c.count(e)
	case *sqlparser.Sum:
		return c.aggregate("sum", "sum", e.Distinct, e.OverClause, e.Arg)
	case *sqlparser.Avg:
		return c.aggregate("avg", "avg", e.Distinct, e.OverClause, e.Arg)
	case *sqlparser.Min:
		return c.aggregate("min", "min", false, e.OverClause, e.Arg)
	case *sqlparser.Max:
		return c.aggregate("max", "max", false, e.OverClause, e.Arg)
	case *sqlparser.BitAnd:
		return c.aggregate("bit_and", "bit_and", false, e.OverClause, e.Arg)
	case *sqlparser.BitOr:
		return c.aggregate("bit_or", "bit_or", false, e.OverClause, e.Arg)
	case *sqlparser.BitXor:
		return c.aggregate("bit_xor", "bit_xor", false, e.OverClause, e.Arg)
	case *sqlparser.Std:
		return c.aggregate("std", "stddev_pop", false, e.OverClause, e.Arg)
	case *sqlparser.StdDev:
		return c.aggregate("stddev", "stddev_pop", false, e.OverClause, e.Arg)
	case *sqlparser.StdPop:
		return c.aggregate("stddev_pop", "stddev_pop", false, e.OverClause, e.Arg)
	case *sqlparser.StdSamp:
		return c.aggregate("stddev_samp", "stddev_samp", false, e.OverClause, e.Arg)
	case *sqlparser.VarPop:
		return c.aggregate("var_pop", "var_pop", false, e.OverClause, e.Arg)
	case *sqlparser.Variance:
		return c.aggregate("variance", "var_pop", false, e.OverClause, e.Arg)
	case *sqlparser.VarSamp:
		return c.aggregate("var_samp", "var_samp", false, e.OverClause, e.Arg)
	case *sqlparser.AnyValue:
		return c.aggregate("any_value", "any_value", false, nil, e.Arg)
	case *sqlparser.GroupConcatExpr:
		return c.groupConcat(e)
	case *sqlparser.ArgumentLessWindowExpr:
		name := e.Type.ToString()
		return c.over(call(c.find(name), name), e.OverClause)
	case *sqlparser.FirstOrLastValueExpr:
		name := e.Type.ToString()
		f := call(c.find(name), name, c.expr(e.Expr))
		return c.over(c.nulls(f, e.NullTreatmentClause), e.OverClause)
	case *sqlparser.NtileExpr:
		at := c.find("ntile")
		return c.over(call(at, "ntile", c.expr(e.N)), e.OverClause)
	case *sqlparser.NTHValueExpr:
		f := call(c.find("nth_value"), "nth_value", c.expr(e.Expr), c.expr(e.N))
		if e.FromFirstLastClause != nil && e.FromFirstLastClause.Type == sqlparser.FromLastType {
			c.unsupported(f.At, "FROM LAST")
		}
		return c.over(c.nulls(f, e.NullTreatmentClause), e.OverClause)
	case *sqlparser.LagLeadExpr:
		name := e.Type.ToString()
		f := call(c.find(name), name, c.expr(e.Expr))
		for _, x := range []sqlparser.Expr{e.N, e.Default} {
			if x != nil {
				f.Args = append(f.Args, c.expr(x))
			}
		}
		return c.over(c.nulls(f, e.NullTreatmentClause), e.OverClause)
	case *sqlparser.CastExpr:
		at := c.find("cast")
		if e.Array {
			c.unsupported(at, "CAST to an array")
		}
		return c.castTo(at, c.expr(e.Expr), e.Type)
	case *sqlparser.ConvertExpr:
		at := c.peekAt("convert")
		return c.castTo(at, c.expr(e.Expr), e.Type)
	case *sqlparser.ConvertUsingExpr:
		at := c.find("convert")
		return cast(at, c.expr(e.Expr), "varchar")
	case *sqlparser.SubstrExpr:
		return c.substring(e)
	case *sqlparser.TrimFuncExpr:
		return c.trim(e)
	case *sqlparser.LocateExpr:
		at := c.at
		args := []ast.Expr{c.expr(e.SubStr), c.expr(e.Str)}
		if e.Pos != nil {
			args = append(args, c.expr(e.Pos))
		}
		return locate(c, at, args)
	case *sqlparser.CharExpr:
		at := c.find("char")
		var terms []ast.Expr
		for _, x := range e.Exprs {
			terms = append(terms, call(at, "chr", cast(at, c.expr(x), "integer")))
		}
		return concat(c, at, terms)
	case *sqlparser.InsertExpr:
		c.unsupported(c.find("insert"), "the function insert")
	case *sqlparser.CurTimeFuncExpr:
		return c.now(e)
	case *sqlparser.ExtractFuncExpr:
		at := c.find("extract")
		return c.part(at, e.IntervalType, c.expr(e.Expr))
	case *sqlparser.IntervalDateExpr:
		return c.dateAdd(e)
	case *sqlparser.TimestampDiffExpr:
		at := c.find("timestampdiff")
		unit := c.unit(at, e.Unit)
		// The difference in whole units, as date_sub counts it.
		return call(at, "date_sub", text(at, unit), cast(at, c.expr(e.Expr1), "timestamp"), cast(at, c.expr(e.Expr2), "timestamp"))
	case *sqlparser.RegexpLikeExpr:
		at := c.find("regexp_like")
		f := call(at, "regexp_matches", c.expr(e.Expr), c.expr(e.Pattern))
		if e.MatchType != nil {
			f.Args = append(f.Args, c.expr(e.MatchType))
		}
		return f
	case *sqlparser.RegexpReplaceExpr:
		at := c.find("regexp_replace")
		if e.Position != nil || e.Occurrence != nil || e.MatchType != nil {
			c.unsupported(at, "regexp_replace with a position")
		}
		return call(at, "regexp_replace", c.expr(e.Expr), c.expr(e.Pattern), c.expr(e.Repl), text(at, "g"))
	case *sqlparser.RegexpSubstrExpr:
		at := c.find("regexp_substr")
		if e.Position != nil || e.Occurrence != nil || e.MatchType != nil {
			c.unsupported(at, "regexp_substr with a position")
		}
		x, p := c.expr(e.Expr), c.expr(e.Pattern)
		return &ast.Case{At: at, Whens: []ast.When{{At: at, Cond: call(at, "regexp_matches", x, p), Result: call(at, "regexp_extract", x, p)}}}
	}
	c.unsupported(c.at, "%s", strings.TrimSuffix(typeOf(e), "Expr"))
	return null(c.at)
}

// function converts a plain call.
func (c *converter) function(e *sqlparser.FuncExpr) ast.Expr {
	name := e.Name.Lowered()
	at := c.find(name)
	if !e.Qualifier.IsEmpty() {
		c.unsupported(at, "a function of a schema")
		return null(at)
	}
	if name == "date_format" || name == "str_to_date" || name == "time_format" || name == "from_unixtime" {
		return c.formatted(at, name, c.exprs(e.Exprs))
	}
	i, ok := slices.BinarySearchFunc(functions, name, func(f function, n string) int { return strings.Compare(f.name, n) })
	if !ok {
		// One of the engine's own.
		f := call(at, name)
		for _, x := range e.Exprs {
			f.Args = append(f.Args, c.number(c.expr(x)))
		}
		return f
	}
	f := &functions[i]
	if len(e.Exprs) < f.least || f.most >= 0 && len(e.Exprs) > f.most {
		c.fail(at, sqlerr.CodeUndefinedFunction, "%s does not take %d arguments", name, len(e.Exprs))
		return null(at)
	}
	args := c.exprs(e.Exprs)
	switch {
	case f.make != nil:
		return f.make(c, at, args)
	case f.native == "":
		c.unsupported(at, "the function %s", name)
		return null(at)
	}
	return call(at, f.native, args...)
}

func (c *converter) aggregate(word, name string, distinct bool, over *sqlparser.OverClause, arg sqlparser.Expr) ast.Expr {
	f := call(c.find(word), name)
	f.Args = []ast.Expr{c.number(c.expr(arg))}
	f.Distinct = distinct
	return c.over(f, over)
}

// count converts COUNT(x) and COUNT(DISTINCT a, b), which counts the distinct
// rows without a NULL.
func (c *converter) count(e *sqlparser.Count) ast.Expr {
	f := call(c.find("count"), "count")
	f.Args, f.Distinct = c.exprs(e.Args), e.Distinct
	if len(f.Args) > 1 {
		var all []ast.Expr
		for _, a := range f.Args {
			all = append(all, &ast.IsNull{At: ast.At(a.Pos()), X: a, Not: true})
		}
		row := call(f.At, "row", f.Args...)
		f.Args = []ast.Expr{&ast.Case{At: f.At, Whens: []ast.When{{At: f.At, Cond: &ast.And{At: f.At, Terms: all}, Result: row}}}}
	}
	return c.over(f, e.OverClause)
}

func (c *converter) groupConcat(e *sqlparser.GroupConcatExpr) ast.Expr {
	f := call(c.find("group_concat"), "string_agg")
	x := c.exprs(e.Exprs)
	if e.Limit != nil {
		c.unsupported(f.At, "LIMIT in GROUP_CONCAT")
	}
	sep := ","
	if e.Separator != "" {
		// Vitess keeps the clause as text: " separator 'x'".
		sep = separator(e.Separator)
	}
	f.Distinct = e.Distinct
	f.Args = []ast.Expr{concat(c, f.At, x), text(f.At, sep)}
	f.OrderBy = c.orderBy(e.OrderBy)
	return f
}

// separator takes the string out of SEPARATOR 'x'.
func separator(clause string) string {
	s := strings.TrimSpace(clause)
	if i := strings.IndexAny(s, `'"`); i >= 0 {
		sc := newScanner(newParser(), s[i:])
		return sc.next().text
	}
	return s
}

func (c *converter) nulls(f *ast.FuncCall, n *sqlparser.NullTreatmentClause) *ast.FuncCall {
	if n != nil && n.Type == sqlparser.IgnoreNullsType {
		f.Nulls = ast.NullsIgnore
	}
	return f
}

func (c *converter) over(f *ast.FuncCall, o *sqlparser.OverClause) ast.Expr {
	if o == nil {
		return f
	}
	at := c.find("over")
	if o.WindowSpec == nil {
		f.Over = &ast.WindowSpec{At: at, Base: c.ident(o.WindowName.String()), NameOnly: true}
		return f
	}
	f.Over = c.windowSpec(o.WindowSpec)
	f.Over.At = at
	return f
}

func (c *converter) windowSpec(w *sqlparser.WindowSpecification) *ast.WindowSpec {
	out := &ast.WindowSpec{At: c.at}
	if w.Name.String() != "" {
		out.Base = c.ident(w.Name.String())
	}
	out.PartitionBy = c.exprs(w.PartitionClause)
	out.OrderBy = c.orderBy(w.OrderClause)
	if fc := w.FrameClause; fc != nil {
		f := &ast.Frame{At: c.at, Mode: ast.FrameRows, End: ast.FrameBound{At: c.at, Kind: ast.CurrentRow}}
		if fc.Unit == sqlparser.FrameRangeType {
			f.Mode = ast.FrameRange
		}
		f.Start = c.frameBound(fc.Start)
		if fc.End != nil {
			f.End = c.frameBound(fc.End)
		}
		out.Frame = f
	}
	return out
}

func (c *converter) frameBound(p *sqlparser.FramePoint) ast.FrameBound {
	b := ast.FrameBound{At: c.at}
	switch p.Type {
	case sqlparser.CurrentRowType:
		b.Kind = ast.CurrentRow
	case sqlparser.UnboundedPrecedingType:
		b.Kind = ast.UnboundedPreceding
	case sqlparser.UnboundedFollowingType:
		b.Kind = ast.UnboundedFollowing
	default:
		b.Kind = ast.Preceding
		if p.Type == sqlparser.ExprFollowingType {
			b.Kind = ast.Following
		}
		b.Offset = c.expr(p.Expr)
		if p.Unit != sqlparser.IntervalNone {
			b.Offset = &ast.Interval{At: b.At, Value: b.Offset, Unit: c.unit(b.At, p.Unit)}
		}
	}
	return b
}

// substring converts SUBSTRING. A position of 0 gives the empty text, a
// negative one counts from the end.
func (c *converter) substring(e *sqlparser.SubstrExpr) ast.Expr {
	at := c.at
	f := call(at, "substring", c.expr(e.Name), c.expr(e.From))
	f.At = ast.At(f.Args[0].Pos())
	if e.To != nil {
		n := c.expr(e.To)
		if l, ok := n.(*ast.Literal); !ok || strings.HasPrefix(l.Text, "-") {
			n = call(at, "greatest", n, integer(at, 0))
		}
		f.Args = append(f.Args, n)
	}
	if l, ok := f.Args[1].(*ast.Literal); ok && strings.Trim(l.Text, "-0") != "" {
		return f
	}
	empty := equals(at, f.Args[1], integer(at, 0))
	return &ast.Case{At: f.At, Whens: []ast.When{{At: at, Cond: empty, Result: text(at, "")}}, Else: f}
}

// trim converts TRIM, LTRIM, RTRIM. A text to remove must be one character:
// the engine removes any of its characters, MySQL the text as a whole.
func (c *converter) trim(e *sqlparser.TrimFuncExpr) ast.Expr {
	name := "trim"
	switch {
	case e.TrimFuncType == sqlparser.LTrimType || e.Type == sqlparser.LeadingTrimType:
		name = "ltrim"
	case e.TrimFuncType == sqlparser.RTrimType || e.Type == sqlparser.TrailingTrimType:
		name = "rtrim"
	}
	f := call(c.at, name)
	chars := ast.Expr(text(c.at, " "))
	if e.TrimArg != nil {
		chars = c.expr(e.TrimArg)
		if l, ok := chars.(*ast.Literal); !ok || len([]rune(l.Text)) != 1 {
			c.unsupported(f.At, "TRIM of anything but one character")
		}
	}
	x := c.expr(e.StringArg)
	f.Args = []ast.Expr{x, chars}
	return f
}
