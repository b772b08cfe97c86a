package join

import (
	"context"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
)

// inOrder finds the candidates of a join by inequality for the positions
// keyed, those of an ASOF join with the residual.
func (p *prober) inOrder(ctx context.Context, keyed []uint32) (hit []uint32, rows []raw.Addr, err error) {
	b := p.b
	p.clearRows(p.all)
	if p.t.rows == 0 {
		return nil, nil, nil
	}
	if b.kind.threeValued() {
		keyed = p.setRanges(keyed)
	}
	if b.nkeys > 0 {
		// What lookup lists is overwritten.
		hit, _ = p.lookup(keyed)
		keyed = p.ord.known[:copy(p.ord.known[:], hit)]
	}
	if b.spec.Loop {
		return p.nearestOfAll(ctx, keyed)
	}
	hit, rows = p.search(keyed)
	if b.spec.Asof && p.cond != nil {
		return p.nearest(ctx, hit, rows)
	}
	return hit, rows, nil
}

// nearest steps down from the nearest row of each position to the first that
// fulfils the residual.
func (p *prober) nearest(ctx context.Context, hit []uint32, rows []raw.Addr) ([]uint32, []raw.Addr, error) {
	o, op := p.t.order, p.ord
	started := op.valid[:copy(op.valid[:], hit)]
	live := hit
	for len(live) > 0 {
		if err := sqlerr.FromContext(ctx); err != nil {
			return nil, nil, err
		}
		if len(live) < fewRows {
			if err := p.nearestOfFew(ctx, live); err != nil {
				return nil, nil, err
			}
			break
		}
		pass, _, err := p.cond.chunk(ctx, p, live, rows, false)
		if err != nil {
			return nil, nil, err
		}
		n, k := 0, 0
		for _, q := range live {
			if k < len(pass) && pass[k] == q {
				k++
				continue
			}
			to := op.to[q&laneMask] - 1
			op.to[q&laneMask] = to
			row := raw.Addr(0)
			if to > op.from[q&laneMask] {
				row = o.rows[to-1]
			}
			p.row[q&laneMask] = row
			p.hit[n&laneMask], p.rows[n&laneMask] = q, row
			if row != 0 {
				n++
			}
		}
		live, rows = p.hit[:n], p.rows[:n]
	}
	n := collect(started, &p.row, &p.hit, &p.rows)
	return p.hit[:n], p.rows[:n], nil
}

// nearestOfFew is nearest for each position by itself, of which more and more
// candidates are tried at once.
func (p *prober) nearestOfFew(ctx context.Context, live []uint32) error {
	o, op, g := p.t.order, p.ord, &p.pairs
	for _, q := range live {
		from, to := op.from[q&laneMask], op.to[q&laneMask]
		p.row[q&laneMask] = 0
		for try := uint32(8); to > from; try = min(2*try, vector.Capacity) {
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			n := int(min(try, to-from))
			for i := range n {
				to--
				g.pos[i&laneMask], g.rows[i&laneMask] = q, o.rows[to]
			}
			pass, _, err := p.cond.pairs(ctx, p, g.pos[:n], g.rows[:n], identity[:n], false)
			if err != nil {
				return err
			}
			if len(pass) > 0 {
				p.row[q&laneMask] = g.rows[pass[0]]
				break
			}
		}
	}
	return nil
}

// nextInOrder goes on to the next candidate of the positions of live that have
// no match, and returns those that have one.
func (p *prober) nextInOrder(live []uint32) ([]uint32, []raw.Addr) {
	n := 0
	for _, q := range live {
		if p.mark[q&laneMask]&isMatched != 0 {
			continue
		}
		row := p.stepInOrder(q)
		p.hit[n&laneMask], p.rows[n&laneMask] = q, row
		if row != 0 {
			n++
		}
	}
	return p.hit[:n], p.rows[:n]
}

// stepInOrder goes on to the next candidate of position q; 0: there is none.
func (p *prober) stepInOrder(q uint32) raw.Addr {
	o, op := p.t.order, p.ord
	from, to := op.from[q&laneMask]+1, op.to[q&laneMask]
	if len(p.b.order) == 2 {
		from = o.next(from, to, op.least[q&laneMask])
	}
	op.from[q&laneMask] = from
	row := raw.Addr(0)
	if from < to {
		row = o.rows[from]
	}
	p.row[q&laneMask] = row
	return row
}

// severalInOrder reports whether a position of hit has a second candidate.
func (p *prober) severalInOrder(hit []uint32) bool {
	for _, q := range hit {
		first := p.row[q&laneMask]
		if p.stepInOrder(q) != 0 {
			return true
		}
		p.row[q&laneMask] = first
	}
	return false
}

// unknownOrder marks the positions without a match for which an inequality
// that is not known is unknown for some row of the table.
func (p *prober) unknownOrder() {
	if p.b.order[0].known || p.t.rows == 0 {
		return
	}
	if p.t.order.nulls > 0 {
		p.unmatchedUnknown(p.all)
		return
	}
	if v := p.ord.vecs[0]; v.MayHaveNulls() {
		p.unmatchedUnknown(kernel.SelectNull(v, p.all, len(p.all), p.ord.known[:]))
	}
}

// listOrder is list for candidates in order.
func (g *pairs) listOrder(p *prober, limit int, ends bool) (more bool) {
	o, op := g.order, p.ord
	two := len(p.b.order) == 2
	for g.at < len(g.from) {
		if g.n == limit {
			return true
		}
		q := g.from[g.at]
		if !g.inside {
			if p.row[q&laneMask] == 0 {
				if g.left {
					g.pos[g.n&laneMask], g.rows[g.n&laneMask] = q, 0
					g.n++
				}
				g.at++
				continue
			}
			g.index, g.inside = op.from[q&laneMask], true
		}
		i, to := g.index, op.to[q&laneMask]
		n := g.n
		if two {
			least := op.least[q&laneMask]
			for n < limit {
				// The row at i is one, or i is the end.
				if i >= to {
					break
				}
				g.pos[n&laneMask], g.rows[n&laneMask] = q, o.rows[i]
				n++
				i = o.next(i+1, to, least)
			}
		} else {
			rows := o.rows[i:min(to, i+uint32(limit-n))]
			for k, r := range rows {
				g.pos[(n+k)&laneMask], g.rows[(n+k)&laneMask] = q, r
			}
			n += len(rows)
			i += uint32(len(rows))
		}
		g.n, g.index = n, i
		if i < to {
			return true
		}
		if !g.leave(q, limit, ends) {
			return true
		}
	}
	return false
}

// nearestOfAll finds the nearest row of each position among all rows of its
// key, or of the table, whose first row is in p.row.
func (p *prober) nearestOfAll(ctx context.Context, sel []uint32) (hit []uint32, rows []raw.Addr, err error) {
	b, op := p.b, p.ord
	key := &b.order[0]
	op.tmp[0].Type = key.typ
	key.words(op.vecs[0], sel, len(sel), op.words[0][:], op.tmp[0])
	if !key.exact {
		op.views[0] = op.vecs[0].View(op.tmp[0])
	}
	if op.column == nil {
		op.column = vector.New(key.typ)
		op.addrs = make([]raw.Addr, vector.Capacity)
	}
	for _, q := range sel {
		best := nearestRow{p: p, q: q, w: op.words[0][q&laneMask]}
		if !key.exact {
			best.rest = key.viewRest(&op.views[0], int(q))
		}
		if b.nkeys > 0 {
			next := b.build.layout.NextOffset()
			for r := p.row[q&laneMask]; r != 0; {
				n := 0
				for ; r != 0 && n < vector.Capacity; n++ {
					op.addrs[n] = r
					r = *raw.At[raw.Addr](r, next)
				}
				if err := best.look(ctx, op.addrs[:n]); err != nil {
					return nil, nil, err
				}
			}
		} else {
			for _, page := range p.t.pages {
				for page.Count > 0 {
					n := page.Take(op.addrs, b.build.layout.Width)
					if err := best.look(ctx, op.addrs[:n]); err != nil {
						return nil, nil, err
					}
				}
			}
		}
		p.row[q&laneMask] = best.row
	}
	n := collect(sel, &p.row, &p.hit, &p.rows)
	return p.hit[:n], p.rows[:n], nil
}

// nearestRow is the nearest row to position q so far.
type nearestRow struct {
	p    *prober
	q    uint32
	w    uint64
	rest restOf

	row  raw.Addr
	best uint64
}

// look looks at more rows.
func (s *nearestRow) look(ctx context.Context, rows []raw.Addr) error {
	if err := sqlerr.FromContext(ctx); err != nil {
		return err
	}
	p := s.p
	key, op := &p.b.order[0], p.ord
	v := op.column
	v.Resize(len(rows))
	layout := p.b.build.layout
	layout.Gather(key.at, rows, p.t.bufs, v, nil)
	words := op.words[1][:len(rows)]
	key.words(v, nil, len(rows), words, nil)
	off := layout.ColOffset(key.at)
	for i, w := range words {
		if w > s.w || s.row != 0 && w < s.best || v.Valid != nil && !v.Valid.Get(i) {
			continue
		}
		if w == s.w || s.row != 0 && w == s.best {
			c := 0
			var rest restOf
			if !key.exact {
				rest = key.rowRest(rows[i], off, p.t.bufs)
			}
			if w == s.w {
				if c = key.compare(rest, s.rest); c > 0 || c == 0 && !key.equal {
					continue
				}
			}
			if s.row != 0 && w == s.best && (key.exact || key.compare(rest, key.rowRest(s.row, off, p.t.bufs)) <= 0) {
				continue
			}
		}
		s.row, s.best = rows[i], w
	}
	return nil
}
