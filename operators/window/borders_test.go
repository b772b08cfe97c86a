package window

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/vector/raw"
)

// TestBorders gives rows codes while tables change, and looks whether codes ascend
// with the rows.
func TestBorders(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name  string
		first func(i int) uint64
		trend trend
	}{
		{"random", func(int) uint64 { return r.Uint64() }, scattered},
		{"few", func(int) uint64 { return r.Uint64N(3) }, scattered},
		{"one", func(int) uint64 { return math.MaxUint64 }, scattered},
		{"ascending", func(i int) uint64 { return uint64(i / 3) }, ascending},
		{"almost ascending", func(i int) uint64 { return uint64(i) + r.Uint64N(100)*(uint64(i)%50/49) + 100 }, ascending},
		{"descending", func(i int) uint64 { return uint64(1<<20 - i) }, descending},
		{"up to the end", func(i int) uint64 { return math.MaxUint64 - uint64(39_990-min(i, 39_990)) }, ascending},
	} {
		t.Run(c.name, func(t *testing.T) {
			const n, chunk = 40_000, 100
			words := [][]uint64{make([]uint64, n), make([]uint64, n)}
			var sample []uint64
			for i := range n {
				words[0][i], words[1][i] = c.first(i), uint64(r.Uint64N(1000))
			}
			for i := range 4000 {
				sample = append(sample, words[0][i], words[1][i])
			}
			var d division
			d.least = 8000
			d.choose(sample, 2, 2, make([]raw.Addr, 4000))
			if d.trend != c.trend {
				t.Fatalf("the trend is %d", d.trend)
			}
			codes := make([]uint64, n)
			for from := 0; from < n; from += chunk {
				var part [2][]uint64
				for k := range part {
					part[k] = words[k][from : from+chunk]
				}
				table := d.join(slices.Min(part[0]), slices.Max(part[0]), chunk, 4)
				table.hashes(part[:], nil, chunk, codes[from:])
			}
			order := make([]int, n)
			for i := range order {
				order[i] = i
			}
			slices.SortFunc(order, func(a, b int) int {
				return slices.Compare([]uint64{words[0][a], words[1][a]}, []uint64{words[0][b], words[1][b]})
			})
			held := map[uint64]int{}
			for k, i := range order {
				if held[codes[i]]++; k > 0 && codes[i] < codes[order[k-1]] {
					t.Fatalf("row %d has code %x, the one before %x", k, codes[i], codes[order[k-1]])
				}
			}
			for code, rows := range held {
				if c.name != "one" && rows > n/12 {
					t.Errorf("code %x has %d rows", code, rows)
				}
			}
			for k := range d.table.n - 1 {
				if slices.Compare(d.table.border(k), d.table.border(k+1)) >= 0 || d.table.code[k] >= d.table.code[k+1] {
					t.Fatalf("border %d is not below the next", k)
				}
			}
		})
	}
}
