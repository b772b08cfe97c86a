package order_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// newEnv returns an environment whose resources are checked at the end.
func newEnv(t testing.TB, limit int64, fill int) *operators.Env {
	env := &operators.Env{
		Budget: budget.New(limit), Pool: block.NewPool(),
		Spill: spill.NewManager(spill.Options{Dir: t.TempDir()}), Threads: 2, FillLimit: fill,
	}
	t.Cleanup(func() {
		if n := env.Budget.Used(); n != 0 {
			t.Errorf("%d bytes left: %v", n, env.Budget.Holders())
		}
		if err := env.Spill.Close(); err != nil {
			t.Error(err)
		}
		env.Pool.Close()
	})
	return env
}

// row is a row of test data, boxed.
type row []types.Value

var words = []string{"", "a", "ab", "ab\x00", "abcdefghijklmn", "abcdefghijklmno", "abcdefghijklmnop", "abcdefghijklmnoq", "b", "zebra", "ünïcödé"}

// randomValue returns a value of type t out of a small domain, with extremes.
func randomValue(r *rand.Rand, t types.Type) types.Value {
	if r.IntN(8) == 0 {
		return types.NullOf(t)
	}
	switch t.ID {
	case types.List, types.Array, types.Struct, types.Map:
		v := types.Value{Type: t}
		kids := []types.Type{}
		switch t.ID {
		case types.Struct:
			for _, f := range t.Ext.Fields {
				kids = append(kids, f.Type)
			}
		case types.Map:
			for range r.IntN(3) {
				kids = append(kids, types.StructOf(t.Ext.Fields...))
			}
		default:
			n := r.IntN(4)
			if t.ID == types.Array {
				n = t.Ext.Size
			}
			for range n {
				kids = append(kids, *t.Ext.Child)
			}
		}
		for _, k := range kids {
			x := randomValue(r, k)
			for t.ID == types.Map && x.IsNull {
				x = randomValue(r, k)
			}
			v.Children = append(v.Children, x)
		}
		return v
	case types.Varchar:
		s := words[r.IntN(len(words))]
		if r.IntN(4) == 0 {
			s += strings.Repeat("x", r.IntN(30)) + fmt.Sprint(r.IntN(5))
		}
		return types.StringValue(s)
	case types.Double, types.Float:
		fs := []float64{0, math.Copysign(0, -1), 1.5, -1.5, math.Inf(1), math.Inf(-1), math.NaN(), 1e30, -1e-30}
		return types.Value{Type: t, F: float64(float32(fs[r.IntN(len(fs))]))}
	case types.HugeInt:
		return types.Int128Value(t, types.Int128{Lo: r.Uint64(), Hi: r.Int64N(5) - 2})
	case types.IntervalID:
		return types.Value{Type: t, Iv: types.Interval{Months: int32(r.IntN(5) - 2), Days: int32(r.IntN(70) - 35), Micros: r.Int64N(1 << 40)}}
	case types.UBigInt:
		return types.Value{Type: t, I: int64(r.Uint64())}
	case types.Boolean:
		return types.BoolValue(r.IntN(2) == 0)
	case types.UTinyInt:
		return types.IntValue(t, int64(r.IntN(256)))
	}
	return types.IntValue(t, []int64{0, 1, -1, 127, -128, 5, 77}[r.IntN(7)])
}

func chunksOf(ts []types.Type, data []row, size int, r *rand.Rand) []*vector.Chunk {
	var out []*vector.Chunk
	for len(data) > 0 {
		n := min(size, len(data))
		c := vector.NewChunk(ts)
		gaps := r.IntN(2) == 0 && 2*n <= vector.Capacity
		c.Len = n
		if gaps {
			c.Len = 2 * n
			c.Sel = []uint32{}
		}
		for k, v := range c.Cols {
			v.Resize(c.Len)
			for i := range n {
				p := i
				if gaps {
					p = 2*i + 1
				}
				v.SetValue(p, data[i][k])
			}
		}
		for i := range n {
			if gaps {
				c.Sel = append(c.Sel, uint32(2*i+1))
			}
		}
		out = append(out, c)
		data = data[n:]
	}
	return out
}

// run sorts chunks with two workers and returns the rows.
func run(ctx context.Context, env *operators.Env, s *order.Sort, chunks []*vector.Chunk) ([]row, error) {
	defer s.Close()
	var locals []operators.SinkLocal
	for w := range 2 {
		l, err := s.NewLocal(&operators.Task{Env: env, Worker: w})
		if err != nil {
			return nil, err
		}
		defer l.Close()
		locals = append(locals, l)
	}
	for i, c := range chunks {
		if _, err := locals[i%2].Push(ctx, c); err != nil {
			return nil, err
		}
	}
	for _, l := range locals {
		if err := l.Combine(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.Finalize(ctx); err != nil {
		return nil, err
	}
	src := s.Source()
	l, err := src.NewLocal(&operators.Task{Env: env})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	var out []row
	c := vector.NewChunk(src.Types())
	for {
		_, ok, err := l.NextMorsel(ctx)
		if err != nil || !ok {
			return out, err
		}
		for {
			c.Reset()
			ok, err := l.Next(ctx, c)
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			if c.Len == 0 || c.Len > env.FillLimit {
				return nil, fmt.Errorf("a chunk of %d rows", c.Len)
			}
			for i := range c.Len {
				var x row
				for _, v := range c.Cols {
					x = append(x, v.Value(i))
				}
				out = append(out, x)
			}
		}
	}
}

func compareRows(keys []order.Key, a, b row) int {
	for _, k := range keys {
		x, y := a[k.Col], b[k.Col]
		var c int
		switch {
		case x.IsNull && y.IsNull:
			continue
		case x.IsNull || y.IsNull:
			c = 1
			if x.IsNull == k.NullsFirst {
				c = -1
			}
			return c
		}
		if c = types.Compare(x, y); k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

var allTypes = []types.ID{
	types.Boolean, types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.HugeInt, types.UTinyInt,
	types.UBigInt, types.Float, types.Double, types.Varchar, types.Date, types.Timestamp, types.IntervalID,
}

var nestedTypes = []types.Type{
	types.ListOf(types.Of(types.Integer)),
	types.ListOf(types.Of(types.Varchar)),
	types.ListOf(types.ListOf(types.Of(types.TinyInt))),
	types.ArrayOf(types.Of(types.Double), 3),
	types.StructOf(types.Field{Name: "a", Type: types.Of(types.Boolean)}, types.Field{Name: "b", Type: types.ListOf(types.Of(types.HugeInt))}),
	types.StructOf(types.Field{Name: "a", Type: types.Of(types.IntervalID)}, types.Field{Name: "b", Type: types.Of(types.Varchar)}),
	types.ListOf(types.StructOf(types.Field{Name: "x", Type: types.Of(types.UTinyInt)}, types.Field{Name: "y", Type: types.Of(types.Float)})),
}

func TestSortAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		fill := []int{1, 2, 7, vector.Capacity}[r.IntN(4)]
		spillCap := int64(-1)
		if r.IntN(2) == 0 {
			spillCap = 0
		}
		var ts []types.Type
		for range 1 + r.IntN(4) {
			if n := r.IntN(len(allTypes) + len(nestedTypes)); n < len(allTypes) {
				ts = append(ts, types.Of(allTypes[n]))
			} else {
				ts = append(ts, nestedTypes[n-len(allTypes)])
			}
		}
		ts = append(ts, types.Of(types.BigInt), types.Of(types.Varchar))
		var keys []order.Key
		for k := range 1 + r.IntN(len(ts)-1) {
			keys = append(keys, order.Key{Col: k, Desc: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0})
		}
		data := make([]row, []int{0, 1, 2, 100, 3000}[r.IntN(5)])
		for k := range data {
			for _, typ := range ts {
				data[k] = append(data[k], randomValue(r, typ))
			}
		}
		count, offset := int64(-1), int64(0)
		if r.IntN(2) == 0 {
			count, offset = int64(r.IntN(40)), int64(r.IntN(10))
		}
		name := fmt.Sprintf("%d: %v keys %v, %d rows, fill %d, cap %d, limit %d+%d", i, ts, keys, len(data), fill, spillCap, count, offset)
		env := newEnv(t, 256<<20, fill)
		env.Budget.SetSpillCap(spillCap)
		var s *order.Sort
		var err error
		if count >= 0 {
			s, err = order.NewTopN(env, ts, keys, count, offset)
		} else {
			s, err = order.NewSort(env, ts, keys)
		}
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := run(context.Background(), env, s, chunksOf(ts, data, 1+r.IntN(1000), r))
		if err != nil {
			t.Fatal(name, err)
		}
		if spillCap == 0 && len(data) > 0 && count != 0 && s.Stats().SpilledBytes == 0 {
			t.Fatal(name, "nothing was spilled")
		}
		want := slices.Clone(data)
		slices.SortStableFunc(want, func(a, b row) int { return compareRows(keys, a, b) })
		if count >= 0 {
			want = want[min(int(offset), len(want)):]
			want = want[:min(int(count), len(want))]
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d rows, want %d", name, len(got), len(want))
		}
		for k := range got {
			if compareRows(keys, got[k], want[k]) != 0 {
				t.Fatalf("%s: row %d is %v, want %v", name, k, got[k], want[k])
			}
		}
		if count < 0 && multiset(got) != multiset(data) {
			t.Fatalf("%s: other rows than went in", name)
		}
	}
}

func multiset(rows []row) string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprint(r)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// bigData is n rows of a BIGINT and a wide string.
func bigData(n int) ([]types.Type, []row) {
	r := rand.New(rand.NewPCG(3, 4))
	ts := []types.Type{types.Of(types.BigInt), types.Of(types.Varchar)}
	data := make([]row, n)
	for i := range data {
		data[i] = row{types.IntValue(ts[0], r.Int64()), types.StringValue(fmt.Sprintf("%0100d", i))}
	}
	return ts, data
}

func TestSortInLittleMemory(t *testing.T) {
	ts, data := bigData(100_000) // 16 MB of rows
	env := newEnv(t, 6<<20, vector.Capacity)
	s, err := order.NewSort(env, ts, []order.Key{{Col: 0}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(context.Background(), env, s, chunksOf(ts, data, 1000, rand.New(rand.NewPCG(5, 6))))
	if err != nil {
		t.Fatal(err)
	}
	if s.Stats().SpilledBytes < 10<<20 {
		t.Errorf("only %d bytes were spilled", s.Stats().SpilledBytes)
	}
	if len(got) != len(data) || !slices.IsSortedFunc(got, func(a, b row) int { return types.Compare(a[0], b[0]) }) {
		t.Fatalf("%d rows, not in order", len(got))
	}
	if multiset(got) != multiset(data) {
		t.Fatal("other rows than went in")
	}
}

func TestFaultsAndCancellationLeaveNothing(t *testing.T) {
	ts, data := bigData(5_000)
	for n := range 60 {
		env := newEnv(t, 64<<20, vector.Capacity)
		calls := 0
		env.Budget.SetFault(func(string, int64) bool { calls++; return calls > n })
		s, err := order.NewSort(env, ts, []order.Key{{Col: 0}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = run(context.Background(), env, s, chunksOf(ts, data, 1000, rand.New(rand.NewPCG(5, 6))))
		if err != nil && !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			t.Fatalf("after %d reservations: %v", n, err)
		}
	}
	env := newEnv(t, 64<<20, vector.Capacity)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, err := order.NewSort(env, ts, []order.Key{{Col: 0}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = run(ctx, env, s, chunksOf(ts, data, 1000, rand.New(rand.NewPCG(5, 6)))); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		t.Fatalf("cancelled sort: %v", err)
	}
}

func BenchmarkSort(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	ts := []types.Type{types.Of(types.BigInt), types.Of(types.BigInt)}
	const n = 1 << 20
	var chunks []*vector.Chunk
	for range n / vector.Capacity {
		c := vector.NewChunk(ts)
		c.Len = vector.Capacity
		for _, v := range c.Cols {
			v.Resize(c.Len)
			x := vector.Values[int64](v)
			for i := range x {
				x[i] = r.Int64()
			}
		}
		chunks = append(chunks, c)
	}
	env := newEnv(b, 1<<30, vector.Capacity)
	for b.Loop() {
		s, err := order.NewSort(env, ts, []order.Key{{Col: 0}})
		if err != nil {
			b.Fatal(err)
		}
		var locals [2]operators.SinkLocal
		for w := range locals {
			locals[w], _ = s.NewLocal(&operators.Task{Env: env})
		}
		for i, c := range chunks {
			if _, err := locals[i%2].Push(context.Background(), c); err != nil {
				b.Fatal(err)
			}
		}
		for _, l := range locals {
			if err := l.Combine(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		src := s.Source()
		l, _ := src.NewLocal(&operators.Task{Env: env})
		if _, _, err := l.NextMorsel(context.Background()); err != nil {
			b.Fatal(err)
		}
		c := vector.NewChunk(ts)
		for {
			c.Reset()
			ok, err := l.Next(context.Background(), c)
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
		}
		l.Close()
		s.Close()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// countdown is a context that is cancelled once it was asked n times.
type countdown struct {
	context.Context
	n int
}

func (c *countdown) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

// TestManyEqualPrefixes sorts strings that differ far behind what the key words
// hold, which is done in pieces, and cancels that.
func TestManyEqualPrefixes(t *testing.T) {
	ts := []types.Type{types.Of(types.Varchar)}
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]row, 40_000)
	for i := range data {
		data[i] = row{types.StringValue(fmt.Sprintf("%s%06d", strings.Repeat("same ", 12), r.IntN(1_000_000)))}
	}
	chunks := chunksOf(ts, data, vector.Capacity, r)
	sort := func(ctx context.Context) ([]row, error) {
		env := newEnv(t, -1, vector.Capacity)
		s, err := order.NewSort(env, ts, []order.Key{{Col: 0}})
		if err != nil {
			t.Fatal(err)
		}
		return run(ctx, env, s, chunks)
	}
	got, err := sort(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(data, func(a, b row) int { return strings.Compare(a[0].S, b[0].S) })
	if len(got) != len(data) {
		t.Fatalf("%d rows", len(got))
	}
	for i := range got {
		if got[i][0].S != data[i][0].S {
			t.Fatalf("row %d is %q, want %q", i, got[i][0].S, data[i][0].S)
		}
	}
	for n := 1; ; n += 7 {
		ctx := &countdown{context.Background(), n}
		if _, err := sort(ctx); err == nil {
			break
		} else if sqlerr.Code(err) != sqlerr.CodeQueryCancelled {
			t.Fatal(err)
		}
		if n > 10_000 {
			t.Fatal("it never ends")
		}
	}
}
