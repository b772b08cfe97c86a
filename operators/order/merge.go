package order

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// cursor stands at a row of a run.
type cursor struct {
	run  *run
	row  raw.Addr // 0: past the end
	at   int      // next of run.addrs
	scan *rowset.Scanner
	page rowset.PageRows
	bufs [][]byte
}

// merger gives the rows of several runs in order.
type merger struct {
	rows  *sortkey.Rows
	width raw.Addr
	heap  []*cursor // a binary heap, the smallest row first
	all   []*cursor
}

// newMerger starts to merge runs; consume gives up pages on disk once read.
// Pages are charged to mem.
func newMerger(ctx context.Context, rs *sortkey.Rows, runs []*run, mem *budget.Reservation) (*merger, error) {
	m := &merger{rows: rs, width: raw.Addr(rs.Layout.Width)}
	for _, r := range runs {
		c := &cursor{run: r}
		m.all = append(m.all, c)
		if r.count == 0 {
			continue
		}
		if r.onDisk {
			c.scan = r.set.Partition(0).Scan(mem, true)
		} else {
			c.bufs = r.loaded.Bufs()
		}
		if err := m.advance(ctx, c); err != nil {
			m.close()
			return nil, err
		}
		if c.row != 0 {
			m.heap = append(m.heap, c)
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m, nil
}

func (m *merger) close() {
	for _, c := range m.all {
		if c.scan != nil {
			c.scan.Close()
			c.scan = nil
		}
	}
}

// pageEnd reports whether advancing c will invalidate its page.
func (c *cursor) pageEnd() bool { return c.scan != nil && c.page.Count == 0 }

// advance moves c to its next row.
func (m *merger) advance(ctx context.Context, c *cursor) error {
	if c.scan == nil {
		c.row = 0
		if c.at < len(c.run.addrs) {
			c.row = c.run.addrs[c.at].Row
			c.at++
		}
		return nil
	}
	for c.page.Count == 0 {
		page, ok, err := c.scan.Next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			c.row = 0
			return nil
		}
		c.page, c.bufs = page, c.scan.Bufs()
	}
	c.row = c.page.Base
	c.page.Base += m.width
	c.page.Count--
	return nil
}

func (m *merger) less(a, b *cursor) bool {
	return m.rows.Compare(0, a.row, a.bufs, b.row, b.bufs) < 0
}

func (m *merger) down(i int) {
	h := m.heap
	for {
		s := i
		if l := 2*i + 1; l < len(h) && m.less(h[l], h[s]) {
			s = l
		}
		if r := 2*i + 2; r < len(h) && m.less(h[r], h[s]) {
			s = r
		}
		if s == i {
			return
		}
		h[i], h[s] = h[s], h[i]
		i = s
	}
}

// pop moves the smallest cursor on.
func (m *merger) pop(ctx context.Context) error {
	c := m.heap[0]
	if err := m.advance(ctx, c); err != nil {
		return err
	}
	if c.row == 0 {
		last := len(m.heap) - 1
		m.heap[0] = m.heap[last]
		m.heap = m.heap[:last]
	}
	m.down(0)
	return nil
}

// reduceRuns merges runs until all can be read at once.
func (s *Sort) reduceRuns(ctx context.Context) error {
	for {
		disk := 0
		for _, r := range s.runs {
			if r.onDisk {
				disk++
			}
		}
		fan := int(max(s.space.mem.Share()/(2*flushBytes), 2))
		if disk <= fan {
			return nil
		}
		// The smallest runs first: fewest rows are written again.
		slices.SortFunc(s.runs, func(a, b *run) int {
			if a.onDisk != b.onDisk {
				if a.onDisk {
					return -1
				}
				return 1
			}
			return int(min(max(a.count-b.count, -1), 1))
		})
		merged, err := s.mergeToDisk(ctx, s.runs[:fan])
		if err != nil {
			return err
		}
		for _, r := range s.runs[:fan] {
			r.close()
		}
		s.runs = append(slices.Delete(s.runs, 0, fan), merged)
	}
}

// mergeToDisk merges runs into one on disk.
func (s *Sort) mergeToDisk(ctx context.Context, runs []*run) (_ *run, err error) {
	out := &run{set: s.space.newSet(), onDisk: true}
	w := out.set.NewWriter()
	defer func() {
		if err != nil {
			w.Close()
			out.close()
		}
	}()
	m, err := newMerger(ctx, s.rows, runs, s.space.mem)
	if err != nil {
		return nil, err
	}
	defer m.close()
	var src, dst [1]raw.Addr
	keep := s.keep()
	for n := 0; len(m.heap) > 0 && (keep < 0 || out.count < keep); n++ {
		c := m.heap[0]
		src[0] = c.row
		if _, err := w.AppendRows(ctx, src[:], c.bufs, dst[:], true); err != nil {
			return nil, err
		}
		out.count++
		if err := m.pop(ctx); err != nil {
			return nil, err
		}
		if n%vector.Capacity == 0 && w.Bytes() >= s.space.flushAt() {
			if _, err := w.Spill(ctx, 1<<62); err != nil {
				return nil, err
			}
		}
	}
	if _, err := w.Spill(ctx, 1<<62); err != nil {
		return nil, err
	}
	if err := out.set.Combine(ctx, w); err != nil {
		return nil, err
	}
	s.spilledBytes.Add(out.set.Stats().SpilledBytes)
	return out, out.set.Seal(ctx)
}

// Source returns the source of the ordered rows, valid after Finalize.
func (s *Sort) Source() operators.Source { return &source{s: s} }

// source reads a finished sort with one worker.
type source struct {
	s       *Sort
	claimed atomic.Bool
}

// Types implements operators.Source.
func (src *source) Types() []types.Type { return src.s.types }

// Workers implements operators.Source.
func (src *source) Workers() int { return 1 }

// Close implements operators.Source.
func (src *source) Close() {}

// NewLocal implements operators.Source.
func (src *source) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	return &sourceLocal{src: src, skip: src.s.offset, left: src.s.limit}, nil
}

// sourceLocal emits rows chunk by chunk.
type sourceLocal struct {
	src        *source
	m          *merger
	skip, left int64

	picks []pick   // rows of the chunk being built, in order
	perm  []uint32 // where each of them lies after gathering run by run
	rows  []raw.Addr
	part  *vector.Vector
	whole *vector.Vector
}

// pick is one row of the output and the cursor it came from.
type pick struct {
	row raw.Addr
	c   *cursor
}

// NextMorsel implements operators.SourceLocal.
func (l *sourceLocal) NextMorsel(ctx context.Context) (int64, bool, error) {
	if l.src.claimed.Swap(true) {
		return 0, false, nil
	}
	s := l.src.s
	m, err := newMerger(ctx, s.rows, s.runs, s.space.mem)
	l.m = m
	return 0, err == nil, err
}

// Next implements operators.SourceLocal.
func (l *sourceLocal) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	m := l.m
	for l.skip > 0 && len(m.heap) > 0 {
		l.skip--
		if err := m.pop(ctx); err != nil {
			return false, err
		}
		if l.skip%vector.Capacity == 0 && ctx.Err() != nil {
			return false, cancelled(ctx)
		}
	}
	most := l.src.s.env.FillLimit
	if l.left >= 0 {
		most = int(min(int64(most), l.left))
	}
	l.picks = l.picks[:0]
	var stop *cursor // its page ends with the last row picked
	for len(l.picks) < most && len(m.heap) > 0 {
		c := m.heap[0]
		l.picks = append(l.picks, pick{c.row, c})
		if c.pageEnd() {
			stop = c
			break
		}
		if err := m.pop(ctx); err != nil {
			return false, err
		}
	}
	n := len(l.picks)
	if n == 0 {
		return false, nil
	}
	if l.left >= 0 {
		l.left -= int64(n)
	}
	l.gather(out)
	out.Len = n
	if stop != nil {
		// The chunk's strings were copied: the page may go.
		if err := m.pop(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

// gather fills out with the picked rows. Rows of one run in memory are
// gathered where they are; otherwise run by run, since each run has heap pages
// of its own, with the bytes of strings copied, and put into order then.
func (l *sourceLocal) gather(out *vector.Chunk) {
	s := l.src.s
	n := len(l.picks)
	if len(l.m.all) == 1 && l.m.all[0].scan == nil {
		l.rows = l.rows[:0]
		for _, p := range l.picks {
			l.rows = append(l.rows, p.row)
		}
		for k, v := range out.Cols {
			v.Resize(n)
			s.rows.Layout.Gather(k, l.rows, l.picks[0].c.bufs, v, nil)
		}
		return
	}
	l.perm = slices.Grow(l.perm[:0], n)[:n]
	for k, v := range out.Cols {
		t := s.types[k]
		if l.part == nil || !l.part.Type.Equal(t) {
			l.part, l.whole = vector.New(t), vector.New(t)
		}
		l.whole.Resize(n)
		done := 0
		for _, c := range l.m.all {
			l.rows = l.rows[:0]
			for i, p := range l.picks {
				if p.c == c {
					l.perm[i] = uint32(done + len(l.rows))
					l.rows = append(l.rows, p.row)
				}
			}
			if len(l.rows) == 0 {
				continue
			}
			l.part.Resize(len(l.rows))
			s.rows.Layout.Gather(k, l.rows, c.bufs, l.part, nil)
			kernel.Copy(l.whole, done, l.part, nil, len(l.rows))
			done += len(l.rows)
		}
		// whole is reused for the next column: out gets copies of its own.
		v.Resize(n)
		kernel.Copy(v, 0, l.whole, l.perm, n)
	}
}

// Close implements operators.SourceLocal.
func (l *sourceLocal) Close() {
	if l.m != nil {
		l.m.close()
		l.m = nil
	}
}
