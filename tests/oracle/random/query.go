package random

import "strconv"

// Query is a query as a tree.
type Query struct {
	Root  *Node
	order *Node // the ORDER BY of the whole, nil if there is none
}

// SQL gives the text.
func (q *Query) SQL() string { return q.Root.String() }

// Ordered tells whether the order of the rows is determined.
func (q *Query) Ordered() bool {
	for n := q.Root; n.by != nil; n = n.by {
		return false // an inner query took the place of the whole
	}
	return q.order != nil && !q.order.gone
}

// output is a column of a query's result, with the nodes that make it.
type output struct {
	col  Column
	item *Node
}

// Query makes a query over the tables.
func (g *Gen) Query() *Query {
	g.names = 0
	depth := 2
	root := &Node{Role: Select}
	var ctes []*Node
	var sources []source
	if g.chance(15) {
		for range 1 + g.n(2) {
			name := g.name("w")
			body, outs := g.selectOf(1, sources, false)
			ctes = append(ctes, fixed(name, " AS ", pick(g, "", "", "MATERIALIZED "), "(", body, ")"))
			sources = append(sources, source{name, columnsOf(outs)})
		}
		root.Kids = append(root.Kids, optional("WITH ", list(", ", ctes...), " "))
	}
	body, outs := g.selectOf(depth, sources, true)
	root.Kids = append(root.Kids, body)
	q := &Query{Root: root}
	if g.chance(40) {
		q.order = g.orderBy(outs, g.chance(50))
		root.Kids = append(root.Kids, q.order)
	}
	return q
}

// source is something a FROM clause may name.
type source struct {
	name string
	cols []Column
}

func columnsOf(outs []output) []Column {
	cols := make([]Column, len(outs))
	for i, o := range outs {
		cols[i] = o.col
	}
	return cols
}

func (g *Gen) name(prefix string) string {
	g.names++
	return prefix + strconv.Itoa(g.names)
}

// orderBy makes an ORDER BY over all columns, with or without a LIMIT.
func (g *Gen) orderBy(outs []output, limit bool) *Node {
	var items []*Node
	for _, i := range g.rnd.Perm(len(outs)) {
		item := fixed(outs[i].col.Name, pick(g, "", " ASC", " DESC"), optional(pick(g, "", " NULLS FIRST", " NULLS LAST")))
		link(item, outs[i].item)
		items = append(items, item)
	}
	// Without a LIMIT a column of the order may go alone, but then the order
	// is no longer determined; so items go with their columns only.
	keys := &Node{Sep: ", ", Kids: items}
	if !limit {
		return optional(" ORDER BY ", keys)
	}
	count := optional(" LIMIT ", strconv.Itoa(pick(g, 0, 1, 2, 5, 10, 100)))
	if g.chance(10) {
		count = nil
	}
	var offset *Node
	if count == nil || g.chance(40) {
		offset = optional(" OFFSET ", strconv.Itoa(pick(g, 0, 1, 3, 20)))
	}
	return optional(" ORDER BY ", keys, count, offset)
}

// selectOf makes a query without an ORDER BY, of at most depth levels below.
func (g *Gen) selectOf(depth int, sources []source, top bool) (*Node, []output) {
	if !g.chance(8) {
		return g.core(depth, sources, nil)
	}
	// A set operation: the branches have columns of the same kinds.
	kinds := make([]Kind, 1+g.n(3))
	for i := range kinds {
		kinds[i] = g.anyKind()
	}
	var branches []*Node
	outs := make([]output, len(kinds))
	gone := make([]*Node, len(kinds))
	for b := range 2 + g.n(2) {
		body, o := g.core(depth-1, sources, kinds)
		for i := range o {
			if b == 0 {
				outs[i], gone[i] = o[i], o[i].item
			} else {
				link(gone[i], o[i].item)
			}
		}
		branches = append(branches, body)
	}
	n := list(pick(g, " UNION ALL ", " UNION ALL ", " UNION ", " EXCEPT ", " INTERSECT "), branches...)
	return &Node{Role: Select, Kids: []*Node{n}}, outs
}

// core makes SELECT … FROM … WHERE … GROUP BY … HAVING. kinds are those of the
// columns, nil for any.
func (g *Gen) core(depth int, sources []source, kinds []Kind) (*Node, []output) {
	from, sc := g.from(depth, sources)
	sc.sub = depth > 1
	if kinds == nil {
		kinds = make([]Kind, 1+g.n(4))
		for i := range kinds {
			kinds[i] = g.anyKind()
		}
	}
	var where *Node
	if g.chance(50) {
		where = optional(" WHERE ", g.predicate(sc, depth))
	}
	if g.chance(35) {
		return g.grouped(from, where, sc, kinds)
	}
	var items []*Node
	var outs []output
	for _, k := range kinds {
		d := pick(g, 0, 0, 1, 2, 3)
		o := g.item(g.expr(k, sc, d), k)
		items, outs = append(items, o.item), append(outs, o)
	}
	distinct := optional(pick(g, "", "", "", "", "DISTINCT "))
	return seq(Select, "SELECT ", distinct, list(", ", items...), optional(" FROM ", from, where)), outs
}

func (g *Gen) item(e *Node, k Kind) output {
	name := g.name("x")
	return output{Column{Name: name, Kind: k}, fixed(e, " AS ", name)}
}

// grouped makes a query with aggregates.
func (g *Gen) grouped(from, where *Node, sc *scope, kinds []Kind) (*Node, []output) {
	inner := *sc
	inner.sub = false
	numKeys := pick(g, 0, 1, 1, 1, 2, 2, 3)
	gs := &scope{agg: &inner}
	plain := true // the items that are no keys are calls of aggregates alone
	var items, keyItems []*Node
	var outs []output
	for i, k := range kinds {
		if i >= numKeys {
			o := g.item(g.expr(k, gs, pick(g, 0, 0, 1, 2)), k)
			if len(gs.keys) == 0 || g.chance(60) {
				if a := g.aggregate(k, &inner, 2); a != nil {
					o = g.item(a, k)
				} else {
					plain = false
				}
			} else {
				plain = false
			}
			items, outs = append(items, o.item), append(outs, o)
			continue
		}
		e := g.expr(k, &inner, pick(g, 0, 0, 0, 1, 2))
		if c, ok := g.column(k, &inner); ok && g.chance(60) {
			e = expr(c.Name)
		}
		if c := e.String()[0]; c >= '0' && c <= '9' || c == '(' && e.size() <= 2 {
			e = expr("CAST(", e, " AS BIGINT)") // a bare number would be a position
		}
		o := g.item(e, k)
		by := fixed(e)
		link(by, o.item)
		gs.keys = append(gs.keys, key{e, k})
		items, outs, keyItems = append(items, o.item), append(outs, o), append(keyItems, by)
	}
	for len(keyItems) < numKeys && g.chance(50) { // keys that are not selected
		k := g.anyKind()
		if c, ok := g.column(k, &inner); ok {
			keyItems = append(keyItems, fixed(c.Name))
		} else {
			break
		}
	}
	parts := []any{"SELECT ", list(", ", items...), " FROM ", from, where}
	having := g.chance(20)
	if len(keyItems) > 0 {
		if !having && plain && g.chance(30) && len(keyItems) == len(gs.keys) {
			parts = append(parts, optional(" GROUP BY ALL"))
		} else {
			parts = append(parts, optional(" GROUP BY ", list(", ", keyItems...)))
		}
	}
	if having {
		parts = append(parts, optional(" HAVING ", g.expr(Bool, gs, 2)))
	}
	return seq(Select, parts...), outs
}

// from makes a FROM clause and the scope of its columns.
func (g *Gen) from(depth int, sources []source) (*Node, *scope) {
	g.cross = 1
	first, cols, rows := g.relation(depth, sources)
	n := fixed(first)
	total := rows
	for range pick(g, 0, 0, 0, 1, 1, 1, 2, 2, 3) {
		right, rcols, rrows := g.relation(0, sources)
		if total*rrows > 100_000 {
			break
		}
		kind := pick(g, "JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "SEMI JOIN", "ANTI JOIN")
		if kind == "CROSS JOIN" {
			comma := g.chance(50)
			n = fixed(n, optional(map[bool]string{false: " CROSS JOIN ", true: ", "}[comma], right))
			if comma || total*rrows > 5000 { // a comma binds weaker than JOIN
				cols = append(cols[:len(cols):len(cols)], rcols...)
				break
			}
		} else {
			n = fixed(n, optional(" ", kind, " ", right, " ON ", g.joinCondition(cols, rcols)))
		}
		total = max(total, min(total*rrows, 100_000))
		if kind != "SEMI JOIN" && kind != "ANTI JOIN" {
			cols = append(cols[:len(cols):len(cols)], rcols...)
		}
	}
	return n, &scope{cols: cols}
}

// relation makes a table, a derived table or a name of sources, under an alias;
// the number of its rows is a guess.
func (g *Gen) relation(depth int, sources []source) (*Node, []Column, int) {
	alias := g.name("r")
	var cols []Column
	var n *Node
	rows := 20
	switch {
	case len(sources) > 0 && g.chance(50):
		s := pick(g, sources...)
		n, cols = fixed(s.name, " AS ", alias), s.cols
		rows = 200
	case depth > 0 && g.chance(20):
		body, outs := g.selectOf(depth-1, nil, false)
		var order *Node
		if g.chance(30) {
			order = g.orderBy(outs, true)
		}
		n, cols = fixed("(", body, order, ") AS ", alias), columnsOf(outs)
		rows = 200
	default:
		t := pick(g, g.tables...)
		n, cols = fixed(t.Name, " AS ", alias), t.Columns
		rows = len(t.Rows)
	}
	qualified := make([]Column, len(cols))
	for i, c := range cols {
		c.Name = alias + "." + c.Name
		qualified[i] = c
	}
	return n, qualified, max(rows, 1)
}

// joinCondition makes one to three equalities and now and then a residual, or
// something without an equality.
func (g *Gen) joinCondition(left, right []Column) *Node {
	both := &scope{cols: append(left[:len(left):len(left)], right...)}
	if g.chance(8) {
		return g.expr(Bool, both, 2)
	}
	var conds []*Node
	ls, rs := &scope{cols: left}, &scope{cols: right}
	for range pick(g, 1, 1, 1, 2, 2, 3) {
		k := pick(g, Int, Int, Str, Date, g.anyKind())
		l, okL := g.column(k, ls)
		r, okR := g.column(k, rs)
		switch {
		case okL && okR && g.chance(85):
			conds = append(conds, expr(l.Name, pick(g, " = ", " = ", " = ", " = ", " IS NOT DISTINCT FROM "), r.Name))
		case g.chance(50):
			conds = append(conds, expr(g.expr(k, ls, 1), " = ", g.expr(k, rs, 1)))
		default:
			conds = append(conds, expr(g.expr(Int, ls, 0), " = ", g.expr(Int, rs, 0)))
		}
	}
	if g.chance(25) {
		conds = append(conds, g.expr(Bool, both, 2))
	}
	return list(" AND ", conds...)
}

// predicate makes a WHERE condition.
func (g *Gen) predicate(sc *scope, depth int) *Node {
	var conds []*Node
	for range pick(g, 1, 1, 1, 2, 2, 3) {
		if depth > 1 && g.chance(15) {
			conds = append(conds, g.subqueryPredicate(sc))
			continue
		}
		conds = append(conds, g.expr(Bool, sc, pick(g, 1, 2, 2, 3)))
	}
	if len(conds) == 1 {
		return conds[0]
	}
	return expr(list(pick(g, " AND ", " AND ", " AND ", " OR "), conds...))
}

// inner makes FROM t AS r [WHERE …] of a subquery, correlated with that chance.
func (g *Gen) inner(sc *scope, correlated int) (*Node, *scope) {
	rel, cols, _ := g.relation(0, nil)
	is := &scope{cols: cols}
	var conds []*Node
	if g.chance(correlated) {
		for range pick(g, 1, 1, 2) {
			k := pick(g, Int, Str, Date, Int, g.anyKind())
			o, okO := g.column(k, sc)
			i, okI := g.column(k, is)
			if okO && okI {
				conds = append(conds, expr(i.Name, " = ", o.Name))
			}
		}
	}
	if g.chance(35) {
		conds = append(conds, g.expr(Bool, is, 1))
	}
	n := fixed(" FROM ", rel)
	if len(conds) > 0 {
		n = fixed(n, optional(" WHERE ", list(" AND ", conds...)))
	}
	return n, is
}

func (g *Gen) subqueryPredicate(sc *scope) *Node {
	if g.chance(50) {
		return g.correlatedPredicate(sc, g.n(3))
	}
	k := g.anyKind()
	switch g.n(4) {
	case 0:
		from, _ := g.inner(sc, 80)
		return expr(pick(g, "EXISTS", "NOT EXISTS"), " (SELECT 1", from, ")")
	case 1:
		return expr("(", g.expr(k, sc, 1), pick(g, " = ", " < ", " >= ", " <> "), g.scalarSubquery(k, sc), ")")
	default:
		from, is := g.inner(sc, 20)
		return expr("(", g.expr(k, sc, 1), pick(g, " IN ", " IN ", " NOT IN "), "(SELECT ", g.expr(k, is, 1), from, "))")
	}
}

// scalarSubquery makes a subquery that yields one value.
func (g *Gen) scalarSubquery(k Kind, sc *scope) *Node {
	if g.chance(40) {
		return g.correlatedValue(k, sc, g.n(2))
	}
	from, is := g.inner(sc, 15)
	return expr("(SELECT ", g.aggregate(k, is, 1), from, ")")
}
