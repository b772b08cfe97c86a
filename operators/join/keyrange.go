package join

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// keyRange is the smallest and the largest of the values of an integer key,
// sign-extended or zero-extended to 64 bits.
type keyRange struct {
	some     bool
	unsigned bool
	min, max uint64
}

// less compares in the order of the key's type.
func (r *keyRange) less(a, b uint64) bool {
	if r.unsigned {
		return a < b
	}
	return int64(a) < int64(b)
}

func (r *keyRange) merge(o *keyRange) {
	if !o.some {
		return
	}
	if !r.some {
		*r = *o
		return
	}
	if r.less(o.min, r.min) {
		r.min = o.min
	}
	if r.less(r.max, o.max) {
		r.max = o.max
	}
}

// slots returns how many values there are from min to max; 0 when that does
// not fit 64 bits or there are none.
func (r *keyRange) slots() uint64 {
	if !r.some {
		return 0
	}
	return r.max - r.min + 1
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// add takes in the values of v, an integer vector, that are not NULL.
func (r *keyRange) add(v *vector.Vector, sel []uint32, n int, tmp *vector.Vector) {
	if n == 0 {
		return
	}
	w := v.View(tmp)
	switch v.Type.Physical() {
	case types.PBool, types.PUint8:
		addRange[uint8](r, &w, sel, n)
	case types.PInt8:
		addRange[int8](r, &w, sel, n)
	case types.PInt16:
		addRange[int16](r, &w, sel, n)
	case types.PUint16:
		addRange[uint16](r, &w, sel, n)
	case types.PInt32:
		addRange[int32](r, &w, sel, n)
	case types.PUint32:
		addRange[uint32](r, &w, sel, n)
	case types.PInt64:
		addRange[int64](r, &w, sel, n)
	case types.PUint64:
		r.unsigned = true
		addRange[uint64](r, &w, sel, n)
	}
}

func addRange[T integer](r *keyRange, w *vector.View, sel []uint32, n int) {
	x := raw.Cast[T](w.Data)
	var lo, hi T
	some := false
	switch {
	case w.Sel == nil && w.Valid == nil && sel == nil:
		lo, hi, some = x[0], x[0], true
		for _, k := range x[:n] {
			lo, hi = min(lo, k), max(hi, k)
		}
	case w.Sel == nil && w.Valid == nil:
		lo, hi, some = x[sel[0]], x[sel[0]], true
		for _, p := range sel[:n] {
			lo, hi = min(lo, x[p]), max(hi, x[p])
		}
	default:
		for i := range n {
			p := i
			if sel != nil {
				p = int(sel[i])
			}
			e := w.Index(p)
			if w.Valid != nil && !w.Valid.Get(e) {
				continue
			}
			if !some {
				lo, hi, some = x[e], x[e], true
			}
			lo, hi = min(lo, x[e]), max(hi, x[e])
		}
	}
	r.merge(&keyRange{some: some, unsigned: r.unsigned, min: uint64(int64(lo)), max: uint64(int64(hi))})
}
