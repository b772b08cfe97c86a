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

// recursive lowers a recursive CTE to a source that computes all rounds when it
// opens: each is a plan of its own, run to its end, that reads the table of the
// round before and fills the next. Common table expressions around it are
// filled before.
func (b *builder) recursive(n *logical.Recursive) (*stream, error) {
	ts := make([]types.Type, len(n.Cols))
	for i, c := range n.Cols {
		ts[i] = c.Typ
	}
	r := &rounds{b: b, n: n, types: ts}
	out := newStream(n.Cols, r.open)
	for _, in := range n.Children() {
		deps, err := b.outerCTEs(in, n.ID)
		if err != nil {
			return nil, err
		}
		out.deps = append(out.deps, deps...)
	}
	r.ctes = make(map[int]*cte, len(b.ctes))
	for id, c := range b.ctes {
		r.ctes[id] = c
	}
	r.total = b.newTable(n.Name, ts)
	b.measure(n, out.profiles[0])
	return out, nil
}

// outerCTEs makes sure that the common table expressions that n reads from
// around it are filled before.
func (b *builder) outerCTEs(n logical.Node, self int) ([]*pipeline.Pipeline, error) {
	var deps []*pipeline.Pipeline
	var err error
	logical.WalkNodes(n, func(n logical.Node) bool {
		ref, ok := n.(*logical.CTERef)
		if !ok || err != nil || ref.ID == self || b.ctes[ref.ID] == nil {
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
	total *memory.Table // all rows so far
}

// open computes all rounds and returns the source of their rows.
func (r *rounds) open(ctx context.Context) (operators.Source, error) {
	last, rows, err := r.round(ctx, r.n.Anchor, r.n.AnchorOut, nil)
	for err == nil && rows > 0 {
		next := last
		next, rows, err = r.round(ctx, r.n.Term, r.n.TermOut, last)
		last.Close()
		last = next
	}
	if last != nil {
		last.Close()
	}
	if err != nil {
		return nil, err
	}
	return r.read(ctx, r.total)
}

func (r *rounds) read(ctx context.Context, t *memory.Table) (operators.Source, error) {
	spec := storage.ScanSpec{}
	for i := range r.types {
		spec.Columns = append(spec.Columns, i)
	}
	return scan.NewTable(ctx, r.b.env, t.Snapshot(), spec)
}

// round runs one plan, whose reference to the CTE reads from, keeps the rows
// that count in a table of their own, and adds them to all rows.
func (r *rounds) round(ctx context.Context, node logical.Node, ids []logical.ColID, from *memory.Table) (*memory.Table, int64, error) {
	b := &builder{ctx: ctx, env: r.b.env, est: cardinality.New(ctx), ctes: map[int]*cte{}, plan: &Plan{left: -1, measures: map[logical.Node]*Measure{}}}
	defer b.plan.Close()
	for id, c := range r.ctes {
		b.ctes[id] = c
	}
	if from != nil {
		b.ctes[r.n.ID] = &cte{def: &logical.CTE{ID: r.n.ID}, table: from, fill: &pipeline.Pipeline{}}
	}
	s, err := r.fresh(b, node, ids)
	if err != nil {
		return nil, 0, err
	}
	b.promiseScans()
	next := r.b.memoryTable(r.n.Name, r.types)
	collect := write.NewCollect(next, -1)
	b.breaker(s, r.n.Name, collect)
	copyAll := newStream(r.n.Cols, func(ctx context.Context) (operators.Source, error) { return r.read(ctx, next) })
	copyAll.deps = b.plan.pipelines[len(b.plan.pipelines)-1:]
	b.breaker(copyAll, r.n.Name, write.NewCollect(r.total, -1))
	// The worker that waits here leaves its thread to the round's own.
	sched := pipeline.NewScheduler(b.env.Threads)
	err = pipeline.Start(ctx, sched, b.env, b.plan.pipelines).Wait()
	if cerr := sched.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = sqlerr.FromContext(ctx)
	}
	if err != nil {
		b.plan.Close()
		next.Close()
		return nil, 0, err
	}
	return next, collect.Rows(), nil
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
		before := &logical.CTERef{ID: -r.n.ID, Name: r.n.Name}
		j := &logical.Join{Kind: logical.Anti, Left: a, Right: before}
		for i, c := range r.n.Cols {
			a.Groups = append(a.Groups, logical.Ref(have[ids[i]]))
			old := c
			old.ID = -c.ID
			before.Cols = append(before.Cols, old)
			j.On = append(j.On, &logical.Compare{At: -1, Op: logical.NotDistinct, Left: logical.Ref(c), Right: logical.Ref(old)})
		}
		b.ctes[-r.n.ID] = &cte{def: &logical.CTE{ID: -r.n.ID}, table: r.total, fill: &pipeline.Pipeline{}}
		node, ids = j, nil
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
