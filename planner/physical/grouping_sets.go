package physical

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/agg"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/filter"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// groupingSets lowers an aggregation with several groupings: in reads the
// input once into an aggregation each, whose results are the branches of the
// stream. plan is that of a grouping by all keys, to be completed by estimated.
func (b *builder) groupingSets(n *logical.Aggregate, in *stream, plan agg.Plan, estimated func(*agg.Plan), aggCols []logical.Column, need map[logical.ColID]bool) (*stream, error) {
	var markings []logical.Marking
	cols := append(append([]logical.Column{}, n.GroupCols...), aggCols...)
	for _, m := range n.Markings {
		if need[m.Col.ID] {
			markings = append(markings, m)
			cols = append(cols, m.Col)
		}
	}
	out := newStream(cols, nil)
	var each []*agg.Hash
	for _, omit := range n.Omit {
		p := plan
		p.Groups, p.Aggs = nil, slices.Clone(plan.Aggs)
		for i, g := range plan.Groups {
			if !slices.Contains(omit, i) {
				p.Groups = append(p.Groups, g)
			}
		}
		estimated(&p)
		h, err := agg.New(b.env, p)
		if err != nil {
			return nil, err
		}
		each = append(each, h)
		set := newStream(nil, func(context.Context) (operators.Source, error) { return h.Source(), nil })
		set.add(filter.NewProject(setColumns(n, omit, h.Types(), len(aggCols), markings)))
		out.branch(set)
	}
	sink := agg.NewSets(each)
	fill, _ := b.breaker(in, "grouping sets", sink)
	out.deps = []*pipeline.Pipeline{fill}
	b.measure(n, nil).Extra = func() []string {
		var peak, bytes int64
		for _, h := range each {
			p := h.Profile()
			peak += p.PeakBytes.Load()
			bytes += p.SpillBytes.Load()
		}
		return spilled(peak, bytes)
	}
	return out, nil
}

// setColumns are the node's columns as expressions over the result of one
// grouping: its keys with NULL for those left out, the aggregates, the
// markings.
func setColumns(n *logical.Aggregate, omit []int, have []types.Type, aggs int, markings []logical.Marking) []eval.Expr {
	var exprs []eval.Expr
	at := 0
	for i, c := range n.GroupCols {
		if slices.Contains(omit, i) {
			exprs = append(exprs, eval.NewConst(types.NullOf(c.Typ)))
			continue
		}
		exprs = append(exprs, eval.NewColumn(at, have[at]))
		at++
	}
	for range aggs {
		exprs = append(exprs, eval.NewColumn(at, have[at]))
		at++
	}
	for _, m := range markings {
		var bits int64
		for _, g := range m.Groups {
			bits <<= 1
			if slices.Contains(omit, g) {
				bits |= 1
			}
		}
		exprs = append(exprs, eval.NewConst(types.IntValue(types.Of(types.BigInt), bits)))
	}
	return exprs
}
