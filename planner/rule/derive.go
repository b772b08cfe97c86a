package rule

import "github.com/gannetdb/gannet/planner/logical"

// derive returns conditions over the columns cols alone that disjunctions over
// more columns imply: if each term of an OR has conjuncts over cols, the OR of
// those follows. The disjunction itself stays.
//
// Terms that may fail are not copied, since they would meet rows that the rest
// of their conjunction keeps from them.
func (p *pusher) derive(conds []logical.Expr, cols map[logical.ColID]bool) []logical.Expr {
	var out []logical.Expr
next:
	for _, e := range conds {
		or, ok := e.(*logical.Or)
		if !ok || logical.RefersOnly(e, cols) {
			continue
		}
		var terms []logical.Expr
		for _, t := range or.Args {
			var part []logical.Expr
			for _, x := range logical.Conjuncts(t) {
				switch {
				case logical.RefersOnly(x, cols) && !logical.CanFail(x) && !logical.HasSubquery(x) && len(logical.ColumnsOf(x)) > 0:
					part = append(part, x)
				default:
					// A disjunction within the term may have a part.
					if _, isOr := x.(*logical.Or); isOr {
						part = append(part, p.derive([]logical.Expr{x}, cols)...)
					}
				}
			}
			if len(part) == 0 {
				continue next
			}
			terms = append(terms, logical.AndOf(part))
		}
		out = append(out, logical.Conjuncts(p.c.fold(logical.OrOf(terms)))...)
	}
	return out
}
