package cardinality

import (
	"math"

	"github.com/gannetdb/gannet/planner/logical"
)

// Join estimates a join of two inputs on a conjunction.
func Join(kind logical.JoinKind, l, r *Stats, on []logical.Expr, mark logical.Column) *Stats {
	out := &Stats{Cols: make(map[logical.ColID]Column, len(l.Cols)+len(r.Cols))}
	for id, c := range l.Cols {
		out.Cols[id] = c
	}
	if kind != logical.Semi && kind != logical.Anti && kind != logical.NullAnti {
		for id, c := range r.Cols {
			out.Cols[id] = c
		}
	}
	inner := max(1, l.Rows*r.Rows*JoinSelectivity(l, r, on))
	if l.Rows == 0 || r.Rows == 0 {
		inner = 0
	}
	switch kind {
	case logical.Inner, logical.Cross:
		out.Rows = inner
	case logical.Left:
		out.Rows = max(inner, l.Rows)
	case logical.Right:
		out.Rows = max(inner, r.Rows)
	case logical.Full:
		out.Rows = max(inner, l.Rows, r.Rows)
	case logical.Single:
		out.Rows = l.Rows
	case logical.Mark:
		out.Rows = l.Rows
		out.Cols[mark.ID] = Column{NDV: 2, Bytes: 1}
	case logical.Semi:
		out.Rows = max(1, l.Rows*Matched(l, r, on))
	case logical.Anti, logical.NullAnti:
		out.Rows = max(1, l.Rows*max(0.05, 1-Matched(l, r, on)))
	}
	// Without the filters below there would be as many more rows.
	out.Base = max(out.Rows, 1, l.Base*r.Base*JoinSelectivity(l, r, on))
	if kind == logical.Semi || kind == logical.Anti || kind == logical.NullAnti || kind == logical.Mark || kind == logical.Single {
		out.Base = l.Base
	}
	// An equality leaves both columns the smaller domain.
	if kind == logical.Inner || kind == logical.Semi {
		for _, p := range equiPairs(l, r, on) {
			lc, rc := out.Cols[p.l], r.Cols[p.r]
			d := max(1, min(l.domain(p.l), max(1, min(rc.NDV, r.Rows))))
			if kind == logical.Inner {
				d = max(1, min(l.domain(p.l), r.domain(p.r)))
				rc.NDV = d
				out.Cols[p.r] = rc
			}
			lc.NDV = d
			out.Cols[p.l] = lc
		}
	}
	return out
}

// pair is an equality of a left and a right column.
type pair struct{ l, r logical.ColID }

// equiPairs finds the equalities of plain columns.
func equiPairs(l, r *Stats, on []logical.Expr) []pair {
	var out []pair
	for _, e := range on {
		c, ok := e.(*logical.Compare)
		if !ok || c.Op != logical.Eq && c.Op != logical.NotDistinct {
			continue
		}
		x, ok1 := c.Left.(*logical.Column)
		y, ok2 := c.Right.(*logical.Column)
		if !ok1 || !ok2 {
			continue
		}
		if _, in := l.Cols[x.ID]; in {
			out = append(out, pair{x.ID, y.ID})
		} else {
			out = append(out, pair{y.ID, x.ID})
		}
	}
	return out
}

// JoinSelectivity is the fraction of the pairs of rows that the conjunction
// keeps. Several equalities together are one composite key: it has no more
// distinct combinations than there are rows on the side where they are fewer.
func JoinSelectivity(l, r *Stats, on []logical.Expr) float64 {
	f := 1.0
	pairs := equiPairs(l, r, on)
	if len(pairs) > 0 {
		f = KeySelectivity(l, r, pairs)
	}
	both := &Stats{Rows: l.Rows * r.Rows, Cols: map[logical.ColID]Column{}}
	for id, c := range l.Cols {
		both.Cols[id] = c
	}
	for id, c := range r.Cols {
		both.Cols[id] = c
	}
	var rest []float64
	for _, e := range on {
		if c, ok := e.(*logical.Compare); ok && (c.Op == logical.Eq || c.Op == logical.NotDistinct) {
			_, ok1 := c.Left.(*logical.Column)
			_, ok2 := c.Right.(*logical.Column)
			if ok1 && ok2 {
				continue
			}
		}
		rest = append(rest, both.selectivity(e))
	}
	return f * combine(rest)
}

// KeySelectivity is the selectivity of a set of equalities of columns.
func KeySelectivity(l, r *Stats, pairs []pair) float64 {
	each, lk, rk := 1.0, 1.0, 1.0
	for _, p := range pairs {
		ld, rd := l.domain(p.l), r.domain(p.r)
		each /= max(ld, rd)
		lk *= ld
		rk *= rd
	}
	if len(pairs) == 1 {
		return each
	}
	// Composite: the side with fewer combinations is the key's.
	lk, rk = min(lk, max(l.Base, 1)), min(rk, max(r.Base, 1))
	return max(each, 1/max(1, min(lk, rk)))
}

// Matched is the fraction of left rows that find a partner.
func Matched(l, r *Stats, on []logical.Expr) float64 {
	if r.Rows == 0 {
		return 0
	}
	f := 1.0
	pairs := equiPairs(l, r, on)
	for _, p := range pairs {
		f = min(f, r.Distinct(p.r)/l.domain(p.l))
	}
	if len(pairs) == 0 && len(on) > 0 {
		// Chance that none of the right rows fits.
		s := JoinSelectivity(l, r, on)
		return 1 - math.Pow(1-min(s, 1), min(r.Rows, 1e6))
	}
	return min(1, f)
}

// Pairs makes the pairs for KeySelectivity.
func Pairs(ids ...logical.ColID) []pair {
	var out []pair
	for i := 0; i+1 < len(ids); i += 2 {
		out = append(out, pair{ids[i], ids[i+1]})
	}
	return out
}
