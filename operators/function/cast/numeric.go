package cast

import (
	"math"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

type float interface{ float32 | float64 }

type run = func(c *call, src, out *vector.Vector) error

// fromInt returns the loop from integers of layout F to the layout to.
func fromInt[F integer](to types.Physical) run {
	switch to {
	case types.PInt8:
		return intToInt[F, int8]
	case types.PInt16:
		return intToInt[F, int16]
	case types.PInt32:
		return intToInt[F, int32]
	case types.PInt64:
		return intToInt[F, int64]
	case types.PUint8:
		return intToInt[F, uint8]
	case types.PUint16:
		return intToInt[F, uint16]
	case types.PUint32:
		return intToInt[F, uint32]
	case types.PUint64:
		return intToInt[F, uint64]
	case types.PFloat32:
		return intToFloat[F, float32]
	case types.PFloat64:
		return intToFloat[F, float64]
	}
	return nil
}

// intLoop returns the loop between integers of at most 64 bits, and from those
// to floats; nil when there is none.
func intLoop(from, to types.Physical) run {
	switch from {
	case types.PInt8:
		return fromInt[int8](to)
	case types.PInt16:
		return fromInt[int16](to)
	case types.PInt32:
		return fromInt[int32](to)
	case types.PInt64:
		return fromInt[int64](to)
	case types.PUint8:
		return fromInt[uint8](to)
	case types.PUint16:
		return fromInt[uint16](to)
	case types.PUint32:
		return fromInt[uint32](to)
	case types.PUint64:
		return fromInt[uint64](to)
	}
	return nil
}

func intToInt[F, T integer](c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[F](v.Data), vector.Values[T](out)
	if r.sel == nil && r.idx == nil {
		in := in[:r.n]
		dst := dst[:len(in)]
		for i, x := range in {
			y := T(x)
			if (F(y) != x || (x < 0) != (y < 0)) && c.misfit(out, i) {
				return c.outOfRange(src, i)
			}
			dst[i] = y
		}
		return nil
	}
	for k := range r.n {
		p, i := r.at(k)
		x := in[i]
		y := T(x)
		if (F(y) != x || (x < 0) != (y < 0)) && c.misfit(out, p) {
			return c.outOfRange(src, p)
		}
		dst[p] = y
	}
	return nil
}

func intToFloat[F integer, T float](c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[F](v.Data), vector.Values[T](out)
	if r.sel == nil && r.idx == nil {
		in := in[:r.n]
		dst := dst[:len(in)]
		for i, x := range in {
			dst[i] = T(x)
		}
		return nil
	}
	for k := range r.n {
		p, i := r.at(k)
		dst[p] = T(in[i])
	}
	return nil
}

// floatLoop returns the loop from floats to integers of at most 64 bits and to
// floats.
func floatLoop(from, to types.Physical) run {
	if from == types.PFloat32 {
		return fromFloat[float32](to)
	}
	return fromFloat[float64](to)
}

func fromFloat[F float](to types.Physical) run {
	switch to {
	case types.PInt8:
		return floatToInt[F, int8]
	case types.PInt16:
		return floatToInt[F, int16]
	case types.PInt32:
		return floatToInt[F, int32]
	case types.PInt64:
		return floatToInt[F, int64]
	case types.PUint8:
		return floatToInt[F, uint8]
	case types.PUint16:
		return floatToInt[F, uint16]
	case types.PUint32:
		return floatToInt[F, uint32]
	case types.PUint64:
		return floatToInt[F, uint64]
	case types.PInt128, types.PUint128:
		return floatToWide[F]
	case types.PFloat32:
		return floatToFloat[F, float32]
	case types.PFloat64:
		return floatToFloat[F, float64]
	}
	return nil
}

// bounds returns the range of T as floats: lo <= x < hi.
func bounds[T integer]() (lo, hi float64) {
	var zero T
	minus := zero - 1
	bits := 0
	for x := T(1); x != 0; x <<= 1 {
		bits++
	}
	if minus > 0 {
		return 0, math.Ldexp(1, bits)
	}
	return -math.Ldexp(1, bits-1), math.Ldexp(1, bits-1)
}

func floatToInt[F float, T integer](c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[F](v.Data), vector.Values[T](out)
	lo, hi := bounds[T]()
	for k := range r.n {
		p, i := r.at(k)
		x := math.RoundToEven(float64(in[i]))
		if !(x >= lo && x < hi) {
			if c.misfit(out, p) {
				return c.outOfRange(src, p)
			}
			continue
		}
		dst[p] = T(x)
	}
	return nil
}

func floatToWide[F float](c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[F](v.Data), vector.Values[types.Int128](out)
	unsigned := c.to.ID == types.UHugeInt
	for k := range r.n {
		p, i := r.at(k)
		var ok bool
		if unsigned {
			var u types.Uint128
			u, ok = types.Uint128FromFloat(float64(in[i]))
			dst[p] = types.Int128{Lo: u.Lo, Hi: int64(u.Hi)}
		} else {
			dst[p], ok = types.Int128FromFloat(float64(in[i]))
		}
		if !ok && c.misfit(out, p) {
			return c.outOfRange(src, p)
		}
	}
	return nil
}

func floatToFloat[F, T float](c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[F](v.Data), vector.Values[T](out)
	for k := range r.n {
		p, i := r.at(k)
		y := T(in[i])
		if math.IsInf(float64(y), 0) && !math.IsInf(float64(in[i]), 0) && c.misfit(out, p) {
			return c.outOfRange(src, p)
		}
		dst[p] = y
	}
	return nil
}

// boolLoop returns the loop from numbers to BOOLEAN.
func boolLoop(from types.Physical) run {
	switch from {
	case types.PInt8, types.PUint8:
		return toBool[uint8]
	case types.PInt16, types.PUint16:
		return toBool[uint16]
	case types.PInt32, types.PUint32:
		return toBool[uint32]
	case types.PInt64, types.PUint64:
		return toBool[uint64]
	case types.PInt128, types.PUint128:
		return toBool[types.Int128]
	case types.PFloat32:
		return toBool[float32]
	case types.PFloat64:
		return toBool[float64]
	}
	return nil
}

func toBool[F comparable](c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in := raw.Cast[F](v.Data)
	dst := out.Data
	var zero F
	for k := range r.n {
		p, i := r.at(k)
		dst[p] = 0
		if in[i] != zero {
			dst[p] = 1
		}
	}
	return nil
}

// outOfRange is the error for the value at position p of src.
func (c *call) outOfRange(src *vector.Vector, p int) error {
	return errRange(src.Value(p).String(), c.from, c.to)
}
