package bind

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// distinctOn binds the expressions of DISTINCT ON over FROM's columns:
// ordinals, output names, then any expression.
func (b *binder) distinctOn(list []ast.Expr, items []selectItem, base exprCtx, aggs *aggSet) ([]logical.Expr, error) {
	c := base
	c.clause, c.aggs = "DISTINCT ON", aggs
	var out []logical.Expr
	for _, e := range list {
		n, isOrdinal, err := ordinal(e, len(items), "DISTINCT ON")
		if err != nil {
			return nil, err
		}
		if isOrdinal {
			out = append(out, b.key(items[n].expr))
			continue
		}
		if ref, ok := e.(*ast.ColumnRef); ok && len(ref.Parts) == 1 {
			if n := outputNamed(items, ref.Parts[0]); n >= 0 {
				out = append(out, b.key(items[n].expr))
				continue
			}
		}
		each, _, err := b.overColumns(&c, e)
		if err != nil {
			return nil, err
		}
		for k := range each {
			x, err := b.expr(&each[k], e)
			if err != nil {
				return nil, err
			}
			out = append(out, b.key(b.settled(x)))
		}
	}
	return out, nil
}

// firstOf keeps of the rows that agree on the expressions on the first in the
// order of keys: it groups by them and takes the first of every other column,
// which is the same row's for all columns, since all compare the same keys. It
// returns the keys over the result.
func (b *binder) firstOf(r *result, p *logical.Project, column func(string, logical.Expr) logical.Column, on []logical.Expr, keys []logical.SortKey) ([]logical.SortKey, error) {
	var cols []logical.Column
	for _, e := range on {
		if _, ok := e.(*logical.Const); !ok {
			cols = append(cols, column(logical.String(e), e))
		}
	}
	if len(cols) == 0 {
		return nil, sqlerr.At(on[0].Pos(), sqlerr.CodeUnsupported, "DISTINCT ON constants only is not supported")
	}
	if !passesThrough(p) {
		r.node = p // which has grown
	}
	return b.firstRows(r, cols, keys, true)
}

// firstRows is firstOf for columns of r's node; unless ordered, the first row
// is that of the input.
func (b *binder) firstRows(r *result, cols []logical.Column, keys []logical.SortKey, ordered bool) ([]logical.SortKey, error) {
	a := &logical.Aggregate{Input: r.node}
	groups := map[logical.ColID]bool{}
	for _, c := range cols {
		if !groups[c.ID] {
			groups[c.ID] = true
			a.GroupCols, a.Groups = append(a.GroupCols, c), append(a.Groups, logical.Ref(c))
		}
	}
	var order []function.OrderKey
	var exprs []logical.Expr
	for _, k := range keys {
		if _, ok := k.Expr.(*logical.Const); ok || !ordered {
			continue
		}
		order = append(order, function.OrderKey{Type: k.Expr.Type(), Desc: k.Desc, NullsFirst: k.NullsFirst})
		exprs = append(exprs, k.Expr)
	}
	fn := b.o.Functions.Aggregate("first")
	if fn == nil {
		return nil, sqlerr.New(sqlerr.CodeInternal, "there is no aggregate first")
	}
	to := map[logical.ColID]logical.Expr{}
	moved := func(c logical.Column) (logical.Column, error) {
		if groups[c.ID] {
			return c, nil
		}
		if x, ok := to[c.ID]; ok {
			col := *x.(*logical.Column)
			col.Name = c.Name
			return col, nil
		}
		bound, args, err := b.resolveAggregate(&ast.FuncCall{Name: []ast.Ident{{Name: "first"}}}, fn, []logical.Expr{logical.Ref(c)})
		if err == nil && len(order) > 0 {
			if bound, err = bound.Ordered(order); err == nil {
				args = append(args, exprs...)
			}
		}
		if err != nil {
			return c, err
		}
		col := b.newCol(c.Name, c.Typ)
		a.AggCols = append(a.AggCols, col)
		a.Aggs = append(a.Aggs, logical.AggCall{At: -1, Fn: bound, Args: args})
		to[c.ID] = logical.Ref(col)
		return col, nil
	}
	for i := range r.cols {
		col, err := moved(r.cols[i])
		if err != nil {
			return nil, err
		}
		r.cols[i] = col
	}
	for i := range keys {
		c, ok := keys[i].Expr.(*logical.Column)
		if !ok {
			continue
		}
		col, err := moved(*c)
		if err != nil {
			return nil, err
		}
		keys[i].Expr = logical.Ref(col)
	}
	r.node = a
	return keys, nil
}
