package join_test

import (
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
)

// BenchmarkOrdered probes 1 M rows, ordered by inequalities, on one core: each
// probe row finds one build row (asof) or about four (range).
func BenchmarkOrdered(b *testing.B) {
	const n = 1_000_000
	for _, c := range []struct {
		name   string
		asof   bool
		keyed  bool
		sorted bool
	}{
		{"asof", true, false, false}, {"asof sorted", true, false, true}, {"asof by key", true, true, false},
		{"range", false, false, false}, {"range sorted", false, false, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := newFixture(b, 4<<30, 1)
			defer f.close()
			r := rand.New(rand.NewPCG(4, 4))
			make2 := func(seed uint64) []*vector.Chunk {
				chunks := chunksOf(buildKeys(n, denseKey, seed))
				if c.sorted {
					keys := make([]int64, n)
					for i := range keys {
						keys[i] = int64(i)
					}
					chunks = chunksOf(keys)
				}
				for _, ch := range chunks {
					x, y := vector.Values[int64](ch.Cols[0]), vector.Values[int64](ch.Cols[1])
					for i := range y {
						if c.keyed {
							y[i] = x[i] % 1000
						} else {
							y[i] = x[i] + r.Int64N(8)
						}
					}
				}
				return chunks
			}
			spec := benchSpec(join.Inner)
			spec.ProbeKeys, spec.BuildKeys = nil, nil
			spec.Ranges = []join.Range{{Probe: 0, Build: 0, Op: kernel.Ge}}
			if spec.Asof = c.asof; !c.asof {
				spec.Ranges = append(spec.Ranges, join.Range{Probe: 0, Build: 1, Op: kernel.Lt})
			}
			if c.keyed {
				spec.ProbeKeys, spec.BuildKeys = []int{1}, []int{1}
			}
			j := mustBuild(b, f.env, spec, make2(1))
			defer j.Close()
			benchProbe(b, f, j, make2(2))
		})
	}
}
