package physical

import (
	"context"
	"fmt"
	"slices"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/agg"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/filter"
	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/scan"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector/types"
)

// node lowers n; the columns of need must come out.
func (b *builder) node(n logical.Node, need map[logical.ColID]bool) (*stream, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return b.scan(n, need)
	case *logical.Values:
		return b.values(n)
	case *logical.Filter:
		s, err := b.node(n.Input, with(need, n.Conds...))
		if err != nil {
			return nil, err
		}
		p, err := b.filter(s, n.Conds)
		if err != nil {
			return nil, err
		}
		b.measure(n, p)
		return s, nil
	case *logical.Project:
		return b.project(n, need)
	case *logical.Join:
		return b.join(n, need)
	case *logical.AsofJoin:
		return b.asof(n, need)
	case *logical.PositionalJoin:
		return b.positional(n, need)
	case *logical.Aggregate:
		return b.aggregate(n, need)
	case *logical.Window:
		return b.window(n, need)
	case *logical.Sort:
		return b.sort(n, n.Input, n.Keys, need, -1, 0)
	case *logical.TopN:
		return b.sort(n, n.Input, n.Keys, need, n.Count, n.Offset)
	case *logical.Limit:
		return b.limit(n, need)
	case *logical.Sample:
		return b.sample(n, need)
	case *logical.SetOp:
		return b.setOp(n, need)
	case *logical.Recursive:
		return b.recursive(n)
	case *logical.Unnest:
		return b.unnest(n, need)
	case *logical.CTE:
		s, err := b.node(b.enter(n), need)
		if err == nil {
			b.leave(n)
		}
		return s, err
	case *logical.CTERef:
		return b.cteRef(n, need)
	case *logical.DependentJoin:
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "this form of correlated subquery is not supported yet")
	}
	return nil, sqlerr.New(sqlerr.CodeInternal, "plan node %T cannot be executed", n)
}

// with returns need and the columns of exprs.
func with(need map[logical.ColID]bool, exprs ...logical.Expr) map[logical.ColID]bool {
	all := make(map[logical.ColID]bool, len(need)+len(exprs))
	for id := range need {
		all[id] = true
	}
	for _, e := range exprs {
		logical.AddColumns(e, all)
	}
	return all
}

// project lowers a projection; columns that only change their name cost
// nothing.
func (b *builder) project(n *logical.Project, need map[logical.ColID]bool) (*stream, error) {
	var exprs []logical.Expr
	var cols []logical.Column
	compute := false
	for i, c := range n.Cols {
		if need[c.ID] {
			exprs = append(exprs, n.Exprs[i])
			cols = append(cols, c)
			if _, ok := n.Exprs[i].(*logical.Column); !ok {
				compute = true
			}
		}
	}
	s, err := b.node(n.Input, with(nil, exprs...))
	if err != nil {
		return nil, err
	}
	pos := map[logical.ColID]int{}
	s.feeds = carry(s.feeds, plainColumns(cols, exprs), nil)
	if !compute {
		for i, e := range exprs {
			if pos[cols[i].ID], err = s.position(e.(*logical.Column).ID); err != nil {
				return nil, err
			}
		}
		s.pos = pos
		b.measure(n, nil)
		return s, nil
	}
	out := make([]eval.Expr, len(exprs))
	ts := make([]types.Type, len(exprs))
	for i, e := range exprs {
		if out[i], err = b.expr(s, e); err != nil {
			return nil, err
		}
		ts[i] = e.Type()
		pos[cols[i].ID] = i
	}
	b.measure(n, s.add(filter.NewProject(out)))
	s.pos, s.types = pos, ts
	return s, nil
}

// aggregate lowers grouping.
func (b *builder) aggregate(n *logical.Aggregate, need map[logical.ColID]bool) (*stream, error) {
	var exprs []logical.Expr
	exprs = append(exprs, n.Groups...)
	plan := agg.Plan{}
	var aggCols []logical.Column
	type place struct{ args, filter int }
	var places []place
	var calls []logical.AggCall
	for i, a := range n.Aggs {
		if !need[n.AggCols[i].ID] {
			continue
		}
		if len(a.OrderBy) > 0 {
			return nil, sqlerr.At(a.Pos(), sqlerr.CodeUnsupported, "ORDER BY inside an aggregate is not supported yet")
		}
		p := place{args: len(exprs), filter: -1}
		exprs = append(exprs, a.Args...)
		if a.Filter != nil {
			p.filter = len(exprs)
			exprs = append(exprs, a.Filter)
		}
		places, calls, aggCols = append(places, p), append(calls, a), append(aggCols, n.AggCols[i])
	}
	s, err := b.node(n.Input, with(nil, exprs...))
	if err != nil {
		return nil, err
	}
	at, err := b.columns(s, exprs, nil)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(calls, func(a logical.AggCall) bool { return a.Fn.OrderDependent }) {
		s.parallel()
	}
	plan.Input = s.types
	plan.DirectBits = b.directBits
	plan.Groups = at[:len(n.Groups)]
	for i, a := range calls {
		p := places[i]
		call := agg.Agg{Fn: a.Fn, Args: at[p.args : p.args+len(a.Args)], Filter: -1, Distinct: a.Distinct}
		if p.filter >= 0 {
			call.Filter = at[p.filter]
		}
		plan.Aggs = append(plan.Aggs, call)
	}
	estimated := func(p *agg.Plan) { estimate(p, b.est.Node(n.Input), exprs, at, calls) }
	if n.Omit != nil {
		return b.groupingSets(n, s, plan, estimated, aggCols, need)
	}
	estimated(&plan)
	sink, err := agg.New(b.env, plan)
	if err != nil {
		return nil, err
	}
	fill, _ := b.breaker(s, "aggregate", sink)
	cols := append(append([]logical.Column{}, n.GroupCols...), aggCols...)
	out := newStream(cols, func(context.Context) (operators.Source, error) { return sink.Source(), nil })
	out.deps = []*pipeline.Pipeline{fill}
	out.feeds = carry(s.feeds, plainColumns(n.GroupCols, n.Groups), fill)
	b.measure(n, out.profiles[0]).Extra = func() []string {
		p := sink.Profile()
		return spilled(p.PeakBytes.Load(), p.SpillBytes.Load())
	}
	return out, nil
}

// sort lowers ORDER BY, with a count >= 0 as top-N.
func (b *builder) sort(n, input logical.Node, keys []logical.SortKey, need map[logical.ColID]bool, count, offset int64) (*stream, error) {
	exprs := make([]logical.Expr, len(keys))
	for i, k := range keys {
		exprs[i] = k.Expr
	}
	s, err := b.node(input, with(need, exprs...))
	if err != nil {
		return nil, err
	}
	at, err := b.columns(s, exprs, need)
	if err != nil {
		return nil, err
	}
	okeys := make([]order.Key, len(keys))
	for i, k := range keys {
		okeys[i] = order.Key{Col: at[i], Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	var sort *order.Sort
	if count >= 0 {
		sort, err = order.NewTopN(b.env, s.types, okeys, count, offset)
	} else {
		sort, err = order.NewSort(b.env, s.types, okeys)
	}
	if err != nil {
		return nil, err
	}
	fill, _ := b.breaker(s, "sort", sort)
	out := &stream{
		open:     func(context.Context) (operators.Source, error) { return sort.Source(), nil },
		deps:     []*pipeline.Pipeline{fill},
		profiles: []*operators.Profile{{}},
		types:    s.types, pos: s.pos, ordered: true, single: true, spread: sort.Spread,
	}
	b.measure(n, out.profiles[0]).Extra = func() []string {
		st := sort.Stats()
		return spilled(st.PeakBytes, st.SpilledBytes)
	}
	return out, nil
}

// spilled words the memory figures of a breaker.
func spilled(peak, bytes int64) []string {
	out := []string{fmt.Sprintf("peak memory: %s", size(peak))}
	if bytes > 0 {
		out = append(out, fmt.Sprintf("spilled: %s", size(bytes)))
	}
	return out
}

func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

// limit lowers a LIMIT inside a plan.
func (b *builder) limit(n *logical.Limit, need map[logical.ColID]bool) (*stream, error) {
	if !fixed(n) {
		return b.limitBy(n, need)
	}
	count, offset, err := b.limits(n)
	if err != nil {
		return nil, err
	}
	s, err := b.node(n.Input, need)
	if err != nil {
		return nil, err
	}
	if count < 0 && offset == 0 {
		b.measure(n, nil)
		return s, nil
	}
	b.cut(n, s, order.NewLimit(s.types, count, offset, s.narrow()))
	return s, nil
}

// cut appends the operator of a limit.
func (b *builder) cut(n *logical.Limit, s *stream, limit *order.Limit) {
	s.feeds = nil // which rows come first must not change
	b.measure(n, s.add(limit)).Extra = func() []string { return spilled(limit.PeakBytes(), 0) }
}

// collected ends s in a table in memory, of which the result reads in order.
func (b *builder) collected(s *stream, name string) (*stream, *memory.Table) {
	table := b.newTable(name, s.types)
	s.parallel()
	fill, _ := b.breaker(s, name, write.NewCollect(table))
	out := b.tableStream(table, s.types, false)
	out.deps = []*pipeline.Pipeline{fill}
	out.pos = s.pos
	return out, table
}

// keptRows words what rows kept in tables took.
func keptRows(tables ...*memory.Table) func() []string {
	return func() []string {
		var peak, bytes int64
		for _, t := range tables {
			peak += t.PeakBytes()
			bytes += t.Spilled()
		}
		return spilled(peak, bytes)
	}
}

// newTable makes a table in memory that the plan closes.
func (b *builder) newTable(name string, ts []types.Type) *memory.Table {
	table := b.memoryTable(name, ts)
	b.plan.closers = append(b.plan.closers, table.Close)
	return table
}

func (b *builder) memoryTable(name string, ts []types.Type) *memory.Table {
	cols := make([]storage.Column, len(ts))
	for i, t := range ts {
		cols[i] = storage.Column{Name: fmt.Sprintf("c%d", i), Type: t}
	}
	return memory.NewEvictable(name, cols, b.env.Pool, b.env.Budget, b.env.Spill).WithoutStats()
}

// tableStream reads a table in memory as it is when the pipeline starts.
func (b *builder) tableStream(table *memory.Table, ts []types.Type, single bool) *stream {
	spec := storage.ScanSpec{}
	for i := range ts {
		spec.Columns = append(spec.Columns, i)
	}
	return &stream{
		open: func(ctx context.Context) (operators.Source, error) {
			src, err := scan.NewTable(ctx, b.env, table.Snapshot(), spec)
			if err == nil && single {
				src.LimitWorkers(1)
			}
			return src, err
		},
		profiles: []*operators.Profile{{}}, types: ts,
	}
}

// enter makes the common table expressions at n known and returns what is below
// them; leave, once that is lowered, accounts for those that nobody reads.
func (b *builder) enter(n logical.Node) logical.Node {
	for {
		c, ok := n.(*logical.CTE)
		if !ok {
			return n
		}
		b.ctes[c.ID] = &cte{def: c}
		n = c.Body
	}
}

func (b *builder) leave(n logical.Node) {
	for {
		c, ok := n.(*logical.CTE)
		if !ok {
			return
		}
		if b.plan.measures[c] == nil {
			b.measure(c, nil)
		}
		n = c.Body
	}
}

// cteRef reads the rows of a common table expression, which the first
// reference computes.
func (b *builder) cteRef(n *logical.CTERef, need map[logical.ColID]bool) (*stream, error) {
	c := b.ctes[n.ID]
	if c == nil {
		return nil, sqlerr.New(sqlerr.CodeInternal, "common table expression %q is not defined", n.Name)
	}
	if c.fill == nil {
		all := map[logical.ColID]bool{}
		for _, id := range c.def.DefOut {
			all[id] = true
		}
		s, err := b.node(c.def.Def, all)
		if err != nil {
			return nil, err
		}
		if err := b.output(s, c.def.DefOut); err != nil {
			return nil, err
		}
		c.table = b.newTable(n.Name, s.types)
		c.fill, _ = b.breaker(s, n.Name, write.NewCollect(c.table))
		b.plan.measures[c.def] = &Measure{Extra: keptRows(c.table)}
	}
	ts := make([]types.Type, len(n.Cols))
	for i, col := range n.Cols {
		ts[i] = col.Typ
	}
	out := b.tableStream(c.table, ts, false)
	out.pos = map[logical.ColID]int{}
	for i, col := range n.Cols {
		out.pos[col.ID] = i
	}
	out.deps = []*pipeline.Pipeline{c.fill}
	b.measure(n, out.profiles[0])
	return out, nil
}
