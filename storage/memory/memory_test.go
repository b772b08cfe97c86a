package memory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/tests/scans"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var integers = types.Of(types.BigInt)

func columnsOf(ts ...types.Type) []storage.Column {
	out := make([]storage.Column, len(ts))
	for i, t := range ts {
		out[i] = storage.Column{Name: fmt.Sprintf("c%d", i), Type: t}
	}
	return out
}

// fixture is a table with its memory.
type fixture struct {
	*Table
	b    *budget.Budget
	pool *block.Pool
}

func newTable(t testing.TB, cols ...storage.Column) *fixture {
	b := budget.New(1 << 30)
	f := &fixture{b: b, pool: block.NewPool()}
	f.Table = New("t", cols, f.pool, b)
	t.Cleanup(func() {
		f.Table.Close()
		if used := b.Used(); used != 0 {
			t.Errorf("%d bytes are still charged", used)
		}
		f.pool.Close()
	})
	return f
}

// chunkOf makes a chunk of rows of values.
func chunkOf(cols []storage.Column, rows [][]types.Value) *vector.Chunk {
	ts := make([]types.Type, len(cols))
	for i, c := range cols {
		ts[i] = c.Type
	}
	c := vector.NewChunk(ts)
	for k, v := range c.Cols {
		v.Resize(len(rows))
		for i, r := range rows {
			v.SetValue(i, r[k])
		}
	}
	c.Len = len(rows)
	return c
}

func ints(values ...int64) *vector.Chunk {
	c := vector.NewChunk([]types.Type{integers})
	c.Cols[0].Resize(len(values))
	copy(vector.Values[int64](c.Cols[0]), values)
	c.Len = len(values)
	return c
}

func span(from, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(from + i)
	}
	return out
}

// fill appends and commits, a batch a chunk.
func (f *fixture) fill(t testing.TB, chunks ...*vector.Chunk) {
	t.Helper()
	a := f.NewAppender()
	w := a.NewWriter()
	for i, c := range chunks {
		if err := w.Append(c, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	if err := a.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func textOf(c *vector.Chunk) []string {
	var out []string
	for i := range c.NumRows() {
		p := c.Position(i)
		var vals []string
		for _, v := range c.Cols {
			vals = append(vals, v.Value(p).String())
		}
		out = append(out, strings.Join(vals, "|"))
	}
	return out
}

func scan(tab storage.Table, spec *storage.ScanSpec) ([]string, error) {
	var out []string
	err := scans.Each(context.Background(), tab, spec, func(_ int64, c *vector.Chunk) error {
		if spec != nil && spec.ChunkRows > 0 && c.Len > spec.ChunkRows {
			return fmt.Errorf("%d positions in a chunk of %d", c.Len, spec.ChunkRows)
		}
		out = append(out, textOf(c)...)
		return nil
	})
	return out, err
}

func mustScan(t testing.TB, tab storage.Table, spec *storage.ScanSpec) []string {
	t.Helper()
	rows, err := scan(tab, spec)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if err == nil || sqlerr.Code(err) != code {
		t.Errorf("error %v, want code %s", err, code)
	}
}

func TestCommitAndSnapshots(t *testing.T) {
	f := newTable(t, columnsOf(integers)...)
	empty := f.Snapshot()
	f.fill(t, ints(1, 2, 3))
	first := f.Snapshot()
	a := f.NewAppender()
	w := a.NewWriter()
	if err := w.Append(ints(4, 5), 0); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if a.Rows() != 2 {
		t.Errorf("%d rows handed over", a.Rows())
	}
	if got := mustScan(t, f.Snapshot(), nil); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("before the commit: %q", got)
	}
	if err := a.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	b := f.NewAppender()
	w = b.NewWriter()
	if err := w.Append(ints(6), 0); err != nil {
		t.Fatal(err)
	}
	w.Close()
	b.Abort()
	for _, c := range []struct {
		tab  storage.Table
		want int
	}{{empty, 0}, {first, 3}, {f.Snapshot(), 5}} {
		if got := mustScan(t, c.tab, nil); len(got) != c.want {
			t.Errorf("%q, want %d rows", got, c.want)
		}
		if st, _ := c.tab.Stats(context.Background()); st.NumRows != float64(c.want) || !st.Exact {
			t.Errorf("statistics %+v", st)
		}
	}
}

// TestOrder appends batches by several writers at once; rows come by batch.
func TestOrder(t *testing.T) {
	f := newTable(t, columnsOf(integers)...)
	for round := range 2 {
		a := f.NewAppender()
		var next atomic.Int64
		var wg sync.WaitGroup
		const batches = 300
		for range 4 {
			wg.Go(func() {
				w := a.NewWriter()
				defer w.Close()
				for {
					b := next.Add(1) - 1
					if b >= batches {
						return
					}
					// Batches of 0 to 3 chunks.
					for part := range int(b % 4) {
						if err := w.Append(ints(span(int(b)*10000+part*1000, 700)...), b); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		if err := a.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		var want []string
		for range round + 1 {
			for b := range batches {
				for part := range b % 4 {
					for i := range 700 {
						want = append(want, fmt.Sprint(b*10000+part*1000+i))
					}
				}
			}
		}
		if got := mustScan(t, f.Snapshot(), nil); !slices.Equal(got, want) {
			t.Fatalf("round %d: %d rows, want %d", round, len(got), len(want))
		}
	}
	groups := *f.groups.Load()
	if len(groups) > 8 {
		t.Errorf("small row groups were not joined: %d", len(groups))
	}
	for _, g := range groups {
		if g.rows > RowGroupSize {
			t.Errorf("a row group of %d rows", g.rows)
		}
	}
}

// TestLargeAndSmall mixes batches beyond a row group with tiny ones.
func TestLargeAndSmall(t *testing.T) {
	f := newTable(t, columnsOf(integers)...)
	a := f.NewAppender()
	w := a.NewWriter()
	n := 0
	for b, rows := range []int{5, 2 * RowGroupSize, 1, 1, RowGroupSize/2 + 7, 3, 0, 2048} {
		for left := rows; left > 0; left -= 2048 {
			k := min(left, 2048)
			if err := w.Append(ints(span(n, k)...), int64(b)); err != nil {
				t.Fatal(err)
			}
			n += k
		}
	}
	w.Close()
	if err := a.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := mustScan(t, f.Snapshot(), nil)
	if len(got) != n {
		t.Fatalf("%d rows, want %d", len(got), n)
	}
	for i, g := range got {
		if g != fmt.Sprint(i) {
			t.Fatalf("row %d is %s", i, g)
		}
	}
}

// someTypes lists a type of every physical layout, and nested ones.
func someTypes() []types.Type {
	str := types.Of(types.Varchar)
	pair := types.StructOf(types.Field{Name: "a", Type: integers}, types.Field{Name: "b", Type: str})
	return []types.Type{
		types.Of(types.Boolean), types.Of(types.TinyInt), types.Of(types.SmallInt), types.Of(types.Integer), integers,
		types.Of(types.UTinyInt), types.Of(types.USmallInt), types.Of(types.UInteger), types.Of(types.UBigInt),
		types.Of(types.HugeInt), types.Of(types.UHugeInt), types.Of(types.Float), types.Of(types.Double),
		types.DecimalOf(4, 1), types.DecimalOf(9, 2), types.DecimalOf(18, 3), types.DecimalOf(38, 4),
		str, types.Of(types.Blob), types.Of(types.Date), types.Of(types.Time), types.Of(types.Timestamp), types.Of(types.TimestampTZ),
		types.Of(types.IntervalID), types.Of(types.UUID),
		types.EnumOf(&types.EnumDict{Labels: []string{"x", "y", "z"}}),
		types.ListOf(integers), types.ListOf(str), types.ListOf(types.ListOf(str)), types.ListOf(pair),
		pair, types.StructOf(types.Field{Name: "l", Type: types.ListOf(pair)}),
		types.ArrayOf(integers, 3), types.ArrayOf(str, 2), types.MapOf(str, integers),
	}
}

// randomValue makes a value of type t; values repeat.
func randomValue(r *rand.Rand, t types.Type, depth int) types.Value {
	if r.IntN(5) == 0 {
		return types.NullOf(t)
	}
	out := types.Value{Type: t}
	switch t.Physical() {
	case types.PString:
		out.S = strings.Repeat("value ", r.IntN(6)) + fmt.Sprint(r.IntN(9))
	case types.PFloat32, types.PFloat64:
		out.F = []float64{0, 1.5, -2, math.Inf(1), math.NaN()}[r.IntN(5)]
	case types.PInterval:
		out.Iv = types.Interval{Months: int32(r.IntN(20)), Days: int32(r.IntN(20)), Micros: r.Int64N(1e9)}
	case types.PList:
		elem := types.Type{}
		if t.ID == types.Map {
			elem = types.StructOf(t.Ext.Fields...)
		} else {
			elem = *t.Ext.Child
		}
		for i := range r.IntN(4) {
			v := randomValue(r, elem, depth+1)
			if t.ID == types.Map { // keys are there, and differ
				v = types.Value{Type: elem, Children: []types.Value{types.StringValue(fmt.Sprint("key", i)), randomValue(r, t.Ext.Fields[1].Type, depth+1)}}
			}
			out.Children = append(out.Children, v)
		}
	case types.PArray:
		for range t.Ext.Size {
			out.Children = append(out.Children, randomValue(r, *t.Ext.Child, depth+1))
		}
	case types.PStruct:
		for _, f := range t.Ext.Fields {
			out.Children = append(out.Children, randomValue(r, f.Type, depth+1))
		}
	case types.PBool:
		out.I = int64(r.IntN(2))
	case types.PInt128:
		out = types.Int128Value(t, types.Int128From(r.Int64N(2000)-1000))
	default:
		out.I = int64(r.IntN(100))
		if t.ID == types.Enum {
			out.I = int64(r.IntN(3))
		}
	}
	return out
}

// TestAllTypes appends every type in every form, with selections, and reads it
// with several chunk sizes.
func TestAllTypes(t *testing.T) {
	for _, typ := range someTypes() {
		t.Run(typ.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(typ.ID)))
			cols := columnsOf(typ, integers)
			f := newTable(t, cols...)
			a := f.NewAppender()
			w := a.NewWriter()
			var want []string
			for b := range 40 {
				n := 1 + r.IntN(200)
				v := vector.New(typ)
				form := b % 4
				switch {
				case form == 1:
					v.SetConstant(randomValue(r, typ, 0), n)
				case form == 2:
					dict := vector.New(typ)
					dict.Resize(5)
					for i := range 5 {
						dict.SetValue(i, randomValue(r, typ, 0))
					}
					codes := make([]uint32, n)
					for i := range codes {
						codes[i] = uint32(r.IntN(5))
					}
					v.SetDictionary(dict, codes, 0)
				case form == 3 && typ.ID == types.BigInt:
					v.SetSequence(int64(b), 3, n)
				default:
					v.Resize(n)
					for i := range n {
						v.SetValue(i, randomValue(r, typ, 0))
					}
				}
				c := ints(span(b*1000, n)...)
				c = &vector.Chunk{Cols: []*vector.Vector{v, c.Cols[0]}, Len: n}
				if b%3 == 0 {
					for i := range n {
						if r.IntN(2) == 0 {
							c.Sel = append(c.Sel, uint32(i))
						}
					}
					if c.Sel == nil {
						c.Sel = []uint32{}
					}
				}
				want = append(want, textOf(c)...)
				if err := w.Append(c, int64(b)); err != nil {
					t.Fatal(err)
				}
			}
			w.Close()
			if err := a.Commit(context.Background()); err != nil {
				t.Fatal(err)
			}
			for _, rows := range []int{0, 1, 2, 7, 63, 64, 100} {
				got := mustScan(t, f.Snapshot(), &storage.ScanSpec{Columns: []int{0, 1}, ChunkRows: rows})
				if !slices.Equal(got, want) {
					t.Fatalf("chunks of %d: %d rows, want %d", rows, len(got), len(want))
				}
			}
		})
	}
}

func TestStats(t *testing.T) {
	cols := columnsOf(integers, types.Of(types.Varchar), types.Of(types.Double), types.DecimalOf(38, 2), types.Of(types.Boolean), types.ListOf(integers))
	f := newTable(t, cols...)
	var rows [][]types.Value
	for i := range 1000 {
		row := []types.Value{
			types.IntValue(integers, int64(i-500)), types.StringValue(fmt.Sprintf("string number %03d", i%100)),
			types.FloatValue(float64(i) / 2), types.Int128Value(cols[3].Type, types.Int128From(int64(i*7))),
			types.BoolValue(i > 2000), types.NullOf(cols[5].Type),
		}
		if i%10 == 0 {
			row[0], row[2] = types.NullOf(integers), types.FloatValue(math.NaN())
		}
		rows = append(rows, row)
	}
	f.fill(t, chunkOf(cols, rows))
	st, err := f.Snapshot().Stats(context.Background())
	if err != nil || st.NumRows != 1000 || !st.Exact {
		t.Fatalf("%+v, %v", st, err)
	}
	check := func(k int, lo, hi string, nulls int64, distinct float64) {
		t.Helper()
		c := st.Columns[k]
		if !c.HasMinMax || c.Min.String() != lo || c.Max.String() != hi || c.NullCount != nulls {
			t.Errorf("column %d: %s to %s, %d NULLs", k, c.Min, c.Max, c.NullCount)
		}
		if c.Distinct < distinct*0.9 || c.Distinct > distinct*1.1 {
			t.Errorf("column %d: %v distinct values, want %v", k, c.Distinct, distinct)
		}
	}
	check(0, "-499", "499", 100, 900)
	check(1, "string number 000", "string number 099", 0, 100)
	check(2, "0.5", "nan", 0, 901)
	check(3, "0.00", "69.93", 0, 1000)
	check(4, "false", "false", 0, 1)
	if c := st.Columns[5]; c.HasMinMax || c.NullCount != 1000 {
		t.Errorf("list column: %+v", c)
	}
	if c := st.Columns[1]; c.AvgBytes < 15 || c.AvgBytes > 25 {
		t.Errorf("mean length %v", c.AvgBytes)
	}
}

// between passes integers in a range.
type between struct {
	lo, hi int64
	calls  *atomic.Int64
}

func (b between) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	b.calls.Add(1)
	k := 0
	count := n
	if sel != nil {
		count = len(sel)
	}
	for i := range count {
		p := uint32(i)
		if sel != nil {
			p = sel[i]
		}
		if !v.IsNull(int(p)) {
			if x := v.Value(int(p)).I; b.lo <= x && x <= b.hi {
				out[k] = p
				k++
			}
		}
	}
	return out[:k], nil
}

func TestPruningAndPredicates(t *testing.T) {
	f := newTable(t, columnsOf(integers, integers)...)
	a := f.NewAppender()
	w := a.NewWriter()
	n := 0
	for b := range 3 {
		for range RowGroupSize / 2048 {
			c := ints(span(n, 2048)...)
			second := ints(span(-n-2047, 2048)...)
			slices.Reverse(vector.Values[int64](second.Cols[0]))
			if err := w.Append(&vector.Chunk{Cols: []*vector.Vector{c.Cols[0], second.Cols[0]}, Len: 2048}, int64(b)); err != nil {
				t.Fatal(err)
			}
			n += 2048
		}
	}
	w.Close()
	if err := a.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	tab := f.Snapshot()
	pred := func(col int, op storage.CompareOp, x, lo, hi int64, calls *atomic.Int64) storage.Predicate {
		return storage.Predicate{Column: col, Op: op, Values: []types.Value{types.IntValue(integers, x)},
			NewSelector: func() storage.Selector { return between{lo, hi, calls} }}
	}
	for _, c := range []struct {
		name    string
		preds   func(calls *atomic.Int64) []storage.Predicate
		want    []string
		skipped int64
	}{
		{"equal", func(k *atomic.Int64) []storage.Predicate {
			return []storage.Predicate{pred(0, storage.Equal, RowGroupSize+5, RowGroupSize+5, RowGroupSize+5, k)}
		}, []string{fmt.Sprintf("%d|%d", -RowGroupSize-5, RowGroupSize+5)}, 2},
		{"less", func(k *atomic.Int64) []storage.Predicate {
			return []storage.Predicate{pred(0, storage.Less, 2, math.MinInt64, 1, k)}
		}, []string{"0|0", "-1|1"}, 2},
		{"both columns", func(k *atomic.Int64) []storage.Predicate {
			return []storage.Predicate{pred(0, storage.Greater, 10, 11, math.MaxInt64, k), pred(1, storage.Greater, -13, -12, math.MaxInt64, k)}
		}, []string{"-11|11", "-12|12"}, 2},
		{"none", func(k *atomic.Int64) []storage.Predicate {
			return []storage.Predicate{pred(0, storage.Greater, int64(n), int64(n), math.MaxInt64, k)}
		}, nil, 3},
		{"unprunable", func(k *atomic.Int64) []storage.Predicate {
			return []storage.Predicate{pred(0, storage.None, 0, int64(n)-1, math.MaxInt64, k)}
		}, []string{fmt.Sprintf("%d|%d", 1-n, n-1)}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int64
			var counters storage.ScanCounters
			got := mustScan(t, tab, &storage.ScanSpec{Columns: []int{1, 0}, Predicates: c.preds(&calls), Counters: &counters})
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if counters.RowGroupsSkipped.Load() != c.skipped || counters.RowsOut.Load() != int64(len(c.want)) || counters.RowGroupsRead.Load() != 3-c.skipped {
				t.Errorf("skipped %d, read %d, out %d", counters.RowGroupsSkipped.Load(), counters.RowGroupsRead.Load(), counters.RowsOut.Load())
			}
		})
	}
	if got := mustScan(t, tab, &storage.ScanSpec{}); len(got) != n {
		t.Errorf("count: %d", len(got))
	}
}

func TestNotNull(t *testing.T) {
	cols := columnsOf(integers, integers)
	cols[1].NotNull = true
	f := newTable(t, cols...)
	null := types.NullOf(integers)
	one := types.IntValue(integers, 1)
	f.fill(t, chunkOf(cols, [][]types.Value{{null, one}, {one, one}}))
	a := f.NewAppender()
	w := a.NewWriter()
	c := chunkOf(cols, [][]types.Value{{one, one}, {one, null}})
	wantCode(t, w.Append(c, 0), "23502")
	c.Sel = []uint32{0} // the NULL is not selected
	if err := w.Append(c, 0); err != nil {
		t.Error(err)
	}
	w.Close()
	a.Abort()
	if got := mustScan(t, f.Snapshot(), nil); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// TestDropWhileScanning closes the table under an open scan and an append.
func TestDropWhileScanning(t *testing.T) {
	f := newTable(t, columnsOf(integers)...)
	f.fill(t, ints(span(0, 2048)...), ints(span(2048, 2048)...))
	snap := f.Snapshot()
	s, err := snap.Scan(context.Background(), &storage.ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	a := f.NewAppender()
	w := a.NewWriter()
	if err := w.Append(ints(1), 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	f.Close()
	if f.b.Used() == 0 {
		t.Error("the memory under the scan was given back")
	}
	r, _ := s.NewReader()
	if _, ok, _ := r.NextMorsel(context.Background()); !ok {
		t.Fatal("no morsel")
	}
	c := vector.NewChunk([]types.Type{integers})
	if ok, err := r.Next(context.Background(), c); !ok || err != nil || c.Cols[0].Value(7).I != 7 {
		t.Errorf("%v %v", ok, err)
	}
	r.Close()
	s.Close()
	s.Close()
	w.Close()
	wantCode(t, a.Commit(context.Background()), "42P01")
	a.Abort() // the last that uses the memory
	a.Abort()
	if used := f.b.Used(); used != 0 {
		t.Errorf("%d bytes are still charged", used)
	}
	_, err = scan(snap, nil)
	wantCode(t, err, "42P01")
	late := f.NewAppender()
	wantCode(t, late.NewWriter().Append(ints(1), 0), "42P01")
	late.Abort()
}

// TestFaults refuses memory at every request: the append fails and leaves
// nothing behind.
func TestFaults(t *testing.T) {
	cols := columnsOf(integers, types.Of(types.Varchar), types.ListOf(types.Of(types.Varchar)))
	r := rand.New(rand.NewPCG(3, 4))
	var chunks []*vector.Chunk
	for range 6 {
		var rows [][]types.Value
		for range 700 {
			rows = append(rows, []types.Value{randomValue(r, cols[0].Type, 0), randomValue(r, cols[1].Type, 0), randomValue(r, cols[2].Type, 0)})
		}
		chunks = append(chunks, chunkOf(cols, rows))
	}
	f := newTable(t, cols...)
	f.fill(t, chunks[0])
	before, want := f.b.Used(), mustScan(t, f.Snapshot(), nil)
	for fail := int64(1); ; fail++ {
		var n atomic.Int64
		f.b.SetFault(func(string, int64) bool { return n.Add(1) == fail })
		a := f.NewAppender()
		w := a.NewWriter()
		var err error
		for b, c := range chunks {
			if err = w.Append(c, int64(b)); err != nil {
				break
			}
		}
		w.Close()
		if err == nil {
			err = a.Commit(context.Background())
		}
		f.b.SetFault(nil)
		if err == nil {
			t.Logf("memory was asked for %d times", n.Load())
			break
		}
		wantCode(t, err, "53200")
		a.Abort()
		if used := f.b.Used(); used != before {
			t.Fatalf("failure %d: %d bytes charged, %d before", fail, used, before)
		}
		if got := mustScan(t, f.Snapshot(), nil); !slices.Equal(got, want) {
			t.Fatalf("failure %d: %d rows", fail, len(got))
		}
	}
	if got := mustScan(t, f.Snapshot(), nil); len(got) != 700*7 {
		t.Errorf("%d rows", len(got))
	}
}

func TestCancelledCommitAndScan(t *testing.T) {
	f := newTable(t, columnsOf(integers)...)
	a := f.NewAppender()
	w := a.NewWriter()
	for b := range 10 {
		if err := w.Append(ints(1, 2), int64(b)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	wantCode(t, a.Commit(ctx), "57014")
	a.Abort()
	if used := f.b.Used(); used != 0 {
		t.Errorf("%d bytes charged", used)
	}
	f.fill(t, ints(1))
	s, err := f.Snapshot().Scan(ctx, &storage.ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, _ := s.NewReader()
	defer r.Close()
	if _, ok, _ := r.NextMorsel(ctx); ok {
		_, err = r.Next(ctx, vector.NewChunk([]types.Type{integers}))
		wantCode(t, err, "57014")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	}
}

// TestReadersShareMorsels reads with several readers at once.
func TestReadersShareMorsels(t *testing.T) {
	f := newTable(t, columnsOf(integers)...)
	a := f.NewAppender()
	w := a.NewWriter()
	const n = 5 * RowGroupSize
	for i := 0; i < n; i += 2048 {
		if err := w.Append(ints(span(i, 2048)...), 0); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	if err := a.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	s, err := f.Snapshot().Scan(context.Background(), &storage.ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Morsels() != 5 {
		t.Errorf("%d morsels", s.Morsels())
	}
	var total, rows atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			r, _ := s.NewReader()
			defer r.Close()
			c := vector.NewChunk([]types.Type{integers})
			last := int64(-1)
			for {
				b, ok, err := r.NextMorsel(context.Background())
				if !ok || err != nil {
					return
				}
				if b <= last {
					t.Errorf("batch %d after %d", b, last)
				}
				last = b
				for {
					if more, err := r.Next(context.Background(), c); !more || err != nil {
						break
					}
					for _, x := range vector.Values[int64](c.Cols[0])[:c.Len] {
						total.Add(x)
					}
					rows.Add(int64(c.Len))
				}
			}
		})
	}
	wg.Wait()
	if rows.Load() != n || total.Load() != n*(n-1)/2 {
		t.Errorf("%d rows, sum %d", rows.Load(), total.Load())
	}
}

func BenchmarkAppend(b *testing.B) {
	cols := columnsOf(integers, integers, types.Of(types.Varchar))
	var rows [][]types.Value
	for i := range 2048 {
		rows = append(rows, []types.Value{types.IntValue(integers, int64(i)), types.IntValue(integers, int64(i*7)), types.StringValue(fmt.Sprintf("a string of some length %d", i))})
	}
	c := chunkOf(cols, rows)
	bud, pool := budget.New(1<<30), block.NewPool()
	defer pool.Close()
	for b.Loop() {
		t := New("t", cols, pool, bud)
		a := t.NewAppender()
		w := a.NewWriter()
		for range 60 {
			if err := w.Append(c, 0); err != nil {
				b.Fatal(err)
			}
		}
		w.Close()
		if err := a.Commit(context.Background()); err != nil {
			b.Fatal(err)
		}
		t.Close()
	}
	b.ReportMetric(float64(b.N)*60*2048/b.Elapsed().Seconds(), "rows/s")
}
