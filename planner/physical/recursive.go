package physical

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/scan"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector/types"
)

// recursive lowers a recursive CTE to a source that computes a round when the
// rows of the one before have been claimed, so that a LIMIT above ends an endless
// recursion. Each round is a plan of its own, run to its end, that reads the
// table of the round before and fills the next. Common table expressions around
// it are filled before.
func (b *builder) recursive(n *logical.Recursive) (*stream, error) {
	ts := make([]types.Type, len(n.Cols))
	for i, c := range n.Cols {
		ts[i] = c.Typ
	}
	r := &rounds{b: b, n: n, types: ts}
	out := newStream(n.Cols, r.open)
	for _, in := range n.Children() {
		deps, err := b.outerCTEs(in, n)
		if err != nil {
			return nil, err
		}
		out.deps = append(out.deps, deps...)
	}
	r.ctes = make(map[int]*cte, len(b.ctes))
	for id, c := range b.ctes {
		r.ctes[id] = c
	}
	b.plan.closers = append(b.plan.closers, r.closeTotal)
	b.measure(n, out.profiles[0]).Extra = func() []string {
		peak, bytes := r.peak, r.spilled
		if r.total != nil {
			peak, bytes = max(peak, r.total.PeakBytes()), bytes+r.total.Spilled()
		}
		return spilled(peak, bytes)
	}
	return out, nil
}

// outerCTEs makes sure that the common table expressions that n reads from
// around it are filled before.
func (b *builder) outerCTEs(n logical.Node, self *logical.Recursive) ([]*pipeline.Pipeline, error) {
	var deps []*pipeline.Pipeline
	var err error
	logical.WalkNodes(n, func(n logical.Node) bool {
		ref, ok := n.(*logical.CTERef)
		if !ok || err != nil || ref.ID == self.ID || ref.ID == self.Total || b.ctes[ref.ID] == nil {
			return err == nil
		}
		var s *stream
		if s, err = b.cteRef(ref, nil); err == nil {
			deps = append(deps, s.deps...)
		}
		return err == nil
	})
	return deps, err
}

// rounds computes a recursive CTE.
type rounds struct {
	b     *builder
	n     *logical.Recursive
	types []types.Type
	ctes  map[int]*cte
	// total holds all rows so far, when somebody reads them.
	total *memory.Table
	// peak and spilled are figures of the tables that were closed: the most memory
	// of one, and what all of them had on disk.
	peak, spilled int64
}

// closeTable closes a table of the recursion, whose figures stay.
func (r *rounds) closeTable(t *memory.Table) {
	r.peak = max(r.peak, t.PeakBytes())
	r.spilled += t.Spilled()
	t.Close()
}

// keepsTotal reports whether rounds need the rows of all before them.
func (r *rounds) keepsTotal() bool { return !r.n.All || r.n.Total != 0 || len(r.n.Key) > 0 }

func (r *rounds) closeTotal() {
	if r.total != nil {
		r.closeTable(r.total)
		r.total = nil
	}
}

// open returns the source of the rows; nothing is computed yet.
func (r *rounds) open(context.Context) (operators.Source, error) {
	if r.keepsTotal() {
		r.closeTotal()
		r.total = r.b.memoryTable(r.n.Name, r.types)
	}
	return &roundSource{r: r}, nil
}

// next computes the round behind the one whose rows are in last, nil for the
// first.
func (r *rounds) next(ctx context.Context, last *memory.Table) (*memory.Table, int64, error) {
	if last == nil {
		return r.round(ctx, r.n.Anchor, r.n.AnchorOut, nil)
	}
	return r.round(ctx, r.n.Term, r.n.TermOut, last)
}

func (r *rounds) read(ctx context.Context, t *memory.Table) (*scan.Table, error) {
	spec := storage.ScanSpec{}
	for i := range r.types {
		spec.Columns = append(spec.Columns, i)
	}
	return scan.NewTable(ctx, r.b.env, t.Snapshot(), spec)
}

// round runs one plan, whose reference to the CTE reads from, keeps the rows
// that count in a table of their own, and adds them to all rows.
func (r *rounds) round(ctx context.Context, node logical.Node, ids []logical.ColID, from *memory.Table) (*memory.Table, int64, error) {
	b := &builder{ctx: ctx, env: r.b.env, est: cardinality.New(ctx), ctes: map[int]*cte{}, joins: r.b.joins, directBits: r.b.directBits, plan: &Plan{left: -1, measures: map[logical.Node]*Measure{}}}
	defer b.plan.Close()
	for id, c := range r.ctes {
		b.ctes[id] = c
	}
	if from != nil {
		b.ctes[r.n.ID] = filled(r.n.ID, from)
	}
	if r.total != nil {
		b.ctes[r.allID()] = filled(r.allID(), r.total)
	}
	s, err := r.fresh(b, node, ids)
	if err != nil {
		return nil, 0, err
	}
	next := r.b.memoryTable(r.n.Name, r.types)
	collect := write.NewCollect(next)
	b.breaker(s, r.n.Name, collect)
	var merged *memory.Table
	switch {
	case len(r.n.Key) > 0:
		merged = r.b.memoryTable(r.n.Name, r.types)
		err = r.merge(b, next, merged)
	case r.total != nil:
		copyAll := newStream(r.n.Cols, func(ctx context.Context) (operators.Source, error) { return r.read(ctx, next) })
		copyAll.deps = b.plan.pipelines[len(b.plan.pipelines)-1:]
		b.breaker(copyAll, r.n.Name, write.NewCollect(r.total))
	}
	if err == nil {
		err = b.promiseScans()
	}
	if err == nil {
		err = r.run(ctx, b)
	}
	if err != nil {
		b.plan.Close()
		next.Close()
		if merged != nil {
			merged.Close()
		}
		return nil, 0, err
	}
	if merged != nil {
		r.closeTotal()
		r.total = merged
	}
	return next, collect.Rows(), nil
}

// run runs the plan of a round to its end.
func (r *rounds) run(ctx context.Context, b *builder) error {
	// The worker that waits here leaves its thread to the round's own.
	sched := pipeline.NewScheduler(b.env.Threads)
	err := pipeline.Start(ctx, sched, b.env, b.plan.pipelines).Wait()
	if cerr := sched.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = sqlerr.FromContext(ctx)
	}
	return err
}

// filled is a common table expression whose rows are in t.
func filled(id int, t *memory.Table) *cte {
	return &cte{def: &logical.CTE{ID: id}, table: t, fill: &pipeline.Pipeline{}}
}

// allID is the ID under which a round's plan reads the rows of all before it.
func (r *rounds) allID() int {
	if r.n.Total != 0 {
		return r.n.Total
	}
	return -r.n.ID
}

// merge lowers what USING KEY makes of all rows so far and those of a round:
// the rows whose keys the round does not have, then the last of each key of the
// round.
func (r *rounds) merge(b *builder, next, to *memory.Table) error {
	deps := b.plan.pipelines[len(b.plan.pipelines)-1:]
	fresh := &logical.CTERef{ID: 0, Name: r.n.Name}
	old := &logical.CTERef{ID: r.allID(), Name: r.n.Name}
	b.ctes[0] = filled(0, next)
	b.ctes[0].fill = deps[0]
	seen := &logical.CTERef{ID: 0, Name: r.n.Name}
	// IDs below those of the round's own plan, which are positive.
	column := func(i int, place logical.ColID) logical.Column {
		c := r.n.Cols[i]
		c.ID = -(c.ID*4 + place)
		return c
	}
	last := &logical.Aggregate{Input: fresh}
	join := &logical.Join{Kind: logical.Anti, Left: old, Right: seen}
	isKey := make([]bool, len(r.n.Cols))
	for _, i := range r.n.Key {
		isKey[i] = true
	}
	out := map[logical.ColID]bool{}
	var lastOut, oldOut []logical.ColID
	for i := range r.n.Cols {
		in, was, now := column(i, 0), column(i, 1), column(i, 2)
		fresh.Cols = append(fresh.Cols, in)
		old.Cols = append(old.Cols, was)
		seen.Cols = append(seen.Cols, now)
		res := column(i, 3)
		if isKey[i] {
			last.GroupCols, last.Groups = append(last.GroupCols, res), append(last.Groups, logical.Ref(in))
			join.On = append(join.On, &logical.Compare{At: -1, Op: logical.NotDistinct, Left: logical.Ref(was), Right: logical.Ref(now)})
		} else {
			last.AggCols = append(last.AggCols, res)
			last.Aggs = append(last.Aggs, logical.AggCall{At: -1, Fn: r.n.Last[i], Args: []logical.Expr{logical.Ref(in)}})
		}
		out[res.ID], out[was.ID] = true, true
		lastOut, oldOut = append(lastOut, res.ID), append(oldOut, was.ID)
	}
	for _, part := range []struct {
		node logical.Node
		ids  []logical.ColID
	}{{join, oldOut}, {last, lastOut}} {
		s, err := b.node(part.node, out)
		if err != nil {
			return err
		}
		if err := b.output(s, part.ids); err != nil {
			return err
		}
		b.breaker(s, r.n.Name, write.NewCollect(to))
	}
	return nil
}

// fresh lowers the plan of a round; without ALL the rows are distinct and not
// among those of earlier rounds.
func (r *rounds) fresh(b *builder, node logical.Node, ids []logical.ColID) (*stream, error) {
	if !r.n.All {
		// Distinct rows under the CTE's columns, anti-joined with all so far.
		have := map[logical.ColID]logical.Column{}
		for _, c := range node.Columns() {
			have[c.ID] = c
		}
		a := &logical.Aggregate{Input: node, GroupCols: r.n.Cols}
		before := &logical.CTERef{ID: r.allID(), Name: r.n.Name}
		j := &logical.Join{Kind: logical.Anti, Left: a, Right: before}
		for i, c := range r.n.Cols {
			a.Groups = append(a.Groups, logical.Ref(have[ids[i]]))
			old := c
			old.ID = -c.ID
			before.Cols = append(before.Cols, old)
			j.On = append(j.On, &logical.Compare{At: -1, Op: logical.NotDistinct, Left: logical.Ref(c), Right: logical.Ref(old)})
		}
		node, ids = j, nil
		if len(r.n.Key) > 0 {
			node = a
		}
		for _, c := range r.n.Cols {
			ids = append(ids, c.ID)
		}
	}
	need := map[logical.ColID]bool{}
	for _, id := range ids {
		need[id] = true
	}
	s, err := b.node(node, need)
	if err != nil {
		return nil, err
	}
	return s, b.output(s, ids)
}
