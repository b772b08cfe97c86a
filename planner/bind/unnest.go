package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// unnestCall is a call of unnest in a select list: a column that a node above
// FROM and grouping makes.
type unnestCall struct {
	col  logical.Column
	list logical.Expr
}

// unnestCall binds unnest(list) in a select list.
func (b *binder) unnestCall(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	switch {
	case c.aggs == nil || c.clause != "SELECT":
		return nil, unsupported(f, "unnest in %s", c.clause)
	case c.inAgg || c.inWindow:
		return nil, unsupported(f, "unnest within an aggregate or window function")
	}
	n := len(c.aggs.unnests)
	list, err := b.unnestList(c, f)
	if err != nil {
		return nil, err
	}
	if len(c.aggs.unnests) > n {
		return nil, unsupported(f, "unnest within unnest")
	}
	u := unnestCall{col: b.newCol("unnest", *list.Type().Ext.Child), list: list}
	c.aggs.unnests = append(c.aggs.unnests, u)
	ref := u.col
	ref.At = logical.At(f.Pos())
	return &ref, nil
}

// unnestList binds the argument of unnest.
func (b *binder) unnestList(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	if len(f.Args) != 1 {
		return nil, unsupported(f, "unnest of %d arguments", len(f.Args))
	}
	x, err := b.expr(c, f.Args[0])
	if err != nil {
		return nil, err
	}
	x = b.settled(x)
	switch x.Type().ID {
	case types.Null:
		return b.cast(x, types.ListOf(types.Of(types.Integer))), nil
	case types.List, types.Map:
	default:
		return nil, unsupported(f, "unnest of %s", x.Type())
	}
	if x.Type().ID == types.Map {
		return nil, unsupported(f, "unnest of %s", x.Type())
	}
	return x, nil
}

// unnested puts the lists of a select list's unnest calls beside each other.
func unnested(node logical.Node, aggs *aggSet, replace func(logical.Expr) (logical.Expr, error)) (logical.Node, error) {
	if len(aggs.unnests) == 0 {
		return node, nil
	}
	u := &logical.Unnest{Input: node}
	for _, call := range aggs.unnests {
		list, err := replace(call.list)
		if err != nil {
			return nil, err
		}
		u.Lists = append(u.Lists, list)
		u.Cols = append(u.Cols, call.col)
	}
	return u, nil
}

// unnestTable binds unnest(list, ...) in FROM over the items before it, whose
// columns the lists may use: node with the elements beside its rows.
func (b *binder) unnestTable(t *ast.TableFunction, node logical.Node, left *scope, env *cteScope) (logical.Node, *scope, error) {
	if t.Ordinality {
		return nil, nil, unsupported(t, "WITH ORDINALITY")
	}
	if err := plainCall(t.Call); err != nil {
		return nil, nil, err
	}
	c := &exprCtx{scope: left, env: env, clause: "FROM"}
	u := &logical.Unnest{Input: node}
	for _, a := range t.Call.Args {
		one := *t.Call
		one.Args = []ast.Expr{a}
		list, err := b.unnestList(c, &one)
		if err != nil {
			return nil, nil, err
		}
		u.Lists = append(u.Lists, list)
		u.Cols = append(u.Cols, b.newCol("unnest", *list.Type().Ext.Child))
	}
	if len(u.Lists) == 0 {
		return nil, nil, sqlerr.At(t.Call.Pos(), sqlerr.CodeUndefinedFunction, "unnest wants a list")
	}
	if t.Alias != nil && len(u.Cols) == 1 && len(t.Alias.Columns) == 0 && t.Alias.Name != "" {
		// FROM unnest(l) AS x: the column is called unnest, as in DuckDB.
		u.Cols[0].Name = "unnest"
	}
	_, sc, err := b.aliased(t, &result{node: u, cols: u.Cols}, t.Alias, "unnest")
	return u, sc, err
}

// isUnnest tells whether an item of FROM is unnest(...).
func isUnnest(t ast.TableRef) (*ast.TableFunction, bool) {
	f, ok := t.(*ast.TableFunction)
	return f, ok && len(f.Call.Name) == 1 && f.Call.Name[0].Is("unnest")
}
