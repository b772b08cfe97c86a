package logical

import (
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/vector/types"
)

// String renders e for EXPLAIN, predicates' texts and messages: SQL as far as
// there is SQL for it, columns by name.
func String(e Expr) string {
	var p printer
	p.expr(e, 0)
	return p.b.String()
}

// maxListed is how many members of a long list are shown.
const maxListed = 20

// printer writes expressions; prec is the binding strength of the context: an
// operator that binds less gets parentheses.
type printer struct{ b strings.Builder }

const (
	precOr = iota + 1
	precAnd
	precNot
	precCompare
	precAdd
	precMul
	precUnary
)

func (p *printer) expr(e Expr, prec int) {
	switch e := e.(type) {
	case nil:
		p.b.WriteString("<nil>")
	case *Column:
		p.column(e)
	case *Const:
		p.b.WriteString(Literal(e.Value))
	case *Param:
		p.b.WriteString("$" + strconv.Itoa(e.Index+1))
	case *Call:
		p.call(e, prec)
	case *Cast:
		if e.Try {
			p.b.WriteString("TRY_")
		}
		p.b.WriteString("CAST(")
		p.expr(e.Arg, 0)
		p.b.WriteString(" AS " + e.To.String() + ")")
	case *Compare:
		p.infix(precCompare, prec, " "+e.Op.String()+" ", e.Left, e.Right)
	case *And:
		p.infix(precAnd, prec, " AND ", e.Args...)
	case *Or:
		p.infix(precOr, prec, " OR ", e.Args...)
	case *Not:
		p.open(precNot, prec)
		p.b.WriteString("NOT ")
		p.expr(e.Arg, precNot)
		p.close(precNot, prec)
	case *IsNull:
		p.open(precCompare, prec)
		p.expr(e.Arg, precCompare+1)
		p.b.WriteString(" IS" + not(e.Negated) + " NULL")
		p.close(precCompare, prec)
	case *In:
		p.open(precCompare, prec)
		p.expr(e.Arg, precCompare+1)
		p.b.WriteString(not(e.Negated) + " IN (")
		p.list(e.List)
		p.b.WriteString(")")
		p.close(precCompare, prec)
	case *Case:
		p.b.WriteString("CASE")
		for _, w := range e.Whens {
			p.b.WriteString(" WHEN ")
			p.expr(w.Cond, 0)
			p.b.WriteString(" THEN ")
			p.expr(w.Then, 0)
		}
		p.b.WriteString(" ELSE ")
		p.expr(e.Else, 0)
		p.b.WriteString(" END")
	case *Lambda:
		p.b.WriteString(e.Kind.String() + "(")
		p.list(e.Args)
		p.b.WriteString(", lambda: ")
		p.expr(e.Body, 0)
		p.b.WriteString(")")
	case *Coalesce:
		p.b.WriteString("coalesce(")
		p.list(e.Args)
		p.b.WriteString(")")
	case *Subquery:
		switch e.Kind {
		case ScalarSubquery:
			p.b.WriteString("(subquery)")
		case Exists:
			p.b.WriteString("EXISTS (subquery)")
		default:
			if len(e.Rest) > 0 {
				p.b.WriteString("(")
				p.list(Operands(e))
				p.b.WriteString(")")
			} else {
				p.expr(e.Arg, precCompare+1)
			}
			word := " ANY "
			if e.Kind == All {
				word = " ALL "
			}
			p.b.WriteString(" " + e.Op.String() + word + "(subquery)")
		}
	}
}

func not(negated bool) string {
	if negated {
		return " NOT"
	}
	return ""
}

func (p *printer) column(c *Column) {
	if c.Name == "" {
		p.b.WriteString("#" + strconv.Itoa(int(c.ID)))
		return
	}
	p.b.WriteString(c.Name)
}

func (p *printer) open(mine, prec int) {
	if mine < prec {
		p.b.WriteByte('(')
	}
}

func (p *printer) close(mine, prec int) {
	if mine < prec {
		p.b.WriteByte(')')
	}
}

func (p *printer) infix(mine, prec int, op string, args ...Expr) {
	p.open(mine, prec)
	for i, a := range args {
		if i > 0 {
			p.b.WriteString(op)
		}
		if i == 8*maxListed {
			p.b.WriteString("...")
			break
		}
		p.expr(a, mine+1)
	}
	p.close(mine, prec)
}

func (p *printer) list(list []Expr) {
	for i, a := range list {
		if i > 0 {
			p.b.WriteString(", ")
		}
		if i == maxListed {
			p.b.WriteString("... " + strconv.Itoa(len(list)-i) + " more")
			return
		}
		p.expr(a, 0)
	}
}

// infixOps are the functions that are written between their arguments.
var infixOps = map[string]int{
	"+": precAdd, "-": precAdd, "||": precAdd, "&": precAdd, "|": precAdd, "<<": precAdd, ">>": precAdd,
	"*": precMul, "/": precMul, "//": precMul, "%": precMul,
	"~~": precCompare, "!~~": precCompare, "~~*": precCompare, "!~~*": precCompare, "~~~": precCompare,
}

var infixWords = map[string]string{
	"~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE", "~~~": "GLOB",
}

func (p *printer) call(e *Call, prec int) {
	if mine, ok := infixOps[e.Fn.Name]; ok && len(e.Args) >= 2 {
		op := e.Fn.Name
		if w := infixWords[op]; w != "" {
			op = w
		}
		p.open(mine, prec)
		for i, a := range e.Args {
			if i > 0 {
				p.b.WriteString(" " + op + " ")
				p.expr(a, mine+1)
			} else {
				p.expr(a, mine)
			}
		}
		p.close(mine, prec)
		return
	}
	if e.Fn.Name == "-" && len(e.Args) == 1 {
		p.b.WriteString("-")
		p.expr(e.Args[0], precUnary)
		return
	}
	p.b.WriteString(e.Fn.Name + "(")
	p.list(e.Args)
	p.b.WriteString(")")
}

// AggString renders an aggregate call for EXPLAIN and messages.
func AggString(a *AggCall) string {
	var p printer
	p.b.WriteString(a.Fn.Name + "(")
	if a.Distinct {
		p.b.WriteString("DISTINCT ")
	}
	if len(a.Args) == 0 && (a.Fn.Name == "count_star" || a.Fn.Name == "count") {
		p.b.Reset()
		p.b.WriteString("count(*")
	}
	p.list(a.Args)
	if len(a.OrderBy) > 0 {
		p.b.WriteString(" ORDER BY ")
		p.b.WriteString(KeysString(a.OrderBy))
	}
	p.b.WriteString(")")
	if a.Filter != nil {
		p.b.WriteString(" FILTER (WHERE ")
		p.expr(a.Filter, 0)
		p.b.WriteString(")")
	}
	return p.b.String()
}

// KeysString renders sort keys.
func KeysString(keys []SortKey) string {
	var p printer
	for i, k := range keys {
		if i > 0 {
			p.b.WriteString(", ")
		}
		p.expr(k.Expr, 0)
		if k.Desc {
			p.b.WriteString(" DESC")
		}
		if k.NullsFirst {
			p.b.WriteString(" NULLS FIRST")
		}
	}
	return p.b.String()
}

// Literal renders a value as an SQL literal; long strings are cut.
func Literal(v types.Value) string {
	if v.IsNull {
		return "NULL"
	}
	switch v.Type.ID {
	case types.Boolean:
		return strconv.FormatBool(v.I != 0)
	case types.Varchar, types.Blob, types.Bit:
		s := v.S
		if len(s) > 200 {
			s = strings.ToValidUTF8(s[:200], "") + "..."
		}
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case types.Float, types.Double:
		return strconv.FormatFloat(v.F, 'g', -1, 64)
	}
	s := v.String()
	if v.Type.IsNumeric() {
		return s
	}
	return "'" + s + "'"
}
