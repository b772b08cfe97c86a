package setop

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Repeat puts every row out as often as a set operation with ALL wants it. Its
// input has the row's columns and two more of type BIGINT, never NULL: how
// often the row is in the first input, and how often in the second.
type Repeat struct {
	types     []types.Type
	intersect bool
	fill      int
}

var _ operators.Operator = (*Repeat)(nil)

// NewRepeat returns the operator for rows of the given types. intersect: a row
// comes out as often as it is in both inputs; else (EXCEPT) as often as it is
// more in the first than in the second.
func NewRepeat(env *operators.Env, ts []types.Type, intersect bool) *Repeat {
	return &Repeat{types: ts, intersect: intersect, fill: min(max(env.FillLimit, 1), vector.Capacity)}
}

// Types implements operators.Operator.
func (r *Repeat) Types() []types.Type { return r.types }

// NewLocal implements operators.Operator.
func (r *Repeat) NewLocal(*operators.Task) (operators.OperatorLocal, error) {
	return &repeatLocal{r: r, sel: make([]uint32, r.fill), tmp: [2]*vector.Vector{{}, {}}}, nil
}

// repeatLocal keeps the place in a chunk between calls.
type repeatLocal struct {
	r    *Repeat
	sel  []uint32
	tmp  [2]*vector.Vector
	row  int   // of the input, among the selected
	done int64 // times the row has been put out
	more bool  // the input is the one of the last call
}

// Push implements operators.OperatorLocal.
func (l *repeatLocal) Push(_ context.Context, in, out *vector.Chunk) (operators.Status, error) {
	if !l.more {
		l.row, l.done = 0, 0
	}
	cols := len(l.r.types)
	a, b := in.Cols[cols].View(l.tmp[0]), in.Cols[cols+1].View(l.tmp[1])
	first, second := raw.Cast[int64](a.Data), raw.Cast[int64](b.Data)
	n, rows := 0, in.NumRows()
	for l.row < rows && n < len(l.sel) {
		pos := in.Position(l.row)
		x, y := first[a.Index(pos)], second[b.Index(pos)]
		times := x - y
		if l.r.intersect {
			times = min(x, y)
		}
		k := min(max(times-l.done, 0), int64(len(l.sel)-n))
		for i := range int(k) {
			l.sel[n+i] = uint32(pos)
		}
		n += int(k)
		l.done += k
		if l.done < times {
			break
		}
		l.row, l.done = l.row+1, 0
	}
	if n > 0 {
		for i := range l.r.types {
			kernel.Take(out.Cols[i], in.Cols[i], l.sel[:n], n)
		}
		out.Len, out.Sel = n, nil
	}
	if l.more = l.row < rows; l.more {
		return operators.HaveMore, nil
	}
	return operators.NeedInput, nil
}

// Flush implements operators.OperatorLocal.
func (l *repeatLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

// Close implements operators.OperatorLocal.
func (l *repeatLocal) Close() {}
