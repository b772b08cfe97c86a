package window_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/window"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// sameRows compares rows with those that are right.
func sameRows(t *testing.T, got, want []row) {
	t.Helper()
	for i := range want {
		if !slices.EqualFunc(got[i], want[i], sameValue) {
			t.Fatalf("row %d: got %s, want %s", i, text(got[i]), text(want[i]))
		}
	}
}

func sameValue(a, b types.Value) bool {
	return a.IsNull == b.IsNull && (a.IsNull || a.I == b.I && a.Hi == b.Hi && a.S == b.S && a.F == b.F)
}

// TestArrival divides rows that arrive in all kinds of orders by their order: rows
// are written once, whatever came first, unless the order cannot be told from its
// words or one group of peers is most of the rows.
func TestArrival(t *testing.T) {
	const n = 14_000
	r := rand.New(rand.NewPCG(12, 12))
	data := testData(r, n, 50)
	columns = append(columns[:6:6], columns[0], columns[0], columns[0], columns[5])
	defer func() { columns = columns[:6] }()
	for i := range data {
		number := func(x int) types.Value { return types.IntValue(columns[0], int64(x)) }
		hot := 7
		if i%10 == 0 {
			hot = r.IntN(1000)
		}
		data[i] = append(data[i], number(r.IntN(1<<30)), number(i%5000), number(hot),
			types.StringValue(fmt.Sprintf("the same beginning, then %d", r.IntN(1<<20))))
	}
	here := window.Bound{Kind: function.CurrentRow}
	none := window.Bound{Kind: function.UnboundedPreceding}
	last := window.Bound{Kind: function.UnboundedFollowing}
	frames := []window.Frame{
		{Mode: function.FrameRows, Start: none, End: here},
		{Mode: function.FrameRange, Start: none, End: here},
		{Mode: function.FrameRows, Start: none, End: last},
		{Mode: function.FrameRows, Start: bound(function.Preceding, 4), End: bound(function.Following, 4)},
	}
	var plain, peers []window.Call
	for i, f := range frames {
		c := window.Call{Agg: bindAgg(t, []string{"sum", "max"}[i%2], 3), Args: []int{3}, Filter: -1, Frame: f}
		if peers = append(peers, c); i != 1 {
			plain = append(plain, c)
		}
	}
	for _, name := range []string{"lag", "lead", "first_value"} {
		c := window.Call{Fn: bindValue(t, name, columns[5]), Args: []int{5}, Filter: -1, Frame: frames[0]}
		plain, peers = append(plain, c), append(peers, c)
	}
	number := window.Call{Fn: bindValue(t, "row_number"), Filter: -1}
	plain = append(plain, number)
	peers = append(peers, number, window.Call{Fn: bindValue(t, "rank"), Filter: -1})
	once := int64(0) // bytes of all rows, once
	for _, c := range []struct {
		name  string
		order []sortkey.Key
		once  bool
	}{
		{"random", []sortkey.Key{{Col: 6}}, true},
		{"ascending", []sortkey.Key{{Col: 0}}, true},
		{"descending", []sortkey.Key{{Col: 0, Desc: true}}, true},
		{"as they come", nil, true},
		{"again and again", []sortkey.Key{{Col: 7}, {Col: 0}}, true},
		{"few", []sortkey.Key{{Col: 2, Desc: true}}, true},
		{"one that is most", []sortkey.Key{{Col: 8}}, false},
		{"text", []sortkey.Key{{Col: 9}}, false},
	} {
		for what, calls := range map[string][]window.Call{"rows": plain, "peers": peers} {
			t.Run(c.name+" "+what, func(t *testing.T) {
				p := window.Plan{Input: columns, Order: c.order, Output: []int{0}, Calls: calls}
				want, _, err := run(context.Background(), newEnv(t, 1<<30, vector.Capacity), p, data, vector.Capacity)
				if err != nil {
					t.Fatal(err)
				}
				env := withRun(newEnv(t, 3<<20, vector.Capacity))
				env.Budget.SetSpillCap(512 << 10)
				got, stats, err := run(context.Background(), env, p, data, vector.Capacity)
				if err != nil {
					t.Fatal(err)
				}
				sameRows(t, got, want)
				if once == 0 {
					once = stats.SpilledBytes + 512<<10
				}
				if stats.SpilledBytes < once/2 {
					t.Errorf("%d bytes were spilled", stats.SpilledBytes)
				}
				if c.once && stats.SpilledBytes > once*11/10 {
					t.Errorf("%d bytes were spilled, all rows take %d", stats.SpilledBytes, once)
				}
			})
		}
	}
}
