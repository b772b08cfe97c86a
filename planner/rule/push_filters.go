package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// pushFilters moves conditions down to where their columns come from:
//
//	σ[t.a > 1 AND u.b = 2 AND t.k = u.k](t × u)
//	  →  σ[a > 1](t) ⋈[t.k = u.k] σ[b = 2](u)
//
// through projections (by substitution), joins (as their kind allows), groupings
// (conditions on groups), UNION ALL and sorting, into the scans. On the way
//
//   - an outer join becomes an inner one, or a full join a left one, when a
//     condition above fails for the rows that it pads with NULLs;
//   - equal columns share their conditions: t.k = u.k AND t.k > 5 gives
//     u.k > 5 (implied.go);
//   - the uses of a common table expression together limit its rows
//     (push_cte.go);
//   - a disjunction over several tables gives each table the disjunction of
//     what concerns it, and stays: (n1 = 'F' AND n2 = 'G') OR (n1 = 'G' AND
//     n2 = 'F') gives n1 IN ('F', 'G') and n2 IN ('F', 'G') (derive.go).
//
// Refused: nothing passes LIMIT (SELECT * FROM (SELECT * FROM t LIMIT 1) WHERE
// a > 1), conditions on aggregates do not pass the grouping, conditions on the
// padded side do not pass an outer join, and volatile conditions stay where
// they are.
func pushFilters(c *Context, root logical.Node) (logical.Node, error) {
	p := &pusher{c: c}
	return p.push(root, nil, nil), nil
}

type pusher struct{ c *Context }

// rest puts what cannot go further on n.
func (p *pusher) rest(n logical.Node, conds []logical.Expr) logical.Node {
	return filtered(n, conds)
}

// push returns n under the conditions conds. nonNull are columns that cannot be
// NULL in rows that matter: a join above rejects them.
func (p *pusher) push(n logical.Node, conds []logical.Expr, nonNull map[logical.ColID]bool) logical.Node {
	conds = p.flatten(conds)
	for _, e := range conds {
		if never(e) && !logical.HasVolatile(e) {
			return empty(n)
		}
	}
	var volatile []logical.Expr
	conds, volatile = split(conds, func(e logical.Expr) bool { return !logical.HasVolatile(e) && !logical.HasSubquery(e) })
	return p.rest(p.pushInto(n, conds, nonNull), volatile)
}

// flatten splits conjunctions and drops what is true.
func (p *pusher) flatten(conds []logical.Expr) []logical.Expr {
	var out []logical.Expr
	for _, e := range conds {
		for _, x := range logical.Conjuncts(e) {
			if !truth(x) && !(len(out) <= maxFactored && containsExpr(out, x)) {
				out = append(out, x)
			}
		}
	}
	return out
}

// split divides a list by a predicate.
func split(list []logical.Expr, f func(logical.Expr) bool) (yes, no []logical.Expr) {
	for _, e := range list {
		if f(e) {
			yes = append(yes, e)
		} else {
			no = append(no, e)
		}
	}
	return yes, no
}

func (p *pusher) pushInto(n logical.Node, conds []logical.Expr, nonNull map[logical.ColID]bool) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		return p.push(n.Input, append(append([]logical.Expr{}, n.Conds...), conds...), nonNull)
	case *logical.Scan:
		if len(conds) == 0 {
			return n
		}
		m := *n
		m.Filters = addConds(n.Filters, conds...)
		return &m
	case *logical.Project:
		return p.project(n, conds, nonNull)
	case *logical.Join:
		return p.join(n, conds, nonNull)
	case *logical.AsofJoin:
		return p.asof(n, conds, nonNull)
	case *logical.Aggregate:
		return p.aggregate(n, conds)
	case *logical.Window:
		return p.window(n, conds, nonNull)
	case *logical.Sort:
		m := *n
		m.Input = p.push(n.Input, conds, nonNull)
		return &m
	case *logical.SetOp:
		return p.setOp(n, conds)
	case *logical.CTE:
		m := *n
		m.Body = p.push(n.Body, conds, nonNull)
		m.Def = p.push(n.Def, p.wanted(&m), nil)
		return &m
	case *logical.Values:
		if len(n.Rows) == 0 {
			return n
		}
	}
	return p.rest(logical.MapChildren(n, func(c logical.Node) logical.Node { return p.push(c, nil, nil) }), conds)
}

func (p *pusher) project(n *logical.Project, conds []logical.Expr, nonNull map[logical.ColID]bool) logical.Node {
	m := make(map[logical.ColID]logical.Expr, len(n.Cols))
	fixed := map[logical.ColID]bool{} // columns whose expression must not be computed twice
	below := map[logical.ColID]bool{}
	for i, c := range n.Cols {
		m[c.ID] = n.Exprs[i]
		if logical.HasVolatile(n.Exprs[i]) {
			fixed[c.ID] = true
		}
		if ref, ok := n.Exprs[i].(*logical.Column); ok && nonNull[c.ID] {
			below[ref.ID] = true
		}
	}
	down, stay := split(conds, func(e logical.Expr) bool { return !logical.RefersAny(e, fixed) })
	down = logical.ReplaceAll(down, m)
	for i := range down {
		down[i] = p.c.fold(down[i])
	}
	out := *n
	out.Input = p.push(n.Input, down, below)
	return p.rest(&out, stay)
}

// aggregate passes conditions on groups; without groups nothing passes, since
// one row comes out whatever comes in, nor with grouping sets, where a group
// may be NULL that the input has not.
func (p *pusher) aggregate(n *logical.Aggregate, conds []logical.Expr) logical.Node {
	m := make(map[logical.ColID]logical.Expr, len(n.GroupCols))
	groups := map[logical.ColID]bool{}
	for i, c := range n.GroupCols {
		m[c.ID] = n.Groups[i]
		groups[c.ID] = !logical.HasVolatile(n.Groups[i])
	}
	down, stay := split(conds, func(e logical.Expr) bool { return len(n.Groups) > 0 && n.Omit == nil && logical.RefersOnly(e, groups) })
	if len(n.Groups) > 0 && n.Omit == nil {
		down = addConds(down, p.derive(stay, groups)...)
	}
	out := *n
	out.Input = p.push(n.Input, logical.ReplaceAll(down, m), nil)
	return p.rest(&out, stay)
}

// setOp passes conditions to every input of a UNION ALL.
func (p *pusher) setOp(n *logical.SetOp, conds []logical.Expr) logical.Node {
	out := *n
	out.Inputs = make([]logical.Node, len(n.Inputs))
	if n.Kind != logical.Union || !n.All {
		for i, in := range n.Inputs {
			out.Inputs[i] = p.push(in, nil, nil)
		}
		return p.rest(&out, conds)
	}
	for i, in := range n.Inputs {
		have := map[logical.ColID]logical.Column{}
		for _, c := range in.Columns() {
			have[c.ID] = c
		}
		m := map[logical.ColID]logical.Expr{}
		for k, c := range n.Cols {
			m[c.ID] = logical.Ref(have[n.In[i][k]])
		}
		out.Inputs[i] = p.push(in, logical.ReplaceAll(conds, m), nil)
		// A side that became empty keeps its columns.
	}
	return &out
}

// join passes conditions to the sides as the kind of join allows.
func (p *pusher) join(n *logical.Join, conds []logical.Expr, nonNull map[logical.ColID]bool) logical.Node {
	lcols, rcols := logical.Produced(n.Left), logical.Produced(n.Right)
	kind := p.tighten(n.Kind, conds, nonNull, lcols, rcols)
	onlyL := func(e logical.Expr) bool { return logical.RefersOnly(e, lcols) }
	onlyR := func(e logical.Expr) bool { return logical.RefersOnly(e, rcols) && len(logical.ColumnsOf(e)) > 0 }
	out := *n
	out.Kind = kind
	switch kind {
	case logical.Inner, logical.Cross:
		all := p.flatten(append(append([]logical.Expr{}, conds...), n.On...))
		for _, e := range all {
			if never(e) {
				return empty(&out)
			}
		}
		all = p.implied(all)
		rejects := rejected(all, union(lcols, rcols), nonNull)
		l, rest := split(all, onlyL)
		r, on := split(rest, onlyR)
		l = addConds(l, p.derive(on, lcols)...)
		r = addConds(r, p.derive(on, rcols)...)
		out.Left, out.Right = p.push(n.Left, l, rejects), p.push(n.Right, r, rejects)
		out.On, out.Kind = on, logical.Inner
		if len(on) == 0 {
			out.Kind = logical.Cross
		}
		switch {
		case isEmpty(out.Left) || isEmpty(out.Right):
			return empty(&out)
		case isUnit(out.Left):
			return p.rest(out.Right, on)
		case isUnit(out.Right):
			return p.rest(out.Left, on)
		}
		return &out
	case logical.Left, logical.Single:
		down, stay := split(conds, onlyL)
		on := p.flatten(n.On)
		facts := p.implied(append(append([]logical.Expr{}, down...), on...))
		r, _ := split(facts, onlyR)
		_, keep := split(on, onlyR)
		if kind == logical.Single {
			// Fewer right rows could hide a second match only if they could
			// not match anyway: conditions of ON may move, and what they imply.
			r, keep = split(on, onlyR)
		}
		r = addConds(r, p.derive(on, rcols)...)
		out.Left = p.push(n.Left, down, nonNull)
		out.Right = p.push(n.Right, r, rejected(keep, rcols, nil))
		out.On = keep
		return p.rest(&out, stay)
	case logical.Semi, logical.Anti:
		on := p.flatten(n.On)
		facts := p.implied(append(append([]logical.Expr{}, conds...), on...))
		r, _ := split(facts, onlyR)
		_, keep := split(on, onlyR)
		down := conds
		if kind == logical.Semi {
			var l []logical.Expr
			l, keep = split(keep, onlyL)
			down = append(append([]logical.Expr{}, conds...), l...)
			more, _ := split(facts, onlyL)
			down = addConds(down, more...)
			down = addConds(down, p.derive(on, lcols)...)
		}
		r = addConds(r, p.derive(on, rcols)...)
		below := nonNull
		if kind == logical.Semi {
			below = rejected(keep, lcols, nonNull)
		}
		out.Left = p.push(n.Left, down, below)
		out.Right = p.push(n.Right, r, rejected(keep, rcols, nil))
		out.On = keep
		return &out
	case logical.NullAnti:
		out.Left = p.push(n.Left, conds, nonNull)
		out.Right = p.push(n.Right, nil, nil)
		return &out
	case logical.Mark:
		down, stay := split(conds, onlyL)
		out.Left, out.Right = p.push(n.Left, down, nil), p.push(n.Right, nil, nil)
		return p.rest(&out, stay)
	case logical.Right:
		down, stay := split(conds, onlyR)
		on := p.flatten(n.On)
		l, keep := split(on, onlyL)
		out.Left = p.push(n.Left, l, rejected(keep, lcols, nil))
		out.Right = p.push(n.Right, down, nonNull)
		out.On = keep
		return p.rest(&out, stay)
	}
	out.Left, out.Right = p.push(n.Left, nil, nil), p.push(n.Right, nil, nil)
	return p.rest(&out, conds)
}

// tighten turns an outer join into a stricter one when conditions above fail
// for padded rows.
func (p *pusher) tighten(kind logical.JoinKind, conds []logical.Expr, nonNull, lcols, rcols map[logical.ColID]bool) logical.JoinKind {
	rejects := func(side map[logical.ColID]bool) bool {
		for id := range side {
			if nonNull[id] {
				return true
			}
		}
		for _, e := range conds {
			if p.rejectsNull(e, side) {
				return true
			}
		}
		return false
	}
	switch kind {
	case logical.Left:
		if rejects(rcols) {
			return logical.Inner
		}
	case logical.Right:
		if rejects(lcols) {
			return logical.Inner
		}
	case logical.Full:
		l, r := rejects(lcols), rejects(rcols)
		switch {
		case l && r:
			return logical.Inner
		case l: // rows padded on the left fail
			return logical.Left
		case r:
			return logical.Right
		}
	}
	return kind
}

// rejectsNull reports whether e is not true when all columns of side are NULL.
func (p *pusher) rejectsNull(e logical.Expr, side map[logical.ColID]bool) bool {
	if !logical.RefersAny(e, side) {
		return false
	}
	m := map[logical.ColID]logical.Expr{}
	logical.Walk(e, func(x logical.Expr) bool {
		if c, ok := x.(*logical.Column); ok && side[c.ID] {
			m[c.ID] = &logical.Const{At: c.At, Value: types.NullOf(c.Typ)}
		}
		return true
	})
	return neverTrue(p.c.fold(logical.Replace(e, m)))
}

// neverTrue reports whether a condition cannot be true: it is false or NULL, or
// a conjunction with such a term, or a disjunction of such terms.
func neverTrue(e logical.Expr) bool {
	switch e := e.(type) {
	case *logical.And:
		for _, a := range e.Args {
			if neverTrue(a) {
				return true
			}
		}
		return false
	case *logical.Or:
		for _, a := range e.Args {
			if !neverTrue(a) {
				return false
			}
		}
		return true
	}
	return never(e)
}

// rejected adds to nonNull the columns of cols that comparisons among conds
// reject when NULL.
func rejected(conds []logical.Expr, cols, nonNull map[logical.ColID]bool) map[logical.ColID]bool {
	out := map[logical.ColID]bool{}
	for id := range nonNull {
		if cols[id] {
			out[id] = true
		}
	}
	for _, e := range conds {
		c, ok := e.(*logical.Compare)
		if !ok || c.Op == logical.Distinct || c.Op == logical.NotDistinct {
			continue
		}
		for _, side := range []logical.Expr{c.Left, c.Right} {
			for {
				k, ok := side.(*logical.Cast)
				if !ok || k.Try {
					break
				}
				side = k.Arg
			}
			if col, ok := side.(*logical.Column); ok && cols[col.ID] {
				out[col.ID] = true
			}
		}
	}
	return out
}

// isUnit reports whether n is one row without columns, which a product may lose.
func isUnit(n logical.Node) bool {
	v, ok := n.(*logical.Values)
	return ok && len(v.Rows) == 1 && len(v.Cols) == 0
}

// isEmpty reports whether n is known to have no rows.
func isEmpty(n logical.Node) bool {
	v, ok := n.(*logical.Values)
	return ok && len(v.Rows) == 0
}
