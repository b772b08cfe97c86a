package physical

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/window"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// window lowers window functions: calls with the same partitions and order
// share an operator, others follow in the order of the calls.
func (b *builder) window(n *logical.Window, need map[logical.ColID]bool) (*stream, error) {
	var groups [][]int
	all := with(need)
next:
	for i := range n.Calls {
		if !need[n.Cols[i].ID] {
			continue
		}
		n.Calls[i].Visit(func(e logical.Expr) { logical.AddColumns(e, all) })
		for g, members := range groups {
			if logical.SameOrder(&n.Calls[members[0]], &n.Calls[i]) {
				groups[g] = append(members, i)
				continue next
			}
		}
		groups = append(groups, []int{i})
	}
	s, err := b.node(n.Input, all)
	if err != nil {
		return nil, err
	}
	if len(groups) == 0 {
		b.measure(n, nil)
		return s, nil
	}
	for g, members := range groups {
		keep := with(need)
		for _, later := range groups[g+1:] {
			for _, i := range later {
				n.Calls[i].Visit(func(e logical.Expr) { logical.AddColumns(e, keep) })
			}
		}
		if s, err = b.windowGroup(n, members, s, keep); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// windowGroup adds one operator; keep are the columns that come out beside the
// results.
func (b *builder) windowGroup(n *logical.Window, members []int, s *stream, keep map[logical.ColID]bool) (*stream, error) {
	var exprs []logical.Expr
	place := func(list ...logical.Expr) int {
		at := len(exprs)
		exprs = append(exprs, list...)
		return at
	}
	first := &n.Calls[members[0]]
	partition := place(first.Partition...)
	order := len(exprs)
	for _, k := range first.Order {
		place(k.Expr)
	}
	type places struct{ args, order, filter, start, end int }
	var at []places
	for _, i := range members {
		c := &n.Calls[i]
		p := places{args: place(c.Args...), order: len(exprs), filter: -1, start: -1, end: -1}
		for _, k := range c.ArgOrder {
			place(k.Expr)
		}
		if c.Filter != nil {
			p.filter = place(c.Filter)
		}
		if c.Frame.Start.Offset != nil {
			p.start = place(c.Frame.Start.Offset)
		}
		if c.Frame.End.Offset != nil {
			p.end = place(c.Frame.End.Offset)
		}
		at = append(at, p)
	}
	pos, err := b.columns(s, exprs, keep)
	if err != nil {
		return nil, err
	}
	plan := window.Plan{Input: s.types, Partition: pos[partition : partition+len(first.Partition)]}
	if top := n.Top; top.N > 0 && slices.Contains(members, top.Call) {
		plan.Top = window.TopOf(n.Calls[top.Call].Fn, top.N)
	}
	for i, k := range first.Order {
		plan.Order = append(plan.Order, sortkey.Key{Col: pos[order+i], Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	var cols []logical.Column
	for _, id := range s.columnIDs() {
		if keep[id] {
			plan.Output = append(plan.Output, s.pos[id])
			cols = append(cols, logical.Column{ID: id, Typ: s.types[s.pos[id]]})
		}
	}
	for k, i := range members {
		c, p := &n.Calls[i], at[k]
		call := window.Call{
			Fn: c.Fn, Agg: c.Agg, Args: pos[p.args : p.args+len(c.Args)], Filter: -1, Distinct: c.Distinct, IgnoreNulls: c.IgnoreNulls, KeyArgs: c.KeyArgs,
			Frame: window.Frame{
				Mode: c.Frame.Mode, Exclude: c.Frame.Exclude,
				Start: window.Bound{Kind: c.Frame.Start.Kind}, End: window.Bound{Kind: c.Frame.End.Kind},
			},
		}
		for j, k := range c.ArgOrder {
			call.Order = append(call.Order, sortkey.Key{Col: pos[p.order+j], Desc: k.Desc, NullsFirst: k.NullsFirst})
		}
		if p.filter >= 0 {
			call.Filter = pos[p.filter]
		}
		if p.start >= 0 {
			call.Frame.Start.Offset = pos[p.start]
		}
		if p.end >= 0 {
			call.Frame.End.Offset = pos[p.end]
		}
		plan.Calls = append(plan.Calls, call)
		cols = append(cols, n.Cols[i])
	}
	sink, err := window.New(b.env, plan)
	if err != nil {
		return nil, err
	}
	s.parallel()
	fill, _ := b.breaker(s, "window", sink)
	out := newStream(cols, func(context.Context) (operators.Source, error) { return sink.Source(), nil })
	out.deps = []*pipeline.Pipeline{fill}
	// What is dropped are whole partitions.
	whole := map[logical.ColID]logical.ColID{}
	for _, e := range first.Partition {
		if c, ok := e.(*logical.Column); ok {
			whole[c.ID] = c.ID
		}
	}
	out.feeds = carry(s.feeds, whole, fill)
	b.measure(n, out.profiles[0]).Extra = func() []string {
		st := sink.Stats()
		return spilled(st.PeakBytes, st.SpilledBytes)
	}
	return out, nil
}
