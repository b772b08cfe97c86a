package joinorder

import "github.com/gannetdb/gannet/planner/logical"

// costOrder is what ordering or finding a row costs where an inequality joins
// two sets.
const costOrder = 2.0

// hasRange reports whether some inequality joins the two sets.
func (b *block) hasRange(l, r *tree) bool {
	if r.left == nil && b.rels[r.rel].attach != nil {
		for _, e := range b.rels[r.rel].attach.on {
			if b.rangeBetween(e, l, r) {
				return true
			}
		}
		return false
	}
	for i := range b.conds {
		if b.rangeBetween(b.conds[i].expr, l, r) {
			return true
		}
	}
	return false
}

// rangeBetween reports whether e compares a value of one set with one of the
// other.
func (b *block) rangeBetween(e logical.Expr, l, r *tree) bool {
	c, ok := e.(*logical.Compare)
	if !ok {
		return false
	}
	switch c.Op {
	case logical.Lt, logical.Le, logical.Gt, logical.Ge:
	default:
		return false
	}
	x, y := b.relsOf(c.Left), b.relsOf(c.Right)
	if x.empty() || y.empty() {
		return false
	}
	return x.subsetOf(l.rels) && y.subsetOf(r.rels) || x.subsetOf(r.rels) && y.subsetOf(l.rels)
}
