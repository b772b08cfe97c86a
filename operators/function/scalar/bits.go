package scalar

import (
	"math/bits"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// bitOp is an operation on the bits of integers.
type bitOp uint8

const (
	bitAnd bitOp = iota
	bitOr
	bitXor
	bitNot
	bitShiftLeft
	bitShiftRight
)

type narrowInt interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func runBits[T narrowInt](c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(bitOp)
	xs, ys, dst, r := numArg[T](c, args, 0), numArg[T](c, args, len(args)-1), vector.Values[T](out), living(c)
	width := T(8 * out.Type.Physical().Width())
	for k := range r.n {
		p := r.at(k)
		x, y := xs.at(p), ys.at(p)
		switch op {
		case bitAnd:
			x &= y
		case bitOr:
			x |= y
		case bitXor:
			x ^= y
		case bitNot:
			x = ^x
		case bitShiftLeft:
			var err error
			if x, err = shiftLeft(x, y, width); err != nil {
				return err
			}
		case bitShiftRight:
			if y < 0 || y >= width {
				x = 0
			} else {
				x >>= y
			}
		}
		dst[p] = x
	}
	return nil
}

func shiftLeft[T narrowInt](x, y, width T) (T, error) {
	var zero T
	signed := zero-1 < 0
	switch {
	case x < 0:
		return 0, sqlerr.New(sqlerr.CodeNumericOutOfRange, "cannot left-shift the negative number %d", x)
	case y < 0:
		return 0, sqlerr.New(sqlerr.CodeNumericOutOfRange, "cannot left-shift by the negative number %d", y)
	case y >= width:
		if x == 0 {
			return 0, nil
		}
		return 0, sqlerr.New(sqlerr.CodeNumericOutOfRange, "left-shift value %d is out of range", y)
	case y == 0:
		return x, nil
	}
	z := x << y
	if z>>y != x || signed && z < 0 {
		return 0, sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in left shift (%d << %d)", x, y)
	}
	return z, nil
}

func runWideBits(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(bitOp)
	xs, ys, dst, r := numArg[types.Int128](c, args, 0), numArg[types.Int128](c, args, len(args)-1), vector.Values[types.Int128](out), living(c)
	for k := range r.n {
		p := r.at(k)
		x, y := xs.at(p), ys.at(p)
		switch op {
		case bitAnd:
			x = x.And(y)
		case bitOr:
			x = x.Or(y)
		case bitXor:
			x = x.Xor(y)
		case bitNot:
			x = x.Not()
		default:
			n := y.Lo
			switch {
			case y.Hi != 0 || n > 127:
				if op == bitShiftLeft && !x.IsZero() {
					return sqlerr.New(sqlerr.CodeNumericOutOfRange, "left-shift value %s is out of range", y)
				}
				x = types.Int128{}
			case op == bitShiftRight:
				for ; n >= 32; n -= 32 {
					x = types.Int128{Lo: x.Lo>>32 | uint64(x.Hi)<<32, Hi: x.Hi >> 32}
				}
				if n > 0 {
					x = types.Int128{Lo: x.Lo>>n | uint64(x.Hi)<<(64-n), Hi: x.Hi >> n}
				}
			default:
				ok := !x.IsNeg()
				for ; n > 0 && ok; n-- {
					x, ok = x.AddOK(x)
				}
				if !ok {
					return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in left shift (%s << %s)", xs.at(p), y)
				}
			}
		}
		dst[p] = x
	}
	return nil
}

func bitsKernel(t types.Type) function.Kernel {
	switch t.Physical() {
	case types.PInt8:
		return runBits[int8]
	case types.PInt16:
		return runBits[int16]
	case types.PInt32:
		return runBits[int32]
	case types.PInt64:
		return runBits[int64]
	case types.PUint8:
		return runBits[uint8]
	case types.PUint16:
		return runBits[uint16]
	case types.PUint32:
		return runBits[uint32]
	case types.PUint64:
		return runBits[uint64]
	}
	return runWideBits
}

func bitOverloads(op bitOp) []function.Overload {
	var out []function.Overload
	for _, t := range allInts {
		params := []types.Type{t, t}
		if op == bitNot {
			params = params[:1]
		}
		o := sig(t, bitsKernel(t), params...)
		o.CanFail = op == bitShiftLeft
		out = append(out, with(op, o))
	}
	return append(out, bitStringOverload(op))
}

// runBitCount counts the set bits; the width matters for negative numbers.
func runBitCount(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	dst, r := vector.Values[int8](out), living(c)
	switch args[0].Type.ID {
	case types.TinyInt:
		countBitsOf[int8](numArg[int8](c, args, 0), 0xff, dst, r)
	case types.SmallInt:
		countBitsOf[int16](numArg[int16](c, args, 0), 0xffff, dst, r)
	case types.Integer:
		countBitsOf[int32](numArg[int32](c, args, 0), 0xffffffff, dst, r)
	case types.BigInt:
		countBitsOf[int64](numArg[int64](c, args, 0), 1<<64-1, dst, r)
	default:
		xs := numArg[types.Int128](c, args, 0)
		for k := range r.n {
			p := r.at(k)
			x := xs.at(p)
			dst[p] = int8(bits.OnesCount64(x.Lo) + bits.OnesCount64(uint64(x.Hi)))
		}
	}
	return nil
}

func countBitsOf[T int8 | int16 | int32 | int64](xs numbers[T], mask uint64, dst []int8, r positions) {
	for k := range r.n {
		p := r.at(k)
		dst[p] = int8(bits.OnesCount64(uint64(int64(xs.at(p))) & mask))
	}
}

func bitCountOverloads() []function.Overload {
	var out []function.Overload
	for _, t := range signedInts {
		out = append(out, sig(tinyint, runBitCount, t))
	}
	return append(out, sig(bigint, runBitStringCount, bitType))
}

var bitFunctions = []*function.Scalar{
	{Name: "&", Category: "numeric", Description: "Bitwise and.", Example: "5 & 3", Result: "1", Overloads: bitOverloads(bitAnd)},
	{Name: "|", Category: "numeric", Description: "Bitwise or.", Example: "5 | 3", Result: "7", Overloads: bitOverloads(bitOr)},
	{Name: "xor", Category: "numeric", Description: "Bitwise exclusive or.", Example: "xor(5, 3)", Result: "6", Overloads: bitOverloads(bitXor)},
	{Name: "~", Category: "numeric", Description: "Bitwise not; of two texts, whether a regular expression matches all of the first.", Example: "~5", Result: "-6",
		Overloads: append(bitOverloads(bitNot), binding(bindRegexp(regexpFull), varchar, varchar))},
	{Name: "<<", Category: "numeric", Description: "Bits shifted to the left.", Example: "5 << 2", Result: "20", Overloads: bitOverloads(bitShiftLeft)},
	{Name: ">>", Category: "numeric", Description: "Bits shifted to the right.", Example: "5 >> 1", Result: "2", Overloads: bitOverloads(bitShiftRight)},
	{Name: "bit_count", Category: "numeric", Description: "The number of bits that are set.", Example: "bit_count(255)", Result: "8", Overloads: bitCountOverloads()},
}
