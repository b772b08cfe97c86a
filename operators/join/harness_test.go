package join_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

type row = []types.Value

// data is one side's rows.
type data struct {
	types []types.Type
	rows  []row
}

// fixture is a database's worth of surroundings.
type fixture struct {
	t     testing.TB
	env   *operators.Env
	sched *pipeline.Scheduler
	spill *spill.Manager
	pool  *block.Pool
}

func newFixture(t testing.TB, limit int64, threads int) *fixture {
	f := &fixture{t: t, sched: pipeline.NewScheduler(threads), pool: block.NewPool()}
	f.spill = spill.NewManager(spill.Options{Dir: t.TempDir()})
	f.env = &operators.Env{
		Budget: budget.New(limit), Pool: f.pool, Spill: f.spill,
		Threads: threads, FillLimit: vector.Capacity, Seed: 42,
	}
	f.env.Run = func(ctx context.Context, name string, n int, fn func(context.Context, int) error) error {
		return f.sched.Run(ctx, threads, name, n, fn)
	}
	return f
}

// close checks that nothing is left.
func (f *fixture) close() {
	f.t.Helper()
	if n := f.env.Budget.Used(); n != 0 {
		f.t.Errorf("%d bytes left in the budget: %v", n, f.env.Budget.Holders())
	}
	if n := len(f.env.Budget.Holders()); n != 0 {
		f.t.Errorf("%d reservations left open", n)
	}
	if n := f.pool.Stats().InUse; n != 0 {
		f.t.Errorf("%d bytes of blocks left in use", n)
	}
	if err := f.sched.Close(); err != nil {
		f.t.Error(err)
	}
	if err := f.spill.Close(); err != nil {
		f.t.Error(err)
	}
	f.pool.Close()
	if n := spawn.Running(); n != 0 {
		f.t.Errorf("%d goroutines left", n)
	}
}

// feed is a source of data in chunks of random sizes, forms and selections.
type feed struct {
	d       *data
	r       uint64
	fill    int
	plain   bool // full flat chunks
	next    atomic.Int64
	morsels int
	cancel  func()
	at      int64 // chunk at which to cancel
	chunks  atomic.Int64
}

func (f *feed) Types() []types.Type { return f.d.types }
func (f *feed) Workers() int        { return f.morsels }
func (f *feed) Close()              {}
func (f *feed) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	return &feedLocal{f: f}, nil
}

type feedLocal struct {
	f        *feed
	r        *rand.Rand
	from, to int
}

func (l *feedLocal) NextMorsel(context.Context) (int64, bool, error) {
	m := int(l.f.next.Add(1) - 1)
	if m >= l.f.morsels {
		return 0, false, nil
	}
	n := len(l.f.d.rows)
	l.from, l.to = m*n/l.f.morsels, (m+1)*n/l.f.morsels
	l.r = rand.New(rand.NewPCG(l.f.r, uint64(m)))
	return int64(m), true, nil
}

var dictID atomic.Uint64

func (l *feedLocal) Next(_ context.Context, out *vector.Chunk) (bool, error) {
	f := l.f
	if l.from == l.to {
		return false, nil
	}
	if f.cancel != nil && f.chunks.Add(1) == f.at {
		f.cancel()
	}
	n := min(f.fill, l.to-l.from)
	size := n
	var sel []uint32
	if !f.plain {
		n = 1 + l.r.IntN(n)
		size = n
		if l.r.IntN(2) == 0 {
			size = n + l.r.IntN(f.fill-n+1)
			perm := l.r.Perm(size)[:n]
			slices.Sort(perm)
			sel = make([]uint32, n)
			for i, p := range perm {
				sel[i] = uint32(p)
			}
		}
	}
	rows := f.d.rows[l.from : l.from+n]
	l.from += n
	for c, v := range out.Cols {
		if f.plain {
			v.Resize(n)
			for i := range rows {
				v.SetValue(i, rows[i][c])
			}
			continue
		}
		vals := make([]*types.Value, size)
		if sel != nil {
			for i := range vals {
				vals[i] = &f.d.rows[l.r.IntN(len(f.d.rows))][c]
			}
		}
		for i := range rows {
			p := i
			if sel != nil {
				p = int(sel[i])
			}
			vals[p] = &rows[i][c]
		}
		fillVector(l.r, v, vals, sel)
	}
	out.Len, out.Sel = size, sel
	return true, nil
}

func (l *feedLocal) Close() {}

// fillVector makes v hold vals in a form of chance.
func fillVector(r *rand.Rand, v *vector.Vector, vals []*types.Value, sel []uint32) {
	n := len(vals)
	at := func(i int) *types.Value {
		if sel != nil {
			return vals[sel[i]]
		}
		return vals[i]
	}
	m := n
	if sel != nil {
		m = len(sel)
	}
	same := true
	for i := 1; i < m && same; i++ {
		same = exact(at(i)) == exact(at(0))
	}
	switch {
	case same && r.IntN(2) == 0:
		if val := at(0); val.IsNull {
			v.SetConstantNull(n)
		} else {
			v.SetConstant(*val, n)
		}
		return
	case r.IntN(3) == 0:
		dict := vector.New(v.Type)
		dict.Resize(n + 3)
		codes := make([]uint32, n)
		for i, p := range r.Perm(n + 3) {
			if i < n {
				dict.SetValue(p, *vals[i])
				codes[i] = uint32(p)
			} else {
				dict.SetValue(p, *vals[0])
			}
		}
		v.SetDictionary(dict, codes, dictID.Add(1)*uint64(r.IntN(2)))
		return
	case v.Type.Physical() == types.PInt64 && n > 0:
		step, ok := int64(0), true
		if n > 1 {
			step = vals[1].I - vals[0].I
		}
		for i := range vals {
			ok = ok && !vals[i].IsNull && vals[i].I == vals[0].I+int64(i)*step
		}
		if ok {
			v.SetSequence(vals[0].I, step, n)
			return
		}
	}

	v.Resize(n)
	for i, val := range vals {
		v.SetValue(i, *val)
	}
}

// gathered is a sink that keeps rows as text.
type gathered struct {
	mu   sync.Mutex
	rows []string
	text []byte
	fill int
	stop int // rows after which it wants no more; 0: never
	err  error
}

func (g *gathered) NewLocal(*operators.Task) (operators.SinkLocal, error) { return g, nil }
func (g *gathered) Finalize(context.Context) error                        { return nil }
func (g *gathered) Close()                                                {}
func (g *gathered) EndBatch(context.Context) error                        { return nil }
func (g *gathered) Combine(context.Context) error                         { return nil }
func (g *gathered) Push(_ context.Context, in *vector.Chunk) (operators.Status, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := in.NumRows(); n > g.fill && g.err == nil {
		g.err = fmt.Errorf("%d rows in a chunk, the limit is %d", n, g.fill)
	}
	for i := range in.NumRows() {
		p := in.Position(i)
		if p >= in.Len && g.err == nil {
			g.err = fmt.Errorf("position %d of %d", p, in.Len)
		}
		g.text = g.text[:0]
		for _, c := range in.Cols {
			if c.Len < in.Len && g.err == nil {
				g.err = fmt.Errorf("a column has %d positions, the chunk %d", c.Len, in.Len)
			}
			v := c.Value(p)
			g.text = append(appendExact(g.text, &v), '|')
		}
		g.rows = append(g.rows, string(g.text))
	}
	if g.stop > 0 && len(g.rows) >= g.stop {
		return operators.Finished, nil
	}
	return operators.NeedInput, nil
}

func rowText(r row) string {
	var b []byte
	for i := range r {
		b = append(appendExact(b, &r[i]), '|')
	}
	return string(b)
}

// exact renders a value so that different ones differ.
func exact(v *types.Value) string { return string(appendExact(nil, v)) }

func appendExact(b []byte, v *types.Value) []byte {
	if v.IsNull {
		return append(b, "NULL"...)
	}
	if len(v.Children) > 0 || v.Type.IsNested() {
		b = append(b, '[')
		for i := range v.Children {
			b = append(appendExact(b, &v.Children[i]), ',')
		}
		return append(b, ']')
	}
	switch v.Type.Physical() {
	case types.PString:
		return append(append(append(b, '\''), v.S...), '\'')
	case types.PFloat32, types.PFloat64:
		if v.F != v.F {
			return append(b, "NaN"...)
		}
		return strconv.AppendUint(b, math.Float64bits(v.F), 16)
	case types.PInterval:
		return fmt.Append(b, v.Iv)
	case types.PInt128, types.PUint128:
		return fmt.Append(b, v.Hi, ":", v.I)
	}
	return strconv.AppendInt(b, v.I, 10)
}

// canon renders a value so that equal ones, and only those, agree.
func canon(v *types.Value) string {
	switch {
	case v.IsNull:
		return "NULL"
	case len(v.Children) > 0 || v.Type.IsNested():
		s := "["
		for i := range v.Children {
			s += canon(&v.Children[i]) + ","
		}
		return s + "]"
	}
	switch v.Type.Physical() {
	case types.PFloat32, types.PFloat64:
		if v.F == 0 {
			return "0"
		}
		if v.F != v.F {
			return "NaN"
		}
	case types.PInterval:
		const day = 24 * 3600 * 1000000
		days := int64(v.Iv.Months)*30 + int64(v.Iv.Days)
		return fmt.Sprint(days*day + v.Iv.Micros)
	}
	return exact(v)
}

// truth is three-valued: 1 true, 0 false, -1 unknown.
type truth int

func and(a, b truth) truth {
	switch {
	case a == 0 || b == 0:
		return 0
	case a < 0 || b < 0:
		return -1
	}
	return 1
}

func truthOf(b bool) truth {
	if b {
		return 1
	}
	return 0
}

// rangeTruth evaluates an inequality.
func rangeTruth(g join.Range, p, b row) truth {
	x, y := p[g.Probe], b[g.Build]
	if x.IsNull || y.IsNull {
		if g.Known {
			return 0
		}
		return -1
	}
	c := types.Compare(x, y)
	switch g.Op {
	case kernel.Lt:
		return truthOf(c < 0)
	case kernel.Le:
		return truthOf(c <= 0)
	case kernel.Gt:
		return truthOf(c > 0)
	}
	return truthOf(c >= 0)
}

// residual is a condition as expression and as function of a pair.
type residual struct {
	expr eval.Expr
	cols []int
	test func(p, b row) truth
}

// expect joins naively.
func expect(spec *join.Spec, res *residual, probe, build *data) (out []string, err bool) {
	out, err = expectOrdered(spec, res, probe, build)
	slices.Sort(out)
	return out, err
}

func expectUnsorted(spec *join.Spec, probe, build *data) ([]string, bool) {
	return expectOrdered(spec, nil, probe, build)
}

func expectOrdered(spec *join.Spec, res *residual, probe, build *data) (out []string, err bool) {
	pk, bk := make([][]string, len(probe.rows)), make([][]string, len(build.rows))
	for i, r := range probe.rows {
		for _, c := range spec.ProbeKeys {
			pk[i] = append(pk[i], canon(&r[c]))
		}
	}
	for i, r := range build.rows {
		for _, c := range spec.BuildKeys {
			bk[i] = append(bk[i], canon(&r[c]))
		}
	}
	cond := func(i, j int) truth {
		t := truth(1)
		for k := range pk[i] {
			p, b := pk[i][k], bk[j][k]
			if spec.NullSafe != nil && spec.NullSafe[k] {
				t = and(t, truthOf(p == b))
			} else if p == "NULL" || b == "NULL" {
				t = and(t, -1)
			} else {
				t = and(t, truthOf(p == b))
			}
			if t == 0 {
				return 0
			}
		}
		for _, g := range spec.Ranges {
			t = and(t, rangeTruth(g, probe.rows[i], build.rows[j]))
		}
		if res != nil {
			t = and(t, res.test(probe.rows[i], build.rows[j]))
		}
		return t
	}
	if spec.Asof {
		all := cond
		var of, best int
		of, best = -1, -1
		cond = func(i, j int) truth {
			if of != i {
				of, best = i, -1
				c := spec.Ranges[0].Build
				up := spec.Ranges[0].Op == kernel.Gt || spec.Ranges[0].Op == kernel.Ge
				for k := range build.rows {
					if all(i, k) != 1 {
						continue
					}
					if best < 0 {
						best = k
					} else if d := types.Compare(build.rows[k][c], build.rows[best][c]); d > 0 && up || d < 0 && !up {
						best = k
					}
				}
			}
			return truthOf(j == best)
		}
	}
	var text []byte
	null := types.Value{IsNull: true}
	put := func(r row, cols []int) {
		for _, c := range cols {
			v := &null
			if r != nil {
				v = &r[c]
			}
			text = append(appendExact(text, v), '|')
		}
	}
	emit := func(p, b row, more ...types.Value) {
		text = text[:0]
		put(p, spec.ProbeOut)
		put(b, spec.BuildOut)
		out = append(out, string(text)+rowText(more))
	}
	boolean := types.Of(types.Boolean)
	hit := make([]bool, len(build.rows))
	for i, p := range probe.rows {
		n, unknown := 0, false
		for j, b := range build.rows {
			switch cond(i, j) {
			case 1:
				n++
				hit[j] = true
				switch spec.Kind {
				case join.Inner, join.Left, join.Right, join.Full, join.Single:
					emit(p, b)
				}
			case -1:
				unknown = true
			}
		}
		switch spec.Kind {
		case join.Left, join.Full:
			if n == 0 {
				emit(p, nil)
			}
		case join.Single:
			if n == 0 {
				emit(p, nil)
			}
			if n > 1 {
				err = true
			}
		case join.Semi:
			if n > 0 {
				emit(p, nil)
			}
		case join.Anti:
			if n == 0 {
				emit(p, nil)
			}
		case join.NullAnti:
			if n == 0 && !unknown {
				emit(p, nil)
			}
		case join.Mark:
			m := types.IntValue(boolean, int64(min(n, 1)))
			if n == 0 && unknown {
				m = types.NullOf(boolean)
			}
			emit(p, nil, m)
		}
	}
	if spec.Kind == join.Right || spec.Kind == join.Full {
		for j, b := range build.rows {
			if !hit[j] {
				emit(nil, b)
			}
		}
	}
	if spec.Kind == join.BuildSemi || spec.Kind == join.BuildAnti {
		for j, b := range build.rows {
			if hit[j] == (spec.Kind == join.BuildSemi) {
				emit(nil, b)
			}
		}
	}
	return out, err
}

// options of a run.
type options struct {
	seed   uint64
	plain  bool
	stop   int
	ctx    context.Context
	cancel func()
	at     int64 // chunk of the probe, or build if atBuild, at which to cancel
	onBld  bool
	// between is called when the build side is complete and nothing was probed.
	between func()
}

// run joins in two pipelines and returns the rows in order of arrival.
func (f *fixture) run(spec *join.Spec, probe, build *data, o options) (rows []string, stats join.Stats, err error) {
	f.t.Helper()
	b, err := join.NewBuild(f.env, spec)
	if err != nil {
		return nil, stats, err
	}
	defer b.Close()
	if o.ctx == nil {
		o.ctx = context.Background()
	}
	bf := &feed{d: build, r: o.seed, fill: f.env.FillLimit, morsels: 3, plain: o.plain}
	pf := &feed{d: probe, r: o.seed + 1, fill: f.env.FillLimit, morsels: 4, plain: o.plain}
	if o.onBld {
		bf.cancel, bf.at = o.cancel, o.at
	} else {
		pf.cancel, pf.at = o.cancel, o.at
	}
	open := func(s operators.Source) func(context.Context) (operators.Source, error) {
		return func(context.Context) (operators.Source, error) { return s, nil }
	}
	openProbe := func(context.Context) (operators.Source, error) {
		if o.between != nil {
			o.between()
		}
		return pf, nil
	}
	op := b.Probe()
	sink := &gathered{fill: f.env.FillLimit, stop: o.stop}
	p1 := &pipeline.Pipeline{Name: "build", Open: open(bf), Sink: b}
	p2 := &pipeline.Pipeline{Name: "probe", Open: openProbe, Ops: []operators.Operator{op}, Sink: sink, Deps: []*pipeline.Pipeline{p1}}
	e := pipeline.Start(o.ctx, f.sched, f.env, []*pipeline.Pipeline{p1, p2})
	err = e.Wait()
	stats = b.Stats()
	if len(b.Describe()) == 0 {
		f.t.Error("nothing to describe")
	}
	if err == nil && sink.err != nil {
		f.t.Fatal(sink.err)
	}
	return sink.rows, stats, err
}

// diff tells where sorted lists differ first.
func diff(got, want []string) string {
	slices.Sort(got)
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("%d rows, want %d; missing %s", len(got), len(want), want[i])
		case i >= len(want):
			return fmt.Sprintf("%d rows, want %d; surplus %s", len(got), len(want), got[i])
		case got[i] != want[i]:
			return fmt.Sprintf("%d rows, want %d; row %d is %s, want %s", len(got), len(want), i, got[i], want[i])
		}
	}
	return ""
}

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // rows as values are garbage, mostly
	code := m.Run()
	if n := spawn.Running(); n != 0 {
		fmt.Println(n, "goroutines left")
		code = 1
	}
	os.Exit(code)
}
