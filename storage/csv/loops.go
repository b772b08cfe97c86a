package csv

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// The loops of a conversion, one for each form of values in a vector.

// integers converts to all integers that an int64 can check.
func integers[T int64 | int32 | int16 | int8 | uint32 | uint16 | uint8](c *conversion) {
	out := vector.Values[T](c.v)
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		x, ok := types.ParseInt64(b)
		if !ok || int64(T(x)) != x {
			c.misfit(i)
			continue
		}
		out[i] = T(x)
	}
}

func (c *conversion) unsigned() {
	out := vector.Values[uint64](c.v)
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		if out[i], ok = types.ParseUint64(b); !ok {
			c.misfit(i)
		}
	}
}

func floats[T float32 | float64](c *conversion) {
	out := vector.Values[T](c.v)
	single := c.v.Type.ID == types.Float
	comma := c.r.s.t.opt.decimalComma
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		if comma {
			b = c.point(b)
		}
		var x float64
		if single {
			var f float32
			f, ok = types.ParseFloat32(b)
			x = float64(f)
		} else {
			x, ok = types.ParseFloat(b)
		}
		if out[i] = T(x); !ok {
			c.misfit(i)
		}
	}
}

// decimals converts to decimals of up to 18 digits.
func decimals[T int16 | int32 | int64](c *conversion) {
	out := vector.Values[T](c.v)
	width, scale := int(c.v.Type.Width), int(c.v.Type.Scale)
	comma := c.r.s.t.opt.decimalComma
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		if comma {
			b = c.point(b)
		}
		x, ok := types.ParseDecimal64(b, width, scale)
		if out[i] = T(x); !ok {
			c.misfit(i)
		}
	}
}

// wide converts to the types of 128 bits.
func (c *conversion) wide() {
	out := vector.Values[types.Int128](c.v)
	t := c.v.Type
	comma := c.r.s.t.opt.decimalComma
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		switch t.ID {
		case types.HugeInt:
			out[i], ok = types.ParseInt128(b)
		case types.UHugeInt:
			var u types.Uint128
			u, ok = types.ParseUint128(b)
			out[i] = types.Int128{Lo: u.Lo, Hi: int64(u.Hi)}
		case types.UUID:
			out[i], ok = types.ParseUUID(b)
		default: // types.Decimal
			if comma {
				b = c.point(b)
			}
			out[i], ok = types.ParseDecimal(b, int(t.Width), int(t.Scale))
		}
		if !ok {
			c.misfit(i)
		}
	}
}

// point turns a decimal comma into a point; a point is no number then.
func (c *conversion) point(b []byte) []byte {
	if bytes.IndexByte(b, '.') >= 0 {
		return nil
	}
	c.comma = append(c.comma[:0], b...)
	if k := bytes.IndexByte(c.comma, ','); k >= 0 {
		c.comma[k] = '.'
	}
	return c.comma
}

func (c *conversion) booleans() {
	out := vector.Values[uint8](c.v)
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		x, ok := types.ParseBool(b)
		if !ok {
			c.misfit(i)
		}
		out[i] = 0
		if x {
			out[i] = 1
		}
	}
}

func (c *conversion) dates() {
	out := vector.Values[int32](c.v)
	form := &c.r.s.t.schema.forms[c.ord]
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		if !form.iso() {
			out[i], ok = form.date(b)
		} else if out[i], ok = isoDate(b); !ok {
			var st types.ParseStatus
			out[i], st = types.ParseDateStrict(b)
			ok = st == types.ParseOK
		}
		if !ok {
			c.misfit(i)
		}
	}
}

// isoDate reads yyyy-mm-dd, years 1000 to 9999; it gives up on anything else.
func isoDate(b []byte) (int32, bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	y0, y1, y2, y3 := b[0]-'0', b[1]-'0', b[2]-'0', b[3]-'0'
	m0, m1, d0, d1 := b[5]-'0', b[6]-'0', b[8]-'0', b[9]-'0'
	if y0-1 > 8 || max(y1, y2, y3, m0, m1, d0, d1) > 9 {
		return 0, false
	}
	y := int(y0)*1000 + int(y1)*100 + int(y2)*10 + int(y3)
	m, d := int(m0)*10+int(m1), int(d0)*10+int(d1)
	if m-1 > 11 || m == 0 || d == 0 || d > 28 && d > types.DaysInMonth(y, m) {
		return 0, false
	}
	return int32(types.DayNumber(y, m, d)), true
}

// timestamps converts to timestamps whose unit is micros microseconds.
func (c *conversion) timestamps(micros int64) {
	out := vector.Values[int64](c.v)
	form := &c.r.s.t.schema.forms[c.ord]
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		if !form.iso() {
			if out[i], ok = form.timestamp(b); !ok {
				c.misfit(i)
			}
			continue
		}
		x, st := types.ParseTimestamp(b)
		if st != types.ParseOK {
			c.misfit(i)
			continue
		}
		if micros > 1 && types.TimestampFinite(x) {
			x, _ = types.FloorDiv(x, micros)
		}
		out[i] = x
	}
}

// times converts to the other types of time in 64 bits.
func (c *conversion) times() {
	out := vector.Values[int64](c.v)
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		var st types.ParseStatus
		switch c.v.Type.ID {
		case types.Time:
			out[i], st = types.ParseTime(b)
		case types.TimeTZ:
			out[i], st = types.ParseTimeTZ(b)
		case types.TimestampNS:
			out[i], st = types.ParseTimestampNS(b)
		default: // types.TimestampTZ
			out[i], st = types.ParseTimestampTZ(b, types.UTC)
		}
		if st != types.ParseOK {
			c.misfit(i)
		}
	}
}

func (c *conversion) intervals() {
	out := vector.Values[types.Interval](c.v)
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		var st types.ParseStatus
		if out[i], st = types.ParseInterval(b); st != types.ParseOK {
			c.misfit(i)
		}
	}
}

// bytes converts to BLOB and BIT.
func (c *conversion) bytes() {
	var buf []byte
	for k := range c.rows() {
		i, b, ok := c.value(k)
		if !ok {
			continue
		}
		if c.v.Type.ID == types.Blob {
			buf, ok = types.ParseBlob(buf[:0], b)
		} else {
			buf, ok = types.ParseBit(buf[:0], b)
		}
		if !ok {
			c.misfit(i)
			continue
		}
		c.v.PutString(i, buf)
	}
}

// strings converts a VARCHAR column: references into the range's bytes but for
// short and unescaped values.
func (c *conversion) strings() {
	r := c.r
	refs := vector.Values[types.StringRef](c.v)
	c.v.Bufs = [][]byte{r.buf}
	var own []byte // unescaped values
	for k := range c.rows() {
		i := c.pos(k)
		f := r.fields[(c.from+i)*r.cols+c.ord]
		lo, hi := f.bounds()
		b := r.buf[lo:hi]
		buf := 0
		if f.escaped() {
			lo = len(own)
			own = r.s.t.schema.dialect.unescape(own, b)
			b, buf = own[lo:], 1
		}
		if c.nulls.onlyEmpty {
			if len(b) == 0 {
				c.v.SetNull(i)
				continue
			}
		} else if c.nulls.is(b, f.quoted()) {
			c.v.SetNull(i)
			continue
		} else if slices.Contains(c.nulls.blank, string(b)) {
			b = nil
		}
		if !r.valid && !utf8.Valid(b) {
			c.misfit(i)
			continue
		}
		if len(b) <= types.MaxInline {
			refs[i] = types.InlineRef(b)
			continue
		}
		refs[i] = types.LongRef(b, buf, lo)
	}
	if own != nil {
		c.v.Bufs = append(c.v.Bufs, own)
	}
}
