package agg

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// total sums an integer column of what a Hash puts out, and counts its rows.
func total(t *testing.T, w *world, h *Hash, col int) (sum int64, rows int) {
	t.Helper()
	src := h.Source()
	defer src.Close()
	n := src.Workers()
	sums, counts := make([]int64, n), make([]int, n)
	err := w.env.Run(ctx, "drain", n, func(ctx context.Context, i int) error {
		l, err := src.NewLocal(&operators.Task{Env: w.env, Worker: i})
		if err != nil {
			return err
		}
		defer l.Close()
		chunk := vector.NewChunk(src.Types())
		for {
			if _, ok, err := l.NextMorsel(ctx); err != nil || !ok {
				return err
			}
			for {
				chunk.Reset()
				if ok, err := l.Next(ctx, chunk); err != nil {
					return err
				} else if !ok {
					break
				}
				for _, v := range raw.Cast[int64](chunk.Cols[col].Data)[:chunk.Len] {
					sums[i] += v
				}
				counts[i] += chunk.Len
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		sum += sums[i]
		rows += counts[i]
	}
	return sum, rows
}

// What goes to disk is what does not fit: near nothing a little below the need,
// half of it at half, and every row once when there is little memory. Rows of
// groups that are on disk already follow them there. Rows of one group are merged
// first. With one worker the bytes are always the same; the bounds leave a twentieth.
func TestSpillsWhatDoesNotFit(t *testing.T) {
	const rows = 600_000
	for _, c := range []struct {
		name    string
		groups  int
		bounded bool
		most    map[float64]int64 // KiB on disk, by part of the need
	}{
		{"unique", rows, false, map[float64]int64{2: 0, 0.9: 3300, 0.5: 17800, 0.2: 26300}},
		{"repeated", rows / 4, false, map[float64]int64{2: 0, 0.9: 0, 0.5: 0, 0.2: 21000}},
		{"bounded", rows / 4, true, map[float64]int64{2: 0, 0.9: 0, 0.5: 27500, 0.2: 39000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := &table{types: []types.Type{bigint, bigint}}
			tab.chunks = intChunks(rows, func(i int) int64 { return int64(i % c.groups * 7919 % rows) })
			plan := sumPlan(t)
			if c.bounded {
				plan.Bounds, plan.EstGroups = []Bounds{{true, 0, rows - 1}, {}}, float64(rows/3)
			}
			var need, wantKeys int64
			for i := range c.groups {
				wantKeys += int64(i * 7919 % rows)
			}
			for _, part := range []float64{2, 0.9, 0.5, 0.2} {
				w := newWorld(t, 1<<30, 1, 2048)
				if need > 0 {
					w.env.Budget.SetSpillCap(int64(part * float64(need)))
				}
				h, err := New(w.env, plan)
				if err != nil {
					t.Fatal(err)
				}
				if err := sink(ctx, w, tab, h, 1); err != nil {
					t.Fatal(err)
				}
				keys, n := total(t, w, h, 0)
				if n != c.groups || keys != wantKeys {
					t.Errorf("%d groups, their keys %d in all instead of %d", n, keys, wantKeys)
				}
				h.Close()
				p := h.Profile()
				if need == 0 {
					need = p.PeakBytes.Load()
				}
				spilled, most := p.SpillBytes.Load()>>10, c.most[part]
				t.Logf("%v of the need of %d KiB: spilled %d KiB", part, need>>10, spilled)
				if spilled > most || (spilled > 0) != (most > 0) {
					t.Errorf("%v of the need of %d KiB: spilled %d KiB, at most %d expected", part, need>>10, spilled, most)
				}
			}
		})
	}
}

// A directory that finds the groups of many rows grows beyond the caches.
func TestManyGroupsAreFound(t *testing.T) {
	const groups, rows = 200_000, 1_000_000
	w := newWorld(t, 1<<30, 1, 2048)
	tab := &table{types: []types.Type{bigint, bigint}}
	r := rand.New(rand.NewPCG(4, 2))
	seen, wantKeys, wantGroups := make([]bool, groups), int64(0), 0
	tab.chunks = intChunks(rows, func(int) int64 {
		k := r.Int64N(groups)
		if !seen[k] {
			seen[k] = true
			wantKeys += k
			wantGroups++
		}
		return k
	})
	h, err := New(w.env, sumPlan(t))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := sink(ctx, w, tab, h, 1); err != nil {
		t.Fatal(err)
	}
	if h.forgot.Load() {
		t.Error("the directory was forgotten")
	}
	if keys, n := total(t, w, h, 0); n != wantGroups || keys != wantKeys {
		t.Errorf("%d groups of %d", n, wantGroups)
	}
}
