package aggregate

import (
	"encoding/binary"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/chain"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// elementsOf completes b as an aggregate that collects the values of its first
// argument, of type t, NULL included, as rowfmt.AppendElement writes them.
func elementsOf(b *function.BoundAgg, t types.Type) {
	switch p := t.Physical(); {
	case t.IsNested() || t.ID == types.Null:
		collectRecords(b, nil, putElement)
	case p == types.PString:
		collectStringElements(b)
	case p.Width() == 1:
		collectElements[uint8](b)
	case p.Width() == 2:
		collectElements[uint16](b)
	case p.Width() == 4:
		collectElements[uint32](b)
	case p.Width() == 8:
		collectElements[uint64](b)
	case p.Width() == 16:
		collectElements[types.Uint128](b)
	default:
		collectRecords(b, nil, putElement)
	}
}

func putElement(dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
	return rowfmt.AppendElement(dst, args[0], pos), true
}

// collectElements collects values as wide as a T.
func collectElements[T any](b *function.BoundAgg) {
	stateOfBags(b, nil)
	var zero [1]T
	size := 1 + len(raw.Bytes(zero[:]))
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w := view(c, 0, args[0])
		vals := raw.Cast[T](w.Data)
		bufs := c.Heap.Bufs()
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		for i, e := range elements(c, 0, &w, sel, n) {
			s := raw.At[bagState](rows[i], off)
			null := w.Valid != nil && !w.Valid.Get(int(e))
			if int(s.used)+size > s.room() {
				if tmp.Data = append(tmp.Data[:0], 0); !null {
					tmp.Data[0] = 1
					tmp.Data = append(tmp.Data, raw.Bytes(vals[e:e+1])...)
				}
				if err := s.add(c, rows[i], tmp.Data, 1, nil); err != nil {
					return err
				}
				bufs = c.Heap.Bufs()
				continue
			}
			s.used += int64(putFixed(vector.Str(&s.ref, bufs)[s.used:], vals, e, null))
			s.items++
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w := view(c, 0, args[0])
		vals := raw.Cast[T](w.Data)
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		if cap(tmp.Data) < chain.Size/4 {
			tmp.Data = make([]byte, chain.Size/4)
		}
		buf := tmp.Data[:chain.Size/4]
		s := raw.At[bagState](row, off)
		for at := elements(c, 0, &w, sel, n); len(at) > 0; {
			some := at[:min(len(at), len(buf)/size)]
			at = at[len(some):]
			used := 0
			for _, e := range some {
				used += putFixed(buf[used:], vals, e, w.Valid != nil && !w.Valid.Get(int(e)))
			}
			if err := s.add(c, row, buf[:used], int64(len(some)), nil); err != nil {
				return err
			}
		}
		return nil
	}
}

// putFixed writes element e of vals, or NULL, to dst, which has room for it, and
// returns how many bytes that takes.
func putFixed[T any](dst []byte, vals []T, e uint32, null bool) int {
	if null {
		dst[0] = 0
		return 1
	}
	dst[0] = 1
	var one [1]T
	n := 1 + len(raw.Bytes(one[:]))
	*raw.At[T](raw.Of(dst[:n]), 1) = vals[e]
	return n
}

// collectStringElements collects strings, each behind its length.
func collectStringElements(b *function.BoundAgg) {
	stateOfBags(b, nil)
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w := view(c, 0, args[0])
		vals := raw.Cast[types.StringRef](w.Data)
		bufs := c.Heap.Bufs()
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		for i, e := range elements(c, 0, &w, sel, n) {
			s := raw.At[bagState](rows[i], off)
			null := w.Valid != nil && !w.Valid.Get(int(e))
			var str []byte
			if !null {
				str = vector.Str(&vals[e], w.Bufs)
			}
			if int(s.used)+5+len(str) > s.room() {
				tmp.Data = appendText(tmp.Data[:0], str, null)
				if err := s.add(c, rows[i], tmp.Data, 1, nil); err != nil {
					return err
				}
				bufs = c.Heap.Bufs()
				continue
			}
			place := vector.Str(&s.ref, bufs)[s.used:]
			s.items++
			if null {
				place[0] = 0
				s.used++
				continue
			}
			place[0] = 1
			binary.LittleEndian.PutUint32(place[1:], uint32(len(str)))
			copy(place[5:], str)
			s.used += int64(5 + len(str))
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w := view(c, 0, args[0])
		vals := raw.Cast[types.StringRef](w.Data)
		s := raw.At[bagState](row, off)
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		bytes, items := tmp.Data[:0], int64(0)
		for _, e := range elements(c, 0, &w, sel, n) {
			if w.Valid != nil && !w.Valid.Get(int(e)) {
				bytes = append(bytes, 0)
			} else {
				bytes = appendText(bytes, vector.Str(&vals[e], w.Bufs), false)
			}
			if items++; len(bytes) >= chain.Size/4 {
				if err := s.add(c, row, bytes, items, nil); err != nil {
					return err
				}
				bytes, items = bytes[:0], 0
			}
		}
		tmp.Data = bytes[:0]
		return s.add(c, row, bytes, items, nil)
	}
}

// appendText appends the element of a string, or NULL.
func appendText(dst, s []byte, null bool) []byte {
	if null {
		return append(dst, 0)
	}
	return appendString(append(dst, 1), s)
}
