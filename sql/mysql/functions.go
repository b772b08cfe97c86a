package mysql

import (
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
)

// function is a line of the table of functions: what a call of a MySQL function
// becomes. Calls of other names go to the engine's function of that name.
type function struct {
	name        string
	least, most int    // number of arguments; most -1: any
	native      string // the engine's function with the same arguments
	// make makes anything else; with neither the function is error 0A000.
	make func(c *converter, at ast.At, args []ast.Expr) ast.Expr
}

// functions is the table, by name.
var functions = []function{
	{"atan", 1, 2, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		if len(a) == 2 {
			return call(at, "atan2", a...)
		}
		return call(at, "atan", a...)
	}},
	{"benchmark", 0, -1, "", nil},
	{"concat", 1, -1, "", concat},
	{"connection_id", 0, -1, "", nil},
	{"conv", 0, -1, "", nil},
	{"convert_tz", 0, -1, "", nil},
	{"crc32", 0, -1, "", nil},
	{"curdate", 0, 0, "current_date", nil},
	{"current_date", 0, 0, "current_date", nil},
	{"database", 0, 0, "current_schema", nil},
	{"date", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr { return cast(at, temporal(a[0]), "date") }},
	{"datediff", 2, 2, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		return call(at, "date_diff", text(at, "day"), cast(at, temporal(a[1]), "date"), cast(at, temporal(a[0]), "date"))
	}},
	{"day", 1, 1, "", onDate("day")},
	{"dayname", 1, 1, "", onDate("dayname")},
	{"dayofmonth", 1, 1, "", onDate("day")},
	{"dayofweek", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		return binary(at, "+", call(at, "dayofweek", temporal(a[0])), integer(at, 1))
	}},
	{"dayofyear", 1, 1, "", onDate("dayofyear")},
	{"elt", 2, -1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		out := &ast.Case{At: at, Operand: a[0]}
		for i, x := range a[1:] {
			out.Whens = append(out.Whens, ast.When{At: at, Cond: integer(at, int64(i+1)), Result: x})
		}
		return out
	}},
	{"field", 2, -1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		out := &ast.Case{At: at, Else: integer(at, 0)}
		for i, x := range a[1:] {
			out.Whens = append(out.Whens, ast.When{At: at, Cond: equals(at, a[0], x), Result: integer(at, int64(i+1))})
		}
		return out
	}},
	{"find_in_set", 0, -1, "", nil},
	{"format", 0, -1, "", nil},
	{"found_rows", 0, -1, "", nil},
	{"from_days", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		return binary(at, "+", epochDay(at), cast(at, binary(at, "-", a[0], integer(at, dayOfEpoch)), "integer"))
	}},
	{"get_lock", 0, -1, "", nil},
	{"greatest", 2, -1, "", extreme("greatest")},
	{"hour", 1, 1, "", onDate("hour")},
	{"if", 3, 3, "", func(c *converter, at ast.At, a []ast.Expr) ast.Expr {
		return &ast.Case{At: at, Whens: []ast.When{{At: at, Cond: c.condition(a[0]), Result: c.number(a[1])}}, Else: c.number(a[2])}
	}},
	{"ifnull", 2, 2, "coalesce", nil},
	{"isnull", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr { return &ast.IsNull{At: at, X: a[0]} }},
	{"last_day", 1, 1, "", onDate("last_day")},
	{"last_insert_id", 0, -1, "", nil},
	{"lcase", 1, 1, "lower", nil},
	{"least", 2, -1, "", extreme("least")},
	{"left", 2, 2, "", side("left")},
	{"length", 1, 1, "", bytesOf},
	{"locate", 2, 3, "", locate},
	{"log", 1, 2, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		if len(a) == 1 {
			return call(at, "ln", a...)
		}
		return call(at, "log", a...)
	}},
	{"makedate", 2, 2, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		first := call(at, "make_date", a[0], integer(at, 1), integer(at, 1))
		return binary(at, "+", first, cast(at, binary(at, "-", a[1], integer(at, 1)), "integer"))
	}},
	{"maketime", 3, 3, "make_time", nil},
	{"microsecond", 1, 1, "", microsecond},
	{"mid", 3, 3, "substring", nil},
	{"minute", 1, 1, "", onDate("minute")},
	{"mod", 2, 2, "", func(c *converter, at ast.At, a []ast.Expr) ast.Expr {
		return binary(at, "%", c.number(a[0]), c.number(a[1]))
	}},
	{"month", 1, 1, "", onDate("month")},
	{"monthname", 1, 1, "", onDate("monthname")},
	{"octet_length", 1, 1, "", bytesOf},
	{"period_add", 0, -1, "", nil},
	{"period_diff", 0, -1, "", nil},
	{"pow", 2, 2, "pow", nil},
	{"power", 2, 2, "pow", nil},
	{"quarter", 1, 1, "", onDate("quarter")},
	{"rand", 0, 0, "random", nil},
	{"release_lock", 0, -1, "", nil},
	{"right", 2, 2, "", side("right")},
	{"row_count", 0, -1, "", nil},
	{"schema", 0, 0, "current_schema", nil},
	{"sec_to_time", 0, -1, "", nil},
	{"second", 1, 1, "", onDate("second")},
	{"session_user", 0, 0, "current_user", nil},
	{"sha", 1, 1, "sha1", nil},
	{"sha2", 2, 2, "", func(c *converter, at ast.At, a []ast.Expr) ast.Expr {
		if l, ok := a[1].(*ast.Literal); !ok || l.Text != "256" && l.Text != "0" {
			c.unsupported(at, "sha2 of anything but 256 bits")
		}
		return call(at, "sha256", a[0])
	}},
	{"sleep", 0, -1, "", nil},
	{"space", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr { return call(at, "repeat", text(at, " "), a[0]) }},
	{"strcmp", 2, 2, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		when := func(op ast.CompareOp, n int64) ast.When {
			return ast.When{At: at, Cond: &ast.Comparison{At: at, Op: op, L: a[0], R: a[1]}, Result: integer(at, n)}
		}
		return &ast.Case{At: at, Whens: []ast.When{when(ast.OpLt, -1), when(ast.OpEq, 0), when(ast.OpGt, 1)}}
	}},
	{"substring_index", 3, 3, "", func(c *converter, at ast.At, a []ast.Expr) ast.Expr {
		if l, ok := a[2].(*ast.Literal); !ok || l.Text != "1" && l.Text != "-1" {
			c.unsupported(at, "substring_index with a count other than 1 and -1")
		}
		return call(at, "split_part", a...)
	}},
	{"subtime", 0, -1, "", nil},
	{"system_user", 0, 0, "current_user", nil},
	{"time", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr { return cast(at, temporal(a[0]), "time") }},
	{"time_to_sec", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		t := cast(at, a[0], "time")
		h := binary(at, "*", call(at, "hour", t), integer(at, 3600))
		m := binary(at, "*", call(at, "minute", t), integer(at, 60))
		return binary(at, "+", binary(at, "+", h, m), call(at, "second", t))
	}},
	{"timediff", 0, -1, "", nil},
	{"timestamp", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr { return cast(at, a[0], "timestamp") }},
	{"to_days", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		days := call(at, "date_diff", text(at, "day"), epochDay(at), cast(at, temporal(a[0]), "date"))
		return binary(at, "+", days, integer(at, dayOfEpoch))
	}},
	{"to_seconds", 0, -1, "", nil},
	{"truncate", 2, 2, "trunc", nil},
	{"ucase", 1, 1, "upper", nil},
	{"unix_timestamp", 0, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		when := ast.Expr(call(at, "now"))
		if len(a) == 1 {
			when = cast(at, a[0], "timestamptz")
		}
		return cast(at, call(at, "floor", call(at, "epoch", when)), "bigint")
	}},
	{"user", 0, 0, "current_user", nil},
	{"utc_date", 0, 0, "", func(_ *converter, at ast.At, _ []ast.Expr) ast.Expr { return cast(at, utcNow(at), "date") }},
	{"week", 1, 2, "", week},
	{"weekday", 1, 1, "", func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		return binary(at, "-", call(at, "isodow", temporal(a[0])), integer(at, 1))
	}},
	{"weekofyear", 1, 1, "", onDate("week")},
	{"year", 1, 1, "", onDate("year")},
	{"yearweek", 1, 2, "", func(c *converter, at ast.At, a []ast.Expr) ast.Expr {
		if mode(a) != "1" && mode(a) != "3" {
			c.unsupported(at, "yearweek in a mode other than 1 and 3")
		}
		return call(at, "yearweek", temporal(a[0]))
	}},
}

// onDate calls a function of a date, which may be given as a text.
func onDate(name string) func(*converter, ast.At, []ast.Expr) ast.Expr {
	return func(_ *converter, at ast.At, a []ast.Expr) ast.Expr { return call(at, name, temporal(a[0])) }
}

// concat joins texts; a NULL makes the result NULL.
func concat(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
	for i, x := range a {
		if l, ok := x.(*ast.Literal); !ok || l.Kind != ast.LitString {
			a[i] = cast(ast.At(x.Pos()), x, "varchar")
		}
	}
	if len(a) == 1 {
		return a[0]
	}
	return &ast.Concat{At: at, Terms: a}
}

// bytesOf is the number of bytes of a text.
func bytesOf(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
	return call(at, "strlen", cast(at, a[0], "varchar"))
}

// extreme is GREATEST or LEAST: NULL when an argument is.
func extreme(name string) func(*converter, ast.At, []ast.Expr) ast.Expr {
	return func(c *converter, at ast.At, a []ast.Expr) ast.Expr {
		var nulls []ast.Expr
		for i, x := range a {
			a[i] = c.number(x)
			if l, ok := x.(*ast.Literal); !ok || l.Kind == ast.LitNull {
				nulls = append(nulls, &ast.IsNull{At: at, X: x, Not: true})
			}
		}
		f := call(at, name, a...)
		switch len(nulls) {
		case 0:
			return f
		case 1:
			return &ast.Case{At: at, Whens: []ast.When{{At: at, Cond: nulls[0], Result: f}}}
		}
		return &ast.Case{At: at, Whens: []ast.When{{At: at, Cond: &ast.And{At: at, Terms: nulls}, Result: f}}}
	}
}

// side is LEFT or RIGHT: a negative length counts as 0.
func side(name string) func(*converter, ast.At, []ast.Expr) ast.Expr {
	return func(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
		if l, ok := a[1].(*ast.Literal); !ok || strings.HasPrefix(l.Text, "-") {
			a[1] = call(at, "greatest", a[1], integer(at, 0))
		}
		return call(at, name, a...)
	}
}

// locate is LOCATE(needle, text[, from]).
func locate(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
	if len(a) == 2 {
		return call(at, "position", a[1], a[0])
	}
	found := call(at, "position", call(at, "substring", a[1], a[2]), a[0])
	shifted := binary(at, "-", binary(at, "+", found, a[2]), integer(at, 1))
	return &ast.Case{At: at, Whens: []ast.When{
		{At: at, Cond: &ast.Comparison{At: at, Op: ast.OpLt, L: a[2], R: integer(at, 1)}, Result: integer(at, 0)},
		{At: at, Cond: &ast.Comparison{At: at, Op: ast.OpGt, L: found, R: integer(at, 0)}, Result: shifted},
		{At: at, Cond: equals(at, found, integer(at, 0)), Result: integer(at, 0)},
	}}
}

// microsecond is the fraction of the second; the engine's function includes
// the seconds.
func microsecond(_ *converter, at ast.At, a []ast.Expr) ast.Expr {
	return binary(at, "%", call(at, "microsecond", temporal(a[0])), integer(at, 1_000_000))
}

// mode is the literal mode of WEEK, "" for another, "0" for none.
func mode(a []ast.Expr) string {
	if len(a) == 1 {
		return "0"
	}
	if l, ok := a[1].(*ast.Literal); ok {
		return l.Text
	}
	return ""
}

// week is WEEK: mode 0 counts from the first Sunday, 5 from the first Monday,
// 3 as ISO 8601 does.
func week(c *converter, at ast.At, a []ast.Expr) ast.Expr {
	x := temporal(a[0])
	switch mode(a) {
	case "0":
		return cast(at, call(at, "strftime", x, text(at, "%U")), "integer")
	case "5":
		return cast(at, call(at, "strftime", x, text(at, "%W")), "integer")
	case "3":
		return call(at, "week", x)
	}
	c.unsupported(at, "week in a mode other than 0, 3 and 5")
	return null(at)
}

// dayOfEpoch is TO_DAYS('1970-01-01').
const dayOfEpoch = 719528

func epochDay(at ast.At) ast.Expr {
	return &ast.TypedLiteral{At: at, Type: typeNamed(at, "date"), Text: "1970-01-01"}
}
