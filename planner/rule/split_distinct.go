package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
)

// splitDistinct computes aggregates that are all over the same DISTINCT
// arguments by two groupings, each of which spills and parallelises like any
// other, and the first of which may be removed by other rules:
//
//	aggregate[group g; count(DISTINCT x)](t)
//	  →  aggregate[group g; count(x)](aggregate[group g, x](t))
//
// A FILTER is made part of the argument, CASE WHEN filter THEN x END, which
// aggregates of one argument ignore when NULL; dropping the rows instead would
// lose groups. Where other aggregates stand beside it, the aggregation removes
// duplicates itself.
func splitDistinct(c *Context, root logical.Node) (logical.Node, error) {
	return logical.RewriteNodes(root, func(n logical.Node) logical.Node {
		a, ok := n.(*logical.Aggregate)
		if !ok || len(a.Aggs) == 0 || a.Omit != nil {
			return n
		}
		first := &a.Aggs[0]
		for i := range a.Aggs {
			g := &a.Aggs[i]
			if !g.Distinct || len(g.Args) == 0 || len(g.OrderBy) > 0 || g.Fn.OrderDependent ||
				g.Filter != nil && len(g.Args) != 1 || !sameList(distinctArgs(g), distinctArgs(first)) {
				return n
			}
		}
		return c.twice(a)
	}), nil
}

// distinctArgs are the arguments under which duplicates are removed: with a
// FILTER they are NULL where it does not hold.
func distinctArgs(g *logical.AggCall) []logical.Expr {
	if g.Filter == nil {
		return g.Args
	}
	t := g.Args[0].Type()
	return []logical.Expr{&logical.Case{At: g.At, Typ: t, Else: nullOf(t),
		Whens: []logical.When{{Cond: g.Filter, Then: g.Args[0]}}}}
}

func sameList(a, b []logical.Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !logical.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// twice groups by the distinct arguments first.
func (c *Context) twice(a *logical.Aggregate) logical.Node {
	args := distinctArgs(&a.Aggs[0])
	inner := &logical.Aggregate{Input: a.Input}
	outer := &logical.Aggregate{Input: inner, GroupCols: a.GroupCols, AggCols: a.AggCols}
	add := func(e logical.Expr) logical.Expr {
		for i, g := range inner.Groups {
			if logical.Equal(g, e) {
				return logical.Ref(inner.GroupCols[i])
			}
		}
		col := c.NewCol(logical.String(e), e.Type())
		if ref, ok := e.(*logical.Column); ok {
			col = *ref
			col.At = -1
		}
		inner.GroupCols = append(inner.GroupCols, col)
		inner.Groups = append(inner.Groups, e)
		return logical.Ref(col)
	}
	for _, g := range a.Groups {
		outer.Groups = append(outer.Groups, add(g))
	}
	refs := make([]logical.Expr, len(args))
	for i, e := range args {
		refs[i] = add(e)
	}
	for i := range a.Aggs {
		call := a.Aggs[i]
		call.Distinct, call.Filter, call.Args = false, nil, refs
		outer.Aggs = append(outer.Aggs, call)
	}
	return outer
}
