package rule

import (
	"math"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// limit counts rows for each row of the left side. A limit that cannot cut
// anything passes; otherwise the rows get numbers,
//
//	… dependent (limit[2](sort[y](σ[u.k = t.k](u))))
//	  →  … join[u.k = t.k] σ[n <= 2](window[row_number() over (partition by u.k order by y) n](u))
func (p *puller) limit(n *logical.Limit) (*dependent, error) {
	count, offset, ok := p.limits(n)
	if !ok {
		return nil, p.refuse(n, "LIMIT with a percentage or a parameter in a correlated subquery")
	}
	if count == 0 {
		return &dependent{node: empty(n), unique: true}, nil
	}
	input := n.Input
	var keys []logical.SortKey
	if s, ok := input.(*logical.Sort); ok {
		input, keys = s.Input, s.Keys
	}
	in, err := p.pull(input)
	if err != nil {
		return nil, err
	}
	if in.unique && offset == 0 || offset == 0 && count == math.MaxInt64 {
		return in, nil
	}
	if in.pad != nil {
		in = p.materialize(in, nil)
	}
	var exprs []logical.Expr
	for _, k := range keys {
		exprs = append(exprs, k.Expr)
	}
	in, m := p.bind(in, p.refs(exprs...))
	in, groups := p.keyed(in)
	number := p.u.c.Functions.Window("row_number")
	if number == nil {
		return nil, p.refuse(n, "LIMIT in a correlated subquery")
	}
	fn, err := number.Overloads[0].Bind(nil)
	if err != nil {
		return nil, err
	}
	call := logical.WindowCall{At: -1, Fn: fn, Partition: groups, Order: slices.Clone(keys),
		Frame: logical.Frame{Mode: function.FrameRange,
			Start: logical.Bound{Kind: function.UnboundedPreceding}, End: logical.Bound{Kind: function.CurrentRow}}}
	for i := range call.Order {
		call.Order[i].Expr = logical.Replace(call.Order[i].Expr, m)
	}
	col := p.u.c.NewCol("row_number", fn.Return)
	bound := func(op logical.CompareOp, v int64) logical.Expr {
		return &logical.Compare{At: -1, Op: op, Left: logical.Ref(col), Right: &logical.Const{At: -1, Value: types.Value{Type: fn.Return, I: v}}}
	}
	var conds []logical.Expr
	if count < math.MaxInt64-offset {
		conds = append(conds, bound(logical.Le, offset+count))
	}
	if offset > 0 {
		conds = append(conds, bound(logical.Gt, offset))
	}
	w := &logical.Window{Input: in.node, Calls: []logical.WindowCall{call}, Cols: []logical.Column{col}}
	// One row for each combination of keys is one for each left row.
	return &dependent{node: filtered(w, conds), conds: in.conds, unique: in.unique || count == 1}, nil
}

// limits evaluates the bounds; a count of math.MaxInt64 is none.
func (p *puller) limits(n *logical.Limit) (count, offset int64, ok bool) {
	count = math.MaxInt64
	one := func(e logical.Expr, to *int64) bool {
		if e == nil {
			return true
		}
		k, ok := p.u.c.fold(e).(*logical.Const)
		if !ok || !k.Value.IsNull && k.Value.I < 0 {
			return false
		}
		if !k.Value.IsNull {
			*to = k.Value.I
		}
		return true
	}
	ok = !n.Percent && one(n.Count, &count) && one(n.Offset, &offset)
	return count, offset, ok
}

// keyed returns what distinguishes the rows of in that different left rows
// get: the inner sides of the conditions, which are all equalities then.
func (p *puller) keyed(in *dependent) (*dependent, []logical.Expr) {
	collect := func() ([]logical.Expr, bool) {
		var keys logical.Aggregate
		for _, e := range in.conds {
			if _, ok := p.grouped(&logical.Aggregate{}, e, false); !ok {
				return nil, false
			}
			p.grouped(&keys, e, true)
		}
		return keys.Groups, true
	}
	groups, ok := collect()
	if !ok {
		in = p.materialize(in, nil)
		groups, _ = collect()
	}
	return in, groups
}
