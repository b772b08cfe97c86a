package window_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/window"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// sideCalls are calls with IGNORE NULLS and with DISTINCT, some of these with FILTER.
func sideCalls(t testing.TB) []window.Call {
	none := window.Bound{Kind: function.UnboundedPreceding}
	last := window.Bound{Kind: function.UnboundedFollowing}
	here := window.Bound{Kind: function.CurrentRow}
	growing := []window.Frame{
		{Mode: function.FrameRows, Start: none, End: here},
		{Mode: function.FrameRange, Start: none, End: here},
		{Mode: function.FrameRows, Start: none, End: last},
		{Mode: function.FrameRows, Start: none, End: bound(function.Following, 6)},
		{Mode: function.FrameGroups, Start: none, End: bound(function.Preceding, 4)},
	}
	sliding := []window.Frame{
		{Mode: function.FrameRows, Start: bound(function.Preceding, 4), End: bound(function.Following, 6)},
		{Mode: function.FrameRows, Start: here, End: last, Exclude: function.ExcludeCurrentRow},
	}
	var out []window.Call
	for i, f := range growing {
		filter := -1
		if i%2 == 0 {
			filter = 7
		}
		out = append(out,
			window.Call{Agg: bindAgg(t, "count", 3), Args: []int{3}, Distinct: true, Filter: -1, Frame: f},
			window.Call{Agg: bindAgg(t, "sum", 3), Args: []int{3}, Distinct: true, Filter: filter, Frame: f},
			window.Call{Agg: bindAgg(t, "count", 5), Args: []int{5}, Distinct: true, Filter: -1, Frame: f})
	}
	for _, f := range append(growing, sliding...) {
		out = append(out,
			window.Call{Fn: bindValue(t, "first_value", columns[5]), Args: []int{5}, IgnoreNulls: true, Filter: -1, Frame: f},
			window.Call{Fn: bindValue(t, "last_value", columns[3]), Args: []int{3}, IgnoreNulls: true, Filter: -1, Frame: f},
			window.Call{Fn: bindValues(t, "nth_value", columns[5], columns[0]), Args: []int{5, 6}, IgnoreNulls: true, Filter: -1, Frame: f})
	}
	return append(out,
		window.Call{Fn: bindValue(t, "lag", columns[5]), Args: []int{5}, IgnoreNulls: true, Filter: -1},
		window.Call{Fn: bindValue(t, "lead", columns[3]), Args: []int{3}, IgnoreNulls: true, Filter: -1},
		window.Call{Fn: bindValues(t, "lead", columns[5], columns[0], columns[5]), Args: []int{5, 6, 5}, IgnoreNulls: true, Filter: -1})
}

// TestSides computes what needs to know a little of all rows over a partition that
// does not fit into memory.
func TestSides(t *testing.T) {
	const n = 14_000
	columns = append(columns[:6:6], columns[0], types.Of(types.Boolean))
	defer func() { columns = columns[:6] }()
	r := rand.New(rand.NewPCG(21, 21))
	data := testData(r, n, 3)
	for i := range data {
		if i%50 > 0 {
			data[i][1] = types.IntValue(columns[1], 7)
		}
		data[i] = append(data[i], types.IntValue(columns[0], int64(r.IntN(n/10))), types.BoolValue(r.IntN(3) > 0))
	}
	calls := sideCalls(t)
	const parts = 6
	for k, c := range []struct {
		name      string
		partition []int
		order     []sortkey.Key
	}{
		{"one partition", nil, []sortkey.Key{{Col: 3}, {Col: 0, Desc: true}}},
		{"one partition, peers", nil, []sortkey.Key{{Col: 2}}},
		{"a large partition", []int{1}, []sortkey.Key{{Col: 2}, {Col: 0}}},
		{"unordered", nil, nil},
	} {
		for part := k % 2; part < parts; part += 2 {
			t.Run(fmt.Sprint(c.name, part), func(t *testing.T) {
				p := window.Plan{Input: columns, Partition: c.partition, Order: c.order, Output: []int{0}}
				for i := part; i < len(calls); i += parts {
					p.Calls = append(p.Calls, calls[i])
				}
				want, _, err := runParallel(context.Background(), newEnv(t, 1<<30, vector.Capacity), p, data)
				if err != nil {
					t.Fatal(err)
				}
				env := withRun(newEnv(t, 6<<20, vector.Capacity))
				env.Budget.SetSpillCap(512 << 10)
				env.Threads = 1 + (part/2+k)%2
				hold := env.Budget.Reserve("others")
				defer hold.Close()
				if err := hold.Grow(2 << 20); err != nil {
					t.Fatal(err)
				}
				got, stats, err := runParallel(context.Background(), env, p, data)
				if err != nil {
					t.Fatal(err)
				}
				sameRows(t, got, want)
				if stats.SpilledBytes < 1<<20 {
					t.Errorf("%d bytes were spilled", stats.SpilledBytes)
				}
			})
		}
	}
}
