package agg

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/aggregate"
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var ctx = context.Background()

// world is an Env whose end checks that nothing was leaked.
type world struct {
	t   testing.TB
	env *operators.Env
}

func newWorld(t testing.TB, limit int64, threads, fill int) *world {
	w := &world{t: t}
	w.env = &operators.Env{
		Budget: budget.New(limit), Pool: block.NewPool(), Spill: spill.NewManager(spill.Options{Dir: t.TempDir()}),
		Session: &function.Session{}, Threads: threads, FillLimit: fill, Seed: 42,
	}
	w.env.Run = func(ctx context.Context, name string, n int, task func(context.Context, int) error) error {
		g, ctx := spawn.NewGroup(ctx)
		for i := range n {
			g.Go(name, func(context.Context) error { return task(ctx, i) })
		}
		return g.Wait()
	}
	t.Cleanup(func() {
		if n := w.env.Budget.Used(); n != 0 {
			t.Errorf("%d bytes still reserved", n)
		}
		if s := w.env.Pool.Stats(); s.InUse != 0 {
			t.Errorf("%d bytes of blocks still in use", s.InUse)
		}
		w.env.Pool.Close()
		if s := w.env.Spill.Stats(); s.OpenFiles != 0 {
			t.Errorf("%d spill files still open", s.OpenFiles)
		}
		if err := w.env.Spill.Close(); err != nil {
			t.Error(err)
		}
		if n := spawn.Running(); n != 0 {
			t.Errorf("%d goroutines left", n)
		}
	})
	return w
}

// table is the input: chunks and their values.
type table struct {
	types  []types.Type
	chunks []*vector.Chunk
}

func bind(t testing.TB, name string, args ...types.Type) *function.BoundAgg {
	t.Helper()
	for _, a := range aggregate.Builtins {
		if a.Name != name {
			continue
		}
		for _, o := range a.Overloads {
			if len(o.Params) != len(args) {
				continue
			}
			fits := true
			for i, p := range o.Params {
				fits = fits && (p.ID == types.Any || p.ID == args[i].ID)
			}
			if !fits {
				continue
			}
			b, err := o.Bind(args, make([]*types.Value, len(args)))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("no aggregate %s%v", name, args)
	return nil
}

func text(v types.Value) string {
	if v.IsNull {
		return "NULL"
	}
	switch v.Type.Physical() {
	case types.PString:
		return fmt.Sprintf("%q", v.S)
	case types.PFloat32, types.PFloat64:
		if v.F == 0 {
			return "0" // either zero may stand for its group
		}
		return fmt.Sprintf("%.9g", v.F)
	case types.PInt128, types.PUint128:
		return v.Int128().String()
	case types.PInterval:
		m, d, u := v.Iv.Normalize()
		return fmt.Sprint(m, d, u)
	case types.PList, types.PStruct, types.PArray:
		parts := make([]string, len(v.Children))
		for i, c := range v.Children {
			parts[i] = text(c)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return fmt.Sprint(v.I)
}

func (t *table) row(c *vector.Chunk, p int) []types.Value {
	out := make([]types.Value, len(c.Cols))
	for i, v := range c.Cols {
		out[i] = v.Value(p)
	}
	return out
}

// reference computes what a plan gives, as sorted lines, with plain maps.
func reference(t testing.TB, tab *table, plan *Plan, workers int) []string {
	type group struct {
		keys []types.Value
		rows [][]types.Value
	}
	groups := map[string]*group{}
	var order []string
	for _, c := range tab.chunks {
		for i := range c.NumRows() {
			row := tab.row(c, c.Position(i))
			var keys []types.Value
			var b strings.Builder
			for _, g := range plan.Groups {
				keys = append(keys, row[g])
				b.WriteString(text(row[g]) + "|")
			}
			g := groups[b.String()]
			if g == nil {
				g = &group{keys: keys}
				groups[b.String()] = g
				order = append(order, b.String())
			}
			g.rows = append(g.rows, row)
		}
	}
	if len(plan.Groups) == 0 && len(groups) == 0 {
		groups[""] = &group{}
		order = append(order, "")
	}
	var lines []string
	for _, key := range order {
		g := groups[key]
		line := key
		for _, a := range plan.Aggs {
			var args [][]types.Value
			seen := map[string]bool{}
			for _, row := range g.rows {
				if a.Filter >= 0 && (row[a.Filter].IsNull || row[a.Filter].I == 0) {
					continue
				}
				var vals []types.Value
				var k string
				for _, c := range a.Args {
					vals = append(vals, row[c])
					k += text(row[c]) + "|"
				}
				if a.Distinct && seen[k] {
					continue
				}
				seen[k] = true
				args = append(args, vals)
			}
			line += naive(t, a.Fn, args) + "|"
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	return lines
}

// naive computes one aggregate over boxed values.
func naive(t testing.TB, fn *function.BoundAgg, rows [][]types.Value) string {
	var vals []types.Value
	for _, r := range rows {
		if fn.Name == "count_star" {
			continue
		}
		if !r[0].IsNull || fn.Name == "first" || fn.Name == "last" {
			vals = append(vals, r[0])
		}
	}
	switch fn.Name {
	case "count_star":
		return fmt.Sprint(len(rows))
	case "count":
		return fmt.Sprint(len(vals))
	}
	if len(vals) == 0 {
		return "NULL"
	}
	switch fn.Name {
	case "sum", "avg":
		if vals[0].Type.IsFloat() {
			s := 0.0
			for _, v := range vals {
				s += v.F
			}
			if fn.Name == "avg" {
				s /= float64(len(vals))
			}
			return text(types.FloatValue(s))
		}
		var s types.Int128
		for _, v := range vals {
			s = s.Add(v.Int128())
		}
		if fn.Name == "avg" {
			return text(types.FloatValue(types.DecimalFloat64(s, int(vals[0].Type.Scale)) / float64(len(vals))))
		}
		return s.String()
	case "min", "max":
		best := vals[0]
		for _, v := range vals {
			c := types.Compare(v, best)
			if fn.Name == "min" && c < 0 || fn.Name == "max" && c > 0 {
				best = v
			}
		}
		return text(best)
	case "any_value", "first":
		return text(vals[0])
	case "last":
		return text(vals[len(vals)-1])
	}
	t.Fatalf("no reference for %s", fn.Name)
	return ""
}

// run executes the plan with workers that take chunks in turn.
func run(w *world, tab *table, plan Plan, workers int) (lines []string, h *Hash, err error) {
	h, err = New(w.env, plan)
	if err != nil {
		return nil, nil, err
	}
	defer h.Close()
	if err := sink(ctx, w, tab, h, workers); err != nil {
		return nil, h, err
	}
	lines, err = drain(ctx, w, h)
	return lines, h, err
}

func sink(ctx context.Context, w *world, tab *table, h *Hash, workers int) error {
	g, _ := spawn.NewGroup(ctx)
	for i := range workers {
		g.Go("sink", func(ctx context.Context) error {
			l, err := h.NewLocal(&operators.Task{Env: w.env, Worker: i})
			if err != nil {
				return err
			}
			defer l.Close()
			for k := i; k < len(tab.chunks); k += workers {
				if tab.chunks[k].NumRows() == 0 {
					continue
				}
				if _, err := l.Push(ctx, tab.chunks[k]); err != nil {
					return err
				}
			}
			return l.Combine(ctx)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return h.Finalize(ctx)
}

func drain(ctx context.Context, w *world, h *Hash) ([]string, error) {
	src := h.Source()
	defer src.Close()
	n := src.Workers()
	parts := make([][]string, n)
	err := w.env.Run(ctx, "drain", n, func(ctx context.Context, i int) error {
		l, err := src.NewLocal(&operators.Task{Env: w.env, Worker: i})
		if err != nil {
			return err
		}
		defer l.Close()
		chunk := vector.NewChunk(src.Types())
		for {
			_, ok, err := l.NextMorsel(ctx)
			if err != nil || !ok {
				return err
			}
			for {
				chunk.Reset()
				ok, err := l.Next(ctx, chunk)
				if err != nil {
					return err
				}
				if !ok {
					break
				}
				if chunk.Len == 0 || chunk.Len > w.env.FillLimit {
					return fmt.Errorf("a chunk of %d rows", chunk.Len)
				}
				for r := range chunk.Len {
					var b strings.Builder
					for _, v := range chunk.Cols {
						b.WriteString(text(v.Value(r)) + "|")
					}
					parts[i] = append(parts[i], b.String())
				}
			}
		}
	})
	lines := slices.Concat(parts...)
	sort.Strings(lines)
	return lines, err
}

func compare(t testing.TB, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%d groups, want %d; first difference:\n got  %s\n want %s", len(got), len(want), got[i], want[i])
		}
	}
	t.Fatalf("%d groups, want %d", len(got), len(want))
}

// column makes values of one column in a random form.
type column struct {
	typ    types.Type
	make   func(r *rand.Rand, i int) types.Value
	nulls  int // one in nulls is NULL, 0 none
	dictID uint64
	dict   *vector.Vector
}

func (c *column) value(r *rand.Rand, i int) types.Value {
	if c.nulls > 0 && r.IntN(c.nulls) == 0 {
		return types.NullOf(c.typ)
	}
	v := c.make(r, i)
	v.Type = c.typ
	return v
}

var dictIDs uint64 = 1000

// vector makes n positions; dictionary columns with a shared dictionary take
// their values from it.
func (c *column) vector(r *rand.Rand, form string, from, n int) *vector.Vector {
	v := vector.New(c.typ)
	switch form {
	case "constant":
		v.SetConstant(c.value(r, from), n)
	case "dictionary", "own dictionary":
		if c.dict == nil || form == "own dictionary" {
			d := vector.New(c.typ)
			d.Resize(7)
			for i := range 7 {
				d.SetValue(i, c.value(r, i))
			}
			c.dict = d
			dictIDs++
			c.dictID = dictIDs
		}
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(r.IntN(7))
		}
		id := c.dictID
		if form == "own dictionary" {
			id = 0
		}
		v.SetDictionary(c.dict, codes, id)
	case "sequence":
		v.SetSequence(int64(from), 1, n)
	default:
		v.Resize(n)
		for i := range n {
			v.SetValue(i, c.value(r, from+i))
		}
	}
	return v
}

func makeTable(r *rand.Rand, cols []*column, rows, chunkSize int, selected bool, forms ...string) *table {
	tab := &table{}
	for _, c := range cols {
		tab.types = append(tab.types, c.typ)
	}
	for from := 0; from < rows; from += chunkSize {
		n := min(chunkSize, rows-from)
		ch := &vector.Chunk{Len: n}
		for _, c := range cols {
			form := forms[r.IntN(len(forms))]
			if form == "sequence" && c.typ.Physical() != types.PInt64 {
				form = "flat"
			}
			ch.Cols = append(ch.Cols, c.vector(r, form, from, n))
		}
		if selected {
			ch.Sel = []uint32{}
			for i := range n {
				if r.IntN(3) > 0 {
					ch.Sel = append(ch.Sel, uint32(i))
				}
			}
		}
		tab.chunks = append(tab.chunks, ch)
	}
	return tab
}

func intn(k int) func(*rand.Rand, int) types.Value {
	return func(r *rand.Rand, _ int) types.Value {
		return types.IntValue(types.Of(types.BigInt), int64(r.IntN(k))-3)
	}
}

var words = []string{"", "a", "abcd", "twelve bytes", "thirteen bytes", "thirteen bytez", strings.Repeat("long ", 20)}

func word(k int) func(*rand.Rand, int) types.Value {
	return func(r *rand.Rand, _ int) types.Value {
		s := words[r.IntN(len(words))]
		if k > 1 {
			s += fmt.Sprint(r.IntN(k))
		}
		return types.StringValue(s)
	}
}

var (
	bigint  = types.Of(types.BigInt)
	varchar = types.Of(types.Varchar)
	double  = types.Of(types.Double)
	boolean = types.Of(types.Boolean)
	decimal = types.DecimalOf(15, 2)
)

// standard is a table with columns 0 key, 1 key, 2 decimal, 3 double,
// 4 varchar, 5 boolean, 6 bigint, and a plan over it.
func standard(t testing.TB, keys ...*column) ([]*column, Plan) {
	cols := append(slices.Clone(keys),
		&column{typ: decimal, nulls: 5, make: intn(1000)},
		&column{typ: double, nulls: 4, make: func(r *rand.Rand, _ int) types.Value { return types.FloatValue(float64(r.IntN(64)) / 4) }},
		&column{typ: varchar, nulls: 6, make: word(3)},
		&column{typ: boolean, nulls: 4, make: func(r *rand.Rand, _ int) types.Value { return types.BoolValue(r.IntN(2) == 0) }},
		&column{typ: bigint, make: intn(9)},
	)
	k := len(keys)
	plan := Plan{}
	for i := range keys {
		plan.Groups = append(plan.Groups, i)
	}
	for _, c := range cols {
		plan.Input = append(plan.Input, c.typ)
	}
	agg := func(name string, filter int, distinct bool, args ...int) {
		var ts []types.Type
		for _, a := range args {
			ts = append(ts, plan.Input[a])
		}
		plan.Aggs = append(plan.Aggs, Agg{Fn: bind(t, name, ts...), Args: args, Filter: filter, Distinct: distinct})
	}
	agg("count_star", -1, false)
	agg("sum", -1, false, k)
	agg("avg", -1, false, k)
	agg("sum", -1, false, k+1)
	agg("min", -1, false, k+2)
	agg("max", -1, false, k+2)
	agg("count", k+3, false, k+2)
	agg("max", k+3, false, k+4)
	agg("count", -1, true, k+4)
	agg("sum", -1, true, k+4)
	agg("count", k+3, true, k+2)
	return cols, plan
}

func TestAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, keys := range []struct {
		name   string
		cols   func() []*column
		bounds []Bounds
		forms  []string
	}{
		{"none", func() []*column { return nil }, nil, []string{"flat", "constant"}},
		{"bigint", func() []*column { return []*column{{typ: bigint, nulls: 9, make: intn(50)}} }, nil, []string{"flat", "sequence", "constant"}},
		{"bigint many", func() []*column { return []*column{{typ: bigint, make: intn(100000)}} }, nil, []string{"flat"}},
		{"integer bounded", func() []*column { return []*column{{typ: types.Of(types.Integer), nulls: 9, make: intn(50)}} }, []Bounds{{true, -3, 46}}, []string{"flat", "constant", "dictionary", "sequence"}},
		{"bigint bounded", func() []*column { return []*column{{typ: bigint, make: intn(50)}} }, []Bounds{{true, -10, 20000}}, []string{"sequence", "flat"}},
		{"two bounded", func() []*column {
			return []*column{{typ: bigint, nulls: 9, make: intn(50)}, {typ: types.Of(types.SmallInt), make: intn(9)}, {typ: varchar, make: word(1)}}
		}, []Bounds{{true, -3, 46}, {true, -30, 30}, {}}, []string{"flat", "dictionary", "constant"}},
		{"integer lies", func() []*column { return []*column{{typ: types.Of(types.SmallInt), nulls: 9, make: intn(50)}} }, []Bounds{{true, 0, 20}}, []string{"flat"}},
		{"strings", func() []*column { return []*column{{typ: varchar, nulls: 9, make: word(5)}} }, nil, []string{"flat", "dictionary", "constant"}},
		{"dictionaries", func() []*column {
			return []*column{{typ: varchar, nulls: 9, make: word(1)}, {typ: varchar, make: word(1)}}
		}, nil, []string{"dictionary"}},
		{"changing dictionaries", func() []*column {
			return []*column{{typ: varchar, nulls: 9, make: word(2)}, {typ: bigint, make: intn(10)}}
		}, nil, []string{"dictionary", "own dictionary", "flat", "constant"}},
		{"three", func() []*column {
			return []*column{{typ: double, nulls: 3, make: func(r *rand.Rand, _ int) types.Value { return types.FloatValue(float64(r.IntN(4)) * 0) }},
				{typ: types.Of(types.IntervalID), make: func(r *rand.Rand, _ int) types.Value {
					return types.Value{Iv: []types.Interval{{Months: 1}, {Days: 30}, {Days: 1}}[r.IntN(3)]}
				}},
				{typ: types.ListOf(bigint), nulls: 4, make: func(r *rand.Rand, _ int) types.Value {
					v := types.Value{}
					for range r.IntN(3) {
						v.Children = append(v.Children, types.IntValue(bigint, int64(r.IntN(2))))
					}
					return v
				}}}
		}, nil, []string{"flat"}},
	} {
		for _, c := range []struct {
			rows, chunk, workers, fill int
			selected                   bool
		}{{0, 1, 1, 2048, false}, {1, 1, 1, 2048, false}, {40, 1, 2, 1, false}, {900, 7, 3, 7, true}, {6500, 2048, 1, 2048, false}, {6500, 2048, 3, 2048, true}} {
			t.Run(fmt.Sprintf("%s/%d by %d", keys.name, c.rows, c.chunk), func(t *testing.T) {
				w := newWorld(t, 256<<20, c.workers, c.fill)
				cols, plan := standard(t, keys.cols()...)
				if keys.bounds != nil {
					plan.Bounds = make([]Bounds, len(plan.Input))
					copy(plan.Bounds, keys.bounds)
				}
				tab := makeTable(r, cols, c.rows, c.chunk, c.selected, keys.forms...)
				got, h, err := run(w, tab, plan, c.workers)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, got, reference(t, tab, &plan, c.workers))
				if n := h.Profile().Rows.Load(); n != int64(len(got)) {
					t.Errorf("the profile counts %d rows of %d", n, len(got))
				}
			})
		}
	}
}

func TestDistinctRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	w := newWorld(t, 256<<20, 2, 2048)
	cols := []*column{{typ: varchar, nulls: 9, make: word(50)}, {typ: bigint, make: intn(20)}}
	plan := Plan{Input: []types.Type{varchar, bigint}, Groups: []int{1, 0}}
	tab := makeTable(r, cols, 20000, 2048, false, "flat")
	got, _, err := run(w, tab, plan, 2)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, reference(t, tab, &plan, 2))
}

// Many groups under pressure: everything has to go through disk and nested
// merges.
func TestSpill(t *testing.T) {
	for _, c := range []struct {
		name    string
		rows    int
		groups  int
		cap     int64
		workers int
		strings bool
	}{
		{"unique", 70000, 1<<31 - 1, 3 << 20, 2, false},
		{"repeated", 60000, 25000, 2 << 20, 2, false},
		{"strings", 30000, 15000, 2 << 20, 2, true},
		{"nothing fits", 16000, 8000, 0, 2, true},
		{"one worker", 40000, 30000, 2 << 20, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 2))
			w := newWorld(t, 512<<20, c.workers, 2048)
			w.env.Budget.SetSpillCap(c.cap)
			key := &column{typ: bigint, make: intn(c.groups)}
			if c.strings {
				key = &column{typ: varchar, make: word(c.groups)}
			}
			cols := []*column{key, {typ: decimal, make: intn(1000)}, {typ: varchar, make: word(4)}}
			plan := Plan{Input: []types.Type{key.typ, decimal, varchar}, Groups: []int{0}, Aggs: []Agg{
				{Fn: bind(t, "sum", decimal), Args: []int{1}, Filter: -1},
				{Fn: bind(t, "count_star"), Filter: -1},
				{Fn: bind(t, "min", varchar), Args: []int{2}, Filter: -1},
				{Fn: bind(t, "count", varchar), Args: []int{2}, Filter: -1, Distinct: true},
			}}
			if c.groups > 1<<30 {
				plan.Aggs = plan.Aggs[:3]
			}
			tab := makeTable(r, cols, c.rows, 2048, false, "flat")
			got, h, err := run(w, tab, plan, c.workers)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, got, reference(t, tab, &plan, c.workers))
			p := h.Profile()
			if p.SpillBytes.Load() == 0 || p.PeakBytes.Load() == 0 {
				t.Fatalf("spilled %d bytes, peak %d", p.SpillBytes.Load(), p.PeakBytes.Load())
			}
			t.Logf("spilled %d KiB, peak %d KiB", p.SpillBytes.Load()>>10, p.PeakBytes.Load()>>10)
		})
	}
}

func TestSkipsUselessGrouping(t *testing.T) {
	w := newWorld(t, 512<<20, 1, 2048)
	r := rand.New(rand.NewPCG(5, 2))
	cols := []*column{{typ: bigint, make: func(_ *rand.Rand, i int) types.Value { return types.IntValue(bigint, int64(i%140000)) }}, {typ: bigint, make: intn(9)}}
	tab := makeTable(r, cols, 150000, 2048, false, "flat")
	plan := Plan{Input: []types.Type{bigint, bigint}, Groups: []int{0}, Aggs: []Agg{{Fn: bind(t, "sum", bigint), Args: []int{1}, Filter: -1}}}
	got, h, err := run(w, tab, plan, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !h.forgot.Load() {
		t.Fatal("the directory was kept though it did not help")
	}
	compare(t, got, reference(t, tab, &plan, 1))
}

func TestOrderDependent(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	for _, limit := range []int64{-1, 1 << 20} {
		w := newWorld(t, 512<<20, 1, 2048)
		w.env.Budget.SetSpillCap(limit)
		cols := []*column{{typ: bigint, make: intn(20000)}, {typ: varchar, nulls: 3, make: word(9)}, {typ: bigint, nulls: 3, make: intn(9)}}
		tab := makeTable(r, cols, 30000, 2048, false, "flat", "dictionary")
		plan := Plan{Input: []types.Type{bigint, varchar, bigint}, Groups: []int{0}}
		for _, name := range []string{"first", "last", "any_value"} {
			plan.Aggs = append(plan.Aggs, Agg{Fn: bind(t, name, varchar), Args: []int{1}, Filter: -1}, Agg{Fn: bind(t, name, bigint), Args: []int{2}, Filter: -1})
		}
		got, _, err := run(w, tab, plan, 1)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, reference(t, tab, &plan, 1))
	}
}

// Every request for memory is refused once; answers are right or the error is
// 53200, and nothing is left behind.
func TestRefusals(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	cols, plan := standard(t, &column{typ: varchar, nulls: 9, make: word(1000)})
	tab := makeTable(r, cols, 5000, 2048, true, "flat")
	want := reference(t, tab, &plan, 1)
	for step := 0; ; step++ {
		w := newWorld(t, 128<<20, 1, 2048)
		n := 0
		w.env.Budget.SetFault(func(string, int64) bool {
			n++
			return n-1 == step
		})
		got, _, err := run(w, tab, plan, 1)
		if err == nil {
			compare(t, got, want)
		} else if sqlerr.Code(err) != sqlerr.CodeOutOfMemory {
			t.Fatalf("step %d: %v", step, err)
		}
		if used := w.env.Budget.Used(); used != 0 {
			t.Fatalf("step %d: %d bytes left", step, used)
		}
		if n <= step {
			if step < 10 {
				t.Fatalf("only %d requests", step)
			}
			return
		}
	}
}

// TestDoesNotFit lowers the limit until there is no answer any more: it is right, or
// the error is 53200.
func TestDoesNotFit(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	cols, plan := standard(t, &column{typ: varchar, make: word(1 << 30)})
	tab := makeTable(r, cols, 30000, 2048, false, "flat")
	want := reference(t, tab, &plan, 1)
	limit := int64(4 << 20)
	for ; ; limit /= 2 {
		got, _, err := run(newWorld(t, limit, 1, 2048), tab, plan, 1)
		if err != nil {
			if sqlerr.Code(err) != sqlerr.CodeOutOfMemory {
				t.Fatalf("with %d bytes: %v", limit, err)
			}
			break
		}
		compare(t, got, want)
	}
	if limit == 4<<20 {
		t.Error("4 MiB are not enough")
	}
}

func TestCancelled(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	w := newWorld(t, 256<<20, 2, 2048)
	cols, plan := standard(t, &column{typ: varchar, make: word(3000)})
	tab := makeTable(r, cols, 9000, 2048, false, "flat")
	done, cancel := context.WithCancel(ctx)
	cancel()
	h, err := New(w.env, plan)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := sink(done, w, tab, h, 1); sqlerr.Code(err) != sqlerr.CodeQueryCancelled {
		t.Fatalf("sink: %v", err)
	}
	h2, _ := New(w.env, plan)
	defer h2.Close()
	if err := sink(ctx, w, tab, h2, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := drain(done, w, h2); sqlerr.Code(err) != sqlerr.CodeQueryCancelled {
		t.Fatalf("source: %v", err)
	}
}

func TestStoppedEarly(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	for _, limit := range []int64{-1, 1 << 20} {
		w := newWorld(t, 256<<20, 1, 5)
		w.env.Budget.SetSpillCap(limit)
		cols, plan := standard(t, &column{typ: varchar, make: word(3000)})
		tab := makeTable(r, cols, 20000, 2048, false, "flat")
		h, _ := New(w.env, plan)
		if err := sink(ctx, w, tab, h, 2); err != nil {
			t.Fatal(err)
		}
		src := h.Source()
		l, err := src.NewLocal(&operators.Task{Env: w.env})
		if err != nil {
			t.Fatal(err)
		}
		chunk := vector.NewChunk(src.Types())
		if _, ok, err := l.NextMorsel(ctx); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if ok, err := l.Next(ctx, chunk); !ok || err != nil {
			t.Fatal(ok, err)
		}
		l.Close()
		src.Close()
		h.Close()
	}
}

// Once groups are known, a chunk allocates nothing, whichever way it takes.
func TestPushDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	for _, form := range []string{"flat", "dictionary", "constant"} {
		w := newWorld(t, 256<<20, 1, 2048)
		cols, plan := standard(t, &column{typ: varchar, nulls: 9, make: word(1)})
		plan.Aggs = plan.Aggs[:8] // DISTINCT is another aggregation
		tab := makeTable(r, cols[:1], 2048, 2048, true, form)
		rest := makeTable(r, cols[1:], 2048, 2048, false, "flat")
		chunk := tab.chunks[0]
		chunk.Cols = append(chunk.Cols, rest.chunks[0].Cols...)
		h, err := New(w.env, plan)
		if err != nil {
			t.Fatal(err)
		}
		l, err := h.NewLocal(&operators.Task{Env: w.env})
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(3, func() {
			if _, err := l.Push(ctx, chunk); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", form, n)
		}
		l.Close()
		h.Close()
	}
}

func TestBadPlans(t *testing.T) {
	w := newWorld(t, 1<<20, 1, 2048)
	sum := bind(t, "sum", bigint)
	for _, p := range []Plan{
		{Input: []types.Type{bigint}, Groups: []int{1}},
		{Input: []types.Type{bigint}, Aggs: []Agg{{Fn: sum, Args: []int{2}, Filter: -1}}},
		{Input: []types.Type{bigint}, Aggs: []Agg{{Fn: sum, Args: []int{0}, Filter: 0}}},
		{Input: []types.Type{bigint}, Groups: []int{0}, Bounds: []Bounds{{}, {}}},
	} {
		if _, err := New(w.env, p); err == nil {
			t.Errorf("accepted %+v", p)
		}
	}
}
