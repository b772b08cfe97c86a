package cast

import (
	"math"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Casts that scale: between decimals, between integers and decimals, and all
// that touches 128 bits.

// decimalLoop returns the loop of a scaling cast between layouts of at most 64
// signed bits; nil when there is none.
func decimalLoop(from, to types.Type) run {
	switch from.Physical() {
	case types.PInt8:
		return decimalFrom[int8](to)
	case types.PInt16:
		return decimalFrom[int16](to)
	case types.PInt32:
		return decimalFrom[int32](to)
	case types.PInt64:
		return decimalFrom[int64](to)
	case types.PUint8:
		return decimalFrom[uint8](to)
	case types.PUint16:
		return decimalFrom[uint16](to)
	case types.PUint32:
		return decimalFrom[uint32](to)
	}
	return nil
}

func decimalFrom[F integer](to types.Type) run {
	switch to.Physical() {
	case types.PInt8:
		return rescale[F, int8]
	case types.PInt16:
		return rescale[F, int16]
	case types.PInt32:
		return rescale[F, int32]
	case types.PInt64:
		return rescale[F, int64]
	case types.PUint8:
		return rescale[F, uint8]
	case types.PUint16:
		return rescale[F, uint16]
	case types.PUint32:
		return rescale[F, uint32]
	}
	return nil
}

// limits returns the range of t's unscaled values; t has at most 64 signed
// bits.
func limits(t types.Type) (lo, hi int64) {
	if t.ID == types.Decimal {
		hi = types.Pow10[t.Width] - 1
		return -hi, hi
	}
	switch t.Physical() {
	case types.PInt8:
		return math.MinInt8, math.MaxInt8
	case types.PInt16:
		return math.MinInt16, math.MaxInt16
	case types.PInt32:
		return math.MinInt32, math.MaxInt32
	case types.PUint8:
		return 0, math.MaxUint8
	case types.PUint16:
		return 0, math.MaxUint16
	case types.PUint32:
		return 0, math.MaxUint32
	}
	return math.MinInt64, math.MaxInt64
}

func rescale[F, T integer](c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[F](v.Data), vector.Values[T](out)
	lo, hi := limits(c.to)
	diff := int(c.to.Scale) - int(c.from.Scale)
	if diff >= 0 {
		// The source is compared with the limits divided, so that the product
		// cannot overflow.
		f := types.Pow10[diff]
		lo, hi = lo/f, hi/f
		if r.sel == nil && r.idx == nil {
			in := in[:r.n]
			dst := dst[:len(in)]
			for i, x := range in {
				y := int64(x)
				if (y < lo || y > hi) && c.misfit(out, i) {
					return c.outOfRange(src, i)
				}
				dst[i] = T(y * f)
			}
			return nil
		}
		for k := range r.n {
			p, i := r.at(k)
			y := int64(in[i])
			if (y < lo || y > hi) && c.misfit(out, p) {
				return c.outOfRange(src, p)
			}
			dst[p] = T(y * f)
		}
		return nil
	}
	f := types.Pow10[-diff]
	half := f / 2
	for k := range r.n {
		p, i := r.at(k)
		x := int64(in[i])
		y, rem := x/f, x%f
		if rem >= half {
			y++
		} else if rem <= -half {
			y--
		}
		if (y < lo || y > hi) && c.misfit(out, p) {
			return c.outOfRange(src, p)
		}
		dst[p] = T(y)
	}
	return nil
}

// widen fills dst[p] with the integers of src, sign-extended to 128 bits.
func widen(c *call, src *vector.Vector, dst []types.Int128) {
	v, r := c.view(src)
	switch c.from.Physical() {
	case types.PBool, types.PUint8:
		widenFrom(raw.Cast[uint8](v.Data), r, dst)
	case types.PInt8:
		widenFrom(raw.Cast[int8](v.Data), r, dst)
	case types.PInt16:
		widenFrom(raw.Cast[int16](v.Data), r, dst)
	case types.PInt32:
		widenFrom(raw.Cast[int32](v.Data), r, dst)
	case types.PInt64:
		widenFrom(raw.Cast[int64](v.Data), r, dst)
	case types.PUint16:
		widenFrom(raw.Cast[uint16](v.Data), r, dst)
	case types.PUint32:
		widenFrom(raw.Cast[uint32](v.Data), r, dst)
	case types.PUint64:
		in := raw.Cast[uint64](v.Data)
		for k := range r.n {
			p, i := r.at(k)
			dst[p] = types.Int128FromUint(in[i])
		}
	default:
		in := raw.Cast[types.Int128](v.Data)
		for k := range r.n {
			p, i := r.at(k)
			dst[p] = in[i]
		}
	}
}

func widenFrom[F integer](in []F, r rows, dst []types.Int128) {
	for k := range r.n {
		p, i := r.at(k)
		dst[p] = types.Int128From(int64(in[i]))
	}
}

// wide casts between any two exact types (booleans, integers, decimals)
// through 128 bits.
func wide(c *call, src, out *vector.Vector) error {
	buf := c.wideBuf(c.size)
	widen(c, src, buf)
	r := rows{c.sel, nil, c.n}
	var lo, hi types.Int128
	unsignedTo, unsignedFrom := c.to.ID == types.UHugeInt, c.from.ID == types.UHugeInt
	switch {
	case c.to.ID == types.Decimal:
		hi = types.Pow10Int128[c.to.Width].Sub(types.Int128From(1))
		lo = hi.Neg()
	case c.to.ID == types.HugeInt, unsignedTo:
		lo, hi = types.MinInt128, types.MaxInt128
	case c.to.ID == types.UBigInt:
		hi = types.Int128FromUint(math.MaxUint64)
	default:
		l, h := limits(c.to)
		lo, hi = types.Int128From(l), types.Int128From(h)
	}
	from, to := int(c.from.Scale), int(c.to.Scale)
	for k := range r.n {
		p, _ := r.at(k)
		x := buf[p]
		ok := !unsignedFrom || x.Hi >= 0
		if from != to && ok {
			x, ok = types.RescaleDecimal(x, from, to)
		}
		ok = ok && !x.Less(lo) && !hi.Less(x) && !(unsignedTo && x.Hi < 0)
		if !ok && c.misfit(out, p) {
			return c.outOfRange(src, p)
		}
		buf[p] = x
	}
	narrow(buf, r, out)
	return nil
}

// narrow stores the low bits of src in out.
func narrow(src []types.Int128, r rows, out *vector.Vector) {
	switch out.Type.Physical() {
	case types.PInt8, types.PUint8:
		narrowTo(src, r, vector.Values[int8](out))
	case types.PInt16, types.PUint16:
		narrowTo(src, r, vector.Values[int16](out))
	case types.PInt32, types.PUint32:
		narrowTo(src, r, vector.Values[int32](out))
	case types.PInt64, types.PUint64:
		narrowTo(src, r, vector.Values[int64](out))
	default:
		dst := vector.Values[types.Int128](out)
		for k := range r.n {
			p, _ := r.at(k)
			dst[p] = src[p]
		}
	}
}

func narrowTo[T integer](src []types.Int128, r rows, dst []T) {
	for k := range r.n {
		p, _ := r.at(k)
		dst[p] = T(src[p].Lo)
	}
}

// exactToFloat casts decimals and 128-bit integers to floats.
func exactToFloat[T float](c *call, src, out *vector.Vector) error {
	dst := vector.Values[T](out)
	scale := int(c.from.Scale)
	if p := c.from.Physical(); p == types.PInt64 || p == types.PInt32 {
		v, r := c.view(src)
		if p == types.PInt64 {
			return decimalToFloat(raw.Cast[int64](v.Data), r, scale, dst)
		}
		return decimalToFloat(raw.Cast[int32](v.Data), r, scale, dst)
	}
	buf := c.wideBuf(c.size)
	widen(c, src, buf)
	r := rows{c.sel, nil, c.n}
	unsigned := c.from.ID == types.UHugeInt
	for k := range r.n {
		p, _ := r.at(k)
		if x := buf[p]; unsigned {
			dst[p] = T(types.Uint128{Lo: x.Lo, Hi: uint64(x.Hi)}.Float64())
		} else {
			dst[p] = T(types.DecimalFloat64(x, scale))
		}
	}
	return nil
}

func decimalToFloat[F int32 | int64, T float](in []F, r rows, scale int, dst []T) error {
	f := types.Pow10Float[scale]
	for k := range r.n {
		p, i := r.at(k)
		x := int64(in[i])
		if x >= -1<<53 && x <= 1<<53 {
			dst[p] = T(float64(x) / f)
		} else {
			dst[p] = T(types.DecimalFloat64(types.Int128From(x), scale))
		}
	}
	return nil
}

// floatToDecimal rounds half away from zero.
func floatToDecimal[F float](c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in := raw.Cast[F](v.Data)
	buf := c.wideBuf(c.size)
	width, scale := int(c.to.Width), int(c.to.Scale)
	for k := range r.n {
		p, i := r.at(k)
		x, ok := types.DecimalFromFloat(float64(in[i]), width, scale)
		if !ok && c.misfit(out, p) {
			return c.outOfRange(src, p)
		}
		buf[p] = x
	}
	narrow(buf, rows{c.sel, nil, c.n}, out)
	return nil
}

// boolToDecimal makes true 1. A type without room before the point gets its
// smallest positive value, as in DuckDB.
func boolToDecimal(c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	one := types.Int128From(1)
	if c.to.Width > c.to.Scale {
		one = types.Pow10Int128[c.to.Scale]
	}
	buf := c.wideBuf(c.size)
	for k := range r.n {
		p, i := r.at(k)
		buf[p] = types.Int128{}
		if v.Data[i] != 0 {
			buf[p] = one
		}
	}
	narrow(buf, rows{c.sel, nil, c.n}, out)
	return nil
}
