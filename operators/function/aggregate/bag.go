package aggregate

import (
	"encoding/binary"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"

	"github.com/gannetdb/gannet/vector/raw"
)

// bagState collects bytes: ref is a place in the heap of the row, of which the
// first used bytes count, and which is exchanged for one of twice the size when
// it is full.
type bagState struct {
	ref   types.StringRef
	used  int64
	items int64
}

const (
	bagSize = 32
	bagMin  = 48
)

// bytes returns what s holds; bufs are its heap's.
func (s *bagState) bytes(bufs [][]byte) []byte {
	if s.used == 0 {
		return nil
	}
	return vector.Str(&s.ref, bufs)[:s.used]
}

// add appends b, which is not in s's own place, as the given number of items.
func (s *bagState) add(c *function.AggCall, row raw.Addr, b []byte, items int64) error {
	if len(b) == 0 {
		s.items += items
		return nil
	}
	need := int(s.used) + len(b)
	if s.used > 0 && need <= s.ref.Len() {
		copy(vector.Str(&s.ref, c.Heap.Bufs())[s.used:], b)
	} else {
		tmp := scratch(c, 7)
		tmp.Type = types.Of(types.Blob)
		grown := append(tmp.Data[:0], s.bytes(c.Heap.Bufs())...)
		grown = append(grown, b...)
		size := need
		if s.used > 0 {
			size = min(max(2*need, bagMin), max(need, 1<<31-1))
		}
		size = max(size, types.MaxInline+1)
		grown = slices.Grow(grown, size-need)
		tmp.Data = grown
		ref, err := c.Heap.Put(row, grown[:size])
		if err != nil {
			return err
		}
		s.ref = ref
	}
	s.used += int64(len(b))
	s.items += items
	return nil
}

// adopt appends what src holds, in a Combine.
func (s *bagState) adopt(c *function.AggCall, src *bagState, row raw.Addr) error {
	if src.items == 0 {
		return nil
	}
	if s.items == 0 && src.used > types.MaxInline && sameHeap(c) {
		*s = *src
		// src may be read again: the place is one of two owners now, so none
		// may append to it.
		s.seal()
		return nil
	}
	return s.add(c, row, src.bytes(c.SrcBufs), src.items)
}

// seal makes the next add take a place of its own.
func (s *bagState) seal() { s.ref.Lo = s.ref.Lo&^0xffffffff | uint64(s.used) }

func combineBags(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	for i, r := range src {
		if err := raw.At[bagState](dst[i], off).adopt(c, raw.At[bagState](r, off), dst[i]); err != nil {
			return err
		}
	}
	return nil
}

// bagOf completes b as an aggregate that collects: put appends the bytes of
// the arguments at a position to dst, ok false when the position does not
// count.
func bagOf(b *function.BoundAgg, put func(c *function.AggCall, dst []byte, args []*vector.Vector, pos int) ([]byte, bool)) {
	b.Size, b.HeapState = bagSize, true
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		for i := range n {
			bytes, ok := put(c, tmp.Data[:0], args, position(sel, i))
			tmp.Data = bytes[:0]
			if !ok {
				continue
			}
			if err := raw.At[bagState](rows[i], off).add(c, rows[i], bytes, 1); err != nil {
				return err
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		bytes, items := tmp.Data[:0], int64(0)
		for i := range n {
			more, ok := put(c, bytes, args, position(sel, i))
			if ok {
				bytes = more
				items++
			}
		}
		tmp.Data = bytes
		return raw.At[bagState](row, off).add(c, row, bytes, items)
	}
	b.Combine = combineBags
}

// putValue appends values that are not NULL as blobs.
func putValue(_ *function.AggCall, dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
	if args[0].IsNull(pos) {
		return dst, false
	}
	return rowfmt.AppendValue(dst, args[0], pos), true
}

// values lists the blobs of type t, one behind the other in b.
func values(t types.Type, b []byte, n int64) [][]byte {
	out := make([][]byte, 0, n)
	for len(b) > 0 {
		rest := rowfmt.SkipValue(t, b)
		out = append(out, b[:len(b)-len(rest)])
		b = rest
	}
	return out
}

// listBlob is the head of a list's blob.
func listBlob(dst []byte, n int) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}
