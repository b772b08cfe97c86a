package random

// correlatedFrom makes FROM … WHERE … of a subquery that refers to columns of
// sc, in one or two places, with depth levels of such subqueries inside.
func (g *Gen) correlatedFrom(sc *scope, depth int) (*Node, *scope) {
	rel, cols, _ := g.relation(0, nil)
	n := fixed(" FROM ", rel)
	if g.chance(25) {
		right, rcols, _ := g.relation(0, nil)
		k := pick(g, Int, Str, Date)
		l, okL := g.column(k, &scope{cols: cols})
		r, okR := g.column(k, &scope{cols: rcols})
		if okL && okR {
			n = fixed(n, optional(pick(g, " JOIN ", " LEFT JOIN "), right, " ON ", l.Name, " = ", r.Name))
			cols = append(cols[:len(cols):len(cols)], rcols...)
		}
	}
	is := &scope{cols: cols}
	both := &scope{cols: append(cols[:len(cols):len(cols)], sc.cols...)}
	var conds []*Node
	for range pick(g, 1, 1, 2, 3) {
		k := pick(g, Int, Int, Str, Date, g.anyKind())
		o, okO := g.column(k, sc)
		i, okI := g.column(k, is)
		switch {
		case okO && okI && g.chance(70):
			conds = append(conds, expr(i.Name, pick(g, " = ", " = ", " = ", " = ", " < ", " >= ", " <> ", " IS NOT DISTINCT FROM "), o.Name))
		case okO && okI && g.chance(40):
			conds = append(conds, expr(g.expr(k, is, 1), " = ", g.expr(k, sc, 1)))
		case depth > 0 && g.chance(50):
			conds = append(conds, g.correlatedPredicate(both, depth-1))
		case g.chance(50):
			conds = append(conds, g.expr(Bool, is, 1))
		default:
			conds = append(conds, g.expr(Bool, both, 1))
		}
	}
	return fixed(n, optional(" WHERE ", list(" AND ", conds...))), is
}

// correlatedPredicate makes a condition with a correlated subquery.
func (g *Gen) correlatedPredicate(sc *scope, depth int) *Node {
	k := g.anyKind()
	from, is := g.correlatedFrom(sc, depth)
	value := func() *Node { return g.expr(k, is, 1) }
	switch g.n(8) {
	case 0, 1:
		return expr(pick(g, "EXISTS", "NOT EXISTS"), " (SELECT 1", from, ")")
	case 2, 3:
		return expr("(", g.expr(k, sc, 1), pick(g, " IN ", " NOT IN "), "(SELECT ", pick(g, "", "DISTINCT "), value(), from, "))")
	case 4:
		return expr("(", g.expr(k, sc, 1), pick(g, " = ", " < ", " >= ", " <> "), pick(g, "ANY ", "ALL "), "(SELECT ", value(), from, "))")
	case 5:
		more, ms := g.correlatedFrom(sc, 0)
		return expr("(", g.expr(k, sc, 1), pick(g, " IN ", " NOT IN "), "(SELECT ", value(), from,
			pick(g, " UNION ALL ", " UNION ", " EXCEPT ", " INTERSECT "), "SELECT ", g.expr(k, ms, 1), more, "))")
	case 6:
		return expr(pick(g, "EXISTS", "NOT EXISTS"), " (SELECT ", g.aggregate(Int, is, 1), from, " HAVING count(*) ", pick(g, "> 1", "= 0", "< 3"), ")")
	default:
		return expr("(", g.expr(k, sc, 1), pick(g, " = ", " < ", " >= ", " <> "), g.correlatedValue(k, sc, depth), ")")
	}
}

// correlatedValue makes a correlated subquery that yields one value.
func (g *Gen) correlatedValue(k Kind, sc *scope, depth int) *Node {
	from, is := g.correlatedFrom(sc, depth)
	switch g.n(6) {
	case 0:
		// An aggregate of aggregates.
		if c, ok := g.column(g.anyKind(), is); ok {
			name := g.name("v")
			outer := &scope{cols: []Column{{Name: name, Kind: k}}}
			return expr("(SELECT ", g.aggregate(k, outer, 0), " FROM (SELECT ", g.aggregate(k, is, 1), " AS ", name, from, " GROUP BY ", c.Name, ") AS ", g.name("r"), ")")
		}
	case 1:
		if o, ok := g.column(k, sc); ok {
			return expr("(SELECT COALESCE(", g.aggregate(k, is, 1), ", ", o.Name, ")", from, ")")
		}
	case 2:
		return expr("(SELECT ", g.aggregate(k, is, 1), from, " HAVING count(*) ", pick(g, "> 1", "= 0", "< 3"), ")")
	}
	return expr("(SELECT ", g.aggregate(k, is, 1), from, ")")
}
