package window

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// huge is rows that do not fit into memory and cannot be divided by hash any more: a
// single partition of the query, as a rule. They are divided by their order into
// ranges, each of which fits (ranges.go): workers load and compute one after the
// other. What a range needs of the ones before and behind are numbers and aggregate
// states (linked.go), or single rows and other ranges (far.go).
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

	mu     sync.Mutex
	moved  sync.Cond
	kept   *keeper      // bounds of ranges, the first and last row of each; guarded by mu
	todo   []int        // ranges that nobody has, ascending; guarded by mu
	active int          // ranges that somebody has; guarded by mu
	left   int          // ranges that are not done; guarded by mu
	linked int          // ranges before this one know what is before them; guarded by mu
	failed bool         // some range will never be linked; guarded by mu
	states []totals     // by call
	sides  []side       // by call; nil: none has one. Not changed once open
	blk    *block.Block // of states
	heap   heap         // of states; guarded by mu
}

// span is a range of rows.
type span struct {
	set  *rowset.Reading
	part *rowset.Partition // nil once given up
	base int               // place of the first row
	n    int
	// low are the words of the order key, if there is but one, that no row of the
	// range is below; not of the first range.
	low   [3]uint64
	first raw.Addr // a copy of the first row, unless it is not known before the range is loaded
	edge  edge
	// known: edge and the totals of the range alone are there.
	known atomic.Bool
}

func (g *span) end() int { return g.base + g.n }

// bytes is what a section of the range takes.
func (g *span) bytes() int64 { return g.part.Bytes() + int64(g.n)*(sectionBytes+1) }

// needs tells what calls need of ranges other than that of the row.
type needs struct {
	peers  bool   // calls look at peers
	far    bool   // rows, or states of parts of ranges
	next   bool   // the row behind one that looks at it
	first  bool   // all ranges are looked at before the first is computed
	totals []bool // by call: states of whole ranges
}

// needs finds out what the calls need; false when one cannot be computed range by
// range.
func (w *Window) needs() (n needs, ok bool) {
	n.totals = make([]bool, len(w.plan.Calls))
	parted := len(w.plan.Partition) > 0
	for i := range w.plan.Calls {
		c := &w.plan.Calls[i]
		f := &c.Frame
		if len(c.Order) > 0 || c.ranks() || c.Distinct && !c.grows() {
			return n, false
		}
		n.far = n.far || c.ignores()
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
				n.next = true
			case "first_value", "last_value", "nth_value":
				n.far, frame = true, true
			default:
				return n, false
			}
		}
		if !frame {
			continue
		}
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

// errHuge is the refusal of a partition that does not fit. It names who holds
// memory.
func (w *Window) errHuge(rows, bytes int64) error {
	return w.env.Budget.OutOfMemory("a window has a partition of %d rows, %d bytes", rows, bytes)
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
	if g.part == nil {
		return
	}
	g.part.Drop()
	g.part = nil
	g.set.Done()
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
	for i := range h.sides {
		h.sides[i].release()
	}
	h.sides = nil
	h.heap.release()
	h.kept.close()
}
