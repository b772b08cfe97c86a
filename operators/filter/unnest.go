package filter

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var _ operators.Operator = (*Unnest)(nil)

// Unnest puts out each row once for every element of some list columns, beside
// each other; shorter lists are filled up with NULL. A row without an element
// vanishes.
type Unnest struct {
	keep  []int // columns that are repeated
	lists []int
	types []types.Type
	fill  int
}

// NewUnnest returns the operator over input columns of the given types: its
// output is the columns keep, then the elements of the columns lists.
func NewUnnest(env *operators.Env, ts []types.Type, keep, lists []int) *Unnest {
	u := &Unnest{keep: keep, lists: lists, fill: min(max(env.FillLimit, 1), vector.Capacity)}
	for _, k := range keep {
		u.types = append(u.types, ts[k])
	}
	for _, l := range lists {
		u.types = append(u.types, *ts[l].Ext.Child)
	}
	return u
}

// Types implements operators.Operator.
func (u *Unnest) Types() []types.Type { return u.types }

// NewLocal implements operators.Operator.
func (u *Unnest) NewLocal(*operators.Task) (operators.OperatorLocal, error) {
	l := &unnestLocal{u: u, sel: make([]uint32, u.fill), cols: make([]listColumn, len(u.lists))}
	for i := range l.cols {
		l.cols[i].elems = make([]uint32, u.fill)
	}
	return l, nil
}

// unnestLocal keeps the place in a chunk between calls.
type unnestLocal struct {
	u    *Unnest
	sel  []uint32 // the input positions of output rows
	cols []listColumn
	row  int    // of the input, among the selected
	done uint32 // elements of it that are put out
	more bool   // the input is the one of the last call
}

// listColumn is a column of lists in the present chunk.
type listColumn struct {
	view  vector.View
	list  []types.ListEntry
	elems []uint32 // for output rows: the element in the child
	nulls []uint32 // output rows behind the end of the list
}

// at returns the list of position pos; an empty one for NULL.
func (c *listColumn) at(pos int) types.ListEntry {
	if c.view.IsNull(pos) {
		return types.ListEntry{}
	}
	return c.list[c.view.Index(pos)]
}

// Push implements operators.OperatorLocal.
func (l *unnestLocal) Push(_ context.Context, in, out *vector.Chunk) (operators.Status, error) {
	if !l.more {
		l.row, l.done = 0, 0
	}
	for i := range l.cols {
		c := &l.cols[i]
		c.view = in.Cols[l.u.lists[i]].View(nil)
		c.list = raw.Cast[types.ListEntry](c.view.Data)
		c.nulls = c.nulls[:0]
	}
	n, rows := 0, in.NumRows()
	for l.row < rows && n < len(l.sel) {
		pos := in.Position(l.row)
		most := uint32(0)
		for i := range l.cols {
			most = max(most, l.cols[i].at(pos).Length)
		}
		k := min(int(most-l.done), len(l.sel)-n)
		for j := range k {
			l.sel[n+j] = uint32(pos)
		}
		for i := range l.cols {
			l.cols[i].put(pos, l.done, n, k)
		}
		n += k
		l.done += uint32(k)
		if l.done < most {
			break
		}
		l.row, l.done = l.row+1, 0
	}
	if n > 0 {
		for i, col := range l.u.keep {
			kernel.Take(out.Cols[i], in.Cols[col], l.sel[:n], n)
		}
		for i := range l.cols {
			l.cols[i].take(out.Cols[len(l.u.keep)+i], n)
		}
		out.Len, out.Sel = n, nil
	}
	if l.more = l.row < rows; l.more {
		return operators.HaveMore, nil
	}
	return operators.NeedInput, nil
}

// put notes for the output rows from n on which of k elements, from the
// done-th of position pos, they hold.
func (c *listColumn) put(pos int, done uint32, n, k int) {
	e := c.at(pos)
	for j := range k {
		if at := done + uint32(j); at < e.Length {
			c.elems[n+j] = e.Offset + at
		} else {
			c.elems[n+j] = 0
			c.nulls = append(c.nulls, uint32(n+j))
		}
	}
}

// take writes the elements of the n output rows.
func (c *listColumn) take(out *vector.Vector, n int) {
	child := c.view.Children[0]
	if len(c.nulls) == n || child.Len == 0 {
		out.SetConstantNull(n)
		return
	}
	kernel.Take(out, child, c.elems[:n], n)
	if len(c.nulls) > 0 {
		out.Flatten()
		for _, i := range c.nulls {
			out.SetNull(int(i))
		}
	}
}

// Flush implements operators.OperatorLocal.
func (l *unnestLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

// Close implements operators.OperatorLocal.
func (l *unnestLocal) Close() {}
