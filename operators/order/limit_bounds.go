package order

import (
	"context"
	"math"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
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

// read takes the bounds from the first row; count -1: none.
func (b *Bounds) read(ctx context.Context, in *vector.Chunk) (count, offset int64, err error) {
	at := in.Position(0)
	if b.Offset >= 0 {
		if v := in.Cols[b.Offset].Value(at); !v.IsNull {
			if offset = v.I; offset < 0 {
				return 0, 0, sqlerr.At(b.OffsetPos, sqlerr.CodeInvalidOffset, "OFFSET must not be negative")
			}
		}
	}
	if b.Count < 0 {
		return -1, offset, nil
	}
	v := in.Cols[b.Count].Value(at)
	switch {
	case v.IsNull:
		return -1, offset, nil
	case b.Total != nil:
		if !(v.F >= 0 && v.F <= 100) {
			return 0, 0, sqlerr.At(b.CountPos, sqlerr.CodeInvalidRowCount, "a LIMIT in percent must be between 0 and 100")
		}
		total, err := b.Total(ctx)
		if err != nil {
			return 0, 0, err
		}
		return int64(math.Floor(float64(total) * v.F / 100)), offset, nil
	case v.I < 0:
		return 0, 0, sqlerr.At(b.CountPos, sqlerr.CodeInvalidRowCount, "LIMIT must not be negative")
	}
	return v.I, offset, nil
}
