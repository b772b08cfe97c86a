package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/chain"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// sortable is BoundAgg.Ordered of any aggregate: its arguments are collected
// with the keys, and given to it in order when it is finalized.
func sortable(inner *function.BoundAgg) func(keys []function.OrderKey) (*function.BoundAgg, error) {
	return func(keys []function.OrderKey) (*function.BoundAgg, error) { return sorted(inner, keys), nil }
}

// sorted collects the arguments of inner with the keys.
func sorted(inner *function.BoundAgg, keys []function.OrderKey) *function.BoundAgg {
	o := &orderedRecords{keys: keys}
	args := inner.Params
	in := orderOfRecords(keys, args)
	b := &function.BoundAgg{Name: inner.Name, Params: orderedParams(args, keys), Return: inner.Return, OrderDependent: true}
	bagOf(b, func(dst []byte, vs []*vector.Vector, pos int) ([]byte, bool) {
		for k := range keys {
			dst = rowfmt.AppendElement(dst, vs[len(args)+k], pos)
		}
		for k := range args {
			dst = rowfmt.AppendElement(dst, vs[k], pos)
		}
		return dst, true
	})
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		p := newReplay(c, inner, len(rows))
		defer p.release()
		if inner.Drop != nil {
			defer inner.Drop(&p.call, p.rows, 0)
		}
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			if err := in.eachOf(c, s, nil, func(rec []byte) error { return p.add(i, o.valueOf(rec)) }); err != nil {
				return err
			}
			if err := p.flush(i); err != nil {
				return err
			}
		}
		return inner.Finalize(&p.call, p.rows, 0, out, from)
	}
	return b
}

// replay feeds stored arguments to an aggregate whose states are its own.
type replay struct {
	c     *function.AggCall
	inner *function.BoundAgg
	call  function.AggCall
	heap  scratchHeap
	mem   []uint64 // the states
	rows  []raw.Addr
	args  []*vector.Vector

	buf  []byte // records that wait, which end where ends says
	ends []int
}

func newReplay(c *function.AggCall, inner *function.BoundAgg, n int) *replay {
	p := &replay{c: c, inner: inner, mem: make([]uint64, n*inner.Size/8+1), rows: make([]raw.Addr, n)}
	base := raw.Of(raw.Bytes(p.mem))
	for i := range p.rows {
		p.rows[i] = base + raw.Addr(i*inner.Size)
	}
	if inner.Init != nil {
		inner.Init(p.rows, 0)
	}
	p.heap.c = c
	p.call = function.AggCall{Session: c.Session, Bound: inner, Heap: &p.heap, Mem: c.Mem, Pieces: c.Pieces, Ctx: c.Ctx}
	for _, t := range inner.Params {
		p.args = append(p.args, vector.New(t))
	}
	return p
}

// add gives a record, the elements of the arguments, to state i.
func (p *replay) add(i int, rec []byte) error {
	if len(p.args) == 0 {
		return nil
	}
	p.buf = append(p.buf, rec...)
	if p.ends = append(p.ends, len(p.buf)); len(p.ends) < vector.Capacity && len(p.buf) < chain.Size {
		return nil
	}
	return p.flush(i)
}

// flush gives the records that wait to state i.
func (p *replay) flush(i int) error {
	n := len(p.ends)
	if n == 0 {
		return nil
	}
	recs := make([][]byte, n)
	from := 0
	for j, to := range p.ends {
		recs[j] = p.buf[from:to]
		from = to
	}
	for k, v := range p.args {
		v.Resize(n)
		var b rowfmt.Builder
		b.Prepare(v)
		for _, rec := range recs {
			if rec[0] != 0 {
				b.Count(rec[1:])
			}
		}
		b.Resize()
		for j, rec := range recs {
			if rec[0] != 0 {
				b.Fill(rec[1:], j)
			} else {
				v.SetNull(j)
			}
			recs[j] = rowfmt.SkipElement(p.inner.Params[k], rec)
		}
	}
	p.buf, p.ends = p.buf[:0], p.ends[:0]
	return p.inner.UpdateOne(&p.call, p.args, p.rows[i], 0, nil, n)
}

// release gives back what the heap took. Results may refer to it: the garbage
// collector frees it.
func (p *replay) release() { p.c.Shrink(p.heap.bytes) }

// scratchHeap keeps the bytes of states that live within a Finalize.
type scratchHeap struct {
	c     *function.AggCall
	bufs  [][]byte
	bytes int64 // charged
}

const scratchBytes = 64 << 10

// Put implements function.StateHeap.
func (h *scratchHeap) Put(_ raw.Addr, b []byte) (types.StringRef, error) {
	if len(b) <= types.MaxInline {
		return types.InlineRef(b), nil
	}
	if len(b) > 1<<31-1 {
		return types.StringRef{}, sqlerr.New(sqlerr.CodeLimitExceeded, "an aggregate keeps a value of more than 2 GiB")
	}
	last := len(h.bufs) - 1
	if last < 0 || cap(h.bufs[last])-len(h.bufs[last]) < len(b) {
		size := max(len(b), 256)
		if last >= 0 {
			size = max(size, min(2*cap(h.bufs[last]), scratchBytes))
		}
		if err := h.c.Grow(int64(size)); err != nil {
			return types.StringRef{}, err
		}
		h.bytes += int64(size)
		h.bufs = append(h.bufs, make([]byte, 0, size))
		last++
	}
	at := len(h.bufs[last])
	h.bufs[last] = append(h.bufs[last], b...)
	return types.LongRef(b, last, at), nil
}

// Bufs implements function.StateHeap. Lengths grow within the same arrays.
func (h *scratchHeap) Bufs() [][]byte { return h.bufs }
