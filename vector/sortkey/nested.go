package sortkey

import (
	"encoding/binary"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// The words of a nested value hold the first bytes of a text of it that
// compares as the values do, byte by byte, and of which none is the beginning
// of another:
//
//	element    1 and the value, or 2 for NULL, which comes last
//	list, map  its elements, then 0: the shorter list first
//	array      its elements
//	struct     its fields, each an element
//	string     its bytes, a zero byte as 0 1, then 0 0
//	others     their bits as of a plain key, the highest byte first
//
// So zero padding cannot make two texts equal that are not, and one that fits
// into the words decides by itself. Values with longer texts that agree there
// are compared as rows keep them (rowfmt.CompareValues).
const (
	endMark  = 0
	someMark = 1
	nullMark = 2
)

// isNested reports whether rows keep values of t as blobs.
func isNested(t types.Type) bool {
	switch t.Physical() {
	case types.PList, types.PArray, types.PStruct:
		return true
	}
	return false
}

func (e *Encoder) encodeNested(v *vector.Vector, sel []uint32, n int, words [][]uint64) {
	value, null := e.nullBits()
	flip := e.flip()
	var text [prefixBytes + maxPiece]byte
	var buf [16]byte
	for i := range n {
		p := at(sel, i)
		if v.IsNull(p) {
			words[0][p], words[1][p] = null, 0
			continue
		}
		s := appendText(text[:0], v, p)
		buf = [16]byte{}
		copy(buf[:prefixBytes], s)
		hi := binary.BigEndian.Uint64(buf[:8])
		lo := binary.BigEndian.Uint64(buf[8:]) >> 16
		length := min(uint64(len(s)), longString)
		words[0][p] = value | (hi^flip)>>1
		words[1][p] = (hi<<63 | lo<<15 | length) ^ flip
	}
}

// maxPiece is the most that appendText appends beyond prefixBytes: the bytes of
// the widest value and its mark.
const maxPiece = 18

// full reports whether a text has all the bytes that words hold, and one more.
func full(text []byte) bool { return len(text) > prefixBytes }

// appendText appends the text of the value at position i of v, which is not
// NULL, and stops once the text is full.
func appendText(dst []byte, v *vector.Vector, i int) []byte {
	be := binary.BigEndian
	switch v.Form {
	case vector.Sequence:
		return be.AppendUint64(dst, uint64(v.Start+int64(i)*v.Step)^1<<63)
	case vector.Dictionary:
		v, i = v.Dict, int(v.Codes[i])
	case vector.Constant:
		i = 0
	}
	switch v.Type.Physical() {
	case types.PList:
		e := raw.Cast[types.ListEntry](v.Data)[i]
		for k := 0; k < int(e.Length) && !full(dst); k++ {
			dst = appendElement(dst, v.Children[0], int(e.Offset)+k)
		}
		if full(dst) {
			return dst
		}
		return append(dst, endMark)
	case types.PArray:
		size := v.Type.Ext.Size
		for k := 0; k < size && !full(dst); k++ {
			dst = appendElement(dst, v.Children[0], i*size+k)
		}
		return dst
	case types.PStruct:
		for _, c := range v.Children {
			if full(dst) {
				break
			}
			dst = appendElement(dst, c, i)
		}
		return dst
	case types.PString:
		for _, b := range vector.Str(&raw.Cast[types.StringRef](v.Data)[i], v.Bufs) {
			if dst = append(dst, b); b == 0 {
				dst = append(dst, 1)
			}
			if full(dst) {
				return dst
			}
		}
		return append(dst, 0, 0)
	case types.PBool, types.PUint8:
		return append(dst, v.Data[i])
	case types.PInt8:
		return append(dst, v.Data[i]^1<<7)
	case types.PUint16:
		return be.AppendUint16(dst, raw.Cast[uint16](v.Data)[i])
	case types.PInt16:
		return be.AppendUint16(dst, raw.Cast[uint16](v.Data)[i]^1<<15)
	case types.PUint32:
		return be.AppendUint32(dst, raw.Cast[uint32](v.Data)[i])
	case types.PInt32:
		return be.AppendUint32(dst, raw.Cast[uint32](v.Data)[i]^1<<31)
	case types.PFloat32:
		return be.AppendUint32(dst, float32Bits(raw.Cast[float32](v.Data)[i]))
	case types.PUint64:
		return be.AppendUint64(dst, raw.Cast[uint64](v.Data)[i])
	case types.PInt64:
		x := raw.Cast[uint64](v.Data)[i]
		if v.Type.ID == types.TimeTZ {
			x = instant(x)
		}
		return be.AppendUint64(dst, x^1<<63)
	case types.PFloat64:
		return be.AppendUint64(dst, floatBits(raw.Cast[float64](v.Data)[i]))
	case types.PUint128:
		x := raw.Cast[types.Uint128](v.Data)[i]
		return be.AppendUint64(be.AppendUint64(dst, x.Hi), x.Lo)
	case types.PInt128:
		x := raw.Cast[types.Uint128](v.Data)[i]
		return be.AppendUint64(be.AppendUint64(dst, x.Hi^1<<63), x.Lo)
	case types.PInterval:
		months, rest := intervalParts(raw.Cast[types.Interval](v.Data)[i])
		return be.AppendUint64(be.AppendUint64(dst, months), rest)
	}
	return dst
}

func appendElement(dst []byte, v *vector.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, nullMark)
	}
	return appendText(append(dst, someMark), v, i)
}
