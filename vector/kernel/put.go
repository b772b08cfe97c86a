package kernel

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Put writes src's values at the positions of (sel, n) to the same positions
// of dst, which is flat, long enough and owns its buffers; the rest of dst
// stays. It assembles a vector from parts. String bytes stay where they are
// (dst then depends on src's owner); list elements are copied.
func Put(dst, src *vector.Vector, sel []uint32, n int) {
	if n == 0 {
		return
	}
	if sel != nil {
		sel = sel[:n]
	}
	switch src.Form {
	case vector.Constant:
		putElems(dst, src, sel, nil, true, n)
	case vector.Dictionary:
		putElems(dst, src.Dict, sel, src.Codes, false, n)
	case vector.Sequence:
		out := vector.Values[int64](dst)
		for i := range n {
			p := i
			if sel != nil {
				p = int(sel[i])
			}
			out[p] = src.Start + int64(p)*src.Step
		}
		putValid(dst, nil, sel, nil, false, n)
	default:
		putElems(dst, src, sel, nil, false, n)
	}
}

// putElems writes to position p of dst element codes[p] of src, element p when
// codes is nil, element 0 when constant.
func putElems(dst, src *vector.Vector, sel, codes []uint32, constant bool, n int) {
	putValid(dst, src.Valid, sel, codes, constant, n)
	switch src.Type.Physical() {
	case types.PString:
		base := uint64(dst.ShareBufs(src.Bufs))
		to, from := vector.Values[types.StringRef](dst), vector.Values[types.StringRef](src)
		for i := range n {
			p, e := place(i, sel, codes, constant)
			r := from[e]
			if !r.Inline() {
				r.Hi += base // the buffer's index is in the low half
			}
			to[p] = r
		}
		return
	case types.PList:
		child := dst.Children[0]
		to, from := vector.Values[types.ListEntry](dst), vector.Values[types.ListEntry](src)
		var pos []uint32
		for i := range n {
			p, e := place(i, sel, codes, constant)
			if src.Valid != nil && !src.Valid.Get(e) {
				to[p] = types.ListEntry{}
				continue
			}
			ent := from[e]
			to[p] = types.ListEntry{Offset: uint32(child.Len + len(pos)), Length: ent.Length}
			for k := range ent.Length {
				pos = append(pos, ent.Offset+k)
			}
		}
		Copy(child, child.Len, src.Children[0], pos, len(pos))
		return
	case types.PStruct, types.PArray:
		putNested(dst, src, sel, codes, constant, n)
		return
	}
	switch src.Type.Physical().Width() {
	case 1:
		put(cast[uint8](dst.Data), cast[uint8](src.Data), sel, codes, constant, n)
	case 2:
		put(cast[uint16](dst.Data), cast[uint16](src.Data), sel, codes, constant, n)
	case 4:
		put(cast[uint32](dst.Data), cast[uint32](src.Data), sel, codes, constant, n)
	case 8:
		put(cast[uint64](dst.Data), cast[uint64](src.Data), sel, codes, constant, n)
	case 16:
		put(cast[types.StringRef](dst.Data), cast[types.StringRef](src.Data), sel, codes, constant, n)
	}
}

// place returns the position that the i-th row is written to and the element
// it comes from.
func place(i int, sel, codes []uint32, constant bool) (p, e int) {
	p = i
	if sel != nil {
		p = int(sel[i])
	}
	switch {
	case constant:
		return p, 0
	case codes != nil:
		return p, int(codes[p])
	}
	return p, p
}

func put[T any](dst, src []T, sel, codes []uint32, constant bool, n int) {
	switch {
	case constant && sel == nil:
		fill(dst[:n], src)
	case constant:
		x := src[0]
		for _, p := range sel {
			dst[p] = x
		}
	case codes != nil && sel == nil:
		gather(dst[:n], src, codes[:n])
	case codes != nil:
		for _, p := range sel {
			dst[p] = src[codes[p]]
		}
	case sel == nil:
		copy(dst[:n], src)
	default:
		for _, p := range sel {
			dst[p] = src[p]
		}
	}
}

// putNested brings the children's values to the positions of dst's children,
// by way of a vector in which position and element agree.
func putNested(dst, src *vector.Vector, sel, codes []uint32, constant bool, n int) {
	size := 1
	if src.Type.Physical() == types.PArray {
		size = src.Type.Ext.Size
	}
	from := make([]uint32, dst.Len*size)
	to := make([]uint32, 0, n*size)
	for i := range n {
		p, e := place(i, sel, codes, constant)
		for k := range size {
			from[p*size+k] = uint32(e*size + k)
			to = append(to, uint32(p*size+k))
		}
	}
	for k, c := range src.Children {
		moved := vector.New(c.Type)
		if c.Form == vector.Flat {
			// A dictionary without ID: a view through from.
			moved.SetDictionary(c, from, 0)
			if c.Len == 0 {
				continue
			}
		} else {
			Take(moved, c, from, len(from))
		}
		Put(dst.Children[k], moved, to, len(to))
	}
}

func putValid(dst *vector.Vector, valid vector.Bitmap, sel, codes []uint32, constant bool, n int) {
	if valid == nil || constant && valid.Get(0) {
		if dst.Valid == nil {
			return
		}
		out := dst.MutableValid()
		for i := range n {
			p := i
			if sel != nil {
				p = int(sel[i])
			}
			out.Set(p)
		}
		return
	}
	out := dst.MutableValid()
	switch {
	case constant && sel == nil:
		clear(out[:n>>6])
		if r := uint(n) & 63; r != 0 {
			out[n>>6] &^= 1<<r - 1
		}
		return
	case constant:
		for _, p := range sel {
			out[p>>6] &^= 1 << (p & 63)
		}
		return
	case codes == nil && sel != nil:
		for _, p := range sel {
			bit := valid[p>>6] >> (p & 63) & 1
			out[p>>6] = out[p>>6]&^(1<<(p&63)) | bit<<(p&63)
		}
		return
	}
	for i := range n {
		p, e := place(i, sel, codes, constant)
		bit := valid[e>>6] >> (uint(e) & 63) & 1
		out[p>>6] = out[p>>6]&^(1<<(uint(p)&63)) | bit<<(uint(p)&63)
	}
}
