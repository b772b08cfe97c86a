package filter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	numbers = types.ListOf(bigint)
	texts   = types.ListOf(varchar)
	unnest  = []types.Type{bigint, numbers, varchar, texts}
)

// listRow is a row of the input; a list is nil for NULL.
type listRow struct {
	n       int64
	name    string
	numbers []types.Value
	texts   []types.Value
}

func listInput(r *rand.Rand, n, longest int) (*vector.Chunk, []listRow) {
	c := vector.NewChunk(unnest)
	c.Len = n
	for _, v := range c.Cols {
		v.Resize(n)
	}
	rows := make([]listRow, n)
	for i := range rows {
		x := &rows[i]
		*x = listRow{n: int64(i), name: fmt.Sprintf("a name that is not short %d", i)}
		c.Cols[0].SetValue(i, types.IntValue(bigint, x.n))
		c.Cols[2].PutString(i, []byte(x.name))
		list := func(v *vector.Vector, elem func(k int) types.Value) []types.Value {
			if r.IntN(6) == 0 {
				v.SetNull(i)
				return nil
			}
			var out []types.Value
			for k := range r.IntN(longest + 1) {
				e := elem(k)
				if r.IntN(7) == 0 {
					e = types.NullOf(e.Type)
				}
				out = append(out, e)
			}
			v.SetValue(i, types.Value{Type: v.Type, Children: out})
			return out
		}
		x.numbers = list(c.Cols[1], func(k int) types.Value { return types.IntValue(bigint, int64(i*1000+k)) })
		x.texts = list(c.Cols[3], func(k int) types.Value { return types.StringValue(fmt.Sprintf("element %d of row %d", k, i)) })
	}
	if r.IntN(2) == 0 {
		c.Sel = []uint32{0}
		for i := 1; i < n; i++ {
			if r.IntN(3) > 0 {
				c.Sel = append(c.Sel, uint32(i))
			}
		}
	}
	return c, rows
}

// Each element has a row, beside the elements of the other lists at its place;
// rows without elements vanish.
func TestUnnest(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 15))
	for _, fill := range []int{1, 3, 2048} {
		for _, longest := range []int{0, 1, 5, 3000} {
			for _, n := range []int{1, 2, 40} {
				for _, lists := range [][]int{{1}, {3}, {1, 3}} {
					in, rows := listInput(r, n, longest)
					var want []string
					for i := range in.NumRows() {
						x := rows[in.Position(i)]
						most := 0
						columns := make([][]types.Value, len(lists))
						for k, l := range lists {
							columns[k] = x.numbers
							if l == 3 {
								columns[k] = x.texts
							}
							most = max(most, len(columns[k]))
						}
						for e := range most {
							row := fmt.Sprint(x.name, " ", x.n)
							for _, c := range columns {
								if e < len(c) && !c[e].IsNull {
									row += fmt.Sprint(" ", c[e].I, c[e].S)
								} else {
									row += " NULL"
								}
							}
							want = append(want, row)
						}
					}
					tk := task(fill)
					op := NewUnnest(tk.Env, unnest, []int{2, 0}, lists)
					l, err := op.NewLocal(tk)
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					out := vector.NewChunk(op.Types())
					for {
						out.Reset()
						st, err := l.Push(context.Background(), in, out)
						if err != nil {
							t.Fatal(err)
						}
						if out.NumRows() > fill {
							t.Fatalf("%d rows with a fill limit of %d", out.NumRows(), fill)
						}
						for i := range out.NumRows() {
							p := out.Position(i)
							row := fmt.Sprint(out.Cols[0].Value(p).S, " ", out.Cols[1].Value(p).I)
							for _, c := range out.Cols[2:] {
								if v := c.Value(p); v.IsNull {
									row += " NULL"
								} else {
									row += fmt.Sprint(" ", v.I, v.S)
								}
							}
							got = append(got, row)
						}
						if st != operators.HaveMore {
							break
						}
					}
					if !slices.Equal(got, want) {
						t.Fatalf("fill %d, %d rows, lists up to %d: %d rows, want %d", fill, n, longest, len(got), len(want))
					}
					if st, err := l.Flush(context.Background(), out); st != operators.NeedInput || err != nil {
						t.Error(st, err)
					}
					l.Close()
					l.Close()
				}
			}
		}
	}
}
