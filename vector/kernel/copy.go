package kernel

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

func cast[T any](b []byte) []T { return raw.Cast[T](b) }

// Copy writes src's values at sel (0 to n-1 when nil; repeats and any order
// are allowed) to positions dstPos to dstPos+n-1 of dst, which is flat and owns
// its buffers, and grows when it is shorter. Everything is copied, string
// bytes into dst's own heap and list elements to the end of dst's child, so
// that dst depends on nobody. Positions overwritten leave their old bytes
// behind: it is meant for appending. dst may be longer than vector.Capacity.
func Copy(dst *vector.Vector, dstPos int, src *vector.Vector, sel []uint32, n int) {
	if n == 0 {
		return
	}
	if dst.Len < dstPos+n {
		dst.Grow(dstPos + n - dst.Len)
	}
	if sel != nil {
		sel = sel[:n]
	}
	switch src.Form {
	case vector.Flat:
		copyElems(dst, dstPos, src, sel, n)
	case vector.Dictionary:
		var buf [vector.Capacity]uint32
		for off := 0; off < n; off += len(buf) {
			m := min(n-off, len(buf))
			if sel != nil {
				gather32(buf[:m], src.Codes, sel[off:off+m])
			} else {
				copy(buf[:m], src.Codes[off:])
			}
			copyElems(dst, dstPos+off, src.Dict, buf[:m], m)
		}
	case vector.Constant:
		var buf [vector.Capacity]uint32 // element 0, again and again
		for off := 0; off < n; off += len(buf) {
			m := min(n-off, len(buf))
			copyElems(dst, dstPos+off, src, buf[:m], m)
		}
	case vector.Sequence:
		out := vector.Values[int64](dst)[dstPos : dstPos+n]
		for i := range out {
			p := i
			if sel != nil {
				p = int(sel[i])
			}
			out[i] = src.Start + int64(p)*src.Step
		}
		setValid(dst, dstPos, nil, nil, n)
	}
}

// copyElems copies n elements idx of src (flat, or constant with idx all zero).
func copyElems(dst *vector.Vector, at int, src *vector.Vector, idx []uint32, n int) {
	p := src.Type.Physical()
	setValid(dst, at, src.Valid, idx, n)
	switch p {
	case types.PString:
		copyStrings(dst, at, src, idx, n)
	case types.PList:
		copyLists(dst, at, src, idx, n)
	case types.PStruct:
		for k, c := range src.Children {
			Copy(dst.Children[k], at, c, idx, n)
		}
	case types.PArray:
		size := src.Type.Ext.Size
		Copy(dst.Children[0], at*size, src.Children[0], expand(idx, n, size), n*size)
	default:
		moveData(dst.Data[at*p.Width():], src, idx, n)
	}
}

// setValid writes the validity of positions at to at+n-1 of dst.
func setValid(dst *vector.Vector, at int, valid vector.Bitmap, idx []uint32, n int) {
	if valid == nil {
		if dst.Valid == nil {
			return
		}
		for i := at; i < at+n; i++ {
			dst.Valid.Set(i)
		}
		return
	}
	out := dst.MutableValid()
	for i := range n {
		e := i
		if idx != nil {
			e = int(idx[i])
		}
		p := at + i
		bit := valid[e>>6] >> (uint(e) & 63) & 1
		out[p>>6] = out[p>>6]&^(1<<(uint(p)&63)) | bit<<(uint(p)&63)
	}
}

func copyStrings(dst *vector.Vector, at int, src *vector.Vector, idx []uint32, n int) {
	from := vector.Values[types.StringRef](src)
	to := vector.Values[types.StringRef](dst)[at : at+n]
	valid := src.Valid
	for i := range to {
		e := i
		if idx != nil {
			e = int(idx[i])
		}
		r := &from[e]
		switch {
		case valid != nil && !valid.Get(e):
			to[i] = types.StringRef{}
		case r.Inline():
			to[i] = *r
		default:
			to[i] = dst.AddString(vector.Str(r, src.Bufs))
		}
	}
}

func copyLists(dst *vector.Vector, at int, src *vector.Vector, idx []uint32, n int) {
	from := vector.Values[types.ListEntry](src)
	to := vector.Values[types.ListEntry](dst)[at : at+n]
	child := dst.Children[0]
	var buf [256]uint32
	filled := 0
	end := child.Len // where the elements collected in buf go
	for i := range to {
		e := i
		if idx != nil {
			e = int(idx[i])
		}
		if src.Valid != nil && !src.Valid.Get(e) {
			to[i] = types.ListEntry{}
			continue
		}
		ent := from[e]
		to[i] = types.ListEntry{Offset: uint32(end + filled), Length: ent.Length}
		for k := range ent.Length {
			buf[filled] = ent.Offset + k
			if filled++; filled == len(buf) {
				Copy(child, end, src.Children[0], buf[:], filled)
				end, filled = end+filled, 0
			}
		}
	}
	Copy(child, end, src.Children[0], buf[:], filled)
}
