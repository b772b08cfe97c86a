package rowfmt

import (
	"encoding/binary"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// AppendElement appends the value at position i of v as blobs keep elements: a
// byte that is 0 for NULL and 1 otherwise, then the value as AppendValue
// writes it.
func AppendElement(dst []byte, v *vector.Vector, i int) []byte { return appendElement(dst, v, i) }

// SkipElement returns what is behind the element of type t at the front of b.
func SkipElement(t types.Type, b []byte) []byte {
	if b[0] == 0 {
		return b[1:]
	}
	return SkipValue(t, b[1:])
}

// SkipValue returns what is behind the value of type t at the front of b.
func SkipValue(t types.Type, b []byte) []byte {
	n := 1
	switch p := t.Physical(); p {
	case types.PString:
		return b[4+binary.LittleEndian.Uint32(b):]
	case types.PList:
		n = int(binary.LittleEndian.Uint32(b))
		b = b[4:]
	case types.PArray:
		n = t.Ext.Size
	case types.PStruct:
	default:
		return b[p.Width():]
	}
	kids := childTypes(t)
	for range n {
		for _, k := range kids {
			b = SkipElement(k, b)
		}
	}
	return b
}

// CompareElements orders the elements of type t at the front of a and b, NULL
// first or last: -1, 0 or 1. The rests mean nothing unless it is 0.
func CompareElements(t types.Type, a, b []byte, nullsFirst bool) (c int, restA, restB []byte) {
	nullA, nullB := a[0] == 0, b[0] == 0
	a, b = a[1:], b[1:]
	switch {
	case nullA && nullB:
		return 0, a, b
	case nullA != nullB:
		if nullA == nullsFirst {
			return -1, a, b
		}
		return 1, a, b
	}
	return compareValue(t, a, b)
}
