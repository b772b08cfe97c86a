package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// sub binds a subquery within an expression; it may refer to the columns in
// sight, which makes it correlated.
func (b *binder) sub(c *exprCtx, q *ast.Query) (*result, *logical.Subquery, error) {
	if err := b.relation(q.Pos()); err != nil {
		return nil, nil, err
	}
	r, err := b.query(q, c.env, c.scope)
	if err != nil {
		return nil, nil, err
	}
	s := &logical.Subquery{At: logical.At(q.Pos()), Plan: r.node, Outer: logical.FreeColumns(r.node)}
	return r, s, nil
}

// one checks that a subquery has a single column.
func one(r *result, q *ast.Query) (logical.Column, error) {
	if len(r.cols) != 1 {
		return logical.Column{}, sqlerr.At(q.Pos(), sqlerr.CodeSyntax, "the subquery has %d columns instead of one", len(r.cols))
	}
	return r.cols[0], nil
}

func (b *binder) scalarSubquery(c *exprCtx, e *ast.Subquery) (logical.Expr, error) {
	r, s, err := b.sub(c, e.Query)
	if err != nil {
		return nil, err
	}
	col, err := one(r, e.Query)
	if err != nil {
		return nil, err
	}
	s.Kind, s.Col, s.Typ, s.At = logical.ScalarSubquery, col.ID, col.Typ, logical.At(e.Pos())
	return s, nil
}

func (b *binder) exists(c *exprCtx, e *ast.Exists) (logical.Expr, error) {
	_, s, err := b.sub(c, e.Query)
	if err != nil {
		return nil, err
	}
	s.Kind, s.Typ, s.At = logical.Exists, types.Of(types.Boolean), logical.At(e.Pos())
	return s, nil
}

// inSubquery binds x IN (SELECT ...) to x = ANY (SELECT ...).
func (b *binder) inSubquery(c *exprCtx, e *ast.InSubquery) (logical.Expr, error) {
	if row, ok := e.X.(*ast.Row); ok {
		return b.rowIn(c, e, row)
	}
	x, err := b.expr(c, e.X)
	if err != nil {
		return nil, err
	}
	y, err := b.any(c, e.Pos(), logical.Eq, x, e.Query, false)
	if err != nil || !e.Not {
		return y, err
	}
	return negate(y, logical.At(e.Pos())), nil
}

// any binds x op ANY (query) or x op ALL (query) in the sides' common type.
func (b *binder) any(c *exprCtx, pos int, op logical.CompareOp, x logical.Expr, q *ast.Query, all bool) (logical.Expr, error) {
	r, s, err := b.sub(c, q)
	if err != nil {
		return nil, err
	}
	col, err := one(r, q)
	if err != nil {
		return nil, err
	}
	t, err := b.common([]logical.Expr{x, logical.Ref(col)}, unifyCompare, "a comparison with a subquery")
	if err != nil {
		return nil, sqlerr.At(pos, sqlerr.CodeDatatypeMismatch, "cannot compare %s with the subquery's %s", x.Type(), col.Typ).
			WithHint("add an explicit cast")
	}
	if t.ID == types.Null {
		t = types.Of(types.Integer)
	}
	if !col.Typ.Equal(t) {
		node, ids := b.castColumns(r, []types.Type{t})
		s.Plan, col.ID = node, ids[0]
	}
	s.Kind, s.Col, s.Op, s.Arg = logical.Any, col.ID, op, b.cast(x, t)
	if all {
		s.Kind = logical.All
	}
	s.Typ, s.At = types.Of(types.Boolean), logical.At(pos)
	return s, nil
}

// rowIn binds (a, b) IN (SELECT x, y ...) as EXISTS over the rows that equal:
// it differs only in giving false for NULL, so NOT IN is refused.
func (b *binder) rowIn(c *exprCtx, e *ast.InSubquery, row *ast.Row) (logical.Expr, error) {
	if e.Not {
		return nil, unsupported(e, "NOT IN with a row of several columns")
	}
	args, err := b.exprs(c, row.Elems...)
	if err != nil {
		return nil, err
	}
	r, s, err := b.sub(c, e.Query)
	if err != nil {
		return nil, err
	}
	if len(r.cols) != len(args) {
		return nil, sqlerr.At(e.Query.Pos(), sqlerr.CodeSyntax, "the subquery has %d columns instead of %d", len(r.cols), len(args))
	}
	f := &logical.Filter{Input: r.node}
	for i, a := range args {
		x, err := b.compare(e.Pos(), logical.Eq, a, logical.Ref(r.cols[i]))
		if err != nil {
			return nil, err
		}
		f.Conds = append(f.Conds, x)
	}
	s.Kind, s.Plan, s.Typ, s.At = logical.Exists, f, types.Of(types.Boolean), logical.At(e.Pos())
	s.Outer = logical.FreeColumns(f)
	return s, nil
}

// quantified binds x op ANY/ALL over a subquery or a list.
func (b *binder) quantified(c *exprCtx, e *ast.Quantified) (logical.Expr, error) {
	if e.Query == nil {
		return nil, unsupported(e, "ANY or ALL over a list")
	}
	x, err := b.expr(c, e.X)
	if err != nil {
		return nil, err
	}
	return b.any(c, e.Pos(), compareOps[e.Op], x, e.Query, e.All)
}

// subqueryNamed finds the output column that a name in GROUP BY stands for, if
// a subquery makes it: bound once more, it would be another subquery.
func subqueryNamed(e ast.Expr, items []selectItem, sc *scope) (int, bool) {
	ref, ok := e.(*ast.ColumnRef)
	if !ok || len(ref.Parts) != 1 {
		return 0, false
	}
	if c, err := sc.lookup(nil, ref.Parts[0]); c != nil || err != nil {
		return 0, false
	}
	n := outputNamed(items, ref.Parts[0])
	return n, n >= 0 && logical.HasSubquery(items[n].expr)
}
