package agg

import (
	"fmt"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// What sorting the values of a group takes while it is finalized is charged: a
// limit that has room for the values alone is exceeded.
func TestFinalizingIsCharged(t *testing.T) {
	in := []types.Type{types.Of(types.BigInt), types.Of(types.Varchar)}
	const rows = 200_000
	for _, c := range []struct {
		name string
		col  int
		mib  int64 // for the values and their growth, but no more
	}{{"list", 0, 6}, {"list", 1, 14}, {"string_agg", 1, 10}} {
		for _, limit := range []int64{c.mib << 20, 1 << 30} {
			t.Run(fmt.Sprintf("%s of %s, %d MiB", c.name, in[c.col], limit>>20), func(t *testing.T) {
				w := newWorld(t, limit, 1, vector.Capacity)
				h, err := New(w.env, Plan{Input: in, Aggs: []Agg{{Fn: bind(t, c.name, in[c.col]), Args: []int{c.col}, Filter: -1}}})
				if err != nil {
					t.Fatal(err)
				}
				defer h.Close()
				reading := false
				err = fillAndRead(w, h, in, rows, &reading)
				if limit == 1<<30 && err != nil {
					t.Error(err)
				}
				if limit < 1<<30 && (!reading || !sqlerr.Is(err, sqlerr.CodeOutOfMemory)) {
					t.Errorf("no error 53200 while results are made, but %v", err)
				}
				if held := w.env.Budget.Peak(); held > limit {
					t.Errorf("%d bytes were held, %d allowed", held, limit)
				}
			})
		}
	}
}

// fillAndRead pushes rows of numbers and texts, then sets reading and reads the
// groups.
func fillAndRead(w *world, h *Hash, in []types.Type, rows int, reading *bool) error {
	task := &operators.Task{Env: w.env}
	l, err := h.NewLocal(task)
	if err != nil {
		return err
	}
	defer l.Close()
	c := vector.NewChunk(in)
	for at := 0; at < rows; at += vector.Capacity {
		c.Len = min(vector.Capacity, rows-at)
		for _, v := range c.Cols {
			v.Resize(c.Len)
		}
		vals := vector.Values[int64](c.Cols[0])
		for i := range c.Len {
			vals[i] = int64((at + i) * 7919 % 100003)
			c.Cols[1].PutString(i, []byte("a text, not a short one"))
		}
		if _, err := l.Push(ctx, c); err != nil {
			return err
		}
	}
	if err := l.Combine(ctx); err != nil {
		return err
	}
	if err := h.Finalize(ctx); err != nil {
		return err
	}
	*reading = true
	src := h.Source()
	defer src.Close()
	from, err := src.NewLocal(task)
	if err != nil {
		return err
	}
	defer from.Close()
	out := vector.NewChunk(src.Types())
	for {
		_, ok, err := from.NextMorsel(ctx)
		if err != nil || !ok {
			return err
		}
		for {
			out.Reset()
			if ok, err = from.Next(ctx, out); err != nil {
				return err
			} else if !ok {
				break
			}
		}
	}
}
