package rule

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// conditional reports whether operand i of e is not evaluated for every row for
// which e is: a branch of CASE, a later argument of COALESCE.
func conditional(e logical.Expr, i int) bool {
	switch e.(type) {
	case *logical.Case, *logical.Coalesce:
		return i > 0
	}
	return false
}

// onlyRow joins a scalar subquery that some rows may not reach: it counts the
// subquery's rows, and the check that there is but one becomes part of the
// value:
//
//	CASE WHEN p THEN (S) END  →  CASE WHEN p THEN only_row(f, c) END over … ⋈ γ[first(v) f, count(*) c](S)
//
// nil: there is no need, or no function, for that.
func (u *unnester) onlyRow(s *logical.Subquery, plan, n logical.Node) (logical.Expr, logical.Node) {
	if atMostOneRow(plan) {
		return nil, nil
	}
	col := &logical.Column{At: s.At, ID: s.Col, Typ: s.Typ, Name: columnName(s, s.Col)}
	first, okF := u.aggregate("first", col)
	count, okC := u.aggregate("count_star")
	if !okF || !okC || !first.Fn.Return.Equal(s.Typ) {
		return nil, nil
	}
	a := &logical.Aggregate{Input: plan, Aggs: []logical.AggCall{first, count},
		AggCols: []logical.Column{u.c.NewCol(col.Name, s.Typ), u.c.NewCol("rows", count.Fn.Return)}}
	fn := &function.Bound{Name: "only_row", Params: []types.Type{s.Typ, count.Fn.Return}, Return: s.Typ,
		Nulls: function.Special, CanFail: true, Kernel: runOnlyRow}
	value := &logical.Call{At: s.At, Fn: fn, Args: []logical.Expr{logical.Ref(a.AggCols[0]), logical.Ref(a.AggCols[1])}}
	if u.checked == nil {
		u.checked = map[logical.ColID]*logical.Call{}
	}
	u.checked[s.Col] = value
	kind := logical.Cross
	if u.inOrder > 0 {
		kind = logical.Single
	}
	return value, join(kind, n, a, nil, logical.Column{})
}

// aggregate binds a call of an aggregate function.
func (u *unnester) aggregate(name string, args ...logical.Expr) (logical.AggCall, bool) {
	fn := u.c.Functions.Aggregate(name)
	if fn == nil {
		return logical.AggCall{}, false
	}
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	for i := range fn.Overloads {
		o := &fn.Overloads[i]
		if len(o.Params) != len(args) {
			continue
		}
		bound, err := o.Bind(ts, make([]*types.Value, len(args)))
		if err != nil {
			continue
		}
		if bound.Name == "" {
			named := *bound
			named.Name = fn.Name
			bound = &named
		}
		return logical.AggCall{At: -1, Fn: bound, Args: args}, true
	}
	return logical.AggCall{}, false
}

// runOnlyRow gives the first argument, unless the second, a number of rows, is
// above one.
func runOnlyRow(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	n := c.N
	if c.Sel != nil {
		n = len(c.Sel)
	}
	var tmp *vector.Vector
	if len(c.Tmp) > 1 {
		tmp = c.Tmp[1]
	}
	w := args[1].View(tmp)
	counts := raw.Cast[int64](w.Data)
	for i := range n {
		p := i
		if c.Sel != nil {
			p = int(c.Sel[i])
		}
		if k := w.Index(p); (w.Valid == nil || w.Valid.Get(k)) && counts[k] > 1 {
			return sqlerr.New(sqlerr.CodeCardinality, "more than one row returned by a subquery used as an expression")
		}
	}
	kernel.Put(out, args[0], c.Sel, n)
	return nil
}

// atMostOneRow reports whether n never has more than one row.
func atMostOneRow(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Limit:
		if k, ok := n.Count.(*logical.Const); ok && !n.Percent && !k.Value.IsNull && k.Value.I <= 1 {
			return true
		}
		return atMostOneRow(n.Input)
	case *logical.Filter:
		return atMostOneRow(n.Input)
	case *logical.Project:
		return atMostOneRow(n.Input)
	case *logical.Sort:
		return atMostOneRow(n.Input)
	}
	return exactlyOneRow(n)
}
