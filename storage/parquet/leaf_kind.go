package parquet

import (
	"fmt"
	"math"

	"github.com/gannetdb/gannet/vector/types"
)

// leafKind says what a stored column's values are and how they become a
// vector's elements.
type leafKind struct {
	typ      types.Type
	physical physicalType
	width    int // bytes of a stored value; 0: each has its own length
	convert  conversion
	text     bool    // VARCHAR: bytes must be UTF-8
	scale    float64 // convBigDouble: what a stored one is worth
}

// conversion names a loop of convert.go.
type conversion uint8

const (
	convCopy         conversion = iota // same bytes
	convBool                           // bits to bytes
	convNarrow8                        // 32 bits to 8, high bits dropped
	convNarrow16                       // 32 bits to 16, high bits dropped
	convDecimal16                      // 32 or 64 bits to 16, must fit
	convDecimal32                      // 64 bits to 32, must fit
	convDecimal64                      // 32 bits to 64
	convDecimal128                     // 32 or 64 bits to 128
	convBigEndian                      // two's complement big endian to a decimal's width
	convBigDouble                      // the same to DOUBLE, scaled: decimals too wide
	convMillisTime                     // 32 bits times 1,000
	convMillisTimeTZ                   // the same as TIMETZ at UTC
	convMicrosTimeTZ                   // 64 bits as TIMETZ at UTC
	convNanosTimeTZ                    // 64 bits by 1,000, as TIMETZ at UTC
	convMillis                         // 64 bits times 1,000, must fit
	convNanos                          // 64 bits by 1,000, rounded down
	convInt96                          // Julian day and nanoseconds to microseconds
	convHalf                           // 16-bit float to 32
	convUUID                           // big endian, sign bit flipped
	convInterval                       // months, days, milliseconds
	convString                         // bytes to references
)

// kindOf maps a leaf to its SQL type, as DuckDB does.
func kindOf(e *schemaElement) (leafKind, error) {
	k := leafKind{physical: e.typ, convert: convCopy}
	set := func(id types.ID) { k.typ = types.Of(id) }
	switch e.typ {
	case ptBoolean:
		set(types.Boolean)
		k.convert = convBool
	case ptInt32:
		k.width = 4
		return kindOfInt32(e, k)
	case ptInt64:
		k.width = 8
		return kindOfInt64(e, k)
	case ptInt96:
		k.width = 12
		set(types.Timestamp)
		k.convert = convInt96
	case ptFloat:
		k.width = 4
		set(types.Float)
	case ptDouble:
		k.width = 8
		set(types.Double)
	case ptByteArray, ptFixed:
		if e.typ == ptFixed {
			if e.typeLength <= 0 || e.typeLength > 1<<24 {
				return k, fmt.Errorf("column %q has values of %d bytes", e.name, e.typeLength)
			}
			k.width = int(e.typeLength)
		}
		return kindOfBytes(e, k)
	}
	return k, nil
}

// isDecimal reports whether e is a decimal, and its digits.
func (e *schemaElement) isDecimal() (precision, scale int32, ok bool) {
	if e.logical.kind == ltDecimal {
		return e.logical.precision, e.logical.scale, true
	}
	return e.precision, e.scale, e.converted == ctDecimal
}

// decimalOf checks a decimal's digits; width 0 without error: too wide.
func decimalOf(e *schemaElement, precision, scale int32) (types.Type, error) {
	if precision <= 0 || scale < 0 || scale > precision {
		return types.Type{}, fmt.Errorf("column %q is a DECIMAL(%d,%d)", e.name, precision, scale)
	}
	if precision > 38 {
		return types.Type{}, nil
	}
	return types.DecimalOf(uint8(precision), uint8(scale)), nil
}

// kindOfDecimal maps decimals that are stored as integers of k.width bytes.
func kindOfDecimal(e *schemaElement, k leafKind, precision, scale int32) (leafKind, error) {
	t, err := decimalOf(e, precision, scale)
	if err != nil {
		return k, err
	}
	if t.Width == 0 {
		return k, fmt.Errorf("column %q is a DECIMAL(%d,%d) in %d bits", e.name, precision, scale, 8*k.width)
	}
	k.typ = t
	switch t.Physical() {
	case types.PInt16:
		k.convert = convDecimal16
	case types.PInt32:
		if k.width == 8 {
			k.convert = convDecimal32
		}
	case types.PInt64:
		if k.width == 4 {
			k.convert = convDecimal64
		}
	case types.PInt128:
		k.convert = convDecimal128
	}
	return k, nil
}

func kindOfInt32(e *schemaElement, k leafKind) (leafKind, error) {
	k.typ = types.Of(types.Integer)
	if p, s, ok := e.isDecimal(); ok {
		return kindOfDecimal(e, k, p, s)
	}
	bits, signed := e.integer()
	switch {
	case bits == 8 && signed:
		k.typ, k.convert = types.Of(types.TinyInt), convNarrow8
	case bits == 8:
		k.typ, k.convert = types.Of(types.UTinyInt), convNarrow8
	case bits == 16 && signed:
		k.typ, k.convert = types.Of(types.SmallInt), convNarrow16
	case bits == 16:
		k.typ, k.convert = types.Of(types.USmallInt), convNarrow16
	case bits == 32 && !signed:
		k.typ = types.Of(types.UInteger)
	case e.logical.kind == ltDate || e.converted == ctDate:
		k.typ = types.Of(types.Date)
	case e.logical.kind == ltTime && e.logical.utc:
		k.typ, k.convert = types.Of(types.TimeTZ), convMillisTimeTZ
	case e.logical.kind == ltTime || e.converted == ctTimeMillis:
		k.typ, k.convert = types.Of(types.Time), convMillisTime
	}
	return k, nil
}

// integer returns the annotated size of an integer; 0 when there is none.
func (e *schemaElement) integer() (bits int, signed bool) {
	if e.logical.kind == ltInteger {
		return int(e.logical.bits), e.logical.signed
	}
	switch e.converted {
	case ctUint8, ctUint16, ctUint32, ctUint64:
		return 8 << (e.converted - ctUint8), false
	case ctInt8, ctInt16, ctInt32, ctInt64:
		return 8 << (e.converted - ctInt8), true
	}
	return 0, true
}

func kindOfInt64(e *schemaElement, k leafKind) (leafKind, error) {
	k.typ = types.Of(types.BigInt)
	if p, s, ok := e.isDecimal(); ok {
		return kindOfDecimal(e, k, p, s)
	}
	l := &e.logical
	bits, signed := e.integer()
	switch {
	case bits == 64 && !signed:
		k.typ = types.Of(types.UBigInt)
	case l.kind == ltTime && l.utc && l.unit == unitNanos:
		k.typ, k.convert = types.Of(types.TimeTZ), convNanosTimeTZ
	case l.kind == ltTime && l.utc:
		k.typ, k.convert = types.Of(types.TimeTZ), convMicrosTimeTZ
	case l.kind == ltTime && l.unit == unitNanos:
		k.typ, k.convert = types.Of(types.Time), convNanos
	case l.kind == ltTime || l.kind == ltNone && e.converted == ctTimeMicros:
		k.typ = types.Of(types.Time)
	case l.kind == ltTimestamp:
		switch {
		case l.utc:
			k.typ = types.Of(types.TimestampTZ)
		case l.unit == unitNanos:
			k.typ = types.Of(types.TimestampNS)
		default:
			k.typ = types.Of(types.Timestamp)
		}
		if l.unit == unitMillis {
			k.convert = convMillis
		} else if l.unit == unitNanos && l.utc {
			k.convert = convNanos
		}
	case e.converted == ctTimestampMillis:
		k.typ, k.convert = types.Of(types.Timestamp), convMillis
	case e.converted == ctTimestampMicros:
		k.typ = types.Of(types.Timestamp)
	}
	return k, nil
}

func kindOfBytes(e *schemaElement, k leafKind) (leafKind, error) {
	k.typ, k.convert = types.Of(types.Blob), convString
	fixed := e.typ == ptFixed
	if p, s, ok := e.isDecimal(); ok {
		t, err := decimalOf(e, p, s)
		if err != nil {
			return k, err
		}
		if k.typ, k.convert = t, convBigEndian; t.Width == 0 {
			k.typ, k.convert = types.Of(types.Double), convBigDouble
			k.scale = math.Pow10(-int(s))
		}
		return k, nil
	}
	switch {
	case e.logical.kind == ltString, e.logical.kind == ltEnum, e.logical.kind == ltJSON,
		e.logical.kind == ltNone && (e.converted == ctUTF8 || e.converted == ctEnum || e.converted == ctJSON):
		k.typ, k.text = types.Of(types.Varchar), true
	case fixed && e.logical.kind == ltUUID && k.width == 16:
		k.typ, k.convert = types.Of(types.UUID), convUUID
	case fixed && e.logical.kind == ltFloat16 && k.width == 2:
		k.typ, k.convert = types.Of(types.Float), convHalf
	case fixed && e.converted == ctInterval && k.width == 12:
		k.typ, k.convert = types.Of(types.IntervalID), convInterval
	}
	return k, nil
}
