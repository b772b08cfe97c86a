package window

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
)

// aggregate computes an aggregate function over frames. Rows whose frame is
// that of the row before share its state: the states of a chunk are those of
// its different frames.
//
// States are put together from rows (Update) and from states (Combine), in
// batches of pairs: leaf and leafTo, src and dst.
type aggregate struct {
	w       *Window
	c       *Call
	i       int // the call's number
	fn      *function.BoundAgg
	running bool // extend the state of the frame before where that is right
	sums    bool // take differences of prefix sums

	call   function.AggCall // of the chunk's states
	heap   heap
	args   []*vector.Vector
	filter *vector.Vector

	blk    *block.Block // the chunk's states, then carry
	states raw.Addr
	carry  raw.Addr // the state of the row before the chunk, if started

	rep      []uint32 // of each row, its state
	reps     []int32  // of each state, its first row in the chunk
	from, to []int32  // of each state, the rows to add
	chained  []bool   // of each state, whether it extends the one before

	leaf   []int32
	leafTo []raw.Addr
	rows   []raw.Addr
	src    []raw.Addr
	dst    []raw.Addr
	picked *vector.Vector

	all     bool // add duplicates too, whose frames look for themselves
	started bool
	// The frame of the row before the chunk.
	lastStart, lastEnd int32

	pieces pieces // of frames over several ranges
}

func newAggregate(w *Window, i int) *aggregate {
	c := &w.plan.Calls[i]
	a := &aggregate{w: w, c: c, i: i, fn: c.Agg}
	for _, col := range c.Args {
		a.args = append(a.args, vector.New(w.plan.Input[col]))
	}
	if c.Filter >= 0 {
		a.filter = vector.New(w.plan.Input[c.Filter])
	}
	a.running = c.running()
	plain := c.Frame.Exclude == function.ExcludeNothing
	a.sums = a.fn.Subtract != nil && !(plain && c.Frame.Start.Kind == function.UnboundedPreceding)
	a.heap.w = w
	a.call = function.AggCall{Session: w.env.Session, Bound: a.fn, Heap: &a.heap, Mem: w.work}
	a.rep, a.reps = make([]uint32, vector.Capacity), make([]int32, 0, vector.Capacity)
	a.from, a.to = make([]int32, vector.Capacity), make([]int32, vector.Capacity)
	a.chained = make([]bool, vector.Capacity)
	addrs := make([]raw.Addr, 4*vector.Capacity)
	cut := func(k int) []raw.Addr {
		return addrs[k*vector.Capacity : (k+1)*vector.Capacity : (k+1)*vector.Capacity][:0]
	}
	a.leafTo, a.rows, a.src, a.dst = cut(0), cut(1), cut(2), cut(3)
	a.leaf = make([]int32, 0, vector.Capacity)
	a.picked = vector.New(a.fn.Return)
	return a
}

// running reports whether the call is an aggregate whose state can be that of the
// row before, with what the frame has more.
func (c *Call) running() bool {
	return c.Agg != nil && c.Frame.Exclude == function.ExcludeNothing && !c.Agg.HeapState && !c.Agg.OrderDependent
}

// follows reports whether a worker that computes some chunks of a section needs
// the state of the chunk before.
func (c *Call) follows() bool {
	return c.running() && c.Frame.Start.Kind == function.UnboundedPreceding
}

// grows reports whether all frames begin where the partition does: then a value comes
// for the first time at the same row for all.
func (c *Call) grows() bool {
	return c.Frame.Start.Kind == function.UnboundedPreceding && c.Frame.Exclude == function.ExcludeNothing
}

func (a *aggregate) begin(ctx context.Context, s *section) error {
	if err := a.open(); err != nil {
		return err
	}
	a.started = false
	if !a.c.Distinct || s.sides != nil {
		return nil
	}
	h := &s.shares[a.i]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ready {
		return nil
	}
	if err := h.dups.find(ctx, a.w, a.c, s); err != nil {
		return err
	}
	h.ready = true
	return nil
}

// open takes the memory for states.
func (a *aggregate) open() error {
	if a.blk != nil {
		return nil
	}
	blk, err := getBlock(a.w, int64((vector.Capacity+1)*a.fn.Size))
	if err != nil {
		return err
	}
	a.blk = blk
	a.states = raw.Of(blk.Bytes)
	a.carry = a.state(vector.Capacity)
	return nil
}

func (a *aggregate) end() {
	a.heap.release()
	if a.blk != nil {
		a.blk.Release()
		a.blk = nil
	}
	a.leaf, a.leafTo, a.src, a.dst = a.leaf[:0], a.leafTo[:0], a.src[:0], a.dst[:0]
}

// state returns the address of state k of the chunk.
func (a *aggregate) state(k int) raw.Addr { return a.states + raw.Addr(k*a.fn.Size) }

// initStates makes n empty states from base on.
func initStates(fn *function.BoundAgg, base raw.Addr, n int) {
	clear(raw.Slice(base, 0, n*fn.Size))
	if fn.Init == nil {
		return
	}
	var rows [256]raw.Addr
	for i := 0; i < n; {
		k := 0
		for ; k < len(rows) && i < n; k++ {
			rows[k] = base + raw.Addr(i*fn.Size)
			i++
		}
		fn.Init(rows[:k], 0)
	}
}

func (a *aggregate) eval(ctx context.Context, b *batch, out *vector.Vector) error {
	a.heap.reset()
	m := a.findFrames(b.call)
	initStates(a.fn, a.states, m)
	if err := a.compute(ctx, b); err != nil {
		return err
	}
	rows := a.src[:0]
	for k := range m {
		rows = append(rows, a.state(k))
	}
	n := len(b.call.Row)
	if m == n {
		return a.fn.Finalize(&a.call, rows, 0, out, 0)
	}
	a.picked.Resize(m)
	if err := a.fn.Finalize(&a.call, rows, 0, a.picked, 0); err != nil {
		return err
	}
	kernel.Take(out, a.picked, a.rep[:n], n)
	return nil
}

// findFrames numbers the different frames, and returns how many there are.
func (a *aggregate) findFrames(call *function.WinCall) int {
	a.reps = a.reps[:0]
	for i := range call.Row {
		same := i > 0
		for f := range call.Frames {
			sp := &call.Frames[f]
			same = same && sp.Start[i] == sp.Start[i-1] && sp.End[i] == sp.End[i-1]
		}
		if !same {
			a.reps = append(a.reps, int32(i))
		}
		a.rep[i] = uint32(len(a.reps) - 1)
	}
	return len(a.reps)
}

// compute fills the chunk's states.
func (a *aggregate) compute(ctx context.Context, b *batch) error {
	s, call := b.s, b.call
	m := len(a.reps)
	if a.c.Distinct && !a.c.grows() {
		return a.distinctFrames(ctx, b)
	}
	if b.far != nil && !b.far.h.carries(a.i) {
		for f := range call.Frames {
			for k, i := range a.reps {
				a.from[k], a.to[k] = call.Frames[f].Start[i], call.Frames[f].End[i]
			}
			if err := a.addRanges(ctx, b, m); err != nil {
				return err
			}
		}
		return nil
	}
	if a.sums {
		ok, err := a.prefixSums(ctx, s)
		if err != nil {
			return err
		}
		if ok {
			return a.subtract(s, call)
		}
	}
	if !a.running {
		for f := range call.Frames {
			for k, i := range a.reps {
				a.from[k], a.to[k] = call.Frames[f].Start[i], call.Frames[f].End[i]
			}
			if err := a.add(ctx, s, b.far, m); err != nil {
				return err
			}
		}
		return nil
	}
	for k, i := range a.reps {
		st, en := call.Frames[0].Start[i], call.Frames[0].End[i]
		a.from[k], a.to[k] = st, en
		a.chained[k] = a.started && st == a.lastStart && en >= a.lastEnd && a.lastEnd > st
		if a.chained[k] {
			a.from[k] = a.lastEnd
		}
		a.started, a.lastStart, a.lastEnd = true, st, en
	}
	if err := a.add(ctx, s, b.far, m); err != nil {
		return err
	}
	turns := b.turns && a.c.follows()
	if turns {
		if err := s.shares[a.i].turns.await(ctx, b.number, a.carry, a.fn.Size); err != nil {
			return err
		}
	}
	for k, chained := range a.chained[:m] {
		if !chained {
			continue
		}
		before := a.carry
		if k > 0 {
			before = a.state(k - 1)
		}
		if err := a.addState(nil, before, a.state(k)); err != nil {
			return err
		}
	}
	if err := a.flushStates(nil); err != nil {
		return err
	}
	copy(raw.Slice(a.carry, 0, a.fn.Size), raw.Slice(a.state(m-1), 0, a.fn.Size))
	if turns {
		s.shares[a.i].turns.pass(a.carry, a.fn.Size)
	}
	return nil
}

// add adds the rows from[k] to to[k]-1 of s to state k, for all m states, in
// order. far holds the other ranges, if s is one.
func (a *aggregate) add(ctx context.Context, s *section, far *far, m int) error {
	total := int64(0)
	for k := range m {
		total += int64(max(a.to[k]-a.from[k], 0))
	}
	t, err := a.treeFor(ctx, s, total)
	for err != nil {
		if far == nil || !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			return err
		}
		// Ranges are small enough for doing without.
		if !far.shrink() {
			break
		}
		t, err = a.treeFor(ctx, s, total)
	}
	if t != nil {
		return a.addByTree(ctx, s, t, m)
	}
	for k := range m {
		if err := a.addLeaves(ctx, s, a.from[k], a.to[k], a.state(k)); err != nil {
			return err
		}
	}
	return a.flushLeaves(s, &a.call)
}

// treeFor returns the tree of s when it is worth having, to add rows rows.
func (a *aggregate) treeFor(ctx context.Context, s *section, rows int64) (*tree, error) {
	h := &s.shares[a.i]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tree.levels == nil {
		// The tree costs as much as adding all rows once.
		if h.direct+rows <= 4*int64(s.n)+4*vector.Capacity {
			h.direct += rows
			return nil, nil
		}
		if err := a.buildTree(ctx, s, &h.tree); err != nil {
			return nil, err
		}
	}
	return &h.tree, nil
}

func (a *aggregate) addLeaves(ctx context.Context, s *section, from, to int32, state raw.Addr) error {
	for j := from; j < to; j++ {
		a.leaf, a.leafTo = append(a.leaf, j), append(a.leafTo, state)
		if len(a.leaf) == cap(a.leaf) {
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			if err := a.flushLeaves(s, &a.call); err != nil {
				return err
			}
		}
	}
	return nil
}

// flushLeaves adds the pending rows to their states, but those that FILTER
// leaves out and, with DISTINCT, those whose value came before.
func (a *aggregate) flushLeaves(s *section, call *function.AggCall) error {
	n := len(a.leaf)
	if n == 0 {
		return nil
	}
	rows, to := a.rows[:n], a.leafTo[:n]
	switch prev := s.shares[a.i].dups.prev; {
	case a.c.Distinct && s.sides != nil:
		fresh, base := s.sides[a.i].fresh, int32(s.base)
		k := 0
		for i, j := range a.leaf {
			rows[k], to[k] = s.rows[j-base], to[i]
			k += int(fresh[j>>6] >> (j & 63) & 1)
		}
		n = k
	case prev != nil && !a.all:
		k := 0
		for i, j := range a.leaf {
			rows[k], to[k] = s.rows[j], to[i]
			if prev[j] < 0 {
				k++
			}
		}
		n = k
	default:
		all, base := s.rows, int32(s.base)
		for i, j := range a.leaf {
			rows[i] = all[j-base]
		}
	}
	a.leaf, a.leafTo = a.leaf[:0], a.leafTo[:0]
	layout, bufs := a.w.rows.Layout, s.loaded.Bufs()
	if a.filter != nil && n > 0 {
		a.filter.Resize(n)
		layout.Gather(a.c.Filter, rows[:n], bufs, a.filter, nil)
		vals := a.filter.Data
		k := 0
		for i := range n {
			rows[k], to[k] = rows[i], to[i]
			if vals[i] != 0 && (a.filter.Valid == nil || a.filter.Valid.Get(i)) {
				k++
			}
		}
		n = k
	}
	if n == 0 {
		return nil
	}
	for i, v := range a.args {
		v.Resize(n)
		layout.Gather(a.c.Args[i], rows[:n], bufs, v, nil)
	}
	return a.fn.Update(call, a.args, to[:n], 0, nil, n)
}

// addState adds the state at src, whose bytes are in from, to that at dst.
func (a *aggregate) addState(from *heap, src, dst raw.Addr) error {
	a.src, a.dst = append(a.src, src), append(a.dst, dst)
	if len(a.src) == cap(a.src) {
		return a.flushStates(from)
	}
	return nil
}

func (a *aggregate) flushStates(from *heap) error {
	src, dst := a.src, a.dst
	a.src, a.dst = src[:0], dst[:0]
	if len(src) == 0 {
		return nil
	}
	a.call.SrcBufs = nil
	if from != nil {
		a.call.SrcBufs = from.Bufs()
	}
	return a.fn.Combine(&a.call, src, dst, 0)
}
