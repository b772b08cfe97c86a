package window

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector/raw"
)

// far is a worker's view of the ranges of a part: those that it has loaded.
type far struct {
	h      *huge
	here   int          // the range of the row
	loaded []farSection // the one used last is at the end
	tick   int          // counts what is done with ranges
}

type farSection struct {
	k    int
	s    *section
	tick int // when it was used last
}

// mostLoaded is how many ranges a worker keeps, when there is memory: that of the
// row, and those where frames begin and end.
const mostLoaded = 5

func newFar(h *huge) *far { return &far{h: h} }

// done says that no range but that of the row is needed any more.
func (f *far) done() {
	f.tick++
	f.find(f.here)
}

// find returns range k if it is loaded.
func (f *far) find(k int) *section {
	for i := len(f.loaded) - 1; i >= 0; i-- {
		if x := f.loaded[i]; x.k == k {
			x.tick = f.tick
			if i != len(f.loaded)-1 {
				f.loaded = append(slices.Delete(f.loaded, i, i+1), x)
			} else {
				f.loaded[i] = x
			}
			return x.s
		}
	}
	return nil
}

// load loads range k; false when memory was refused.
func (f *far) load(ctx context.Context, k int) (*section, bool, error) {
	if s := f.find(k); s != nil {
		return s, true, nil
	}
	h := f.h
	g := h.ranges[k]
	work := h.w.work
	room := h.spare + g.part.Bytes() + int64(g.n)*sectionBytes
	for len(f.loaded) >= mostLoaded || work.Share()-work.Held() < room {
		if !f.shrink() {
			break
		}
	}
	s, ok, err := h.w.load(ctx, g.part, g.base, nil)
	if !ok || err != nil {
		return nil, false, err
	}
	s.sides = h.sides
	h.mu.Lock()
	if h.linked > k && h.needs.first {
		h.adjust(s, g)
	}
	h.mu.Unlock()
	f.loaded = append(f.loaded, farSection{k, s, f.tick})
	return s, true, nil
}

// need is load that does what it can. Errors: 53200.
func (f *far) need(ctx context.Context, k int) (*section, error) {
	for attempt := 0; ; attempt++ {
		s, ok, err := f.load(ctx, k)
		if ok || err != nil {
			return s, err
		}
		if !f.shrink() {
			if attempt > mostLoaded+1 {
				return nil, f.h.w.errHuge(int64(f.h.rows), f.h.bytes)
			}
			if err := f.h.w.makeRoom(ctx, 1<<62); err != nil {
				return nil, err
			}
			// Rows of tables give way to those who insist.
			p := f.h.ranges[k].part
			n := p.Bytes() + p.NumRows()*(sectionBytes+1) + 4*block.Size
			if work := f.h.w.work; work.Grow(n) == nil {
				work.Shrink(n)
			}
			attempt = mostLoaded + 1
		}
	}
}

// shrink gives up the range that was used the longest time ago, unless it is
// needed.
func (f *far) shrink() bool {
	if len(f.loaded) == 0 || f.loaded[0].tick == f.tick {
		return false
	}
	f.loaded[0].s.close()
	f.loaded = slices.Delete(f.loaded, 0, 1)
	return true
}

// forget gives up all ranges.
func (f *far) forget() {
	for _, x := range f.loaded {
		x.s.close()
	}
	f.loaded = f.loaded[:0]
}

func (f *far) close() { f.forget() }

// row returns the address of the row at a place and what resolves its strings.
func (f *far) row(ctx context.Context, place int32) (raw.Addr, [][]byte, error) {
	h := f.h
	k := h.rangeOf(place)
	g := h.ranges[k]
	s := f.find(k)
	if s == nil {
		kept := raw.Addr(0)
		h.mu.Lock()
		switch {
		case !g.known.Load():
			if int(place) == g.base {
				kept = g.first
			}
		case int(place) == g.base:
			kept = g.edge.first
		case int(place) == g.end()-1:
			kept = g.edge.last
		}
		bufs := h.kept.out.Bufs()
		h.mu.Unlock()
		if kept != 0 {
			return kept, bufs, nil
		}
		var err error
		if s, err = f.need(ctx, k); err != nil {
			return 0, nil, err
		}
	}
	return s.row(place), s.loaded.Bufs(), nil
}

// orderSection returns the range of the rows [lo, hi), of one partition, that the
// first row is in whose order key is not below want, or with behind above it; or
// that ends before it.
func (f *far) orderSection(ctx context.Context, offs []uintptr, want *[3]uint64, behind bool, lo, hi int32) (*section, error) {
	h := f.h
	x, y := h.rangeOf(lo), h.rangeOf(max(hi-1, lo))
	for x < y {
		m := (x + y + 1) / 2
		if d := slices.Compare(h.ranges[m].low[:len(offs)], want[:len(offs)]); d < 0 || behind && d == 0 {
			x = m
		} else {
			y = m - 1
		}
	}
	return f.need(ctx, x)
}

// groupSection is orderSection for the first row of group g of peers.
func (f *far) groupSection(ctx context.Context, g, lo, hi int32) (*section, error) {
	h := f.h
	x, y := h.rangeOf(lo), h.rangeOf(max(hi-1, lo))
	for x < y {
		m := (x + y + 1) / 2
		if h.ranges[m].edge.groups < g {
			x = m
		} else {
			y = m - 1
		}
	}
	return f.need(ctx, x)
}
