package join_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// chunksOf makes flat chunks of two BIGINT columns, the keys and a number.
func chunksOf(keys []int64) []*vector.Chunk {
	var out []*vector.Chunk
	for len(keys) > 0 {
		n := min(len(keys), vector.Capacity)
		c := vector.NewChunk([]types.Type{bigint, bigint})
		for _, v := range c.Cols {
			v.Resize(n)
			copy(vector.Values[int64](v), keys[:n])
		}
		c.Len = n
		out = append(out, c)
		keys = keys[n:]
	}
	return out
}

// spreadKey scatters numbers so that no dense directory is possible.
func spreadKey(k int) int64 { return int64(uint64(k+1) * 0x9e3779b97f4a7c15) }

func denseKey(k int) int64 { return int64(k) }

func buildKeys(n int, key func(int) int64, seed uint64) []int64 {
	r := rand.New(rand.NewPCG(seed, 1))
	keys := make([]int64, n)
	for i, p := range r.Perm(n) {
		keys[i] = key(p)
	}
	return keys
}

func mustBuild(b *testing.B, env *operators.Env, spec *join.Spec, chunks []*vector.Chunk) *join.Build {
	b.Helper()
	ctx := context.Background()
	j, err := join.NewBuild(env, spec)
	if err != nil {
		b.Fatal(err)
	}
	l, err := j.NewLocal(&operators.Task{Env: env})
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
	if err := j.Finalize(ctx); err != nil {
		b.Fatal(err)
	}
	return j
}

// probeAll pushes the chunks through the probe and returns how many rows came out.
func probeAll(b *testing.B, l operators.OperatorLocal, chunks []*vector.Chunk, out *vector.Chunk) (rows int) {
	for _, in := range chunks {
		for st := operators.HaveMore; st == operators.HaveMore; {
			out.Reset()
			var err error
			if st, err = l.Push(context.Background(), in, out); err != nil {
				b.Fatal(err)
			}
			rows += out.NumRows()
		}
	}
	return rows
}

// benchProbe probes j with the chunks, again and again.
func benchProbe(b *testing.B, f *fixture, j *join.Build, chunks []*vector.Chunk) {
	op := j.Probe()
	l, err := op.NewLocal(&operators.Task{Env: f.env})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	out := vector.NewChunk(op.Types())
	n := 0
	for _, c := range chunks {
		n += c.Len
	}
	rows := 0
	b.ReportAllocs()
	for b.Loop() {
		rows += probeAll(b, l, chunks, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
	if rows == 0 {
		b.Fatal("nothing came out")
	}
}

func benchSpec(kind join.Kind) *join.Spec {
	ts := []types.Type{bigint, bigint}
	return &join.Spec{Kind: kind, ProbeTypes: ts, BuildTypes: ts, ProbeKeys: []int{0}, BuildKeys: []int{0}, ProbeOut: []int{0, 1}, BuildOut: []int{1}}
}

// BenchmarkProbe probes on one core with random keys, of which all match.
func BenchmarkProbe(b *testing.B) {
	for _, c := range []struct {
		name string
		rows int
		key  func(int) int64
		dup  int
		miss bool
	}{
		{"hash 10k", 10_000, spreadKey, 1, false}, {"hash 100k", 100_000, spreadKey, 1, false}, {"hash 1M", 1_000_000, spreadKey, 1, false},
		{"hash 16M", 16_000_000, spreadKey, 1, false}, {"hash 1M half", 1_000_000, spreadKey, 1, true},
		{"dense 10k", 10_000, denseKey, 1, false}, {"dense 1M", 1_000_000, denseKey, 1, false},
		{"hash 10k by 4", 10_000, spreadKey, 4, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := newFixture(b, 4<<30, 1)
			defer f.close()
			var keys []int64
			for range c.dup {
				keys = append(keys, buildKeys(c.rows, c.key, 1)...)
			}
			j := mustBuild(b, f.env, benchSpec(join.Inner), chunksOf(keys))
			defer j.Close()
			r := rand.New(rand.NewPCG(3, 3))
			probe := make([]int64, 1<<20)
			for i := range probe {
				k := r.IntN(c.rows)
				if c.miss && r.IntN(2) == 0 {
					k += c.rows
				}
				probe[i] = c.key(k)
			}
			benchProbe(b, f, j, chunksOf(probe))
		})
	}
}

// BenchmarkBuild builds 1 M rows on one core.
func BenchmarkBuild(b *testing.B) {
	for _, c := range []struct {
		name string
		key  func(int) int64
	}{{"hash 1M", spreadKey}, {"dense 1M", denseKey}} {
		b.Run(c.name, func(b *testing.B) {
			f := newFixture(b, 4<<30, 1)
			defer f.close()
			chunks := chunksOf(buildKeys(1_000_000, c.key, 2))
			for b.Loop() {
				mustBuild(b, f.env, benchSpec(join.Inner), chunks).Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/row")
		})
	}
}
