package order_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var numbered = []types.Type{types.Of(types.BigInt), types.Of(types.Varchar)}

// morsels is a source of ascending numbers beside long strings, in batches of the
// given sizes; workers give way to others at random.
type morsels struct {
	sizes   []int
	bounded bool
	fill    int
	next    atomic.Int64
	chunks  atomic.Int64
}

func (m *morsels) Types() []types.Type { return numbered }
func (m *morsels) Workers() int        { return len(m.sizes) }
func (m *morsels) Close()              {}
func (m *morsels) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	return &morselsLocal{m: m}, nil
}

func (m *morsels) MostRows(from, to int64) int64 {
	if !m.bounded {
		return math.MaxInt64
	}
	n := int64(0)
	for i := from; i <= to && i < int64(len(m.sizes)); i++ {
		n += int64(m.sizes[i])
	}
	return n
}

type morselsLocal struct {
	m     *morsels
	at    int64
	first int
	done  int
}

func (l *morselsLocal) NextMorsel(context.Context) (int64, bool, error) {
	l.at, l.done = l.m.next.Add(1)-1, 0
	if l.at >= int64(len(l.m.sizes)) {
		return 0, false, nil
	}
	l.first = 0
	for _, n := range l.m.sizes[:l.at] {
		l.first += n
	}
	return l.at, true, nil
}

func (l *morselsLocal) Next(_ context.Context, out *vector.Chunk) (bool, error) {
	if rand.IntN(3) == 0 {
		runtime.Gosched()
	}
	n := min(l.m.fill, l.m.sizes[l.at]-l.done)
	if n == 0 {
		return false, nil
	}
	l.m.chunks.Add(1)
	out.Cols[0].SetSequence(int64(l.first+l.done), 1, n)
	out.Cols[1].Resize(n)
	for i := range n {
		out.Cols[1].SetValue(i, types.StringValue(fmt.Sprintf("row number %d of all", l.first+l.done+i)))
	}
	out.Len = n
	l.done += n
	return true, nil
}

func (l *morselsLocal) Close() {}

// readRows runs one pipeline and returns the numbers that come out of it.
func readRows(t *testing.T, env *operators.Env, src operators.Source, ops ...operators.Operator) []int64 {
	t.Helper()
	sched := pipeline.NewScheduler(env.Threads)
	defer sched.Close()
	ctx := context.Background()
	res := write.NewResult(env, numbered, true)
	defer res.Close()
	e := pipeline.Start(ctx, sched, env, []*pipeline.Pipeline{{
		Name: "limit", Ops: ops, Sink: res,
		Open: func(context.Context) (operators.Source, error) { return src, nil },
	}})
	got := []int64{}
	for {
		c, err := res.Next(ctx, e.Done())
		if err == nil && c == nil {
			err = e.Wait()
		}
		if err != nil {
			t.Fatal(err)
		}
		if c == nil {
			return got
		}
		for i, n := range vector.Values[int64](c.Cols[0])[:c.Len] {
			got = append(got, n)
			if s := c.Cols[1].Value(i).S; s != fmt.Sprintf("row number %d of all", n) {
				t.Fatalf("beside %d: %q", n, s)
			}
		}
	}
}

// Rows come out as if one worker had read everything in order, whatever is known
// of batches and however little memory there is.
func TestLimitKeepsTheFirstRows(t *testing.T) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 1))
		fill := []int{1, 3, 2048}[r.IntN(3)]
		env := newEnv(t, []int64{1 << 30, 8 << 20}[r.IntN(2)], fill)
		env.Threads = 1 + r.IntN(5)
		if r.IntN(3) == 0 {
			env.Budget.SetFault(func(tag string, _ int64) bool { return tag == "limit" })
		}
		total := 0
		src := &morsels{bounded: r.IntN(2) == 0, fill: fill}
		for range r.IntN(30) {
			n := r.IntN(3) * r.IntN(200)
			src.sizes = append(src.sizes, n)
			total += n
		}
		count, offset := int64(r.IntN(total+20)), int64(0)
		if r.IntN(2) == 0 {
			offset = int64(r.IntN(total + 20))
		}
		if r.IntN(5) == 0 {
			count = -1
		}
		limit := order.NewLimit(numbered, count, offset, r.IntN(4) > 0)
		got := readRows(t, env, src, limit)
		from, to := min(offset, int64(total)), int64(total)
		if count >= 0 {
			to = min(to, from+count)
		}
		want := []int64{}
		for n := from; n < to; n++ {
			want = append(want, n)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, limit %d offset %d of %v: got %v, want %d to %d", seed, count, offset, src.sizes, got, from, to)
		}
	}
}

// Nothing waits in memory of batches that are within the limit as a whole.
func TestLimitStreams(t *testing.T) {
	env := newEnv(t, 1<<30, vector.Capacity)
	env.Threads = 4
	src := &morsels{bounded: true, fill: vector.Capacity}
	for range 40 {
		src.sizes = append(src.sizes, 10_000)
	}
	limit := order.NewLimit(numbered, 399_999, 0, true)
	got := readRows(t, env, src, limit)
	if len(got) != 399_999 || !slices.IsSorted(got) {
		t.Fatalf("%d rows", len(got))
	}
	// The last batches alone are not certain.
	if n := limit.PeakBytes(); n > 4*10_000*100 {
		t.Errorf("%d bytes waited", n)
	}
}

// What feeds a limit ends when it is reached, and a worker reads no further in a
// batch that is ahead than the limit may want.
func TestLimitStopsItsInput(t *testing.T) {
	for _, threads := range []int{1, 4} {
		env := newEnv(t, 1<<30, 100)
		env.Threads = threads
		src := &morsels{fill: 100}
		for range 1000 {
			src.sizes = append(src.sizes, 10_000)
		}
		if got := readRows(t, env, src, order.NewLimit(numbered, 250, 50, false)); len(got) != 250 || got[0] != 50 {
			t.Fatalf("%d rows", len(got))
		}
		if n := src.chunks.Load(); n > int64(5*threads) {
			t.Errorf("%d threads read %d chunks for three", threads, n)
		}
	}
}
