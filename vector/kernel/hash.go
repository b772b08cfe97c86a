package kernel

import (
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Multipliers of the hash functions: odd constants without visible structure
// (the finalizer of SplitMix64, Steele, Lea and Flood, OOPSLA 2014; and the
// golden ratio).
const (
	mulA   = 0xbf58476d1ce4e5b9
	mulB   = 0x94d049bb133111eb
	golden = 0x9e3779b97f4a7c15
)

// nullHash is the hash of NULL of any type.
const nullHash = 0x7c3a1f0e5d2b9684

// HashCache keeps, for one column of one caller, the hashes of the last
// dictionary and scratch memory. The zero value is ready.
type HashCache struct {
	dictID uint64
	seed   uint64
	seen   int // rows since dictID was first seen
	table  []uint64
	dense  []uint64
	idx    []uint32
	nested []hashScratch // one a nesting level
}

type hashScratch struct {
	idx []uint32
	sub []uint64
}

// Hash computes hashes[p] for the n positions p of (sel, n): 64 bits, every
// one of which depends on all bits of the value. Equal values
// hash alike whatever their vector's form; integers and decimals of different
// widths hash alike when their sign-extended payloads are equal, FLOAT and
// DOUBLE when equal as DOUBLE; -0 hashes as 0, every NaN alike, NULL to a
// constant. With combine the value is mixed into hashes[p], in which the
// hashes of earlier columns are: the order of columns matters.
//
// cache may be nil. hashes is indexed by position, not by rank in sel.
func Hash(v *vector.Vector, n int, sel []uint32, seed uint64, hashes []uint64, combine bool, cache *HashCache) {
	if n == 0 {
		return
	}
	if cache == nil {
		cache = new(HashCache)
	}
	if sel != nil {
		sel = sel[:n]
	}
	switch v.Form {
	case vector.Constant:
		var one [1]uint64
		cache.elems(v, nil, 0, seed, one[:], 0)
		spread(one[0], n, sel, hashes, combine)
		return
	case vector.Dictionary:
		if t := cache.dictionary(v, n, seed); t != nil {
			hashCodes(t, v.Codes, n, sel, hashes, combine)
			return
		}
		cache.idx = grown(cache.idx, n)
		gather32(cache.idx, v.Codes, sel)
		out := cache.target(n, sel, hashes, combine)
		cache.elems(v.Dict, cache.idx[:n], 0, seed, out, 0)
		settle(out, n, sel, hashes, combine)
		return
	case vector.Sequence:
		out := cache.target(n, sel, hashes, combine)
		seed := seedOf(seed)
		if sel == nil {
			x := v.Start
			for i := range out {
				out[i] = hash64(uint64(x) ^ seed)
				x += v.Step
			}
		} else {
			for i, p := range sel {
				out[i] = hash64(uint64(v.Start+int64(p)*v.Step) ^ seed)
			}
		}
		settle(out, n, sel, hashes, combine)
		return
	}
	out := cache.target(n, sel, hashes, combine)
	cache.elems(v, sel, 0, seed, out, 0)
	settle(out, n, sel, hashes, combine)
}

// HashValue returns the hash that Hash gives a single value: for tests, and to
// look constants up among hashed rows.
func HashValue(val types.Value, seed uint64) uint64 {
	v := vector.New(val.Type)
	v.SetConstant(val, 1)
	var h [1]uint64
	Hash(v, 1, nil, seed, h[:], false, nil)
	return h[0]
}

// Combine mixes hash b, of a later column, into a.
func Combine(a, b uint64) uint64 { return bits.RotateLeft64(a, 23)*golden ^ b }

// dictionary returns the hashes of v's entries when they are worth having:
// there are fewer than rows, or than rows seen of this dictionary so far.
func (c *HashCache) dictionary(v *vector.Vector, n int, seed uint64) []uint64 {
	if v.DictID != 0 && v.DictID == c.dictID && seed == c.seed {
		if len(c.table) == v.Dict.Len && v.Dict.Len > 0 {
			return c.table
		}
		c.seen += n
	} else {
		c.dictID, c.seed, c.seen = v.DictID, seed, n
		c.table = c.table[:0]
	}
	if v.Dict.Len > c.seen {
		return nil
	}
	c.table = grown(c.table, v.Dict.Len)
	for off := 0; off < v.Dict.Len; off += vector.Capacity {
		c.elems(v.Dict, nil, off, seed, c.table[off:min(off+vector.Capacity, v.Dict.Len)], 0)
	}
	return c.table
}

// target returns where dense hashes go: straight into hashes when position
// and rank agree.
func (c *HashCache) target(n int, sel []uint32, hashes []uint64, combine bool) []uint64 {
	if sel == nil && !combine {
		return hashes[:n]
	}
	c.dense = grown(c.dense, n)
	return c.dense
}

// settle brings dense hashes to their positions.
func settle(out []uint64, n int, sel []uint32, hashes []uint64, combine bool) {
	switch {
	case sel == nil && combine:
		hashes = hashes[:n]
		out = out[:len(hashes)]
		for i, h := range hashes {
			hashes[i] = bits.RotateLeft64(h, 23)*golden ^ out[i]
		}
	case combine:
		out = out[:len(sel)]
		for i, p := range sel {
			hashes[p] = bits.RotateLeft64(hashes[p], 23)*golden ^ out[i]
		}
	case sel != nil:
		out = out[:len(sel)]
		for i, p := range sel {
			hashes[p] = out[i]
		}
	}
}

func spread(h uint64, n int, sel []uint32, hashes []uint64, combine bool) {
	switch {
	case sel == nil && combine:
		for i, x := range hashes[:n] {
			hashes[i] = bits.RotateLeft64(x, 23)*golden ^ h
		}
	case combine:
		for _, p := range sel {
			hashes[p] = bits.RotateLeft64(hashes[p], 23)*golden ^ h
		}
	case sel == nil:
		for i := range hashes[:n] {
			hashes[i] = h
		}
	default:
		for _, p := range sel {
			hashes[p] = h
		}
	}
}

func hashCodes(table []uint64, codes []uint32, n int, sel []uint32, hashes []uint64, combine bool) {
	switch {
	case sel == nil && combine:
		hashes = hashes[:n]
		codes = codes[:len(hashes)]
		for i, h := range hashes {
			hashes[i] = bits.RotateLeft64(h, 23)*golden ^ table[codes[i]]
		}
	case combine:
		for _, p := range sel {
			hashes[p] = bits.RotateLeft64(hashes[p], 23)*golden ^ table[codes[p]]
		}
	case sel == nil:
		hashes = hashes[:n]
		codes = codes[:len(hashes)]
		for i := range hashes {
			hashes[i] = table[codes[i]]
		}
	default:
		for _, p := range sel {
			hashes[p] = table[codes[p]]
		}
	}
}

// elems writes to out the hashes of elements idx[i] (off+i when idx is nil) of
// v, which is flat, or constant with element 0 asked for.
func (c *HashCache) elems(v *vector.Vector, idx []uint32, off int, seed uint64, out []uint64, level int) {
	s := seedOf(seed)
	switch v.Type.Physical() {
	case types.PBool, types.PUint8:
		hashInts[uint8](v, idx, off, s, out)
	case types.PInt8:
		hashInts[int8](v, idx, off, s, out)
	case types.PInt16:
		hashInts[int16](v, idx, off, s, out)
	case types.PUint16:
		hashInts[uint16](v, idx, off, s, out)
	case types.PInt32:
		hashInts[int32](v, idx, off, s, out)
	case types.PUint32:
		hashInts[uint32](v, idx, off, s, out)
	case types.PInt64, types.PUint64:
		hashInts[int64](v, idx, off, s, out)
	case types.PInt128, types.PUint128:
		hash128s(v, idx, off, s, out)
	case types.PFloat32:
		hashFloats[float32](v, idx, off, s, out)
	case types.PFloat64:
		hashFloats[float64](v, idx, off, s, out)
	case types.PString:
		hashStrings(v, idx, off, seed, out)
	case types.PInterval:
		hashIntervals(v, idx, off, s, out)
	default:
		c.hashNested(v, idx, off, seed, out, level)
	}
	nullHashes(v.Valid, idx, off, out)
}

func nullHashes(valid vector.Bitmap, idx []uint32, off int, out []uint64) {
	if valid == nil {
		return
	}
	if idx != nil {
		for i, e := range idx[:len(out)] {
			if !valid.Get(int(e)) {
				out[i] = nullHash
			}
		}
		return
	}
	for i := range out {
		if !valid.Get(off + i) {
			out[i] = nullHash
		}
	}
}

// seedOf spreads a seed, so that seeds 0 and 1 differ in all bits.
func seedOf(seed uint64) uint64 { return (seed + golden) * mulA }

// hash64 is a permutation of 64 bits in which every bit of the result depends
// on every bit of x.
func hash64(x uint64) uint64 {
	x = (x ^ x>>32) * mulA
	x = (x ^ x>>29) * mulB
	return x ^ x>>32
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func hashInts[T integer](v *vector.Vector, idx []uint32, off int, seed uint64, out []uint64) {
	x := vector.Values[T](v)
	if idx != nil {
		idx = idx[:len(out)]
		for i, e := range idx {
			out[i] = hash64(uint64(int64(x[e])) ^ seed)
		}
		return
	}
	x = x[off:][:len(out)]
	for i, a := range x {
		out[i] = hash64(uint64(int64(a)) ^ seed)
	}
}

// hash128 agrees with the hash of 64 bits for values that fit them: what
// differs is the deviation of the upper half from the sign of the lower.
func hash128(x types.Int128, seed uint64) uint64 {
	d := uint64(x.Hi ^ int64(x.Lo)>>63)
	return hash64(x.Lo ^ hash64(d) ^ seed)
}

func hash128s(v *vector.Vector, idx []uint32, off int, seed uint64, out []uint64) {
	x := vector.Values[types.Int128](v)
	if idx != nil {
		for i, e := range idx[:len(out)] {
			out[i] = hash128(x[e], seed)
		}
		return
	}
	for i, a := range x[off:][:len(out)] {
		out[i] = hash128(a, seed)
	}
}

func hashFloat(f float64, seed uint64) uint64 {
	b := math.Float64bits(f + 0) // -0 + 0 is 0
	if f != f {
		b = 0x7ff8000000000000
	}
	return hash64(b ^ seed)
}

func hashFloats[T float32 | float64](v *vector.Vector, idx []uint32, off int, seed uint64, out []uint64) {
	x := vector.Values[T](v)
	if idx != nil {
		for i, e := range idx[:len(out)] {
			out[i] = hashFloat(float64(x[e]), seed)
		}
		return
	}
	x = x[off:][:len(out)]
	for i, a := range x {
		out[i] = hashFloat(float64(a), seed)
	}
}

// hashInline hashes a reference of at most 12 bytes by its two words, which
// hold nothing but the length and the zero-padded bytes.
func hashInline(r types.StringRef, s1, s2 uint64) uint64 {
	hi, lo := bits.Mul64(r.Lo^s1, r.Hi^s2)
	return hash64(hi ^ lo ^ s1)
}

func hashStrings(v *vector.Vector, idx []uint32, off int, seed uint64, out []uint64) {
	x := vector.Values[types.StringRef](v)
	s1 := seedOf(seed)
	s2 := seedOf(s1) | 1
	if idx != nil {
		for i, e := range idx[:len(out)] {
			if r := &x[e]; r.Inline() {
				out[i] = hashInline(*r, s1, s2)
			} else {
				out[i] = xxh3.HashSeed(vector.Str(r, v.Bufs), s1)
			}
		}
		return
	}
	x = x[off:][:len(out)]
	for i := range x {
		if r := &x[i]; r.Inline() {
			out[i] = hashInline(*r, s1, s2)
		} else {
			out[i] = xxh3.HashSeed(vector.Str(r, v.Bufs), s1)
		}
	}
}

// HashBytes returns the hash that Hash gives the string b.
func HashBytes(b []byte, seed uint64) uint64 {
	s1 := seedOf(seed)
	if len(b) <= types.MaxInline {
		return hashInline(types.InlineRef(b), s1, seedOf(s1)|1)
	}
	return xxh3.HashSeed(b, s1)
}

func hashIntervals(v *vector.Vector, idx []uint32, off int, seed uint64, out []uint64) {
	x := vector.Values[types.Interval](v)
	for i := range out {
		e := off + i
		if idx != nil {
			e = int(idx[i])
		}
		months, rest := intervalKey(x[e])
		out[i] = hash64(uint64(rest) ^ hash64(uint64(months)^seed))
	}
}

// intervalKey orders intervals by their normal form (types.Interval.Normalize).
func intervalKey(x types.Interval) (months, rest int64) {
	months, days, micros := x.Normalize()
	return months, days*(2*types.MicrosPerDay) + micros
}

// hashNested hashes lists, maps, arrays and structs from the hashes of their
// children.
func (c *HashCache) hashNested(v *vector.Vector, idx []uint32, off int, seed uint64, out []uint64, level int) {
	for len(c.nested) <= level {
		c.nested = append(c.nested, hashScratch{})
	}
	c.nested[level].sub = grown(c.nested[level].sub, vector.Capacity)
	c.nested[level].idx = grown(c.nested[level].idx, vector.Capacity)
	sub, pos := c.nested[level].sub, c.nested[level].idx
	s := seedOf(seed)
	if v.Type.Physical() == types.PStruct {
		for i := range out {
			out[i] = hash64(s)
		}
		for lo := 0; lo < len(out); lo += vector.Capacity {
			part := out[lo:min(lo+vector.Capacity, len(out))]
			for i := range part {
				if pos[i] = uint32(off + lo + i); idx != nil {
					pos[i] = idx[lo+i]
				}
			}
			for _, f := range v.Children {
				c.positions(f, pos[:len(part)], seed, sub[:len(part)], level+1)
				for i, h := range sub[:len(part)] {
					part[i] = Combine(part[i], h)
				}
			}
		}
		return
	}
	// Lists and arrays: the elements of consecutive values are hashed together.
	var entries []types.ListEntry
	size := 0
	if v.Type.Physical() == types.PList {
		entries = vector.Values[types.ListEntry](v)
	} else {
		size = v.Type.Ext.Size
	}
	child := v.Children[0]
	filled := 0
	first := 0 // first value with elements in pos
	at := func(i int) (from, n int) {
		e := off + i
		if idx != nil {
			e = int(idx[i])
		}
		if v.Valid != nil && !v.Valid.Get(e) {
			return 0, 0
		}
		if entries == nil {
			return e * size, size
		}
		return int(entries[e].Offset), int(entries[e].Length)
	}
	done := 0 // elements of value first that were combined before
	flush := func() {
		c.positions(child, pos[:filled], seed, sub[:filled], level+1)
		k := 0
		for k < filled {
			_, n := at(first)
			for ; done < n && k < filled; done++ {
				out[first] = Combine(out[first], sub[k])
				k++
			}
			if done == n {
				first, done = first+1, 0
			}
		}
		filled = 0
	}
	for i := range out {
		from, n := at(i)
		out[i] = hash64(s ^ uint64(n))
		for k := range n {
			pos[filled] = uint32(from + k)
			if filled++; filled == len(pos) {
				flush()
			}
		}
	}
	flush()
}

// positions hashes positions (not elements) of a child vector of any form.
func (c *HashCache) positions(v *vector.Vector, pos []uint32, seed uint64, out []uint64, level int) {
	switch v.Form {
	case vector.Flat:
		c.elems(v, pos, 0, seed, out, level)
	case vector.Constant:
		if len(out) > 0 {
			c.elems(v, nil, 0, seed, out[:1], level)
			for i := range out {
				out[i] = out[0]
			}
		}
	case vector.Dictionary:
		for len(c.nested) <= level {
			c.nested = append(c.nested, hashScratch{})
		}
		// A level of its own: this one's buffers belong to the caller's child.
		idx := make([]uint32, len(pos))
		gather32(idx, v.Codes, pos)
		c.elems(v.Dict, idx, 0, seed, out, level)
	case vector.Sequence:
		s := seedOf(seed)
		for i, p := range pos {
			out[i] = hash64(uint64(v.Start+int64(p)*v.Step) ^ s)
		}
	}
}

// gather32 sets dst[i] = src[sel[i]], or src[i] when sel is nil.
func gather32(dst, src, sel []uint32) {
	if sel == nil {
		copy(dst, src)
		return
	}
	dst = dst[:len(sel)]
	for i, p := range sel {
		dst[i] = src[p]
	}
}

// grown returns s with length n, in new memory when it is too short; its
// contents are unspecified.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, min(vector.Capacity, 2*n)))
	}
	return s[:n]
}
