package window_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/window"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// numberCalls are row_number, rank and dense_rank, in the order of TopKind.
func numberCalls(t testing.TB) []window.Call {
	f := window.Frame{Mode: function.FrameRange, Start: window.Bound{Kind: function.UnboundedPreceding}, End: window.Bound{Kind: function.CurrentRow}}
	var out []window.Call
	for _, name := range []string{"row_number", "rank", "dense_rank"} {
		out = append(out, window.Call{Fn: bindValue(t, name), Filter: -1, Frame: f})
	}
	return out
}

// checkTop compares the rows that a plan with Top gives with those of one
// without.
func checkTop(t *testing.T, plan window.Plan, data []row, size int, spills bool, tops ...window.Top) {
	t.Helper()
	all, _, err := run(context.Background(), newEnv(t, 1<<30, 2048), plan, data, size)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range tops {
		kind, n := x.Kind, x.N
		env := newEnv(t, 1<<30, 2048)
		if spills {
			env.Budget.SetSpillCap(0)
		}
		top := plan
		top.Top = x
		got, stats, err := run(context.Background(), env, top, data, size)
		if err != nil {
			t.Fatal(err)
		}
		if spills && len(data) > 50000 && stats.SpilledBytes == 0 {
			t.Error("nothing was spilled")
		}
		kept := 0
		for i, want := range all {
			number := want[1+int(kind)].I
			if got[i] == nil {
				if number <= n {
					t.Fatalf("kind %d, first %d: row %d is missing: %v", kind, n, i, want)
				}
				continue
			}
			kept++
			if number > n {
				if x := got[i][1+int(kind)].I; x <= n {
					t.Fatalf("kind %d, first %d: row %d has number %d, not %d", kind, n, i, x, number)
				}
				continue
			}
			for k := range want {
				if want[k].I != got[i][k].I {
					t.Fatalf("kind %d, first %d: row %d is %v, not %v", kind, n, i, got[i], want)
				}
			}
		}
		if !spills && len(data) > 100000 && kept > len(data)/2 {
			t.Errorf("kind %d, first %d: %d of %d rows were kept", kind, n, kept, len(data))
		}
	}
}

// Whatever Top leaves out, the rows asked for are there with their numbers.
func TestTop(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	var tops []window.Top
	for kind := window.TopRows; kind <= window.TopGroups; kind++ {
		for _, n := range []int64{1, 2, 7} {
			tops = append(tops, window.Top{Kind: kind, N: n})
		}
	}
	for _, n := range []int{0, 1, 2, 300, 1500} {
		data := testData(r, n, 1+n/40)
		for _, parts := range [][]int{nil, {1}, {5}, {1, 5}} {
			if n > 1000 && len(parts) != 1 {
				continue
			}
			for _, order := range [][]sortkey.Key{{{Col: 2}}, {{Col: 5, Desc: true, NullsFirst: true}}, {{Col: 2, Desc: true}, {Col: 5}}, {{Col: 0}}} {
				plan := window.Plan{Input: columns, Partition: parts, Order: order, Calls: numberCalls(t), Output: []int{0}}
				t.Run(fmt.Sprint(n, parts, order), func(t *testing.T) {
					for _, size := range []int{1, 3, 2048} {
						if size*20 < n || size > 1 && n < 2 || size > 3 && n < 3 {
							continue // too many chunks, or those of another size
						}
						checkTop(t, plan, data, size, false, tops...)
					}
					if n > 1 {
						checkTop(t, plan, data, 100, true, tops...)
					}
				})
			}
		}
	}
}

// Rows that come in the order that replaces all before them are dropped while
// others come, also when memory is refused now and then.
func TestTopReplaced(t *testing.T) {
	const n = 120_000
	data := make([]row, n)
	for i := range data {
		data[i] = row{
			types.IntValue(columns[0], int64(i)), types.IntValue(columns[1], int64(i*7919%1000)), types.IntValue(columns[2], int64(i)),
			types.IntValue(columns[3], 0), types.IntValue(columns[4], 0), types.StringValue("the same long text in all rows"),
		}
	}
	for _, desc := range []bool{true, false} {
		plan := window.Plan{Input: columns, Partition: []int{1}, Order: []sortkey.Key{{Col: 2, Desc: desc}}, Calls: numberCalls(t), Output: []int{0}}
		checkTop(t, plan, data, 2048, false, window.Top{Kind: window.TopRows, N: 1}, window.Top{Kind: window.TopRank, N: 7})
	}
	plan := window.Plan{Input: columns, Partition: []int{5}, Order: []sortkey.Key{{Col: 2, Desc: true}}, Calls: numberCalls(t), Output: []int{0}}
	checkTop(t, plan, data, 2048, true, window.Top{Kind: window.TopGroups, N: 2})
}

// A query that is cancelled ends, and holds nothing.
func TestTopCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := testData(rand.New(rand.NewPCG(1, 2)), 5000, 3)
	plan := window.Plan{Input: columns, Partition: []int{1}, Order: []sortkey.Key{{Col: 2}}, Calls: numberCalls(t), Output: []int{0}, Top: window.Top{Kind: window.TopRows, N: 2}}
	if _, _, err := run(ctx, newEnv(t, 1<<30, 2048), plan, data, 2048); err == nil {
		t.Error("no error")
	}
}
