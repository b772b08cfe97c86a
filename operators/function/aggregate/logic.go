package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var boolAnd = &function.Aggregate{
	Name:        "bool_and",
	Overloads:   []function.AggOverload{{Params: []types.Type{types.Of(types.Boolean)}, Bind: bindBoolAnd}},
	Description: "whether all values that are not NULL are true",
	Example:     "SELECT bool_and(x) FROM (VALUES (true), (NULL), (false)) t(x)",
	Result:      "false",
	Category:    "aggregate",
}

var boolOr = &function.Aggregate{
	Name:        "bool_or",
	Overloads:   []function.AggOverload{{Params: []types.Type{types.Of(types.Boolean)}, Bind: bindBoolOr}},
	Description: "whether some value is true",
	Example:     "SELECT bool_or(x) FROM (VALUES (true), (NULL), (false)) t(x)",
	Result:      "true",
	Category:    "aggregate",
}

// On booleans, which are 0 and 1, these are min and max.
func bindBoolAnd(_ []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindExtreme("bool_and", types.Of(types.Boolean), 0)
}

func bindBoolOr(_ []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindExtreme("bool_or", types.Of(types.Boolean), -1)
}

var bitTypes = []types.ID{
	types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.HugeInt,
	types.UTinyInt, types.USmallInt, types.UInteger, types.UBigInt, types.UHugeInt,
}

var bitAnd = &function.Aggregate{
	Name:        "bit_and",
	Overloads:   append(overloads(bindBitAnd, bitTypes...), overloads(bindBitAnd, types.Bit)...),
	Description: "the bits that are set in all integers that are not NULL",
	Example:     "SELECT bit_and(x) FROM (VALUES (5), (6)) t(x)",
	Result:      "4",
	Category:    "aggregate",
}

var bitOr = &function.Aggregate{
	Name:        "bit_or",
	Overloads:   append(overloads(bindBitOr, bitTypes...), overloads(bindBitOr, types.Bit)...),
	Description: "the bits that are set in some integer",
	Example:     "SELECT bit_or(x) FROM (VALUES (5), (6)) t(x)",
	Result:      "7",
	Category:    "aggregate",
}

var bitXor = &function.Aggregate{
	Name:        "bit_xor",
	Overloads:   append(overloads(bindBitXor, bitTypes...), overloads(bindBitXor, types.Bit)...),
	Description: "the bits that are set in an odd number of integers",
	Example:     "SELECT bit_xor(x) FROM (VALUES (5), (6)) t(x)",
	Result:      "3",
	Category:    "aggregate",
}

func bindBitAnd(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	if args[0].ID == types.Bit {
		return bindBitStrings("bit_and", opAnd), nil
	}
	// The complement of the OR of the complements.
	return bindBits("bit_and", args[0], ^uint64(0), false)
}

func bindBitOr(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	if args[0].ID == types.Bit {
		return bindBitStrings("bit_or", opOr), nil
	}
	return bindBits("bit_or", args[0], 0, false)
}

func bindBitXor(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	if args[0].ID == types.Bit {
		return bindBitStrings("bit_xor", opXor), nil
	}
	return bindBits("bit_xor", args[0], 0, true)
}

// bitState collects by OR or XOR, complemented by invert.
type bitState struct {
	lo, hi uint64
	seen   int64
}

func bindBits(name string, t types.Type, invert uint64, xor bool) (*function.BoundAgg, error) {
	b := &function.BoundAgg{Name: name, Params: []types.Type{t}, Return: t, Size: 24}
	switch t.Physical().Width() {
	case 1:
		bitLoops[uint8](b, invert, xor)
	case 2:
		bitLoops[uint16](b, invert, xor)
	case 4:
		bitLoops[uint32](b, invert, xor)
	case 8:
		bitLoops[uint64](b, invert, xor)
	case 16:
		wideBitLoops(b, invert, xor)
	}
	if !t.IsInteger() || b.Update == nil {
		return nil, noSuch(name, t)
	}
	b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[bitState](r, off), raw.At[bitState](dst[i], off)
			if xor {
				d.lo, d.hi = d.lo^s.lo, d.hi^s.hi
			} else {
				d.lo, d.hi = d.lo|s.lo, d.hi|s.hi
			}
			d.seen |= s.seen
		}
		return nil
	}
	return b, nil
}

func bitLoops[T uint8 | uint16 | uint32 | uint64](b *function.BoundAgg, invert uint64, xor bool) {
	inv := T(invert)
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[T](w.Data)
		rs = rs[:len(at)]
		if xor {
			for i, e := range at {
				s := raw.At[bitState](rs[i], off)
				s.lo ^= uint64(vals[e])
				s.seen = 1
			}
			return nil
		}
		for i, e := range at {
			s := raw.At[bitState](rs[i], off)
			s.lo |= uint64(vals[e] ^ inv)
			s.seen = 1
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		if len(at) == 0 {
			return nil
		}
		vals := raw.Cast[T](w.Data)
		var all T
		s := raw.At[bitState](row, off)
		s.seen = 1
		if xor {
			for _, e := range at {
				all ^= vals[e]
			}
			s.lo ^= uint64(all)
			return nil
		}
		for _, e := range at {
			all |= vals[e] ^ inv
		}
		s.lo |= uint64(all)
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[T](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[bitState](r, off)
			if vals[i] = T(s.lo) ^ inv; s.seen == 0 {
				vals[i] = 0
				out.SetNull(from + i)
			}
		}
		return nil
	}
}

func wideBitLoops(b *function.BoundAgg, invert uint64, xor bool) {
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[types.Uint128](w.Data)
		for i, e := range at {
			s, x := raw.At[bitState](rs[i], off), vals[e]
			s.seen = 1
			if xor {
				s.lo, s.hi = s.lo^x.Lo, s.hi^x.Hi
			} else {
				s.lo, s.hi = s.lo|(x.Lo^invert), s.hi|(x.Hi^invert)
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[types.Uint128](w.Data)
		s := raw.At[bitState](row, off)
		for _, e := range at {
			x := vals[e]
			s.seen = 1
			if xor {
				s.lo, s.hi = s.lo^x.Lo, s.hi^x.Hi
			} else {
				s.lo, s.hi = s.lo|(x.Lo^invert), s.hi|(x.Hi^invert)
			}
		}
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[types.Uint128](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[bitState](r, off)
			if vals[i] = (types.Uint128{Lo: s.lo ^ invert, Hi: s.hi ^ invert}); s.seen == 0 {
				vals[i] = types.Uint128{}
				out.SetNull(from + i)
			}
		}
		return nil
	}
}
