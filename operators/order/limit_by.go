package order

import (
	"context"
	"math"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Bounds tell where a limit that is computed finds its bounds: in columns of
// the input that have the same value in all rows, NULL for none.
type Bounds struct {
	// Count and Offset are columns of type BIGINT; -1: there is none.
	Count, Offset int
	// Total: Count is a DOUBLE, a percentage of that many rows.
	Total func(context.Context) (int64, error)
	// CountPos and OffsetPos are the positions of the bounds in the statement,
	// for errors.
	CountPos, OffsetPos int
}

// LimitBy is Limit whose bounds are known once rows come.
type LimitBy struct {
	types  []types.Type
	bounds Bounds
}

var _ operators.Operator = (*LimitBy)(nil)

// NewLimitBy returns the operator. The pipeline's source must have one worker.
// Errors of its locals: 2201W and 2201X for bounds that are out of range.
func NewLimitBy(ts []types.Type, b Bounds) *LimitBy { return &LimitBy{types: ts, bounds: b} }

// Types implements operators.Operator.
func (l *LimitBy) Types() []types.Type { return l.types }

// NewLocal implements operators.Operator.
func (l *LimitBy) NewLocal(*operators.Task) (operators.OperatorLocal, error) {
	return &limitByLocal{l: l, limitLocal: limitLocal{left: -1, sel: make([]uint32, vector.Capacity)}}, nil
}

type limitByLocal struct {
	limitLocal
	l     *LimitBy
	known bool
}

// Push implements operators.OperatorLocal.
func (l *limitByLocal) Push(ctx context.Context, in, out *vector.Chunk) (operators.Status, error) {
	if !l.known {
		if err := l.read(ctx, in); err != nil {
			return 0, err
		}
		l.known = true
	}
	return l.limitLocal.Push(ctx, in, out)
}

// read takes the bounds from the first row.
func (l *limitByLocal) read(ctx context.Context, in *vector.Chunk) error {
	b := &l.l.bounds
	at := in.Position(0)
	if b.Offset >= 0 {
		if v := in.Cols[b.Offset].Value(at); !v.IsNull {
			if l.skip = v.I; l.skip < 0 {
				return sqlerr.At(b.OffsetPos, sqlerr.CodeInvalidOffset, "OFFSET must not be negative")
			}
		}
	}
	if b.Count < 0 {
		return nil
	}
	v := in.Cols[b.Count].Value(at)
	switch {
	case v.IsNull:
	case b.Total != nil:
		if !(v.F >= 0 && v.F <= 100) {
			return sqlerr.At(b.CountPos, sqlerr.CodeInvalidRowCount, "a LIMIT in percent must be between 0 and 100")
		}
		total, err := b.Total(ctx)
		if err != nil {
			return err
		}
		l.left = int64(math.Floor(float64(total) * v.F / 100))
	case v.I < 0:
		return sqlerr.At(b.CountPos, sqlerr.CodeInvalidRowCount, "LIMIT must not be negative")
	default:
		l.left = v.I
	}
	return nil
}
