package order

import (
	"context"
	"sort"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/sortkey"
)

const (
	// pairBytes is what sorting takes a row: its pair, that of the scratch array
	// and the number of its range.
	pairBytes = 2*sortkey.PairBytes + 1
	// pairSlack is what the pairs of a run may take beyond that: their block has
	// a least size and ends with a page.
	pairSlack = 2 * block.Size
	// flushBytes is how much of a run is kept in memory while it is written,
	// when there is plenty.
	flushBytes = 512 << 10
	// leastRun is the least that is written for the sake of others who want
	// memory.
	leastRun = 2 * block.Size
)

// flushAt is how much of a run is kept in memory while it is written.
func (s *space) flushAt() int64 {
	return max(2*block.Size, min(flushBytes, s.mem.Share()/8))
}

// readBytes is about what reading a run back takes.
func (s *space) readBytes() int64 { return s.flushAt() + block.Size }

// slack is how much memory appending leaves free: for each worker what writing
// its run takes beside the run, and the pairs and pages of the next one's first
// chunk.
func (s *space) slack() int64 {
	return min(int64(max(s.env.Threads, 1))*(s.flushAt()+pairSlack+3*block.Size), s.mem.Share()/3)
}

// run is a sorted sequence of rows: in memory (addrs over the pages of w) or on
// disk, in a set for each range of the order (Sort.cuts).
type run struct {
	w     *rowset.Writer // nil: not in memory
	set   *rowset.Set    // of w; nil: another's
	pairs *block.Block
	addrs []sortkey.Pair // in order; their keys mean nothing
	count int64
	disk  []*rowset.Set
}

func (r *run) onDisk() bool { return r.disk != nil }

func (r *run) close() {
	if r.w != nil {
		r.w.Close()
	}
	if r.pairs != nil {
		r.pairs.Release()
	}
	if r.set != nil {
		r.set.Close()
	}
	for _, s := range r.disk {
		s.Close()
	}
	*r = run{}
}

// ends returns where in addrs each range of cuts ends.
func (r *run) ends(rows *sortkey.Rows, cuts *sortkey.Cuts) []int {
	var out []int
	at := 0
	if cuts != nil && r.w != nil {
		bufs := r.w.Bufs()
		for k := range cuts.Rows {
			rest := r.addrs[at:]
			at += sort.Search(len(rest), func(i int) bool { return cuts.Compare(k, rest[i].Row, bufs) <= 0 })
			out = append(out, at)
		}
	} else if cuts != nil {
		out = make([]int, len(cuts.Rows))
	}
	return append(out, len(r.addrs))
}

// spilledBytes returns how much was written of the run.
func (r *run) spilledBytes() (n int64) {
	for _, s := range r.disk {
		n += s.Stats().SpilledBytes
	}
	return n
}

// space is where runs take memory and disk from.
type space struct {
	env  *operators.Env
	rows *sortkey.Rows
	mem  *budget.Reservation // pages; spilling
	sort *budget.Reservation // pairs
}

// newSet makes a set for rows that are to be sorted.
func (s *space) newSet() *rowset.Set { return s.setOf(s.rows.Layout) }

func (s *space) setOf(l *rowfmt.Layout) *rowset.Set {
	return rowset.New(rowset.Config{
		Layout: l, Pool: s.env.Pool, Mem: s.mem, Spill: s.env.Spill, Tag: "sort",
	})
}

// sorted returns the rows of w, which nothing is appended to any more, as a run in
// memory, cut to limit rows (-1: all). The run owns w, and set unless it is nil,
// also after errors. The sort reservation holds held bytes, pairBytes a row and
// pairSlack, which become the run's.
func (s *space) sorted(ctx context.Context, set *rowset.Set, w *rowset.Writer, limit, held int64) (_ *run, err error) {
	n := int(w.NumRows())
	r := &run{set: set, w: w, count: int64(n)}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if n == 0 {
		s.sort.Shrink(held)
		return r, nil
	}
	r.pairs, err = s.env.Pool.HeldSized(s.sort, int64(max(2*n*sortkey.PairBytes, block.Size)), held)
	if err != nil {
		return nil, err
	}
	all := raw.Cast[sortkey.Pair](r.pairs.Bytes)
	a, tmp := all[:n], all[n:2*n]
	if err := s.fill(ctx, w, a); err != nil {
		return nil, err
	}
	if s.rows.SortContext(ctx, a, tmp, w.Bufs()) != nil {
		return nil, cancelled(ctx)
	}
	if limit >= 0 && int64(n) > limit {
		r.count = limit
	}
	r.addrs = a[:r.count]
	return r, nil
}

// copied returns the rows of r in order as a new run in memory and closes r:
// what a limit cut off is given back.
func (s *space) copied(ctx context.Context, r *run) (*rowset.Set, *rowset.Writer, error) {
	set := s.newSet()
	w := set.NewWriter()
	if err := s.copyRows(ctx, r, 0, len(r.addrs), w, nil); err != nil {
		w.Close()
		set.Close()
		return nil, nil, err
	}
	r.close()
	return set, w, nil
}

// spilled writes r to disk in order, by the ranges of cuts, and closes it.
func (s *space) spilled(ctx context.Context, r *run, cuts *sortkey.Cuts) (_ *run, err error) {
	out := &run{count: r.count}
	defer func() {
		if err != nil {
			out.close()
		}
	}()
	from := 0
	for _, to := range r.ends(s.rows, cuts) {
		x := s.newOutput()
		out.disk = append(out.disk, x.set)
		err = s.copyRows(ctx, r, from, to, x.w, func() error { return x.flush(ctx) })
		if err == nil {
			err = x.end(ctx)
		}
		if err != nil {
			x.w.Close()
			return nil, err
		}
		from = to
	}
	r.close()
	return out, nil
}

// output is a set that is written in order.
type output struct {
	s   *space
	set *rowset.Set
	w   *rowset.Writer
}

func (s *space) newOutput() *output {
	set := s.setOf(s.rows.Stored)
	return &output{s, set, set.NewWriter()}
}

// flush writes what there is, when it is enough.
func (o *output) flush(ctx context.Context) error {
	if o.w.Bytes() < o.s.flushAt() {
		return nil
	}
	_, err := o.w.Spill(ctx, 1<<62)
	return err
}

// end writes the rest.
func (o *output) end(ctx context.Context) error {
	if _, err := o.w.Spill(ctx, 1<<62); err != nil {
		return err
	}
	if err := o.set.Combine(ctx, o.w); err != nil {
		return err
	}
	return o.set.Seal(ctx)
}

// copyRows appends the rows [from, to) of r to w; after each chunk it calls flush.
func (s *space) copyRows(ctx context.Context, r *run, from, to int, w *rowset.Writer, flush func() error) error {
	var src, dst [vector.Capacity]raw.Addr
	near := newToucher(s.rows.Layout, 0, firstText(s.rows.Layout))
	for ; from < to; from += len(src) {
		if ctx.Err() != nil {
			return cancelled(ctx)
		}
		part := r.addrs[from:min(from+len(src), to)]
		for i := range part {
			src[i] = part[i].Row
		}
		near.rows(src[:len(part)], r.w.Bufs())
		if _, err := w.AppendRows(ctx, src[:len(part)], r.w.Bufs(), dst[:len(part)], true); err != nil {
			return err
		}
		if flush != nil {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return nil
}
