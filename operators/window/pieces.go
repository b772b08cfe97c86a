package window

import (
	"context"
	"math"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// pieces is the scratch memory of addRanges: of each state, the rows to add that
// no state of whole ranges stands for, and the range whose rows behind come too;
// -1 none.
type pieces struct {
	from, to, after []int32
}

// addRanges adds the rows from[k] to to[k]-1 to state k, for all m states, where
// rows may be in any range of the part: the states of whole ranges, and of all
// rows of a partition before or behind a range, are known; ranges of which a frame
// has a part are loaded. Parts are added in order.
func (a *aggregate) addRanges(ctx context.Context, b *batch, m int) error {
	h := b.far.h
	t := &h.states[a.i]
	p := &a.pieces
	if p.from == nil {
		p.from, p.to, p.after = make([]int32, vector.Capacity), make([]int32, vector.Capacity), make([]int32, vector.Capacity)
	}
	here := h.rangeOf(int32(b.s.base))
	low, high := math.MaxInt, -1
	behind := false
	for k := range m {
		from, to := a.from[k], a.to[k]
		p.after[k] = -1
		if from >= to {
			p.from[k], p.to[k] = 0, 0
			continue
		}
		i := a.reps[k]
		begins, ends := from == b.call.PartStart[i], to == b.call.PartEnd[i]
		r, seed := -1, -1
		switch {
		case begins && ends && h.needs.first:
			r, seed = here, here
			p.after[k] = int32(here)
		case begins:
			if r = h.rangeOf(to - 1); !h.needs.first {
				r = min(r, here)
			}
			seed = r
		case ends && h.needs.first:
			r = h.rangeOf(from)
			p.after[k] = int32(r)
		}
		if seed >= 0 && int(from) < h.ranges[r].base {
			from = int32(h.ranges[r].base)
			if err := a.addKnown(h, t.state(r, ofBefore), k); err != nil {
				return err
			}
		}
		if p.after[k] >= 0 {
			if int(to) > h.ranges[r].end() {
				to = int32(h.ranges[r].end())
				behind = true
			} else {
				p.after[k] = -1
			}
		}
		p.from[k], p.to[k] = from, to
		low, high = min(low, h.rangeOf(from)), max(high, h.rangeOf(to-1))
	}
	if err := a.flushKnown(h); err != nil {
		return err
	}
	for r := low; r <= high; r++ {
		if err := a.addRange(ctx, b, t, r, m); err != nil {
			return err
		}
	}
	if !behind {
		return nil
	}
	for k, r := range p.after[:m] {
		if r >= 0 {
			if err := a.addKnown(h, t.state(int(r), ofAfter), k); err != nil {
				return err
			}
		}
	}
	return a.flushKnown(h)
}

// addRange adds what is in range r.
func (a *aggregate) addRange(ctx context.Context, b *batch, t *totals, r, m int) error {
	h := b.far.h
	g := h.ranges[r]
	known := g.known.Load() && !t.carried && !g.edge.inner
	base, end := int32(g.base), int32(g.end())
	some := false
	for k := range m {
		x, y := max(a.pieces.from[k], base), min(a.pieces.to[k], end)
		a.from[k], a.to[k] = 0, 0
		switch {
		case x >= y:
		case known && x == base && y == end:
			if err := a.addKnown(h, t.state(r, ofTail), k); err != nil {
				return err
			}
		default:
			a.from[k], a.to[k] = x, y
			some = true
		}
	}
	if err := a.flushKnown(h); err != nil || !some {
		return err
	}
	b.far.done()
	s, err := b.far.need(ctx, r)
	if err != nil {
		return err
	}
	for k := range m {
		if a.from[k] >= a.to[k] {
			a.from[k], a.to[k] = base, base
		}
	}
	return a.add(ctx, s, b.far, m)
}

// addKnown adds a state of h to state k.
func (a *aggregate) addKnown(h *huge, src raw.Addr, k int) error {
	if len(a.src)+1 == cap(a.src) {
		if err := a.flushKnown(h); err != nil {
			return err
		}
	}
	return a.addState(&h.heap, src, a.state(k))
}

func (a *aggregate) flushKnown(h *huge) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return a.flushStates(&h.heap)
}
