package order

import (
	"context"
	"math"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// keyWords is how many words of its row a cursor keeps; those behind are told again
// for each comparison.
const keyWords = 12

// cursor stands at a row of a run.
type cursor struct {
	// The words of the row that comparisons wanted so far, the first one always; as
	// high as can be past the end. Those that stand for longer values are followed
	// by these (sortkey.Encoder's Text and Exact): rows whose words are equal so far
	// go on with the same.
	key  [keyWords]uint64
	n    int // of key that are known
	next int // word of the row that comes next
	rest int // where the value of the last word goes on; 0: next is a word

	row raw.Addr // 0: past the end

	addrs []sortkey.Pair // of a run in memory, what comes next
	scan  *rowset.Scanner
	page  rowset.PageRows
	bufs  [][]byte
	near  int // of the next rows so many were touched
}

// nearRows is how many rows of a run are touched together: those of all runs that
// are merged fit into a processor's second cache.
const nearRows = 16

// merger gives the rows of several runs in order: a tournament, of which every
// node but the top holds the loser.
type merger struct {
	rows   *sortkey.Rows
	width  raw.Addr
	all    []*cursor
	tree   []int32 // tree[0] is the winner
	words  []word
	nested bool // rows may differ in nested values behind their words
	stored bool // words are in rows
	touch  toucher
}

// word is one of the words of a row.
type word struct {
	key  int              // it is of
	at   int              // which of the key's words it is
	enc  *sortkey.Encoder // of the key that it ends, if that may be longer; else nil
	col  uintptr          // where the row has its value
	text bool             // which is a string
}

// newMerger starts to merge range k of runs, whose pages on disk are given up once
// read. These are charged to mem.
func newMerger(ctx context.Context, s *space, runs []*run, k int, cuts *sortkey.Cuts, mem *budget.Reservation) (*merger, error) {
	rs := s.rows
	m := &merger{rows: rs, width: raw.Addr(rs.Stored.Width), stored: rs.Stored == rs.Layout}
	for i := range rs.Keys {
		e := &rs.Keys[i]
		for k := range e.Words {
			m.words = append(m.words, word{key: i, at: k})
		}
		if e.HasLong() {
			w := &m.words[e.First+e.Words-1]
			w.enc, w.col, w.text = e, rs.Layout.ColOffset(e.Col), e.HasText()
			m.nested = m.nested || !w.text && !e.IsCompact()
		}
	}
	if len(m.words) > 0 {
		col := -1
		if e := &rs.Keys[0]; e.HasText() {
			col = e.Col
		}
		m.touch = newToucher(rs.Layout, rs.Layout.ColOffset(rs.Keys[0].Col), col)
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
	if c.near == 0 {
		if err := m.approach(ctx, c); err != nil || c.near == 0 {
			c.end()
			return err
		}
	}
	c.near--
	if c.scan == nil {
		c.row = c.addrs[0].Row
		c.addrs = c.addrs[1:]
	} else {
		c.row = c.page.Base
		c.page.Base += m.width
		c.page.Count--
	}
	c.n, c.next, c.rest = 0, 0, 0
	if !m.more(c) { // no keys
		c.key[0], c.n = 0, 1
	}
	return nil
}

// approach touches the next rows of c; near stays 0 at the end.
func (m *merger) approach(ctx context.Context, c *cursor) error {
	var some [nearRows]raw.Addr
	if c.scan == nil {
		c.near = min(len(c.addrs), nearRows)
		for i := range c.near {
			some[i] = c.addrs[i].Row
		}
	} else {
		for c.page.Count == 0 {
			page, ok, err := c.scan.Next(ctx)
			if err != nil || !ok {
				return err
			}
			c.page, c.bufs = page, c.scan.Bufs()
		}
		c.near = min(c.page.Count, nearRows)
		for i := range c.near {
			some[i] = c.page.Base + raw.Addr(i)*m.width
		}
	}
	if len(m.words) > 0 {
		m.touch.rows(some[:c.near], c.bufs)
	}
	return nil
}

// end puts c behind all others.
func (c *cursor) end() { c.row, c.key[0] = 0, math.MaxUint64 }

func (m *merger) less(a, b *cursor) bool {
	if x, y := a.key[0], b.key[0]; x != y {
		return x < y
	}
	return m.tied(a, b)
}

// tied is less for rows with the same first word.
func (m *merger) tied(a, b *cursor) bool {
	if a.row == 0 || b.row == 0 {
		return a.row != 0
	}
	for i := 1; i < keyWords; i++ {
		if i == a.n && !m.more(a) || i == b.n && !m.more(b) {
			// Rows with the same words have as many.
			return m.nested && m.rows.Compare(0, a.row, a.bufs, b.row, b.bufs) < 0
		}
		if x, y := a.key[i], b.key[i]; x != y {
			return x < y
		}
	}
	x, y := *a, *b
	for {
		x.n, y.n = 0, 0
		if !m.more(&x) || !m.more(&y) {
			return m.nested && m.rows.Compare(0, a.row, a.bufs, b.row, b.bufs) < 0
		}
		if p, q := x.key[0], y.key[0]; p != q {
			return p < q
		}
	}
}

// more adds a word to the key of c; false when there are no more.
func (m *merger) more(c *cursor) bool {
	var x uint64
	switch {
	case c.rest > 0:
		w := &m.words[c.next-1]
		if w.text {
			str := vector.Str(raw.At[types.StringRef](c.row, w.col), c.bufs)
			x, c.rest = w.enc.Text(str, c.rest)
		} else {
			x, c.rest = w.enc.Exact(c.row, w.col), 0
		}
	case c.next < len(m.words):
		w := &m.words[c.next]
		if m.stored {
			x = m.rows.Word(c.row, c.next)
		} else {
			x = m.rows.WordOf(w.key, w.at, c.row, c.bufs)
		}
		if c.next++; w.enc == nil || !w.enc.Long(x) {
			break
		}
		if w.text || w.enc.IsCompact() {
			c.rest = sortkey.TextFrom
		} else {
			c.next = len(m.words) // nested values are compared as they are
		}
	default:
		return false
	}
	c.key[c.n] = x
	c.n++
	return true
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
