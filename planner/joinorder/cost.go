package joinorder

import (
	"math"

	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
)

// Weights of a join's parts beside its result's rows: each build row costs that
// of a row plus its bytes, each probe row a little.
const (
	costBuildRow  = 1.0
	costBuildByte = 1.0 / 64
	costProbeRow  = 0.2
	costCross     = 4.0 // a pair of a product without any condition
)

func (b *block) leaf(i int) *tree {
	r := b.rels[i]
	return &tree{rels: single(i), rel: i, card: max(r.stats.Rows, 1), width: r.width}
}

// join makes the tree of joining l with r, r being the build side; nil when it
// may not be: an attachment is joined by itself, on the right, to what it
// needs. old is another tree of the same relations, or nil: the same set has one
// estimate, and a tree that cannot be cheaper is nil, too.
func (b *block) join(l, r, old *tree) *tree {
	if r.left == nil && b.rels[r.rel].attach != nil {
		at := b.rels[r.rel].attach
		if !at.needs.subsetOf(l.rels) {
			return nil
		}
		// An attachment that is all there is on the left cannot stand alone.
	}
	if l.left == nil && b.rels[l.rel].attach != nil {
		return nil
	}
	work := joinWork(l, r)
	if b.turns(r) {
		work = min(work, joinWork(r, l))
	}
	var card, width float64
	if old != nil {
		card, width = old.card, old.width
	} else {
		card, width = b.size(l, r)
	}
	cost := l.cost + r.cost + card + work
	if old != nil && cost >= old.cost {
		return nil
	}
	switch {
	case b.hasKey(l, r):
	case b.hasRange(l, r):
		cost += min(costOrder*(l.card+r.card), costCross*l.card*r.card)
	default:
		// Every pair of rows is looked at.
		cost += costCross * l.card * r.card
	}
	if old != nil && cost >= old.cost {
		return nil
	}
	return &tree{rels: l.rels.or(r.rels), left: l, right: r, card: card, width: width, cost: cost}
}

// joinWork is the cost of building from r and probing with l.
func joinWork(l, r *tree) float64 {
	return r.card*(costBuildRow+r.width*costBuildByte) + l.card*costProbeRow
}

// turns reports whether r is attached by a join that can build from the other
// side as well.
func (b *block) turns(r *tree) bool {
	if r.left != nil || b.rels[r.rel].attach == nil {
		return false
	}
	kind := b.rels[r.rel].attach.kind
	return kind == logical.Semi || kind == logical.Anti
}

// hasKey reports whether some equality joins the two sets.
func (b *block) hasKey(l, r *tree) bool {
	if r.left == nil && b.rels[r.rel].attach != nil {
		for _, e := range b.rels[r.rel].attach.on {
			if c, ok := e.(*logical.Compare); ok && (c.Op == logical.Eq || c.Op == logical.NotDistinct) {
				return true
			}
		}
		return false
	}
	for _, cl := range b.classes {
		if cl.all.meets(l.rels) && cl.all.meets(r.rels) {
			return true
		}
	}
	for _, c := range b.conds {
		if !c.left.empty() && (c.left.subsetOf(l.rels) && c.right.subsetOf(r.rels) || c.left.subsetOf(r.rels) && c.right.subsetOf(l.rels)) {
			return true
		}
	}
	return false
}

// size estimates rows and width of joining l with r. Rows depend on the sets
// alone, not on the trees: they are the product of the relations' rows and the
// selectivities of all that holds among them.
func (b *block) size(l, r *tree) (rows, width float64) {
	if r.left == nil && b.rels[r.rel].attach != nil {
		at := b.rels[r.rel].attach
		right := b.rels[r.rel].stats
		left := b.stats(l)
		s := cardinality.Join(at.kind, left, right, at.on, at.mark)
		rows = s.Rows * b.newlyComplete(l.rels, r.rels)
		switch at.kind {
		case logical.Semi, logical.Anti, logical.NullAnti:
			return max(1, rows), l.width
		case logical.Mark:
			return max(1, rows), l.width + 1
		}
		return max(1, rows), l.width + r.width
	}
	rows = l.card * r.card * b.keySelectivity(l, r) * b.newlyComplete(l.rels, r.rels)
	return max(1, rows), l.width + r.width
}

// keySelectivity is the selectivity of the class equalities between two sets.
// Equalities between the same two relations are one composite key.
func (b *block) keySelectivity(l, r *tree) float64 {
	type key struct{ i, j int }
	type part struct{ each, ik, jk, share float64 }
	parts := map[key]*part{}
	f := 1.0
	var order []key
	// A relation that is in several of the classes gives a composite key, so
	// it is preferred to others that have the same columns.
	var spans []int
	weight := make([]int, len(b.rels))
	for n := range b.classes {
		cl := &b.classes[n]
		if cl.all.meets(l.rels) && cl.all.meets(r.rels) {
			spans = append(spans, n)
			for _, i := range cl.rels {
				weight[i]++
			}
		}
	}
	for _, n := range spans {
		cl := &b.classes[n]
		bi, bj := -1, -1 // members
		for k, i := range cl.rels {
			better := func(old int) bool {
				if old < 0 || weight[i] != weight[cl.rels[old]] {
					return old < 0 || weight[i] > weight[cl.rels[old]]
				}
				return cl.ndv[k] < cl.ndv[old]
			}
			if l.rels.has(i) && better(bi) {
				bi = k
			}
			if r.rels.has(i) && better(bj) {
				bj = k
			}
		}
		k := key{cl.rels[bi], cl.rels[bj]}
		p := parts[k]
		if p == nil {
			p = &part{1, 1, 1, 1}
			parts[k] = p
			order = append(order, k)
		}
		d := cardinality.Meet(b.rels[k.i].stats, cl.cols[bi].ID, b.rels[k.j].stats, cl.cols[bj].ID)
		p.each *= d.Share / max(d.Left, d.Right)
		p.ik *= d.Left
		p.jk *= d.Right
		p.share *= d.Share
	}
	for _, k := range order {
		p := parts[k]
		s := p.each
		// More combinations than rows on the side where they are fewer cannot be.
		ik, jk := min(p.ik, max(b.rels[k.i].stats.Base, 1)), min(p.jk, max(b.rels[k.j].stats.Base, 1))
		if ik < p.ik || jk < p.jk {
			s = max(s, p.share/max(1, min(ik, jk)))
		}
		f *= s
	}
	return f
}

// newlyComplete is the selectivity of the conditions that have all their
// relations in the union for the first time.
func (b *block) newlyComplete(l, r set) float64 {
	f, exp := 1.0, 1.0
	all := l.or(r)
	for i := range b.conds {
		c := &b.conds[i]
		if !c.rels.subsetOf(all) || c.rels.subsetOf(l) || c.rels.subsetOf(r) {
			continue
		}
		s := b.selectivity(c)
		if c.pair >= 0 && b.conds[c.pair].rels.subsetOf(all) {
			o := &b.conds[c.pair]
			both := cardinality.BetweenSelectivity(s, b.selectivity(o))
			switch {
			case o.rels.subsetOf(l) || o.rels.subsetOf(r):
				s = both / b.selectivity(o) // which has been counted
			case c.pair < i:
				continue
			default:
				s = both
			}
		}
		f *= math.Pow(s, exp)
		exp /= 2
	}
	return f
}

// selectivity estimates a condition over several relations, once.
func (b *block) selectivity(c *condition) float64 {
	if c.sel == 0 {
		s := &cardinality.Stats{Rows: 1e12, Base: 1e12, Cols: map[logical.ColID]cardinality.Column{}}
		for _, i := range c.rels.members() {
			for id, col := range b.rels[i].stats.Cols {
				s.Cols[id] = col
			}
		}
		c.sel = max(1e-12, cardinality.Apply(s, []logical.Expr{c.expr}).Rows/1e12)
	}
	return c.sel
}

// stats are the estimates of a tree's result: its rows, and its relations'
// columns.
func (b *block) stats(t *tree) *cardinality.Stats {
	s := &cardinality.Stats{Rows: t.card, Base: t.card, Cols: map[logical.ColID]cardinality.Column{}}
	for _, i := range t.rels.members() {
		for id, c := range b.rels[i].stats.Cols {
			s.Cols[id] = c
		}
	}
	return s
}
