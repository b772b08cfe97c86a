package aggregate

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sketch"
	"github.com/gannetdb/gannet/vector/types"
)

var approxCountDistinct = &function.Aggregate{
	Name:        "approx_count_distinct",
	Overloads:   []function.AggOverload{{Params: []types.Type{types.Of(types.Any)}, Bind: bindApproxCount}},
	Description: "about how many distinct values there are that are not NULL (HyperLogLog, standard error 3.3 %)",
	Example:     "SELECT approx_count_distinct(x) FROM (VALUES (3), (NULL), (3)) t(x)",
	Result:      "1",
	Category:    "aggregate",
}

// A state collects hashes, 8 bytes each, until a sketch is smaller; then it is
// the sketch, whose items are negative.
const sketchBytes = 1 << 10

func bindApproxCount(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	b := &function.BoundAgg{Name: "approx_count_distinct", Params: []types.Type{args[0]}, Return: types.Of(types.BigInt), Size: bagSize, HeapState: true}
	hashes := func(c *function.AggCall, v *vector.Vector, sel []uint32, n int) []uint64 {
		tmp := scratch(c, 9)
		tmp.Type = types.Of(types.UBigInt)
		tmp.Resize(max(v.Len, n))
		h := raw.Cast[uint64](tmp.Data)
		var cache kernel.HashCache
		kernel.Hash(v, n, sel, sketchSeed, h, false, &cache)
		return h
	}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		v := args[0]
		h := hashes(c, v, sel, n)
		nulls := v.MayHaveNulls()
		for i := range n {
			p := position(sel, i)
			if nulls && v.IsNull(p) {
				continue
			}
			if err := addHash(c, raw.At[bagState](rows[i], off), rows[i], h[p]); err != nil {
				return err
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		v := args[0]
		h := hashes(c, v, sel, n)
		nulls := v.MayHaveNulls()
		for i := range n {
			p := position(sel, i)
			if nulls && v.IsNull(p) {
				continue
			}
			if err := addHash(c, raw.At[bagState](row, off), row, h[p]); err != nil {
				return err
			}
		}
		return nil
	}
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[bagState](r, off), raw.At[bagState](dst[i], off)
			if s.items >= 0 {
				for from := s.bytes(c.SrcBufs); len(from) > 0; from = from[8:] {
					if err := addHash(c, d, dst[i], binary.LittleEndian.Uint64(from)); err != nil {
						return err
					}
				}
				continue
			}
			if d.items >= 0 {
				if err := toSketch(c, d, dst[i]); err != nil {
					return err
				}
			}
			regs := d.bytes(c.Heap.Bufs())
			for k, x := range s.bytes(c.SrcBufs) {
				regs[k] = max(regs[k], x)
			}
		}
		return nil
	}
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[int64](out)[from : from+len(rows)]
		bufs := c.Heap.Bufs()
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			var h sketch.HLL
			if s.items >= 0 {
				for b := s.bytes(bufs); len(b) > 0; b = b[8:] {
					h.Add([]uint64{binary.LittleEndian.Uint64(b)}, nil, 1)
				}
			} else {
				h.Load(s.bytes(bufs))
			}
			vals[i] = int64(math.Round(h.Estimate()))
		}
		return nil
	}
	return b, nil
}

// sketchSeed keeps the hashes of sketches apart from those of hash tables.
const sketchSeed = 0x51e7c4

func addHash(c *function.AggCall, s *bagState, row raw.Addr, h uint64) error {
	if s.items < 0 {
		addRegister(s.bytes(c.Heap.Bufs()), h)
		return nil
	}
	if s.used+8 > sketchBytes {
		if err := toSketch(c, s, row); err != nil {
			return err
		}
		addRegister(s.bytes(c.Heap.Bufs()), h)
		return nil
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], h)
	return s.keep(c, row, b[:], 1)
}

// toSketch turns collected hashes into the registers of a sketch.
func toSketch(c *function.AggCall, s *bagState, row raw.Addr) error {
	var regs [sketchBytes]byte
	for b := s.bytes(c.Heap.Bufs()); len(b) > 0; b = b[8:] {
		addRegister(regs[:], binary.LittleEndian.Uint64(b))
	}
	*s = bagState{ref: s.ref, items: -1, used: sketchBytes}
	if s.ref.Len() >= sketchBytes {
		copy(s.bytes(c.Heap.Bufs()), regs[:])
		return nil
	}
	ref, err := c.Heap.Put(row, regs[:])
	s.ref = ref
	return err
}

// addRegister is sketch.HLL's Add over registers in a heap.
func addRegister(regs []byte, h uint64) {
	const log = 10
	i := h >> (64 - log)
	rank := uint8(bits.LeadingZeros64(h<<log|1<<(log-1))) + 1
	regs[i] = max(regs[i], rank)
}
