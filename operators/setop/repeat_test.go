package setop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	bigint = types.Of(types.BigInt)
	rowOf  = []types.Type{bigint, types.Of(types.Varchar), types.ListOf(bigint)}
)

// form is how a column of the input is stored.
type form int

const (
	flat form = iota
	dictionary
	constant
	sequence
	numForms
)

// input makes a chunk of n rows with the counts first and second in the given
// form; what it says of each row is returned as text.
func input(r *rand.Rand, n int, f form) (*vector.Chunk, []string, []int64, []int64) {
	c := vector.NewChunk(append(slices.Clone(rowOf), bigint, bigint))
	c.Len = n
	texts := make([]string, n)
	for _, v := range c.Cols {
		v.Resize(n)
	}
	for i := range n {
		c.Cols[0].SetValue(i, types.IntValue(bigint, int64(i)))
		text := fmt.Sprintf("the row with the number %d", i)
		if i%3 == 0 {
			c.Cols[1].SetNull(i)
			text = "NULL"
		} else {
			c.Cols[1].PutString(i, []byte(text))
		}
		c.Cols[2].SetValue(i, types.Value{Type: rowOf[2], Children: []types.Value{types.IntValue(bigint, int64(i))}})
		texts[i] = fmt.Sprint(i, text)
	}
	counts := func(v *vector.Vector) []int64 {
		vals := make([]int64, n)
		switch f {
		case constant:
			v.SetConstant(types.IntValue(bigint, 3), n)
			for i := range vals {
				vals[i] = 3
			}
		case sequence:
			v.Form, v.Len, v.Start, v.Step, v.Data = vector.Sequence, n, 1, 1, nil
			for i := range vals {
				vals[i] = int64(i + 1)
			}
		case dictionary:
			d := vector.New(bigint)
			d.Resize(5)
			for i := range 5 {
				d.SetValue(i, types.IntValue(bigint, int64(i*i)))
			}
			codes := make([]uint32, n)
			for i := range codes {
				codes[i] = uint32(r.IntN(5))
				vals[i] = int64(codes[i] * codes[i])
			}
			v.SetDictionary(d, codes, 0)
		default:
			for i := range vals {
				if vals[i] = int64(r.IntN(4)); r.IntN(40) == 0 {
					vals[i] = 5000
				}
				v.SetValue(i, types.IntValue(bigint, vals[i]))
			}
		}
		return vals
	}
	first, second := counts(c.Cols[3]), counts(c.Cols[4])
	if r.IntN(2) == 0 {
		for i := range n {
			if r.IntN(3) > 0 {
				c.Sel = append(c.Sel, uint32(i))
			}
		}
		if c.Sel == nil {
			c.Sel = []uint32{0}
		}
	}
	return c, texts, first, second
}

// Rows come out as often as they should, in order, whatever the form of the
// counts and the fill limit; output that is written over disturbs nothing.
func TestRepeat(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, fill := range []int{1, 3, 2048} {
		for f := range numForms {
			for _, n := range []int{1, 2, 17, 300} {
				for _, intersect := range []bool{true, false} {
					in, texts, first, second := input(r, n, f)
					var want []string
					for i := range in.NumRows() {
						p := in.Position(i)
						times := first[p] - second[p]
						if intersect {
							times = min(first[p], second[p])
						}
						for range times {
							want = append(want, texts[p])
						}
					}
					env := &operators.Env{FillLimit: fill, Session: &function.Session{}}
					op := NewRepeat(env, rowOf, intersect)
					l, err := op.NewLocal(&operators.Task{Env: env})
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
							text := "NULL"
							if v := out.Cols[1].Value(p); !v.IsNull {
								text = v.S
							}
							x := out.Cols[0].Value(p).I
							if list := out.Cols[2].Value(p); list.IsNull || len(list.Children) != 1 || list.Children[0].I != x {
								t.Fatalf("row %d has the list %v", x, list)
							}
							got = append(got, fmt.Sprint(x, text))
						}
						if st != operators.HaveMore {
							break
						}
					}
					if !slices.Equal(got, want) {
						t.Fatalf("fill %d, form %d, %d rows, intersect %v: %d rows, want %d", fill, f, n, intersect, len(got), len(want))
					}
					// The next chunk begins anew.
					one, _, _, _ := input(r, 1, constant)
					out.Reset()
					if _, err := l.Push(context.Background(), one, out); err != nil {
						t.Fatal(err)
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

// A reader that stops early leaves nothing behind for the next chunk.
func TestRepeatAbandoned(t *testing.T) {
	env := &operators.Env{FillLimit: 2, Session: &function.Session{}}
	l, err := NewRepeat(env, rowOf, true).NewLocal(&operators.Task{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	in, _, _, _ := input(rand.New(rand.NewPCG(1, 1)), 9, constant)
	in.Sel = nil
	out := vector.NewChunk(rowOf)
	if st, err := l.Push(context.Background(), in, out); st != operators.HaveMore || err != nil || out.NumRows() != 2 {
		t.Fatal(st, err, out.NumRows())
	}
}
