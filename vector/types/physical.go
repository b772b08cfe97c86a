package types

// Physical is the memory layout of one element of a vector.
type Physical uint8

// The layouts. Bool is one byte, 0 or 1. PString is a StringRef. PList is a
// ListEntry into one child vector; PArray and PStruct have no data of their
// own (array element i*Size+k of the child; struct field vectors of equal
// length).
const (
	PInvalid Physical = iota
	PBool
	PInt8
	PInt16
	PInt32
	PInt64
	PInt128
	PUint8
	PUint16
	PUint32
	PUint64
	PUint128
	PFloat32
	PFloat64
	PString
	PInterval
	PList
	PArray
	PStruct
	numPhysical
)

var widths = [numPhysical]int{
	PBool: 1, PInt8: 1, PInt16: 2, PInt32: 4, PInt64: 8, PInt128: 16,
	PUint8: 1, PUint16: 2, PUint32: 4, PUint64: 8, PUint128: 16,
	PFloat32: 4, PFloat64: 8, PString: 16, PInterval: 16, PList: 8,
}

// Width returns the bytes of one element; 0 for arrays and structs.
func (p Physical) Width() int { return widths[p] }

var physicals = [numIDs]Physical{
	Null: PInt32, Unknown: PInt32, Boolean: PBool,
	TinyInt: PInt8, SmallInt: PInt16, Integer: PInt32, BigInt: PInt64, HugeInt: PInt128,
	UTinyInt: PUint8, USmallInt: PUint16, UInteger: PUint32, UBigInt: PUint64, UHugeInt: PUint128,
	Float: PFloat32, Double: PFloat64, Varchar: PString, Blob: PString, Bit: PString,
	Date: PInt32, Time: PInt64, TimeTZ: PInt64, TimestampS: PInt64, TimestampMS: PInt64, Timestamp: PInt64,
	TimestampNS: PInt64, TimestampTZ: PInt64, IntervalID: PInterval, UUID: PInt128,
	List: PList, Array: PArray, Struct: PStruct, Map: PList, Union: PStruct,
}

// Physical returns the memory layout of t's elements. Decimals take the
// smallest of 16, 32, 64 and 128 bits that holds their width (4, 9, 18, 38
// digits), as in DuckDB; enums the smallest of 8, 16 and 32 bits unsigned.
func (t Type) Physical() Physical {
	switch t.ID {
	case Decimal:
		switch {
		case t.Width <= 4:
			return PInt16
		case t.Width <= 9:
			return PInt32
		case t.Width <= 18:
			return PInt64
		}
		return PInt128
	case Enum:
		switch n := len(t.Ext.Enum.Labels); {
		case n <= 1<<8:
			return PUint8
		case n <= 1<<16:
			return PUint16
		}
		return PUint32
	}
	return physicals[t.ID]
}

// Int128 is a signed 128-bit integer in two's complement: Hi*2^64 + Lo.
type Int128 struct {
	Lo uint64
	Hi int64
}

// Uint128 is an unsigned 128-bit integer.
type Uint128 struct {
	Lo, Hi uint64
}

// Interval is a span of months, days and microseconds, each kept apart.
type Interval struct {
	Months, Days int32
	Micros       int64
}

// ListEntry is one list value: Length elements of the child from Offset.
type ListEntry struct {
	Offset, Length uint32
}

// StringRef is one string or blob in 16 bytes (Neumann and Freitag, "Umbra: A
// Disk-Based System with In-Memory Performance", CIDR 2020; Arrow's
// string-view layout in little endian).
//
//	Lo: bits 0-31 length in bytes, bits 32-63 first four bytes (zero padded)
//	Hi: length <= 12: the bytes from the fifth on, zero padded
//	    otherwise:    bits 0-31 buffer index, bits 32-63 offset in the buffer
//
// Two references to strings of at most 12 bytes are equal if and only if their
// strings are. A reference without its vector's Bufs means nothing when it is
// longer.
type StringRef struct {
	Lo, Hi uint64
}

// MaxInline is the longest string that a StringRef holds within itself.
const MaxInline = 12

// Len returns the length in bytes.
func (s StringRef) Len() int { return int(uint32(s.Lo)) }

// Inline reports whether the bytes are in the reference itself.
func (s StringRef) Inline() bool { return uint32(s.Lo) <= MaxInline }

// Prefix returns the first four bytes, the first in the lowest byte.
func (s StringRef) Prefix() uint32 { return uint32(s.Lo >> 32) }

// Buf returns the buffer index of a string that is not inline.
func (s StringRef) Buf() int { return int(uint32(s.Hi)) }

// Off returns the offset in its buffer of a string that is not inline.
func (s StringRef) Off() int { return int(uint32(s.Hi >> 32)) }

// InlineRef packs b (at most 12 bytes) into a reference.
func InlineRef(b []byte) StringRef {
	var a [16]byte
	copy(a[4:], b)
	return StringRef{
		Lo: uint64(len(b)) | uint64(le32(a[4:]))<<32,
		Hi: uint64(le32(a[8:])) | uint64(le32(a[12:]))<<32,
	}
}

// LongRef refers to b (more than 12 bytes), which lies at off in buffer buf.
func LongRef(b []byte, buf, off int) StringRef {
	return StringRef{
		Lo: uint64(uint32(len(b))) | uint64(le32(b))<<32,
		Hi: uint64(uint32(buf)) | uint64(uint32(off))<<32,
	}
}

func le32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}
