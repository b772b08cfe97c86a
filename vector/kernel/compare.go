package kernel

import (
	"bytes"
	"math/bits"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// CompareOp is a comparison operator.
type CompareOp uint8

// The comparison operators. Distinct and NotDistinct treat NULL as a value.
const (
	Eq CompareOp = iota
	Ne
	Lt
	Le
	Gt
	Ge
	Distinct
	NotDistinct
)

// String returns the operator as SQL writes it.
func (op CompareOp) String() string {
	return [...]string{"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"}[op]
}

// Flip returns the operator with its sides exchanged.
func (op CompareOp) Flip() CompareOp {
	return [...]CompareOp{Eq, Ne, Gt, Ge, Lt, Le, Distinct, NotDistinct}[op]
}

// Negate returns the operator that is true where op is false (both NULL where
// a side is NULL).
func (op CompareOp) Negate() CompareOp {
	return [...]CompareOp{Ne, Eq, Ge, Gt, Le, Lt, NotDistinct, Distinct}[op]
}

// passes returns the outcomes of a three-way comparison under which op (one of
// the first six) holds: bit 0 less, bit 1 equal, bit 2 greater.
func (op CompareOp) passes() uint {
	return [...]uint{Eq: 2, Ne: 5, Lt: 1, Le: 3, Gt: 4, Ge: 6}[op]
}

type float interface{ float32 | float64 }

type number interface{ integer | float }

// CompareCache keeps, for one comparison of one caller, which entries of the
// last dictionary pass, and scratch memory. The zero value is ready. It must
// not serve two comparisons with different operators or constants, nor two
// goroutines.
type CompareCache struct {
	dict   DictTable
	a, b   vector.Vector
	keyA   vector.Vector
	keyB   vector.Vector
	ranks  []uint32
	nulls  []uint32
	equal  []uint32
	picked []uint32
}

// Forget drops what is known about dictionaries: for a comparison whose
// constant side has changed.
func (c *CompareCache) Forget() { c.dict.id, c.dict.known = 0, false }

// DictTable remembers for one condition which entries of the last dictionary
// fulfil it. The zero value is ready; one serves one condition and goroutine.
type DictTable struct {
	id    uint64
	seen  int // rows since id was first seen
	known bool
	pass  []uint8 // 1 a passing entry
	out   []uint32
}

// Lookup prepares for v, a dictionary vector of which n rows are asked for. It
// reports whether the table of v's dictionary is there already (known), and
// if not whether it is worth making (build): entries number less than rows, or
// than the rows of this dictionary seen so far. After build the caller selects
// among the entries and calls Set.
func (t *DictTable) Lookup(v *vector.Vector, n int) (known, build bool) {
	if v.DictID != 0 && v.DictID == t.id {
		if t.known && len(t.pass) == v.Dict.Len {
			return true, false
		}
		t.seen += n
	} else {
		t.id, t.seen = v.DictID, n
	}
	t.known = false
	return false, v.Dict.Len <= t.seen
}

// Room returns a buffer of n positions for the selection that Set takes.
func (t *DictTable) Room(n int) []uint32 {
	t.out = grown(t.out, n)
	return t.out
}

// Set stores which of the n entries pass.
func (t *DictTable) Set(n int, passing []uint32) {
	t.pass = grown(t.pass, n)
	clear(t.pass)
	for _, p := range passing {
		t.pass[p] = 1
	}
	t.known = true
}

// Select selects the rows whose entry passes.
func (t *DictTable) Select(codes, sel []uint32, n int, out []uint32) []uint32 {
	pass, k := t.pass, 0
	if sel == nil {
		for i, c := range codes[:n] {
			out[k] = uint32(i)
			k += int(pass[c])
		}
		return out[:k]
	}
	for _, p := range sel[:n] {
		out[k] = p
		k += int(pass[codes[p]])
	}
	return out[:k]
}

// SelectCompare returns the positions of (sel, n) where a op b holds, in out.
// a and b have the same type (decimals the same scale). Strings, blobs and
// bits compare as bytes, NaN equals NaN and is above every number, intervals
// compare by months, days and time after carrying (a month counts 30 days), TIMETZ as instants, lists
// element by element with NULL elements last, structs field by field. A NULL
// on either side fails, but for Distinct and NotDistinct. cache may be nil.
func SelectCompare(op CompareOp, a, b *vector.Vector, sel []uint32, n int, out []uint32, cache *CompareCache) []uint32 {
	if n == 0 {
		return out[:0]
	}
	if sel != nil {
		sel = sel[:n]
	}
	if cache == nil {
		cache = new(CompareCache)
	}
	if op >= Distinct {
		if a.MayHaveNulls() || b.MayHaveNulls() {
			return selectDistinct(op, a, b, sel, n, out, cache)
		}
		op = [...]CompareOp{Distinct: Ne, NotDistinct: Eq}[op]
	}
	if a.Form == vector.Constant && b.Form != vector.Constant {
		a, b, op = b, a, op.Flip()
	}
	if b.Form == vector.Constant {
		if b.IsNull(0) {
			return out[:0]
		}
		switch a.Form {
		case vector.Constant:
			if a.IsNull(0) || compareFlat(op, a, b, true, nil, 1, cache.room(1), cache) == 0 {
				return out[:0]
			}
			return copySel(sel, n, out)
		case vector.Dictionary:
			known, build := cache.dict.Lookup(a, n)
			if build {
				m := a.Dict.Len
				cache.dict.Set(m, selectFlat(op, a.Dict, b, true, nil, m, cache.dict.Room(m), cache))
			}
			if known || build {
				return cache.dict.Select(a.Codes, sel, n, out)
			}
		}
	}
	constant := b.Form == vector.Constant
	if a.Form == vector.Flat && (constant || b.Form == vector.Flat) {
		return selectFlat(op, a, b, constant, sel, n, out, cache)
	}
	// Rare forms: bring the selected rows together and compare those.
	fa, fb := a, b
	fa = cache.dense(&cache.a, a, sel, n)
	if !constant {
		fb = cache.dense(&cache.b, b, sel, n)
	}
	ranks := selectFlat(op, fa, fb, constant, nil, n, cache.room(n), cache)
	return unrank(ranks, sel, out)
}

// dense returns v's selected rows as a flat vector of n positions.
func (c *CompareCache) dense(tmp, v *vector.Vector, sel []uint32, n int) *vector.Vector {
	if v.Form == vector.Flat && sel == nil {
		return v
	}
	tmp.Type = v.Type
	Take(tmp, v, sel, n)
	return tmp
}

func (c *CompareCache) room(n int) []uint32 {
	c.ranks = grown(c.ranks, n)
	return c.ranks
}

// unrank turns ranks in sel into positions.
func unrank(ranks, sel, out []uint32) []uint32 {
	out = out[:len(ranks)]
	if sel == nil {
		copy(out, ranks)
		return out
	}
	for i, r := range ranks {
		out[i] = sel[r]
	}
	return out
}

func copySel(sel []uint32, n int, out []uint32) []uint32 {
	out = out[:n]
	if sel != nil {
		copy(out, sel)
		return out
	}
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

// selectFlat compares a flat a with a flat or constant b, NULLs failing.
func selectFlat(op CompareOp, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32, cache *CompareCache) []uint32 {
	out = out[:compareFlat(op, a, b, constant, sel, n, out, cache)]
	if a.Valid != nil {
		out = keepValid(a.Valid, out)
	}
	if !constant && b.Valid != nil {
		out = keepValid(b.Valid, out)
	}
	return out
}

// keepValid narrows sel, in place, to the positions whose bit is set.
func keepValid(valid vector.Bitmap, sel []uint32) []uint32 {
	k := 0
	for _, p := range sel {
		sel[k] = p
		k += int(valid[p>>6] >> (p & 63) & 1)
	}
	return sel[:k]
}

// compareFlat ignores validity and returns how many positions it wrote.
func compareFlat(op CompareOp, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32, cache *CompareCache) int {
	switch a.Type.Physical() {
	case types.PBool, types.PUint8:
		return compareInts[uint8](op, a, b, constant, sel, n, out)
	case types.PInt8:
		return compareInts[int8](op, a, b, constant, sel, n, out)
	case types.PInt16:
		return compareInts[int16](op, a, b, constant, sel, n, out)
	case types.PUint16:
		return compareInts[uint16](op, a, b, constant, sel, n, out)
	case types.PInt32:
		return compareInts[int32](op, a, b, constant, sel, n, out)
	case types.PUint32:
		return compareInts[uint32](op, a, b, constant, sel, n, out)
	case types.PInt64:
		if a.Type.ID == types.TimeTZ {
			a = timeTZKeys(&cache.keyA, a)
			b = timeTZKeys(&cache.keyB, b)
		}
		return compareInts[int64](op, a, b, constant, sel, n, out)
	case types.PUint64:
		return compareInts[uint64](op, a, b, constant, sel, n, out)
	case types.PFloat32:
		return compareFloats[float32](op, a, b, constant, sel, n, out)
	case types.PFloat64:
		return compareFloats[float64](op, a, b, constant, sel, n, out)
	case types.PInt128:
		return compare128(op, a, b, constant, sel, n, out, 1<<63)
	case types.PUint128:
		return compare128(op, a, b, constant, sel, n, out, 0)
	case types.PString:
		if op == Eq || op == Ne {
			return equalStrings(op == Eq, a, b, constant, sel, n, out)
		}
		return compareStrings(op, a, b, constant, sel, n, out)
	case types.PInterval:
		return compareIntervals(op, a, b, constant, sel, n, out)
	}
	return compareNested(op, a, b, constant, sel, n, out)
}

func compareInts[T integer](op CompareOp, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32) int {
	x, y := vector.Values[T](a), vector.Values[T](b)
	if constant {
		return selConst(op, x, y[0], sel, n, out)
	}
	return selPair(op, x, y, sel, n, out)
}

func compareFloats[T float](op CompareOp, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32) int {
	x, y := vector.Values[T](a), vector.Values[T](b)
	if !constant {
		return selFloat(op, x, y, sel, n, out)
	}
	if y[0] == y[0] {
		return selConst(op, x, y[0], sel, n, out)
	}
	switch op { // against NaN, of which x != x tells
	case Eq, Ge:
		return selPair(Ne, x, x, sel, n, out)
	case Ne, Lt:
		return selPair(Eq, x, x, sel, n, out)
	case Le:
		return len(copySel(sel, n, out))
	}
	return 0
}

// timeTZKeys returns keys of TIMETZ values that order as their instants, the
// zone breaking ties.
func timeTZKeys(tmp, v *vector.Vector) *vector.Vector {
	tmp.Type = types.Of(types.BigInt)
	src := vector.Values[int64](v)
	tmp.Resize(len(src))
	out := vector.Values[int64](tmp)[:len(src)]
	for i, x := range src {
		out[i] = types.TimeTZKey(x)
	}
	return tmp
}

// rank3 turns a three-way comparison into a shift: 0 less, 1 equal, 2 greater.
func rank3(less, greater bool) uint {
	r := uint(1)
	if less {
		r = 0
	}
	if greater {
		r = 2
	}
	return r
}

// compare128 compares 128-bit integers whose upper halves differ from the
// order of unsigned numbers in the bits of flip.
func compare128(op CompareOp, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32, flip uint64) int {
	x, y := vector.Values[types.Uint128](a), vector.Values[types.Uint128](b)
	pass := op.passes()
	c := y[0]
	k := 0
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		u := x[p]
		if !constant {
			c = y[p]
		}
		out[k] = uint32(p)
		_, lt := bits.Sub64(u.Lo, c.Lo, 0)
		_, lt = bits.Sub64(u.Hi^flip, c.Hi^flip, lt)
		_, gt := bits.Sub64(c.Lo, u.Lo, 0)
		_, gt = bits.Sub64(c.Hi^flip, u.Hi^flip, gt)
		k += int(pass >> (1 + gt - lt) & 1)
	}
	return k
}

func compareIntervals(op CompareOp, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32) int {
	x, y := vector.Values[types.Interval](a), vector.Values[types.Interval](b)
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
		k += int(pass >> (1 + uint(compareInterval(x[p], y[q]))) & 1)
	}
	return k
}

func compareInterval(a, b types.Interval) int {
	am, ar := intervalKey(a)
	bm, br := intervalKey(b)
	if am != bm {
		return int(rank3(am < bm, am > bm)) - 1
	}
	return int(rank3(ar < br, ar > br)) - 1
}

func equalStrings(want bool, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32) int {
	x, y := vector.Values[types.StringRef](a), vector.Values[types.StringRef](b)
	k := 0
	c := y[0]
	if constant && c.Inline() {
		if sel == nil {
			for i, r := range x[:n] {
				out[k] = uint32(i)
				if ((r.Lo^c.Lo)|(r.Hi^c.Hi) == 0) == want {
					k++
				}
			}
			return k
		}
		for _, p := range sel {
			r := x[p]
			out[k] = p
			if ((r.Lo^c.Lo)|(r.Hi^c.Hi) == 0) == want {
				k++
			}
		}
		return k
	}
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		r, s := &x[p], &c
		if !constant {
			s = &y[p]
		}
		out[k] = uint32(p)
		if EqualRefs(r, s, a.Bufs, b.Bufs) == want {
			k++
		}
	}
	return k
}

// EqualRefs reports whether two string references stand for the same bytes.
func EqualRefs(r, s *types.StringRef, rb, sb [][]byte) bool {
	if r.Lo != s.Lo { // length and prefix
		return false
	}
	if r.Inline() {
		return r.Hi == s.Hi
	}
	return bytes.Equal(vector.Str(r, rb), vector.Str(s, sb))
}

// CompareRefs orders two strings by their bytes: -1, 0 or 1.
func CompareRefs(r, s *types.StringRef, rb, sb [][]byte) int {
	if p, q := bits.ReverseBytes32(r.Prefix()), bits.ReverseBytes32(s.Prefix()); p != q {
		if p < q {
			return -1
		}
		return 1
	}
	return bytes.Compare(vector.Str(r, rb), vector.Str(s, sb))
}

func compareStrings(op CompareOp, a, b *vector.Vector, constant bool, sel []uint32, n int, out []uint32) int {
	x, y := vector.Values[types.StringRef](a), vector.Values[types.StringRef](b)
	pass := op.passes()
	k := 0
	s := &y[0]
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		r := &x[p]
		if !constant {
			s = &y[p]
		}
		out[k] = uint32(p)
		u, w := bits.ReverseBytes32(r.Prefix()), bits.ReverseBytes32(s.Prefix())
		var cmp uint
		if u != w {
			cmp = rank3(u < w, u > w)
		} else {
			cmp = uint(1 + bytes.Compare(vector.Str(r, a.Bufs), vector.Str(s, b.Bufs)))
		}
		k += int(pass >> cmp & 1)
	}
	return k
}

// selectDistinct selects by IS (NOT) DISTINCT FROM when NULLs may occur.
func selectDistinct(op CompareOp, a, b *vector.Vector, sel []uint32, n int, out []uint32, cache *CompareCache) []uint32 {
	cache.nulls = grown(cache.nulls, n)
	both := SelectNull(b, sel, n, cache.nulls)
	both = SelectNull(a, both, len(both), both)
	if len(both) == 0 {
		both = nil
	}
	cache.equal = grown(cache.equal, n)
	equal := SelectCompare(Eq, a, b, sel, n, cache.equal, cache)
	if len(both) > 0 {
		equal = Union(equal, both, cache.room(len(equal)+len(both)))
	}
	if op == NotDistinct {
		return copySel(equal, len(equal), out)
	}
	return Difference(sel, n, equal, out)
}

// Compare computes a op b as booleans: out becomes flat of size positions,
// meaningful at those of (sel, n), NULL where a side is (never for Distinct
// and NotDistinct). cache may be nil.
func Compare(op CompareOp, a, b *vector.Vector, sel []uint32, n, size int, out *vector.Vector, cache *CompareCache) {
	if cache == nil {
		cache = new(CompareCache)
	}
	cache.picked = grown(cache.picked, n)
	out.Resize(size)
	FromSelection(SelectCompare(op, a, b, sel, n, cache.picked, cache), out)
	if op < Distinct {
		PropagateNulls(out, a, sel, n)
		PropagateNulls(out, b, sel, n)
	}
}
