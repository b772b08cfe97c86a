package kernel

import (
	"cmp"
	"math"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

func compareNested(op CompareOp, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32) int {
	pass := op.passes()
	k := 0
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		q := p
		if constant {
			q = 0
		}
		out[k] = uint32(p)
		k += int(pass >> (1 + uint(compareElem(a, p, b, q))) & 1)
	}
	return k
}

// CompareAt orders position i of a and position j of b, which have the same
// type: -1, 0 or 1, in the order that SelectCompare knows, NULL last and equal
// to NULL. It decides one pair at a time: for nested values, sorting's last
// resort and tests; loops over flat data use SelectCompare.
func CompareAt(a *vector.Vector, i int, b *vector.Vector, j int) int {
	i, a = elemOf(a, i)
	j, b = elemOf(b, j)
	an, bn := a.Valid != nil && !a.Valid.Get(i), b.Valid != nil && !b.Valid.Get(j)
	switch {
	case an && bn:
		return 0
	case an:
		return 1
	case bn:
		return -1
	case a.Form == vector.Sequence || b.Form == vector.Sequence:
		return cmp.Compare(intAt(a, i), intAt(b, j))
	}
	return compareElem(a, i, b, j)
}

func elemOf(v *vector.Vector, i int) (int, *vector.Vector) {
	switch v.Form {
	case vector.Constant:
		return 0, v
	case vector.Dictionary:
		return int(v.Codes[i]), v.Dict
	}
	return i, v
}

func intAt(v *vector.Vector, i int) int64 {
	if v.Form == vector.Sequence {
		return v.Start + int64(i)*v.Step
	}
	return vector.Values[int64](v)[i]
}

// compareElem orders element i of a and j of b, neither of which is NULL.
func compareElem(a *vector.Vector, i int, b *vector.Vector, j int) int {
	switch a.Type.Physical() {
	case types.PBool, types.PUint8:
		return elem[uint8](a, i, b, j)
	case types.PInt8:
		return elem[int8](a, i, b, j)
	case types.PInt16:
		return elem[int16](a, i, b, j)
	case types.PUint16:
		return elem[uint16](a, i, b, j)
	case types.PInt32:
		return elem[int32](a, i, b, j)
	case types.PUint32:
		return elem[uint32](a, i, b, j)
	case types.PInt64:
		if a.Type.ID == types.TimeTZ {
			x, y := vector.Values[int64](a)[i], vector.Values[int64](b)[j]
			return cmp.Compare(types.TimeTZKey(x), types.TimeTZKey(y))
		}
		return elem[int64](a, i, b, j)
	case types.PUint64:
		return elem[uint64](a, i, b, j)
	case types.PInt128:
		return vector.Values[types.Int128](a)[i].Cmp(vector.Values[types.Int128](b)[j])
	case types.PUint128:
		return vector.Values[types.Uint128](a)[i].Cmp(vector.Values[types.Uint128](b)[j])
	case types.PFloat32:
		return compareFloat(float64(vector.Values[float32](a)[i]), float64(vector.Values[float32](b)[j]))
	case types.PFloat64:
		return compareFloat(vector.Values[float64](a)[i], vector.Values[float64](b)[j])
	case types.PString:
		return CompareRefs(&vector.Values[types.StringRef](a)[i], &vector.Values[types.StringRef](b)[j], a.Bufs, b.Bufs)
	case types.PInterval:
		return compareInterval(vector.Values[types.Interval](a)[i], vector.Values[types.Interval](b)[j])
	case types.PList:
		x, y := vector.Values[types.ListEntry](a)[i], vector.Values[types.ListEntry](b)[j]
		for k := range int(min(x.Length, y.Length)) {
			if c := CompareAt(a.Children[0], int(x.Offset)+k, b.Children[0], int(y.Offset)+k); c != 0 {
				return c
			}
		}
		return cmp.Compare(x.Length, y.Length)
	case types.PArray:
		size := a.Type.Ext.Size
		for k := range size {
			if c := CompareAt(a.Children[0], i*size+k, b.Children[0], j*size+k); c != 0 {
				return c
			}
		}
		return 0
	case types.PStruct:
		for k := range a.Children {
			if c := CompareAt(a.Children[k], i, b.Children[k], j); c != 0 {
				return c
			}
		}
		return 0
	}
	return 0
}

func elem[T integer](a *vector.Vector, i int, b *vector.Vector, j int) int {
	return cmp.Compare(vector.Values[T](a)[i], vector.Values[T](b)[j])
}

// compareFloat orders floats with NaN above the rest.
func compareFloat(x, y float64) int {
	xn, yn := math.IsNaN(x), math.IsNaN(y)
	switch {
	case xn && yn, x == y:
		return 0
	case yn, x < y:
		return -1
	}
	return 1
}
