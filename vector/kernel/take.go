package kernel

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Take makes dst a flat vector of n positions that hold src's values at sel
// (0 to n-1 when nil; repeats and any order are allowed). String bytes are
// shared with src, and so are list elements: dst depends on src's owner. dst
// must have src's type and buffers that nobody else uses.
func Take(dst, src *vector.Vector, sel []uint32, n int) {
	if sel != nil {
		sel = sel[:n]
	}
	switch src.Form {
	case vector.Constant:
		dst.Resize(n)
		fillConstant(dst, src, n)
	case vector.Dictionary:
		idx := dst.OwnCodes(n)
		gather32(idx, src.Codes, sel)
		takeElems(dst, src.Dict, idx, n)
	case vector.Sequence:
		dst.Resize(n)
		out := vector.Values[int64](dst)
		if sel == nil {
			x := src.Start
			for i := range out {
				out[i] = x
				x += src.Step
			}
			return
		}
		out = out[:len(sel)]
		for i, p := range sel {
			out[i] = src.Start + int64(p)*src.Step
		}
	default:
		takeElems(dst, src, sel, n)
	}
}

// takeElems makes dst the n elements idx of the flat vector src (the first n
// when idx is nil).
func takeElems(dst, src *vector.Vector, idx []uint32, n int) {
	dst.Resize(n)
	moveData(dst.Data, src, idx, n)
	takeValid(dst, src.Valid, idx, n)
	switch src.Type.Physical() {
	case types.PString:
		dst.Bufs = src.Bufs
	case types.PList:
		dst.Children[0].Reference(src.Children[0])
	case types.PStruct:
		for k, c := range src.Children {
			Take(dst.Children[k], c, idx, n)
		}
	case types.PArray:
		size := src.Type.Ext.Size
		Take(dst.Children[0], src.Children[0], expand(idx, n, size), n*size)
	}
}

// moveData gathers the elements idx of src (the first n when nil) into data.
func moveData(data []byte, src *vector.Vector, idx []uint32, n int) {
	w := src.Type.Physical().Width()
	if idx == nil {
		copy(data[:n*w], src.Data)
		return
	}
	idx = idx[:n]
	switch w {
	case 1:
		gather(cast[uint8](data), cast[uint8](src.Data), idx)
	case 2:
		gather(cast[uint16](data), cast[uint16](src.Data), idx)
	case 4:
		gather(cast[uint32](data), cast[uint32](src.Data), idx)
	case 8:
		gather(cast[uint64](data), cast[uint64](src.Data), idx)
	case 16:
		gather(cast[types.StringRef](data), cast[types.StringRef](src.Data), idx)
	}
}

func gather[T any](dst, src []T, idx []uint32) {
	dst = dst[:len(idx)]
	for i, e := range idx {
		dst[i] = src[e]
	}
}

// takeValid sets dst's bitmap to the bits idx of valid; nil stays nil.
func takeValid(dst *vector.Vector, valid vector.Bitmap, idx []uint32, n int) {
	if valid == nil || n == 0 {
		return
	}
	out := dst.MutableValid()
	if idx == nil {
		copy(out, valid)
		return
	}
	idx = idx[:n]
	for len(idx) >= 64 {
		w := uint64(0)
		for i, e := range idx[:64] {
			w |= valid[e>>6] >> (e & 63) & 1 << uint(i)
		}
		out[0] = w
		out, idx = out[1:], idx[64:]
	}
	if len(idx) > 0 {
		w := uint64(0)
		for i, e := range idx {
			w |= valid[e>>6] >> (e & 63) & 1 << uint(i)
		}
		out[0] = w
	}
}

// expand returns the child positions of the array values idx.
func expand(idx []uint32, n, size int) []uint32 {
	if idx == nil {
		return nil
	}
	out := make([]uint32, 0, n*size)
	for _, e := range idx[:n] {
		for k := range size {
			out = append(out, e*uint32(size)+uint32(k))
		}
	}
	return out
}

// fillConstant fills the flat dst of n positions with the constant src.
func fillConstant(dst, src *vector.Vector, n int) {
	if n == 0 {
		return
	}
	if src.IsNull(0) {
		clear(dst.MutableValid())
		clear(dst.Data)
		return
	}
	switch src.Type.Physical().Width() {
	case 1:
		fill(cast[uint8](dst.Data), cast[uint8](src.Data))
	case 2:
		fill(cast[uint16](dst.Data), cast[uint16](src.Data))
	case 4:
		fill(cast[uint32](dst.Data), cast[uint32](src.Data))
	case 8:
		fill(cast[uint64](dst.Data), cast[uint64](src.Data))
	case 16:
		fill(cast[types.StringRef](dst.Data), cast[types.StringRef](src.Data))
	}
	switch src.Type.Physical() {
	case types.PString:
		dst.Bufs = src.Bufs
	case types.PList:
		dst.Children[0].Reference(src.Children[0])
	case types.PStruct, types.PArray:
		for k, c := range src.Children {
			takeRepeated(dst, k, c, n)
		}
	}
}

// takeRepeated repeats the one struct or array in src n times in child k.
func takeRepeated(dst *vector.Vector, k int, src *vector.Vector, n int) {
	size := 1
	if dst.Type.Physical() == types.PArray {
		size = dst.Type.Ext.Size
	}
	idx := make([]uint32, n*size)
	for i := range idx {
		idx[i] = uint32(i % size)
	}
	Take(dst.Children[k], src, idx, n*size)
}

func fill[T any](dst, one []T) {
	x := one[0]
	for i := range dst {
		dst[i] = x
	}
}

// Compact makes dst hold the selected rows of src without a selection: flat
// columns are gathered, dictionary columns keep their dictionary, constants
// are referenced. Nothing is copied when all rows are selected. Buffers of
// variable length are shared with src.
func Compact(dst, src *vector.Chunk) {
	if src.Sel == nil {
		dst.Reference(src)
		return
	}
	n := len(src.Sel)
	for i, v := range src.Cols {
		CompactVector(dst.Cols[i], v, src.Sel, n)
	}
	dst.Len, dst.Sel = n, nil
}

// CompactVector is Compact for one vector.
func CompactVector(dst, src *vector.Vector, sel []uint32, n int) {
	switch src.Form {
	case vector.Constant:
		dst.Reference(src)
		dst.Len = n
	case vector.Dictionary:
		codes := dst.OwnCodes(n)
		gather32(codes, src.Codes, sel)
		dst.SetDictionary(src.Dict, codes, src.DictID)
	default:
		Take(dst, src, sel, n)
	}
}
