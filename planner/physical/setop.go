package physical

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/agg"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/filter"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/aggregate"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/setop"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// setOp lowers UNION ALL to a stream of branches, and INTERSECT ALL and EXCEPT
// ALL to counting. The rules turn the other set operations into joins and
// duplicate elimination.
func (b *builder) setOp(n *logical.SetOp, need map[logical.ColID]bool) (*stream, error) {
	if n.Kind != logical.Union {
		return b.countedSetOp(n)
	}
	if !n.All {
		return nil, sqlerr.New(sqlerr.CodeInternal, "UNION without ALL is left in the plan")
	}
	var cols []logical.Column
	var ords []int
	for i, c := range n.Cols {
		if need[c.ID] {
			cols, ords = append(cols, c), append(ords, i)
		}
	}
	out := newStream(cols, nil)
	for k, in := range n.Inputs {
		s, err := b.inputOf(n, k, in, ords)
		if err != nil {
			return nil, err
		}
		from := map[logical.ColID]logical.ColID{}
		for i, c := range cols {
			from[c.ID] = n.In[k][ords[i]]
		}
		out.feeds = append(out.feeds, carry(s.feeds, from, nil)...)
		out.branch(s)
	}
	b.measure(n, nil)
	return out, nil
}

// inputOf lowers input k of a set operation to a stream of its columns ords.
func (b *builder) inputOf(n *logical.SetOp, k int, in logical.Node, ords []int) (*stream, error) {
	ids := make([]logical.ColID, len(ords))
	need := map[logical.ColID]bool{}
	for i, o := range ords {
		ids[i] = n.In[k][o]
		need[ids[i]] = true
	}
	s, err := b.node(in, need)
	if err != nil {
		return nil, err
	}
	return s, b.output(s, ids)
}

// branch makes in the last branch of s, whose columns it has.
func (s *stream) branch(in *stream) {
	s.branches = append(s.branches, &pipeline.Branch{
		Open: in.open, Branches: in.branches, Ops: in.ops, Profiles: in.profiles,
	})
	s.deps = append(s.deps, in.deps...)
	s.ordered = s.ordered || in.ordered
}

// countedSetOp lowers a INTERSECT ALL b and a EXCEPT ALL b: all inputs feed one
// aggregation that counts how often a row is in the first input and in each of
// the others; the counts tell how often it is in the result.
func (b *builder) countedSetOp(n *logical.SetOp) (*stream, error) {
	if !n.All {
		return nil, sqlerr.New(sqlerr.CodeInternal, "%s without ALL is left in the plan", [...]string{"", "INTERSECT", "EXCEPT"}[n.Kind])
	}
	var ords []int
	var ts []types.Type
	for i, c := range n.Cols {
		ords, ts = append(ords, i), append(ts, c.Typ)
	}
	left, err := b.inputOf(n, 0, n.Inputs[0], ords)
	if err != nil {
		return nil, err
	}
	var counts []*agg.Hash
	for k, in := range n.Inputs[1:] {
		right, err := b.inputOf(n, k+1, in, ords)
		if err != nil {
			return nil, err
		}
		both := newStream(n.Cols, nil)
		for side, s := range []*stream{left, right} {
			exprs := make([]eval.Expr, 0, len(ts)+2)
			for i, t := range ts {
				exprs = append(exprs, eval.NewColumn(i, t))
			}
			exprs = append(exprs, eval.NewConst(types.BoolValue(side == 0)), eval.NewConst(types.BoolValue(side == 1)))
			s.add(filter.NewProject(exprs))
			both.branch(s)
		}
		boolean := types.Of(types.Boolean)
		both.types = append(append([]types.Type{}, ts...), boolean, boolean)
		count, err := countStar()
		if err != nil {
			return nil, err
		}
		plan := agg.Plan{Input: both.types, Groups: ords, EstGroups: b.est.Node(n).Rows, Aggs: []agg.Agg{
			{Fn: count, Filter: len(ts)}, {Fn: count, Filter: len(ts) + 1},
		}}
		sink, err := agg.New(b.env, plan)
		if err != nil {
			return nil, err
		}
		fill, _ := b.breaker(both, "set operation", sink)
		counts = append(counts, sink)
		left = newStream(n.Cols, func(context.Context) (operators.Source, error) { return sink.Source(), nil })
		left.deps = []*pipeline.Pipeline{fill}
		left.add(setop.NewRepeat(b.env, ts, n.Kind == logical.Intersect))
	}
	b.measure(n, left.profiles[0]).Extra = func() []string {
		var peak, bytes int64
		for _, c := range counts {
			p := c.Profile()
			peak += p.PeakBytes.Load()
			bytes += p.SpillBytes.Load()
		}
		return spilled(peak, bytes)
	}
	return left, nil
}

// countStar returns count(*).
func countStar() (*function.BoundAgg, error) {
	for _, f := range aggregate.Builtins {
		if f.Name == "count_star" {
			return f.Overloads[0].Bind(nil, nil)
		}
	}
	return nil, sqlerr.New(sqlerr.CodeInternal, "there is no count_star")
}
