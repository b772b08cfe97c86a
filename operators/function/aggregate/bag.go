package aggregate

import (
	"encoding/binary"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/chain"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// bagState collects bytes: ref is a place in the heap of the row, of which the
// first used bytes count, and which is exchanged for one of twice the size when
// it is full. What a call with pieces has collected beyond chain.Size bytes goes
// to a chain, whose pieces end where an item does.
type bagState struct {
	ref     types.StringRef
	used    int64
	items   int64 // those in the chain included
	chain   chain.Chain
	chained int64 // bytes in the chain
	// tallied bytes of the place, and all pieces, are entries of a tally, which
	// are put together when there are dense bytes of pieces.
	tallied int64
	dense   int64
}

const (
	bagSize = 64
	bagMin  = 48
	// bagAsks is the size above which a place is asked for before it is taken.
	bagAsks = 1 << 10
)

// room is how many bytes the place takes.
func (s *bagState) room() int {
	if s.ref.Inline() {
		return 0
	}
	return s.ref.Len()
}

// bytes returns what s holds in its place; bufs are its heap's.
func (s *bagState) bytes(bufs [][]byte) []byte {
	if s.used == 0 {
		return nil
	}
	return vector.Str(&s.ref, bufs)[:s.used]
}

// size is how many bytes s holds.
func (s *bagState) size() int64 { return s.chained + s.used }

// each calls f with all that s holds, a piece at a time, in order.
func (s *bagState) each(c *function.AggCall, f func(b []byte) error) error {
	if !s.chain.Empty() {
		if err := eachPiece(c, c.Pieces.Read(s.chain), f); err != nil {
			return err
		}
	}
	if s.used == 0 {
		return nil
	}
	return f(s.bytes(c.Heap.Bufs()))
}

func eachPiece(c *function.AggCall, r *chain.Reader, f func(b []byte) error) error {
	defer r.Close()
	for {
		b, err := r.Next(c.Context())
		if err != nil || b == nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
	}
}

// add appends b, which is not in s's own place, as the given number of items. y
// is nil unless s is a tally.
func (s *bagState) add(c *function.AggCall, row raw.Addr, b []byte, items int64, y *tally) error {
	if int(s.used)+len(b) > s.room() && len(b) > 0 {
		direct, err := s.makeRoom(c, row, b, y)
		if direct || err != nil {
			s.items += items
			return err
		}
	}
	if len(b) > 0 {
		copy(vector.Str(&s.ref, c.Heap.Bufs())[s.used:], b)
		s.used += int64(len(b))
	}
	s.items += items
	return nil
}

// keep is add for bags that stay in their place.
func (s *bagState) keep(c *function.AggCall, row raw.Addr, b []byte, items int64) error {
	if need := int(s.used) + len(b); need > s.room() {
		if err := s.enlarge(c, row, min(max(2*need, bagMin), max(need, 1<<31-1))); err != nil {
			return err
		}
	}
	copy(vector.Str(&s.ref, c.Heap.Bufs())[s.used:], b)
	s.used += int64(len(b))
	s.items += items
	return nil
}

// makeRoom makes the place fit b behind what is in it; direct when b went to the
// chain instead.
func (s *bagState) makeRoom(c *function.AggCall, row raw.Addr, b []byte, y *tally) (direct bool, err error) {
	need := int(s.used) + len(b)
	if c.Pieces == nil {
		return false, s.enlarge(c, row, min(max(2*need, bagMin), max(need, 1<<31-1)))
	}
	if need <= chain.Size {
		size := min(max(2*need, bagMin), chain.Size)
		granted, err := s.ask(c, size)
		if err != nil {
			return false, err
		}
		if granted {
			err := s.enlarge(c, row, size)
			if !sqlerr.Is(err, sqlerr.CodeOutOfMemory) || s.used == 0 {
				return false, err
			}
		}
	}
	if err := s.flush(c, y); err != nil {
		return false, err
	}
	if len(b) > chain.Size/2 && y == nil {
		s.chained += int64(len(b))
		return true, c.Pieces.Append(c.Context(), &s.chain, b)
	}
	// A tally may have kept something.
	if need = int(s.used) + len(b); need > s.room() {
		return false, s.enlarge(c, row, max(need, min(2*need, chain.Size)))
	}
	return false, nil
}

// ask reports whether there is memory for a place of size bytes. The heap would
// take what is beyond the operator's share as well, and leave none for making
// results; a bag that has something writes it instead.
func (s *bagState) ask(c *function.AggCall, size int) (granted bool, err error) {
	if size <= bagAsks || s.used < bagAsks/2 || c.Mem == nil {
		return true, nil
	}
	for again := false; ; again = true {
		if c.Mem.TryGrow(int64(size)) {
			c.Mem.Shrink(int64(size))
			return true, nil
		}
		if again {
			return false, nil
		}
		if _, err := c.MakeRoom(int64(size)); err != nil {
			return false, err
		}
	}
}

// enlarge exchanges the place for one of size bytes.
func (s *bagState) enlarge(c *function.AggCall, row raw.Addr, size int) error {
	size = max(size, types.MaxInline+1)
	if h, ok := c.Heap.(reserver); ok {
		ref, place, err := h.Reserve(row, size)
		if err == nil {
			copy(place, s.bytes(c.Heap.Bufs()))
			s.ref = ref
		}
		return err
	}
	if size > chain.Size {
		// The copy that is made below; places of this size are rare, or in windows.
		if err := c.Grow(int64(size)); err != nil {
			return err
		}
		defer c.Shrink(int64(size))
	}
	tmp := scratch(c, 7)
	tmp.Type = types.Of(types.Blob)
	if cap(tmp.Data) < size {
		tmp.Data = make([]byte, size)
	}
	place := tmp.Data[:size]
	copy(place, s.bytes(c.Heap.Bufs()))
	ref, err := c.Heap.Put(row, place)
	if size > chain.Size {
		tmp.Data = nil
	}
	if err == nil {
		s.ref = ref
	}
	return err
}

// reserver is a heap that gives places which are filled in later.
type reserver interface {
	// Reserve is StateHeap.Put of n bytes that the caller writes to place.
	Reserve(row raw.Addr, n int) (ref types.StringRef, place []byte, err error)
}

// flush moves what is in the place to the chain.
func (s *bagState) flush(c *function.AggCall, y *tally) error {
	if s.used == 0 {
		return nil
	}
	if y != nil {
		return y.flush(c, s, false)
	}
	err := c.Pieces.Append(c.Context(), &s.chain, s.bytes(c.Heap.Bufs()))
	s.chained += s.used
	s.used = 0
	return err
}

// adopt appends what src holds, in a Combine. A src with a chain is not used any
// more.
func (s *bagState) adopt(c *function.AggCall, src *bagState, row raw.Addr, y *tally) error {
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
	from := src.bytes(c.SrcBufs)
	if !src.chain.Empty() || src.tallied > 0 {
		if err := s.takeChain(c, src, from, y); err != nil {
			return err
		}
		from = from[src.tallied:]
	}
	return s.add(c, row, from, src.items, y)
}

// takeChain appends the chain of src and the entries in its place, from.
func (s *bagState) takeChain(c *function.AggCall, src *bagState, from []byte, y *tally) error {
	var err error
	if y != nil {
		err = y.flush(c, s, true)
	} else {
		err = s.flush(c, nil)
	}
	if err != nil {
		return err
	}
	c.Pieces.Join(&s.chain, src.chain)
	s.chained += src.chained
	if src.tallied == 0 {
		return nil
	}
	s.chained += src.tallied
	return c.Pieces.Append(c.Context(), &s.chain, from[:src.tallied])
}

// seal makes the next add take a place of its own.
func (s *bagState) seal() { s.ref.Lo = s.ref.Lo&^0xffffffff | uint64(s.used) }

func dropBags(c *function.AggCall, rows []raw.Addr, off uintptr) {
	for _, r := range rows {
		if s := raw.At[bagState](r, off); !s.chain.Empty() {
			c.Pieces.Free(s.chain)
			s.chain = chain.Chain{}
		}
	}
}

// bagKind is the Data of aggregates that collect the values that are not NULL:
// they can share a state.
type bagKind struct{}

// StateKind tells package agg so.
func (bagKind) StateKind() string { return "bag" }

// stateOfBags completes b but for Update and UpdateOne.
func stateOfBags(b *function.BoundAgg, y *tally) {
	b.Size, b.HeapState, b.Drop = bagSize, true, dropBags
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			if err := raw.At[bagState](dst[i], off).adopt(c, raw.At[bagState](r, off), dst[i], y); err != nil {
				return err
			}
		}
		return nil
	}
}

// bagOf completes b as an aggregate that collects: put appends the bytes of
// the arguments at a position to dst, ok false when the position does not
// count.
func bagOf(b *function.BoundAgg, put func(dst []byte, args []*vector.Vector, pos int) ([]byte, bool)) {
	collectRecords(b, nil, put)
}

func collectRecords(b *function.BoundAgg, y *tally, put func(dst []byte, args []*vector.Vector, pos int) ([]byte, bool)) {
	stateOfBags(b, y)
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		for i := range n {
			bytes, ok := put(tmp.Data[:0], args, position(sel, i))
			tmp.Data = bytes[:0]
			if !ok {
				continue
			}
			if err := raw.At[bagState](rows[i], off).add(c, rows[i], bytes, 1, y); err != nil {
				return err
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		s := raw.At[bagState](row, off)
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		bytes, items := tmp.Data[:0], int64(0)
		for i := range n {
			more, ok := put(bytes, args, position(sel, i))
			if !ok {
				continue
			}
			bytes = more
			if items++; len(bytes) >= chain.Size/4 {
				if err := s.add(c, row, bytes, items, y); err != nil {
					return err
				}
				bytes, items = bytes[:0], 0
			}
		}
		tmp.Data = bytes[:0]
		return s.add(c, row, bytes, items, y)
	}
}

// valuesOf completes b as an aggregate that collects the values of its first
// argument, of type t, that are not NULL.
func valuesOf(b *function.BoundAgg, t types.Type, y *tally) {
	switch p := t.Physical(); {
	case t.IsNested():
		collectRecords(b, y, putValue)
	case p == types.PString:
		collectStrings(b, y)
	case p.Width() == 1:
		collectFixed[uint8](b, y)
	case p.Width() == 2:
		collectFixed[uint16](b, y)
	case p.Width() == 4:
		collectFixed[uint32](b, y)
	case p.Width() == 8:
		collectFixed[uint64](b, y)
	case p.Width() == 16:
		collectFixed[types.Uint128](b, y)
	default:
		collectRecords(b, y, putValue)
	}
}

// collectFixed collects values as wide as a T.
func collectFixed[T any](b *function.BoundAgg, y *tally) {
	stateOfBags(b, y)
	var zero [1]T
	width := int64(len(raw.Bytes(zero[:])))
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[T](w.Data)
		bufs := c.Heap.Bufs()
		for i, e := range at {
			s := raw.At[bagState](rs[i], off)
			if int(s.used+width) > s.room() {
				if err := s.add(c, rs[i], raw.Bytes(vals[e:e+1]), 1, y); err != nil {
					return err
				}
				bufs = c.Heap.Bufs()
				continue
			}
			*raw.At[T](raw.Of(vector.Str(&s.ref, bufs)), uintptr(s.used)) = vals[e]
			s.used += width
			s.items++
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, plain := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[T](w.Data)
		if plain {
			vals = vals[:len(at)]
		} else {
			tmp := scratch(c, 8)
			tmp.Type = types.Of(types.Blob)
			if size := vector.Capacity * int(width); cap(tmp.Data) < size {
				tmp.Data = make([]byte, size)
			}
			to := raw.Cast[T](tmp.Data[:cap(tmp.Data)])[:len(at)]
			for i, e := range at {
				to[i] = vals[e]
			}
			vals = to
		}
		s := raw.At[bagState](row, off)
		for len(vals) > 0 {
			k := min(len(vals), chain.Size/4/int(width))
			if err := s.add(c, row, raw.Bytes(vals[:k]), int64(k), y); err != nil {
				return err
			}
			vals = vals[k:]
		}
		return nil
	}
}

// collectStrings collects strings, each behind its length.
func collectStrings(b *function.BoundAgg, y *tally) {
	stateOfBags(b, y)
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[types.StringRef](w.Data)
		bufs := c.Heap.Bufs()
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		for i, e := range at {
			s := raw.At[bagState](rs[i], off)
			str := vector.Str(&vals[e], w.Bufs)
			if int(s.used)+4+len(str) > s.room() {
				tmp.Data = appendString(tmp.Data[:0], str)
				if err := s.add(c, rs[i], tmp.Data, 1, y); err != nil {
					return err
				}
				bufs = c.Heap.Bufs()
				continue
			}
			place := vector.Str(&s.ref, bufs)[s.used:]
			binary.LittleEndian.PutUint32(place, uint32(len(str)))
			copy(place[4:], str)
			s.used += int64(4 + len(str))
			s.items++
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[types.StringRef](w.Data)
		s := raw.At[bagState](row, off)
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		bytes, items := tmp.Data[:0], int64(0)
		for _, e := range at {
			bytes = appendString(bytes, vector.Str(&vals[e], w.Bufs))
			if items++; len(bytes) >= chain.Size/4 {
				if err := s.add(c, row, bytes, items, y); err != nil {
					return err
				}
				bytes, items = bytes[:0], 0
			}
		}
		tmp.Data = bytes[:0]
		return s.add(c, row, bytes, items, y)
	}
}

func appendString(dst, s []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(s))), s...)
}

// putValue appends values that are not NULL as blobs.
func putValue(dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
	if args[0].IsNull(pos) {
		return dst, false
	}
	return rowfmt.AppendValue(dst, args[0], pos), true
}

// listBlob is the head of a list's blob.
func listBlob(dst []byte, n int) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}
