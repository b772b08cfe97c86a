package sortkey

import (
	"math"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Key is one ORDER BY item over a column of the input.
type Key struct {
	Col        int
	Desc       bool
	NullsFirst bool
}

// A key takes one to three words. Seen as one number, its first bit tells NULL
// (0 comes first), the value follows, the highest bit first:
//
//	up to 32 bits    1 word   null, 31 zeros, 32 bits
//	64 bits          2 words  null, 64 bits
//	  compact        1 word   null, 63 bits; see compact.go
//	128 bits         3 words  null, 128 bits; intervals as months and rest
//	strings          2 words  null, 14 bytes (zero padded), 15 bits length,
//	                          longString for all longer strings
//	nested           2 words  as strings, of the text that nested.go tells
//
// Integers have their sign bit flipped, floats are ordered as IEEE 754 total
// order with one zero and one NaN at the end. Values of descending keys are
// inverted; a NULL's value is zero.
const (
	prefixBytes = 14
	lengthMask  = 1<<15 - 1
	longString  = prefixBytes + 1
)

const microsPerDay = 24 * 60 * 60 * 1_000_000

// Encoder encodes one key as Words words, of which First is the index of the
// first among those of all keys. It is not changed after NewEncoders.
type Encoder struct {
	Key
	typ     types.Type
	Words   int
	First   int
	compact bool // an integer of 64 bits in one word
}

// NewEncoders plans the words of keys over columns of the given types, and
// returns how many words there are. Errors: 0A000 for types without an order.
func NewEncoders(ts []types.Type, keys []Key) ([]Encoder, int, error) {
	return newEncoders(ts, keys, false)
}

// newEncoders is NewEncoders; compact: integers of 64 bits take one word.
func newEncoders(ts []types.Type, keys []Key, compact bool) ([]Encoder, int, error) {
	var out []Encoder
	n := 0
	for _, k := range keys {
		e := Encoder{Key: k, typ: ts[k.Col], First: n}
		switch e.typ.Physical() {
		case types.PBool, types.PInt8, types.PInt16, types.PInt32, types.PUint8, types.PUint16, types.PUint32, types.PFloat32:
			e.Words = 1
		case types.PInt64, types.PUint64, types.PFloat64, types.PString, types.PList, types.PArray, types.PStruct:
			e.Words = 2
		case types.PInt128, types.PUint128, types.PInterval:
			e.Words = 3
		default:
			return nil, 0, sqlerr.New(sqlerr.CodeUnsupported, "ordering by a %s is not supported", e.typ)
		}
		if p := e.typ.Physical(); compact && (p == types.PInt64 || p == types.PUint64) && e.typ.ID != types.TimeTZ {
			e.Words, e.compact = 1, true
		}
		n += e.Words
		out = append(out, e)
	}
	return out, n, nil
}

// HasLong reports whether equal words may stand for different values: strings,
// nested ones and integers in compact keys.
func (e *Encoder) HasLong() bool { return e.compact || e.HasText() || isNested(e.typ) }

// Long reports whether w, the last word of such a key, stands for more values
// than one.
func (e *Encoder) Long(w uint64) bool {
	if e.compact {
		return e.clamped(w)
	}
	if e.Desc {
		w = ^w
	}
	return w&lengthMask == longString
}

// Encode writes the words of v at positions sel (nil: 0 to n-1) to words,
// indexed by position.
func (e *Encoder) Encode(v *vector.Vector, sel []uint32, n int, words [][]uint64, tmp *vector.Vector) {
	words = words[e.First : e.First+e.Words]
	if isNested(e.typ) {
		e.encodeNested(v, sel, n, words)
		return
	}
	w := v.View(tmp)
	if e.compact {
		e.encodeCompact(raw.Cast[uint64](w.Data), &w, sel, n, words[0])
		return
	}
	switch e.typ.Physical() {
	case types.PBool, types.PUint8:
		encode32(e, raw.Cast[uint8](w.Data), &w, sel, n, words[0], 0)
	case types.PUint16:
		encode32(e, raw.Cast[uint16](w.Data), &w, sel, n, words[0], 0)
	case types.PUint32:
		encode32(e, raw.Cast[uint32](w.Data), &w, sel, n, words[0], 0)
	case types.PInt8:
		encode32(e, raw.Cast[int8](w.Data), &w, sel, n, words[0], 1<<31)
	case types.PInt16:
		encode32(e, raw.Cast[int16](w.Data), &w, sel, n, words[0], 1<<31)
	case types.PInt32:
		encode32(e, raw.Cast[int32](w.Data), &w, sel, n, words[0], 1<<31)
	case types.PInt64:
		e.encode64(raw.Cast[uint64](w.Data), &w, sel, n, words, 1<<63)
	case types.PUint64:
		e.encode64(raw.Cast[uint64](w.Data), &w, sel, n, words, 0)
	case types.PFloat32, types.PFloat64:
		e.encodeFloats(&w, sel, n, words)
	case types.PInt128:
		e.encode128(raw.Cast[types.Uint128](w.Data), &w, sel, n, words, 1<<63)
	case types.PUint128:
		e.encode128(raw.Cast[types.Uint128](w.Data), &w, sel, n, words, 0)
	case types.PInterval:
		e.encodeIntervals(&w, sel, n, words)
	case types.PString:
		e.encodeStrings(&w, sel, n, words)
	}
}

// nullBits returns the first bit of a value and that of NULL.
func (e *Encoder) nullBits() (value, null uint64) {
	if e.NullsFirst {
		return 1 << 63, 0
	}
	return 0, 1 << 63
}

func (e *Encoder) flip() uint64 {
	if e.Desc {
		return ^uint64(0)
	}
	return 0
}

func at(sel []uint32, i int) int {
	if sel != nil {
		return int(sel[i])
	}
	return i
}

func encode32[T ~int8 | ~int16 | ~int32 | ~uint8 | ~uint16 | ~uint32](e *Encoder, vals []T, w *vector.View, sel []uint32, n int, out []uint64, sign uint32) {
	value, null := e.nullBits()
	flip := uint32(e.flip())
	for i := range n {
		p := at(sel, i)
		k := w.Index(p)
		if w.Valid != nil && !w.Valid.Get(k) {
			out[p] = null
			continue
		}
		out[p] = value | uint64((uint32(vals[k])^sign)^flip)
	}
}

// put64 stores a null bit and 64 bits.
func put64(words [][]uint64, p int, bit, x uint64) {
	words[0][p] = bit | x>>1
	words[1][p] = x << 63
}

func (e *Encoder) encode64(vals []uint64, w *vector.View, sel []uint32, n int, words [][]uint64, sign uint64) {
	value, null := e.nullBits()
	flip := e.flip() ^ sign
	if e.typ.ID == types.TimeTZ {
		for i := range n {
			p := at(sel, i)
			k := w.Index(p)
			if w.Valid != nil && !w.Valid.Get(k) {
				put64(words, p, null, 0)
				continue
			}
			put64(words, p, value, instant(vals[k])^flip)
		}
		return
	}
	for i := range n {
		p := at(sel, i)
		k := w.Index(p)
		if w.Valid != nil && !w.Valid.Get(k) {
			put64(words, p, null, 0)
			continue
		}
		put64(words, p, value, vals[k]^flip)
	}
}

// instant turns a TIMETZ into a number that orders by instant, then by zone;
// see the layout of the type.
func instant(x uint64) uint64 { return x + x&(1<<24-1)*types.MicrosPerSecond<<24 }

// put128 stores a null bit and 128 bits.
func put128(words [][]uint64, p int, bit, hi, lo uint64) {
	words[0][p] = bit | hi>>1
	words[1][p] = hi<<63 | lo>>1
	words[2][p] = lo << 63
}

func (e *Encoder) encode128(vals []types.Uint128, w *vector.View, sel []uint32, n int, words [][]uint64, sign uint64) {
	value, null := e.nullBits()
	flip := e.flip()
	for i := range n {
		p := at(sel, i)
		k := w.Index(p)
		if w.Valid != nil && !w.Valid.Get(k) {
			put128(words, p, null, 0, 0)
			continue
		}
		put128(words, p, value, vals[k].Hi^sign^flip, vals[k].Lo^flip)
	}
}

func (e *Encoder) encodeIntervals(w *vector.View, sel []uint32, n int, words [][]uint64) {
	value, null := e.nullBits()
	flip := e.flip()
	vals := raw.Cast[types.Interval](w.Data)
	for i := range n {
		p := at(sel, i)
		k := w.Index(p)
		if w.Valid != nil && !w.Valid.Get(k) {
			put128(words, p, null, 0, 0)
			continue
		}
		months, rest := intervalParts(vals[k])
		put128(words, p, value, months^flip, rest^flip)
	}
}

// intervalParts are the two numbers by which intervals are ordered.
func intervalParts(v types.Interval) (months, rest uint64) {
	m, days, micros := v.Normalize()
	r := days*(2*microsPerDay) + micros // each part keeps its sign
	return uint64(m) ^ 1<<63, uint64(r) ^ 1<<63
}

func (e *Encoder) encodeFloats(w *vector.View, sel []uint32, n int, words [][]uint64) {
	value, null := e.nullBits()
	flip := e.flip()
	f32, f64 := raw.Cast[float32](w.Data), raw.Cast[float64](w.Data)
	single := e.Words == 1
	for i := range n {
		p := at(sel, i)
		k := w.Index(p)
		if w.Valid != nil && !w.Valid.Get(k) {
			if words[0][p] = null; !single {
				words[1][p] = 0
			}
			continue
		}
		if single {
			words[0][p] = value | uint64(float32Bits(f32[k])^uint32(flip))
			continue
		}
		put64(words, p, value, floatBits(f64[k])^flip)
	}
}

// float32Bits is floatBits for single precision.
func float32Bits(f float32) uint32 {
	switch {
	case f != f:
		return ^uint32(0)
	case f == 0:
		return 1 << 31
	}
	b := math.Float32bits(f)
	if b>>31 != 0 {
		return ^b
	}
	return b | 1<<31
}

// floatBits maps floats to unsigned integers in order.
func floatBits(f float64) uint64 {
	switch {
	case f != f:
		return ^uint64(0)
	case f == 0:
		return 1 << 63
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func (e *Encoder) encodeStrings(w *vector.View, sel []uint32, n int, words [][]uint64) {
	value, null := e.nullBits()
	flip := e.flip()
	refs := raw.Cast[types.StringRef](w.Data)
	for i := range n {
		p := at(sel, i)
		k := w.Index(p)
		if w.Valid != nil && !w.Valid.Get(k) {
			words[0][p], words[1][p] = null, 0
			continue
		}
		hi, lo := textWords(vector.Str(&refs[k], w.Bufs))
		words[0][p] = value | (hi^flip)>>1
		words[1][p] = (hi<<63 | lo) ^ flip
	}
}
