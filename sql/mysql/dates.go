package mysql

import (
	"strings"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
)

// temporal makes a literal text a DATE or a TIMESTAMP, which MySQL takes for
// one where it needs one.
func temporal(x ast.Expr) ast.Expr {
	l, ok := x.(*ast.Literal)
	if !ok || l.Kind != ast.LitString {
		return x
	}
	typ := "timestamp"
	if len(strings.TrimSpace(l.Text)) <= len("2024-01-01") {
		typ = "date"
	}
	return &ast.TypedLiteral{At: l.At, Type: typeNamed(l.At, typ), Text: l.Text}
}

// isDate reports whether an expression is a DATE by its form.
func isDate(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.TypedLiteral:
		return x.Type.Name() == "date"
	case *ast.Cast:
		return x.Type.Name() == "date"
	case *ast.FuncCall:
		switch x.Name[0].Name {
		case "current_date", "last_day", "make_date":
			return true
		}
	}
	return false
}

// unit is the name of an interval's unit; composite ones are refused.
func (c *converter) unit(at ast.At, u sqlparser.IntervalType) string {
	switch u {
	case sqlparser.IntervalMicrosecond, sqlparser.IntervalSecond, sqlparser.IntervalMinute, sqlparser.IntervalHour,
		sqlparser.IntervalDay, sqlparser.IntervalWeek, sqlparser.IntervalMonth, sqlparser.IntervalQuarter, sqlparser.IntervalYear:
		return lower(u.ToString())
	}
	c.unsupported(at, "the unit %s", strings.ToUpper(u.ToString()))
	return "day"
}

// dateAdd converts DATE_ADD, ADDDATE, DATE_SUB, SUBDATE, TIMESTAMPADD and
// d + INTERVAL n unit.
func (c *converter) dateAdd(e *sqlparser.IntervalDateExpr) ast.Expr {
	at := c.at
	unit := "day"
	if e.Unit != sqlparser.IntervalNone {
		unit = c.unit(at, e.Unit)
	}
	var date, n ast.Expr
	if e.Syntax == sqlparser.IntervalDateExprBinaryAddLeft || e.Syntax == sqlparser.IntervalDateExprTimestampadd {
		n, date = c.expr(e.Interval), c.expr(e.Date)
	} else {
		date, n = c.expr(e.Date), c.expr(e.Interval)
	}
	date = temporal(date)
	op := "+"
	switch e.Syntax {
	case sqlparser.IntervalDateExprDateSub, sqlparser.IntervalDateExprSubdate, sqlparser.IntervalDateExprBinarySub:
		op = "-"
	}
	at = ast.At(n.Pos())
	var out ast.Expr = binary(at, op, date, &ast.Interval{At: at, Value: n, Unit: unit})
	switch unit {
	case "day", "week", "month", "quarter", "year":
		if isDate(date) {
			out = cast(at, out, "date")
		}
	}
	return out
}

// part converts EXTRACT and its relatives.
func (c *converter) part(at ast.At, u sqlparser.IntervalType, x ast.Expr) ast.Expr {
	switch u {
	case sqlparser.IntervalMicrosecond:
		return microsecond(c, at, []ast.Expr{x})
	case sqlparser.IntervalWeek:
		return week(c, at, []ast.Expr{x})
	}
	return call(at, "date_part", text(at, c.unit(at, u)), temporal(x))
}

// now converts the functions that tell the time. Without a precision it is cut
// to seconds.
func (c *converter) now(e *sqlparser.CurTimeFuncExpr) ast.Expr {
	name := e.Name.Lowered()
	at := c.find(name)
	cut := func(x ast.Expr) ast.Expr {
		if e.Fsp > 0 {
			return x
		}
		return call(at, "date_trunc", text(at, "second"), x)
	}
	switch name {
	case "utc_timestamp":
		return cut(utcNow(at))
	case "utc_time":
		return cast(at, cut(utcNow(at)), "time")
	case "curtime", "current_time":
		return cast(at, cut(call(at, "current_localtimestamp")), "time")
	}
	return cut(call(at, "current_localtimestamp"))
}

func utcNow(at ast.At) ast.Expr { return call(at, "timezone", text(at, "UTC"), call(at, "now")) }

// specifiers are those of DATE_FORMAT by what strftime has for them.
var specifiers = map[byte]string{
	'a': "%a", 'b': "%b", 'c': "%-m", 'd': "%d", 'e': "%-d", 'f': "%f", 'H': "%H", 'h': "%I", 'I': "%I", 'i': "%M",
	'j': "%j", 'k': "%-H", 'l': "%-I", 'M': "%B", 'm': "%m", 'p': "%p", 'r': "%I:%M:%S %p", 'S': "%S", 's': "%S",
	'T': "%H:%M:%S", 'U': "%U", 'v': "%V", 'W': "%A", 'w': "%w", 'x': "%G", 'Y': "%Y", 'y': "%y", '%': "%%",
}

// strftime turns a format of MySQL's into one of strftime's; ok is false for
// %D, %u, %V and %X, which it has nothing for. Other unknown specifiers stand
// for their letter.
func strftime(format string) (out string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			if format[i] == '%' {
				b.WriteByte('%')
			}
			b.WriteByte(format[i])
			continue
		}
		i++
		s, known := specifiers[format[i]]
		switch {
		case known:
			b.WriteString(s)
		case strings.IndexByte("DuVX", format[i]) >= 0:
			return "", false
		default:
			b.WriteByte(format[i])
		}
	}
	return b.String(), true
}

// formatted converts the functions that take a format, which must be literal.
func (c *converter) formatted(at ast.At, name string, args []ast.Expr) ast.Expr {
	if name == "from_unixtime" && len(args) == 1 {
		return cast(at, call(at, "to_timestamp", args[0]), "timestamp")
	}
	if len(args) != 2 {
		c.unsupported(at, "%s with %d arguments", name, len(args))
		return null(at)
	}
	l, ok := args[1].(*ast.Literal)
	if !ok || l.Kind != ast.LitString {
		c.unsupported(ast.At(args[1].Pos()), "a format that is not a literal")
		return null(at)
	}
	f, ok := strftime(l.Text)
	if !ok {
		c.unsupported(l.At, "the format %q", clip(l.Text))
		return null(at)
	}
	format := text(l.At, f)
	switch name {
	case "from_unixtime":
		return call(at, "strftime", cast(at, call(at, "to_timestamp", args[0]), "timestamp"), format)
	case "str_to_date":
		x := ast.Expr(call(at, "try_strptime", args[0], format))
		day, clock := strings.Contains(f, "%d") || strings.Contains(f, "%-d") || strings.Contains(f, "%j"), strings.ContainsAny(specifierLetters(f), "HIMSfp")
		switch {
		case !clock:
			x = cast(at, x, "date")
		case !day:
			x = cast(at, x, "time")
		}
		return x
	}
	return call(at, "strftime", temporal(args[0]), format)
}

// specifierLetters are the letters behind the percent signs of a format.
func specifierLetters(f string) string {
	var b strings.Builder
	for i := 0; i+1 < len(f); i++ {
		if f[i] == '%' {
			i++
			if f[i] == '-' && i+1 < len(f) {
				i++
			}
			b.WriteByte(f[i])
		}
	}
	return b.String()
}
