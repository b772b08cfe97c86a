package filter

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	bigint  = types.Of(types.BigInt)
	varchar = types.Of(types.Varchar)
	columns = []types.Type{bigint, varchar}
)

func task(fill int) *operators.Task {
	return &operators.Task{Env: &operators.Env{FillLimit: fill, Session: &function.Session{}}}
}

// run pushes chunks through op as the executor does, a chunk of rows at a
// time, spoiling each output once it was read; a flush ends each morsel.
func run(t *testing.T, op operators.Operator, fill int, morsels [][]*vector.Chunk) (rows []string, chunks int) {
	t.Helper()
	l, err := op.NewLocal(task(fill))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out := vector.NewChunk(op.Types())
	take := func() {
		if out.NumRows() == 0 {
			return
		}
		chunks++
		if out.NumRows() > fill {
			t.Fatalf("%d rows with a fill limit of %d", out.NumRows(), fill)
		}
		for i := range out.NumRows() {
			p := out.Position(i)
			var b strings.Builder
			for _, c := range out.Cols {
				v := c.Value(p)
				fmt.Fprint(&b, v.IsNull, v.I, v.S, "|")
			}
			rows = append(rows, b.String())
		}
	}
	for _, morsel := range morsels {
		for _, in := range morsel {
			for {
				out.Reset()
				st, err := l.Push(context.Background(), in, out)
				if err != nil {
					t.Fatal(err)
				}
				take()
				if st != operators.HaveMore {
					break
				}
			}
			for _, c := range in.Cols { // the borrow has ended
				clear(c.Data)
				for _, b := range c.Bufs {
					clear(b)
				}
			}
		}
		for {
			out.Reset()
			st, err := l.Flush(context.Background(), out)
			if err != nil {
				t.Fatal(err)
			}
			take()
			if st != operators.HaveMore {
				break
			}
		}
		rows = append(rows, "end of morsel")
	}
	return rows, chunks
}

// input makes chunks of rows (i, "row number i"), of which pass(i) are wanted
// later.
func input(r *rand.Rand, morsels, chunks, fill int) (out [][]*vector.Chunk) {
	next := int64(0)
	for range morsels {
		var m []*vector.Chunk
		for range chunks {
			n := 1 + r.IntN(fill)
			c := vector.NewChunk(columns)
			c.Len = n
			for _, v := range c.Cols {
				v.Resize(n)
			}
			for i := range n {
				c.Cols[0].SetValue(i, types.IntValue(bigint, next))
				c.Cols[1].PutString(i, fmt.Append(nil, "row number ", next))
				if next%11 == 0 {
					c.Cols[1].SetNull(i)
				}
				next++
			}
			if r.IntN(2) == 0 {
				c.Sel = []uint32{0}
				for i := 1; i < n; i++ {
					if r.IntN(3) > 0 {
						c.Sel = append(c.Sel, uint32(i))
					}
				}
			}
			m = append(m, c)
		}
		out = append(out, m)
	}
	return out
}

// modulo is x % m as a function.
func modulo(m int64) *function.Bound {
	return &function.Bound{
		Name: "%", Params: []types.Type{bigint, bigint}, Return: bigint, CanFail: true,
		Kernel: func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
			n := c.N
			if c.Sel != nil {
				n = len(c.Sel)
			}
			return kernel.DivInt(kernel.Mod, args[0], args[1], out, c.Sel, n, nil)
		},
	}
}

func TestFilterKeepsRowsAndOrder(t *testing.T) {
	for _, fill := range []int{1, 2, 3, 7, 200, 2048} {
		for _, m := range []int64{1, 2, 10, 100, 5000, 1 << 40} {
			r := rand.New(rand.NewPCG(uint64(fill), uint64(m)))
			in := input(r, 3, 1+6000/fill/4, fill)
			var want []string
			for _, morsel := range in {
				for _, c := range morsel {
					for i := range c.NumRows() {
						p := c.Position(i)
						if x := c.Cols[0].Value(p); x.I%m == 0 {
							s := c.Cols[1].Value(p)
							want = append(want, fmt.Sprint(false, x.I, x.S, "|", s.IsNull, s.I, s.S, "|"))
						}
					}
				}
				want = append(want, "end of morsel")
			}
			x := eval.NewColumn(0, bigint)
			cond := eval.NewCompare(kernel.Eq, eval.NewCall(modulo(m), x, eval.NewConst(types.IntValue(bigint, m))), eval.NewConst(types.IntValue(bigint, 0)))
			got, _ := run(t, New(cond, columns), fill, in)
			if !slices.Equal(got, want) {
				t.Fatalf("fill %d, modulo %d: %d rows, want %d", fill, m, len(got), len(want))
			}
		}
	}
}

func TestFilterCompacts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	in := input(r, 1, 100, 2048)
	cond := eval.NewCompare(kernel.Eq, eval.NewCall(modulo(0), eval.NewColumn(0, bigint), eval.NewConst(types.IntValue(bigint, 100))), eval.NewConst(types.IntValue(bigint, 0)))
	rows, chunks := run(t, New(cond, columns), 2048, in)
	if len(rows) < 500 || chunks > 2 {
		t.Errorf("%d rows in %d chunks", len(rows), chunks)
	}
}

func TestFilterError(t *testing.T) {
	boom := errors.New("boom")
	fn := &function.Bound{Name: "boom", Return: types.Of(types.Boolean), Vol: function.Volatile, CanFail: true,
		Kernel: func(*function.Call, []*vector.Vector, *vector.Vector) error { return boom }}
	l, err := New(eval.NewCall(fn), columns).NewLocal(task(2048))
	if err != nil {
		t.Fatal(err)
	}
	in := input(rand.New(rand.NewPCG(1, 1)), 1, 1, 10)[0][0]
	if _, err := l.Push(context.Background(), in, vector.NewChunk(columns)); err != boom {
		t.Error(err)
	}
	l.Close()
	l.Close()
}

func TestProject(t *testing.T) {
	for _, fill := range []int{1, 7, 2048} {
		in := input(rand.New(rand.NewPCG(1, 1)), 2, 5, fill)
		p := NewProject([]eval.Expr{
			eval.NewColumn(1, varchar), eval.NewIsNull(eval.NewColumn(1, varchar), false),
			eval.NewConst(types.IntValue(bigint, 42)), eval.NewColumn(0, bigint),
		})
		var want []string
		for _, morsel := range in {
			for _, c := range morsel {
				for i := range c.NumRows() {
					x, s := c.Cols[0].Value(c.Position(i)), c.Cols[1].Value(c.Position(i))
					n := 0
					if s.IsNull {
						n = 1
					}
					want = append(want, fmt.Sprint(s.IsNull, s.I, s.S, "|", false, n, "", "|", false, 42, "", "|", false, x.I, "", "|"))
				}
			}
			want = append(want, "end of morsel")
		}
		if got, _ := run(t, p, fill, in); !slices.Equal(got, want) {
			t.Fatalf("fill %d: %q, want %q", fill, got[:3], want[:3])
		}
	}
}
