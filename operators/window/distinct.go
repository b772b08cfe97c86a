package window

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// duplicates knows of each row of a section the last row before it, in its
// partition, with the same arguments: -1 if there is none. Rows that FILTER
// leaves out have none and are nobody's.
type duplicates struct {
	prev []int32
	blk  *block.Block
}

func (d *duplicates) release() {
	if d.blk != nil {
		d.blk.Release()
	}
	*d = duplicates{}
}

// find fills prev: rows are sorted by the hash of their arguments, and
// neighbours compared.
func (d *duplicates) find(ctx context.Context, w *Window, c *Call, s *section) (err error) {
	n := s.n
	if d.blk, err = getBlock(w, int64(n)*4); err != nil {
		return err
	}
	d.prev = raw.Cast[int32](d.blk.Bytes)[:n]
	for i := range d.prev {
		d.prev[i] = -1
	}
	blk, err := getBlock(w, int64(n)*sectionBytes)
	if err != nil {
		return err
	}
	defer blk.Release()
	all := raw.Cast[sortkey.Pair](blk.Bytes)
	g := newGatherer(w, c)
	hashes := make([]uint64, vector.Capacity)
	k := 0
	for from := 0; from < n; from += vector.Capacity {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		m := min(vector.Capacity, n-from)
		g.read(s, s.rows[from:from+m])
		for i, v := range g.args {
			kernel.Hash(v, m, nil, w.env.Seed, hashes, i > 0, nil)
		}
		for i := range m {
			if g.kept(i) {
				h := kernel.Combine(hashes[i], uint64(s.partStart[from+i]))
				all[k] = sortkey.Pair{Key: h, Row: raw.Addr(from + i)}
				k++
			}
		}
	}
	a := all[:k]
	sortkey.SortPairs(a, all[n:n+k])
	rows := make([]raw.Addr, vector.Capacity)
	var one, two *gatherer
	for i := 0; i < k; {
		j := i + 1
		for j < k && a[j].Key == a[i].Key {
			j++
		}
		run := a[i:j]
		if len(run) > 1 {
			for x := range run {
				run[x].Key = uint64(run[x].Row)
			}
			sortkey.SortPairs(run, all[n+i:n+j])
		}
		// Chunks of the run overlap by one row.
		for x := 0; x+1 < len(run); x += vector.Capacity - 1 {
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			m := min(vector.Capacity, len(run)-x)
			for y := range m {
				rows[y] = s.rows[run[x+y].Row]
			}
			g.read(s, rows[:m])
			for y := 1; y < m; y++ {
				here, before := int(run[x+y].Row), int(run[x+y-1].Row)
				if g.same(y, g, y-1) && s.partStart[here] == s.partStart[before] {
					d.prev[here] = int32(before)
					continue
				}
				// Hashes met: look further back.
				if one == nil {
					one, two = newGatherer(w, c), newGatherer(w, c)
				}
				one.read(s, s.rows[here:here+1])
				for z := x + y - 2; z >= 0; z-- {
					b := int(run[z].Row)
					if two.read(s, s.rows[b:b+1]); one.same(0, two, 0) && s.partStart[here] == s.partStart[b] {
						d.prev[here] = int32(b)
						break
					}
				}
			}
		}
		i = j
	}
	return nil
}

// gatherer reads a call's arguments and filter.
type gatherer struct {
	w      *Window
	c      *Call
	args   []*vector.Vector
	filter *vector.Vector
}

func newGatherer(w *Window, c *Call) *gatherer {
	g := &gatherer{w: w, c: c}
	for _, col := range c.Args[:len(c.Args)-c.KeyArgs] {
		g.args = append(g.args, vector.New(w.plan.Input[col]))
	}
	if c.Filter >= 0 {
		g.filter = vector.New(w.plan.Input[c.Filter])
	}
	return g
}

func (g *gatherer) read(s *section, rows []raw.Addr) {
	layout, bufs := g.w.rows.Layout, s.loaded.Bufs()
	for i, v := range g.args {
		v.Resize(len(rows))
		layout.Gather(g.c.Args[i], rows, bufs, v, nil)
	}
	if g.filter != nil {
		g.filter.Resize(len(rows))
		layout.Gather(g.c.Filter, rows, bufs, g.filter, nil)
	}
}

func (g *gatherer) kept(i int) bool {
	return g.filter == nil || !g.filter.IsNull(i) && g.filter.Data[i] != 0
}

func (g *gatherer) same(i int, o *gatherer, j int) bool {
	for k, v := range g.args {
		u := o.args[k]
		if v.IsNull(i) != u.IsNull(j) || !v.IsNull(i) && kernel.CompareAt(v, i, u, j) != 0 {
			return false
		}
	}
	return true
}

// distinctFrames fills the states for frames that do not begin where the
// partition does: of each frame the rows whose value does not come before,
// within the frame. That takes as long as the frames are.
func (a *aggregate) distinctFrames(ctx context.Context, b *batch) error {
	s, call := b.s, b.call
	prev := s.shares[a.i].dups.prev
	a.all = true
	for k, i := range a.reps {
		start := call.Frames[0].Start[i]
		for f := range call.Frames {
			sp := &call.Frames[f]
			for j := sp.Start[i]; j < sp.End[i]; j++ {
				p := prev[j]
				for p >= start && !inFrames(call.Frames, i, p) {
					p = prev[p]
				}
				if p >= start {
					continue
				}
				if err := a.addLeaves(ctx, s, j, j+1, a.state(k)); err != nil {
					return err
				}
			}
		}
	}
	err := a.flushLeaves(s, &a.call)
	a.all = false
	return err
}

// inFrames reports whether row p is in the frames of row i of a chunk.
func inFrames(frames []function.Span, i, p int32) bool {
	for f := range frames {
		if sp := &frames[f]; p >= sp.Start[i] && p < sp.End[i] {
			return true
		}
	}
	return false
}
