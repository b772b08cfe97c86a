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
			meet := Meet(l, p.l, r, p.r)
			d := max(1, min(meet.Left, max(1, min(meet.Right, r.Rows))))
			if kind == logical.Inner {
				d = max(1, min(meet.Left, meet.Right))
				rc.NDV = d
				rc.bound(lc)
				out.Cols[p.r] = rc
			}
			lc.NDV = d
			lc.bound(r.Cols[p.r])
			out.Cols[p.l] = lc
		}
	}
	return out
}

// bound narrows a column's bounds to those of one that it equals.
func (c *Column) bound(o Column) {
	if !o.Bounded {
		return
	}
	if !c.Bounded {
		c.Bounded, c.Lo, c.Hi = true, o.Lo, o.Hi
	} else if lo, hi := max(c.Lo, o.Lo), min(c.Hi, o.Hi); lo <= hi {
		c.Lo, c.Hi = lo, hi
	}
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
	var rest []logical.Expr
	for _, e := range on {
		if c, ok := e.(*logical.Compare); ok && (c.Op == logical.Eq || c.Op == logical.NotDistinct) {
			_, ok1 := c.Left.(*logical.Column)
			_, ok2 := c.Right.(*logical.Column)
			if ok1 && ok2 {
				continue
			}
		}
		rest = append(rest, e)
	}
	return f * combine(both.each(rest, false))
}

// KeySelectivity is the selectivity of a set of equalities of columns.
func KeySelectivity(l, r *Stats, pairs []pair) float64 {
	each, lk, rk, both := 1.0, 1.0, 1.0, 1.0
	for _, p := range pairs {
		d := Meet(l, p.l, r, p.r)
		each *= d.Share / max(d.Left, d.Right)
		lk *= d.Left
		rk *= d.Right
		both *= d.Share
	}
	if len(pairs) == 1 {
		return each
	}
	// Composite: the side with fewer combinations is the key's.
	lk, rk = min(lk, max(l.Base, 1)), min(rk, max(r.Base, 1))
	return max(each, both/max(1, min(lk, rk)))
}

// Domains says where two columns meet that are compared for equality.
type Domains struct {
	// Left and Right count the distinct values of either column's domain that
	// lie within the bounds of the other.
	Left, Right float64
	// Share is the fraction of the pairs of rows that lie within both, LeftShare
	// that of the left rows.
	Share, LeftShare float64
}

// Meet compares the domains of column lid of l and rid of r.
//
// Rows that a filter on another column leaves are taken to lie within the
// bounds of the other side, as far as there were so many there: who filters a
// dimension (dates of two centuries, of which sales use five years) asks for
// rows that facts refer to. To spread the filter over the whole dimension
// instead would make the join smaller by the part that is never used.
func Meet(l *Stats, lid logical.ColID, r *Stats, rid logical.ColID) Domains {
	d := Domains{l.domain(lid), r.domain(rid), 1, 1}
	lc, rc := l.Cols[lid], r.Cols[rid]
	// Strings have bounds within 0 and 1, which say little.
	if !lc.Bounded || !rc.Bounded || lc.Hi-lc.Lo < 1 || rc.Hi-rc.Lo < 1 {
		return d
	}
	common := min(lc.Hi, rc.Hi) - max(lc.Lo, rc.Lo) + 1
	if common < 1 {
		return d
	}
	within := func(s *Stats, c Column, ndv float64) (float64, float64) {
		f := min(1, common/(c.Hi-c.Lo+1))
		rows := max(s.Rows, 1)
		return max(1, ndv*f), min(1, max(s.Base*f, 1)/rows)
	}
	var lf, rf float64
	d.Left, lf = within(l, lc, d.Left)
	d.Right, rf = within(r, rc, d.Right)
	d.Share, d.LeftShare = lf*rf, lf
	return d
}

// Matched is the fraction of left rows that find a partner.
func Matched(l, r *Stats, on []logical.Expr) float64 {
	if r.Rows == 0 {
		return 0
	}
	f := 1.0
	pairs := equiPairs(l, r, on)
	for _, p := range pairs {
		d := Meet(l, p.l, r, p.r)
		f = min(f, d.LeftShare*min(r.Distinct(p.r), d.Right)/max(d.Left, d.Right))
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
