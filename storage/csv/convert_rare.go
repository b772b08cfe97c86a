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
		c.unsigned()
	case types.HugeInt:
		c.hugeInts()
	case types.UHugeInt:
		c.unsignedHugeInts()
	case types.Float:
		c.floats()
	case types.Boolean:
		c.booleans()
	case types.Time:
		c.times()
	case types.TimeTZ:
		c.timesTZ()
	case types.TimestampNS:
		c.nanoseconds()
	case types.TimestampTZ:
		c.instants()
	case types.IntervalID:
		c.intervals()
	case types.UUID:
		c.uuids()
	case types.Blob:
		c.blobs()
	case types.Bit:
		c.bits()
	default:
		return false
	}
	return true
}

func (c *conversion) unsigned() {
	out := vector.Values[uint64](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseUint64(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) hugeInts() {
	out := vector.Values[types.Int128](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseInt128(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) unsignedHugeInts() {
	out := vector.Values[types.Uint128](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseUint128(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) floats() {
	out := vector.Values[float32](c.v)
	comma := c.r.s.t.opt.decimalComma
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		if comma {
			b = c.point(b)
		}
		x, ok := types.ParseFloat32(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) booleans() {
	out := vector.Values[uint8](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseBool(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = 0
		if x {
			out[i] = 1
		}
	}
}

func (c *conversion) times() {
	out := vector.Values[int64](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, st := types.ParseTime(b)
		if st != types.ParseOK {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) timesTZ() {
	out := vector.Values[int64](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, st := types.ParseTimeTZ(b)
		if st != types.ParseOK {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) nanoseconds() {
	out := vector.Values[int64](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, st := types.ParseTimestampNS(b)
		if st != types.ParseOK {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) instants() {
	out := vector.Values[int64](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, st := types.ParseTimestampTZ(b, types.UTC)
		if st != types.ParseOK {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) intervals() {
	out := vector.Values[types.Interval](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, st := types.ParseInterval(b)
		if st != types.ParseOK {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) uuids() {
	out := vector.Values[types.Int128](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseUUID(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) blobs() {
	var buf []byte
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseBlob(buf[:0], b)
		if !ok {
			c.misfit(i)
			continue
		}
		c.v.PutString(i, x)
		buf = x
	}
}

func (c *conversion) bits() {
	var buf []byte
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseBit(buf[:0], b)
		if !ok {
			c.misfit(i)
			continue
		}
		c.v.PutString(i, x)
		buf = x
	}
}
