package join

import (
	"context"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// The kinds BuildSemi and BuildAnti put out build rows, when all probe rows
// were seen. Probing only sets match flags; rows that have theirs are not
// looked at again.

// markBuild sets the flags of the build rows that match the positions of hit.
func (p *prober) markBuild(ctx context.Context, hit []uint32) error {
	layout := p.b.build.layout
	flag, next := layout.StateOffset(0), layout.NextOffset()
	if p.cond == nil {
		for _, q := range hit {
			// Whoever has marked the first row of a chain marks the others.
			r := p.row[q&laneMask]
			if !firstFlag(raw.At[uint32](r, flag)) {
				continue
			}
			for r = *raw.At[raw.Addr](r, next); r != 0; r = *raw.At[raw.Addr](r, next) {
				setFlag(raw.At[uint32](r, flag))
			}
		}
		return nil
	}
	g := &p.pairs
	g.n = 0
	for _, q := range hit {
		for r := p.row[q&laneMask]; r != 0; r = *raw.At[raw.Addr](r, next) {
			if isFlagged(raw.At[uint32](r, flag)) {
				continue
			}
			g.pos[g.n&laneMask], g.rows[g.n&laneMask] = q, r
			if g.n++; g.n == vector.Capacity {
				if err := p.markPairs(ctx); err != nil {
					return err
				}
			}
		}
	}
	return p.markPairs(ctx)
}

// markPairs sets the flags of the listed pairs' build rows for which the
// condition holds.
func (p *prober) markPairs(ctx context.Context) error {
	g := &p.pairs
	if g.n == 0 {
		return nil
	}
	if err := sqlerr.FromContext(ctx); err != nil {
		return err
	}
	pass, _, err := p.cond.pairs(ctx, p, g.pos[:g.n], g.rows[:g.n], identity[:g.n], false)
	if err != nil {
		return err
	}
	flag := p.b.build.layout.StateOffset(0)
	for _, i := range pass {
		setFlag(raw.At[uint32](g.rows[i], flag))
	}
	g.n = 0
	return nil
}
