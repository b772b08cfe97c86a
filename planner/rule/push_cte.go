package rule

import (
	"cmp"
	"slices"

	"github.com/gannetdb/gannet/planner/logical"
)

// wanted returns what the definition of n must fulfil for any of its uses to
// keep a row: the disjunction of the conditions that stand on them.
//
//	WITH c AS (…) … σ[y = 1 AND t = 's'](c) … σ[y = 2](c)
//	  →  WITH c AS (σ[y = 1 AND t = 's' OR y = 2](…)) …
//
// The conditions stay where they are. There is none when a use has none.
// Conditions that may fail are left out, since rows would meet them that the
// rest of their conjunction keeps from them: σ[y <> 0 AND 1 / y > 2](c); and
// those that refer to columns of an outer query.
func (p *pusher) wanted(n *logical.CTE) []logical.Expr {
	types := map[logical.ColID]logical.Column{}
	for _, c := range n.Def.Columns() {
		types[c.ID] = c
	}
	uses := usesOf(n)
	if len(uses) == 0 || len(uses) > maxFactored {
		return nil
	}
	// The order of joins must not change the condition, or it comes twice.
	slices.SortFunc(uses, func(a, b use) int { return cmp.Compare(a.key(), b.key()) })
	var terms []logical.Expr
	for _, u := range uses {
		cols, m := map[logical.ColID]bool{}, map[logical.ColID]logical.Expr{}
		for i, c := range u.ref.Cols {
			def, ok := types[n.DefOut[i]]
			if !ok {
				return nil
			}
			cols[c.ID], m[c.ID] = true, logical.Ref(def)
		}
		conds, _ := split(u.conds, func(e logical.Expr) bool {
			return logical.RefersOnly(e, cols) && !logical.CanFail(e) && !logical.HasVolatile(e) && !logical.HasSubquery(e)
		})
		if len(conds) == 0 {
			return nil
		}
		terms = append(terms, logical.AndOf(logical.ReplaceAll(conds, m)))
	}
	return []logical.Expr{p.c.fold(logical.OrOf(terms))}
}

// use is a reference to a CTE and the conditions right above it.
type use struct {
	ref   *logical.CTERef
	conds []logical.Expr
}

// key tells the uses of one CTE apart.
func (u use) key() logical.ColID {
	if len(u.ref.Cols) == 0 {
		return 0
	}
	return u.ref.Cols[0].ID
}

// usesOf finds the uses of n in its body, subqueries included.
func usesOf(n *logical.CTE) []use {
	var uses []use
	var find func(x logical.Node, conds []logical.Expr)
	find = func(x logical.Node, conds []logical.Expr) {
		if r, ok := x.(*logical.CTERef); ok && r.ID == n.ID {
			uses = append(uses, use{r, conds})
		}
		for _, e := range logical.Exprs(x) {
			logical.Walk(e, func(e logical.Expr) bool {
				if s, ok := e.(*logical.Subquery); ok {
					find(s.Plan, nil)
				}
				return true
			})
		}
		var above []logical.Expr
		if f, ok := x.(*logical.Filter); ok {
			above = f.Conds
		}
		for _, c := range x.Children() {
			find(c, above)
		}
	}
	find(n.Body, nil)
	return uses
}
