package order

import (
	"context"
	"math"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// cursor stands at a row of a run.
type cursor struct {
	// The row's first two words, as high as can be past the end: most rows are told
	// apart without being looked at again.
	first, second uint64
	row           raw.Addr // 0: past the end

	addrs []sortkey.Pair // of a run in memory, what comes next
	scan  *rowset.Scanner
	page  rowset.PageRows
	bufs  [][]byte
}

// merger gives the rows of several runs in order: a tournament, of which every
// node but the top holds the loser.
type merger struct {
	rows  *sortkey.Rows
	width raw.Addr
	all   []*cursor
	tree  []int32 // tree[0] is the winner
	deep  bool    // rows may differ behind the second word
}

// newMerger starts to merge range k of runs, whose pages on disk are given up once
// read. These are charged to mem.
func newMerger(ctx context.Context, s *space, runs []*run, k int, cuts *sortkey.Cuts, mem *budget.Reservation) (*merger, error) {
	rs := s.rows
	m := &merger{rows: rs, width: raw.Addr(rs.Layout.Width), deep: len(rs.Words) > 2}
	for i := range rs.Keys {
		m.deep = m.deep || rs.Keys[i].HasLong()
	}
	for _, r := range runs {
		c := &cursor{}
		if r.onDisk() {
			c.scan = r.disk[k].Partition(0).Scan(mem, true)
		} else if len(r.addrs) > 0 {
			ends := r.ends(rs, cuts)
			from := 0
			if k > 0 {
				from = ends[k-1]
			}
			c.addrs, c.bufs = r.addrs[from:ends[k]], r.w.Bufs()
		}
		m.all = append(m.all, c)
		if err := m.advance(ctx, c); err != nil {
			m.close()
			return nil, err
		}
	}
	m.tree = make([]int32, max(len(m.all), 1))
	if len(m.all) > 0 {
		m.tree[0] = m.play(1)
	}
	return m, nil
}

// play fills the tree from node n on and returns the winner.
func (m *merger) play(n int) int32 {
	k := len(m.all)
	if n >= k {
		return int32(n - k)
	}
	a, b := m.play(2*n), m.play(2*n+1)
	if m.less(m.all[b], m.all[a]) {
		a, b = b, a
	}
	m.tree[n] = b
	return a
}

func (m *merger) close() {
	for _, c := range m.all {
		if c.scan != nil {
			c.scan.Close()
			c.scan = nil
		}
	}
	m.all = nil
}

// top returns the number of the cursor with the smallest row, and the cursor; nil
// at the end.
func (m *merger) top() (int32, *cursor) {
	if len(m.all) == 0 {
		return 0, nil
	}
	w := m.tree[0]
	if c := m.all[w]; c.row != 0 {
		return w, c
	}
	return 0, nil
}

// pageEnd reports whether advancing c will invalidate its page.
func (c *cursor) pageEnd() bool { return c.scan != nil && c.page.Count == 0 }

// advance moves c to its next row.
func (m *merger) advance(ctx context.Context, c *cursor) error {
	switch {
	case c.scan == nil:
		if len(c.addrs) == 0 {
			c.end()
			return nil
		}
		c.row = c.addrs[0].Row
		c.addrs = c.addrs[1:]
	default:
		for c.page.Count == 0 {
			page, ok, err := c.scan.Next(ctx)
			if err != nil {
				return err
			}
			if !ok {
				c.end()
				return nil
			}
			c.page, c.bufs = page, c.scan.Bufs()
		}
		c.row = c.page.Base
		c.page.Base += m.width
		c.page.Count--
	}
	if len(m.rows.Words) > 0 {
		c.first = m.rows.Word(c.row, 0)
		if len(m.rows.Words) > 1 {
			c.second = m.rows.Word(c.row, 1)
		}
	}
	return nil
}

// end puts c behind all others.
func (c *cursor) end() { c.row, c.first, c.second = 0, math.MaxUint64, math.MaxUint64 }

func (m *merger) less(a, b *cursor) bool {
	switch {
	case a.first != b.first:
		return a.first < b.first
	case a.second != b.second:
		return a.second < b.second
	case a.row == 0 || b.row == 0:
		return a.row != 0
	}
	return m.deep && m.rows.Compare(0, a.row, a.bufs, b.row, b.bufs) < 0
}

// pop moves the smallest cursor on.
func (m *merger) pop(ctx context.Context) error {
	w := m.tree[0]
	if err := m.advance(ctx, m.all[w]); err != nil {
		return err
	}
	c := m.all[w]
	for n := (int(w) + len(m.all)) / 2; n > 0; n /= 2 {
		if x := m.tree[n]; m.less(m.all[x], c) {
			m.tree[n] = w
			w, c = x, m.all[x]
		}
	}
	m.tree[0] = w
	return nil
}

// picks are rows of several runs in order, whose pages stay until the next ones
// are taken.
type picks struct {
	rows []raw.Addr
	from []int32 // the cursor of each
	stop bool    // the page of the last row ends with it: it is not popped yet
}

// take takes up to most rows. It ends early where a page ends.
func (p *picks) take(ctx context.Context, m *merger, most int) error {
	p.rows, p.from = p.rows[:0], p.from[:0]
	if p.stop {
		p.stop = false
		if err := m.pop(ctx); err != nil {
			return err
		}
	}
	for len(p.rows) < most {
		w, c := m.top()
		if c == nil {
			return nil
		}
		p.rows, p.from = append(p.rows, c.row), append(p.from, w)
		if c.pageEnd() {
			p.stop = true
			return nil
		}
		if err := m.pop(ctx); err != nil {
			return err
		}
	}
	return nil
}
