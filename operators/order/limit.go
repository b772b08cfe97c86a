package order

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Limit cuts a stream that one worker carries in order: it drops offset rows
// and passes count (-1: all).
type Limit struct {
	types         []types.Type
	count, offset int64
}

var _ operators.Operator = (*Limit)(nil)

// NewLimit returns the operator. The pipeline's source must have one worker.
func NewLimit(_ *operators.Env, ts []types.Type, count, offset int64) *Limit {
	return &Limit{types: ts, count: count, offset: offset}
}

// Types implements operators.Operator.
func (l *Limit) Types() []types.Type { return l.types }

// NewLocal implements operators.Operator.
func (l *Limit) NewLocal(*operators.Task) (operators.OperatorLocal, error) {
	return &limitLocal{skip: l.offset, left: l.count, sel: make([]uint32, vector.Capacity)}, nil
}

type limitLocal struct {
	skip, left int64
	sel        []uint32
}

// Push implements operators.OperatorLocal.
func (l *limitLocal) Push(_ context.Context, in, out *vector.Chunk) (operators.Status, error) {
	n := int64(in.NumRows())
	from := min(l.skip, n)
	l.skip -= from
	n -= from
	if l.left >= 0 {
		n = min(n, l.left)
		l.left -= n
	}
	if n > 0 {
		out.Reference(in)
		if int(n) < in.NumRows() {
			sel := l.sel[:n]
			for i := range sel {
				sel[i] = uint32(in.Position(int(from) + i))
			}
			out.Sel = sel
		}
	}
	if l.left == 0 {
		return operators.Finished, nil
	}
	return operators.NeedInput, nil
}

// Flush implements operators.OperatorLocal.
func (l *limitLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

// Close implements operators.OperatorLocal.
func (l *limitLocal) Close() {}
