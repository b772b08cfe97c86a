package csv

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// rare converts a column of a type that CSV files seldom have; false when
// there is no text form to read.
func (c *conversion) rare() bool {
	switch c.v.Type.ID {
	case types.UBigInt:
		values(c, types.ParseUint64)
	case types.HugeInt:
		values(c, types.ParseInt128)
	case types.UHugeInt:
		values(c, types.ParseUint128)
	case types.Float:
		values(c, func(b []byte) (float32, bool) {
			if c.r.s.t.opt.decimalComma {
				b = c.point(b)
			}
			return types.ParseFloat32(b)
		})
	case types.Boolean:
		values(c, func(b []byte) (uint8, bool) {
			x, ok := types.ParseBool(b)
			if x {
				return 1, ok
			}
			return 0, ok
		})
	case types.Time:
		values(c, checked(types.ParseTime))
	case types.TimeTZ:
		values(c, checked(types.ParseTimeTZ))
	case types.TimestampNS:
		values(c, checked(types.ParseTimestampNS))
	case types.TimestampTZ:
		values(c, func(b []byte) (int64, bool) {
			x, st := types.ParseTimestampTZ(b, types.UTC)
			return x, st == types.ParseOK
		})
	case types.IntervalID:
		values(c, checked(types.ParseInterval))
	case types.UUID:
		values(c, types.ParseUUID)
	case types.Blob:
		c.bytes(types.ParseBlob)
	case types.Bit:
		c.bytes(types.ParseBit)
	default:
		return false
	}
	return true
}

// checked turns a function with a status into one that tells whether it fits.
func checked[T any](parse func([]byte) (T, types.ParseStatus)) func([]byte) (T, bool) {
	return func(b []byte) (T, bool) {
		x, st := parse(b)
		return x, st == types.ParseOK
	}
}

// values converts a column of fixed-size values by a function a value; the
// types that matter have loops of their own in convert.go.
func values[T any](c *conversion, parse func([]byte) (T, bool)) {
	out := vector.Values[T](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := parse(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) bytes(parse func(dst, s []byte) ([]byte, bool)) {
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := parse(nil, b)
		if !ok {
			c.misfit(i)
			continue
		}
		c.v.PutString(i, x)
	}
}
