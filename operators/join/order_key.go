package join

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Range is an inequality that the pairs of a join fulfil: Probe Op Build.
type Range struct {
	Probe, Build int              // columns of the two sides, of the same type
	Op           kernel.CompareOp // Lt, Le, Gt or Ge
	// Known says that a NULL on either side makes the inequality false rather
	// than unknown, which is a difference for Mark and NullAnti only.
	Known bool
}

// CanRange reports whether values of type t can be compared by a Range.
func CanRange(t types.Type) bool {
	switch t.Physical() {
	case types.PBool, types.PInt8, types.PInt16, types.PInt32, types.PInt64, types.PInt128,
		types.PUint8, types.PUint16, types.PUint32, types.PUint64, types.PUint128,
		types.PFloat32, types.PFloat64, types.PString, types.PInterval:
		return true
	}
	return false
}

// orderKey gives the values of a column words that ascend with them, or
// descend. NULLs have any word.
type orderKey struct {
	probe, build int // columns of the chunks
	at           int // column of the build row
	typ          types.Type
	phys         types.Physical
	invert       uint64 // all ones when larger values have smaller words
	exact        bool   // different values have different words
	equal        bool   // equal values fulfil the inequality
	known        bool
}

func newOrderKey(r Range, t types.Type, desc bool) orderKey {
	k := orderKey{probe: r.Probe, build: r.Build, typ: t, phys: t.Physical(), known: r.Known}
	if desc {
		k.invert = math.MaxUint64
	}
	k.equal = r.Op == kernel.Le || r.Op == kernel.Ge
	switch k.phys {
	case types.PInt128, types.PUint128, types.PInterval, types.PString:
	default:
		k.exact = true
	}
	return k
}

const signBit = 1 << 63

// words writes the words of v at positions sel (nil: 0 to n-1) to out, by
// position.
func (k *orderKey) words(v *vector.Vector, sel []uint32, n int, out []uint64, tmp *vector.Vector) {
	w := v.View(tmp)
	switch k.phys {
	case types.PBool, types.PUint8:
		intWords(raw.Cast[uint8](w.Data), w.Sel, sel, n, out, k.invert)
	case types.PUint16:
		intWords(raw.Cast[uint16](w.Data), w.Sel, sel, n, out, k.invert)
	case types.PUint32:
		intWords(raw.Cast[uint32](w.Data), w.Sel, sel, n, out, k.invert)
	case types.PUint64:
		intWords(raw.Cast[uint64](w.Data), w.Sel, sel, n, out, k.invert)
	case types.PInt8:
		intWords(raw.Cast[int8](w.Data), w.Sel, sel, n, out, k.invert^signBit)
	case types.PInt16:
		intWords(raw.Cast[int16](w.Data), w.Sel, sel, n, out, k.invert^signBit)
	case types.PInt32:
		intWords(raw.Cast[int32](w.Data), w.Sel, sel, n, out, k.invert^signBit)
	case types.PInt64:
		if k.typ.ID == types.TimeTZ {
			timeTZWords(raw.Cast[int64](w.Data), w.Sel, sel, n, out, k.invert)
			return
		}
		intWords(raw.Cast[int64](w.Data), w.Sel, sel, n, out, k.invert^signBit)
	case types.PFloat32:
		floatWords(raw.Cast[float32](w.Data), w.Sel, sel, n, out, k.invert)
	case types.PFloat64:
		floatWords(raw.Cast[float64](w.Data), w.Sel, sel, n, out, k.invert)
	default:
		k.otherWords(&w, sel, n, out)
	}
}

// place returns where the value of the i-th of the positions sel lies, and the
// position.
func place(at, sel []uint32, i int) (value, pos int) {
	pos = i
	if sel != nil {
		pos = int(sel[i])
	}
	value = pos
	if at != nil {
		value = int(at[pos])
	}
	return value, pos
}

func intWords[T integer](vals []T, at, sel []uint32, n int, out []uint64, flip uint64) {
	if at == nil && sel == nil {
		out = out[:n]
		for i, x := range vals[:n] {
			out[i] = uint64(int64(x)) ^ flip
		}
		return
	}
	for i := range n {
		e, p := place(at, sel, i)
		out[p] = uint64(int64(vals[e])) ^ flip
	}
}

func timeTZWords(vals []int64, at, sel []uint32, n int, out []uint64, flip uint64) {
	for i := range n {
		e, p := place(at, sel, i)
		out[p] = uint64(types.TimeTZKey(vals[e])) ^ signBit ^ flip
	}
}

func floatWords[T float32 | float64](vals []T, at, sel []uint32, n int, out []uint64, flip uint64) {
	for i := range n {
		e, p := place(at, sel, i)
		out[p] = floatWord(float64(vals[e])) ^ flip
	}
}

// floatWord maps floats to unsigned integers in order, NaN above all.
func floatWord(f float64) uint64 {
	switch {
	case f != f:
		return math.MaxUint64
	case f == 0:
		return signBit
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | signBit
}

// otherWords is words for the types whose values may share a word.
func (k *orderKey) otherWords(w *vector.View, sel []uint32, n int, out []uint64) {
	switch k.phys {
	case types.PInt128, types.PUint128:
		vals, sign := raw.Cast[types.Uint128](w.Data), k.sign()
		for i := range n {
			e, p := place(w.Sel, sel, i)
			out[p] = vals[e].Hi ^ sign ^ k.invert
		}
	case types.PInterval:
		vals := raw.Cast[types.Interval](w.Data)
		for i := range n {
			e, p := place(w.Sel, sel, i)
			if w.Valid == nil || w.Valid.Get(e) {
				months, _, _ := vals[e].Normalize()
				out[p] = uint64(months) ^ signBit ^ k.invert
			}
		}
	case types.PString:
		refs := raw.Cast[types.StringRef](w.Data)
		for i := range n {
			e, p := place(w.Sel, sel, i)
			if w.Valid == nil || w.Valid.Get(e) {
				out[p] = stringWord(vector.Str(&refs[e], w.Bufs), 0) ^ k.invert
			}
		}
	}
}

// sign is what makes the upper half of a 128-bit integer order as unsigned.
func (k *orderKey) sign() uint64 {
	if k.phys == types.PInt128 {
		return signBit
	}
	return 0
}

// stringWord is the eight bytes of s from 8·depth on, zero padded.
func stringWord(s []byte, depth int) uint64 {
	from := 8 * depth
	if len(s) >= from+8 {
		return binary.BigEndian.Uint64(s[from:])
	}
	var b [8]byte
	if len(s) > from {
		copy(b[:], s[from:])
	}
	return binary.BigEndian.Uint64(b[:])
}

// restOf is what orders values of the same word: low, then str.
type restOf struct {
	low uint64
	str []byte
}

// rowRest returns the rest of the value of a build row.
func (k *orderKey) rowRest(row raw.Addr, off uintptr, bufs [][]byte) restOf {
	switch k.phys {
	case types.PInt128, types.PUint128:
		return restOf{low: raw.At[types.Uint128](row, off).Lo ^ k.invert}
	case types.PInterval:
		return restOf{low: k.intervalRest(*raw.At[types.Interval](row, off))}
	case types.PString:
		return restOf{str: vector.Str(raw.At[types.StringRef](row, off), bufs)}
	}
	return restOf{}
}

// viewRest returns the rest of the value at position p, which is not NULL.
func (k *orderKey) viewRest(w *vector.View, p int) restOf {
	e := w.Index(p)
	switch k.phys {
	case types.PInt128, types.PUint128:
		return restOf{low: raw.Cast[types.Uint128](w.Data)[e].Lo ^ k.invert}
	case types.PInterval:
		return restOf{low: k.intervalRest(raw.Cast[types.Interval](w.Data)[e])}
	case types.PString:
		return restOf{str: vector.Str(&raw.Cast[types.StringRef](w.Data)[e], w.Bufs)}
	}
	return restOf{}
}

func (k *orderKey) intervalRest(iv types.Interval) uint64 {
	_, days, micros := iv.Normalize()
	return uint64(days*types.MicrosPerDay+micros) ^ k.invert
}

// compare orders two rests in the order of the words.
func (k *orderKey) compare(a, b restOf) int {
	switch {
	case a.low < b.low:
		return -1
	case a.low > b.low:
		return 1
	}
	c := bytes.Compare(a.str, b.str)
	if k.invert != 0 {
		return -c
	}
	return c
}
