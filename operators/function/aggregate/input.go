package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// identity is the selection of everything.
var identity = func() (a [vector.Capacity]uint32) {
	for i := range a {
		a[i] = uint32(i)
	}
	return a
}()

// Scratch vectors of a call by argument: the values of a sequence or the
// elements chosen, and the rows chosen.
func scratch(c *function.AggCall, k int) *vector.Vector {
	for len(c.Tmp) <= k {
		c.Tmp = append(c.Tmp, nil)
	}
	if c.Tmp[k] == nil {
		c.Tmp[k] = new(vector.Vector)
	}
	return c.Tmp[k]
}

func scratchElements(c *function.AggCall, k, n int) []uint32 {
	v := scratch(c, 2*k)
	v.Type = types.Of(types.UInteger)
	v.Resize(n)
	return raw.Cast[uint32](v.Data)[:n]
}

func scratchRows(c *function.AggCall, k, n int) []raw.Addr {
	v := scratch(c, 2*k+1)
	v.Type = types.Of(types.UBigInt)
	v.Resize(n)
	return raw.Cast[raw.Addr](v.Data)[:n]
}

// view returns the unified form of argument k.
func view(c *function.AggCall, k int, v *vector.Vector) vector.View {
	if v.Form == vector.Sequence {
		return v.View(scratch(c, 2*k))
	}
	return v.View(nil)
}

// elements returns which element of w holds each of the n positions sel.
func elements(c *function.AggCall, k int, w *vector.View, sel []uint32, n int) []uint32 {
	switch {
	case w.Sel == nil && sel == nil:
		return identity[:n]
	case w.Sel == nil:
		return sel[:n]
	case sel == nil:
		return w.Sel[:n]
	}
	at := scratchElements(c, k, n)
	codes := w.Sel
	for i, p := range sel[:n] {
		at[i] = codes[p]
	}
	return at
}

// withRows returns the values of argument k that are not NULL, as elements at
// of w, and their rows.
func withRows(c *function.AggCall, k int, v *vector.Vector, rows []raw.Addr, sel []uint32, n int) (w vector.View, at []uint32, rs []raw.Addr) {
	w = view(c, k, v)
	at = elements(c, k, &w, sel, n)
	if w.Valid == nil {
		return w, at, rows[:n]
	}
	valid := w.Valid
	outAt, outRows := scratchElements(c, k, n), scratchRows(c, k, n)
	j := 0
	for i, e := range at {
		outAt[j], outRows[j] = e, rows[i]
		j += int(valid[e>>6]>>(e&63)) & 1
	}
	return w, outAt[:j], outRows[:j]
}

// alone returns the values of argument k that are not NULL, as elements at of
// w; plain says that these are the first len(at) elements.
func alone(c *function.AggCall, k int, v *vector.Vector, sel []uint32, n int) (w vector.View, at []uint32, plain bool) {
	w = view(c, k, v)
	at = elements(c, k, &w, sel, n)
	if w.Valid == nil {
		return w, at, w.Sel == nil && sel == nil
	}
	valid := w.Valid
	out := scratchElements(c, k, n)
	j := 0
	for _, e := range at {
		out[j] = e
		j += int(valid[e>>6]>>(e&63)) & 1
	}
	return w, out[:j], false
}

// updates gives b the updates of an aggregate that looks at each row by itself:
// one puts the arguments at position pos, NULL or not, into the state of row.
// It is for states that copy or compare bytes; numbers have loops of their own.
func updates(b *function.BoundAgg, one func(c *function.AggCall, args []*vector.Vector, pos int, row raw.Addr, off uintptr) error) {
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		for i := range n {
			if err := one(c, args, position(sel, i), rows[i], off); err != nil {
				return err
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		for i := range n {
			if err := one(c, args, position(sel, i), row, off); err != nil {
				return err
			}
		}
		return nil
	}
}

// sameHeap reports whether the references of src and dst in a Combine resolve
// alike, so that they may be copied.
func sameHeap(c *function.AggCall) bool {
	a, b := c.SrcBufs, c.Heap.Bufs()
	return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0]
}
