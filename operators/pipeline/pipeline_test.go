package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var bigint = []types.Type{types.Of(types.BigInt)}

// counter is a source of the numbers 0 to morsels*perMorsel-1.
type counter struct {
	morsels, perMorsel int
	next               atomic.Int64
	fail               map[int64]error // by morsel
	closed             atomic.Int64
	opened             atomic.Int64
}

func (c *counter) Types() []types.Type { return bigint }
func (c *counter) Workers() int        { return c.morsels }
func (c *counter) Close()              { c.closed.Add(1) }
func (c *counter) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	c.opened.Add(1)
	return &counterLocal{c: c}, nil
}

type counterLocal struct {
	c      *counter
	m      int64
	at     int
	closed bool
}

func (l *counterLocal) NextMorsel(context.Context) (int64, bool, error) {
	l.m = l.c.next.Add(1) - 1
	l.at = 0
	return l.m, l.m < int64(l.c.morsels), nil
}

func (l *counterLocal) Next(_ context.Context, out *vector.Chunk) (bool, error) {
	if err := l.c.fail[l.m]; err != nil && l.at > 0 {
		return false, err
	}
	n := min(7, l.c.perMorsel-l.at)
	if n == 0 {
		return false, nil
	}
	out.Cols[0].SetSequence(l.m*int64(l.c.perMorsel)+int64(l.at), 1, n)
	out.Len = n
	l.at += n
	return true, nil
}

func (l *counterLocal) Close() {
	if !l.closed {
		l.closed = true
		l.c.opened.Add(-1)
	}
}

// double puts out every chunk twice; aside keeps odd morsels for a
// continuation.
type double struct {
	aside bool
	mu    sync.Mutex
	kept  int
	locs  atomic.Int64
}

func (d *double) Types() []types.Type { return bigint }
func (d *double) NewLocal(t *operators.Task) (operators.OperatorLocal, error) {
	d.locs.Add(1)
	return &doubleLocal{d: d}, nil
}

func (d *double) Continue(context.Context) (operators.Source, error) {
	if d.kept == 0 {
		return nil, nil
	}
	return &counter{morsels: d.kept, perMorsel: 3}, nil
}

type doubleLocal struct {
	d     *double
	again bool
}

func (l *doubleLocal) Push(_ context.Context, in, out *vector.Chunk) (operators.Status, error) {
	if l.d.aside {
		l.d.mu.Lock()
		l.d.kept++
		l.d.mu.Unlock()
		return operators.NeedInput, nil
	}
	out.Reference(in)
	l.again = !l.again
	if l.again {
		return operators.HaveMore, nil
	}
	return operators.NeedInput, nil
}
func (l *doubleLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}
func (l *doubleLocal) Close() { l.d.locs.Add(-1) }

type fixture struct {
	env   *operators.Env
	sched *pipeline.Scheduler
}

func newFixture(t *testing.T, threads int) *fixture {
	f := &fixture{sched: pipeline.NewScheduler(threads)}
	f.env = &operators.Env{Budget: budget.New(1 << 30), Threads: threads, FillLimit: vector.Capacity}
	f.env.Run = func(ctx context.Context, name string, n int, fn func(context.Context, int) error) error {
		return f.sched.Run(ctx, threads, name, n, fn)
	}
	t.Cleanup(func() {
		if err := f.sched.Close(); err != nil {
			t.Error(err)
		}
		if n := spawn.Running(); n != 0 {
			t.Errorf("%d goroutines left", n)
		}
		if n := f.env.Budget.Used(); n != 0 {
			t.Errorf("%d bytes left in the budget", n)
		}
	})
	return f
}

func source(s operators.Source) func(context.Context) (operators.Source, error) {
	return func(context.Context) (operators.Source, error) { return s, nil }
}

// read runs one pipeline into an ordered result and returns its rows.
func (f *fixture) read(ctx context.Context, src operators.Source, ordered bool, slow bool, ops ...operators.Operator) ([]int64, error) {
	res := write.NewResult(f.env, bigint, ordered)
	defer res.Close()
	e := pipeline.Start(ctx, f.sched, f.env, []*pipeline.Pipeline{{Name: "test", Open: source(src), Ops: ops, Sink: res}})
	var out []int64
	for {
		c, err := res.Next(ctx, e.Done())
		if err != nil {
			e.Cancel(nil)
			_ = e.Wait()
			return out, err
		}
		if c == nil {
			return out, e.Wait()
		}
		out = append(out, vector.Values[int64](c.Cols[0])[:c.Len]...)
		if slow && len(out)%1000 < 7 {
			time.Sleep(time.Microsecond) // lets the queue fill; nothing depends on it
		}
	}
}

func TestOrderIsKept(t *testing.T) {
	for _, threads := range []int{1, 2, 7} {
		for _, per := range []int{0, 1, 7, 100, 5000} {
			t.Run(fmt.Sprintf("threads=%d,rows=%d", threads, per), func(t *testing.T) {
				f := newFixture(t, threads)
				got, err := f.read(context.Background(), &counter{morsels: 50, perMorsel: per}, true, true)
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != 50*per || !slices.IsSorted(got) {
					t.Fatalf("%d rows, sorted %v; want %d in order", len(got), slices.IsSorted(got), 50*per)
				}
			})
		}
	}
}

func TestHaveMoreAndContinuation(t *testing.T) {
	f := newFixture(t, 2)
	d := &double{}
	got, err := f.read(context.Background(), &counter{morsels: 5, perMorsel: 10}, false, false, d, &double{})
	if err != nil || len(got) != 5*10*4 {
		t.Fatalf("%d rows, %v; want 200", len(got), err)
	}
	// Two operators put aside everything: 5 morsels of 2 chunks give 10 kept
	// chunks, their continuation 10 morsels of 3 rows, one chunk each.
	a, b := &double{aside: true}, &double{aside: true}
	got, err = f.read(context.Background(), &counter{morsels: 5, perMorsel: 10}, true, false, a, &double{}, b, &double{})
	if err != nil || b.kept != 20 || len(got) != 20*3*2 {
		t.Fatalf("%d rows, kept %d and %d, %v; want 120", len(got), a.kept, b.kept, err)
	}
	if n := a.locs.Load() + b.locs.Load() + d.locs.Load(); n != 0 {
		t.Errorf("%d local states not closed", n)
	}
}

func TestLowestBatchWinsTheError(t *testing.T) {
	for i := range 200 {
		t.Run(fmt.Sprint(i), func(t *testing.T) { lowestBatchWins(t, 1+i%4) })
	}
}

func lowestBatchWins(t *testing.T, threads int) {
	f := newFixture(t, threads)
	src := &counter{morsels: 40, perMorsel: 50, fail: map[int64]error{}}
	first := int64(40)
	for range 10 {
		m := 5 + rand.Int64N(35)
		src.fail[m] = sqlerr.New(sqlerr.CodeInternal, "batch %d", m)
		first = min(first, m)
	}
	got, err := f.read(context.Background(), src, true, false)
	want := fmt.Sprintf("batch %d", first)
	var se *sqlerr.Error
	if !errors.As(err, &se) || se.Message != want {
		t.Fatalf("error %v, want %s", err, want)
	}
	if int64(len(got)) > (first+1)*50 {
		t.Fatalf("%d rows were released past the failing batch %d", len(got), first)
	}
	if src.opened.Load() != 0 {
		t.Fatal("source locals not closed")
	}
}

func TestCancel(t *testing.T) {
	f := newFixture(t, 2)
	ctx, cancel := context.WithCancel(context.Background())
	res := write.NewResult(f.env, bigint, true)
	defer res.Close()
	src := &counter{morsels: 1 << 30, perMorsel: 100}
	e := pipeline.Start(ctx, f.sched, f.env, []*pipeline.Pipeline{{Name: "test", Open: source(src), Sink: res}})
	if _, err := res.Next(ctx, e.Done()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	cancel() // the workers are parked by now or soon
	err := e.Wait()
	if d := time.Since(start); d > 50*time.Millisecond {
		t.Errorf("cancelling took %v", d)
	}
	if !errors.Is(err, context.Canceled) || sqlerr.Code(err) != sqlerr.CodeQueryCancelled {
		t.Errorf("error %v", err)
	}
}

// boom panics in every place a step can.
type boom struct{ double }

func (b *boom) NewLocal(t *operators.Task) (operators.OperatorLocal, error) {
	return boomLocal{}, nil
}

type boomLocal struct{ operators.OperatorLocal }

func (boomLocal) Push(context.Context, *vector.Chunk, *vector.Chunk) (operators.Status, error) {
	var m map[int]int
	m[1] = 2 //lint:ignore SA5000 this is the panic
	return 0, nil
}
func (boomLocal) Close() {}

func TestPanicIsAnError(t *testing.T) {
	f := newFixture(t, 2)
	_, err := f.read(context.Background(), &counter{morsels: 5, perMorsel: 10}, true, false, &boom{})
	if sqlerr.Code(err) != sqlerr.CodeInternal {
		t.Fatalf("error %v", err)
	}
}

func TestRunSharesWorkAndStopsAtErrors(t *testing.T) {
	f := newFixture(t, 3)
	var sum atomic.Int64
	err := f.env.Run(context.Background(), "sum", 100, func(_ context.Context, i int) error {
		sum.Add(int64(i))
		return nil
	})
	if err != nil || sum.Load() != 4950 {
		t.Fatalf("sum %d, %v", sum.Load(), err)
	}
	err = f.env.Run(context.Background(), "fail", 100, func(_ context.Context, i int) error {
		if i == 3 {
			panic("three")
		}
		return nil
	})
	if sqlerr.Code(err) != sqlerr.CodeInternal {
		t.Fatalf("error %v", err)
	}
}

// first passes its first chunk and wants no more.
type first struct{}

func (first) Types() []types.Type { return bigint }
func (first) NewLocal(*operators.Task) (operators.OperatorLocal, error) {
	return firstLocal{}, nil
}

type firstLocal struct{}

func (firstLocal) Push(_ context.Context, in, out *vector.Chunk) (operators.Status, error) {
	out.Reference(in)
	return operators.Finished, nil
}
func (firstLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}
func (firstLocal) Close() {}

// holder keeps its input until the end of the morsel.
type holder struct{}

func (holder) Types() []types.Type { return bigint }
func (holder) NewLocal(*operators.Task) (operators.OperatorLocal, error) {
	return &holderLocal{}, nil
}

type holderLocal struct{ held []int64 }

func (l *holderLocal) Push(_ context.Context, in, _ *vector.Chunk) (operators.Status, error) {
	for i := range in.NumRows() {
		l.held = append(l.held, in.Cols[0].Value(in.Position(i)).I)
	}
	return operators.NeedInput, nil
}

func (l *holderLocal) Flush(_ context.Context, out *vector.Chunk) (operators.Status, error) {
	out.Cols[0].Resize(len(l.held))
	copy(vector.Values[int64](out.Cols[0]), l.held)
	out.Len = len(l.held)
	l.held = nil
	return operators.NeedInput, nil
}
func (l *holderLocal) Close() {}

func TestStepsBehindAFinishedOneGoOn(t *testing.T) {
	f := newFixture(t, 2)
	// Rows held behind the step that has finished come out.
	got, err := f.read(context.Background(), &counter{morsels: 1, perMorsel: 100}, true, false, first{}, holder{})
	if err != nil || len(got) != 7 {
		t.Fatalf("%d rows, %v; want the first chunk's 7", len(got), err)
	}
	// And so does what a step behind it put aside.
	aside := &double{aside: true}
	got, err = f.read(context.Background(), &counter{morsels: 1, perMorsel: 100}, true, false, first{}, aside, holder{})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d rows, %v; want 3 of the continuation", len(got), err)
	}
	// What the step that has finished, or one before it, put aside does not.
	before := &double{aside: true}
	got, err = f.read(context.Background(), &counter{morsels: 1, perMorsel: 100}, true, false, before, first{})
	if err != nil || before.kept == 0 || len(got) == 0 {
		t.Fatalf("%d rows, kept %d, %v", len(got), before.kept, err)
	}
}

// The error that ends a Run is not replaced by what the calls say that it
// cancelled.
func TestRunKeepsTheErrorThatCancelled(t *testing.T) {
	s := pipeline.NewScheduler(4)
	defer s.Close()
	want := sqlerr.New(sqlerr.CodeOutOfMemory, "no memory")
	var running sync.WaitGroup
	running.Add(2)
	err := s.Run(context.Background(), 2, "test", 2, func(ctx context.Context, i int) error {
		running.Done()
		running.Wait()
		if i == 1 {
			return want
		}
		<-ctx.Done()
		return sqlerr.FromContext(ctx)
	})
	if !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
}

// An execution whose context is cancelled before, while and after it starts
// ends, and says so.
func TestCancelAroundStart(t *testing.T) {
	f := newFixture(t, 4)
	for i := range 300 {
		ctx, cancel := context.WithCancel(context.Background())
		src := &counter{morsels: 5, perMorsel: 20}
		sink := write.NewResult(f.env, bigint, true)
		ps := []*pipeline.Pipeline{{Name: "p", Open: source(src), Sink: sink}}
		gone := make(chan struct{})
		if i%3 == 0 {
			cancel()
		}
		go func() { cancel(); close(gone) }()
		e := pipeline.Start(ctx, f.sched, f.env, ps)
		if i%3 == 1 {
			e.Cancel(nil)
		}
		if err := e.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		<-gone
		sink.Close()
		if n := src.opened.Load(); n != 0 {
			t.Fatalf("%d locals are open", n)
		}
	}
}
