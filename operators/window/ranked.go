package window

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// ranked computes an aggregate whose results are made of a few values of the
// frame, by their places in order: those of any frame are found in a wavelet
// matrix in a step for each bit of the number of rows.
type ranked struct {
	w    *Window
	c    *Call
	i    int // the call's number
	keys *sortkey.Rows
	call function.AggCall

	rep    []uint32 // of each row, the number of its frame
	counts []int64  // of each frame, the values
	places []int64
	rows   []raw.Addr
	vals   *vector.Vector
	picked *vector.Vector
	filter *vector.Vector
}

func newRanked(w *Window, i int) *ranked {
	c := &w.plan.Calls[i]
	r := &ranked{w: w, c: c, i: i, keys: w.orders[i], rep: make([]uint32, vector.Capacity)}
	r.call = function.AggCall{Session: w.env.Session, Bound: c.Agg, Mem: w.work}
	r.vals, r.picked = vector.New(w.plan.Input[c.Args[0]]), vector.New(c.Agg.Return)
	if c.Filter >= 0 {
		r.filter = vector.New(w.plan.Input[c.Filter])
	}
	return r
}

// begin lists the rows that have a value and pass FILTER, and puts them in order.
func (r *ranked) begin(ctx context.Context, s *section) (err error) {
	h := &s.shares[r.i]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ready {
		return nil
	}
	if h.blk == nil {
		if h.blk, err = getBlock(r.w, int64(s.n)*4); err != nil {
			return err
		}
	}
	list := raw.Cast[int32](h.blk.Bytes)
	layout, bufs := r.w.rows.Layout, s.loaded.Bufs()
	byt, bit := layout.ValidBit(r.c.Args[0])
	n := 0
	for from := 0; from < s.n; from += vector.Capacity {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		rows := s.rows[from:min(from+vector.Capacity, s.n)]
		if r.filter != nil {
			r.filter.Resize(len(rows))
			layout.Gather(r.c.Filter, rows, bufs, r.filter, nil)
		}
		for i, row := range rows {
			keep := int(*raw.At[uint8](row, byt) >> bit & 1)
			if r.filter != nil && (r.filter.Data[i] == 0 || r.filter.IsNull(i)) {
				keep = 0
			}
			list[n] = int32(from + i)
			n += keep
		}
	}
	h.list = list[:n]
	h.order, err = newRowOrder(ctx, r.w, s, r.keys, h.list, true)
	h.ready = err == nil
	return err
}

func (r *ranked) end() {}

func (r *ranked) eval(ctx context.Context, b *batch, out *vector.Vector) error {
	s, call, order := b.s, b.call, b.s.shares[r.i].order
	fn := r.c.Agg.Ranked
	r.counts, r.rows = r.counts[:0], r.rows[:0]
	n := len(call.Row)
	var spans [3][2]int32
	for i := range n {
		same := i > 0
		for f := range call.Frames {
			sp := &call.Frames[f]
			same = same && sp.Start[i] == sp.Start[i-1] && sp.End[i] == sp.End[i-1]
		}
		if !same {
			count := int64(0)
			for f := range call.Frames {
				sp := &call.Frames[f]
				spans[f] = order.placesOf(sp.Start[i], sp.End[i])
				count += int64(max(spans[f][1]-spans[f][0], 0))
			}
			r.counts = append(r.counts, count)
			if count > 0 {
				r.places = fn.Places(r.places[:0], count)
				for k, p := range r.places {
					if k > 0 && p == r.places[k-1] {
						r.rows = append(r.rows, r.rows[len(r.rows)-1])
						continue
					}
					x := order.valid.nth(spans[:len(call.Frames)], p)
					r.rows = append(r.rows, s.rows[order.byValid[x]])
				}
			}
		}
		r.rep[i] = uint32(len(r.counts) - 1)
	}
	if err := sqlerr.FromContext(ctx); err != nil {
		return err
	}
	r.vals.Resize(len(r.rows))
	r.w.rows.Layout.Gather(r.c.Args[0], r.rows, s.loaded.Bufs(), r.vals, nil)
	if len(r.counts) == n {
		return fn.Finish(&r.call, r.counts, r.vals, out)
	}
	r.picked.Resize(len(r.counts))
	if err := fn.Finish(&r.call, r.counts, r.vals, r.picked); err != nil {
		return err
	}
	kernel.Take(out, r.picked, r.rep[:n], n)
	return nil
}
