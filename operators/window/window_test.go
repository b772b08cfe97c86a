package window_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/aggregate"
	fwindow "github.com/gannetdb/gannet/operators/function/window"
	"github.com/gannetdb/gannet/operators/window"
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// newEnv returns an environment whose resources are checked at the end.
func newEnv(t testing.TB, limit int64, fill int) *operators.Env {
	env := &operators.Env{
		Budget: budget.New(limit), Pool: block.NewPool(), Session: &function.Session{},
		Spill: spill.NewManager(spill.Options{Dir: t.TempDir()}), Threads: 2, FillLimit: fill,
	}
	t.Cleanup(func() {
		if n := env.Budget.Used(); n != 0 {
			t.Errorf("%d bytes left: %v", n, env.Budget.Holders())
		}
		if err := env.Spill.Close(); err != nil {
			t.Error(err)
		}
		env.Pool.Close()
	})
	return env
}

// The columns of the test data: number, partition, key, value, offset, text.
var columns = []types.Type{types.Of(types.BigInt), types.Of(types.Integer), types.Of(types.Integer), types.Of(types.BigInt), types.Of(types.BigInt), types.Of(types.Varchar)}

type row []types.Value

func testData(r *rand.Rand, n, parts int) []row {
	out := make([]row, n)
	for i := range out {
		maybe := func(t types.Type, v int) types.Value {
			if r.IntN(8) == 0 {
				return types.NullOf(t)
			}
			return types.IntValue(t, int64(v))
		}
		text := types.StringValue(fmt.Sprintf("a text that is not short %03d", r.IntN(500)))
		if r.IntN(3) == 0 {
			text = types.NullOf(columns[5])
		}
		out[i] = row{
			types.IntValue(columns[0], int64(i)), maybe(columns[1], r.IntN(parts)), maybe(columns[2], r.IntN(40)),
			maybe(columns[3], r.IntN(2000)-1000), types.IntValue(columns[4], int64(r.IntN(5))), text,
		}
	}
	return out
}

func chunkOf(data []row) *vector.Chunk {
	c := vector.NewChunk(columns)
	c.Len = len(data)
	for k, v := range c.Cols {
		v.Resize(c.Len)
		for i := range data {
			v.SetValue(i, data[i][k])
		}
	}
	return c
}

// run computes the window over data with two workers; the results come back by
// the first column, which the plan puts out first.
func run(ctx context.Context, env *operators.Env, plan window.Plan, data []row, size int) ([]row, window.Stats, error) {
	w, err := window.New(env, plan)
	if err != nil {
		return nil, window.Stats{}, err
	}
	defer w.Close()
	tasks := []*operators.Task{{Env: env}, {Env: env, Worker: 1}}
	var locals []operators.SinkLocal
	for _, t := range tasks {
		l, err := w.NewLocal(t)
		if err != nil {
			return nil, w.Stats(), err
		}
		defer l.Close()
		locals = append(locals, l)
	}
	for b := 0; b*size < len(data); b++ {
		tasks[b%2].Batch = int64(b)
		if _, err := locals[b%2].Push(ctx, chunkOf(data[b*size:min((b+1)*size, len(data))])); err != nil {
			return nil, w.Stats(), err
		}
	}
	for _, l := range locals {
		if err := l.Combine(ctx); err != nil {
			return nil, w.Stats(), err
		}
	}
	if err := w.Finalize(ctx); err != nil {
		return nil, w.Stats(), err
	}
	src := w.Source()
	defer src.Close()
	l, err := src.NewLocal(tasks[0])
	if err != nil {
		return nil, w.Stats(), err
	}
	defer l.Close()
	out := make([]row, len(data))
	c := vector.NewChunk(src.Types())
	for {
		_, ok, err := l.NextMorsel(ctx)
		if err != nil {
			return nil, w.Stats(), err
		}
		if !ok {
			return out, w.Stats(), nil
		}
		for {
			ok, err := l.Next(ctx, c)
			if err != nil {
				return nil, w.Stats(), err
			}
			if !ok {
				break
			}
			for i := range c.Len {
				var x row
				for _, v := range c.Cols {
					x = append(x, v.Value(i))
				}
				if out[x[0].I] != nil {
					return nil, w.Stats(), fmt.Errorf("row %d comes twice", x[0].I)
				}
				out[x[0].I] = x
			}
		}
	}
}

func bindAgg(t testing.TB, name string, col int) *function.BoundAgg {
	t.Helper()
	for _, f := range aggregate.Builtins {
		if f.Name != name {
			continue
		}
		var args []types.Type
		if col >= 0 {
			args = []types.Type{columns[col]}
		}
		for _, o := range f.Overloads {
			if len(o.Params) != len(args) {
				continue
			}
			if b, err := o.Bind(args, make([]*types.Value, len(args))); err == nil {
				return b
			}
		}
	}
	t.Fatalf("no aggregate %s", name)
	return nil
}

func bindValue(t testing.TB, name string, args ...types.Type) *function.BoundWindow {
	t.Helper()
	for _, f := range fwindow.Builtins {
		if f.Name == name {
			b, err := f.Overloads[0].Bind(args)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("no window function %s", name)
	return nil
}

// calls are what the reference test computes, over one frame.
func calls(t testing.TB, f window.Frame) []window.Call {
	agg := func(name string, col int) window.Call {
		c := window.Call{Agg: bindAgg(t, name, col), Filter: -1, Frame: f}
		if col >= 0 {
			c.Args = []int{col}
		}
		return c
	}
	distinct := agg("count", 3)
	distinct.Distinct = true
	first := window.Call{Fn: bindValue(t, "first_value", columns[0]), Args: []int{0}, Filter: -1, Frame: f}
	last := window.Call{Fn: bindValue(t, "last_value", columns[5]), Args: []int{5}, Filter: -1, IgnoreNulls: true, Frame: f}
	return []window.Call{agg("sum", 3), agg("count_star", -1), agg("min", 3), agg("max", 5), agg("bit_xor", 0), distinct, first, last}
}

// reference computes the same row by row.
func reference(data []row, f window.Frame, desc, nullsFirst bool) []string {
	idx := make([]int, len(data))
	for i := range idx {
		idx[i] = i
	}
	key := func(i int) (int, int64) { // NULLs before or behind all
		v := data[i][2]
		if v.IsNull {
			if nullsFirst {
				return -1, 0
			}
			return 1, 0
		}
		if desc {
			return 0, -v.I
		}
		return 0, v.I
	}
	compare := func(a, b int) int {
		x, k := key(a)
		y, l := key(b)
		if x != y {
			return x - y
		}
		return int(k - l)
	}
	out := make([]string, len(data))
	parts := map[string][]int{}
	for _, i := range idx {
		p := data[i][1].String()
		if data[i][1].IsNull {
			p = "NULL"
		}
		parts[p] = append(parts[p], i)
	}
	for _, p := range parts {
		slices.SortStableFunc(p, compare)
		group := make([]int, len(p))
		for k := range p {
			if k > 0 {
				group[k] = group[k-1]
				if compare(p[k-1], p[k]) != 0 {
					group[k]++
				}
			}
		}
		for k, i := range p {
			// before and behind say whether row j is outside the frame.
			outside := func(b window.Bound, j int, start bool) bool {
				off := int(data[i][4].I)
				if b.Kind == function.Preceding {
					off = -off
				}
				var d int // how far j is behind the bound
				switch b.Kind {
				case function.UnboundedPreceding:
					return !start
				case function.UnboundedFollowing:
					return start
				case function.CurrentRow:
					off = 0
				}
				switch f.Mode {
				case function.FrameRows:
					d = j - (k + off)
				case function.FrameGroups:
					d = group[j] - (group[k] + off)
				default:
					x, a := key(p[j])
					y, c := key(i)
					if d = x - y; d == 0 {
						if x != 0 {
							off = 0
						}
						d = int(a - (c + int64(off)))
					}
				}
				return start && d < 0 || !start && d > 0
			}
			var sum, count, xor int64
			var least, greatest *types.Value
			var first, last *types.Value
			values := map[int64]bool{}
			n := 0
			for j, r := range p {
				if outside(f.Start, j, true) || outside(f.End, j, false) {
					continue
				}
				switch f.Exclude {
				case function.ExcludeCurrentRow:
					if j == k {
						continue
					}
				case function.ExcludeGroup:
					if group[j] == group[k] {
						continue
					}
				case function.ExcludeTies:
					if group[j] == group[k] && j != k {
						continue
					}
				}
				count++
				xor ^= data[r][0].I
				if v := data[r][3]; !v.IsNull {
					sum += v.I
					n++
					values[v.I] = true
					if least == nil || v.I < least.I {
						least = &v
					}
				}
				if v := data[r][5]; !v.IsNull {
					if greatest == nil || v.S > greatest.S {
						greatest = &v
					}
					last = &v
				}
				if first == nil {
					first = &data[r][0]
				}
			}
			show := func(v *types.Value) string {
				if v == nil {
					return "NULL"
				}
				return v.String()
			}
			s, x := fmt.Sprint(sum), fmt.Sprint(xor)
			if n == 0 {
				s = "NULL"
			}
			if count == 0 {
				x = "NULL"
			}
			out[i] = strings.Join([]string{s, fmt.Sprint(count), show(least), show(greatest), x, fmt.Sprint(len(values)), show(first), show(last)}, " ")
		}
	}
	return out
}

func randomFrame(r *rand.Rand) window.Frame {
	f := window.Frame{Mode: function.FrameMode(r.IntN(3)), Exclude: function.Exclusion(max(r.IntN(6)-2, 0))}
	for {
		f.Start = window.Bound{Kind: function.BoundKind(r.IntN(4)), Offset: 4}
		f.End = window.Bound{Kind: function.BoundKind(1 + r.IntN(4)), Offset: 4}
		if f.Start.Kind <= f.End.Kind {
			break
		}
	}
	return f
}

// plan is a window over the test data.
func plan(t testing.TB, f window.Frame, desc, nullsFirst bool) window.Plan {
	p := window.Plan{Input: columns, Partition: []int{1}, Order: []sortkey.Key{{Col: 2, Desc: desc, NullsFirst: nullsFirst}}, Output: []int{0}}
	p.Calls = calls(t, f)
	return p
}

func text(x row) string {
	var out []string
	for _, v := range x[1:] {
		if v.IsNull {
			out = append(out, "NULL")
		} else {
			out = append(out, v.String())
		}
	}
	return strings.Join(out, " ")
}

// TestRandomFrames compares with a computation row by row.
func TestRandomFrames(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := randomFrame(r)
		if f.Mode == function.FrameRange {
			// Offsets of RANGE are SQL's to test: they come as values.
			f.Start.Kind, f.End.Kind = function.UnboundedPreceding, []function.BoundKind{function.CurrentRow, function.UnboundedFollowing}[r.IntN(2)]
		}
		desc, nullsFirst := r.IntN(2) == 0, r.IntN(2) == 0
		n := []int{0, 1, 50, 300}[r.IntN(4)]
		if seed%12 == 0 {
			n = 2500
		}
		data := testData(r, n, 1+r.IntN(6))
		env := newEnv(t, 1<<30, []int{1, 3, vector.Capacity}[r.IntN(3)])
		got, _, err := run(ctx, env, plan(t, f, desc, nullsFirst), data, []int{1, 100, vector.Capacity}[r.IntN(3)])
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want := reference(data, f, desc, nullsFirst)
		for i := range want {
			if s := text(got[i]); s != want[i] {
				t.Fatalf("seed %d, frame %+v, row %d:\n got %s\nwant %s", seed, f, i, s, want[i])
			}
		}
	}
}

// TestSpill gives a window less memory than its rows take.
func TestSpill(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	data := testData(r, 30_000, 300)
	f := window.Frame{Mode: function.FrameRows, Start: window.Bound{Kind: function.Preceding, Offset: 4}, End: window.Bound{Kind: function.CurrentRow}}
	p := plan(t, f, false, false)
	want, _, err := run(context.Background(), newEnv(t, 1<<30, vector.Capacity), p, data, vector.Capacity)
	if err != nil {
		t.Fatal(err)
	}
	got, stats, err := run(context.Background(), newEnv(t, 4<<20, vector.Capacity), p, data, vector.Capacity)
	if err != nil {
		t.Fatal(err)
	}
	if stats.SpilledBytes == 0 {
		t.Error("nothing was spilled")
	}
	sameRows(t, got, want)
}

// TestTooLarge has a quantile of one partition that does not fit: its values are
// wanted in order at once. The error tells who holds memory.
func TestTooLarge(t *testing.T) {
	data := testData(rand.New(rand.NewPCG(4, 4)), 24_000, 3)
	f := window.Frame{Mode: function.FrameRows, Start: window.Bound{Kind: function.UnboundedPreceding}, End: window.Bound{Kind: function.CurrentRow}}
	p := plan(t, f, false, false)
	p.Partition = nil
	p.Calls = []window.Call{{Agg: bindAgg(t, "median", 3), Args: []int{3}, Filter: -1, Frame: f}}
	_, _, err := run(context.Background(), newEnv(t, 3<<20, vector.Capacity), p, data, vector.Capacity)
	var e *sqlerr.Error
	if !errors.As(err, &e) || e.Code != sqlerr.CodeOutOfMemory {
		t.Fatalf("got %v", err)
	}
	if e.Detail == "" || !strings.Contains(e.Hint, "memory_limit") {
		t.Errorf("detail %q, hint %q", e.Detail, e.Hint)
	}
}

// TestCancelled ends with 57014 wherever it is.
func TestCancelled(t *testing.T) {
	data := testData(rand.New(rand.NewPCG(5, 5)), 3000, 3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := run(ctx, newEnv(t, 1<<30, vector.Capacity), plan(t, window.Frame{End: window.Bound{Kind: function.CurrentRow}}, false, false), data, vector.Capacity)
	if !sqlerr.Is(err, "57014") {
		t.Errorf("got %v", err)
	}
}
