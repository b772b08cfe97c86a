package window_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	fwindow "github.com/gannetdb/gannet/operators/function/window"
	"github.com/gannetdb/gannet/operators/window"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// withRun lets the operators of env work in parallel.
func withRun(env *operators.Env) *operators.Env {
	env.Run = func(ctx context.Context, name string, n int, task func(context.Context, int) error) error {
		var mu sync.Mutex
		next := 0
		g, _ := spawn.NewGroup(ctx)
		for range min(env.Threads, n) {
			g.Go(name, func(ctx context.Context) error {
				for {
					mu.Lock()
					i := next
					next++
					mu.Unlock()
					if i >= n {
						return nil
					}
					if err := task(ctx, i); err != nil {
						return err
					}
				}
			})
		}
		return g.Wait()
	}
	return env
}

// runParallel is run with as many workers at once as the source wants.
func runParallel(ctx context.Context, env *operators.Env, plan window.Plan, data []row) ([]row, window.Stats, error) {
	w, err := window.New(env, plan)
	if err != nil {
		return nil, window.Stats{}, err
	}
	defer w.Close()
	l, err := w.NewLocal(&operators.Task{Env: env})
	if err != nil {
		return nil, w.Stats(), err
	}
	defer l.Close()
	for from := 0; from < len(data); from += vector.Capacity {
		if _, err := l.Push(ctx, chunkOf(data[from:min(from+vector.Capacity, len(data))])); err != nil {
			return nil, w.Stats(), err
		}
	}
	if err := l.Combine(ctx); err != nil {
		return nil, w.Stats(), err
	}
	if err := w.Finalize(ctx); err != nil {
		return nil, w.Stats(), err
	}
	src := w.Source()
	defer src.Close()
	out := make([]row, len(data))
	batches := map[int64]bool{}
	var mu sync.Mutex
	g, _ := spawn.NewGroup(ctx)
	for k := range src.Workers() {
		g.Go("reader", func(ctx context.Context) error {
			r, err := src.NewLocal(&operators.Task{Env: env, Worker: k})
			if err != nil {
				return err
			}
			defer r.Close()
			c := vector.NewChunk(src.Types())
			for {
				batch, ok, err := r.NextMorsel(ctx)
				if err != nil || !ok {
					return err
				}
				mu.Lock()
				twice := batches[batch]
				batches[batch] = true
				mu.Unlock()
				if twice {
					return fmt.Errorf("batch %d comes twice", batch)
				}
				for {
					ok, err := r.Next(ctx, c)
					if err != nil {
						return err
					}
					if !ok {
						break
					}
					mu.Lock()
					for i := range c.Len {
						var x row
						for _, v := range c.Cols {
							x = append(x, v.Value(i))
						}
						if out[x[0].I] != nil {
							err = fmt.Errorf("row %d comes twice", x[0].I)
						}
						out[x[0].I] = x
					}
					mu.Unlock()
					if err != nil {
						return err
					}
				}
			}
		})
	}
	return out, w.Stats(), g.Wait()
}

func bound(k function.BoundKind, col int) window.Bound { return window.Bound{Kind: k, Offset: col} }

// everyFrame are calls of all functions that work on ranges, over many frames.
func everyFrame(t testing.TB) []window.Call {
	var out []window.Call
	none := window.Bound{Kind: function.UnboundedPreceding}
	last := window.Bound{Kind: function.UnboundedFollowing}
	here := window.Bound{Kind: function.CurrentRow}
	frames := []window.Frame{
		{Mode: function.FrameRange, Start: none, End: here},
		{Mode: function.FrameRows, Start: none, End: here},
		{Mode: function.FrameRows, Start: none, End: last},
		{Mode: function.FrameRows, Start: here, End: last},
		{Mode: function.FrameRows, Start: bound(function.Preceding, 4), End: bound(function.Following, 4)},
		{Mode: function.FrameRows, Start: bound(function.Preceding, 6), End: bound(function.Preceding, 4)},
		{Mode: function.FrameRows, Start: bound(function.Following, 4), End: bound(function.Following, 6)},
		{Mode: function.FrameRows, Start: none, End: bound(function.Following, 6)},
		{Mode: function.FrameRows, Start: bound(function.Preceding, 6), End: last},
		{Mode: function.FrameGroups, Start: bound(function.Preceding, 4), End: bound(function.Following, 4)},
		{Mode: function.FrameRows, Start: bound(function.Preceding, 4), End: last, Exclude: function.ExcludeCurrentRow},
		{Mode: function.FrameRange, Start: none, End: last, Exclude: function.ExcludeTies},
	}
	for _, f := range frames {
		for _, n := range []string{"sum", "min"} {
			out = append(out, window.Call{Agg: bindAgg(t, n, 3), Args: []int{3}, Filter: -1, Frame: f})
		}
		out = append(out,
			window.Call{Agg: bindAgg(t, "max", 5), Args: []int{5}, Filter: -1, Frame: f},
			window.Call{Agg: bindAgg(t, "count_star", -1), Filter: -1, Frame: f},
			window.Call{Fn: bindValue(t, "first_value", columns[0]), Args: []int{0}, Filter: -1, Frame: f},
			window.Call{Fn: bindValue(t, "last_value", columns[5]), Args: []int{5}, Filter: -1, Frame: f})
	}
	for _, n := range []string{"row_number", "rank", "dense_rank", "percent_rank", "cume_dist"} {
		out = append(out, window.Call{Fn: bindValue(t, n), Filter: -1})
	}
	return append(out,
		window.Call{Fn: bindValue(t, "ntile", columns[0]), Args: []int{6}, Filter: -1},
		window.Call{Fn: bindValue(t, "lead", columns[5]), Args: []int{5}, Filter: -1},
		window.Call{Fn: bindValue(t, "lag", columns[0]), Args: []int{0}, Filter: -1},
		window.Call{Fn: bindValues(t, "lead", columns[5], columns[0], columns[5]), Args: []int{5, 6, 5}, Filter: -1},
		window.Call{Fn: bindValues(t, "lag", columns[0], columns[0], columns[0]), Args: []int{0, 7, 0}, Filter: -1},
		window.Call{Fn: bindValues(t, "nth_value", columns[5], columns[0]), Args: []int{5, 6}, Filter: -1, Frame: frames[2]})
}

func bindValues(t testing.TB, name string, args ...types.Type) *function.BoundWindow {
	t.Helper()
	for _, f := range fwindow.Builtins {
		if f.Name == name {
			for _, o := range f.Overloads {
				if len(o.Params) == len(args) {
					b, err := o.Bind(args)
					if err != nil {
						t.Fatal(err)
					}
					return b
				}
			}
		}
	}
	t.Fatalf("no window function %s", name)
	return nil
}

// farData has columns behind those of testData: a distance that goes far, and one
// that goes to other ranges.
func farData(r *rand.Rand, n int) []row {
	data := testData(r, n, 3)
	for i := range data {
		if i%50 > 0 { // almost all rows are in one partition
			data[i][1] = types.IntValue(columns[1], 7)
		}
		data[i] = append(data[i], types.IntValue(columns[0], int64(n/3)), types.IntValue(columns[0], int64(n/20)))
	}
	return data
}

// TestRanges computes everything that can be over a partition several times larger
// than the limit, with one and two workers; and some, in memory, by all workers.
func TestRanges(t *testing.T) {
	columns = append(columns[:6:6], columns[0], columns[0])
	defer func() { columns = columns[:6] }()
	data := farData(rand.New(rand.NewPCG(8, 8)), 16_000)
	many := farData(rand.New(rand.NewPCG(8, 8)), 33_000) // enough for all workers to compute it
	calls := everyFrame(t)
	unique := []sortkey.Key{{Col: 2}, {Col: 3, Desc: true}, {Col: 0}}
	const parts = 16
	for n, c := range []struct {
		name      string
		partition []int
		order     []sortkey.Key
	}{
		{"one partition", nil, unique},
		{"one partition, many peers", nil, []sortkey.Key{{Col: 1}}},
		{"one partition, unordered", nil, nil},
		{"a large partition", []int{1}, unique},
		{"a large partition, many peers", []int{1}, []sortkey.Key{{Col: 2}}},
	} {
		for part := range parts {
			if (part+3*n)%8 > 0 {
				continue
			}
			t.Run(fmt.Sprint(c.name, part), func(t *testing.T) {
				p := window.Plan{Input: columns, Partition: c.partition, Order: c.order, Output: []int{0}}
				for i := part; i < len(calls); i += parts {
					p.Calls = append(p.Calls, calls[i])
				}
				compare := func(data []row, envs map[string]*operators.Env) {
					want, _, err := runParallel(context.Background(), newEnv(t, 1<<30, vector.Capacity), p, data)
					if err != nil {
						t.Fatal(err)
					}
					for how, env := range envs {
						got, stats, err := runParallel(context.Background(), env, p, data)
						if err != nil {
							t.Fatalf("%s: %v", how, err)
						}
						sameRows(t, got, want)
						if env.Budget.Limit() < 1<<30 && stats.SpilledBytes < 512<<10 {
							t.Errorf("%s: %d bytes were spilled", how, stats.SpilledBytes)
						}
					}
				}
				little := map[string]*operators.Env{}
				for _, threads := range []int{1, 2} {
					env := withRun(newEnv(t, 7<<20, vector.Capacity))
					env.Budget.SetSpillCap(1 << 20)
					env.Threads = threads
					hold := env.Budget.Reserve("others")
					defer hold.Close()
					if err := hold.Grow(2 << 20); err != nil {
						t.Fatal(err)
					}
					little[fmt.Sprint(threads, " threads")] = env
				}
				compare(data, little)
				if part%3 == 0 {
					compare(many, map[string]*operators.Env{"in memory": withRun(newEnv(t, 1<<30, 700))})
				}
			})
		}
	}
}

// TestParallelFaults fails and is cancelled at every step of computing a section
// or ranges by two workers: nothing hangs, nothing is left.
func TestParallelFaults(t *testing.T) {
	columns = append(columns[:6:6], columns[0], columns[0])
	defer func() { columns = columns[:6] }()
	data := farData(rand.New(rand.NewPCG(9, 9)), 33_000)
	f := window.Frame{Start: window.Bound{Kind: function.UnboundedPreceding}, End: window.Bound{Kind: function.CurrentRow}}
	p := window.Plan{Input: columns, Order: []sortkey.Key{{Col: 0}}, Output: []int{0}, Calls: []window.Call{
		{Agg: bindAgg(t, "sum", 3), Args: []int{3}, Filter: -1, Frame: f},
		{Fn: bindValue(t, "lead", columns[5]), Args: []int{5}, Filter: -1},
	}}
	for _, limit := range []int64{1 << 30, 4 << 20} {
		count := 0
		var mu sync.Mutex
		env := withRun(newEnv(t, limit, 300))
		env.Budget.SetFault(func(string, int64) bool { mu.Lock(); count++; mu.Unlock(); return false })
		if _, _, err := runParallel(context.Background(), env, p, data); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= count; n += max(count/12, 1) {
			for _, cancels := range []bool{false, true} {
				ctx, cancel := context.WithCancelCause(context.Background())
				env := withRun(newEnv(t, limit, 300))
				k := 0
				env.Budget.SetFault(func(string, int64) bool {
					mu.Lock()
					defer mu.Unlock()
					k++
					if cancels && k == n {
						cancel(fmt.Errorf("enough"))
					}
					return !cancels && k >= n
				})
				_, _, err := runParallel(ctx, env, p, data)
				if err != nil && !sqlerr.Is(err, sqlerr.CodeOutOfMemory) && !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
					t.Fatalf("request %d: %v", n, err)
				}
				cancel(nil)
			}
		}
	}
}
