package window

import (
	"context"
	"math"
	"sync"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
)

// edge is what other ranges need of a range, and it of them.
type edge struct {
	// Of the range alone: rows and groups of peers of its first and of its last
	// partition, rows of its first and last group, copies of its first and last
	// row. inner: the last partition begins behind the first row.
	head, tail            int
	headGroups            int32
	tailGroups            int32
	firstGroup, lastGroup int
	first, last           raw.Addr
	inner                 bool

	// Of the ranges before: whether the first row is in the partition of the row
	// before it, and its peer; how many rows of that partition and of these peers
	// there are, and groups before the first row's own.
	continues, peer bool
	before          int
	peersBefore     int
	groups          int32
	// Of the ranges behind, when all ranges were looked at: rows of the last row's
	// partition and peers.
	after, peersAfter int
}

// The states of a range that are kept for a call.
const (
	ofHead   = iota // the rows of its first partition
	ofTail          // of its last partition
	ofBefore        // of its first partition before the range
	ofAfter         // of its last partition behind the range
	kinds
)

// totals are the states of a call over ranges.
type totals struct {
	base raw.Addr // 0: the call needs none
	size int
	call function.AggCall
	// carried: the state before a range is that of the last row before it, and the
	// others are not there.
	carried bool
}

func (t *totals) state(k, kind int) raw.Addr {
	return t.base + raw.Addr((k*kinds+kind)*t.size)
}

// open prepares the ranges for being taken; it looks at all of them if a call
// needs what comes behind a row.
func (h *huge) open(ctx context.Context) error {
	w := h.w
	h.needs.first = h.needs.first || h.cross
	for k, g := range h.ranges {
		n := g.part.NumRows()
		if int64(h.rows)+n > math.MaxInt32-1 {
			return sqlerr.New(sqlerr.CodeLimitExceeded, "a window of more than 2^31 rows")
		}
		g.base, g.n = h.rows, int(n)
		h.rows += g.n
		h.bytes += g.part.Bytes()
		// The first row of each range is kept when all were looked at, or is its bound.
		h.needs.far = h.needs.far || h.needs.next && !h.needs.first && k > 0 && g.first == 0
	}
	h.spare = w.freeBytes() / 8
	h.serial = w.env.Threads < 2
	for i := range w.plan.Calls {
		if c := &w.plan.Calls[i]; c.Agg != nil && h.carries(i) && c.inexact() {
			h.serial = true
		}
	}
	h.states = make([]totals, len(w.plan.Calls))
	n, size := len(h.ranges)*kinds, 0
	for i := range w.plan.Calls {
		if h.needs.totals[i] {
			size += n * w.plan.Calls[i].Agg.Size
		}
	}
	blk, err := getBlock(w, int64(size))
	if err != nil {
		return err
	}
	h.blk = blk
	at := raw.Of(blk.Bytes)
	for i := range w.plan.Calls {
		if !h.needs.totals[i] {
			continue
		}
		fn := w.plan.Calls[i].Agg
		t := &h.states[i]
		t.base, t.size = at, fn.Size
		at += raw.Addr(n * fn.Size)
		t.call = function.AggCall{Session: w.env.Session, Bound: fn, Heap: &h.heap, Mem: w.work}
		t.carried = h.serial && h.carries(i)
		initStates(fn, t.base, n)
	}
	for k := range h.ranges {
		h.todo = append(h.todo, k)
	}
	h.left = len(h.ranges)
	if err := h.survey(ctx); err != nil {
		return err
	}
	if !h.needs.first {
		return nil
	}
	return h.lookAtAll(ctx)
}

// lookAtAll finds the edges and totals of all ranges.
func (h *huge) lookAtAll(ctx context.Context) error {
	if err := h.eachRange(ctx, h.lookAt); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.ranges {
		if err := h.link(k); err != nil {
			return err
		}
	}
	for k := len(h.ranges) - 2; k >= 0; k-- {
		if err := h.linkBack(k); err != nil {
			return err
		}
	}
	return nil
}

// eachRange loads all ranges, several at a time when there are workers, for do.
func (h *huge) eachRange(ctx context.Context, do func(ctx context.Context, r *reader, k int, s *section) error) error {
	var refused []int
	var mu sync.Mutex
	look := func(ctx context.Context, k int, must bool) error {
		r := newReader(&source{w: h.w})
		r.far = newFar(h)
		defer r.leave()
		var s *section
		var err error
		ok := true
		if must {
			s, err = r.far.need(ctx, k)
		} else {
			s, ok, err = r.far.load(ctx, k)
		}
		if err != nil {
			return err
		}
		if !ok {
			mu.Lock()
			refused = append(refused, k)
			mu.Unlock()
			return nil
		}
		return do(ctx, r, k, s)
	}
	if run := h.w.env.Run; run != nil && h.w.env.Threads > 1 {
		err := run(ctx, "window", len(h.ranges), func(ctx context.Context, k int) error { return look(ctx, k, false) })
		if err != nil {
			return err
		}
	} else {
		for k := range h.ranges {
			refused = append(refused, k)
		}
	}
	for _, k := range refused {
		if err := look(ctx, k, true); err != nil {
			return err
		}
	}
	return nil
}

// lookAt finds out what other ranges need of range k, whose section is as it was
// loaded.
func (h *huge) lookAt(ctx context.Context, r *reader, k int, s *section) error {
	g := h.ranges[k]
	last := s.n - 1
	e := &g.edge
	e.head = int(s.partEnd[0]) - s.base
	e.tail = s.end() - int(s.partStart[last])
	e.inner = e.head < s.n
	e.headGroups, e.tailGroups = s.group[e.head-1]+1, s.group[last]+1
	e.firstGroup = int(s.peerEnd[0]) - s.base
	e.lastGroup = s.end() - int(s.peerStart[last])
	for i := range h.states {
		if t := &h.states[i]; t.base != 0 && !t.carried {
			a := r.calls[i].(*aggregate)
			if err := a.total(ctx, h, s, t, 0, e.head, t.state(k, ofHead)); err != nil {
				return err
			}
			if err := a.total(ctx, h, s, t, s.n-e.tail, s.n, t.state(k, ofTail)); err != nil {
				return err
			}
		}
	}
	err := h.keepEnds(ctx, e, s)
	for tried := false; sqlerr.Is(err, sqlerr.CodeOutOfMemory) && !tried; err = h.keepEnds(ctx, e, s) {
		// What it keeps is little: other ranges and rows that wait can do without.
		if !r.far.shrink() {
			tried = true
			if err := h.w.makeRoom(ctx, roomBytes); err != nil {
				return err
			}
		}
	}
	g.known.Store(err == nil)
	return err
}

// keepEnds copies the first and the last row of a range.
func (h *huge) keepEnds(ctx context.Context, e *edge, s *section) (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	bufs := s.loaded.Bufs()
	if e.first, err = h.kept.keep(ctx, s.rows[0], bufs); err == nil {
		e.last, err = h.kept.keep(ctx, s.rows[s.n-1], bufs)
	}
	return err
}

// total adds the rows with the indices [from, to) of s to the state dst of t.
func (a *aggregate) total(ctx context.Context, h *huge, s *section, t *totals, from, to int, dst raw.Addr) error {
	if err := a.open(); err != nil {
		return err
	}
	a.heap.reset()
	initStates(a.fn, a.states, 1)
	if err := a.addLeaves(ctx, s, int32(s.base+from), int32(s.base+to), a.states); err != nil {
		return err
	}
	if err := a.flushLeaves(s, &a.call); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t.call.SrcBufs = a.heap.Bufs()
	return a.fn.Combine(&t.call, []raw.Addr{a.states}, []raw.Addr{dst}, 0)
}

// join adds the state at src to that at dst, both of t. mu is held.
func (h *huge) join(t *totals, src, dst raw.Addr) error {
	t.call.SrcBufs = h.heap.Bufs()
	return t.call.Bound.Combine(&t.call, []raw.Addr{src}, []raw.Addr{dst}, 0)
}

// link finds out what comes before range k; those before it are linked. mu is
// held.
func (h *huge) link(k int) error {
	h.linked = k + 1
	if k == 0 {
		return nil
	}
	e, p := &h.ranges[k].edge, &h.ranges[k-1].edge
	bufs := h.kept.out.Bufs()
	if e.continues = h.parts.Compare(0, p.last, bufs, e.first, bufs) == 0; !e.continues {
		return nil
	}
	e.peer = h.w.rows.Compare(0, p.last, bufs, e.first, bufs) == 0
	e.before, e.groups = p.tail, p.tailGroups
	if !p.inner {
		e.before += p.before
		e.groups += p.groups
	}
	if e.peer {
		e.groups--
		e.peersBefore = p.lastGroup
		if p.lastGroup == h.ranges[k-1].n && p.peer {
			e.peersBefore += p.peersBefore
		}
	}
	for i := range h.states {
		t := &h.states[i]
		if t.base == 0 || t.carried {
			continue
		}
		if !p.inner {
			if err := h.join(t, t.state(k-1, ofBefore), t.state(k, ofBefore)); err != nil {
				return err
			}
		}
		if err := h.join(t, t.state(k-1, ofTail), t.state(k, ofBefore)); err != nil {
			return err
		}
	}
	return nil
}

// linkBack finds out what comes behind range k; all ranges are linked, and those
// behind it linked back. mu is held.
func (h *huge) linkBack(k int) error {
	e, q := &h.ranges[k].edge, &h.ranges[k+1].edge
	if !q.continues {
		return nil
	}
	e.after = q.head
	if !q.inner {
		e.after += q.after
	}
	if q.peer {
		e.peersAfter = q.firstGroup
		if q.firstGroup == h.ranges[k+1].n {
			e.peersAfter += q.peersAfter
		}
	}
	for i := range h.states {
		t := &h.states[i]
		if t.base == 0 {
			continue
		}
		if err := h.join(t, t.state(k+1, ofHead), t.state(k, ofAfter)); err != nil {
			return err
		}
		if !q.inner {
			if err := h.join(t, t.state(k+1, ofAfter), t.state(k, ofAfter)); err != nil {
				return err
			}
		}
	}
	return nil
}

// enter makes s, which is range k, go on where the range before ends. It waits
// for that one; false when nobody computes it. Errors: 57014 when another worker
// failed, whose error is the query's.
func (h *huge) enter(ctx context.Context, r *reader, k int, s *section) (bool, error) {
	g := h.ranges[k]
	if !g.known.Load() {
		if err := h.lookAt(ctx, r, k, s); err != nil {
			return false, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.linked < k {
		if h.failed {
			if err := sqlerr.FromContext(ctx); err != nil {
				return false, err
			}
			return false, sqlerr.New(sqlerr.CodeQueryCancelled, "another worker failed")
		}
		if len(h.todo) > 0 && h.todo[0] < k {
			return false, nil
		}
		h.moved.Wait()
	}
	if h.linked == k {
		if err := h.link(k); err != nil {
			return false, err
		}
		h.moved.Broadcast()
	}
	h.adjust(s, g)
	return true, nil
}

// fail says that a range will not be linked.
func (h *huge) fail() {
	h.mu.Lock()
	h.failed = true
	h.mu.Unlock()
	h.moved.Broadcast()
}

// adjust puts what comes before and behind range g into the arrays of its
// section, once. mu is held.
func (h *huge) adjust(s *section, g *span) {
	e := &g.edge
	if s.adjusted {
		return
	}
	s.adjusted = true
	if len(h.w.plan.Partition) == 0 {
		e.after = h.rows - s.end()
	}
	if e.continues {
		start := int32(s.base - e.before)
		for i := range e.head {
			s.partStart[i] = start
			s.group[i] += e.groups
		}
		if e.peer {
			for i := range e.firstGroup {
				s.peerStart[i] = int32(s.base - e.peersBefore)
			}
		}
	}
	for i := s.n - e.tail; i < s.n && e.after > 0; i++ {
		s.partEnd[i] = int32(s.end() + e.after)
	}
	for i := s.n - e.lastGroup; i < s.n && e.peersAfter > 0; i++ {
		s.peerEnd[i] = int32(s.end() + e.peersAfter)
	}
}

// seed gives running aggregates the states before range k.
func (h *huge) seed(r *reader, k int) {
	e := &h.ranges[k].edge
	for i, c := range r.calls {
		if a, ok := c.(*aggregate); ok && h.carries(i) && e.continues {
			t := &h.states[i]
			copy(raw.Slice(a.carry, 0, t.size), raw.Slice(t.state(k, ofBefore), 0, t.size))
			a.started, a.lastStart, a.lastEnd = true, int32(h.ranges[k].base-e.before), int32(h.ranges[k].base)
		}
	}
}

// leave takes over the states of running aggregates at the end of range k, if
// that was reached, for the next one.
func (h *huge) leave(r *reader, k int, reached bool) {
	if !reached {
		return
	}
	if k++; k == len(h.ranges) {
		return
	}
	for i, c := range r.calls {
		if a, ok := c.(*aggregate); ok && h.states[i].carried {
			t := &h.states[i]
			copy(raw.Slice(t.state(k, ofBefore), 0, t.size), raw.Slice(a.carry, 0, t.size))
		}
	}
}
