package filter

import (
	"context"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// widen is a call that makes strings of as many bytes as its argument says.
func widen() eval.Expr {
	return eval.NewCall(&function.Bound{
		Name: "widen", Params: []types.Type{bigint}, Return: varchar, Nulls: function.Propagate, Vol: function.Volatile,
		Kernel: func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
			w := args[0].View(c.Tmp[0])
			ns := vector.Values[int64](&vector.Vector{Type: bigint, Data: w.Data})
			text := []byte(strings.Repeat("x", 1<<20))
			put := func(i int) { out.PutString(i, text[:ns[w.Index(i)]]) }
			if c.Sel == nil {
				for i := range c.N {
					put(i)
				}
				return nil
			}
			for _, p := range c.Sel {
				put(int(p))
			}
			return nil
		},
	}, eval.NewColumn(0, bigint))
}

func sizes(n int, size int64) *vector.Chunk {
	in := vector.NewChunk([]types.Type{bigint})
	in.Cols[0].Resize(n)
	for i, v := 0, vector.Values[int64](in.Cols[0]); i < n; i++ {
		v[i] = size + int64(i%3)
	}
	in.Len = n
	return in
}

// TestProjectTakesFewerRowsWhenTheyAreLarge: 2048 results of a megabyte are
// computed a few at a time; what they take is charged and given back.
func TestProjectTakesFewerRowsWhenTheyAreLarge(t *testing.T) {
	b := budget.New(64 << 20)
	mem := b.Reserve("expressions")
	env := &operators.Env{Budget: b, FillLimit: vector.Capacity, Session: &function.Session{Mem: mem}}
	p := NewProject([]eval.Expr{eval.NewColumn(0, bigint), widen()})
	l, err := p.NewLocal(&operators.Task{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	out := vector.NewChunk(p.Types())
	for _, size := range []int64{20, 1 << 19, 5, 40_000, 13} {
		for _, some := range []bool{false, true} {
			in := sizes(vector.Capacity, size)
			if some {
				for i := uint32(0); i < vector.Capacity; i += 7 {
					in.Sel = append(in.Sel, i)
				}
			}
			rows, calls := 0, 0
			for {
				out.Reset()
				st, err := l.Push(context.Background(), in, out)
				if err != nil {
					t.Fatal(err)
				}
				calls++
				for i := range out.NumRows() {
					pos := out.Position(i)
					want := rows
					if some {
						want = int(in.Sel[rows])
					}
					if pos != want {
						t.Fatalf("row %d is at %d, want %d", rows, pos, want)
					}
					if s := out.Cols[1].Value(pos); int64(len(s.S)) != out.Cols[0].Value(pos).I {
						t.Fatalf("row %d has %d bytes", rows, len(s.S))
					}
					rows++
				}
				if st != operators.HaveMore {
					break
				}
			}
			if rows != in.NumRows() {
				t.Errorf("%d rows of %d", rows, in.NumRows())
			}
			if size == 1<<16 && calls < 10 {
				t.Errorf("%d calls for so large rows", calls)
			}
		}
	}
	if p := b.Peak(); p < 1<<19 || p > 8<<20 {
		t.Errorf("at most %d bytes were charged", p)
	}
	l.Close()
	if mem.Held() != 0 {
		t.Errorf("%d bytes are left", mem.Held())
	}
}

// TestOneResultMayTakeAllMemory, and more is an error.
func TestOneResultMayTakeAllMemory(t *testing.T) {
	b := budget.New(1 << 20)
	env := &operators.Env{Budget: b, FillLimit: vector.Capacity, Session: &function.Session{Mem: b.Reserve("expressions")}}
	p := NewProject([]eval.Expr{widen(), widen()})
	l, err := p.NewLocal(&operators.Task{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	out := vector.NewChunk(p.Types())
	if _, err := l.Push(context.Background(), sizes(1, 500_000), out); err != nil {
		t.Error(err)
	}
	_, err = l.Push(context.Background(), sizes(1, 800_000), out)
	if !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		t.Errorf("%v", err)
	}
	l.Close()
	if b.Used() != 0 {
		t.Errorf("%d bytes are left", b.Used())
	}
}

// TestFilterOverLargeResults: conditions over large results see fewer rows at a
// time.
func TestFilterOverLargeResults(t *testing.T) {
	b := budget.New(64 << 20)
	mem := b.Reserve("expressions")
	env := &operators.Env{Budget: b, FillLimit: vector.Capacity, Session: &function.Session{Mem: mem}}
	f := New(eval.NewCompare(kernel.Ne, widen(), eval.NewConst(types.StringValue("no"))), []types.Type{bigint})
	l, err := f.NewLocal(&operators.Task{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	out := vector.NewChunk(f.Types())
	if _, err := l.Push(context.Background(), sizes(vector.Capacity, 100_000), out); err != nil {
		t.Fatal(err)
	}
	if out.NumRows() != vector.Capacity {
		t.Errorf("%d rows", out.NumRows())
	}
	if p := b.Peak(); p < 100_000 || p > 8<<20 {
		t.Errorf("at most %d bytes were charged", p)
	}
	l.Close()
	if mem.Held() != 0 {
		t.Errorf("%d bytes are left", mem.Held())
	}
}

// TestWideRowsAreNotCopied: few rows that are wide pass where they lie, behind
// those that are held.
func TestWideRowsAreNotCopied(t *testing.T) {
	f := New(eval.NewCompare(kernel.Lt, eval.NewColumn(0, bigint), eval.NewConst(types.IntValue(bigint, 3))), columns)
	chunk := func(width int) *vector.Chunk {
		c := vector.NewChunk(columns)
		c.Len = 100
		for _, v := range c.Cols {
			v.Resize(c.Len)
		}
		for i := range c.Len {
			vector.Values[int64](c.Cols[0])[i] = int64(i)
			c.Cols[1].PutString(i, []byte(strings.Repeat("y", width)))
		}
		return c
	}
	rows, chunks := run(t, f, vector.Capacity, [][]*vector.Chunk{{chunk(20), chunk(200_000), chunk(20)}})
	if len(rows) != 10 || chunks != 3 { // one is the end of the morsel
		t.Errorf("%d rows in %d chunks", len(rows), chunks)
	}
}
