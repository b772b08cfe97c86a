package window

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// A node of the tree has fan children.
const (
	fanBits = 4
	fan     = 1 << fanBits
)

// tree is a segment tree over a section: node i of level 0 is the state of the
// rows [i*fan, (i+1)*fan), node i of the next level that of so many nodes, up to
// a level of one node. Frames are within partitions, the tree need not be.
type tree struct {
	levels []level
	blks   []*block.Block
	heap   heap
}

type level struct {
	base raw.Addr
	n    int
}

func (t *tree) release() {
	for _, b := range t.blks {
		b.Release()
	}
	t.blks, t.levels = nil, nil
	t.heap.release()
}

// buildTree makes t the tree of s.
func (a *aggregate) buildTree(ctx context.Context, s *section, t *tree) error {
	t.release()
	t.heap.w = a.w
	size := a.fn.Size
	var levels []level
	for n := (s.n + fan - 1) >> fanBits; ; n = (n + fan - 1) >> fanBits {
		blk, err := getBlock(a.w, int64(n*size))
		if err != nil {
			return err
		}
		t.blks = append(t.blks, blk)
		l := level{raw.Of(blk.Bytes), n}
		initStates(a.fn, l.base, n)
		levels = append(levels, l)
		if n == 1 {
			break
		}
	}
	call := a.call
	call.Heap, call.Tmp = &t.heap, nil
	for j := 0; j < s.n; {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		for ; j < s.n && len(a.leaf) < vector.Capacity; j++ {
			a.leaf, a.leafTo = append(a.leaf, int32(s.base+j)), append(a.leafTo, levels[0].base+raw.Addr(j>>fanBits*size))
		}
		if err := a.flushLeaves(s, &call); err != nil {
			return err
		}
	}
	src, dst := a.src[:0], a.dst[:0]
	for k := 1; k < len(levels); k++ {
		below := levels[k-1]
		for i := 0; i < below.n; {
			src, dst = src[:0], dst[:0]
			for ; i < below.n && len(src) < vector.Capacity; i++ {
				src = append(src, below.base+raw.Addr(i*size))
				dst = append(dst, levels[k].base+raw.Addr(i>>fanBits*size))
			}
			call.SrcBufs = t.heap.Bufs()
			if err := a.fn.Combine(&call, src, dst, 0); err != nil {
				return err
			}
		}
	}
	t.levels = levels
	return nil
}

// addByTree is add with the tree: first the rows up to a node's begin, then the
// nodes of ascending levels, the nodes of descending levels and the rows behind
// the last node, so that each state gets its parts in order.
func (a *aggregate) addByTree(ctx context.Context, s *section, t *tree, m int) error {
	top := len(t.levels)
	for l := 0; l <= top; l++ {
		if err := a.addLevel(ctx, s, t, m, l, true); err != nil {
			return err
		}
	}
	for l := top - 1; l >= 0; l-- {
		if err := a.addLevel(ctx, s, t, m, l, false); err != nil {
			return err
		}
	}
	return nil
}

// addLevel adds what each range takes of level l, where 0 are the rows and l the
// nodes of fan^l rows: on the left of what the next level has, or everything if
// that has nothing, or else on the right.
func (a *aggregate) addLevel(ctx context.Context, s *section, t *tree, m, l int, left bool) error {
	if err := sqlerr.FromContext(ctx); err != nil {
		return err
	}
	top, first := len(t.levels), int64(s.base)
	sh := uint(l * fanBits)
	size := raw.Addr(a.fn.Size)
	for k := range m {
		from, to := int64(a.from[k])-first, int64(a.to[k])-first
		lo, hi := (from+1<<sh-1)>>sh, to>>sh
		if lo >= hi {
			continue
		}
		nlo, nhi := hi, hi
		if l < top {
			if x, y := (from+1<<(sh+fanBits)-1)>>(sh+fanBits), to>>(sh+fanBits); x < y {
				nlo, nhi = x<<fanBits, y<<fanBits
			}
		}
		if left {
			hi = nlo
		} else {
			lo = nhi
		}
		state := a.state(k)
		if l == 0 {
			if err := a.addLeaves(ctx, s, int32(lo+first), int32(hi+first), state); err != nil {
				return err
			}
			continue
		}
		base := t.levels[l-1].base
		for i := lo; i < hi; i++ {
			if err := a.addState(&t.heap, base+raw.Addr(i)*size, state); err != nil {
				return err
			}
		}
	}
	if l == 0 {
		return a.flushLeaves(s, &a.call)
	}
	return a.flushStates(&t.heap)
}

// prefixSums makes the states of the first 0, 1, 2 ... rows of s, which is all of
// a part; false when memory was refused.
func (a *aggregate) prefixSums(ctx context.Context, s *section) (bool, error) {
	h := &s.shares[a.i]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.prefix != nil || h.noSums {
		return !h.noSums, nil
	}
	size := a.fn.Size
	bytes := int64(s.n+1) * int64(size)
	blk, ok := a.w.env.Pool.GetSized(a.w.work, max(bytes, block.Size))
	if !ok {
		h.noSums = true
		return false, nil
	}
	err := a.fillSums(ctx, s, raw.Of(blk.Bytes))
	if err != nil {
		blk.Release()
		return false, err
	}
	h.prefix = blk
	return true, nil
}

func (a *aggregate) fillSums(ctx context.Context, s *section, base raw.Addr) error {
	size := a.fn.Size
	initStates(a.fn, base, s.n+1)
	for j := 0; j < s.n; {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		first := j
		for ; j < s.n && len(a.leaf) < vector.Capacity; j++ {
			a.leaf, a.leafTo = append(a.leaf, int32(j)), append(a.leafTo, base+raw.Addr((j+1)*size))
		}
		if err := a.flushLeaves(s, &a.call); err != nil {
			return err
		}
		for i := first; i < j; i++ {
			at := base + raw.Addr(i*size)
			if err := a.addState(nil, at, at+raw.Addr(size)); err != nil {
				return err
			}
		}
		if err := a.flushStates(nil); err != nil {
			return err
		}
	}
	return nil
}

// subtract fills the states with differences of prefix sums.
func (a *aggregate) subtract(s *section, call *function.WinCall) error {
	base, size := raw.Of(s.shares[a.i].prefix.Bytes), raw.Addr(a.fn.Size)
	for f := range call.Frames {
		sp := &call.Frames[f]
		ends, starts, states := a.src[:0], a.rows[:0], a.dst[:0]
		for k, i := range a.reps {
			ends = append(ends, base+raw.Addr(sp.End[i])*size)
			starts = append(starts, base+raw.Addr(sp.Start[i])*size)
			states = append(states, a.state(k))
		}
		if err := a.fn.Combine(&a.call, ends, states, 0); err != nil {
			return err
		}
		if err := a.fn.Subtract(&a.call, starts, states, 0); err != nil {
			return err
		}
	}
	return nil
}
