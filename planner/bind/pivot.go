package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// maxPivot bounds the columns that PIVOT makes.
const maxPivot = 10_000

// filtered is an expression whose aggregates count the rows of a condition only.
type filtered struct {
	ast.Expr // nil
	inner    ast.Expr
	cond     ast.Expr
}

func (f *filtered) Pos() int { return f.inner.Pos() }

// pivotValue is a value that becomes columns, and the condition for its rows.
type pivotValue struct {
	name string
	cond ast.Expr
}

// pivot binds PIVOT: a grouping in which each aggregate stands once for every
// value, over the rows that have it.
func (b *binder) pivot(t *ast.Pivot, env *cteScope, left *scope) (logical.Node, *scope, error) {
	node, sc, err := b.tableRef(t.Source, env, left)
	if err != nil {
		return nil, nil, err
	}
	used := map[*scopeCol]bool{}
	mark := func(e ast.Expr) error {
		var err error
		ast.Inspect(e, func(n ast.Node) bool {
			if ref, ok := n.(*ast.ColumnRef); ok && err == nil {
				var c *scopeCol
				last := len(ref.Parts) - 1
				if c, err = sc.lookup(ref.Parts[:last], ref.Parts[last]); c != nil {
					used[c] = true
				}
			}
			return err == nil
		})
		return err
	}
	values := []pivotValue{{}}
	for i := range t.Columns {
		c := &t.Columns[i]
		for _, e := range c.Exprs {
			if err := mark(e); err != nil {
				return nil, nil, err
			}
		}
		own, err := b.pivotValues(t, c)
		if err != nil {
			return nil, nil, err
		}
		if values, err = cross(t, values, own); err != nil {
			return nil, nil, err
		}
	}
	aggregates := t.Aggregates
	if len(aggregates) == 0 {
		count := &ast.FuncCall{At: t.At, Name: []ast.Ident{{At: t.At, Name: "count"}}, Args: []ast.Expr{&ast.Star{At: t.At}}}
		aggregates = []ast.SelectItem{{At: t.At, Expr: count}}
	}
	for i := range aggregates {
		if err := mark(aggregates[i].Expr); err != nil {
			return nil, nil, err
		}
	}
	sel := &ast.Select{At: t.At}
	group := func(e ast.Expr, name string) {
		sel.Items = append(sel.Items, ast.SelectItem{At: t.At, Expr: e, Alias: ast.Ident{At: t.At, Name: name}})
		if sel.GroupBy == nil {
			sel.GroupBy = &ast.GroupBy{At: t.At}
		}
		sel.GroupBy.Items = append(sel.GroupBy.Items, ast.GroupItem{At: t.At, Exprs: []ast.Expr{e}})
	}
	for _, e := range t.GroupBy {
		group(e, columnName(e))
	}
	if len(t.GroupBy) == 0 {
		for i := range sc.cols {
			if c := &sc.cols[i]; !c.hidden && !used[c] {
				group(c.tree(t.At), c.name)
			}
		}
	}
	for _, v := range values {
		for _, a := range aggregates {
			name := v.name
			switch {
			case a.Alias.Name != "":
				name += "_" + a.Alias.Name
			case len(aggregates) > 1:
				name += "_" + columnName(a.Expr)
			}
			sel.Items = append(sel.Items, ast.SelectItem{At: t.At, Expr: &filtered{inner: a.Expr, cond: v.cond}, Alias: ast.Ident{At: t.At, Name: name}})
		}
	}
	if len(sel.Items) > maxPivot {
		return nil, nil, tooWide(t)
	}
	r, err := b.selectOver(sel, nil, env, node, sc)
	if err != nil {
		return nil, nil, err
	}
	return b.aliased(t, r, t.Alias, "")
}

func tooWide(t *ast.Pivot) error {
	return sqlerr.At(t.Pos(), sqlerr.CodeTooManyColumns, "PIVOT makes more than %d columns", maxPivot)
}

// cross combines the values of one entry of ON with those of the entries before.
func cross(t *ast.Pivot, before, own []pivotValue) ([]pivotValue, error) {
	if len(before)*len(own) > maxPivot {
		return nil, tooWide(t)
	}
	var out []pivotValue
	for _, x := range before {
		for _, y := range own {
			switch {
			case x.cond == nil:
				out = append(out, y)
			default:
				out = append(out, pivotValue{x.name + "_" + y.name, &ast.And{At: t.At, Terms: []ast.Expr{x.cond, y.cond}}})
			}
		}
	}
	return out, nil
}

// pivotValues lists the values of one entry of ON: those written, or all that
// occur, as text.
func (b *binder) pivotValues(t *ast.Pivot, c *ast.PivotColumn) ([]pivotValue, error) {
	switch {
	case len(c.Exprs) != 1 && len(c.In) == 0:
		return nil, unsupported(c, "PIVOT over several columns at once without a list of rows")
	case c.Enum.Name != "" || c.InQuery != nil:
		return nil, unsupported(c, "PIVOT with values of a type or query")
	}
	var out []pivotValue
	if len(c.In) > 0 {
		for i := range c.In {
			it := &c.In[i]
			v, err := b.pivotRow(c, it)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	if b.o.Column == nil {
		return nil, unsupported(c, "PIVOT without IN")
	}
	e := c.Exprs[0]
	text := &ast.Cast{At: c.At, X: e, Type: &ast.TypeName{At: c.At, Parts: []ast.Ident{{At: c.At, Name: "varchar"}}}}
	q := &ast.Query{At: c.At, OrderBy: []ast.OrderItem{{At: c.At, Expr: &ast.Literal{At: c.At, Kind: ast.LitInteger, Text: "1"}}}, Body: &ast.Select{
		At: c.At, Distinct: true, Items: []ast.SelectItem{{At: c.At, Expr: text}}, From: []ast.TableRef{t.Source},
		Where: &ast.IsNull{At: c.At, X: e, Not: true},
	}}
	st, err := New(*b.o).Bind(b.ctx, q)
	if err != nil {
		return nil, err
	}
	plan := st.(*Query).Plan
	if len(plan.Params) > 0 {
		return nil, unsupported(c, "a parameter in PIVOT without IN")
	}
	found, err := b.o.Column(b.ctx, plan, maxPivot+1)
	if err != nil {
		return nil, err
	}
	if len(found) > maxPivot {
		return nil, tooWide(t)
	}
	for _, v := range found {
		lit := &ast.Literal{At: c.At, Kind: ast.LitString, Text: v.S}
		out = append(out, pivotValue{v.S, &ast.Comparison{At: c.At, Op: ast.OpEq, L: text, R: lit}})
	}
	return out, nil
}

// pivotRow is a value that an entry of ON lists: a row of as many as the entry has
// columns.
func (b *binder) pivotRow(c *ast.PivotColumn, it *ast.SelectItem) (pivotValue, error) {
	list := []ast.Expr{it.Expr}
	if row, ok := it.Expr.(*ast.Row); ok {
		list = row.Elems
	}
	if len(list) != len(c.Exprs) {
		return pivotValue{}, sqlerr.At(it.Pos(), sqlerr.CodeSyntax, "PIVOT over %d columns has an entry of %d values", len(c.Exprs), len(list))
	}
	var names []string
	var conds []ast.Expr
	for i, e := range list {
		v, err := b.constantArg(e)
		if err != nil {
			return pivotValue{}, err
		}
		names = append(names, textOf(v))
		conds = append(conds, &ast.IsDistinct{At: it.At, L: c.Exprs[i], R: e, Not: true})
	}
	p := pivotValue{name: it.Alias.Name, cond: conds[0]}
	if p.name == "" {
		p.name = strings.Join(names, "_")
	}
	if len(conds) > 1 {
		p.cond = &ast.And{At: it.At, Terms: conds}
	}
	return p, nil
}

func textOf(v types.Value) string {
	if v.IsNull {
		return "NULL"
	}
	return v.String()
}

// filtering binds an expression whose aggregates see the rows of a condition.
func (b *binder) filtering(c *exprCtx, f *filtered) (logical.Expr, error) {
	in := *c
	in.filter = f.cond
	return b.expr(&in, f.inner)
}

// underFilter adds the condition that the context has for aggregates to a call.
func underFilter(c *exprCtx, f *ast.FuncCall) (*exprCtx, *ast.FuncCall) {
	if c.filter == nil {
		return c, f
	}
	in, g := *c, *f
	in.filter = nil
	g.Filter = c.filter
	if f.Filter != nil {
		g.Filter = &ast.And{At: f.At, Terms: []ast.Expr{f.Filter, c.filter}}
	}
	return &in, &g
}

// unpivot binds UNPIVOT: the names and the values of an entry of ON stand in lists,
// which are unnested beside each other.
func (b *binder) unpivot(t *ast.Unpivot, env *cteScope, left *scope) (logical.Node, *scope, error) {
	node, sc, err := b.tableRef(t.Source, env, left)
	if err != nil {
		return nil, nil, err
	}
	c := &exprCtx{scope: sc, env: env, clause: "UNPIVOT"}
	var names []logical.Expr
	values := make([][]logical.Expr, len(t.Values))
	gone := map[logical.ColID]bool{}
	add := func(name string, exprs []ast.Expr, cx *exprCtx) error {
		if len(exprs) != len(values) {
			return sqlerr.At(t.Pos(), sqlerr.CodeSyntax, "UNPIVOT into %d values has an entry of %d columns", len(values), len(exprs))
		}
		for k, e := range exprs {
			x, err := b.expr(cx, e)
			if err != nil {
				return err
			}
			logical.AddColumns(x, gone)
			values[k] = append(values[k], b.settled(x))
		}
		names = append(names, &logical.Const{At: -1, Value: types.StringValue(name)})
		return nil
	}
	for i := range t.Columns {
		if err := b.unpivotEntry(c, &t.Columns[i], add); err != nil {
			return nil, nil, err
		}
	}
	if len(names) == 0 {
		return nil, nil, sqlerr.At(t.Pos(), sqlerr.CodeSyntax, "UNPIVOT without columns")
	}
	u := &logical.Unnest{Input: node}
	var cols []logical.Column
	for i := range sc.cols {
		if s := &sc.cols[i]; !s.hidden && !gone[s.col.ID] {
			col := s.col
			col.Name = s.name
			cols = append(cols, col)
		}
	}
	list := func(name ast.Ident, elems []logical.Expr) error {
		x, err := b.builtin(t, "list_value", elems...)
		if err != nil {
			return err
		}
		col := b.newCol(name.Name, *x.Type().Ext.Child)
		u.Lists, u.Cols, cols = append(u.Lists, x), append(u.Cols, col), append(cols, col)
		return nil
	}
	if err := list(t.Name, names); err != nil {
		return nil, nil, err
	}
	for k, v := range t.Values {
		if err := list(v, values[k]); err != nil {
			return nil, nil, err
		}
	}
	r := &result{node: u, cols: cols}
	if !t.IncludeNulls {
		f := &logical.Filter{Input: u}
		for _, v := range u.Cols[1:] {
			f.Conds = append(f.Conds, &logical.IsNull{At: -1, Arg: logical.Ref(v), Negated: true})
		}
		r.node = f
	}
	return b.aliased(t, r, t.Alias, "")
}

// unpivotEntry hands the columns of one entry of ON to add: a star, COLUMNS, a row
// of columns, or one.
func (b *binder) unpivotEntry(c *exprCtx, it *ast.SelectItem, add func(string, []ast.Expr, *exprCtx) error) error {
	if st, ok := it.Expr.(*ast.Star); ok {
		cols, err := b.starCols(c, st)
		if err != nil {
			return err
		}
		for _, s := range cols {
			if err := add(s.name, []ast.Expr{s.expr}, c); err != nil {
				return err
			}
		}
		return nil
	}
	exprs := []ast.Expr{it.Expr}
	if row, ok := it.Expr.(*ast.Row); ok && !row.Explicit {
		exprs = row.Elems
	}
	each, cols, err := b.overColumns(c, it.Expr)
	if err != nil {
		return err
	}
	for k := range each {
		name := it.Alias.Name
		switch {
		case name != "":
		case cols != nil:
			name = cols[k].name
		default:
			var parts []string
			for _, e := range exprs {
				parts = append(parts, columnName(e))
			}
			name = strings.Join(parts, "_")
		}
		if err := add(name, exprs, &each[k]); err != nil {
			return err
		}
	}
	return nil
}
