package kernel

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// CopyBytes returns about the bytes that Copy of n rows of v takes, at the
// positions sel (nil: the first n): one string of a constant or a dictionary may
// stand for many in a copy. The elements of lists count by their average.
func CopyBytes(v *vector.Vector, sel []uint32, n int) int64 {
	p := v.Type.Physical()
	bytes := int64(n * p.Width())
	switch p {
	case types.PString:
		w := v.View(nil)
		refs := raw.Cast[types.StringRef](w.Data)
		for i := range n {
			at := i
			if sel != nil {
				at = int(sel[i])
			}
			if at = w.Index(at); w.Valid != nil && !w.Valid.Get(at) {
				continue
			}
			if e := refs[at]; !e.Inline() {
				bytes += int64(e.Len())
			}
		}
	case types.PList:
		w := v.View(nil)
		lists := raw.Cast[types.ListEntry](w.Data)
		elements := int64(0)
		for i := range n {
			at := i
			if sel != nil {
				at = int(sel[i])
			}
			if at = w.Index(at); w.Valid == nil || w.Valid.Get(at) {
				elements += int64(lists[at].Length)
			}
		}
		bytes += share(w.Children[0], elements)
	case types.PStruct, types.PArray:
		for _, c := range v.View(nil).Children {
			bytes += share(c, int64(n*max(c.Len, 1)/max(v.Len, 1)))
		}
	}
	return bytes
}

// share returns about the bytes of n elements of v, if they are like all.
func share(v *vector.Vector, n int64) int64 {
	if v.Len == 0 || n == 0 {
		return 0
	}
	return int64(float64(CopyBytes(v, nil, v.Len)) / float64(v.Len) * float64(n))
}
