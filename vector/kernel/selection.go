package kernel

import (
	"github.com/gannetdb/gannet/vector"
)

// SelectTrue returns the positions of (sel, n) where the BOOLEAN vector v is
// true (neither false nor NULL), in out.
func SelectTrue(v *vector.Vector, sel []uint32, n int, out []uint32) []uint32 {
	return selectBool(v, sel, n, out, 1)
}

// SelectFalse returns the positions where v is false.
func SelectFalse(v *vector.Vector, sel []uint32, n int, out []uint32) []uint32 {
	return selectBool(v, sel, n, out, 0)
}

func selectBool(v *vector.Vector, sel []uint32, n int, out []uint32, want uint8) []uint32 {
	if n == 0 {
		return out[:0]
	}
	flip := 1 ^ want
	switch v.Form {
	case vector.Constant:
		if v.IsNull(0) || v.Data[0]&1 != want {
			return out[:0]
		}
		return copySel(sel, n, out)
	case vector.Dictionary:
		data, k := v.Dict.Data, 0
		for i := range n {
			p := i
			if sel != nil {
				p = int(sel[i])
			}
			c := v.Codes[p]
			out[k] = uint32(p)
			if b := data[c]&1 ^ flip; v.Dict.Valid == nil || v.Dict.Valid.Get(int(c)) {
				k += int(b)
			}
		}
		return out[:k]
	}
	k := 0
	if sel == nil {
		for i, b := range v.Data[:n] {
			out[k] = uint32(i)
			k += int(b&1 ^ flip)
		}
	} else {
		data := v.Data
		for _, p := range sel[:n] {
			out[k] = p
			k += int(data[p]&1 ^ flip)
		}
	}
	if v.Valid != nil {
		return keepValid(v.Valid, out[:k])
	}
	return out[:k]
}

// SelectNull returns the positions of (sel, n) where v is NULL, in out.
func SelectNull(v *vector.Vector, sel []uint32, n int, out []uint32) []uint32 {
	return selectNull(v, sel, n, out, 1)
}

// SelectValid returns the positions of (sel, n) where v is not NULL, in out.
func SelectValid(v *vector.Vector, sel []uint32, n int, out []uint32) []uint32 {
	return selectNull(v, sel, n, out, 0)
}

func selectNull(v *vector.Vector, sel []uint32, n int, out []uint32, null uint64) []uint32 {
	if !v.MayHaveNulls() {
		if null == 1 {
			return out[:0]
		}
		return copySel(sel, n, out)
	}
	k := 0
	switch v.Form {
	case vector.Constant:
		if v.IsNull(0) != (null == 1) {
			return out[:0]
		}
		return copySel(sel, n, out)
	case vector.Dictionary:
		valid := v.Dict.Valid
		for i := range n {
			p := i
			if sel != nil {
				p = int(sel[i])
			}
			c := v.Codes[p]
			out[k] = uint32(p)
			k += int(valid[c>>6]>>(c&63)&1 ^ null)
		}
		return out[:k]
	}
	valid := v.Valid
	if sel == nil {
		for i := range uint32(n) {
			out[k] = i
			k += int(valid[i>>6]>>(i&63)&1 ^ null)
		}
		return out[:k]
	}
	for _, p := range sel[:n] {
		out[k] = p
		k += int(valid[p>>6]>>(p&63)&1 ^ null)
	}
	return out[:k]
}

// Union merges two selections into out, which has room for both and shares
// memory with neither.
func Union(a, b, out []uint32) []uint32 {
	k, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		p, q := a[i], b[j]
		out[k] = min(p, q)
		k++
		if p <= q {
			i++
		}
		if q <= p {
			j++
		}
	}
	k += copy(out[k:], a[i:])
	k += copy(out[k:], b[j:])
	return out[:k]
}

// Difference returns the positions of (sel, n) that are not in remove, in out;
// out may be sel's memory but not remove's.
func Difference(sel []uint32, n int, remove, out []uint32) []uint32 {
	k, j := 0, 0
	for i := range n {
		p := uint32(i)
		if sel != nil {
			p = sel[i]
		}
		for j < len(remove) && remove[j] < p {
			j++
		}
		out[k] = p
		if j >= len(remove) || remove[j] != p {
			k++
		}
	}
	return out[:k]
}

// FromSelection sets the flat BOOLEAN vector out to true at the positions of
// sel and false elsewhere.
func FromSelection(sel []uint32, out *vector.Vector) {
	data := out.Data
	clear(data)
	for _, p := range sel {
		data[p] = 1
	}
}

// PropagateNulls makes the flat vector out NULL where arg is NULL, beside the
// NULLs it has, at the positions of (sel, n) at least. out owns its buffers
// and is no longer than arg.
func PropagateNulls(out, arg *vector.Vector, sel []uint32, n int) {
	if !arg.MayHaveNulls() || out.Len == 0 {
		return
	}
	switch arg.Form {
	case vector.Constant:
		if arg.IsNull(0) {
			clear(out.MutableValid())
		}
	case vector.Dictionary:
		valid, dst := arg.Dict.Valid, out.MutableValid()
		codes := arg.Codes
		if sel == nil {
			for i, c := range codes[:n] {
				dst[i>>6] &^= (valid[c>>6]>>(c&63)&1 ^ 1) << (uint(i) & 63)
			}
			return
		}
		for _, p := range sel[:n] {
			c := codes[p]
			dst[p>>6] &^= (valid[c>>6]>>(c&63)&1 ^ 1) << (p & 63)
		}
	default:
		fresh := out.Valid == nil
		dst := out.MutableValid()
		src := arg.Valid[:len(dst)]
		if fresh {
			copy(dst, src)
			return
		}
		for i, w := range src {
			dst[i] &= w
		}
	}
}
