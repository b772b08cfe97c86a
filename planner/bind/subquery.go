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
	outer := *c.scope
	outer.asker = c
	r, err := b.query(q, c.env, &outer)
	if err != nil {
		return nil, nil, err
	}
	s := &logical.Subquery{At: logical.At(q.Pos()), Plan: r.node, Outer: logical.FreeColumns(r.node)}
	return r, s, nil
}

// one checks that a subquery has a single column.
func one(r *result, q *ast.Query) (logical.Column, error) {
	if len(r.cols) != 1 {
		return logical.Column{}, sqlerr.At(q.Pos(), sqlerr.CodeSyntax, "the subquery returns %d columns instead of one", len(r.cols))
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
	if b.o.FirstRow && !onlyRow(s.Plan) {
		s.Plan = &logical.Limit{Input: s.Plan, Count: &logical.Const{At: -1, Value: types.IntValue(types.Of(types.BigInt), 1)}}
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

// onlyRow reports whether n is seen to have at most one row.
func onlyRow(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Groups) == 0 && len(n.Omit) <= 1
	case *logical.Project:
		return onlyRow(n.Input)
	case *logical.Filter:
		return onlyRow(n.Input)
	case *logical.Sort:
		return onlyRow(n.Input)
	case *logical.Values:
		return len(n.Rows) <= 1
	}
	return false
}
