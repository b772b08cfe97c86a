package kernel

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Set is a set of constants to look values up in: the list of an IN. It is
// immutable and may be shared by workers, each with a SetCache.
type Set struct {
	values *vector.Vector // flat, distinct, not NULL
	hashes []uint64       // of values
	slots  []int32        // open addressing by the low bits: 1 + index, 0 empty
	exact  bool           // equal hashes mean equal values
}

// SetCache is the memory of one use of a Set by one worker. The zero value is
// ready.
type SetCache struct {
	dict   DictTable
	hash   HashCache
	hashes []uint64
}

// NewSet returns the set of the given values of type t; NULLs among them are
// left out.
func NewSet(t types.Type, values []types.Value) *Set {
	all := vector.New(t)
	all.Resize(0)
	for _, x := range values {
		if !x.IsNull {
			all.Grow(1)
			all.SetValue(all.Len-1, x)
		}
	}
	s := &Set{values: vector.New(t)}
	s.values.Resize(0)
	size := 8
	for size < 2*all.Len {
		size *= 2
	}
	s.slots = make([]int32, size)
	hashes := make([]uint64, all.Len)
	Hash(all, all.Len, nil, 0, hashes, false, nil)
	for i, h := range hashes {
		slot := h & uint64(size-1)
		for ; s.slots[slot] != 0; slot = (slot + 1) & uint64(size-1) {
			k := int(s.slots[slot]) - 1
			if s.hashes[k] == h && CompareAt(s.values, k, all, i) == 0 {
				break
			}
		}
		if s.slots[slot] == 0 {
			Copy(s.values, s.values.Len, all, []uint32{uint32(i)}, 1)
			s.hashes = append(s.hashes, h)
			s.slots[slot] = int32(s.values.Len)
		}
	}
	switch t.Physical() {
	case types.PInt128, types.PUint128, types.PString, types.PInterval, types.PList, types.PArray, types.PStruct:
	default:
		s.exact = true // the hash of 64 bits is a permutation of them
	}
	return s
}

// Len returns the number of distinct values.
func (s *Set) Len() int { return s.values.Len }

// Select returns the positions of (sel, n) whose value is in s, in out. NULL is
// in no set. v has the set's type.
func (s *Set) Select(v *vector.Vector, sel []uint32, n int, out []uint32, cache *SetCache) []uint32 {
	if n == 0 || s.values.Len == 0 {
		return out[:0]
	}
	switch v.Form {
	case vector.Constant:
		one := [1]uint32{}
		if len(s.lookup(v, nil, 1, one[:], cache)) == 0 {
			return out[:0]
		}
		return copySel(sel, n, out)
	case vector.Dictionary:
		known, build := cache.dict.Lookup(v, n)
		if build {
			m := v.Dict.Len
			cache.dict.Set(m, s.lookup(v.Dict, nil, m, cache.dict.Room(m), cache))
		}
		if known || build {
			return cache.dict.Select(v.Codes, sel, n, out)
		}
	}
	return s.lookup(v, sel, n, out, cache)
}

func (s *Set) lookup(v *vector.Vector, sel []uint32, n int, out []uint32, cache *SetCache) []uint32 {
	size := n
	if sel != nil {
		sel = sel[:n]
		size = int(sel[n-1]) + 1
	}
	cache.hashes = grown(cache.hashes, size)
	hashes := cache.hashes
	Hash(v, n, sel, 0, hashes, false, &cache.hash)
	nulls := v.MayHaveNulls()
	mask := uint64(len(s.slots) - 1)
	k := 0
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		h := hashes[p]
		for slot := h & mask; s.slots[slot] != 0; slot = (slot + 1) & mask {
			e := int(s.slots[slot]) - 1
			if s.hashes[e] != h {
				continue
			}
			if nulls && v.IsNull(p) {
				break
			}
			if s.exact || CompareAt(v, p, s.values, e) == 0 {
				out[k] = uint32(p)
				k++
				break
			}
		}
	}
	return out[:k]
}
