package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// inSubquery binds x IN (SELECT ...) to x = ANY (SELECT ...), and x NOT IN to
// x <> ALL.
func (b *binder) inSubquery(c *exprCtx, e *ast.InSubquery) (logical.Expr, error) {
	y, err := b.any(c, e.Pos(), logical.Eq, e.X, e.Query, false)
	if err != nil || !e.Not {
		return y, err
	}
	return negate(y, logical.At(e.Pos())), nil
}

// quantified binds x op ANY/ALL over a subquery or a list.
func (b *binder) quantified(c *exprCtx, e *ast.Quantified) (logical.Expr, error) {
	if e.Query == nil {
		return b.anyOfList(c, e)
	}
	return b.any(c, e.Pos(), compareOps[e.Op], e.X, e.Query, e.All)
}

// any binds x op ANY (query) or x op ALL (query).
//
// A row x stands for as many columns of the query. Equality with it is that of
// all members, three-valued, and so are IN and NOT IN; otherwise rows are
// compared as structs, in which NULL is a value. A single column that is a
// struct is compared with the row as a struct in any case.
func (b *binder) any(c *exprCtx, pos int, op logical.CompareOp, x ast.Expr, q *ast.Query, all bool) (logical.Expr, error) {
	row, isRow := x.(*ast.Row)
	var args []logical.Expr
	var err error
	if isRow {
		args, err = b.exprs(c, row.Elems...)
	} else {
		args, err = b.exprs(c, x)
	}
	if err != nil {
		return nil, err
	}
	r, s, err := b.sub(c, q)
	if err != nil {
		return nil, err
	}
	switch {
	case isRow && len(r.cols) == 1 && r.cols[0].Typ.ID == types.Struct:
		if args, err = b.packed(row, args); err != nil {
			return nil, err
		}
	case len(r.cols) != len(args):
		return nil, sqlerr.At(q.Pos(), sqlerr.CodeSyntax, "the subquery returns %d columns instead of %d", len(r.cols), len(args))
	case len(args) > 1 && (op == logical.Eq) == all:
		if args, err = b.packed(row, args); err != nil {
			return nil, err
		}
		if r, err = b.packedColumns(row, r); err != nil {
			return nil, err
		}
	case len(args) > 1 && op != logical.Eq && op != logical.Ne:
		if args, err = b.packed(row, args); err != nil {
			return nil, err
		}
		if r, err = b.packedColumns(row, r); err != nil {
			return nil, err
		}
	}
	want := make([]types.Type, len(args))
	for i, x := range args {
		t, err := b.common([]logical.Expr{x, logical.Ref(r.cols[i])}, unifyCompare, "a comparison with a subquery")
		if err != nil {
			return nil, sqlerr.At(pos, sqlerr.CodeDatatypeMismatch, "cannot compare %s with the subquery's %s", x.Type(), r.cols[i].Typ).
				WithHint("add an explicit cast")
		}
		if t.ID == types.Null {
			t = types.Of(types.Integer)
		}
		want[i], args[i] = t, b.cast(x, t)
	}
	node, ids := b.castColumns(r, want)
	if node, err = b.plainColumns(pos, node, ids, r.cols, args); err != nil {
		return nil, err
	}
	s.Kind, s.Plan, s.Op = logical.Any, node, op
	if all {
		s.Kind = logical.All
	}
	s.Col, s.Arg = ids[0], args[0]
	if len(args) > 1 {
		s.RestCols, s.Rest = ids[1:], args[1:]
	}
	s.Typ, s.At = types.Of(types.Boolean), logical.At(pos)
	return s, nil
}

// anyOfList binds x op ANY/ALL over a list: one that is written out compares
// with each element; any other is the subquery of its elements, of which NULL has
// none.
func (b *binder) anyOfList(c *exprCtx, e *ast.Quantified) (logical.Expr, error) {
	at := logical.At(e.Pos())
	if list, ok := e.List.(*ast.List); ok {
		x, err := b.expr(c, e.X)
		if err != nil {
			return nil, err
		}
		if logical.HasVolatile(x) && len(list.Elems) > 1 {
			return nil, unsupported(e, "ANY or ALL of a volatile expression over a list")
		}
		var terms []logical.Expr
		for _, m := range list.Elems {
			y, err := b.expr(c, m)
			if err != nil {
				return nil, err
			}
			term, err := b.compare(e.Pos(), compareOps[e.Op], x, y)
			if err != nil {
				return nil, err
			}
			terms = append(terms, term)
		}
		switch {
		case len(terms) == 0:
			return &logical.Const{At: at, Value: types.BoolValue(e.All)}, nil
		case e.All:
			return logical.AndOf(terms), nil
		}
		return logical.OrOf(terms), nil
	}
	args, err := b.exprs(c, e.X, e.List)
	if err != nil {
		return nil, err
	}
	x, l := args[0], b.settled(args[1])
	switch t := args[1].Type(); t.ID {
	case types.Null:
		return &logical.Const{At: at, Value: types.BoolValue(e.All)}, nil
	case types.List:
	case types.Array:
		l = b.cast(l, types.ListOf(*t.Ext.Child))
	default:
		return nil, sqlerr.At(e.List.Pos(), sqlerr.CodeDatatypeMismatch, "ANY and ALL want a list or a subquery, not %s", t)
	}
	if logical.HasSubquery(l) {
		return nil, unsupported(e.List, "ANY or ALL over a list that a subquery makes")
	}
	u := &logical.Unnest{Input: &logical.Values{Rows: [][]logical.Expr{{}}}, Lists: []logical.Expr{l},
		Cols: []logical.Column{b.newCol("unnest", *l.Type().Ext.Child)}}
	t, err := b.common([]logical.Expr{x, logical.Ref(u.Cols[0])}, unifyCompare, "a comparison with a list")
	if err != nil {
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeDatatypeMismatch, "cannot compare %s with elements of %s", x.Type(), l.Type()).
			WithHint("add an explicit cast")
	}
	node, ids := b.castColumns(&result{node: u, cols: u.Cols}, []types.Type{t})
	s := &logical.Subquery{At: at, Kind: logical.Any, Plan: node, Col: ids[0], Arg: b.cast(x, t), Op: compareOps[e.Op],
		Outer: logical.FreeColumns(node), Typ: types.Of(types.Boolean)}
	if e.All {
		s.Kind = logical.All
	}
	return s, nil
}

// arraySubquery binds ARRAY(SELECT ...): the list of its rows in their order,
// empty when there are none.
func (b *binder) arraySubquery(c *exprCtx, e *ast.ArraySubquery) (logical.Expr, error) {
	r, s, err := b.sub(c, e.Query)
	if err != nil {
		return nil, err
	}
	col, err := one(r, e.Query)
	if err != nil {
		return nil, err
	}
	node, keys := r.node, orderOf(r.node)
	if sort, ok := node.(*logical.Sort); ok {
		node = sort.Input
	}
	agg, err := b.listOf(e, col, keys)
	if err != nil {
		return nil, err
	}
	agg.Input = node
	list := agg.AggCols[0]
	s.Kind, s.Plan, s.Col, s.Typ, s.At = logical.ScalarSubquery, agg, list.ID, list.Typ, logical.At(e.Pos())
	s.Outer = logical.FreeColumns(agg)
	empty := &logical.Const{At: s.At, Value: types.Value{Type: list.Typ}}
	return &logical.Coalesce{At: s.At, Args: []logical.Expr{s, empty}}, nil
}

// orderOf returns the keys by which the rows of n are sorted.
func orderOf(n logical.Node) []logical.SortKey {
	for {
		switch m := n.(type) {
		case *logical.Sort:
			return m.Keys
		case *logical.Limit:
			n = m.Input
		case *logical.CTE:
			n = m.Body
		default:
			return nil
		}
	}
}
