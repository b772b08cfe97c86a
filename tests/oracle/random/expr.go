package random

import (
	"fmt"
	"strconv"
)

// scope is what an expression may name.
type scope struct {
	cols []Column
	keys []key  // the keys of a grouped query, shared with its GROUP BY
	agg  *scope // of a grouped query: what the arguments of aggregates may name
	sub  bool   // subqueries may be used
}

type key struct {
	node *Node
	kind Kind
}

// expr makes an expression of a kind, depth levels deep at most.
func (g *Gen) expr(k Kind, sc *scope, depth int) *Node {
	n := g.anyExpr(k, sc, depth)
	n.Least = least[k]
	return n
}

func (g *Gen) anyExpr(k Kind, sc *scope, depth int) *Node {
	if depth <= 0 || g.chance(15) {
		return g.leaf(k, sc)
	}
	if g.chance(12) {
		return g.conditional(k, sc, depth-1)
	}
	if sc.sub && g.chance(4) {
		return g.scalarSubquery(k, sc)
	}
	switch k {
	case Bool:
		return g.boolExpr(sc, depth-1)
	case Int:
		return g.intExpr(sc, depth-1)
	case Float:
		return g.floatExpr(sc, depth-1)
	case Dec:
		return g.decExpr(sc, depth-1)
	case Str:
		return g.strExpr(sc, depth-1)
	case Date:
		return g.dateExpr(sc, depth-1)
	case Timestamp:
		return g.timestampExpr(sc, depth-1)
	case Time:
		return g.timeExpr(sc, depth-1)
	default:
		return g.intervalExpr(sc, depth-1)
	}
}

// leaf makes a column, an aggregate of columns, or a literal.
func (g *Gen) leaf(k Kind, sc *scope) *Node {
	if sc.agg != nil {
		var keys []*Node
		for _, x := range sc.keys {
			if x.kind == k {
				keys = append(keys, x.node)
			}
		}
		if len(keys) > 0 && g.chance(50) {
			return pick(g, keys...)
		}
		if a := g.aggregate(k, sc.agg, 1); a != nil && g.chance(80) {
			return a
		}
		return g.literal(k)
	}
	if c, ok := g.column(k, sc); ok && g.chance(80) {
		return expr(c.Name)
	}
	return g.literal(k)
}

// column picks a column of that kind.
func (g *Gen) column(k Kind, sc *scope) (Column, bool) {
	var of []Column
	for _, c := range sc.cols {
		if c.Kind == k {
			of = append(of, c)
		}
	}
	if len(of) == 0 {
		return Column{}, false
	}
	return pick(g, of...), true
}

func (g *Gen) literal(k Kind) *Node {
	if g.chance(3) {
		return expr("CAST(NULL AS ", typeOf[k], ")")
	}
	switch k {
	case Int:
		s := strconv.Itoa(g.n(14) - 3)
		if g.chance(15) {
			s += pick(g, "::TINYINT", "::SMALLINT", "::BIGINT", "::HUGEINT", "00", "000")
		}
		return expr(g.signed(s))
	case Dec:
		return expr(g.signed(fmt.Sprintf("%.*f", 1+g.n(3), float64(g.n(400)-100)/8)))
	case Float:
		return expr(g.value("DOUBLE", Float))
	default:
		return expr(g.value("", k))
	}
}

// typeOf gives a type of every kind.
var typeOf = [...]string{
	Bool: "BOOLEAN", Int: "INTEGER", Float: "DOUBLE", Dec: "DECIMAL(9,2)", Str: "VARCHAR", Date: "DATE", Timestamp: "TIMESTAMP",
	Time: "TIME", Interval: "INTERVAL",
}

// least are the simplest expressions of every kind.
var least = [...][]string{
	Bool: {"TRUE", "CAST(NULL AS BOOLEAN)"}, Int: {"1", "CAST(NULL AS INTEGER)"}, Float: {"1e0", "CAST(NULL AS DOUBLE)"},
	Dec: {"1.5", "CAST(NULL AS DECIMAL(9,2))"}, Str: {"'a'", "CAST(NULL AS VARCHAR)"}, Date: {"DATE '2020-01-01'", "CAST(NULL AS DATE)"},
	Timestamp: {"TIMESTAMP '2020-01-01'", "CAST(NULL AS TIMESTAMP)"}, Time: {"TIME '00:00:00'"}, Interval: {"INTERVAL '1 day'"},
}

// signed puts parentheses around a negative number, so that no -- arises.
func (g *Gen) signed(s string) string {
	if s[0] == '-' {
		return "(" + s + ")"
	}
	return s
}

func (g *Gen) conditional(k Kind, sc *scope, d int) *Node {
	e := func() *Node { return g.expr(k, sc, d) }
	switch g.n(6) {
	case 0:
		return expr("CASE WHEN ", g.expr(Bool, sc, d), " THEN ", e(), " ELSE ", e(), " END")
	case 1:
		return expr("CASE WHEN ", g.expr(Bool, sc, d), " THEN ", e(), optional(" WHEN ", g.expr(Bool, sc, d), " THEN ", e()), " END")
	case 2:
		of := g.anyKind()
		return expr("CASE ", g.expr(of, sc, d), " WHEN ", g.expr(of, sc, 0), " THEN ", e(), " WHEN ", g.expr(of, sc, 0), " THEN ", e(),
			optional(" ELSE ", e()), " END")
	case 3:
		return expr("COALESCE(", list(", ", e(), e(), pick(g, e(), expr("NULL"))), ")")
	case 4:
		return expr("NULLIF(", e(), ", ", e(), ")")
	default:
		if k == Bool || k == Interval {
			return expr("COALESCE(", list(", ", e(), e()), ")")
		}
		return expr(pick(g, "GREATEST(", "LEAST("), list(", ", e(), e(), e()), ")")
	}
}

// anyKind picks a kind that can be compared.
func (g *Gen) anyKind() Kind {
	return pick(g, Int, Int, Int, Str, Str, Float, Dec, Date, Timestamp, Bool, Time, Interval)
}

func (g *Gen) number() Kind { return pick(g, Int, Int, Dec, Float) }

// comparable gives two kinds that may be compared, mostly the same one.
func (g *Gen) comparable() (Kind, Kind) {
	k := g.anyKind()
	if g.chance(25) {
		switch k {
		case Int, Float, Dec:
			return k, g.number()
		case Date, Timestamp:
			return k, pick(g, Date, Timestamp)
		}
	}
	return k, k
}

func (g *Gen) boolExpr(sc *scope, d int) *Node {
	switch p := g.n(100); {
	case p < 34:
		a, b := g.comparable()
		return expr("(", g.expr(a, sc, d), pick(g, " = ", " <> ", " < ", " <= ", " > ", " >= "), g.expr(b, sc, d), ")")
	case p < 40:
		a, b := g.comparable()
		return expr("(", g.expr(a, sc, d), pick(g, " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "), g.expr(b, sc, d), ")")
	case p < 48:
		return expr("(", g.expr(g.anyKind(), sc, d), pick(g, " IS NULL", " IS NOT NULL"), ")")
	case p < 55:
		a, b := g.comparable()
		return expr("(", g.expr(a, sc, d), pick(g, " BETWEEN ", " NOT BETWEEN "), g.expr(b, sc, d), " AND ", g.expr(b, sc, d), ")")
	case p < 64:
		a, b := g.comparable()
		items := make([]*Node, 1+g.n(5))
		for i := range items {
			switch {
			case g.chance(3):
				items[i] = expr("NULL")
			case g.chance(70):
				items[i] = g.literal(b)
			default:
				items[i] = g.expr(b, sc, d-1)
			}
		}
		return expr("(", g.expr(a, sc, d), pick(g, " IN (", " IN (", " NOT IN ("), list(", ", items...), "))")
	case p < 71:
		return expr("(", g.expr(Str, sc, d), pick(g, " LIKE ", " LIKE ", " NOT LIKE ", " ILIKE "), g.pattern(sc), ")")
	case p < 88:
		n := 2 + g.n(2)
		items := make([]*Node, n)
		for i := range items {
			items[i] = g.expr(Bool, sc, d)
		}
		return expr("(", list(pick(g, " AND ", " OR "), items...), ")")
	case p < 93:
		return expr("(NOT ", g.expr(Bool, sc, d), ")")
	case p < 96:
		return expr(pick(g, "starts_with(", "contains(", "ends_with("), g.expr(Str, sc, d), ", ", g.expr(Str, sc, 0), ")")
	default:
		return expr("(", g.expr(Bool, sc, d), pick(g, " IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE"), ")")
	}
}

func (g *Gen) pattern(sc *scope) *Node {
	if g.chance(10) {
		return g.expr(Str, sc, 0)
	}
	return expr(pick(g, "'a%'", "'%a'", "'%a%'", "'a'", "'_'", "'%'", "''", "'a_c'", "'%b%c'", "'thirteen%'", "'%byte%'", "'%é%'",
		"'_本%'", "'a\\%c' ESCAPE '\\'", "'%!_%' ESCAPE '!'", "'%e%e%'", "'A%'", "'t%more'"))
}

func (g *Gen) intExpr(sc *scope, d int) *Node {
	switch p := g.n(100); {
	case p < 40:
		return expr("(", g.wide(g.expr(Int, sc, d)), pick(g, " + ", " + ", " - ", " - ", " * ", " % ", " // "), g.expr(Int, sc, d), ")")
	case p < 46:
		return expr("(- ", g.wide(g.expr(Int, sc, d)), ")")
	case p < 51:
		return expr("abs(", g.wide(g.expr(Int, sc, d)), ")")
	case p < 63:
		from := pick(g, Int, Float, Dec, Bool, Str)
		cast := "TRY_CAST("
		if from != Str && g.chance(30) {
			cast = "CAST("
		}
		return expr(cast, g.expr(from, sc, d), " AS ", pick(g, "INTEGER", "BIGINT", "BIGINT", "HUGEINT", "SMALLINT", "TINYINT", "UTINYINT", "UBIGINT"), ")")
	case p < 71:
		return expr("length(", g.expr(Str, sc, d), ")")
	case p < 80:
		part := pick(g, "year", "month", "day", "dow", "doy", "quarter", "week", "epoch", "isodow")
		if part == "epoch" {
			part = "year"
		}
		return expr(pick(g, "extract("+part+" FROM ", "date_part('"+part+"', "), g.expr(pick(g, Date, Timestamp), sc, d), ")")
	case p < 85:
		return expr("(", g.expr(Date, sc, d), " - ", g.expr(Date, sc, d), ")")
	case p < 89:
		k := pick(g, Date, Timestamp)
		return expr(pick(g, "date_diff('", "date_sub('"), pick(g, "day", "month", "year", "week"), "', ", g.expr(k, sc, d), ", ", g.expr(k, sc, d), ")")
	case p < 93:
		return expr("(", g.expr(Int, sc, d), pick(g, " & ", " | "), g.expr(Int, sc, d), ")")
	case p < 96:
		return expr(pick(g, "strpos(", "instr("), g.expr(Str, sc, d), ", ", g.expr(Str, sc, 0), ")")
	default:
		return expr("sign(", g.expr(g.number(), sc, d), ")")
	}
}

// wide casts to BIGINT mostly, so that most sums do not overflow.
func (g *Gen) wide(n *Node) *Node {
	if g.chance(60) {
		return expr("CAST(", n, " AS ", pick(g, "BIGINT", "BIGINT", "HUGEINT", "INTEGER"), ")")
	}
	return n
}

func (g *Gen) floatExpr(sc *scope, d int) *Node {
	switch p := g.n(100); {
	case p < 30:
		a, b := g.expr(Float, sc, d), g.expr(g.number(), sc, d)
		if g.chance(50) {
			a, b = b, a
		}
		return expr("(", a, pick(g, " + ", " - ", " * ", " / ", " % "), b, ")")
	case p < 50:
		return expr("(", g.expr(g.number(), sc, d), " / ", g.expr(g.number(), sc, d), ")")
	case p < 65:
		return expr(pick(g, "CAST(", "TRY_CAST("), g.expr(g.number(), sc, d), " AS ", pick(g, "DOUBLE", "DOUBLE", "FLOAT"), ")")
	case p < 70:
		return expr("TRY_CAST(", g.expr(Str, sc, d), " AS DOUBLE)")
	case p < 76:
		return expr("sqrt(abs(", g.expr(g.number(), sc, d), "))")
	case p < 86:
		return expr("round(", g.expr(Float, sc, d), ", ", pick(g, "0", "1", "2"), ")") // round(infinity, -1) is 0 in DuckDB
	case p < 94:
		return expr(pick(g, "floor(", "ceil(", "trunc(", "abs("), g.expr(Float, sc, d), ")")
	default:
		return expr("(- ", g.expr(Float, sc, d), ")")
	}
}

func (g *Gen) decExpr(sc *scope, d int) *Node {
	switch p := g.n(100); {
	case p < 45:
		a, b := g.expr(Dec, sc, d), g.expr(pick(g, Dec, Int), sc, d)
		if g.chance(30) {
			a, b = b, a
		}
		return expr("(", a, pick(g, " + ", " - ", " * ", " % "), b, ")")
	case p < 70:
		from := pick(g, Int, Float, Dec, Str, Bool)
		cast := "TRY_CAST("
		if from != Str && g.chance(30) {
			cast = "CAST("
		}
		e := g.expr(from, sc, d)
		if from == Float {
			e = expr("CAST(", e, " AS DOUBLE)") // DuckDB computes FLOAT to DECIMAL in FLOAT: 1e10 becomes 9999999959.04
		}
		return expr(cast, e, " AS DECIMAL(", pick(g, "4,1", "9,2", "18,3", "38,10", "12,0", "15,2"), "))")
	case p < 80:
		return expr("round(", g.expr(Dec, sc, d), ", ", pick(g, "0", "1", "2"), ")") // DuckDB rounds 9.0 to tens as 0, since no digit stays
	case p < 90:
		return expr(pick(g, "floor(", "ceil(", "abs("), g.expr(Dec, sc, d), ")")
	default:
		return expr("(- ", g.expr(Dec, sc, d), ")")
	}
}

func (g *Gen) strExpr(sc *scope, d int) *Node {
	s := func() *Node { return g.expr(Str, sc, d) }
	switch p := g.n(100); {
	case p < 20:
		return expr("(", s(), " || ", s(), ")")
	case p < 50:
		k := pick(g, Int, Int, Dec, Float, Bool, Date, Timestamp, Time, Interval)
		return expr("CAST(", g.expr(k, sc, d), " AS VARCHAR)")
	case p < 62:
		return expr(pick(g, "upper(", "lower(", "trim(", "ltrim(", "rtrim(", "reverse("), s(), ")")
	case p < 74:
		return expr("substr(", s(), ", ", pick(g, "1", "2", "3", "0"), pick(g, "", ", 1", ", 2", ", 5"), ")") // DuckDB's substr('1', -2, 1) depends on whether the text is constant
	case p < 80:
		return expr(pick(g, "left(", "right("), s(), ", ", pick(g, "0", "1", "2", "5", "-1"), ")")
	case p < 88:
		return expr("replace(", s(), ", ", g.expr(Str, sc, 0), ", ", g.expr(Str, sc, 0), ")")
	case p < 94:
		return expr("concat(", list(", ", s(), g.expr(g.anyKind(), sc, d), s()), ")")
	default:
		return expr(pick(g, "lpad(", "rpad("), s(), ", ", pick(g, "1", "3", "14"), ", ", pick(g, "'x'", "'é-'"), ")") // DuckDB groups by what lpad(s, 0, x) came from
	}
}

func (g *Gen) dateExpr(sc *scope, d int) *Node {
	switch p := g.n(100); {
	case p < 35:
		return expr("(", g.expr(Date, sc, d), pick(g, " + ", " - "), g.days(), ")")
	case p < 60:
		return expr("CAST(", g.expr(Timestamp, sc, d), " AS DATE)")
	case p < 75:
		return expr("last_day(", g.expr(Date, sc, d), ")")
	case p < 85:
		return expr("TRY_CAST(", g.expr(Str, sc, d), " AS DATE)")
	default:
		return expr("make_date(", pick(g, "2020", "2021"), ", 1 + CAST(abs(", g.expr(Int, sc, 0), ") % 12 AS INTEGER), 1)")
	}
}

func (g *Gen) days() *Node {
	return expr("CAST(", strconv.Itoa(g.n(60)), " AS INTEGER)")
}

func (g *Gen) timestampExpr(sc *scope, d int) *Node {
	switch p := g.n(100); {
	case p < 8:
		return expr("(", g.expr(Timestamp, sc, d), pick(g, " + ", " - "), "(", g.expr(Interval, sc, d), pick(g, " + ", " - "), g.expr(Interval, sc, d), "))")
	case p < 25:
		return expr("(", g.expr(Timestamp, sc, d), pick(g, " + ", " - "), g.expr(Interval, sc, d), ")")
	case p < 45:
		return expr("(", g.expr(Date, sc, d), pick(g, " + ", " - "), g.expr(Interval, sc, d), ")")
	case p < 60:
		return expr("CAST(", g.expr(Date, sc, d), " AS TIMESTAMP)")
	case p < 85:
		return expr("date_trunc('", pick(g, "year", "month", "day", "hour", "week", "quarter", "minute"), "', ", g.expr(Timestamp, sc, d), ")")
	default:
		return expr("TRY_CAST(rtrim(", g.expr(Str, sc, d), ") AS TIMESTAMP)") // blanks at the end: DuckDB refuses some
	}
}

func (g *Gen) timeExpr(sc *scope, d int) *Node {
	if g.chance(50) {
		return expr("CAST(", g.expr(Timestamp, sc, d), " AS TIME)")
	}
	return expr("(", g.expr(Time, sc, d), pick(g, " + ", " - "), g.expr(Interval, sc, d), ")")
}

// intervalExpr makes intervals whose parts have one sign: DuckDB compares
// 1 day - 8 hours with 16 hours part by part.
func (g *Gen) intervalExpr(sc *scope, d int) *Node {
	switch p := g.n(100); {
	case p < 45:
		return expr("(", g.expr(Timestamp, sc, d), " - ", g.expr(Timestamp, sc, d), ")")
	case p < 70:
		return expr("(", g.expr(Interval, sc, d), " * ", pick(g, "2", "3", "(-1)"), ")")
	case p < 85:
		return expr("(- ", g.expr(Interval, sc, d), ")")
	default:
		return expr(pick(g, "to_days(", "to_months(", "to_hours("), "CAST(", g.expr(Int, sc, 0), " % 100 AS INTEGER))")
	}
}

// aggregate makes an aggregate call of a kind; nil if there is none.
func (g *Gen) aggregate(k Kind, sc *scope, d int) *Node {
	var call *Node
	distinct := func(percent int) any {
		if g.chance(percent) {
			return optional("DISTINCT ")
		}
		return ""
	}
	minmax := func() *Node { return expr(pick(g, "min(", "max("), distinct(10), g.expr(k, sc, d), ")") }
	switch k {
	case Int:
		switch g.n(8) {
		case 0, 1:
			call = expr("count(*)")
		case 2:
			call = expr("count(", g.expr(g.anyKind(), sc, d), ")")
		case 3:
			call = expr("count(DISTINCT ", g.expr(g.anyKind(), sc, d), ")")
		case 4, 5:
			call = expr("sum(", distinct(15), g.expr(Int, sc, d), ")")
		default:
			call = minmax()
		}
	case Float:
		switch g.n(5) {
		case 0, 1:
			call = expr("avg(", distinct(10), g.expr(g.number(), sc, d), ")")
		case 2, 3:
			call = expr("sum(", distinct(10), g.expr(Float, sc, d), ")")
		default:
			call = minmax()
		}
	case Dec:
		if g.chance(60) {
			call = expr("sum(", distinct(10), g.expr(Dec, sc, d), ")")
		} else {
			call = minmax()
		}
	case Bool:
		if g.chance(60) {
			call = expr(pick(g, "bool_and(", "bool_or("), g.expr(Bool, sc, d), ")")
		} else {
			call = minmax()
		}
	default:
		call = minmax()
	}
	if g.chance(15) {
		call = fixed(call, optional(" FILTER (WHERE ", g.expr(Bool, sc, d), ")"))
		call.Role = Expr
	}
	return call
}
