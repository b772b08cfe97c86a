package agg

import (
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// benchmark runs plan over chunks by one worker, source included.
func benchmark(b *testing.B, chunks []*vector.Chunk, plan Plan) {
	w := newWorld(b, 4<<30, 1, 2048)
	rows := 0
	for _, c := range chunks {
		rows += c.NumRows()
	}
	groups := 0
	for b.Loop() {
		h, err := New(w.env, plan)
		if err != nil {
			b.Fatal(err)
		}
		l, err := h.NewLocal(&operators.Task{Env: w.env})
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range chunks {
			if _, err := l.Push(ctx, c); err != nil {
				b.Fatal(err)
			}
		}
		if err := l.Combine(ctx); err != nil {
			b.Fatal(err)
		}
		l.Close()
		if err := h.Finalize(ctx); err != nil {
			b.Fatal(err)
		}
		src := h.Source()
		s, err := src.NewLocal(&operators.Task{Env: w.env})
		if err != nil {
			b.Fatal(err)
		}
		out := vector.NewChunk(src.Types())
		groups = 0
		for {
			_, ok, err := s.NextMorsel(ctx)
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
			for {
				ok, err := s.Next(ctx, out)
				if err != nil {
					b.Fatal(err)
				}
				if !ok {
					break
				}
				groups += out.Len
			}
		}
		s.Close()
		src.Close()
		h.Close()
	}
	perRow := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(rows)
	b.ReportMetric(perRow, "ns/row")
	b.ReportMetric(1e9/perRow, "rows/s")
	b.ReportMetric(float64(groups), "groups")
	b.ReportMetric(0, "ns/op")
}

func flatInts(t types.Type, n int, f func(i int) int64) *vector.Vector {
	v := vector.New(t)
	v.Resize(n)
	vals := vector.Values[int64](v)
	for i := range vals {
		vals[i] = f(i)
	}
	return v
}

func intChunks(rows int, key func(i int) int64) []*vector.Chunk {
	var out []*vector.Chunk
	for from := 0; from < rows; from += vector.Capacity {
		n := min(vector.Capacity, rows-from)
		out = append(out, &vector.Chunk{Len: n, Cols: []*vector.Vector{
			flatInts(bigint, n, func(i int) int64 { return key(from + i) }),
			flatInts(bigint, n, func(i int) int64 { return int64(i) }),
		}})
	}
	return out
}

func sumPlan(b testing.TB) Plan {
	return Plan{Input: []types.Type{bigint, bigint}, Groups: []int{0}, Aggs: []Agg{{Fn: bind(b, "sum", bigint), Args: []int{1}, Filter: -1}}}
}

func BenchmarkUnique1500K(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	perm := r.Perm(1500000)
	benchmark(b, intChunks(len(perm), func(i int) int64 { return int64(perm[i]) }), sumPlan(b))
}

func Benchmark6MRowsOf1500KGroups(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	benchmark(b, intChunks(6000000, func(int) int64 { return r.Int64N(1500000) }), sumPlan(b))
}

func Benchmark6MSortedRowsOf1500KGroups(b *testing.B) {
	benchmark(b, intChunks(6000000, func(i int) int64 { return int64(i / 4) }), sumPlan(b))
}

func BenchmarkThousandGroups(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	benchmark(b, intChunks(2000000, func(int) int64 { return r.Int64N(1000) }), sumPlan(b))
}

func BenchmarkThousandGroupsBounded(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	p := sumPlan(b)
	p.Bounds = []Bounds{{true, 0, 999}, {}}
	benchmark(b, intChunks(2000000, func(int) int64 { return r.Int64N(1000) }), p)
}

func BenchmarkSingleGroup(b *testing.B) {
	p := sumPlan(b)
	p.Groups = nil
	benchmark(b, intChunks(2000000, func(i int) int64 { return int64(i) }), p)
}

// BenchmarkQ1 has the shape of TPC-H query 1: two keys of one character in
// dictionaries, four groups, 98 % of the rows selected, eight aggregates.
func BenchmarkQ1(b *testing.B) { benchmarkQ1(b, types.DecimalOf(18, 4), types.DecimalOf(18, 6)) }

// BenchmarkQ1Wide has the two products in 128 bits, as the types alone demand.
func BenchmarkQ1Wide(b *testing.B) { benchmarkQ1(b, types.DecimalOf(31, 4), types.DecimalOf(38, 6)) }

func benchmarkQ1(b *testing.B, discPrice, charge types.Type) {
	r := rand.New(rand.NewPCG(1, 2))
	flags, status := vector.New(varchar), vector.New(varchar)
	flags.Resize(3)
	status.Resize(2)
	for i, s := range []string{"A", "N", "R"} {
		flags.SetValue(i, types.StringValue(s))
	}
	for i, s := range []string{"F", "O"} {
		status.SetValue(i, types.StringValue(s))
	}
	in := []types.Type{varchar, varchar, decimal, decimal, discPrice, charge, decimal}
	var chunks []*vector.Chunk
	for range 500 {
		n := vector.Capacity
		c := &vector.Chunk{Len: n}
		a, o := make([]uint32, n), make([]uint32, n)
		for i := range n {
			switch x := r.IntN(100); {
			case x < 25:
				a[i], o[i] = 0, 0
			case x < 50:
				a[i], o[i] = 2, 0
			case x < 51:
				a[i], o[i] = 1, 0
			default:
				a[i], o[i] = 1, 1
			}
			if r.IntN(50) > 0 {
				c.Sel = append(c.Sel, uint32(i))
			}
		}
		f, s := vector.New(varchar), vector.New(varchar)
		f.SetDictionary(flags, a, 1)
		s.SetDictionary(status, o, 2)
		c.Cols = []*vector.Vector{f, s}
		for _, t := range in[2:] {
			v := vector.New(t)
			v.Resize(n)
			for i := range n {
				x := r.Int64N(10000000)
				if t.Physical() == types.PInt128 {
					vector.Values[types.Int128](v)[i] = types.Int128From(x)
				} else {
					vector.Values[int64](v)[i] = x
				}
			}
			c.Cols = append(c.Cols, v)
		}
		chunks = append(chunks, c)
	}
	p := Plan{Input: in, Groups: []int{0, 1}}
	for _, a := range []struct {
		name string
		col  int
	}{{"sum", 2}, {"sum", 3}, {"sum", 4}, {"sum", 5}, {"avg", 2}, {"avg", 3}, {"avg", 6}} {
		p.Aggs = append(p.Aggs, Agg{Fn: bind(b, a.name, in[a.col]), Args: []int{a.col}, Filter: -1})
	}
	p.Aggs = append(p.Aggs, Agg{Fn: bind(b, "count_star"), Filter: -1})
	benchmark(b, chunks, p)
}
