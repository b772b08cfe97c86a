package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
)

// readBranches runs one pipeline of branches into an ordered result.
func (f *fixture) readBranches(branches []*pipeline.Branch, ops ...operators.Operator) ([]int64, error) {
	ctx := context.Background()
	res := write.NewResult(f.env, bigint, true)
	defer res.Close()
	e := pipeline.Start(ctx, f.sched, f.env, []*pipeline.Pipeline{{Name: "test", Branches: branches, Ops: ops, Sink: res}})
	var out []int64
	for {
		c, err := res.Next(ctx, e.Done())
		if err != nil {
			return out, err
		}
		if c == nil {
			return out, e.Wait()
		}
		out = append(out, vector.Values[int64](c.Cols[0])[:c.Len]...)
	}
}

// numbers are the rows that a counter puts out.
func numbers(c *counter) []int64 {
	var out []int64
	for i := range int64(c.morsels * c.perMorsel) {
		out = append(out, i)
	}
	return out
}

// Branches come one after the other, nested ones too, whatever the threads.
func TestBranchesInOrder(t *testing.T) {
	for _, threads := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(threads), func(t *testing.T) {
			f := newFixture(t, threads)
			leaf := func(m, n int) (*pipeline.Branch, []int64) {
				c := &counter{morsels: m, perMorsel: n}
				return &pipeline.Branch{Open: source(c)}, numbers(c)
			}
			a, rowsA := leaf(9, 30)
			b, rowsB := leaf(1, 5)
			c, rowsC := leaf(0, 0)
			d, rowsD := leaf(20, 11)
			nested := &pipeline.Branch{Branches: []*pipeline.Branch{b, c}}
			got, err := f.readBranches([]*pipeline.Branch{a, nested, d})
			want := slices.Concat(rowsA, rowsB, rowsC, rowsD)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%d rows, %v; want %d in order", len(got), err, len(want))
			}
		})
	}
}

// What an operator of a branch puts aside comes before the next branch; what
// one behind all branches puts aside comes last.
func TestBranchContinuations(t *testing.T) {
	f := newFixture(t, 3)
	a, tail := &double{aside: true}, &double{}
	branches := []*pipeline.Branch{
		{Open: source(&counter{morsels: 5, perMorsel: 10}), Ops: []operators.Operator{&double{}, a}},
		{Open: source(&counter{morsels: 4, perMorsel: 2})},
	}
	got, err := f.readBranches(branches, tail)
	// 5 morsels of 2 chunks, doubled, are 20 kept chunks: 20 morsels of 3 rows.
	if err != nil || a.kept != 20 || len(got) != 2*(20*3+4*2) {
		t.Fatalf("%d rows, kept %d, %v", len(got), a.kept, err)
	}
	if n := a.locs.Load() + tail.locs.Load(); n != 0 {
		t.Errorf("%d local states not closed", n)
	}
	last := &double{aside: true}
	got, err = f.readBranches([]*pipeline.Branch{{Open: source(&counter{morsels: 4, perMorsel: 2})}}, last)
	if err != nil || last.kept != 4 || len(got) != 4*3 {
		t.Fatalf("%d rows, kept %d, %v", len(got), last.kept, err)
	}
}

// A branch that wants no more input ends alone; a step behind all branches ends
// them all.
func TestBranchThatFinishes(t *testing.T) {
	f := newFixture(t, 1)
	limit := func(n int64) operators.Operator { return order.NewLimit(bigint, n, 0, true) }
	branches := func() []*pipeline.Branch {
		return []*pipeline.Branch{
			{Open: source(&counter{morsels: 50, perMorsel: 10}), Ops: []operators.Operator{limit(3), &double{}}},
			{Open: source(&counter{morsels: 2, perMorsel: 5}), Ops: []operators.Operator{limit(4)}},
			{Open: source(&counter{morsels: 1, perMorsel: 3})},
		}
	}
	got, err := f.readBranches(branches())
	if err != nil || !slices.Equal(got, []int64{0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2}) {
		t.Fatalf("%v, %v", got, err)
	}
	got, err = f.readBranches(branches(), limit(8))
	if err != nil || !slices.Equal(got, []int64{0, 1, 2, 0, 1, 2, 0, 1}) {
		t.Fatalf("%v, %v", got, err)
	}
}

// The error of the earliest branch is the query's, and a source that does not
// open is an error too.
func TestBranchErrors(t *testing.T) {
	f := newFixture(t, 2)
	bad := &counter{morsels: 5, perMorsel: 4, fail: map[int64]error{2: sqlerr.New(sqlerr.CodeInternal, "second branch")}}
	branches := []*pipeline.Branch{
		{Open: source(&counter{morsels: 3, perMorsel: 4})},
		{Open: source(bad)},
		{Open: func(context.Context) (operators.Source, error) {
			return nil, sqlerr.New(sqlerr.CodeInternal, "third branch")
		}},
	}
	if got, err := f.readBranches(branches); err == nil || err.Error() == "" || len(got) > 3*4+3*4 {
		t.Fatalf("%d rows, error %v", len(got), err)
	}
	if _, err := f.readBranches(branches[2:]); err == nil {
		t.Fatal("no error")
	}
	if _, err := f.readBranches([]*pipeline.Branch{branches[0], branches[2]}); err == nil {
		t.Fatal("no error from a later source that does not open")
	}
}
