package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var bitstringAgg = &function.Aggregate{
	Name:        "bitstring_agg",
	Overloads:   bitstringOverloads(),
	Description: "a BIT with a bit for each integer from the second argument to the third, set for those that are there; without these, from the least to the greatest of all groups",
	Example:     "SELECT bitstring_agg(x, 1, 5) FROM (VALUES (5), (3)) t(x)",
	Result:      "00101",
	Category:    "aggregate",
}

func bitstringOverloads() (out []function.AggOverload) {
	for _, id := range bitTypes {
		t := types.Of(id)
		out = append(out, function.AggOverload{Params: []types.Type{t, t, t}, Bind: bindBitstring})
	}
	return out
}

// maxBits is how long a result of bitstring_agg may be.
const maxBits = 1_000_000_000

// bindBitstring makes bitstring_agg(x, from, to). The state is a BIT as stored.
func bindBitstring(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	b := &function.BoundAgg{
		Name: "bitstring_agg", Params: []types.Type{t, t, t}, Return: types.Of(types.Bit), Size: bytesSize, HeapState: true,
	}
	updates(b, func(c *function.AggCall, args []*vector.Vector, pos int, row raw.Addr, off uintptr) error {
		if args[0].IsNull(pos) {
			return nil
		}
		if args[1].IsNull(pos) || args[2].IsNull(pos) {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "the bounds of bitstring_agg must not be NULL")
		}
		x, from, to := args[0].Value(pos), args[1].Value(pos), args[2].Value(pos)
		if types.Compare(x, from) < 0 || types.Compare(x, to) > 0 {
			return sqlerr.New(sqlerr.CodeNumericOutOfRange, "the value %s of bitstring_agg is outside of the range from %s to %s", x, from, to)
		}
		s := raw.At[bytesState](row, off)
		if s.seen == 0 {
			n, ok := distance(from, to)
			if !ok || n >= maxBits {
				return sqlerr.New(sqlerr.CodeNumericOutOfRange, "the range of bitstring_agg, from %s to %s, is too large", from, to)
			}
			n++
			bytes := (n + 7) / 8
			if err := c.Grow(int64(bytes)); err != nil {
				return err
			}
			bits := make([]byte, 1+bytes)
			bits[0] = byte(bytes*8 - n)
			bits[1] = ^byte(0xff >> bits[0]) // padding is set
			ref, err := c.Heap.Put(row, bits)
			c.Shrink(int64(bytes))
			if err != nil {
				return err
			}
			s.ref, s.seen = ref, 1
		}
		n, _ := distance(from, x)
		bits := vector.Str(&s.ref, c.Heap.Bufs())
		n += uint64(bits[0])
		if n/8+1 >= uint64(len(bits)) {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "the bounds of bitstring_agg must be the same for all rows of a group")
		}
		if s.ref.Inline() {
			var small [types.MaxInline]byte
			bits = small[:copy(small[:], bits)]
			bits[1+n/8] |= 0x80 >> (n % 8)
			s.ref = types.InlineRef(bits)
			return nil
		}
		bits[1+n/8] |= 0x80 >> (n % 8)
		return nil
	})
	combineBits(b, opOr)
	b.Finalize = finalizeBytes
	return b, nil
}

// distance is how far it is from a to b, integers of the same type with a <= b.
func distance(a, b types.Value) (uint64, bool) {
	if p := a.Type.Physical(); p == types.PInt128 || p == types.PUint128 {
		x, y := a.Int128(), b.Int128()
		lo := y.Lo - x.Lo
		hi := y.Hi - x.Hi
		if y.Lo < x.Lo {
			hi--
		}
		return lo, hi == 0
	}
	return uint64(b.I) - uint64(a.I), true
}

// bitOp says how BITs are combined.
type bitOp uint8

const (
	opAnd bitOp = iota
	opOr
	opXor
)

// bindBitStrings makes bit_and, bit_or or bit_xor of BITs of one length.
func bindBitStrings(name string, op bitOp) *function.BoundAgg {
	t := types.Of(types.Bit)
	b := &function.BoundAgg{Name: name, Params: []types.Type{t}, Return: t, Size: bytesSize, HeapState: true}
	one := func(c *function.AggCall, w *vector.View, v *vector.Vector, pos int, row raw.Addr, off uintptr) error {
		if v.IsNull(pos) {
			return nil
		}
		src := vector.Str(&raw.Cast[types.StringRef](w.Data)[w.Index(pos)], w.Bufs)
		return raw.At[bytesState](row, off).mergeBits(c, name, src, row, op)
	}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w := view(c, 0, args[0])
		for i := range n {
			if err := one(c, &w, args[0], position(sel, i), rows[i], off); err != nil {
				return err
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w := view(c, 0, args[0])
		for i := range n {
			if err := one(c, &w, args[0], position(sel, i), row, off); err != nil {
				return err
			}
		}
		return nil
	}
	combineBits(b, op)
	b.Finalize = finalizeBytes
	return b
}

func combineBits(b *function.BoundAgg, op bitOp) {
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[bytesState](r, off), raw.At[bytesState](dst[i], off)
			if s.seen == 0 {
				continue
			}
			if err := d.mergeBits(c, b.Name, vector.Str(&s.ref, c.SrcBufs), dst[i], op); err != nil {
				return err
			}
		}
		return nil
	}
}

// mergeBits combines a BIT into the state, in a place that is the state's own.
func (s *bytesState) mergeBits(c *function.AggCall, name string, src []byte, row raw.Addr, op bitOp) error {
	if s.seen == 0 {
		ref, err := c.Heap.Put(row, src)
		s.ref, s.seen = ref, 1
		return err
	}
	dst := vector.Str(&s.ref, c.Heap.Bufs())
	if len(dst) != len(src) || dst[0] != src[0] {
		return sqlerr.New(sqlerr.CodeInvalidArgument, "%s needs bit strings of equal length", name)
	}
	inline := s.ref.Inline()
	var small [types.MaxInline]byte
	if inline {
		dst = small[:copy(small[:], dst)]
	}
	pad := ^byte(0xff >> dst[0])
	src = src[:len(dst)]
	switch op {
	case opAnd:
		for i := 1; i < len(dst); i++ {
			dst[i] &= src[i]
		}
	case opOr:
		for i := 1; i < len(dst); i++ {
			dst[i] |= src[i]
		}
	case opXor:
		for i := 1; i < len(dst); i++ {
			dst[i] ^= src[i]
		}
	}
	dst[1] |= pad
	if inline {
		s.ref = types.InlineRef(dst)
	}
	return nil
}
