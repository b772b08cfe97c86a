package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// orderedPick is first, last or any_value with ORDER BY: the state keeps the
// record that comes first (last) so far.
func orderedPick(name string, t types.Type, p pick, keys []function.OrderKey) *function.BoundAgg {
	o := &orderedRecords{keys, t}
	b := &function.BoundAgg{
		Name: name, Params: orderedParams([]types.Type{t}, keys), Return: t,
		Size: bytesSize, HeapState: true, OrderDependent: true,
	}
	// better tells whether a record that comes later in the input replaces the
	// one kept.
	better := func(rec, kept []byte) bool {
		c := o.compare(rec, kept)
		return c < 0 && p != pickLast || c >= 0 && p == pickLast
	}
	updates(b, func(c *function.AggCall, args []*vector.Vector, pos int, row raw.Addr, off uintptr) error {
		if p == pickValid && args[0].IsNull(pos) {
			return nil
		}
		s := raw.At[bytesState](row, off)
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		rec := o.put(tmp.Data[:0], args, pos, 0)
		tmp.Data = rec
		if s.seen != 0 && !better(rec, vector.Str(&s.ref, c.Heap.Bufs())) {
			return nil
		}
		ref, err := putBytes(c, row, s.ref, rec)
		s.ref, s.seen = ref, 1
		return err
	})
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[bytesState](r, off), raw.At[bytesState](dst[i], off)
			if s.seen == 0 || d.seen != 0 && !better(vector.Str(&s.ref, c.SrcBufs), vector.Str(&d.ref, c.Heap.Bufs())) {
				continue
			}
			if err := d.adopt(c, s, dst[i]); err != nil {
				return err
			}
		}
		return nil
	}
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		blobs := make([][]byte, len(rows))
		total := int64(0)
		for i, r := range rows {
			s := raw.At[bytesState](r, off)
			if s.seen == 0 {
				continue
			}
			if e := o.valueOf(vector.Str(&s.ref, bufs)); e[0] != 0 {
				blobs[i] = e[1:]
				total += int64(len(e))
			}
		}
		if err := c.Hold(total); err != nil {
			return err
		}
		blobValues(out, from, blobs)
		return nil
	}
	return b
}
