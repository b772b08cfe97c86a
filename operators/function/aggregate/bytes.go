package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// bytesState keeps a string, or the blob of a nested value.
type bytesState struct {
	ref  types.StringRef
	seen int64 // 0 nothing, 1 a value, 2 NULL (first and last only)
}

const bytesSize = 24

// store makes s hold val, whose bytes bufs resolve. The place of a longer
// string is used again.
func (s *bytesState) store(c *function.AggCall, row raw.Addr, val *types.StringRef, bufs [][]byte) error {
	s.seen = 1
	if val.Inline() {
		s.ref = *val
		return nil
	}
	ref, err := putBytes(c, row, s.ref, vector.Str(val, bufs))
	s.ref = ref
	return err
}

// putBytes keeps b in the heap of row, in the place of old when it fits.
func putBytes(c *function.AggCall, row raw.Addr, old types.StringRef, b []byte) (types.StringRef, error) {
	if len(b) > types.MaxInline && !old.Inline() && len(b) <= old.Len() {
		copy(vector.Str(&old, c.Heap.Bufs()), b)
		ref := types.LongRef(b, 0, 0)
		ref.Hi = old.Hi
		return ref, nil
	}
	return c.Heap.Put(row, b)
}

// stringLoops are min and max of strings.
func stringLoops(b *function.BoundAgg, flip int64) {
	b.Size, b.Init, b.HeapState = bytesSize, nil, true
	sign := 1
	if flip != 0 {
		sign = -1
	}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[types.StringRef](w.Data)
		bufs := c.Heap.Bufs()
		for i, e := range at {
			s := raw.At[bytesState](rs[i], off)
			if s.seen != 0 && sign*kernel.CompareRefs(&vals[e], &s.ref, w.Bufs, bufs) >= 0 {
				continue
			}
			if err := s.store(c, rs[i], &vals[e], w.Bufs); err != nil {
				return err
			}
			bufs = c.Heap.Bufs()
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		if len(at) == 0 {
			return nil
		}
		vals := raw.Cast[types.StringRef](w.Data)
		best := &vals[at[0]]
		for _, e := range at[1:] {
			if sign*kernel.CompareRefs(&vals[e], best, w.Bufs, w.Bufs) < 0 {
				best = &vals[e]
			}
		}
		s := raw.At[bytesState](row, off)
		if s.seen != 0 && sign*kernel.CompareRefs(best, &s.ref, w.Bufs, c.Heap.Bufs()) >= 0 {
			return nil
		}
		return s.store(c, row, best, w.Bufs)
	}
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[bytesState](r, off), raw.At[bytesState](dst[i], off)
			if s.seen == 0 || d.seen != 0 && sign*kernel.CompareRefs(&s.ref, &d.ref, c.SrcBufs, c.Heap.Bufs()) >= 0 {
				continue
			}
			if err := d.adopt(c, s, dst[i]); err != nil {
				return err
			}
		}
		return nil
	}
	b.Finalize = finalizeBytes
}

// adopt makes d hold what s holds, in a Combine.
func (d *bytesState) adopt(c *function.AggCall, s *bytesState, row raw.Addr) error {
	if s.ref.Inline() || sameHeap(c) {
		*d = *s
		return nil
	}
	ref, err := c.Heap.Put(row, vector.Str(&s.ref, c.SrcBufs))
	d.ref, d.seen = ref, s.seen
	return err
}

// finalizeBytes gives strings as references into the heap, without copying, as
// Gather does, and rebuilds nested values.
func finalizeBytes(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	bufs := c.Heap.Bufs()
	if out.Type.Physical() != types.PString {
		return finalizeBlobs(bufs, rows, off, out, from)
	}
	vals := vector.Values[types.StringRef](out)[from : from+len(rows)]
	for i, r := range rows {
		s := raw.At[bytesState](r, off)
		if vals[i] = s.ref; s.seen != 1 {
			vals[i] = types.StringRef{}
			out.SetNull(from + i)
		}
	}
	out.Bufs = bufs
	return nil
}

func finalizeBlobs(bufs [][]byte, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	var b rowfmt.Builder
	b.Prepare(out)
	for _, r := range rows {
		if s := raw.At[bytesState](r, off); s.seen == 1 {
			b.Count(vector.Str(&s.ref, bufs))
		}
	}
	b.Resize()
	for i, r := range rows {
		if s := raw.At[bytesState](r, off); s.seen == 1 {
			b.Fill(vector.Str(&s.ref, bufs), from+i)
		} else {
			out.SetNull(from + i)
		}
	}
	return nil
}

// blobOf returns the value at position p of v as a blob in scratch memory.
func blobOf(c *function.AggCall, v *vector.Vector, p int) []byte {
	s := scratch(c, 5)
	s.Type = types.Of(types.Blob)
	s.Data = rowfmt.AppendValue(s.Data[:0], v, p)
	return s.Data
}

func position(sel []uint32, i int) int {
	if sel == nil {
		return i
	}
	return int(sel[i])
}

// blobLoops are min and max of nested values.
func blobLoops(b *function.BoundAgg, flip int64) {
	b.Size, b.Init, b.HeapState = bytesSize, nil, true
	sign := 1
	if flip != 0 {
		sign = -1
	}
	t := b.Params[0]
	updates(b, func(c *function.AggCall, args []*vector.Vector, p int, row raw.Addr, off uintptr) error {
		v := args[0]
		if v.IsNull(p) {
			return nil
		}
		s := raw.At[bytesState](row, off)
		blob := blobOf(c, v, p)
		if s.seen != 0 && sign*rowfmt.CompareValues(t, blob, vector.Str(&s.ref, c.Heap.Bufs())) >= 0 {
			return nil
		}
		ref, err := putBytes(c, row, s.ref, blob)
		s.ref, s.seen = ref, 1
		return err
	})
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[bytesState](r, off), raw.At[bytesState](dst[i], off)
			if s.seen == 0 || d.seen != 0 && sign*rowfmt.CompareValues(t, vector.Str(&s.ref, c.SrcBufs), vector.Str(&d.ref, c.Heap.Bufs())) >= 0 {
				continue
			}
			if err := d.adopt(c, s, dst[i]); err != nil {
				return err
			}
		}
		return nil
	}
	b.Finalize = finalizeBytes
}
