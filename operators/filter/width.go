package filter

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// wideBytes is what the few rows of a chunk may take to be copied: copies are not
// charged.
const wideBytes = 256 << 10

// wide reports whether the rows sel of in take so much that they are passed on
// where they lie, however few they are.
func wide(in *vector.Chunk, sel []uint32) bool {
	left := int64(wideBytes)
	for _, v := range in.Cols {
		if p := v.Type.Physical(); p != types.PString && !v.Type.IsNested() || v.Form == vector.Sequence {
			continue
		}
		w := v.View(nil)
		for _, p := range sel {
			if left -= width(&w, v.Type, w.Index(int(p)), left); left < 0 {
				return true
			}
		}
	}
	return false
}

// width returns the bytes that element i of w refers to; it may stop when they are
// more than most.
func width(w *vector.View, t types.Type, i int, most int64) int64 {
	if w.Valid != nil && !w.Valid.Get(i) {
		return 0
	}
	switch t.Physical() {
	case types.PString:
		return int64(raw.Cast[types.StringRef](w.Data)[i].Len())
	case types.PList:
		e := raw.Cast[types.ListEntry](w.Data)[i]
		return elements(w.Children[0], int(e.Offset), int(e.Length), most)
	case types.PArray:
		return elements(w.Children[0], i*t.Ext.Size, t.Ext.Size, most)
	case types.PStruct:
		n := int64(0)
		for _, c := range w.Children {
			n += elements(c, i, 1, most-n)
		}
		return n
	}
	return 0
}

// elements is width for n elements of a child, with what they take themselves.
func elements(v *vector.Vector, from, n int, most int64) int64 {
	bytes := int64(n) * int64(v.Type.Physical().Width())
	if p := v.Type.Physical(); p != types.PString && !v.Type.IsNested() || v.Form == vector.Sequence {
		return bytes
	}
	if v.Form == vector.Constant && v.Len > vector.Capacity {
		return bytes // its positions share what they refer to
	}
	w := v.View(nil)
	for i := from; i < from+n && bytes <= most; i++ {
		bytes += width(&w, v.Type, w.Index(i), most-bytes)
	}
	return bytes
}
