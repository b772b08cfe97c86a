package sortkey

import (
	"encoding/binary"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// Rows on disk need no words: these are up to a quarter of a row, and most are looked
// at once more, when they are merged. WordOf tells them from the columns.

// NewSortRows lays out rows of the columns ts with the words of compact keys behind
// all columns, as states, which PutWords sets. Errors: 54011 for rows that are too
// wide.
func NewSortRows(ts []types.Type, keys []Key) (*Rows, error) {
	r := &Rows{}
	enc, n, err := newEncoders(ts, keys, true)
	if err != nil {
		return nil, err
	}
	r.Keys = enc
	states := make([]rowfmt.State, n)
	for i := range states {
		states[i].Size = 8
	}
	if r.Layout, err = rowfmt.NewLayout(ts, rowfmt.Options{States: states}); err != nil {
		return nil, err
	}
	for i := range states {
		r.Words = append(r.Words, r.Layout.StateOffset(i))
	}
	for i := range enc {
		if isNested(enc[i].typ) {
			r.Stored = r.Layout
			return r, nil
		}
	}
	r.Stored, err = rowfmt.NewLayout(ts, rowfmt.Options{})
	return r, err
}

// PutWords sets the words of rows to those at positions sel (nil: 0, 1, ...) of words.
func (r *Rows) PutWords(rows []raw.Addr, sel []uint32, words [][]uint64) {
	for i, off := range r.Words {
		w := words[i]
		if sel == nil {
			w = w[:len(rows)]
			for k, a := range rows {
				*raw.At[uint64](a, off) = w[k]
			}
			continue
		}
		for k, a := range rows {
			*raw.At[uint64](a, off) = w[sel[k]]
		}
	}
}

// WordOf returns word i of key k, which is not nested, of the row at a, laid out as
// Layout or as Stored; bufs resolves its references.
func (r *Rows) WordOf(k, i int, a raw.Addr, bufs [][]byte) uint64 {
	e := &r.Keys[k]
	value, null := e.nullBits()
	if byt, bit := r.Layout.ValidBit(e.Col); *raw.At[uint8](a, byt)>>bit&1 == 0 {
		if i > 0 {
			return 0
		}
		return null
	}
	off := r.Layout.ColOffset(e.Col)
	flip := e.flip()
	const sign = 1 << 31
	switch e.typ.Physical() {
	case types.PBool, types.PUint8:
		return value | uint64(uint32(*raw.At[uint8](a, off))^uint32(flip))
	case types.PUint16:
		return value | uint64(uint32(*raw.At[uint16](a, off))^uint32(flip))
	case types.PUint32:
		return value | uint64(*raw.At[uint32](a, off)^uint32(flip))
	case types.PInt8:
		return value | uint64(uint32(*raw.At[int8](a, off))^sign^uint32(flip))
	case types.PInt16:
		return value | uint64(uint32(*raw.At[int16](a, off))^sign^uint32(flip))
	case types.PInt32:
		return value | uint64(*raw.At[uint32](a, off)^sign^uint32(flip))
	case types.PFloat32:
		return value | uint64(float32Bits(*raw.At[float32](a, off))^uint32(flip))
	case types.PFloat64:
		return word64(i, value, floatBits(*raw.At[float64](a, off))^flip)
	case types.PInt64, types.PUint64:
		x := *raw.At[uint64](a, off)
		if e.compact {
			return value | e.clamp(x)
		}
		return word64(i, value, instant(x)^1<<63^flip) // TIMETZ
	case types.PInt128, types.PUint128:
		x := *raw.At[types.Uint128](a, off)
		if e.typ.Physical() == types.PInt128 {
			x.Hi ^= 1 << 63
		}
		return word128(i, value, x.Hi^flip, x.Lo^flip)
	case types.PInterval:
		months, rest := intervalParts(*raw.At[types.Interval](a, off))
		return word128(i, value, months^flip, rest^flip)
	}
	s := vector.Str(raw.At[types.StringRef](a, off), bufs)
	hi, lo := textWords(s)
	if i == 0 {
		return value | (hi^flip)>>1
	}
	return (hi<<63 | lo) ^ flip
}

// word64 is word i of put64.
func word64(i int, bit, x uint64) uint64 {
	if i == 0 {
		return bit | x>>1
	}
	return x << 63
}

// word128 is word i of put128.
func word128(i int, bit, hi, lo uint64) uint64 {
	switch i {
	case 0:
		return bit | hi>>1
	case 1:
		return hi<<63 | lo>>1
	}
	return lo << 63
}

// textWords returns the first eight bytes of s, zero padded, and six more with its
// length below.
func textWords(s []byte) (hi, lo uint64) {
	if len(s) >= 16 {
		return binary.BigEndian.Uint64(s), binary.BigEndian.Uint64(s[8:])>>16<<15 | longString
	}
	var buf [16]byte
	copy(buf[:prefixBytes], s)
	hi = binary.BigEndian.Uint64(buf[:8])
	lo = binary.BigEndian.Uint64(buf[8:]) >> 16 // six bytes
	return hi, lo<<15 | min(uint64(len(s)), longString)
}
