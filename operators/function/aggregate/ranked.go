package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// ranked is how a quantile of values of type t is made of those at some places.
func (q *quantile) ranked(t, elem types.Type) *function.Ranked {
	each := 1 // places for a share
	if q.cont {
		each = 2
	}
	mix := mixer(t, elem)
	return &function.Ranked{
		Places: func(dst []int64, n int64) []int64 {
			for _, share := range q.shares {
				if !q.cont {
					dst = append(dst, int64(q.discrete(share, int(n))))
					continue
				}
				lo, hi, _ := between(share, int(n))
				dst = append(dst, int64(lo), int64(hi))
			}
			return dst
		},
		Finish: func(c *function.AggCall, counts []int64, vals, out *vector.Vector) error {
			f := newFinish(c, len(counts))
			defer f.release()
			at := 0
			var lo, hi []byte
			for i, n := range counts {
				if n == 0 {
					continue
				}
				f.begin()
				if q.list {
					f.buf = listBlob(f.buf, len(q.shares))
				}
				for _, share := range q.shares {
					if q.list {
						f.buf = append(f.buf, 1)
					}
					if q.cont {
						lo, hi = rowfmt.AppendValue(lo[:0], vals, at), rowfmt.AppendValue(hi[:0], vals, at+1)
						_, _, part := between(share, int(n))
						f.buf = mix(f.buf, lo, hi, part)
					} else {
						f.buf = rowfmt.AppendValue(f.buf, vals, at)
					}
					at += each
				}
				if err := f.end(i); err != nil {
					return err
				}
			}
			return f.write(out, 0)
		},
	}
}

// mixer returns the function that appends the value of type elem that is a share
// of the way from one value of type t to another.
func mixer(t, elem types.Type) func(dst, lo, hi []byte, f float64) []byte {
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

func mixerOf[T ordered](elem types.Type) func(dst, lo, hi []byte, f float64) []byte {
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
