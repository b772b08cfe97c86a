package agg

import (
	"testing"

	"github.com/gannetdb/gannet/vector/types"
)

// Groups that come again only after so many others that looking for them seems
// vain: they are looked for once that is known. Where memory is for the groups, not
// for the rows, nothing goes to disk, and where it is for some of the groups, those
// partitions stay.
func TestGroupsThatComeAgainLate(t *testing.T) {
	const groups, rows = 300_000, 1_500_000
	key := func(i int) int64 { return int64(i%groups) * 7919 % groups }
	var wantKeys int64
	for i := range groups {
		wantKeys += key(i)
	}
	lists := sumPlan(t)
	lists.Aggs = []Agg{{Fn: bind(t, "list", bigint), Args: []int{1}, Filter: -1}}
	for _, c := range []struct {
		name  string
		plan  Plan
		limit int64 // of spilling operators
		most  int64 // bytes on disk
		peak  int64
	}{
		{"in memory", sumPlan(t), 1 << 30, 0, 40 << 20},
		{"groups fit", sumPlan(t), 28 << 20, 0, 29 << 20},
		{"half of the groups fit", sumPlan(t), 9 << 20, rows * 40, 16 << 20},
		{"states with a heap", lists, 1 << 30, 0, 1 << 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 1<<30, 1, 2048)
			w.env.Budget.SetSpillCap(c.limit)
			tab := &table{types: []types.Type{bigint, bigint}}
			tab.chunks = intChunks(rows, key)
			h, err := New(w.env, c.plan)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if err := sink(ctx, w, tab, h, 1); err != nil {
				t.Fatal(err)
			}
			keys, n := total(t, w, h, 0)
			if n != groups || keys != wantKeys {
				t.Errorf("%d groups, their keys %d in all instead of %d", n, keys, wantKeys)
			}
			p := h.Profile()
			spilled, peak := p.SpillBytes.Load(), p.PeakBytes.Load()
			t.Logf("at most %d KiB in memory, %d KiB written", peak>>10, spilled>>10)
			if spilled > c.most || peak > c.peak {
				t.Errorf("at most %d KiB in memory and %d KiB written expected", c.peak>>10, c.most>>10)
			}
			if (c.most > 0) != (spilled > 0) {
				t.Errorf("%d bytes were written", spilled)
			}
		})
	}
}
