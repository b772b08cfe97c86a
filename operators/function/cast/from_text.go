package cast

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// textLoop returns the loop that reads VARCHAR as the simple type to; nil when
// there is none.
func textLoop(to types.Type) run {
	switch to.ID {
	case types.Boolean:
		return textToBool
	case types.TinyInt:
		return textToInt[int8]
	case types.SmallInt:
		return textToInt[int16]
	case types.Integer:
		return textToInt[int32]
	case types.BigInt:
		return textToInt[int64]
	case types.UTinyInt:
		return textToUint[uint8]
	case types.USmallInt:
		return textToUint[uint16]
	case types.UInteger:
		return textToUint[uint32]
	case types.UBigInt:
		return textToUint[uint64]
	case types.HugeInt, types.UHugeInt, types.UUID:
		return textToWide
	case types.Float:
		return textToFloat[float32]
	case types.Double:
		return textToFloat[float64]
	case types.Decimal:
		switch to.Physical() {
		case types.PInt16:
			return textToDecimal[int16]
		case types.PInt32:
			return textToDecimal[int32]
		case types.PInt64:
			return textToDecimal[int64]
		}
		return textToWide
	case types.Date:
		return textToDate
	case types.Time, types.TimeTZ, types.Timestamp, types.TimestampS, types.TimestampMS, types.TimestampNS, types.TimestampTZ:
		return textToTemporal
	case types.IntervalID:
		return textToInterval
	case types.Blob, types.Bit:
		return textToBytes
	case types.Enum:
		return textToEnum
	}
	return nil
}

// texts returns the strings of the source and the walk over the positions.
func (c *call) texts(src *vector.Vector) ([]types.StringRef, [][]byte, rows) {
	v, r := c.view(src)
	return raw.Cast[types.StringRef](v.Data), v.Bufs, r
}

func textToBool(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		b, ok := types.ParseBool(s)
		out.Data[p] = 0
		if b {
			out.Data[p] = 1
		}
		if !ok && c.misfit(out, p) {
			return errText(s, c.to)
		}
	}
	return nil
}

func textToInt[T int8 | int16 | int32 | int64](c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[T](out)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		x, ok := types.ParseInt64(s)
		y := T(x)
		if (!ok || int64(y) != x) && c.misfit(out, p) {
			return errText(s, c.to)
		}
		dst[p] = y
	}
	return nil
}

func textToUint[T uint8 | uint16 | uint32 | uint64](c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[T](out)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		x, ok := types.ParseUint64(s)
		y := T(x)
		if (!ok || uint64(y) != x) && c.misfit(out, p) {
			return errText(s, c.to)
		}
		dst[p] = y
	}
	return nil
}

func textToWide(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[types.Int128](out)
	id, width, scale := c.to.ID, int(c.to.Width), int(c.to.Scale)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		var x types.Int128
		var ok bool
		switch id {
		case types.HugeInt:
			x, ok = types.ParseInt128(s)
		case types.UHugeInt:
			var u types.Uint128
			u, ok = types.ParseUint128(s)
			x = types.Int128{Lo: u.Lo, Hi: int64(u.Hi)}
		case types.UUID:
			x, ok = types.ParseUUID(s)
		default: // types.Decimal
			x, ok = types.ParseDecimal(s, width, scale)
		}
		if !ok && c.misfit(out, p) {
			return errText(s, c.to)
		}
		dst[p] = x
	}
	return nil
}

func textToFloat[T float](c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[T](out)
	single := c.to.ID == types.Float
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		var x float64
		var ok bool
		if single {
			var f float32
			f, ok = types.ParseFloat32(s)
			x = float64(f)
		} else {
			x, ok = types.ParseFloat(s)
		}
		if !ok && c.misfit(out, p) {
			return errText(s, c.to)
		}
		dst[p] = T(x)
	}
	return nil
}

func textToDecimal[T int16 | int32 | int64](c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[T](out)
	width, scale := int(c.to.Width), int(c.to.Scale)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		x, ok := types.ParseDecimal64(s, width, scale)
		if !ok && c.misfit(out, p) {
			return errText(s, c.to)
		}
		dst[p] = T(x)
	}
	return nil
}

func textToDate(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[int32](out)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		d, st := types.ParseDate(s)
		if st != types.ParseOK && c.misfit(out, p) {
			return errStatus(s, c.to, st)
		}
		dst[p] = d
	}
	return nil
}

func textToTemporal(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[int64](out)
	zone, err := c.zone()
	if err != nil {
		return err
	}
	id, ticks := c.to.ID, c.to.Ticks()
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		var x int64
		var st types.ParseStatus
		switch id {
		case types.Time:
			x, st = types.ParseTime(s)
		case types.TimeTZ:
			x, st = types.ParseTimeTZ(s)
		case types.TimestampTZ:
			x, st = types.ParseTimestampTZ(s, zone)
		case types.TimestampNS:
			x, st = types.ParseTimestampNS(s)
		case types.Timestamp:
			x, st = types.ParseTimestamp(s)
		default:
			x, st = types.ParseTimestamp(s)
			x, _ = types.ScaleTimestamp(x, 1e6, ticks)
		}
		if st != types.ParseOK && c.misfit(out, p) {
			return errStatus(s, c.to, st)
		}
		dst[p] = x
	}
	return nil
}

func textToInterval(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	dst := vector.Values[types.Interval](out)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		x, st := types.ParseInterval(s)
		if st != types.ParseOK && c.misfit(out, p) {
			return errStatus(s, c.to, st)
		}
		dst[p] = x
	}
	return nil
}

func textToBytes(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		var ok bool
		if c.to.ID == types.Blob {
			c.text, ok = types.ParseBlob(c.text[:0], s)
		} else {
			c.text, ok = types.ParseBit(c.text[:0], s)
		}
		if !ok {
			if c.misfit(out, p) {
				return errText(s, c.to)
			}
			continue
		}
		out.PutString(p, c.text)
	}
	return nil
}

func textToEnum(c *call, src, out *vector.Vector) error {
	refs, bufs, r := c.texts(src)
	for k := range r.n {
		p, i := r.at(k)
		s := vector.Str(&refs[i], bufs)
		code, ok := c.labels[raw.String(s)]
		if !ok && c.misfit(out, p) {
			return errText(s, c.to)
		}
		putCode(out, p, code)
	}
	return nil
}

// putCode stores an enum's code at position p.
func putCode(out *vector.Vector, p int, code uint32) {
	switch out.Type.Physical() {
	case types.PUint8:
		out.Data[p] = uint8(code)
	case types.PUint16:
		vector.Values[uint16](out)[p] = uint16(code)
	default:
		vector.Values[uint32](out)[p] = code
	}
}
