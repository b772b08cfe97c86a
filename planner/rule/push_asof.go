package rule

import "github.com/gannetdb/gannet/planner/logical"

// asof passes conditions to the sides of an ASOF join. Those on the left side
// decide which rows look for a partner, so they pass unless right rows without
// one come out; those above on the right side do not pass, since a row that
// they reject may be the nearest:
//
//	SELECT * FROM l ASOF JOIN r ON l.t >= r.t WHERE r.v > 1
//
// Conditions of the join itself choose among the right rows and pass, unless
// these come out in any case.
func (p *pusher) asof(n *logical.AsofJoin, conds []logical.Expr, nonNull map[logical.ColID]bool) logical.Node {
	lcols, rcols := logical.Produced(n.Left), logical.Produced(n.Right)
	onlyL := func(e logical.Expr) bool { return logical.RefersOnly(e, lcols) && !logical.HasVolatile(e) }
	onlyR := func(e logical.Expr) bool {
		return logical.RefersOnly(e, rcols) && len(logical.ColumnsOf(e)) > 0 && !logical.HasVolatile(e)
	}
	out := *n
	out.Kind = p.tighten(n.Kind, conds, nonNull, lcols, rcols)
	stay := conds
	var l, r []logical.Expr
	out.On = p.flatten(n.On)
	switch out.Kind {
	case logical.Inner, logical.Left, logical.Semi, logical.Anti:
		l, stay = split(conds, onlyL)
		r, out.On = split(out.On, onlyR)
	}
	if out.Kind == logical.Inner || out.Kind == logical.Semi {
		var more []logical.Expr
		more, out.On = split(out.On, onlyL)
		l = addConds(l, more...)
	}
	out.Left, out.Right = p.push(n.Left, l, nil), p.push(n.Right, r, nil)
	return p.rest(&out, stay)
}
