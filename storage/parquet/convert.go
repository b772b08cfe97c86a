package parquet

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	errDecimalRange   = errors.New("a decimal has more digits than its column")
	errTimestampRange = errors.New("a timestamp is out of range")
)

// timeTZUTC is the low part of a TIMETZ at offset zero (types.MakeTimeTZ).
const timeTZUTC = types.MaxTimeOffset

// convertFixed turns n stored values of fixed width, back to back in src, into
// elements of the column's type in dst, which has room for them. src may have
// any alignment.
func (k *leafKind) convertFixed(dst, src []byte, n int) error {
	src = src[:n*k.width]
	switch k.convert {
	case convCopy:
		copy(dst, src)
	case convNarrow8:
		dst = dst[:n]
		for i := range dst {
			dst[i] = src[i*4]
		}
	case convNarrow16:
		d := raw.Cast[uint16](dst)[:n]
		for i := range d {
			d[i] = binary.LittleEndian.Uint16(src[i*4:])
		}
	case convDecimal16:
		d := raw.Cast[int16](dst)[:n]
		bad := int64(0)
		if k.width == 4 {
			for i := range d {
				x := int64(int32(binary.LittleEndian.Uint32(src[i*4:])))
				d[i] = int16(x)
				bad |= x ^ int64(int16(x))
			}
		} else {
			for i := range d {
				x := int64(binary.LittleEndian.Uint64(src[i*8:]))
				d[i] = int16(x)
				bad |= x ^ int64(int16(x))
			}
		}
		if bad != 0 {
			return errDecimalRange
		}
	case convDecimal32:
		d := raw.Cast[int32](dst)[:n]
		bad := int64(0)
		for i := range d {
			x := int64(binary.LittleEndian.Uint64(src[i*8:]))
			d[i] = int32(x)
			bad |= x ^ int64(int32(x))
		}
		if bad != 0 {
			return errDecimalRange
		}
	case convDecimal64:
		d := raw.Cast[int64](dst)[:n]
		for i := range d {
			d[i] = int64(int32(binary.LittleEndian.Uint32(src[i*4:])))
		}
	case convDecimal128:
		d := raw.Cast[types.Int128](dst)[:n]
		for i := range d {
			var x int64
			if k.width == 4 {
				x = int64(int32(binary.LittleEndian.Uint32(src[i*4:])))
			} else {
				x = int64(binary.LittleEndian.Uint64(src[i*8:]))
			}
			d[i] = types.Int128{Lo: uint64(x), Hi: x >> 63}
		}
	case convMillisTime:
		d := raw.Cast[int64](dst)[:n]
		for i := range d {
			d[i] = int64(int32(binary.LittleEndian.Uint32(src[i*4:]))) * 1000
		}
	case convMillisTimeTZ:
		d := raw.Cast[int64](dst)[:n]
		for i := range d {
			d[i] = int64(int32(binary.LittleEndian.Uint32(src[i*4:])))*1000<<24 | timeTZUTC
		}
	case convMicrosTimeTZ:
		d := raw.Cast[int64](dst)[:n]
		for i := range d {
			d[i] = int64(binary.LittleEndian.Uint64(src[i*8:]))<<24 | timeTZUTC
		}
	case convNanosTimeTZ:
		d := raw.Cast[int64](dst)[:n]
		for i := range d {
			d[i] = floorDiv(int64(binary.LittleEndian.Uint64(src[i*8:])), 1000)<<24 | timeTZUTC
		}
	case convMillis:
		d := raw.Cast[int64](dst)[:n]
		for i := range d {
			x := int64(binary.LittleEndian.Uint64(src[i*8:]))
			if x > math.MaxInt64/1000 || x < math.MinInt64/1000 {
				return errTimestampRange
			}
			d[i] = x * 1000
		}
	case convNanos:
		d := raw.Cast[int64](dst)[:n]
		for i := range d {
			d[i] = floorDiv(int64(binary.LittleEndian.Uint64(src[i*8:])), 1000)
		}
	case convInt96:
		convertInt96(raw.Cast[int64](dst)[:n], src)
	case convHalf:
		d := raw.Cast[float32](dst)[:n]
		for i := range d {
			d[i] = halfToFloat(binary.LittleEndian.Uint16(src[i*2:]))
		}
	case convUUID:
		d := raw.Cast[types.Int128](dst)[:n]
		for i := range d {
			d[i] = uuidOf(src[i*16:])
		}
	case convInterval:
		d := raw.Cast[types.Interval](dst)[:n]
		for i := range d {
			s := src[i*12:]
			d[i] = types.Interval{
				Months: int32(binary.LittleEndian.Uint32(s)),
				Days:   int32(binary.LittleEndian.Uint32(s[4:])),
				Micros: int64(binary.LittleEndian.Uint32(s[8:])) * 1000,
			}
		}
	case convBigEndian, convBigDouble:
		for i := range n {
			if err := k.putBig(dst, i, src[i*k.width:(i+1)*k.width]); err != nil {
				return err
			}
		}
	}
	return nil
}

func floorDiv(x, d int64) int64 {
	q := x / d
	if x%d < 0 {
		q--
	}
	return q
}

// uuidOf reads 16 big-endian bytes; the top bit is flipped, so that signed
// order is the order of the bytes (as DuckDB).
func uuidOf(s []byte) types.Int128 {
	return types.Int128{
		Lo: binary.BigEndian.Uint64(s[8:16]),
		Hi: int64(binary.BigEndian.Uint64(s) ^ 1<<63),
	}
}

// convertInt96 reads nanoseconds of the day (64 bits) and Julian day (32). The
// arithmetic wraps: Spark writes the dates furthest away as wrapped around,
// and expects them back.
func convertInt96(d []int64, src []byte) {
	const julianEpoch, dayMicros = 2440588, 86400 * 1000000
	for i := range d {
		nanos := int64(binary.LittleEndian.Uint64(src[i*12:]))
		day := int64(int32(binary.LittleEndian.Uint32(src[i*12+8:]))) - julianEpoch
		d[i] = day*dayMicros + floorDiv(nanos, 1000)
	}
}

// halfToFloat widens an IEEE 754 binary16.
func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp := uint32(h>>10) & 31
	frac := uint32(h) & 1023
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
	}
	f := float32(frac) / (1 << 24) // subnormal: frac * 2^-24
	if sign != 0 {
		f = -f
	}
	return f
}

// putBig stores a big-endian two's complement number as element i of dst.
func (k *leafKind) putBig(dst []byte, i int, s []byte) error {
	if k.convert == convBigDouble {
		raw.Cast[float64](dst)[i] = bigToFloat(s) * k.scale
		return nil
	}
	x, ok := bigToInt128(s)
	lo := int64(x.Lo)
	switch k.typ.Physical() {
	case types.PInt16:
		raw.Cast[int16](dst)[i] = int16(lo)
		ok = ok && x.Hi == lo>>63 && lo == int64(int16(lo))
	case types.PInt32:
		raw.Cast[int32](dst)[i] = int32(lo)
		ok = ok && x.Hi == lo>>63 && lo == int64(int32(lo))
	case types.PInt64:
		raw.Cast[int64](dst)[i] = lo
		ok = ok && x.Hi == lo>>63
	default:
		raw.Cast[types.Int128](dst)[i] = x
	}
	if !ok {
		return errDecimalRange
	}
	return nil
}

// bigToInt128 reads a big-endian two's complement number; ok is false when it
// needs more than 128 bits. No bytes are zero.
func bigToInt128(s []byte) (x types.Int128, ok bool) {
	if len(s) == 0 {
		return x, true
	}
	fill := byte(int8(s[0]) >> 7)
	for len(s) > 16 {
		if s[0] != fill {
			return x, false
		}
		s = s[1:]
	}
	if byte(int8(s[0])>>7) != fill {
		return x, false
	}
	var b [16]byte
	for i := range 16 - len(s) {
		b[i] = fill
	}
	copy(b[16-len(s):], s)
	return types.Int128{Lo: binary.BigEndian.Uint64(b[8:]), Hi: int64(binary.BigEndian.Uint64(b[:]))}, true
}

// bigToFloat reads a big-endian two's complement number of any length.
func bigToFloat(s []byte) float64 {
	if len(s) == 0 {
		return 0
	}
	neg := s[0] >= 0x80
	f := 0.0
	for _, c := range s {
		if neg {
			c = ^c
		}
		f = f*256 + float64(c)
	}
	if neg {
		f = -f - 1
	}
	return f
}
