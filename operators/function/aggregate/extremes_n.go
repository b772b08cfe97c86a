package aggregate

import (
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// maxExtremes is how many values min, max, arg_min and arg_max give at most.
const maxExtremes = 1_000_000

// extremesState collects records, the value and then its argument as elements,
// and forgets all but the best limit of them when there are twice as many.
type extremesState struct {
	bag   bagState
	limit int64 // 0 until the first row
	// worst is, when not 0, 1 more than where the worst of limit records begins
	// that prune left: what is not better need not be kept.
	worst int64
}

const extremesSize = bagSize + 16

// extremes is min, max, arg_min or arg_max with a number of results.
type extremes struct {
	arg, val types.Type
	withArg  bool // the result is made of arguments, not values
	greatest bool
	// nullVal: rows whose value is NULL count, behind all others; nullArg: rows
	// whose argument is NULL count.
	nullVal, nullArg bool
}

// bindExtremes makes f(arg, val, n), or f(val, n) when arg is Invalid: a list of
// at most n.
func bindExtremes(name string, m *extremes) *function.BoundAgg {
	b := &function.BoundAgg{Name: name, Size: extremesSize, HeapState: true, OrderDependent: true}
	if m.withArg {
		b.Params, b.Return = []types.Type{m.arg, m.val, types.Of(types.BigInt)}, types.ListOf(m.arg)
	} else {
		b.Params, b.Return = []types.Type{m.val, types.Of(types.BigInt)}, types.ListOf(m.val)
	}
	n := len(b.Params) - 1
	updates(b, func(c *function.AggCall, args []*vector.Vector, pos int, row raw.Addr, off uintptr) error {
		s := raw.At[extremesState](row, off)
		if s.limit == 0 {
			limit, err := resultLimit(name, args[n], pos)
			if err != nil {
				return err
			}
			s.limit = limit
		}
		val := args[n-1]
		if !m.nullVal && val.IsNull(pos) || m.withArg && !m.nullArg && args[0].IsNull(pos) {
			return nil
		}
		tmp := scratch(c, 8)
		tmp.Type = types.Of(types.Blob)
		rec := rowfmt.AppendElement(tmp.Data[:0], val, pos)
		if m.withArg {
			rec = rowfmt.AppendElement(rec, args[0], pos)
		}
		tmp.Data = rec[:0]
		if s.worst > 0 && !m.comes(rec, s.bag.bytes(c.Heap.Bufs())[s.worst-1:]) {
			return nil
		}
		if err := s.bag.keep(c, row, rec, 1); err != nil {
			return err
		}
		return m.prune(c, s)
	})
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[extremesState](r, off), raw.At[extremesState](dst[i], off)
			d.limit = max(d.limit, s.limit)
			if d.bag.items == 0 {
				d.worst = s.worst
			}
			if d.bag.items == 0 && sameHeap(c) {
				d.bag = s.bag
				d.bag.seal()
			} else if err := d.bag.keep(c, dst[i], s.bag.bytes(c.SrcBufs), s.bag.items); err != nil {
				return err
			}
			if err := m.prune(c, d); err != nil {
				return err
			}
		}
		return nil
	}
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		f := newFinish(c, len(rows))
		defer f.release()
		for i, r := range rows {
			s := raw.At[extremesState](r, off)
			if s.bag.items == 0 {
				continue
			}
			if err := f.charge(s.bag.used + s.bag.items*sliceBytes); err != nil {
				return err
			}
			best := m.best(s.bag.bytes(bufs), s.bag.items, s.limit)
			f.begin()
			f.buf = listBlob(f.buf, len(best))
			for _, rec := range best {
				if m.withArg {
					rec = rowfmt.SkipElement(m.val, rec)
				}
				f.buf = append(f.buf, rec...)
			}
			if err := f.end(i); err != nil {
				return err
			}
		}
		return f.write(out, from)
	}
	b.Ordered = sortable(b)
	return b
}

// resultLimit reads the number of results of aggregate name. Errors: 22023.
func resultLimit(name string, v *vector.Vector, pos int) (int64, error) {
	if v.IsNull(pos) {
		return 0, sqlerr.New(sqlerr.CodeInvalidArgument, "the number of results of %s must not be NULL", name)
	}
	n := v.Value(pos).I
	if n <= 0 || n >= maxExtremes {
		return 0, sqlerr.New(sqlerr.CodeInvalidArgument, "the number of results of %s is between 1 and %d, not %d", name, maxExtremes-1, n)
	}
	return n, nil
}

// best lists the limit best of the records in b, best first.
func (m *extremes) best(b []byte, items, limit int64) [][]byte {
	recs := make([][]byte, 0, items)
	for len(b) > 0 {
		rest := rowfmt.SkipElement(m.val, b)
		if m.withArg {
			rest = rowfmt.SkipElement(m.arg, rest)
		}
		recs = append(recs, b[:len(b)-len(rest):len(b)-len(rest)])
		b = rest
	}
	h := recordHeap{m: m, recs: recs[:0]}
	for _, rec := range recs {
		if int64(len(h.recs)) < limit {
			h.recs = append(h.recs, rec)
			h.up(len(h.recs)-1, rec)
		} else if h.m.comes(rec, h.recs[0]) {
			h.pop(len(h.recs))
			h.up(len(h.recs)-1, rec)
		}
	}
	for n := len(h.recs); n > 1; n-- {
		h.pop(n)
	}
	return h.recs
}

// recordHeap is a binary heap of records, the worst first. It moves equal ones
// the way that heaps of common C++ libraries do, which DuckDB's answers show.
type recordHeap struct {
	m    *extremes
	recs [][]byte
}

// comes reports whether the record at the front of x comes before that of y in
// the result.
func (m *extremes) comes(x, y []byte) bool {
	c, _, _ := rowfmt.CompareElements(m.val, x, y, m.greatest)
	if m.greatest {
		return c > 0
	}
	return c < 0
}

// up puts rec at place i or above.
func (h *recordHeap) up(i int, rec []byte) {
	for i > 0 && h.m.comes(h.recs[(i-1)/2], rec) {
		h.recs[i] = h.recs[(i-1)/2]
		i = (i - 1) / 2
	}
	h.recs[i] = rec
}

// pop moves the first of n records behind the others.
func (h *recordHeap) pop(n int) {
	rec := h.recs[n-1]
	h.recs[n-1] = h.recs[0]
	n--
	i, child := 0, 0
	for child < (n-1)/2 {
		child = 2 * (child + 1)
		if h.m.comes(h.recs[child], h.recs[child-1]) {
			child--
		}
		h.recs[i] = h.recs[child]
		i = child
	}
	if n&1 == 0 && n > 0 && child == (n-2)/2 {
		child = 2 * (child + 1)
		h.recs[i] = h.recs[child-1]
		i = child - 1
	}
	if n > 0 {
		h.up(i, rec)
	}
}

// prune keeps the best records when there are twice as many as asked for. Their
// order in the input is kept, for equal ones.
func (m *extremes) prune(c *function.AggCall, s *extremesState) error {
	if s.bag.items < 2*s.limit+16 {
		return nil
	}
	all := s.bag.bytes(c.Heap.Bufs())
	best := m.best(all, s.bag.items, s.limit)
	// Slices of one array: their capacities say where they are.
	slices.SortFunc(best, func(x, y []byte) int { return placeIn(all, x) - placeIn(all, y) })
	used := 0
	s.worst = 0
	for _, rec := range best {
		n := copy(all[used:], rec)
		if s.worst == 0 || !m.comes(all[used:], all[s.worst-1:]) {
			s.worst = int64(used) + 1
		}
		used += n
	}
	s.bag.used, s.bag.items = int64(used), int64(len(best))
	return nil
}

// placeIn is where part begins in all, of which it is a slice.
func placeIn(all, part []byte) int {
	return int(raw.Of(part) - raw.Of(all))
}
