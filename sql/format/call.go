package format

import (
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
)

// call prints a function call with its clauses.
func (p *printer) call(c *ast.FuncCall) {
	args := c.Args
	if c.Bare {
		name := strings.ToLower(ast.Last(c.Name).Name)
		if p.duck && name == "user" {
			name = `"user"` // the only one that DuckDB has as a keyword
		}
		p.str(name)
		return
	}
	switch {
	case p.duck:
		p.duckFuncName(c)
		if countsRows(c) {
			args = nil
		}
	case c.Method && len(args) > 0:
		if _, column := args[0].(*ast.ColumnRef); column {
			p.group(args[0]) // or it would be a qualified name
		} else {
			p.operand(args[0])
		}
		p.str(".")
		p.name(c.Name)
		args = args[1:]
	default:
		p.name(c.Name)
	}
	p.str("(")
	p.flag(c.Distinct, "DISTINCT ")
	p.exprs(args)
	p.orderBy(c.OrderBy, len(args) > 0 || c.Distinct)
	switch c.Nulls {
	case ast.NullsIgnore:
		p.str(" IGNORE NULLS")
	case ast.NullsRespect:
		p.str(" RESPECT NULLS")
	}
	p.str(")")
	if len(c.WithinGroup) > 0 {
		p.str(" WITHIN GROUP (")
		p.orderBy(c.WithinGroup, false)
		p.str(")")
	}
	if c.Filter != nil {
		p.str(" FILTER (WHERE ")
		p.expr(c.Filter)
		p.str(")")
	}
	p.flag(c.ExportState, " EXPORT_STATE")
	if c.Over != nil {
		p.str(" OVER ")
		p.window(c.Over)
	}
}

// orderBy prints ORDER BY with a space before it if something is there.
func (p *printer) orderBy(list []ast.OrderItem, space bool) {
	if len(list) == 0 {
		return
	}
	p.flag(space, " ")
	p.str("ORDER BY ")
	p.order(list)
}

func (p *printer) window(w *ast.WindowSpec) {
	if w.NameOnly {
		p.ident(w.Base)
		return
	}
	p.str("(")
	space := false
	if w.Base.Name != "" {
		p.ident(w.Base)
		space = true
	}
	if len(w.PartitionBy) > 0 {
		p.flag(space, " ")
		p.str("PARTITION BY ")
		p.exprs(w.PartitionBy)
		space = true
	}
	p.orderBy(w.OrderBy, space)
	if w.Frame != nil {
		p.flag(space || len(w.OrderBy) > 0, " ")
		p.frame(w.Frame)
	}
	p.str(")")
}

func (p *printer) frame(f *ast.Frame) {
	p.str(f.Mode.String(), " BETWEEN ")
	p.bound(f.Start)
	p.str(" AND ")
	p.bound(f.End)
	p.str([...]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude])
}

func (p *printer) bound(b ast.FrameBound) {
	switch b.Kind {
	case ast.UnboundedPreceding:
		p.str("UNBOUNDED PRECEDING")
	case ast.Preceding:
		p.expr(b.Offset)
		p.str(" PRECEDING")
	case ast.CurrentRow:
		p.str("CURRENT ROW")
	case ast.Following:
		p.expr(b.Offset)
		p.str(" FOLLOWING")
	case ast.UnboundedFollowing:
		p.str("UNBOUNDED FOLLOWING")
	}
}
