package join

import (
	"context"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// pairs enumerates candidate pairs of a probe position and a build row, in the
// order of positions: the chain of each position's first row, or all rows of
// the table for each position. A position may end with a pair without a build
// row, which stands for "no match".
type pairs struct {
	from   []uint32
	at     int      // index in from of the current position
	listed bool     // every build row is a candidate
	order  *ordered // candidates are rows of it, as the prober's ord says
	left   bool     // positions without a match come out

	inside bool     // row, or page and left, say how far the position is
	row    raw.Addr // next row of the chain
	index  uint32   // order: next candidate
	page   int      // listed: next page, and in the current one
	base   raw.Addr
	count  int

	found bool // the current position has a match (with a condition)

	n    int // pairs listed
	pos  [vector.Capacity]uint32
	rows [vector.Capacity]raw.Addr

	m       int // pairs that come out
	outPos  [vector.Capacity]uint32
	outRows [vector.Capacity]raw.Addr
	with    [vector.Capacity]uint32 // pairs that have a build row
}

func (g *pairs) start(p *prober, from []uint32, listed, left bool) {
	g.from, g.at, g.listed, g.left = from, 0, listed, left
	g.order = p.t.order
	g.inside, g.found = false, false
	g.n, g.m = 0, 0
}

// list lists up to limit pairs. ends: a position that is left over ends with a
// pair without a build row in any case, otherwise only where it has no
// candidate. It reports whether there is more.
func (g *pairs) list(p *prober, limit int, ends bool) (more bool) {
	g.n = 0
	switch {
	case g.order != nil:
		return g.listOrder(p, limit, ends)
	case g.listed:
		return g.listAll(p, limit, ends)
	}
	next := p.b.build.layout.NextOffset()
	for g.at < len(g.from) {
		if g.n == limit {
			return true
		}
		q := g.from[g.at]
		r := g.row
		if !g.inside {
			r = p.row[q&laneMask]
			if r == 0 && g.left && !ends {
				g.pos[g.n&laneMask], g.rows[g.n&laneMask] = q, 0
				g.n++
				g.at++
				continue
			}
		}
		n := g.n
		for ; r != 0 && n < limit; n++ {
			g.pos[n&laneMask], g.rows[n&laneMask] = q, r
			r = *raw.At[raw.Addr](r, next)
		}
		g.n = n
		g.row, g.inside = r, true
		if r != 0 {
			return true
		}
		if !g.leave(q, limit, ends) {
			return true
		}
	}
	return false
}

// leave goes on to the next position; false: there is no room for the pair without
// a build row that q ends with.
func (g *pairs) leave(q uint32, limit int, ends bool) bool {
	if g.left && ends {
		if g.n == limit {
			return false
		}
		g.pos[g.n&laneMask], g.rows[g.n&laneMask] = q, 0
		g.n++
	}
	g.inside = false
	g.at++
	return true
}

// listAll is list where every build row is a candidate.
func (g *pairs) listAll(p *prober, limit int, ends bool) (more bool) {
	width := raw.Addr(p.b.build.layout.Width)
	for g.at < len(g.from) {
		if g.n == limit {
			return true
		}
		q := g.from[g.at]
		if !g.inside {
			g.inside, g.page, g.count = true, 0, 0
		}
		for g.n < limit {
			if g.count == 0 {
				if g.page == len(p.t.pages) {
					break
				}
				pg := p.t.pages[g.page]
				g.base, g.count = pg.Base, pg.Count
				g.page++
			}
			k := min(limit-g.n, g.count)
			a := g.base
			for i := g.n; i < g.n+k; i++ {
				g.pos[i&laneMask], g.rows[i&laneMask] = q, a
				a += width
			}
			g.base = a
			g.count -= k
			g.n += k
		}
		if g.count > 0 || g.page < len(p.t.pages) {
			return true
		}
		if !g.leave(q, limit, ends) {
			return true
		}
	}
	return false
}

// skip leaves positions behind that have found a match.
func (g *pairs) skip(mark *[vector.Capacity]uint8) {
	for g.at < len(g.from) && mark[g.from[g.at]&laneMask]&isMatched != 0 {
		g.inside = false
		g.at++
	}
}

// next puts out the next pairs that fulfil the condition.
func (g *pairs) next(ctx context.Context, p *prober, out *vector.Chunk) (more bool, err error) {
	if p.cond == nil {
		more = g.list(p, p.limit, false)
		if g.n == 0 {
			return more, nil
		}
		pos, rows := g.pos[:g.n], g.rows[:g.n]
		if p.b.kind.keepsBuild() {
			p.flag(rows)
		}
		if p.pass == oneBlock && p.b.kind.leftLike() {
			if err := p.note(pos); err != nil {
				return false, err
			}
		}
		p.copyOut(out, pos, rows)
		return more, nil
	}
	g.m = 0
	for more = true; more && g.m < max(p.limit/2, 1); {
		if err := sqlerr.FromContext(ctx); err != nil {
			return false, err
		}
		more = g.list(p, p.limit-g.m, true)
		if g.n == 0 {
			continue
		}
		if err := g.filter(ctx, p); err != nil {
			return false, err
		}
	}
	if g.m == 0 {
		return more, nil
	}
	if p.b.kind.keepsBuild() {
		p.flag(g.outRows[:g.m])
	}
	p.copyOut(out, g.outPos[:g.m], g.outRows[:g.m])
	return more, nil
}

// filter appends to what comes out the listed pairs that fulfil the condition,
// and "no match" of positions for which none did.
func (g *pairs) filter(ctx context.Context, p *prober) error {
	n := 0
	for i, r := range g.rows[:g.n] {
		g.with[n&laneMask] = uint32(i)
		if r != 0 {
			n++
		}
	}
	pass, _, err := p.cond.pairs(ctx, p, g.pos[:g.n], g.rows[:g.n], g.with[:n], false)
	if err != nil {
		return err
	}
	if !g.left {
		for _, i := range pass {
			g.outPos[g.m&laneMask], g.outRows[g.m&laneMask] = g.pos[i], g.rows[i]
			g.m++
		}
		if p.pass == oneBlock && p.b.kind.leftLike() {
			return p.note(g.outPos[g.m-len(pass) : g.m])
		}
		return nil
	}
	k := 0
	for i, r := range g.rows[:g.n] {
		switch {
		case r == 0:
			if !g.found {
				g.outPos[g.m&laneMask], g.outRows[g.m&laneMask] = g.pos[i], 0
				g.m++
			}
			g.found = false
		case k < len(pass) && int(pass[k]) == i:
			k++
			if g.found && p.b.kind == Single {
				return errSecond()
			}
			g.found = true
			g.outPos[g.m&laneMask], g.outRows[g.m&laneMask] = g.pos[i], r
			g.m++
		}
	}
	return nil
}
