package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// ranked is how a quantile is made of the values at some places.
func (q *quantile) ranked(mix mixing) *function.Ranked {
	each := len(q.places(nil, 1))
	return &function.Ranked{
		Places: q.places,
		Finish: func(c *function.AggCall, counts []int64, vals, out *vector.Vector) error {
			f := newFinish(c, len(counts))
			defer f.release()
			at := 0
			blobs := make([][]byte, each)
			for i, n := range counts {
				if n == 0 {
					continue
				}
				for k := range blobs {
					blobs[k] = rowfmt.AppendValue(blobs[k][:0], vals, at)
					at++
				}
				f.begin()
				q.append(f, n, blobs, mix)
				if err := f.end(i); err != nil {
					return err
				}
			}
			return f.write(out, 0)
		},
	}
}

// mixing appends the value that is the share f from one value to another.
type mixing func(dst, lo, hi []byte, f float64) []byte

// mixer returns the mixing of values of type t that gives values of type elem.
func mixer(t, elem types.Type) mixing {
	switch t.Physical() {
	case types.PInt8:
		return mixerOf[int8](elem)
	case types.PInt16:
		return mixerOf[int16](elem)
	case types.PInt32:
		return mixerOf[int32](elem)
	case types.PInt64:
		if t.ID != types.TimeTZ {
			return mixerOf[int64](elem)
		}
	case types.PUint8:
		return mixerOf[uint8](elem)
	case types.PUint16:
		return mixerOf[uint16](elem)
	case types.PUint32:
		return mixerOf[uint32](elem)
	case types.PUint64:
		return mixerOf[uint64](elem)
	case types.PFloat32:
		return mixerOf[float32](elem)
	case types.PFloat64:
		return mixerOf[float64](elem)
	}
	return func(dst, lo, hi []byte, f float64) []byte { return interpolateWide(dst, t, lo, hi, f, elem) }
}

func mixerOf[T ordered](elem types.Type) mixing {
	pair := make([]T, 2)
	size := len(raw.Bytes(pair)) / 2
	return func(dst, lo, hi []byte, f float64) []byte {
		var v [2]T
		b := raw.Bytes(v[:])
		copy(b[:size], lo)
		copy(b[size:], hi)
		return interpolate(dst, v[0], v[1], f, elem)
	}
}
