package window

import (
	"context"
	"math"
	"slices"
	"sort"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// huge is a part that cannot be divided by hash any more and does not fit into
// memory: a single partition of the query, as a rule. Its rows are divided by
// their order into ranges, which are sections one after the other. That is
// possible for calls that look back only (Window.looksBack): what they need of
// the ranges before is carried along. Places in a section count from its first
// row; those of rows before it are negative.
type huge struct {
	w      *Window
	ranges []*rowset.Set // in order; nil: read and closed
	next   int

	// kept holds rows that outlive their pages: bounds of ranges, the last row of
	// each section.
	kept     *rowset.Set
	keeper   *rowset.Writer
	parts    *sortkey.Rows
	ordinals bool // equal keys are divided by the order of the input

	rows int64 // in all ranges

	// What was before the present section.
	base   int64    // rows
	last   raw.Addr // a copy of the last row; 0: none
	inPart int64    // rows of the last row's partition
	groups int32    // and groups of peers in it
}

// maxRanges bounds how many ranges a part is divided into.
const maxRanges = 256

// samplesPerRange is how many rows a range's bounds are chosen from.
const samplesPerRange = 32

// looksBack reports whether all calls need no more than the rows up to the
// present one's last peer, in an order of their own, and of rows before the
// present one only the one before it and states that can be extended. peers:
// whether any of them looks at peers.
func (w *Window) looksBack() (ok, peers bool) {
	for i := range w.plan.Calls {
		c := &w.plan.Calls[i]
		if c.IgnoreNulls || len(c.Order) > 0 {
			return false, false
		}
		if c.Fn != nil {
			switch {
			case c.Fn.Name == "row_number", c.Fn.Name == "lag" && len(c.Args) == 1:
			case c.Fn.Name == "rank", c.Fn.Name == "dense_rank":
				peers = true
			default:
				return false, false
			}
			continue
		}
		f := &c.Frame
		if c.Distinct || f.Exclude != function.ExcludeNothing || c.Agg.HeapState || c.Agg.OrderDependent ||
			f.Start.Kind != function.UnboundedPreceding || f.End.Kind != function.CurrentRow {
			return false, false
		}
		peers = peers || f.Mode != function.FrameRows
	}
	return true, peers
}

// divide puts the rows of a part into ranges that each fit into memory; nil when
// calls need more than the rows before.
func (w *Window) divide(ctx context.Context, p *rowset.Partition) (_ *huge, err error) {
	ok, peers := w.looksBack()
	if !ok || p.NumRows() > math.MaxInt32-1 {
		return nil, nil
	}
	n := p.NumRows()
	h := &huge{w: w, rows: n, parts: someKeys(w.rows, 0, len(w.plan.Partition)), ordinals: !peers}
	h.kept = h.newSet()
	h.keeper = h.kept.NewWriter()
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	// A section, and a page or two of each range while rows are put there, fit
	// well into what others leave.
	bytes := p.Bytes() + n*(sectionBytes+1)
	free := max(w.work.Share(), w.mem.Share())
	count := int(min(max(bytes/max(free/4, 1)+1, 2), maxRanges))
	bounds, err := h.sample(ctx, p, count)
	if err != nil {
		return nil, err
	}
	return h, h.distribute(ctx, p, bounds)
}

// newSet makes a set that is never divided by hash.
func (h *huge) newSet() *rowset.Set {
	w := h.w
	return rowset.New(rowset.Config{
		Layout: w.rows.Layout, Pool: w.env.Pool, Mem: w.mem, Spill: w.env.Spill, Tag: "window", Shift: rowset.MaxBits,
	})
}

// compare orders rows as ranges are.
func (h *huge) compare(a raw.Addr, abufs [][]byte, b raw.Addr, bbufs [][]byte) int {
	c := h.w.rows.Compare(0, a, abufs, b, bbufs)
	if c == 0 && h.ordinals {
		x, y := *raw.At[uint64](a, h.w.ordinal), *raw.At[uint64](b, h.w.ordinal)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
	}
	return c
}

// keep copies a row and returns its address, which stays.
func (h *huge) keep(ctx context.Context, row raw.Addr, bufs [][]byte) (raw.Addr, error) {
	src, dst := [1]raw.Addr{row}, [1]raw.Addr{}
	_, err := h.keeper.AppendRows(ctx, src[:], bufs, dst[:], true)
	return dst[0], err
}

// sample chooses the first rows of all ranges but the first, ascending and
// different, from evenly spaced rows.
func (h *huge) sample(ctx context.Context, p *rowset.Partition, count int) ([]raw.Addr, error) {
	step := max(h.rows/int64(count*samplesPerRange), 1)
	width := raw.Addr(h.w.rows.Layout.Width)
	sc := p.Scan(h.w.work, false)
	defer sc.Close()
	var rows []raw.Addr
	for at, want := int64(0), int64(0); ; {
		page, ok, err := sc.Next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		for ; want < at+int64(page.Count); want += step {
			row, err := h.keep(ctx, page.Base+raw.Addr(want-at)*width, sc.Bufs())
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		at += int64(page.Count)
	}
	bufs := h.keeper.Bufs()
	slices.SortFunc(rows, func(a, b raw.Addr) int { return h.compare(a, bufs, b, bufs) })
	var bounds []raw.Addr
	for k := 1; k < count; k++ {
		row := rows[len(rows)*k/count]
		if n := len(bounds); n == 0 && h.compare(rows[0], bufs, row, bufs) < 0 || n > 0 && h.compare(bounds[n-1], bufs, row, bufs) < 0 {
			bounds = append(bounds, row)
		}
	}
	return bounds, nil
}

// distribute moves the rows of p to ranges.
func (h *huge) distribute(ctx context.Context, p *rowset.Partition, bounds []raw.Addr) error {
	w := h.w
	writers := make([]*rowset.Writer, len(bounds)+1)
	defer func() {
		for _, x := range writers {
			if x != nil {
				x.Close()
			}
		}
	}()
	for k := range writers {
		h.ranges = append(h.ranges, h.newSet())
		writers[k] = h.ranges[k].NewWriter()
	}
	kept, width := h.keeper.Bufs(), raw.Addr(w.rows.Layout.Width)
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
			k := sort.Search(len(bounds), func(i int) bool { return h.compare(row, bufs, bounds[i], kept) < 0 })
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
	for k, x := range writers {
		if err := h.ranges[k].Combine(ctx, x); err != nil {
			return err
		}
		if err := h.ranges[k].Seal(ctx); err != nil {
			return err
		}
		w.enlist(h.ranges[k])
	}
	return nil
}

// section loads the next range as a section; nil at the end. cur, unless nil, is
// the one before, which it closes. Errors: 53200 and those of reading.
func (h *huge) section(ctx context.Context, cur *section) (*section, error) {
	if cur != nil {
		if err := h.leave(ctx, cur); err != nil {
			return nil, err
		}
	}
	for h.next < len(h.ranges) {
		set := h.ranges[h.next]
		p := set.Partition(0)
		if p.NumRows() == 0 {
			h.drop()
			continue
		}
		s, ok, err := h.w.load(ctx, p)
		if !ok && err == nil {
			if err = h.w.makeRoom(ctx, math.MaxInt64); err == nil {
				s, ok, err = h.w.load(ctx, p)
			}
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errHuge(p.NumRows(), p.Bytes())
		}
		h.enter(s)
		return s, nil
	}
	return nil, nil
}

// errHuge is the refusal of a partition that does not fit.
func errHuge(rows, bytes int64) error {
	return sqlerr.New(sqlerr.CodeOutOfMemory, "out of memory: a window has a partition of %d rows, %d bytes", rows, bytes).
		WithHint("raise the memory limit, or add columns to PARTITION BY")
}

// enter makes the section go on where the one before ended.
func (h *huge) enter(s *section) {
	if h.last == 0 || h.parts.Compare(0, h.last, h.keeper.Bufs(), s.rows[0], s.loaded.Bufs()) != 0 {
		return
	}
	before := int32(h.inPart)
	for i := range s.partEnd[0] {
		// The first row begins a group of peers, or peers do not matter.
		s.partStart[i] = -before
		s.group[i] += h.groups
	}
}

// leave remembers of a section what the next one needs, and gives it up.
func (h *huge) leave(ctx context.Context, s *section) error {
	n := s.n
	var err error
	if h.last, err = h.keep(ctx, s.rows[n-1], s.loaded.Bufs()); err != nil {
		return err
	}
	h.base += int64(n)
	h.inPart = int64(n) - int64(s.partStart[n-1])
	h.groups = s.group[n-1] + 1
	s.close()
	h.drop()
	return nil
}

// drop closes the range that was read.
func (h *huge) drop() {
	set := h.ranges[h.next]
	h.ranges[h.next] = nil
	h.next++
	h.w.retire(set)
	h.w.nested.Add(set.Stats().SpilledBytes)
	set.Close()
}

// close gives everything back; the last section is closed before.
func (h *huge) close() {
	for h.next < len(h.ranges) {
		h.drop()
	}
	h.keeper.Close()
	h.kept.Close()
}

// goOn moves what the aggregate carries from the section before, of n rows.
func (a *aggregate) goOn(n int) {
	a.direct = 0
	if a.started {
		a.lastStart -= int32(n)
		a.lastEnd -= int32(n)
	}
}

// goOn is nothing to what is computed from places.
func (p *positional) goOn(int) {}

// lagOver puts the value of the section before into the first row of v, the
// result of lag, when that row's partition began before.
func (h *huge) lagOver(c *Call, s *section, v *vector.Vector) {
	if h.last == 0 || s.partStart[0] == 0 {
		return
	}
	one := vector.New(h.w.plan.Input[c.Args[0]])
	one.Resize(1)
	h.w.rows.Layout.Gather(c.Args[0], []raw.Addr{h.last}, h.keeper.Bufs(), one, nil)
	switch {
	case one.IsNull(0):
	case v.Type.Physical() == types.PString:
		// Its bytes are in buffers of their own.
		ref := vector.Values[types.StringRef](one)[0]
		if !ref.Inline() {
			text := vector.Str(&ref, one.Bufs)
			ref = types.LongRef(text, len(v.Bufs), 0)
			v.Bufs = append(slices.Clip(v.Bufs), text)
		}
		vector.Values[types.StringRef](v)[0] = ref
		if v.Valid != nil {
			v.Valid.Set(0)
		}
	default:
		v.SetValue(0, one.Value(0))
	}
}
