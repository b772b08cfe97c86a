package kernel

import (
	"fmt"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// DivInt computes out = a op b, op being Div (towards zero) or Mod (a's sign),
// for integers: NULL where b is zero, error 22003 where the smallest value is
// divided by -1. Only positions of (sel, n) are computed, from which the
// caller has removed NULLs. Shapes as Arith; the NULLs of zero divisors are
// set in out's bitmap, those of the operands are not.
func DivInt(op ArithOp, a, b, out *vector.Vector, sel []uint32, n int, cache *ArithCache) error {
	if n == 0 {
		return nil
	}
	if cache == nil {
		cache = new(ArithCache)
	}
	x, y := operands(a, b, out, cache)
	switch out.Type.Physical() {
	case types.PInt8:
		return divInt[int8](op, -1<<7, x, y, out, sel, n)
	case types.PInt16:
		return divInt[int16](op, -1<<15, x, y, out, sel, n)
	case types.PInt32:
		return divInt[int32](op, -1<<31, x, y, out, sel, n)
	case types.PInt64:
		return divInt[int64](op, -1<<63, x, y, out, sel, n)
	case types.PUint8:
		return divInt[uint8](op, 0, x, y, out, sel, n)
	case types.PUint16:
		return divInt[uint16](op, 0, x, y, out, sel, n)
	case types.PUint32:
		return divInt[uint32](op, 0, x, y, out, sel, n)
	case types.PUint64:
		return divInt[uint64](op, 0, x, y, out, sel, n)
	case types.PInt128:
		return div128(op, x, y, out, sel, n)
	case types.PUint128:
		divU128(op, x, y, out, sel, n)
		return nil
	}
	return sqlerr.New(sqlerr.CodeInternal, "no integer division for %s", out.Type)
}

// divInt divides; least is the smallest value of a signed type, 0 for an
// unsigned one.
func divInt[T integer](op ArithOp, least T, x, y side, out *vector.Vector, sel []uint32, n int) error {
	xs, ys, rs := cast[T](x.data), cast[T](y.data), cast[T](out.Data)
	minusOne := ^T(0)
	if c := ys[0]; y.step == 0 && c != 0 && (least == 0 || c != minusOne) {
		divConst(op, xs, c, rs, x.step, sel, n)
		return nil
	}
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		a, b := xs[p*x.step], ys[p*y.step]
		switch {
		case b == 0:
			rs[p] = 0
			out.SetNull(p)
		case b == minusOne && least != 0 && a == least:
			return overflow(op, out.Type, fmt.Sprint(a), fmt.Sprint(b))
		case op == Div:
			rs[p] = a / b
		default:
			rs[p] = a % b
		}
	}
	return nil
}

func divConst[T integer](op ArithOp, xs []T, c T, rs []T, sx int, sel []uint32, n int) {
	switch {
	case sel != nil && op == Div:
		for _, p := range sel[:n] {
			rs[p] = xs[int(p)*sx] / c
		}
	case sel != nil:
		for _, p := range sel[:n] {
			rs[p] = xs[int(p)*sx] % c
		}
	case op == Div:
		for i := range rs[:n] {
			rs[i] = xs[i*sx] / c
		}
	default:
		for i := range rs[:n] {
			rs[i] = xs[i*sx] % c
		}
	}
}

func div128(op ArithOp, x, y side, out *vector.Vector, sel []uint32, n int) error {
	xs, ys, rs := cast[types.Int128](x.data), cast[types.Int128](y.data), cast[types.Int128](out.Data)
	least := types.Int128{Hi: -1 << 63}
	minusOne := types.Int128From(-1)
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		a, b := xs[p*x.step], ys[p*y.step]
		if b.IsZero() {
			rs[p] = b
			out.SetNull(p)
			continue
		}
		if a == least && b == minusOne {
			return overflow(op, out.Type, a.String(), b.String())
		}
		q, r := a.DivMod(b)
		if op == Mod {
			q = r
		}
		rs[p] = q
	}
	return nil
}

func divU128(op ArithOp, x, y side, out *vector.Vector, sel []uint32, n int) {
	xs, ys, rs := cast[types.Uint128](x.data), cast[types.Uint128](y.data), cast[types.Uint128](out.Data)
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		a, b := xs[p*x.step], ys[p*y.step]
		if b.IsZero() {
			rs[p] = b
			out.SetNull(p)
			continue
		}
		q, r := a.DivMod(b)
		if op == Mod {
			q = r
		}
		rs[p] = q
	}
}

// Negate computes out = -a: error 22003 where a signed integer has no
// opposite; unsigned integers wrap around. Shapes as Arith.
func Negate(a, out *vector.Vector, sel []uint32, n int, cache *ArithCache) error {
	return opposite(false, a, out, sel, n, cache)
}

// Abs computes out = |a|: error 22003 where a signed integer has no opposite.
// Shapes as Arith.
func Abs(a, out *vector.Vector, sel []uint32, n int, cache *ArithCache) error {
	return opposite(true, a, out, sel, n, cache)
}

func opposite(abs bool, a, out *vector.Vector, sel []uint32, n int, cache *ArithCache) error {
	if n == 0 {
		return nil
	}
	if cache == nil {
		cache = new(ArithCache)
	}
	x := operand(a, &cache.a, out.Len)
	switch a.Type.Physical() {
	case types.PInt8:
		return oppositeInt[int8](abs, -1<<7, x, out, sel, n)
	case types.PInt16:
		return oppositeInt[int16](abs, -1<<15, x, out, sel, n)
	case types.PInt32:
		return oppositeInt[int32](abs, -1<<31, x, out, sel, n)
	case types.PInt64:
		return oppositeInt[int64](abs, -1<<63, x, out, sel, n)
	case types.PUint8:
		return oppositeInt[uint8](abs, 0, x, out, sel, n)
	case types.PUint16:
		return oppositeInt[uint16](abs, 0, x, out, sel, n)
	case types.PUint32:
		return oppositeInt[uint32](abs, 0, x, out, sel, n)
	case types.PUint64:
		return oppositeInt[uint64](abs, 0, x, out, sel, n)
	case types.PFloat32:
		oppositeFloat[float32](abs, x, out, sel, n)
		return nil
	case types.PFloat64:
		oppositeFloat[float64](abs, x, out, sel, n)
		return nil
	case types.PInt128:
		return opposite128(abs, x, out, sel, n)
	case types.PUint128:
		xs, rs := cast[types.Uint128](x.data), cast[types.Uint128](out.Data)
		for i := range n {
			p := i
			if sel != nil {
				p = int(sel[i])
			}
			v := xs[p*x.step]
			if !abs {
				m := types.Int128{Lo: v.Lo, Hi: int64(v.Hi)}.Neg()
				v = types.Uint128{Lo: m.Lo, Hi: uint64(m.Hi)}
			}
			rs[p] = v
		}
		return nil
	}
	return sqlerr.New(sqlerr.CodeInternal, "no opposite for %s", a.Type)
}

func noOpposite(abs bool, x string) error {
	if abs {
		return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow on abs(%s)", x)
	}
	return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in negation of numeric value")
}

func oppositeInt[T integer](abs bool, least T, x side, out *vector.Vector, sel []uint32, n int) error {
	xs, rs := cast[T](x.data), cast[T](out.Data)
	bad := false
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		v := xs[p*x.step]
		if least != 0 && v == least {
			bad = true
		}
		if !abs || v < 0 {
			v = -v
		}
		rs[p] = v
	}
	if bad {
		return noOpposite(abs, fmt.Sprint(least))
	}
	return nil
}

func oppositeFloat[T float](abs bool, x side, out *vector.Vector, sel []uint32, n int) {
	xs, rs := cast[T](x.data), cast[T](out.Data)
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		v := xs[p*x.step]
		switch {
		case !abs:
			v = -v
		case v <= 0: // -0 too
			v = 0 - v
		}
		rs[p] = v
	}
}

func opposite128(abs bool, x side, out *vector.Vector, sel []uint32, n int) error {
	xs, rs := cast[types.Int128](x.data), cast[types.Int128](out.Data)
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		v := xs[p*x.step]
		if v.Lo == 0 && v.Hi == -1<<63 {
			return noOpposite(abs, v.String())
		}
		if !abs || v.IsNeg() {
			v = v.Neg()
		}
		rs[p] = v
	}
	return nil
}
