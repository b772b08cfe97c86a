package window

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// sectionSort sorts the rows of a section word by word and notes, from the words
// it compares anyway, what each row is to the one before: rows are not looked at
// again for that.
type sectionSort struct {
	ctx   context.Context
	w     *Window
	bufs  [][]byte
	kinds []uint8 // of each place: newPartition, newGroup or peer
	parts int     // how many words belong to partitions
	ends  []int   // of each word, the key that it is the last one of; -1 none
	look  int     // rows until the context is looked at
}

func newSectionSort(ctx context.Context, w *Window, bufs [][]byte, kinds []uint8) *sectionSort {
	s := &sectionSort{ctx: ctx, w: w, bufs: bufs, kinds: kinds, ends: make([]int, len(w.rows.Words))}
	for i := range s.ends {
		s.ends[i] = -1
	}
	for k := range w.rows.Keys {
		e := &w.rows.Keys[k]
		s.ends[e.First+e.Words-1] = k
		if k < len(w.plan.Partition) {
			s.parts = e.First + e.Words
		}
	}
	return s
}

// lookEvery is how many rows are sorted between two looks at the context.
const lookEvery = 1 << 17

func (s *sectionSort) check(n int) error {
	if s.look -= n; s.look > 0 {
		return nil
	}
	s.look = lookEvery
	return sqlerr.FromContext(s.ctx)
}

// all sorts the pairs, which hold the first word, or the ordinal when there are
// no keys.
func (s *sectionSort) all(a, tmp []sortkey.Pair) error {
	if len(a) == 0 {
		return nil
	}
	s.kinds[0] = newPartition
	if len(s.ends) == 0 {
		clearTo(s.kinds[1:len(a)], peer)
		sortkey.SortPairs(a, tmp)
		return sqlerr.FromContext(s.ctx)
	}
	return s.word(a, tmp, 0, 0)
}

// kindOf is what a row is to the one before it.
func (s *sectionSort) kindOf(before, row raw.Addr) uint8 {
	rows, parts := s.w.rows, len(s.w.plan.Partition)
	switch {
	case !rows.Same(0, parts, before, row, s.bufs):
		return newPartition
	case !rows.Same(parts, len(rows.Keys), before, row, s.bufs):
		return newGroup
	}
	return peer
}

func clearTo(kinds []uint8, k uint8) {
	for i := range kinds {
		kinds[i] = k
	}
}

// word sorts pairs by word i, which they hold, and what is behind it. Their
// first place is at, whose kind is known.
func (s *sectionSort) word(a, tmp []sortkey.Pair, at, i int) error {
	if err := s.check(len(a)); err != nil {
		return err
	}
	sortkey.SortPairs(a, tmp)
	kind := uint8(newGroup)
	if i < s.parts {
		kind = newPartition
	}
	rows := s.w.rows
	long := s.ends[i] >= 0 && rows.Keys[s.ends[i]].HasLong()
	last := i+1 == len(s.ends)
	next := s.w.ordinal
	if !last {
		next = rows.Words[i+1]
	}
	for x := 0; x < len(a); {
		y := x + 1
		for y < len(a) && a[y].Key == a[x].Key {
			y++
		}
		if x > 0 {
			s.kinds[at+x] = kind
		}
		tie := a[x:y]
		if len(tie) > 1 {
			switch {
			case long && rows.Keys[s.ends[i]].Long(tie[0].Key):
				if err := s.long(tie, at+x, s.ends[i]); err != nil {
					return err
				}
			case last:
				clearTo(s.kinds[at+x+1:at+y], peer)
				if s.w.byOrdinal {
					for k := range tie {
						tie[k].Key = *raw.At[uint64](tie[k].Row, next)
					}
					sortkey.SortPairs(tie, tmp[x:y])
				}
			default:
				for k := range tie {
					tie[k].Key = *raw.At[uint64](tie[k].Row, next)
				}
				if err := s.word(tie, tmp[x:y], at+x, i+1); err != nil {
					return err
				}
			}
		}
		x = y
	}
	return nil
}

// long sorts rows whose words up to those of key k are equal by comparing them.
func (s *sectionSort) long(a []sortkey.Pair, at, k int) error {
	rows := s.w.rows
	compared := 0
	var failed error
	slices.SortFunc(a, func(x, y sortkey.Pair) int {
		if compared++; compared&(lookEvery-1) == 0 && failed == nil {
			failed = sqlerr.FromContext(s.ctx)
		}
		if failed != nil {
			return 0
		}
		if c := rows.Compare(k, x.Row, s.bufs, y.Row, s.bufs); c != 0 {
			return c
		}
		if *raw.At[uint64](x.Row, s.w.ordinal) < *raw.At[uint64](y.Row, s.w.ordinal) {
			return -1
		}
		return 1
	})
	for i := 1; i < len(a); i++ {
		s.kinds[at+i] = s.kindOf(a[i-1].Row, a[i].Row)
	}
	return failed
}

// rangesPerWorker is into how many ranges for each worker a section is divided
// that all sort.
const rangesPerWorker = 4

// sortByAll is sort by all workers: rows are divided by samples of their order
// into ranges, which are sorted one by one.
func (s *section) sortByAll(ctx context.Context, w *Window, run sortkey.Runner) error {
	order := w.order()
	n := s.n
	all := raw.Cast[sortkey.Pair](s.blk.Bytes)[:2*n]
	a, src := all[:n], all[n:]
	if len(order.Words) == 0 { // all rows are peers, in any order
		return s.sort(ctx, w)
	}
	first, width := order.Words[0], raw.Addr(w.rows.Layout.Width)
	pages := s.loaded.Pages
	from := make([]int, len(pages)+1)
	for i, p := range pages {
		from[i+1] = from[i] + p.Count
	}
	err := run(ctx, "window sort", len(pages), func(ctx context.Context, i int) error {
		at := pages[i].Base
		dst := src[from[i]:from[i+1]]
		for k := range dst {
			dst[k] = sortkey.Pair{Key: *raw.At[uint64](at, first), Row: at}
			at += width
		}
		return sqlerr.FromContext(ctx)
	})
	if err != nil {
		return err
	}
	bufs := s.loaded.Bufs()
	count := min(rangesPerWorker*max(w.env.Threads, 1), maxRanges)
	samples := min(count*samplesPerRange, n)
	sample := make([]raw.Addr, samples)
	for i := range sample {
		sample[i] = src[i*n/samples].Row
	}
	cuts := order.NewCuts(sample, count, bufs)
	ends, err := cuts.Divide(ctx, run, src, a, s.kinds, bufs)
	if err != nil {
		return sqlerr.FromContext(ctx)
	}
	begin := func(k int) int {
		if k == 0 {
			return 0
		}
		return ends[k-1]
	}
	err = run(ctx, "window sort", len(ends), func(ctx context.Context, k int) error {
		x, y := begin(k), ends[k]
		srt := newSectionSort(ctx, w, bufs, s.kinds[x:y])
		return srt.all(a[x:y], src[x:y])
	})
	if err != nil {
		return err
	}
	srt := newSectionSort(ctx, w, bufs, nil)
	for k := range ends {
		if x := begin(k); x > 0 && x < n {
			s.kinds[x] = srt.kindOf(a[x-1].Row, a[x].Row)
		}
	}
	return nil
}

// order is the order of rows within a part: of all rows, if a result depends on
// that.
func (w *Window) order() *sortkey.Rows {
	if w.byOrdinal {
		return w.rows.With(len(w.plan.Input))
	}
	return w.rows
}

// needsOrdinals reports whether some result depends on the order of rows that
// are equal in ORDER BY, which then is that of the input.
func (p *Plan) needsOrdinals() bool {
	for i := range p.Calls {
		c := &p.Calls[i]
		if c.Distinct || c.Frame.Mode == function.FrameRows || len(c.Order) > 0 || c.Frame.Exclude != function.ExcludeNothing {
			return true
		}
		if c.Fn != nil {
			if !c.Fn.Peers {
				return true
			}
			continue
		}
		if c.Agg.OrderDependent || c.Agg.Return.ID == types.Double || c.Agg.Return.ID == types.Float {
			return true
		}
	}
	return false
}
