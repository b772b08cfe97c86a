package physical

import (
	"context"
	"math/rand/v2"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/storage/memory"
)

// sample lowers a sample: by chance row by row or chunk by chunk as an
// operator; a number of rows as those with the least of random numbers, in the
// input's order again; an exact percentage over all rows, once their number is
// known.
func (b *builder) sample(n *logical.Sample, need map[logical.ColID]bool) (*stream, error) {
	s, err := b.node(n.Input, need)
	if err != nil {
		return nil, err
	}
	s.feeds = nil // what is chosen from must not change
	seed := uint64(n.Seed)
	if !n.Seeded {
		seed = rand.Uint64()
	}
	switch {
	case n.Method != logical.Reservoir:
		b.measure(n, s.add(order.NewSample(s.types, n.Size/100, n.Method == logical.System, seed)))
		return s, nil
	case n.Percent:
		out, table := b.counted(s, "sample")
		b.measure(n, out.add(order.NewChoice(out.types, n.Size/100, total(table), seed)))
		return out, nil
	}
	width := len(s.types)
	draw := order.NewDraw(s.types, seed)
	all := draw.Types()
	s.add(draw)
	s.types = all
	top, err := order.NewTopN(b.env, all, []order.Key{{Col: width}}, int64(n.Size), 0)
	if err != nil {
		return nil, err
	}
	fill, _ := b.breaker(s, "sample", top)
	drawn := b.after(s, top, fill)
	sorted, err := order.NewSort(b.env, all, []order.Key{{Col: width + 1}})
	if err != nil {
		return nil, err
	}
	fill, _ = b.breaker(drawn, "sample", sorted)
	out := b.after(s, sorted, fill)
	b.measure(n, out.profiles[0]).Extra = func() []string {
		x, y := top.Stats(), sorted.Stats()
		return spilled(max(x.PeakBytes, y.PeakBytes), x.SpilledBytes+y.SpilledBytes)
	}
	return out, nil
}

// after is the stream of the rows of a sort that fill ends in; columns lie as in
// s.
func (b *builder) after(s *stream, sort *order.Sort, fill *pipeline.Pipeline) *stream {
	return &stream{
		open:     func(context.Context) (operators.Source, error) { return sort.Source(), nil },
		deps:     []*pipeline.Pipeline{fill},
		profiles: []*operators.Profile{{}},
		types:    s.types, pos: s.pos, single: true,
	}
}

// counted ends s in a table in memory, which one worker reads in the order of
// the input.
func (b *builder) counted(s *stream, name string) (*stream, *memory.Table) {
	table := b.newTable(name, s.types)
	fill, _ := b.breaker(s, name, write.NewCollect(table))
	out := b.tableStream(table, s.types, true)
	out.deps = []*pipeline.Pipeline{fill}
	out.pos, out.single, out.ordered = s.pos, true, s.ordered
	return out, table
}

// total returns how many rows a table has, once it is filled.
func total(t *memory.Table) func(context.Context) (int64, error) {
	return func(ctx context.Context) (int64, error) {
		st, err := t.Snapshot().Stats(ctx)
		if err != nil {
			return 0, err
		}
		return int64(st.NumRows), nil
	}
}

// limitBy lowers a LIMIT whose bounds are percentages or come out of the input.
func (b *builder) limitBy(n *logical.Limit, need map[logical.ColID]bool) (*stream, error) {
	var exprs []logical.Expr
	if n.Count != nil {
		exprs = append(exprs, n.Count)
	}
	if n.Offset != nil {
		exprs = append(exprs, n.Offset)
	}
	s, err := b.node(n.Input, with(need, exprs...))
	if err != nil {
		return nil, err
	}
	at, err := b.columns(s, exprs, need)
	if err != nil {
		return nil, err
	}
	bounds := order.Bounds{Count: -1, Offset: -1}
	if n.Count != nil {
		bounds.Count, bounds.CountPos = at[0], n.Count.Pos()
	}
	if n.Offset != nil {
		bounds.Offset, bounds.OffsetPos = at[len(at)-1], n.Offset.Pos()
	}
	if n.Percent {
		var table *memory.Table
		s, table = b.counted(s, "limit")
		bounds.Total = total(table)
	}
	b.cut(n, s, order.NewLimitBy(s.types, bounds, s.narrow()))
	return s, nil
}

// fixed reports whether a LIMIT's bounds are known before anything is read.
func fixed(n *logical.Limit) bool {
	for _, e := range logical.Exprs(n) {
		if len(logical.ColumnsOf(e)) > 0 || logical.HasSubquery(e) {
			return false
		}
	}
	return !n.Percent
}
