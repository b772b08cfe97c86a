package format

import (
	"math"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
)

// ColumnName returns the name of a result column that has no alias, as DuckDB
// 1.5 gives it: the last part of a column's name, else a text of the
// expression such as count_star(), sum(x) or (a + b).
func ColumnName(e ast.Expr) string {
	if c, ok := e.(*ast.ColumnRef); ok {
		return ast.Last(c.Parts).Name
	}
	if c, ok := e.(*ast.FuncCall); ok && c.Bare {
		return ast.Last(c.Name).Name
	}
	p := printer{duck: true}
	p.expr(e)
	return p.b.String()
}

// duckExpr prints the expressions that DuckDB spells, or rewrites, in its own
// way; false for the others.
func (p *printer) duckExpr(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Literal:
		p.duckLiteral(e)
	case *ast.TypedLiteral:
		p.duckCast("CAST(", &ast.Literal{Kind: ast.LitString, Text: e.Text}, e.Type)
	case *ast.Interval:
		p.duckInterval(e)
	case *ast.Unary:
		p.duckUnary(e)
	case *ast.Binary:
		return p.duckBinary(e)
	case *ast.Concat:
		p.str(strings.Repeat("(", len(e.Terms)-1))
		for i, t := range e.Terms {
			p.flag(i > 0, " || ")
			p.expr(t)
			p.flag(i > 0, ")")
		}
	case *ast.Arrow:
		if row, ok := e.L.(*ast.Row); ok && !row.Explicit {
			p.str("(")
			p.duckCall(`main."row"`, row.Elems)
			p.str(" -> ")
			p.expr(e.R)
			p.str(")")
			return true
		}
		return false
	case *ast.Lambda:
		p.str("(lambda ")
		for i, id := range e.Params {
			p.sep(i)
			p.ident(id)
		}
		p.clause(": ", e.Body)
		p.str(")")
	case *ast.Comparison:
		p.infix(e.L, duckCompare(e.Op), e.R)
	case *ast.Not:
		p.duckNot(e)
	case *ast.Between:
		if !e.Not {
			return false
		}
		positive := *e
		positive.Not = false
		p.duckNegated(&positive)
	case *ast.IsTruth:
		p.duckIsTruth(e)
	case *ast.Like:
		p.duckLike(e)
	default:
		return p.duckComposite(e)
	}
	return true
}

// duckComposite is duckExpr for conditionals, subqueries and nested values.
func (p *printer) duckComposite(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Case:
		p.duckCase(e)
	case *ast.Cast:
		p.duckCast(pick(e.Try, "TRY_CAST(", "CAST("), e.X, e.Type)
	case *ast.Collate:
		p.expr(e.X)
		p.str(" COLLATE ")
		p.name(e.Collation)
	case *ast.InSubquery:
		p.duckAny(e.X, "=", e.Query, e.Not)
	case *ast.InValue:
		p.flag(e.Not, "(NOT ")
		p.duckCall("contains", []ast.Expr{e.V, e.X})
		p.flag(e.Not, ")")
	case *ast.Quantified:
		if e.Query == nil {
			return false
		}
		if e.All {
			p.duckAny(e.X, duckCompare(negate(e.Op)), e.Query, true)
		} else {
			p.duckAny(e.X, duckCompare(e.Op), e.Query, false)
		}
	case *ast.Row:
		p.duckCall(`main."row"`, e.Elems)
	case *ast.List:
		p.duckCall("main.list_value", e.Elems)
	case *ast.Struct:
		p.str("main.struct_pack(")
		for i, f := range e.Fields {
			p.sep(i)
			p.str(QuoteIdent(f.Name), " := ")
			p.expr(f.Value)
		}
		p.str(")")
	case *ast.Map:
		p.str(`main."map"(`)
		p.duckCall("main.list_value", e.Keys)
		p.str(", ")
		p.duckCall("main.list_value", e.Values)
		p.str(")")
	case *ast.FuncCall:
		return p.duckSpecialCall(e)
	default:
		return false
	}
	return true
}

func (p *printer) duckCall(name string, args []ast.Expr) {
	p.str(name, "(")
	p.exprs(args)
	p.str(")")
}

// duckAny prints the two subquery comparisons that DuckDB knows.
func (p *printer) duckAny(x ast.Expr, op string, q *ast.Query, not bool) {
	p.flag(not, "(NOT ")
	p.str("(")
	p.expr(x)
	p.str(" ", op, " ANY(")
	p.query(q)
	p.str("))")
	p.flag(not, ")")
}

// duckLiteral prints a constant as its value.
func (p *printer) duckLiteral(l *ast.Literal) {
	switch l.Kind {
	case ast.LitBool:
		p.str(pick(l.Text == "true", "CAST('t' AS BOOLEAN)", "CAST('f' AS BOOLEAN)"))
	case ast.LitFloat:
		p.str(duckFloat(l.Text))
	case ast.LitDecimal:
		if digits := len(strings.TrimLeft(l.Text, "-")) - 1; digits > 38 {
			p.str(duckFloat(l.Text))
			return
		}
		p.str(l.Text)
	case ast.LitInteger:
		if len(strings.TrimLeft(l.Text, "-")) > 39 {
			p.str(duckFloat(l.Text))
			return
		}
		p.str(l.Text)
	default:
		p.literal(l)
	}
}

// duckFloat spells a number as DuckDB prints a DOUBLE: shortest digits, an
// exponent of at least two digits beyond 1e16 and below 1e-4.
func duckFloat(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && math.IsInf(f, 0) {
		return text
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func (p *printer) duckUnary(e *ast.Unary) {
	if e.Op == "!" {
		p.str("((")
		p.expr(e.X)
		p.str(")!)")
		return
	}
	if l, ok := e.X.(*ast.Literal); ok && e.Op == "-" && l.Kind >= ast.LitInteger && l.Kind <= ast.LitFloat && !strings.HasPrefix(l.Text, "-") {
		negative := *l
		negative.Text = "-" + l.Text
		p.duckLiteral(&negative)
		return
	}
	p.str(e.Op)
	p.group(e.X)
}

// duckBinary prints the regular expression operators as the calls they are.
func (p *printer) duckBinary(e *ast.Binary) bool {
	var not bool
	switch e.Op {
	case "~":
	case "!~":
		not = true
	default:
		return false
	}
	p.flag(not, "(NOT ")
	p.duckCall("regexp_full_match", []ast.Expr{e.L, e.R})
	p.flag(not, ")")
	return true
}

func duckCompare(op ast.CompareOp) string {
	if op == ast.OpNe {
		return "!="
	}
	return op.String()
}

// negate returns the comparison that holds when op does not.
func negate(op ast.CompareOp) ast.CompareOp {
	return [...]ast.CompareOp{ast.OpNe, ast.OpEq, ast.OpGe, ast.OpGt, ast.OpLe, ast.OpLt}[op]
}

// duckNot prints a negation, which DuckDB's parser moves into comparisons.
func (p *printer) duckNot(e *ast.Not) {
	switch x := e.X.(type) {
	case *ast.Comparison:
		p.infix(x.L, duckCompare(negate(x.Op)), x.R)
	case *ast.IsDistinct:
		p.infix(x.L, pick(x.Not, "IS DISTINCT FROM", "IS NOT DISTINCT FROM"), x.R)
	case *ast.InList:
		negated := *x
		negated.Not = !x.Not
		p.expr(&negated)
	default:
		p.duckNegated(e.X)
	}
}

func (p *printer) duckNegated(x ast.Expr) {
	p.str("(NOT ")
	p.expr(x)
	p.str(")")
}

func (p *printer) duckIsTruth(e *ast.IsTruth) {
	if e.Value == ast.Unknown {
		p.str("(")
		p.expr(e.X)
		p.str(pick(e.Not, " IS NOT NULL)", " IS NULL)"))
		return
	}
	p.str("(CAST(")
	p.expr(e.X)
	p.str(" AS BOOLEAN)", pick(e.Not, " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "),
		pick(e.Value == ast.True, "true", "false"), ")")
}

func (p *printer) duckLike(e *ast.Like) {
	if e.Kind == ast.LikeSimilar {
		p.flag(e.Not, "(NOT ")
		p.duckCall("regexp_full_match", []ast.Expr{e.X, e.Pattern})
		p.flag(e.Not, ")")
		return
	}
	if e.Escape != nil {
		name := [...]string{"like_escape", "ilike_escape", "", "glob_escape"}[e.Kind]
		p.duckCall("main."+pick(e.Not, "not_", "")+name, []ast.Expr{e.X, e.Pattern, e.Escape})
		return
	}
	if e.Kind == ast.LikeGlob {
		p.flag(e.Not, "(NOT ")
		p.infix(e.X, "~~~", e.Pattern)
		p.flag(e.Not, ")")
		return
	}
	op := pick(e.Not, "!~~", "~~") + pick(e.Kind == ast.LikeILike, "*", "")
	p.infix(e.X, op, e.Pattern)
}

func (p *printer) duckCase(e *ast.Case) {
	p.str("CASE ")
	for _, w := range e.Whens {
		p.str(" WHEN (")
		if e.Operand != nil {
			p.infix(e.Operand, "=", w.Cond)
		} else {
			p.expr(w.Cond)
		}
		p.str(") THEN (")
		p.expr(w.Result)
		p.str(")")
	}
	p.str(" ELSE ")
	if e.Else == nil {
		p.str("NULL")
	}
	p.clause("", e.Else)
	p.str(" END")
}

func (p *printer) duckCast(open string, x ast.Expr, t *ast.TypeName) {
	p.str(open)
	p.expr(x)
	p.str(" AS ")
	p.typ(t)
	p.str(")")
}

// duckInterval prints INTERVAL with a unit as the function that makes it.
func (p *printer) duckInterval(e *ast.Interval) {
	if e.Unit == "" {
		p.str("CAST(")
		p.expr(e.Value)
		p.str(" AS INTERVAL)")
		return
	}
	plural := e.Unit + "s"
	number := "INTEGER"
	switch e.Unit {
	case "century":
		plural = "centuries"
	case "millennium":
		plural = "millennia"
	case "hour", "minute", "microsecond":
		number = "BIGINT"
	case "second", "millisecond":
		number = ""
	}
	p.str("to_", plural, "(")
	if number != "" {
		p.str("CAST(trunc(")
	}
	p.str("CAST(")
	p.expr(e.Value)
	p.str(" AS DOUBLE)")
	if number != "" {
		p.str(") AS ", number, ")")
	}
	p.str(")")
}

// duckSpecialCall prints the calls that DuckDB's parser rewrites.
func (p *printer) duckSpecialCall(c *ast.FuncCall) bool {
	if len(c.Name) != 1 || c.Over != nil || c.Filter != nil {
		return false
	}
	switch strings.ToLower(c.Name[0].Name) {
	case "coalesce":
		p.duckCall("COALESCE", c.Args)
	case "ifnull":
		if len(c.Args) != 2 {
			return false
		}
		p.duckCall("COALESCE", c.Args)
	case "if":
		if len(c.Args) != 3 {
			return false
		}
		p.duckCase(&ast.Case{Whens: []ast.When{{Cond: c.Args[0], Result: c.Args[1]}}, Else: c.Args[2]})
	case "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp":
		if len(c.Args) > 0 {
			return false
		}
		p.str(strings.ToLower(c.Name[0].Name))
	default:
		return false
	}
	return true
}

// duckFuncName prints the name of a function: lower case, quoted when it is a
// keyword, with a schema for those of special syntax.
func (p *printer) duckFuncName(c *ast.FuncCall) {
	name := strings.ToLower(ast.Last(c.Name).Name)
	if len(c.Name) == 1 {
		switch name {
		case "count":
			if countsRows(c) {
				p.str("count_star")
				return
			}
		case "substring", "trim", "position", "overlay":
			p.str("main.")
		}
	} else {
		p.qualifier(c.Name[:len(c.Name)-1])
	}
	p.str(QuoteIdent(name))
}

// countsRows reports whether c is count(*) or count().
func countsRows(c *ast.FuncCall) bool {
	if len(c.Name) != 1 || !c.Name[0].Is("count") {
		return false
	}
	if len(c.Args) == 0 {
		return true
	}
	s, ok := c.Args[0].(*ast.Star)
	return ok && len(c.Args) == 1 && len(s.Qualifier)+len(s.Exclude)+len(s.Replace)+len(s.Rename) == 0 && s.Like == nil
}

// duckTypes maps the names of types to DuckDB's; those that its grammar knows
// are printed bare, the others in quotes.
var duckTypes = map[string]string{
	"int": "INTEGER", "integer": "INTEGER", "int4": "INTEGER", "signed": "INTEGER",
	"bigint": "BIGINT", "int8": "BIGINT", "long": "BIGINT", "smallint": "SMALLINT", "int2": "SMALLINT",
	"short": "SMALLINT", "float": "FLOAT", "real": "FLOAT", "float4": "FLOAT",
	"boolean": "BOOLEAN", "bool": "BOOLEAN", "logical": "BOOLEAN",
	"decimal": "DECIMAL", "numeric": "DECIMAL", "dec": "DECIMAL", "varchar": "VARCHAR", "text": "VARCHAR",
	"string": "VARCHAR", "bpchar": "VARCHAR", "char": "VARCHAR", "time": "TIME", "timestamp": "TIMESTAMP",
	"datetime": "TIMESTAMP", "interval": "INTERVAL", "struct": "STRUCT", "map": "MAP", "union": "UNION", "bit": "BIT",
	"bitstring": "BIT",
	"double":    `"DOUBLE"`, "float8": `"DOUBLE"`, "date": `"DATE"`, "timestamptz": `"TIMESTAMP WITH TIME ZONE"`,
	"timetz": `"TIME WITH TIME ZONE"`, "timestamp_s": `"TIMESTAMP_S"`, "timestamp_ms": `"TIMESTAMP_MS"`,
	"timestamp_ns": `"TIMESTAMP_NS"`, "timestamp_us": "TIMESTAMP", "hugeint": `"HUGEINT"`, "int128": `"HUGEINT"`,
	"uhugeint": `"UHUGEINT"`, "uint128": `"UHUGEINT"`, "tinyint": `"TINYINT"`, "int1": `"TINYINT"`,
	"utinyint": `"UTINYINT"`, "uint8": `"UTINYINT"`, "usmallint": `"USMALLINT"`, "uint16": `"USMALLINT"`,
	"uinteger": `"UINTEGER"`, "uint32": `"UINTEGER"`, "ubigint": `"UBIGINT"`, "uint64": `"UBIGINT"`,
	"int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "uuid": `"UUID"`, "guid": `"UUID"`,
	"blob": `"BLOB"`, "bytea": `"BLOB"`, "binary": `"BLOB"`, "varbinary": `"BLOB"`, "enum": `"ENUM"`,
	"bignum": `"BIGNUM"`,
}

func (p *printer) duckTypeName(t *ast.TypeName) {
	if len(t.Parts) == 1 {
		if s, ok := duckTypes[strings.ToLower(t.Parts[0].Name)]; ok {
			p.str(s)
			return
		}
		if name := t.Parts[0].Name; name != strings.ToLower(name) {
			p.str(`"`, name, `"`)
			return
		}
		if t.Parts[0].Name == "json" {
			p.str(`"json"`)
			return
		}
	}
	p.name(t.Parts)
}
