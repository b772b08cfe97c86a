package window

import (
	"context"
	"math"
	"math/bits"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// maxRanges bounds how many ranges a part is divided into at once.
const maxRanges = 256

// samplesPerRange is how many rows a range's bounds are chosen from.
const samplesPerRange = 32

// keeper has copies of rows that outlive their pages.
type keeper struct {
	set *rowset.Set
	out *rowset.Writer
}

func (w *Window) newKeeper() *keeper {
	set := rowset.New(rowset.Config{
		Layout: w.rows.Layout, Pool: w.env.Pool, Mem: w.mem, Spill: w.env.Spill, Tag: "window", Shift: rowset.MaxBits,
	})
	return &keeper{set: set, out: set.NewWriter()}
}

// keep copies a row and returns its address, which stays.
func (k *keeper) keep(ctx context.Context, row raw.Addr, bufs [][]byte) (raw.Addr, error) {
	src, dst := [1]raw.Addr{row}, [1]raw.Addr{}
	_, err := k.out.AppendRows(ctx, src[:], bufs, dst[:], true)
	return dst[0], err
}

func (k *keeper) close() {
	if k != nil {
		k.out.Close()
		k.set.Close()
	}
}

// freeBytes is what sections may take when the rows that wait are on disk.
func (w *Window) freeBytes() int64 { return w.work.Share() + w.mem.Held()*7/10 }

// rangesAtOnce is how many ranges should fit into memory at the same time.
func (w *Window) rangesAtOnce(n *needs) int64 {
	workers := int64(max(w.env.Threads, 1))
	if n.far {
		return 16 * workers
	}
	return max(2*workers, 4)
}

// newHuge prepares for rows that are computed range by range.
func (w *Window) newHuge(n needs) *huge {
	h := &huge{w: w, needs: n, parts: someKeys(w.rows, 0, len(w.plan.Partition))}
	h.moved.L = &h.mu
	h.heap.w = w
	return h
}

// divide puts the rows of a part of the set into ranges that each fit into memory.
// Errors: 53200 when calls cannot be computed range by range, and those of writing.
func (w *Window) divide(ctx context.Context, p *rowset.Partition) (_ *huge, err error) {
	needs, ok := w.needs()
	if !ok {
		return nil, w.errHuge(p.NumRows(), p.Bytes())
	}
	h := w.newHuge(needs)
	h.kept = w.newKeeper()
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if h.ranges, err = h.split(ctx, p); err != nil {
		return nil, err
	}
	return h, h.open(ctx)
}

// divided makes the partitions of a set that was divided by its order ranges. Those
// that turn out to be too large, because the rows that came later were others, are
// divided once more.
func (w *Window) divided(ctx context.Context) (_ *huge, err error) {
	needs, _ := w.needs()
	h := w.newHuge(needs)
	d := &w.division
	if h.kept, d.kept = d.kept, nil; h.kept == nil {
		h.kept = w.newKeeper()
	}
	h.cross = d.cross
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	shift := codeBits - w.set.Bits()
	next := 0 // range of the table
	set := w.live.Read(w.set, false)
	for i := range w.set.Partitions() {
		for next <= d.table.n && int(d.table.code[next])>>shift < i {
			next++
		}
		p := w.set.Partition(i)
		if p.NumRows() == 0 {
			continue
		}
		g := &span{set: set, part: p}
		if next > 0 {
			copy(g.low[:], d.table.border(next-1))
			g.first = d.table.rows[next-1]
		}
		set.Expect()
		h.ranges = append(h.ranges, g)
	}
	set.Start()
	if err := h.splitLarge(ctx); err != nil {
		return nil, err
	}
	return h, h.open(ctx)
}

// splitLarge divides ranges that are too large.
func (h *huge) splitLarge(ctx context.Context) error {
	w := h.w
	most := w.freeBytes() / int64(2*max(w.env.Threads, 1))
	if h.needs.far {
		most /= 4 // each worker holds several
	}
	subs := make([][]*span, len(h.ranges))
	split := func(ctx context.Context, k int) (err error) {
		if g := h.ranges[k]; w.bytesOf(g.part) > most {
			subs[k], err = h.split(ctx, g.part)
		}
		return err
	}
	if run := w.env.Run; run != nil {
		if err := run(ctx, "window", len(h.ranges), split); err != nil {
			h.add(subs)
			return err
		}
	} else {
		for k := range h.ranges {
			if err := split(ctx, k); err != nil {
				h.add(subs)
				return err
			}
		}
	}
	h.add(subs)
	return nil
}

// add puts the ranges that others were divided into in their place.
func (h *huge) add(subs [][]*span) {
	var all []*span
	for k, g := range h.ranges {
		if subs[k] == nil {
			all = append(all, g)
			continue
		}
		subs[k][0].low, subs[k][0].first = g.low, g.first
		h.drop(g)
		all = append(all, subs[k]...)
	}
	h.ranges = all
}

// bytesOf is what a section of the rows of p takes.
func (w *Window) bytesOf(p *rowset.Partition) int64 {
	n := p.NumRows()
	bytes := p.Bytes() + n*(sectionBytes+1)
	for i := range w.plan.Calls {
		if c := &w.plan.Calls[i]; c.Agg != nil && !c.follows() {
			bytes += n * int64(c.Agg.Size) / 8 // its tree
		}
	}
	return bytes
}

// split moves the rows of p to ranges of a set of their own.
func (h *huge) split(ctx context.Context, p *rowset.Partition) ([]*span, error) {
	w := h.w
	bytes := w.bytesOf(p)
	// What rows of tables would give way with is not there for sections.
	free := max(w.work.Share(), w.mem.Share()/4)
	// A section for each worker, and a page or two of each range while rows are put
	// there, fit well into what others leave.
	count := int(min(max(bytes/max(free/w.rangesAtOnce(&h.needs), 1)+1, 2), maxRanges))
	// While rows are put there, each range has pages that are worth writing.
	count = max(min(count, int(max(w.mem.Share(), free/2)/smallBlock)), min(count, int(4*bytes/max(free, 1))+1), 2)
	cuts, exact, err := h.sample(ctx, p, count)
	if err != nil {
		return nil, err
	}
	set, err := h.distribute(ctx, p, cuts)
	if err != nil {
		return nil, err
	}
	var offs []uintptr
	if parts := len(w.plan.Partition); len(w.rows.Keys) == parts+1 {
		key := &w.rows.Keys[parts]
		offs = w.rows.Words[key.First : key.First+key.Words]
	}
	var out []*span
	for k := range cuts.Ranges() {
		g := &span{set: set, part: set.Partition(k)}
		if g.part.NumRows() == 0 {
			continue
		}
		if k > 0 {
			for i, off := range offs {
				g.low[i] = *raw.At[uint64](cuts.Rows[k-1], off)
			}
			if exact {
				g.first = cuts.Rows[k-1]
			}
		}
		set.Expect()
		out = append(out, g)
	}
	set.Start()
	return out, nil
}

// sample chooses the bounds of ranges from evenly spaced rows: between peers, if a
// call looks at them and they are not too many. exact: the first row of a range is its
// bound.
func (h *huge) sample(ctx context.Context, p *rowset.Partition, count int) (_ *sortkey.Cuts, exact bool, err error) {
	w := h.w
	step := max(p.NumRows()/int64(count*samplesPerRange), 1)
	width := raw.Addr(w.rows.Layout.Width)
	sc := p.Scan(w.work, false)
	defer sc.Close()
	var rows []raw.Addr
	for at, want := int64(0), int64(0); ; {
		page, ok, err := sc.Next(ctx)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			break
		}
		h.mu.Lock()
		for ; want < at+int64(page.Count) && err == nil; want += step {
			var row raw.Addr
			if row, err = h.kept.keep(ctx, page.Base+raw.Addr(want-at)*width, sc.Bufs()); err == nil {
				rows = append(rows, row)
			}
		}
		h.mu.Unlock()
		if err != nil {
			return nil, false, err
		}
		at += int64(page.Count)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	bufs := h.kept.out.Bufs()
	if h.needs.peers && len(w.rows.Words) > 0 {
		cuts := w.rows.NewCuts(rows, count, bufs)
		held := make([]int, cuts.Ranges())
		most := 0
		for _, row := range rows {
			k := cuts.Range(w.rows.Word(row, 0), row, bufs)
			held[k]++
			most = max(most, held[k])
		}
		if most <= 2*samplesPerRange {
			return cuts, false, nil
		}
	}
	h.cross = h.cross || h.needs.peers
	return w.rows.With(len(w.plan.Input)).NewCuts(rows, count, bufs), true, nil
}

// distribute moves the rows of p to a set with a partition for each range of cuts.
func (h *huge) distribute(ctx context.Context, p *rowset.Partition, cuts *sortkey.Cuts) (_ *rowset.Reading, err error) {
	w := h.w
	if p.NumRows() > math.MaxInt32-1 {
		return nil, sqlerr.New(sqlerr.CodeLimitExceeded, "a window of more than 2^31 rows")
	}
	n := max(bits.Len(uint(cuts.Ranges()-1)), 1)
	set := rowset.New(rowset.Config{
		Layout: w.rows.Layout, Pool: w.env.Pool, Mem: w.mem, Spill: w.env.Spill, Tag: "window", Bits: n, Stable: true,
	})
	out := set.NewWriter()
	sc := p.Scan(w.work, true)
	defer func() {
		sc.Close()
		out.Close()
		if err != nil {
			set.Close()
		}
	}()
	first, hash := w.ordinal, w.rows.Layout.HashOffset()
	if len(w.rows.Words) > 0 {
		first = w.rows.Words[0]
	}
	src, dst := make([]raw.Addr, vector.Capacity), make([]raw.Addr, vector.Capacity)
	for {
		k, err := sc.Rows(ctx, src)
		if err != nil {
			return nil, err
		}
		if k == 0 {
			break
		}
		bufs := sc.Bufs()
		for _, row := range src[:k] {
			r := cuts.Range(*raw.At[uint64](row, first), row, bufs)
			*raw.At[uint64](row, hash) = uint64(r) << (64 - n)
		}
		ok, err := out.AppendRows(ctx, src[:k], bufs, dst, false)
		if err == nil && !ok {
			if _, err = out.Spill(ctx, rowset.SpillStep(out.Bytes())); err == nil {
				_, err = out.AppendRows(ctx, src[:k], bufs, dst, true)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if err := set.Combine(ctx, out); err != nil {
		return nil, err
	}
	if err := set.Seal(ctx); err != nil {
		return nil, err
	}
	return w.live.Read(set, true), nil
}
