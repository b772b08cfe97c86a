package window

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// huge is a part that cannot be divided by hash any more and does not fit into
// memory: a single partition of the query, as a rule. Its rows are divided by
// their order into ranges, each of which fits: workers load and compute one
// after the other. What a range needs of the ones before and behind are numbers and
// aggregate states (linked.go), or single rows and other ranges (far.go).
type huge struct {
	w      *Window
	ranges []*span // in order; none is empty
	rows   int
	bytes  int64
	needs  needs
	// cross: peers may be in several ranges.
	cross bool
	// serial: one worker computes all ranges in order, and states are carried from
	// one to the next as they would be in memory.
	serial bool

	parts *sortkey.Rows // keys of partitions
	spare int64         // bytes that ranges kept for later leave free

	mu    sync.Mutex
	moved sync.Cond
	// kept holds rows that outlive their pages: bounds of ranges, the first and
	// last row of each.
	kept   *rowset.Set
	keeper *rowset.Writer // guarded by mu
	todo   []int          // ranges that nobody has, ascending; guarded by mu
	active int            // ranges that somebody has; guarded by mu
	left   int            // ranges that are not done; guarded by mu
	linked int            // ranges before this one know what is before them; guarded by mu
	failed bool           // some range will never be linked; guarded by mu
	states []totals       // by call
	blk    *block.Block   // of states
	heap   heap           // of states; guarded by mu
}

// span is a range of a part.
type span struct {
	set  *rowset.Set
	base int // place of the first row
	n    int
	low  raw.Addr // a copy of a row that none of the range comes before; 0: the first range
	edge edge
	// known: edge and the totals of the range alone are there.
	known atomic.Bool
}

func (g *span) end() int { return g.base + g.n }

// maxRanges bounds how many ranges a part is divided into.
const maxRanges = 256

// samplesPerRange is how many rows a range's bounds are chosen from.
const samplesPerRange = 32

// needs tells what calls need of ranges other than that of the row.
type needs struct {
	peers  bool   // calls look at peers
	far    bool   // rows, or states of parts of ranges
	first  bool   // all ranges are looked at before the first is computed
	totals []bool // by call: states of whole ranges
}

// needs finds out what the calls need; false when one cannot be computed range by
// range.
func (w *Window) needs() (n needs, ok bool) {
	n.totals = make([]bool, len(w.plan.Calls))
	parted := len(w.plan.Partition) > 0
	next := false // a call looks at the next row
	for i := range w.plan.Calls {
		c := &w.plan.Calls[i]
		if c.IgnoreNulls || len(c.Order) > 0 || c.Distinct || c.ranks() {
			return n, false
		}
		frame := c.Agg != nil
		if c.Fn != nil {
			switch c.Fn.Name {
			case "row_number":
			case "rank", "dense_rank":
				n.peers = true
			case "percent_rank", "cume_dist":
				n.peers = true
				n.first = n.first || parted
			case "ntile":
				n.first = n.first || parted
			case "lag": // the last row of each range is kept
				n.far = n.far || len(c.Args) > 1
			case "lead":
				n.first = n.first || parted
				n.far = n.far || len(c.Args) > 1
				next = true
			case "first_value", "last_value", "nth_value":
				n.far, frame = true, true
			default:
				return n, false
			}
		}
		if !frame {
			continue
		}
		f := &c.Frame
		ahead := false
		for _, b := range []Bound{f.Start, f.End} {
			switch b.Kind {
			case function.CurrentRow:
				n.peers = n.peers || f.Mode != function.FrameRows
			case function.Preceding, function.Following:
				n.first = n.first || f.Mode == function.FrameGroups
				n.peers = n.peers || f.Mode == function.FrameGroups
				n.far = true
				ahead = ahead || b.Kind == function.Following
			case function.UnboundedFollowing:
				ahead = true
			}
		}
		n.peers = n.peers || f.Exclude == function.ExcludeGroup || f.Exclude == function.ExcludeTies
		n.first = n.first || ahead && parted
		if c.Agg != nil {
			n.totals[i] = true
			n.first = n.first || f.End.Kind == function.UnboundedFollowing || f.Start.Kind == function.UnboundedFollowing
			n.far = n.far || f.Exclude != function.ExcludeNothing
		}
	}
	// The first row of each range is kept when all were looked at, or is its bound.
	n.far = n.far || next && n.peers && !n.first
	return n, true
}

// carries reports whether call i is a running aggregate whose state goes from
// range to range: its frames end in the range of the row.
func (h *huge) carries(i int) bool {
	c := &h.w.plan.Calls[i]
	return c.follows() && c.Frame.End.Kind == function.CurrentRow && (c.Frame.Mode == function.FrameRows || !h.cross)
}

// inexact reports whether the result depends on how rows are grouped on the way.
func (c *Call) inexact() bool {
	id := c.Agg.Return.ID
	return (id == types.Double || id == types.Float) && c.Agg.Subtract == nil
}

// divide puts the rows of a part into ranges that each fit into memory. Errors:
// 53200 when calls cannot be computed range by range, and those of writing.
func (w *Window) divide(ctx context.Context, p *rowset.Partition) (_ *huge, err error) {
	n := p.NumRows()
	if n > math.MaxInt32-1 {
		return nil, sqlerr.New(sqlerr.CodeLimitExceeded, "a window of more than 2^31 rows")
	}
	h := &huge{w: w, rows: int(n), bytes: p.Bytes(), parts: someKeys(w.rows, 0, len(w.plan.Partition))}
	ok := false
	if h.needs, ok = w.needs(); !ok {
		return nil, errHuge(n, h.bytes)
	}
	h.moved.L = &h.mu
	h.heap.w = w
	h.kept = h.newSet()
	h.keeper = h.kept.NewWriter()
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	workers := int64(max(w.env.Threads, 1))
	for i := range w.plan.Calls {
		if c := &w.plan.Calls[i]; c.Agg != nil && h.carries(i) && c.inexact() {
			workers = 1
		}
	}
	h.serial = workers == 1
	// A section for each worker, and a page or two of each range while rows are put
	// there, fit well into what others leave.
	bytes := h.bytes + n*(sectionBytes+1)
	parts := max(2*workers, 4)
	if h.needs.far {
		parts = 16 * workers
	}
	for i := range w.plan.Calls {
		if c := &w.plan.Calls[i]; c.Agg != nil && !h.carries(i) {
			bytes += n * int64(c.Agg.Size) / 8 // its tree
		}
	}
	// What rows of tables would give way with is not there for sections.
	free := max(w.work.Share(), w.mem.Share()/4)
	h.spare = free / 8
	count := int(min(max(bytes/max(free/parts, 1)+1, 2), maxRanges))
	// While rows are put there, each range has pages that are worth writing.
	count = max(min(count, int(w.mem.Share()/smallBlock)), min(count, int(4*bytes/max(free, 1))+1), 2)
	cuts, err := h.sample(ctx, p, count)
	if err != nil {
		return nil, err
	}
	if err := h.distribute(ctx, p, cuts); err != nil {
		return nil, err
	}
	return h, h.open(ctx)
}

// newSet makes a set that is never divided by hash.
func (h *huge) newSet() *rowset.Set {
	w := h.w
	return rowset.New(rowset.Config{
		Layout: w.rows.Layout, Pool: w.env.Pool, Mem: w.mem, Spill: w.env.Spill, Tag: "window", Shift: rowset.MaxBits,
	})
}

// keep copies a row and returns its address, which stays. mu is held.
func (h *huge) keep(ctx context.Context, row raw.Addr, bufs [][]byte) (raw.Addr, error) {
	src, dst := [1]raw.Addr{row}, [1]raw.Addr{}
	_, err := h.keeper.AppendRows(ctx, src[:], bufs, dst[:], true)
	return dst[0], err
}

// sample chooses the bounds of ranges from evenly spaced rows: between peers, if a
// call looks at them and they are not too many.
func (h *huge) sample(ctx context.Context, p *rowset.Partition, count int) (*sortkey.Cuts, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.w
	step := max(h.rows/(count*samplesPerRange), 1)
	width := raw.Addr(w.rows.Layout.Width)
	sc := p.Scan(w.work, false)
	defer sc.Close()
	var rows []raw.Addr
	for at, want := 0, 0; ; {
		page, ok, err := sc.Next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		for ; want < at+page.Count; want += step {
			row, err := h.keep(ctx, page.Base+raw.Addr(want-at)*width, sc.Bufs())
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		at += page.Count
	}
	bufs := h.keeper.Bufs()
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
			return cuts, nil
		}
	}
	h.cross = h.needs.peers
	h.needs.first = h.needs.first || h.cross
	return w.rows.With(len(w.plan.Input)).NewCuts(rows, count, bufs), nil
}

// distribute moves the rows of p to ranges.
func (h *huge) distribute(ctx context.Context, p *rowset.Partition, cuts *sortkey.Cuts) error {
	w := h.w
	writers := make([]*rowset.Writer, cuts.Ranges())
	defer func() {
		for _, x := range writers {
			if x != nil {
				x.Close()
			}
		}
	}()
	for k := range writers {
		g := &span{set: h.newSet()}
		if k > 0 {
			g.low = cuts.Rows[k-1]
		}
		h.ranges = append(h.ranges, g)
		writers[k] = g.set.NewWriter()
	}
	width, first := raw.Addr(w.rows.Layout.Width), w.ordinal
	if len(w.rows.Words) > 0 {
		first = w.rows.Words[0]
	}
	pending := make([][]raw.Addr, len(writers))
	var dst [vector.Capacity]raw.Addr
	flush := func(k int, bufs [][]byte) error {
		src := pending[k]
		pending[k] = src[:0]
		if len(src) == 0 {
			return nil
		}
		ok, err := writers[k].AppendRows(ctx, src, bufs, dst[:len(src)], false)
		if ok || err != nil {
			return err
		}
		for _, x := range writers {
			if _, err := x.Spill(ctx, math.MaxInt64); err != nil {
				return err
			}
		}
		_, err = writers[k].AppendRows(ctx, src, bufs, dst[:len(src)], true)
		return err
	}
	sc := p.Scan(w.work, true)
	defer sc.Close()
	for {
		page, ok, err := sc.Next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		bufs := sc.Bufs()
		row := page.Base
		for range page.Count {
			k := cuts.Range(*raw.At[uint64](row, first), row, bufs)
			if pending[k] = append(pending[k], row); len(pending[k]) == len(dst) {
				if err := flush(k, bufs); err != nil {
					return err
				}
			}
			row += width
		}
		for k := range pending {
			if err := flush(k, bufs); err != nil {
				return err
			}
		}
	}
	base := 0
	for k, x := range writers {
		g := h.ranges[k]
		if err := g.set.Combine(ctx, x); err != nil {
			return err
		}
		if err := g.set.Seal(ctx); err != nil {
			return err
		}
		w.live.Add(g.set)
		g.base, g.n = base, int(g.set.NumRows())
		base += g.n
	}
	return nil
}

// errHuge is the refusal of a partition that does not fit.
func errHuge(rows, bytes int64) error {
	return sqlerr.New(sqlerr.CodeOutOfMemory, "out of memory: a window has a partition of %d rows, %d bytes", rows, bytes).
		WithHint("raise the memory limit, or add columns to PARTITION BY")
}

// rangeOf returns the range of a place.
func (h *huge) rangeOf(place int32) int {
	lo, hi := 0, len(h.ranges)-1
	for lo < hi {
		m := (lo + hi + 1) / 2
		if h.ranges[m].base <= int(place) {
			lo = m
		} else {
			hi = m - 1
		}
	}
	return lo
}

// take takes a range; last: nobody is left to be taken.
func (h *huge) take() (k int, last, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.todo) == 0 || h.serial && h.active > 0 {
		return 0, false, false
	}
	k = h.todo[0]
	h.todo = h.todo[1:]
	h.active++
	return k, len(h.todo) == 0, true
}

// exhausted reports whether nobody can take a range.
func (h *huge) exhausted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.todo) == 0
}

// putBack gives a range back that was not begun.
func (h *huge) putBack(k int) {
	h.mu.Lock()
	i, _ := slices.BinarySearch(h.todo, k)
	h.todo = slices.Insert(slices.Clone(h.todo), i, k)
	h.active--
	h.mu.Unlock()
	h.moved.Broadcast()
}

// finish ends a range and reports whether it was the last.
func (h *huge) finish(k int) bool {
	h.mu.Lock()
	h.active--
	h.left--
	over := h.left == 0
	h.mu.Unlock()
	if !h.needs.far {
		h.drop(h.ranges[k])
	}
	return over
}

// drop gives up a range's rows.
func (h *huge) drop(g *span) {
	if g.set == nil {
		return
	}
	h.w.live.Close(g.set)
	g.set = nil
}

// close gives everything back; sections are closed before. Idempotent.
func (h *huge) close() {
	for _, g := range h.ranges {
		h.drop(g)
	}
	if h.blk != nil {
		h.blk.Release()
		h.blk = nil
	}
	h.heap.release()
	h.keeper.Close()
	h.kept.Close()
}
