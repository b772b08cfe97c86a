package rule

import "github.com/gannetdb/gannet/planner/logical"

// decorrelator frees a plan of references to the outer query by taking the
// conjuncts that contain them out of filters and inner joins; they become
// conditions of the join with the outer query:
//
//	semi join(O, σ[i.k = o.k AND p](I))  →  semi join(O, σ[p](I)) ON i.k = o.k
//
// It is sound because a filter on the subquery's result rows is a condition on
// pairs, and filters commute with inner joins, with the left side of outer and
// semi joins, and with projections that keep the columns they use. They do not
// commute with LIMIT, and with aggregation only when grouped by the columns used.
type decorrelator struct {
	outer map[logical.ColID]bool
	// exists: only whether there are rows matters, so projections, sorting and
	// duplicate elimination at the top can go.
	exists bool
	// values: the projected expressions matter and may themselves refer to the
	// outer query.
	values bool
	conds  []logical.Expr
}

// pull returns n without the correlated conjuncts; ok is false when some
// reference cannot be removed. The columns that the conjuncts use come out.
func (d *decorrelator) pull(n logical.Node, top bool) (logical.Node, bool) {
	if !freeOf(n, d.outer) {
		if top && d.exists {
			return d.strip(n), true
		}
		return n, true
	}
	switch n := n.(type) {
	case *logical.Filter:
		// What is below produces the columns of the conditions, and a LIMIT
		// there counts rows before they are filtered: nothing of it can go.
		in, ok := d.pull(n.Input, false)
		if !ok {
			return nil, false
		}
		return filtered(in, d.take(n.Conds)), true
	case *logical.Project:
		if top && d.exists {
			return d.pull(n.Input, true)
		}
		for _, e := range n.Exprs {
			if logical.RefersAny(e, d.outer) {
				return nil, false
			}
		}
		before := len(d.conds)
		in, ok := d.pull(n.Input, false)
		if !ok {
			return nil, false
		}
		return d.keep(n, in, before), true
	case *logical.Sort:
		if top && d.exists {
			return d.pull(n.Input, true)
		}
		in, ok := d.pull(n.Input, false)
		if !ok || d.inExprs(n) {
			return nil, false
		}
		return &logical.Sort{Input: in, Keys: n.Keys}, true
	case *logical.Aggregate:
		if len(n.Aggs) > 0 || len(n.Groups) == 0 {
			return nil, false
		}
		if top && d.exists {
			return d.pull(n.Input, true)
		}
		// DISTINCT below conditions on its own columns.
		before := len(d.conds)
		in, ok := d.pull(n.Input, false)
		if !ok || d.inExprs(n) {
			return nil, false
		}
		have := logical.Produced(n)
		for _, e := range d.conds[before:] {
			for id := range logical.ColumnsOf(e) {
				if !d.outer[id] && !have[id] {
					return nil, false
				}
			}
		}
		m := *n
		m.Input = in
		return &m, true
	case *logical.Limit:
		// EXISTS asks for one row: LIMIT n with n > 0 changes nothing.
		if k, ok := n.Count.(*logical.Const); top && d.exists && ok && n.Offset == nil && !n.Percent && !k.Value.IsNull && k.Value.I > 0 {
			return d.pull(n.Input, true)
		}
		return nil, false
	case *logical.Join:
		switch n.Kind {
		case logical.Inner, logical.Cross:
			l, ok1 := d.pull(n.Left, false)
			r, ok2 := d.pull(n.Right, false)
			if !ok1 || !ok2 {
				return nil, false
			}
			on := d.take(n.On)
			kind := logical.Inner
			if len(on) == 0 {
				kind = logical.Cross
			}
			return &logical.Join{Kind: kind, Left: l, Right: r, On: on}, true
		case logical.Left, logical.Semi, logical.Anti, logical.NullAnti, logical.Mark, logical.Single:
			if freeOf(n.Right, d.outer) || d.inExprs(n) {
				return nil, false
			}
			l, ok := d.pull(n.Left, false)
			if !ok {
				return nil, false
			}
			m := *n
			m.Left = l
			return &m, true
		}
	}
	return nil, false
}

// take keeps the uncorrelated conjuncts and moves the others to d.conds.
func (d *decorrelator) take(conds []logical.Expr) []logical.Expr {
	var rest []logical.Expr
	for _, e := range conds {
		if logical.RefersAny(e, d.outer) {
			d.conds = append(d.conds, e)
		} else {
			rest = append(rest, e)
		}
	}
	return rest
}

func (d *decorrelator) inExprs(n logical.Node) bool {
	for _, e := range logical.Exprs(n) {
		if logical.RefersAny(e, d.outer) {
			return true
		}
	}
	return false
}

// keep makes a projection pass on the columns that the conjuncts taken since
// before use.
func (d *decorrelator) keep(p *logical.Project, in logical.Node, before int) logical.Node {
	m := &logical.Project{Input: in, Cols: append([]logical.Column{}, p.Cols...), Exprs: append([]logical.Expr{}, p.Exprs...)}
	out := map[logical.ColID]bool{}
	for _, c := range m.Cols {
		out[c.ID] = true
	}
	used := map[logical.ColID]bool{}
	for _, e := range d.conds[before:] {
		logical.AddColumns(e, used)
	}
	for _, c := range in.Columns() {
		if used[c.ID] && !out[c.ID] {
			m.Cols = append(m.Cols, c)
			m.Exprs = append(m.Exprs, logical.Ref(c))
		}
	}
	return m
}

// strip removes from an uncorrelated EXISTS what does not change whether there
// are rows.
func (d *decorrelator) strip(n logical.Node) logical.Node {
	for {
		switch m := n.(type) {
		case *logical.Project:
			n = m.Input
			continue
		case *logical.Sort:
			n = m.Input
			continue
		}
		return n
	}
}
