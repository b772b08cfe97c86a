package join

import (
	"context"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// fewRows is when the candidates of the remaining rows are evaluated together
// instead of one for each row at a time.
const fewRows = 128

// decide finds out which positions have a match, for the kinds that put out a
// probe row once, and prepares the output.
func (p *prober) decide(ctx context.Context, keyed, hit []uint32, rows []raw.Addr, listed bool) error {
	for _, q := range p.all {
		p.mark[q&laneMask] = 0
	}
	switch {
	case p.cond != nil && !p.b.spec.Asof:
		if err := p.try(ctx, hit, rows, listed); err != nil {
			return err
		}
	case listed:
		p.matched(p.all)
	default:
		p.matched(hit)
	}
	if p.ord != nil && p.b.kind.threeValued() {
		p.unknownOrder()
	}
	if p.pass == oneBlock {
		for _, q := range p.all {
			if m := p.mark[q&laneMask]; m != 0 {
				p.marks.add(p.base+int64(q), uint64(m))
			}
		}
		return nil
	}
	return p.emitOnce(ctx, keyed)
}

func (p *prober) matched(at []uint32) {
	for _, q := range at {
		p.mark[q&laneMask] = isMatched
	}
}

// settle notes for which positions the condition is true and for which NULL.
func (p *prober) settle(pass, null []uint32) {
	for _, q := range null {
		p.mark[q&laneMask] |= isUnknown
	}
	for _, q := range pass {
		p.mark[q&laneMask] |= isMatched
	}
}

// try evaluates the condition until each position has a match or no candidate
// left: while there are many positions, with the next candidate of each.
func (p *prober) try(ctx context.Context, hit []uint32, rows []raw.Addr, listed bool) error {
	nulls := p.b.kind.threeValued()
	live := p.all
	if !listed {
		next := uintptr(0)
		if p.b.nkeys > 0 {
			next = p.b.build.layout.NextOffset()
		}
		live = hit
		for len(live) > 0 && (p.t.unique || len(live) >= fewRows) {
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			pass, null, err := p.cond.chunk(ctx, p, live, rows, nulls)
			if err != nil {
				return err
			}
			p.settle(pass, null)
			if p.t.unique {
				return nil
			}
			if p.ord != nil {
				live, rows = p.nextInOrder(live)
				continue
			}
			n := 0
			for _, q := range live {
				r := *raw.At[raw.Addr](p.row[q&laneMask], next)
				p.row[q&laneMask] = r
				p.hit[n&laneMask], p.rows[n&laneMask] = q, r
				if r != 0 && p.mark[q&laneMask]&isMatched == 0 {
					n++
				}
			}
			live, rows = p.hit[:n], p.rows[:n]
		}
	}
	g := &p.pairs
	g.start(p, live, listed, false)
	for more := len(live) > 0; more; {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		more = g.list(p, vector.Capacity, false)
		if g.n == 0 {
			continue
		}
		pass, null, err := p.cond.pairs(ctx, p, g.pos[:g.n], g.rows[:g.n], identity[:g.n], nulls)
		if err != nil {
			return err
		}
		for _, i := range null {
			p.mark[g.pos[i]&laneMask] |= isUnknown
		}
		for _, i := range pass {
			p.mark[g.pos[i]&laneMask] |= isMatched
		}
		g.skip(&p.mark)
	}
	return nil
}

// finish puts out what remains to be said about the chunk's rows when all
// blocks of build rows were seen.
func (p *prober) finish(ctx context.Context, keyed []uint32) error {
	for _, q := range p.all {
		p.mark[q&laneMask] = p.marks.get(p.base + int64(q))
	}
	if p.b.kind.semiLike() {
		return p.emitOnce(ctx, keyed)
	}
	n := p.pick(0, isMatched)
	if n == 0 {
		return nil
	}
	clear(p.rows[:n])
	p.state, p.outSel, p.outRows = byRef, p.sel[:n], p.rows[:n]
	return nil
}

// pick lists in sel the positions whose mark has, of the bits of which, just
// want.
func (p *prober) pick(want, which uint8) int {
	n := 0
	for _, q := range p.all {
		p.sel[n&laneMask] = q
		if p.mark[q&laneMask]&which == want {
			n++
		}
	}
	return n
}

// emitOnce prepares the output of the kinds that put out a probe row once,
// from the positions' marks.
func (p *prober) emitOnce(ctx context.Context, keyed []uint32) error {
	if len(p.all) == 0 {
		return nil
	}
	if p.b.kind.threeValued() {
		if err := p.unknowns(ctx, keyed); err != nil {
			return err
		}
	}
	n := 0
	switch p.b.kind {
	case Semi:
		n = p.pick(isMatched, isMatched)
	case Anti:
		if p.pass != higher {
			n = p.pick(0, isMatched)
		}
	case NullAnti:
		n = p.pick(0, isMatched|isUnknown)
	case Mark:
		p.state, p.outSel = marked, p.all
		return nil
	}
	if n > 0 {
		p.state, p.outSel = byPos, p.sel[:n]
	}
	return nil
}

// putMarks fills v with TRUE, FALSE or NULL at the positions of all.
func (p *prober) putMarks(v *vector.Vector) {
	v.Resize(p.in.Len)
	data := v.Data
	var seen uint8
	for _, q := range p.all {
		m := p.mark[q&laneMask]
		data[q] = m & isMatched
		seen |= m
	}
	if seen&isUnknown == 0 {
		return
	}
	valid := v.MutableValid()
	for _, q := range p.all {
		if p.mark[q&laneMask] == isUnknown {
			valid.Clear(int(q))
		}
	}
}

// unknowns marks the positions without a match for which the condition is
// unknown because of a NULL in a key.
func (p *prober) unknowns(ctx context.Context, keyed []uint32) error {
	b := p.b
	if len(b.strict) == 0 || b.total.Load() == 0 {
		return nil
	}
	if b.flagNulls {
		if b.hasNull.Load() {
			p.unmatchedUnknown(p.all)
		} else if len(keyed) < len(p.all) {
			k := 0
			for _, q := range p.all {
				if k < len(keyed) && keyed[k] == q {
					k++
					continue
				}
				p.mark[q&laneMask] |= isUnknown
			}
		}
		return nil
	}
	return p.nulls.run(ctx, p, keyed)
}

func (p *prober) unmatchedUnknown(at []uint32) {
	for _, q := range at {
		if p.mark[q&laneMask]&isMatched == 0 {
			p.mark[q&laneMask] |= isUnknown
		}
	}
}
