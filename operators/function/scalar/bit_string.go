package scalar

import (
	"bytes"
	"math"
	"math/bits"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var bitType = types.Of(types.Bit)

// bitString is a BIT as it is stored: the number of padding bits, then the bits
// behind so many ones.
type bitString []byte

func (b bitString) pad() int {
	if len(b) < 2 {
		return 0
	}
	return int(b[0] & 7)
}

func (b bitString) length() int {
	if len(b) < 2 {
		return 0
	}
	return (len(b)-1)*8 - b.pad()
}

func (b bitString) bit(i int) byte {
	i += b.pad()
	return b[1+i>>3] >> (7 - i&7) & 1
}

func (b bitString) set(i int, bit byte) {
	i += b.pad()
	mask := byte(0x80) >> (i & 7)
	if bit != 0 {
		b[1+i>>3] |= mask
	} else {
		b[1+i>>3] &^= mask
	}
}

// zeroBits makes room for n bits in scratch memory, all 0.
func zeroBits(scratch []byte, n int) bitString {
	size := 1 + (n+7)/8
	if cap(scratch) < size {
		scratch = make([]byte, size)
	}
	b := bitString(scratch[:size])
	clear(b)
	b[0] = byte((size-1)*8 - n)
	if size > 1 {
		b[1] = ^byte(0xff >> b[0])
	}
	return b
}

// runBitString is & | xor ~ << and >> of bit strings.
func runBitString(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(bitOp)
	x, r := textArg(c, args, 0), living(c)
	var y texts
	var by numbers[int32]
	switch op {
	case bitNot:
	case bitShiftLeft, bitShiftRight:
		by = numArg[int32](c, args, 1)
	default:
		y = textArg(c, args, 1)
	}
	var buf bitString
	for k := range r.n {
		p := r.at(k)
		a := bitString(x.at(p))
		n := a.length()
		buf = zeroBits(buf[:0], n)
		switch op {
		case bitNot:
			for i := 1; i < len(a); i++ {
				buf[i] = ^a[i]
			}
		case bitShiftLeft, bitShiftRight:
			d := int(by.at(p))
			if d < 0 && op == bitShiftRight {
				d = n // as DuckDB
			}
			if d < 0 {
				return sqlerr.New(sqlerr.CodeNumericOutOfRange, "bits cannot be shifted by %d", d)
			}
			for i := range n - min(d, n) {
				if op == bitShiftLeft {
					buf.set(i, a.bit(i+d))
				} else {
					buf.set(i+d, a.bit(i))
				}
			}
		default:
			b := bitString(y.at(p))
			if b.length() != n {
				return sqlerr.New(sqlerr.CodeInvalidArgument, "bit strings of %d and %d bits cannot be combined", n, b.length())
			}
			b = b[:len(a)]
			for i := 1; i < len(a); i++ {
				switch op {
				case bitAnd:
					buf[i] = a[i] & b[i]
				case bitOr:
					buf[i] = a[i] | b[i]
				default:
					buf[i] = a[i] ^ b[i]
				}
			}
		}
		if len(buf) > 1 {
			buf[1] |= ^byte(0xff >> buf[0])
		}
		out.PutString(p, buf)
	}
	return nil
}

func errBitIndex(i, n int) error {
	return sqlerr.New(sqlerr.CodeNumericOutOfRange, "bit index %d is not within 0 and %d", i, n-1)
}

// runGetBit is get_bit(bits, index).
func runGetBit(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, at, dst, r := textArg(c, args, 0), numArg[int32](c, args, 1), vector.Values[int32](out), living(c)
	for k := range r.n {
		p := r.at(k)
		b, i := bitString(x.at(p)), int(at.at(p))
		if i < 0 || i >= b.length() {
			return errBitIndex(i, b.length())
		}
		dst[p] = int32(b.bit(i))
	}
	return nil
}

// runSetBit is set_bit(bits, index, 0 or 1).
func runSetBit(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, at, to, r := textArg(c, args, 0), numArg[int32](c, args, 1), numArg[int32](c, args, 2), living(c)
	var buf bitString
	for k := range r.n {
		p := r.at(k)
		b, i, bit := x.at(p), int(at.at(p)), to.at(p)
		if bit != 0 && bit != 1 {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "a bit is 0 or 1, not %d", bit)
		}
		buf = append(buf[:0], b...)
		if i < 0 || i >= buf.length() {
			return errBitIndex(i, buf.length())
		}
		buf.set(i, byte(bit))
		out.PutString(p, buf)
	}
	return nil
}

// runBitPosition is bit_position(part, bits): from 1 on, 0 if it is not there.
func runBitPosition(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, y, dst, r := textArg(c, args, 0), textArg(c, args, 1), vector.Values[int32](out), living(c)
	var part, all []byte
	for k := range r.n {
		p := r.at(k)
		part, all = types.AppendBit(part[:0], x.at(p)), types.AppendBit(all[:0], y.at(p))
		dst[p] = int32(bytes.Index(all, part) + 1)
	}
	return nil
}

// runBitStringCount is bit_count of a bit string.
func runBitStringCount(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, dst, r := textArg(c, args, 0), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		b := bitString(x.at(p))
		n := -b.pad()
		for i := 1; i < len(b); i++ {
			n += bits.OnesCount8(b[i])
		}
		dst[p] = int64(n)
	}
	return nil
}

// maxBitString is how long bitstring makes a BIT.
const maxBitString = 1 << 30

// runBitstring is bitstring(bits, length): zeros in front.
func runBitstring(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, to, r := textArg(c, args, 0), numArg[int32](c, args, 1), living(c)
	var buf bitString
	for k := range r.n {
		p := r.at(k)
		b, n := bitString(x.at(p)), int(to.at(p))
		have := b.length()
		if n < have || n > maxBitString {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "a bit string of %d bits cannot be made %d bits long", have, n)
		}
		buf = zeroBits(buf[:0], n)
		for i := range have {
			buf.set(n-have+i, b.bit(i))
		}
		out.PutString(p, buf)
	}
	return nil
}

// bitStringOverload is an operator of bit strings.
func bitStringOverload(op bitOp) function.Overload {
	switch op {
	case bitNot:
		return with(op, sig(bitType, runBitString, bitType))
	case bitShiftLeft, bitShiftRight:
		return with(op, failing(sig(bitType, runBitString, bitType, integer)))
	}
	return with(op, failing(sig(bitType, runBitString, bitType, bitType)))
}

var bitStrings = []*function.Scalar{
	{Name: "get_bit", Category: "bit", Description: "The bit at an index, from 0 on.", Example: "get_bit('0110'::BIT, 2)", Result: "1",
		Overloads: []function.Overload{failing(sig(integer, runGetBit, bitType, integer))}},
	{Name: "set_bit", Category: "bit", Description: "The bits with the one at an index, from 0 on, set to 0 or 1.", Example: "set_bit('0110'::BIT, 0, 1)", Result: "1110",
		Overloads: []function.Overload{failing(sig(bitType, runSetBit, bitType, integer, integer))}},
	{Name: "bit_position", Category: "bit", Description: "Where bits occur first in others, from 1 on; 0 if they do not.", Example: "bit_position('11'::BIT, '0110'::BIT)", Result: "2",
		Overloads: []function.Overload{sig(integer, runBitPosition, bitType, bitType)}},
	{Name: "bitstring", Category: "bit", Description: "The bits with zeros in front, up to a length.", Example: "bitstring('101'::BIT, 5)", Result: "00101",
		Overloads: []function.Overload{failing(sig(bitType, runBitstring, bitType, integer))}},
	{Name: "is_histogram_other_bin", Category: "aggregate", Description: "Whether a bin of histogram counts what is in no other bin.", Example: "is_histogram_other_bin(2147483647)", Result: "true",
		Overloads: []function.Overload{binding(bindOtherBin, types.Of(types.Any))}},
}

// bindOtherBin compares with the value that histogram uses for what is in no
// bin: the greatest number, infinity, the empty text or list, a struct of NULLs.
func bindOtherBin(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	t := args[0]
	switch t.ID {
	case types.Null:
		t = integer
	case types.Decimal:
		t = double
	}
	return &function.Bound{Params: []types.Type{t}, Return: boolean, Kernel: func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
		dst, r := vector.Values[uint8](out), living(c)
		for k := range r.n {
			p := r.at(k)
			dst[p] = 0
			if !args[0].IsNull(p) && otherBin(args[0].Value(p)) {
				dst[p] = 1
			}
		}
		return nil
	}}, nil
}

func otherBin(v types.Value) bool {
	switch v.Type.ID {
	case types.TinyInt:
		return v.I == math.MaxInt8
	case types.SmallInt:
		return v.I == math.MaxInt16
	case types.Integer, types.Date:
		return v.I == math.MaxInt32
	case types.BigInt, types.Timestamp, types.TimestampS, types.TimestampMS, types.TimestampNS, types.TimestampTZ:
		return v.I == math.MaxInt64
	case types.UTinyInt:
		return v.I == math.MaxUint8
	case types.USmallInt:
		return v.I == math.MaxUint16
	case types.UInteger:
		return v.I == math.MaxUint32
	case types.UBigInt:
		return uint64(v.I) == math.MaxUint64
	case types.HugeInt:
		x := v.Int128()
		return x.Lo == math.MaxUint64 && x.Hi == math.MaxInt64
	case types.UHugeInt:
		x := v.Int128()
		return x.Lo == math.MaxUint64 && x.Hi == -1
	case types.Float, types.Double:
		return math.IsInf(v.F, 1)
	case types.Time:
		return v.I == 24*3600*types.MicrosPerSecond
	case types.Varchar, types.Blob:
		return v.S == ""
	case types.List:
		return len(v.Children) == 0
	case types.Struct:
		for _, x := range v.Children {
			if !x.IsNull {
				return false
			}
		}
		return true
	}
	return false
}
