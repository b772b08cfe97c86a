package order

import (
	"context"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

const (
	// rangeRows is about how many rows a range of a sort in memory has: their pairs
	// stay in a processor's second cache while they are sorted, and the rows, which
	// that looks at, in the third until they are given out.
	rangeRows = 1 << 15
	// mostWholeRanges bounds how many ranges there are: their numbers are bytes.
	mostWholeRanges = 256
	// samplesPerWholeRange is how many rows the bounds of one are chosen from.
	samplesPerWholeRange = 16
)

// heap is what a worker has in memory at the end of its input, unsorted.
type heap struct {
	w        *rowset.Writer // of Sort.shared
	reserved int64          // of the sort reservation, for w's pairs
}

// whole is a sort whose rows are all in memory. They are divided into ranges of
// the order, each of which is sorted for itself when it is wanted: nothing is
// merged, and no more is looked at between than caches hold.
type whole struct {
	rows   *sortkey.Rows
	block  *block.Block
	pairs  []sortkey.Pair // by range
	tmp    []sortkey.Pair // as long as pairs
	ends   []int          // of each range in pairs
	bufs   [][]byte       // the pages of all workers by number
	sorted bool           // all ranges are
}

// newWhole divides the rows of heaps, which keep their pages, into ranges. What is
// reserved for their pairs becomes that of the whole.
func (s *Sort) newWhole(ctx context.Context, heaps []heap) (_ *whole, err error) {
	w := &whole{rows: s.rows}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	n, held := 0, int64(0)
	from := make([]int, len(heaps)) // where the rows of each begin
	for i := range heaps {
		h := &heaps[i]
		from[i] = n
		n += int(h.w.NumRows())
		held += h.reserved
		h.reserved = 0
		for k, b := range h.w.Bufs() {
			if k >= len(w.bufs) {
				w.bufs = append(w.bufs, b)
			} else if b != nil {
				w.bufs[k] = b
			}
		}
	}
	if w.block, err = s.env.Pool.HeldSized(s.space.sort, max(int64(n)*pairBytes, block.Size), held); err != nil {
		return nil, err
	}
	all := raw.Cast[sortkey.Pair](w.block.Bytes)
	w.pairs, w.tmp, w.ends = all[:n], all[n:2*n], []int{n}
	count := min(n/rangeRows, mostWholeRanges)
	if count < 2 || len(s.rows.Words) == 0 {
		err = s.each(ctx, "sort", len(heaps), func(ctx context.Context, i int) error {
			return s.space.fill(ctx, heaps[i].w, w.pairs[from[i]:])
		})
	} else {
		err = s.each(ctx, "sort", len(heaps), func(ctx context.Context, i int) error {
			return s.space.fill(ctx, heaps[i].w, w.tmp[from[i]:])
		})
		if err == nil {
			err = w.divide(ctx, s.each, count)
		}
	}
	if err == nil && !s.spread && s.env.Threads > 1 {
		w.sorted = true
		err = s.each(ctx, "sort", len(w.ends), w.sort)
	}
	return w, err
}

// divide moves the pairs from tmp to pairs, by range.
func (w *whole) divide(ctx context.Context, each sortkey.Runner, count int) error {
	n := len(w.tmp)
	sample := make([]raw.Addr, count*samplesPerWholeRange)
	for i := range sample {
		sample[i] = w.tmp[i*n/len(sample)].Row
	}
	ids := w.block.Bytes[2*n*sortkey.PairBytes:][:n]
	ends, err := w.rows.NewCuts(sample, count, w.bufs).Divide(ctx, each, w.tmp, w.pairs, ids, w.bufs)
	if err != nil {
		return cancelled(ctx)
	}
	w.ends = ends
	return nil
}

// part returns the places of range k.
func (w *whole) part(k int) (from, to int) {
	if k > 0 {
		from = w.ends[k-1]
	}
	return from, w.ends[k]
}

// sort sorts range k.
func (w *whole) sort(ctx context.Context, k int) error {
	from, to := w.part(k)
	if w.rows.SortContext(ctx, w.pairs[from:to], w.tmp[from:to], w.bufs) != nil {
		return cancelled(ctx)
	}
	return nil
}

// take returns the rows of range k in order. Each range is taken once.
func (w *whole) take(ctx context.Context, k int) ([]sortkey.Pair, error) {
	if !w.sorted {
		if err := w.sort(ctx, k); err != nil {
			return nil, err
		}
	}
	from, to := w.part(k)
	return w.pairs[from:to], nil
}

func (w *whole) close() {
	if w.block != nil {
		w.block.Release()
		w.block = nil
	}
}

// fill makes the pairs of the rows that w holds.
func (s *space) fill(ctx context.Context, w *rowset.Writer, dst []sortkey.Pair) error {
	first := uintptr(0)
	if len(s.rows.Words) > 0 {
		first = s.rows.Words[0]
	}
	width := raw.Addr(s.rows.Layout.Width)
	for _, page := range w.AppendPages(nil) {
		at := page.Base
		part := dst[:page.Count]
		dst = dst[page.Count:]
		for i := range part {
			part[i] = sortkey.Pair{Key: *raw.At[uint64](at, first), Row: at}
			at += width
		}
		if ctx.Err() != nil {
			return cancelled(ctx)
		}
	}
	return nil
}

// each runs tasks by all workers.
func (s *Sort) each(ctx context.Context, name string, n int, task func(ctx context.Context, i int) error) error {
	if s.env.Run != nil && n > 1 {
		return s.env.Run(ctx, name, n, task)
	}
	for i := range n {
		if err := task(ctx, i); err != nil {
			return err
		}
	}
	return nil
}
