package bind

import (
	"fmt"
	"slices"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/vector/types"
)

func sortNames(names []string) { slices.Sort(names) }

// summarize binds SUMMARIZE: one aggregation of all columns, whose figures are
// then laid out as a row for each column.
func (b *binder) summarize(s *ast.Summarize) (Statement, error) {
	var r *result
	var err error
	if s.Query != nil {
		r, err = b.query(s.Query, nil, nil)
	} else {
		var node logical.Node
		var sc *scope
		if node, sc, err = b.tableRef(s.Table, nil, &scope{}); err == nil {
			r = &result{node: node}
			for _, c := range sc.cols {
				col := c.col
				col.Name = c.name
				r.cols = append(r.cols, col)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	b.params = nil
	node, sc, err := b.aliased(s, r, nil, "")
	if err != nil {
		return nil, err
	}
	query := &ast.Select{At: s.At}
	for _, f := range []struct {
		name string
		text func(i int, c logical.Column) string
	}{
		{"column_name", func(_ int, c logical.Column) string { return format.QuoteString(c.Name) }},
		{"column_type", func(_ int, c logical.Column) string { return format.QuoteString(c.Typ.String()) }},
		{"min", func(i int, _ logical.Column) string { return fmt.Sprintf("CAST(min(#%d) AS VARCHAR)", i) }},
		{"max", func(i int, _ logical.Column) string { return fmt.Sprintf("CAST(max(#%d) AS VARCHAR)", i) }},
		{"approx_unique", func(i int, _ logical.Column) string { return fmt.Sprintf("approx_count_distinct(#%d)", i) }},
		{"avg", func(i int, c logical.Column) string { return figure(c, "avg(#%d)", i, false) }},
		{"std", func(i int, c logical.Column) string { return figure(c, "stddev(#%d)", i, false) }},
		{"q25", func(i int, c logical.Column) string { return figure(c, "approx_quantile(#%d, 0.25)", i, true) }},
		{"q50", func(i int, c logical.Column) string { return figure(c, "approx_quantile(#%d, 0.5)", i, true) }},
		{"q75", func(i int, c logical.Column) string { return figure(c, "approx_quantile(#%d, 0.75)", i, true) }},
		{"count", func(int, logical.Column) string { return "count(*)" }},
		{"null_percentage", func(i int, _ logical.Column) string {
			return fmt.Sprintf("CAST((1 - count(#%d) / nullif(count(*), 0)) * 100 AS DECIMAL(9, 2))", i)
		}},
	} {
		text := "unnest(["
		for i, c := range sc.cols {
			if i > 0 {
				text += ", "
			}
			text += f.text(i+1, c.col)
		}
		e, err := parser.ParseExpr(text + "])")
		if err != nil {
			return nil, err
		}
		query.Items = append(query.Items, ast.SelectItem{At: s.At, Expr: e, Alias: ast.Ident{At: s.At, Name: f.name}})
	}
	out, err := b.selectOver(query, nil, nil, node, sc)
	if err != nil {
		return nil, err
	}
	return &Query{Plan: b.finish(out)}, nil
}

// figure is an aggregate's text for the columns that have one: numbers, and
// points in time where temporal is set.
func figure(c logical.Column, call string, i int, temporal bool) string {
	point := c.Typ.IsTemporal() && c.Typ.ID != types.IntervalID && c.Typ.ID != types.TimeTZ
	if c.Typ.IsNumeric() || temporal && point {
		return "CAST(" + fmt.Sprintf(call, i) + " AS VARCHAR)"
	}
	return "CAST(NULL AS VARCHAR)"
}
