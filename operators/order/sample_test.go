package order_test

import (
	"context"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// pushed runs batches of the numbers 0 to n-1 in chunks of size through op, by
// one worker, every other position being selected, and returns what comes out.
func pushed(t *testing.T, op operators.Operator, n, size, batches int) []int64 {
	t.Helper()
	task := &operators.Task{}
	l, err := op.NewLocal(task)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ts := []types.Type{types.Of(types.BigInt)}
	out := vector.NewChunk(op.Types())
	var got []int64
	next := 0
	for b := range batches {
		task.Batch = int64(b)
		for end := n * (b + 1) / batches; next < end; {
			k := min(size, end-next)
			in := vector.NewChunk(ts)
			in.Len = 2 * k
			in.Cols[0].Resize(in.Len)
			in.Sel = []uint32{}
			for i := range k {
				in.Sel = append(in.Sel, uint32(2*i+1))
				vector.Values[int64](in.Cols[0])[2*i+1] = int64(next + i)
			}
			next += k
			out.Reset()
			st, err := l.Push(context.Background(), in, out)
			if err != nil {
				t.Fatal(err)
			}
			for i := range out.NumRows() {
				got = append(got, out.Cols[0].Value(out.Position(i)).I)
			}
			if st == operators.Finished {
				return got
			}
		}
	}
	return got
}

var oneBigInt = []types.Type{types.Of(types.BigInt)}

func TestChoiceIsExactAndFair(t *testing.T) {
	counts := make([]int, 10)
	for seed := range 3000 {
		op := order.NewChoice(oneBigInt, 0.3, func(context.Context) (int64, error) { return 10, nil }, uint64(seed))
		got := pushed(t, op, 10, 1+seed%4, 1+seed%3)
		if len(got) != 3 || !slices.IsSorted(got) {
			t.Fatalf("seed %d: %v", seed, got)
		}
		for _, x := range got {
			counts[x]++
		}
	}
	for x, n := range counts {
		if n < 780 || n > 1020 { // 900, and nearly five standard deviations
			t.Errorf("row %d was chosen %d times of 3000", x, n)
		}
	}
	for _, share := range []float64{0, 1} {
		op := order.NewChoice(oneBigInt, share, func(context.Context) (int64, error) { return 100, nil }, 1)
		if got := pushed(t, op, 100, 7, 2); len(got) != int(100*share) {
			t.Errorf("share %g: %d rows", share, len(got))
		}
	}
}

func TestSampleDependsOnSeedAndBatch(t *testing.T) {
	run := func(seed uint64, size int) []int64 {
		return pushed(t, order.NewSample(oneBigInt, 0.1, false, seed), 10_000, size, 5)
	}
	a := run(1, 100)
	if len(a) < 800 || len(a) > 1200 {
		t.Errorf("%d rows of 10000", len(a))
	}
	if !slices.Equal(a, run(1, 33)) {
		t.Error("another size of chunks chose other rows")
	}
	if slices.Equal(a, run(2, 100)) {
		t.Error("another seed chose the same rows")
	}
	chunks := pushed(t, order.NewSample(oneBigInt, 0.5, true, 3), 10_000, 10, 5)
	if len(chunks)%10 != 0 || len(chunks) < 4000 || len(chunks) > 6000 {
		t.Errorf("%d rows in whole chunks", len(chunks))
	}
	for i := 0; i < len(chunks); i += 10 {
		if chunks[i]%10 != 0 || chunks[i+9] != chunks[i]+9 {
			t.Fatalf("a chunk was divided: %v", chunks[i:i+10])
		}
	}
}

func TestDrawNumbersRows(t *testing.T) {
	op := order.NewDraw(oneBigInt, 1)
	task := &operators.Task{Batch: 3}
	l, err := op.NewLocal(task)
	if err != nil {
		t.Fatal(err)
	}
	in := vector.NewChunk(oneBigInt)
	in.Len, in.Sel = 4, []uint32{1, 3}
	in.Cols[0].Resize(4)
	out := vector.NewChunk(op.Types())
	seen := map[int64]bool{}
	for i := range 5 {
		if _, err := l.Push(context.Background(), in, out); err != nil {
			t.Fatal(err)
		}
		for k := range 2 {
			p := out.Position(k)
			if n := out.Cols[2].Value(p).I; n != 3<<32+int64(2*i+k) {
				t.Errorf("row %d has number %d", 2*i+k, n)
			}
			seen[out.Cols[1].Value(p).I] = true
		}
	}
	if len(seen) != 10 {
		t.Errorf("only %d random numbers differ", len(seen))
	}
}

func TestLimitByReadsItsBounds(t *testing.T) {
	ts := []types.Type{types.Of(types.BigInt), types.Of(types.BigInt), types.Of(types.Double)}
	for _, c := range []struct {
		b             order.Bounds
		count, offset types.Value
		want          int
		fails         bool
	}{
		{order.Bounds{Count: 1, Offset: -1}, types.IntValue(ts[1], 3), types.Value{}, 3, false},
		{order.Bounds{Count: 1, Offset: -1}, types.NullOf(ts[1]), types.Value{}, 10, false},
		{order.Bounds{Count: 1, Offset: -1}, types.IntValue(ts[1], -1), types.Value{}, 0, true},
		{order.Bounds{Count: -1, Offset: 1}, types.IntValue(ts[1], 7), types.Value{}, 3, false},
		{order.Bounds{Count: -1, Offset: 1}, types.IntValue(ts[1], -7), types.Value{}, 0, true},
		{order.Bounds{Count: 2, Offset: -1, Total: func(context.Context) (int64, error) { return 10, nil }}, types.IntValue(ts[1], 0), types.FloatValue(45), 4, false},
		{order.Bounds{Count: 2, Offset: -1, Total: func(context.Context) (int64, error) { return 10, nil }}, types.IntValue(ts[1], 0), types.FloatValue(100.5), 0, true},
	} {
		l, err := order.NewLimitBy(ts, c.b, false).NewLocal(&operators.Task{Env: newEnv(t, 1<<20, 0), Low: func() int64 { return 0 }})
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		out := vector.NewChunk(ts)
		for range 5 {
			in := vector.NewChunk(ts)
			in.Len = 2
			for k, v := range in.Cols {
				v.Resize(2)
				for i := range 2 {
					switch {
					case k == 1:
						v.SetValue(i, c.count)
					case k == 2 && c.offset.Type.ID != types.Invalid:
						v.SetValue(i, c.offset)
					default:
						v.SetValue(i, types.NullOf(ts[k]))
					}
				}
			}
			out.Reset()
			st, e := l.Push(context.Background(), in, out)
			if err = e; err != nil {
				break
			}
			rows += out.NumRows()
			if st == operators.Finished {
				break
			}
		}
		if (err != nil) != c.fails || rows != c.want {
			t.Errorf("%+v with %v, %v: %d rows, %v", c.b, c.count, c.offset, rows, err)
		}
	}
}
