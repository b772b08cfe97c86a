package window_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/window"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// backward is a plan whose calls look back only. peers: some of them look at
// peers.
func backward(t *testing.T, partition []int, order []sortkey.Key, peers bool) window.Plan {
	p := window.Plan{Input: columns, Partition: partition, Order: order, Output: []int{0, 5}}
	mode := function.FrameRows
	names := []string{"row_number"}
	if peers {
		mode = function.FrameRange
		names = append(names, "rank", "dense_rank")
	}
	for _, n := range names {
		p.Calls = append(p.Calls, window.Call{Fn: bindValue(t, n), Filter: -1})
	}
	p.Calls = append(p.Calls,
		window.Call{Fn: bindValue(t, "lag", columns[5]), Args: []int{5}, Filter: -1},
		window.Call{Fn: bindValue(t, "lag", columns[3]), Args: []int{3}, Filter: -1})
	f := window.Frame{Mode: mode, Start: window.Bound{Kind: function.UnboundedPreceding}, End: window.Bound{Kind: function.CurrentRow}}
	for _, n := range []string{"sum", "count", "min", "avg"} {
		p.Calls = append(p.Calls, window.Call{Agg: bindAgg(t, n, 3), Args: []int{3}, Filter: -1, Frame: f})
	}
	return p
}

// TestHugePartition computes what looks back over partitions that are several
// times larger than the limit.
func TestHugePartition(t *testing.T) {
	data := testData(rand.New(rand.NewPCG(5, 5)), 16_000, 300)
	for i := range data {
		if i%5 > 0 { // most rows are in one partition
			data[i][1] = types.IntValue(columns[1], 7)
		}
	}
	key := []sortkey.Key{{Col: 2}}
	for _, c := range []struct {
		name      string
		partition []int
		order     []sortkey.Key
		peers     bool
	}{
		{"one partition, unique order", nil, []sortkey.Key{{Col: 2, Desc: true}, {Col: 0}}, true},
		{"one partition, groups of peers", nil, key, true},
		{"one partition, equal rows", nil, key, false},
		{"no order", nil, nil, false},
		{"one large partition", []int{1}, []sortkey.Key{{Col: 3}, {Col: 2}, {Col: 0}}, true},
		{"one large partition, text", []int{1}, []sortkey.Key{{Col: 5, NullsFirst: true}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := backward(t, c.partition, c.order, c.peers)
			want, _, err := run(context.Background(), newEnv(t, 1<<30, vector.Capacity), p, data, vector.Capacity)
			if err != nil {
				t.Fatal(err)
			}
			got, stats, err := run(context.Background(), newEnv(t, 1536<<10, 300), p, data, vector.Capacity)
			if err != nil {
				t.Fatal(err)
			}
			if stats.SpilledBytes < 3<<19 {
				t.Errorf("%d bytes were spilled", stats.SpilledBytes)
			}
			sameRows(t, got, want)
		})
	}
}

// TestHugePartitionFaults fails with little memory, cancelled, and refused at
// every step: nothing is left.
func TestHugePartitionFaults(t *testing.T) {
	data := testData(rand.New(rand.NewPCG(6, 6)), 30_000, 3)
	p := backward(t, nil, []sortkey.Key{{Col: 0}}, true)
	ctx := context.Background()
	env := newEnv(t, 2<<20, vector.Capacity)
	count := 0
	env.Budget.SetFault(func(string, int64) bool { count++; return false })
	if _, _, err := run(ctx, env, p, data, vector.Capacity); err != nil {
		t.Fatal(err)
	}
	for n := count / 2; n < count; n += max(count/12, 1) {
		env := newEnv(t, 2<<20, vector.Capacity)
		k := 0
		env.Budget.SetFault(func(string, int64) bool { k++; return k >= n })
		if _, _, err := run(ctx, env, p, data, vector.Capacity); err != nil && !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			t.Fatalf("request %d: %v", n, err)
		}
		env = newEnv(t, 2<<20, vector.Capacity)
		cancelled, cancel := context.WithCancelCause(ctx)
		k = 0
		env.Budget.SetFault(func(string, int64) bool {
			if k++; k == n {
				cancel(fmt.Errorf("enough"))
			}
			return false
		})
		if _, _, err := run(cancelled, env, p, data, vector.Capacity); err != nil && !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
			t.Fatalf("cancelled at %d: %v", n, err)
		}
		cancel(nil)
	}
}
