package physical

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/filter"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Options control lowering.
type Options struct {
	// CutInside: the caller cannot apply a LIMIT at the plan's root itself
	// (Plan.Cut), so it becomes an operator.
	CutInside bool
	// Joins are the limits of joins by inequalities; nil: the default ones.
	Joins *JoinLimits
	// DirectBits is agg.Plan's.
	DirectBits int
}

// Plan is a lowered plan. Finish adds its last sink; Close, called always,
// releases what its operators hold.
type Plan struct {
	root      *stream
	pipelines []*pipeline.Pipeline
	closers   []func()
	skip      int64
	left      int64
	measures  map[logical.Node]*Measure
}

// Measure is what EXPLAIN ANALYZE can tell about a plan node once the query
// has ended.
type Measure struct {
	Profile  *operators.Profile    // rows out and time; nil when the node has no operator of its own
	Counters *storage.ScanCounters // scans only
	Extra    func() []string       // lines of the operator's own; may be nil
}

// Types lists the columns of the chunks that reach the sink: the plan's output
// in order.
func (p *Plan) Types() []types.Type { return p.root.types }

// Ordered reports whether the result must be read in batch order.
func (p *Plan) Ordered() bool { return p.root.ordered }

// Cut returns the rows to drop at the start of the result and those to return
// then, -1 for all.
func (p *Plan) Cut() (skip, left int64) { return p.skip, p.left }

// Measures tells, per node of the plan that was lowered, where its figures
// are.
func (p *Plan) Measures() map[logical.Node]*Measure { return p.measures }

// Finish ends the plan in sink, which Close closes, and returns all pipelines,
// dependencies first.
func (p *Plan) Finish(sink operators.Sink) []*pipeline.Pipeline {
	last, _ := p.root.pipeline("result", sink)
	p.closers = append(p.closers, sink.Close)
	return append(p.pipelines, last)
}

// Close releases what the operators hold, last first. The execution has ended
// before. Idempotent.
func (p *Plan) Close() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
	p.closers = nil
}

// builder is the state of one Lower.
type builder struct {
	ctx   context.Context
	env   *operators.Env
	plan  *Plan
	est   *cardinality.Estimator
	ctes  map[int]*cte
	joins JoinLimits
	// directBits is agg.Plan's DirectBits.
	directBits int
	// scans are those of tables; they share a reservation.
	scans []*scanSource
}

// cte is a common table expression whose rows are, or will be, in a table.
type cte struct {
	def   *logical.CTE
	table *memory.Table
	fill  *pipeline.Pipeline
}

// Lower lowers plan. After an error nothing is held.
func Lower(ctx context.Context, env *operators.Env, plan *logical.Plan, o Options) (*Plan, error) {
	b := &builder{ctx: ctx, env: env, est: cardinality.New(ctx), ctes: map[int]*cte{}, plan: &Plan{left: -1, measures: map[logical.Node]*Measure{}}}
	b.joins, b.directBits = DefaultJoinLimits(), o.DirectBits
	if o.Joins != nil {
		b.joins = *o.Joins
	}
	// What expressions compute is paid for from now on, until the plan is closed.
	mem := env.Budget.Reserve("expressions")
	env.Session.Mem = mem
	b.plan.closers = append(b.plan.closers, mem.Close)
	if err := b.lower(plan, o); err != nil {
		b.plan.Close()
		return nil, err
	}
	return b.plan, nil
}

func (b *builder) lower(plan *logical.Plan, o Options) error {
	need := map[logical.ColID]bool{}
	for _, id := range plan.Output {
		need[id] = true
	}
	root := b.enter(plan.Root)
	if l, ok := root.(*logical.Limit); ok && !o.CutInside && fixed(l) {
		count, offset, err := b.limits(l)
		if err != nil {
			return err
		}
		b.plan.skip, b.plan.left = offset, count
		b.measure(l, nil)
		root = l.Input
	}
	s, err := b.node(root, need)
	if err != nil {
		return err
	}
	// A limit without order keeps the first rows, whatever the setting says.
	s.ordered = s.ordered || b.env.PreserveOrder || b.plan.left >= 0
	b.plan.root = s
	s.parallel()
	b.leave(plan.Root)
	if err := b.promiseScans(); err != nil {
		return err
	}
	return b.output(s, plan.Output)
}

// output brings the stream's columns into the order of ids.
func (b *builder) output(s *stream, ids []logical.ColID) error {
	same := len(ids) == len(s.types)
	exprs := make([]eval.Expr, len(ids))
	ts := make([]types.Type, len(ids))
	for i, id := range ids {
		p, err := s.position(id)
		if err != nil {
			return err
		}
		same = same && p == i
		exprs[i], ts[i] = eval.NewColumn(p, s.types[p]), s.types[p]
	}
	if !same {
		s.add(filter.NewProject(exprs))
		s.types = ts
		s.pos = map[logical.ColID]int{}
		for i, id := range ids {
			s.pos[id] = i
		}
	}
	return nil
}

// breaker ends s in sink and remembers both.
func (b *builder) breaker(s *stream, name string, sink operators.Sink) (*pipeline.Pipeline, *operators.Profile) {
	b.expect(sink)
	p, prof := s.pipeline(name, sink)
	b.plan.pipelines = append(b.plan.pipelines, p)
	b.plan.closers = append(b.plan.closers, sink.Close)
	return p, prof
}

// measure notes where a node's figures are.
func (b *builder) measure(n logical.Node, p *operators.Profile) *Measure {
	m := &Measure{Profile: p}
	b.plan.measures[n] = m
	return m
}

// limits evaluates the constants of a LIMIT; count -1 is none.
func (b *builder) limits(l *logical.Limit) (count, offset int64, err error) {
	count = -1
	if l.Count != nil {
		if count, err = b.rowCount(l.Count, "LIMIT", sqlerr.CodeInvalidRowCount, -1); err != nil {
			return 0, 0, err
		}
	}
	if l.Offset != nil {
		if offset, err = b.rowCount(l.Offset, "OFFSET", sqlerr.CodeInvalidOffset, 0); err != nil {
			return 0, 0, err
		}
	}
	return count, offset, nil
}

func (b *builder) rowCount(e logical.Expr, what, code string, null int64) (int64, error) {
	v, err := Constant(b.ctx, e, b.env.Session)
	if err != nil {
		return 0, err
	}
	if v.IsNull {
		return null, nil
	}
	if v.I < 0 {
		return 0, sqlerr.At(e.Pos(), code, "%s must not be negative", what)
	}
	return v.I, nil
}

// Slice makes dst the n rows of src from position from on, copied; src is
// dense.
func Slice(dst, src *vector.Chunk, from, n int) {
	sel := dst.SelBuf()[:n]
	for i := range sel {
		sel[i] = uint32(from + i)
	}
	for i, v := range src.Cols {
		kernel.Take(dst.Cols[i], v, sel, n)
	}
	dst.Len, dst.Sel = n, nil
}
