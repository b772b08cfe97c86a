package bind

import (
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// row binds (a, b, ...) and ROW(a, ...): a struct without names.
func (b *binder) row(c *exprCtx, e *ast.Row) (logical.Expr, error) {
	args, err := b.exprs(c, e.Elems...)
	if err != nil {
		return nil, err
	}
	list, err := b.packed(e, args)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// packed makes one struct of the members of a row.
func (b *binder) packed(e *ast.Row, args []logical.Expr) ([]logical.Expr, error) {
	if len(args) == 0 {
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeSyntax, "a row without members")
	}
	in := make([]logical.Expr, len(args))
	for i, a := range args {
		in[i] = b.settled(a)
	}
	x, err := b.builtin(e, "row", in...)
	return []logical.Expr{x}, err
}

// packedColumns makes one struct of all columns of a query.
func (b *binder) packedColumns(e *ast.Row, r *result) (*result, error) {
	args := make([]logical.Expr, len(r.cols))
	for i, c := range r.cols {
		args[i] = logical.Ref(c)
	}
	list, err := b.packed(e, args)
	if err != nil {
		return nil, err
	}
	col := b.newCol("row", list[0].Type())
	p := &logical.Project{Input: r.node, Cols: []logical.Column{col}, Exprs: list}
	return &result{node: p, cols: p.Cols}, nil
}

// castRow casts a row that is written out, or a struct literal, member by
// member; nil when x is something else, or its names do not allow that.
func (b *binder) castRow(x *logical.Call, to types.Type) logical.Expr {
	from := x.Fn.Return
	if x.Fn.Name != "row" || from.ID != types.Struct || to.ID != types.Struct || from.Ext == nil || to.Ext == nil ||
		len(x.Args) != len(from.Ext.Fields) || len(x.Args) != len(to.Ext.Fields) {
		return nil
	}
	fn := *x.Fn
	fn.Return = to
	fn.Params = append([]types.Type{}, x.Fn.Params...)
	args := make([]logical.Expr, len(x.Args))
	for i, a := range x.Args {
		f, t := from.Ext.Fields[i], to.Ext.Fields[i]
		if f.Name != "" && t.Name != "" && !strings.EqualFold(f.Name, t.Name) || !castable(a.Type(), t.Type) {
			return nil
		}
		args[i] = b.cast(a, t.Type)
		if i < len(fn.Params) && fn.Params[i].ID != types.Any {
			fn.Params[i] = t.Type
		}
	}
	return &logical.Call{At: x.At, Fn: &fn, Args: args}
}

// rowComparison binds the comparison of two rows that are written out. Rows are
// compared as structs, in which NULL is a value, so equality is that each
// member is not distinct.
func (b *binder) rowComparison(c *exprCtx, pos int, op ast.CompareOp, l, r *ast.Row) (logical.Expr, error) {
	if len(l.Elems) != len(r.Elems) || len(l.Elems) == 0 {
		return nil, sqlerr.At(pos, sqlerr.CodeDatatypeMismatch, "rows of %d and %d members cannot be compared", len(l.Elems), len(r.Elems))
	}
	if op != ast.OpEq && op != ast.OpNe {
		x, err := b.row(c, l)
		if err != nil {
			return nil, err
		}
		y, err := b.row(c, r)
		if err != nil {
			return nil, err
		}
		return b.compare(pos, compareOps[op], x, y)
	}
	var all []logical.Expr
	for i := range l.Elems {
		args, err := b.exprs(c, l.Elems[i], r.Elems[i])
		if err != nil {
			return nil, err
		}
		x, err := b.compare(pos, logical.NotDistinct, args[0], args[1])
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	eq := logical.AndOf(all)
	if op == ast.OpNe {
		return negate(eq, logical.At(pos)), nil
	}
	return eq, nil
}

// listOf makes the aggregation, over an input yet to be given, of a column to
// the list of its values in an order.
func (b *binder) listOf(e ast.Node, col logical.Column, keys []logical.SortKey) (*logical.Aggregate, error) {
	fn := b.o.Functions.Aggregate("list")
	if fn == nil {
		return nil, unsupported(e, "ARRAY of a subquery")
	}
	call := &ast.FuncCall{At: ast.At(e.Pos()), Name: []ast.Ident{{Name: "list"}}}
	bound, args, err := b.resolveAggregate(call, fn, []logical.Expr{logical.Ref(col)})
	if err != nil {
		return nil, err
	}
	var order []function.OrderKey
	for _, k := range keys {
		order = append(order, function.OrderKey{Type: k.Expr.Type(), Desc: k.Desc, NullsFirst: k.NullsFirst})
		args = append(args, k.Expr)
	}
	if len(order) > 0 {
		if bound, err = bound.Ordered(order); err != nil {
			return nil, sqlerr.WithPos(err, e.Pos())
		}
	}
	return &logical.Aggregate{AggCols: []logical.Column{b.newCol("array", bound.Return)},
		Aggs: []logical.AggCall{{At: logical.At(e.Pos()), Fn: bound, Args: args}}}, nil
}

// maxRowTerms bounds a list of rows that is compared row by row; a longer one
// is looked up.
const maxRowTerms = 32

// inRows binds (a, b) IN ((1, 2), ...) with rows that are written out, member by
// member: few as a disjunction, many as a table to join with. Nil: the list is
// of another kind.
func (b *binder) inRows(c *exprCtx, e *ast.InList, row *ast.Row) (logical.Expr, error) {
	width := len(row.Elems)
	for _, m := range e.List {
		if r, ok := m.(*ast.Row); !ok || len(r.Elems) != width {
			return nil, nil
		}
	}
	args, err := b.exprs(c, row.Elems...)
	if err != nil {
		return nil, err
	}
	for _, a := range args {
		if logical.HasVolatile(a) || logical.HasSubquery(a) {
			return nil, nil
		}
	}
	at := logical.At(e.Pos())
	rows := make([][]logical.Expr, len(e.List))
	constant := true
	for i, m := range e.List {
		if rows[i], err = b.exprs(c, m.(*ast.Row).Elems...); err != nil {
			return nil, err
		}
		for _, x := range rows[i] {
			constant = constant && len(logical.ColumnsOf(x)) == 0 && !logical.HasSubquery(x) && !logical.HasVolatile(x)
		}
	}
	if len(rows) > maxRowTerms && (!constant || c.aggs == nil && c.clause != "WHERE") {
		return nil, nil
	}
	v := &logical.Values{}
	for k := range width {
		column := []logical.Expr{args[k]}
		for _, r := range rows {
			column = append(column, r[k])
		}
		t, err := b.common(column, unifyCompare, "IN")
		if err != nil {
			return nil, err
		}
		if t.ID == types.Null {
			t = types.Of(types.Integer)
		}
		args[k] = b.cast(args[k], t)
		for _, r := range rows {
			r[k] = b.cast(r[k], t)
		}
		v.Cols = append(v.Cols, b.newCol("member", t))
	}
	var x logical.Expr
	if len(rows) > maxRowTerms {
		v.Rows = rows
		s := &logical.Subquery{At: at, Kind: logical.Any, Plan: v, Col: v.Cols[0].ID, Arg: args[0], Rest: args[1:], Op: logical.NotDistinct, Typ: types.Of(types.Boolean)}
		for _, col := range v.Cols[1:] {
			s.RestCols = append(s.RestCols, col.ID)
		}
		x = s
	} else {
		var any []logical.Expr
		for _, r := range rows {
			var all []logical.Expr
			for k := range r {
				all = append(all, &logical.Compare{At: at, Op: logical.NotDistinct, Left: args[k], Right: r[k]})
			}
			any = append(any, logical.AndOf(all))
		}
		x = logical.OrOf(any)
	}
	if e.Not {
		return negate(x, at), nil
	}
	return x, nil
}
