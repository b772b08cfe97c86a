package rule

import (
	"slices"

	"github.com/gannetdb/gannet/planner/logical"
)

// asof lets the conditions of the left side pass, as attach does; those of the
// right side choose among its rows, like the join's own:
//
//	L ⋈dep (a ASOF b, b.k = l.k)  →  L ⋈ (a, l.k) ASOF b on b.k = l.k
//
// The inequality itself is over the two sides alone.
func (p *puller) asof(n *logical.AsofJoin) (*dependent, error) {
	switch n.Kind {
	case logical.Inner, logical.Left, logical.Semi, logical.Anti:
	default:
		return nil, p.refuse(n, "a correlated subquery with an ASOF "+n.Kind.String()+" JOIN")
	}
	l, err := p.pulled(n.Left)
	if err != nil {
		return nil, err
	}
	r, err := p.pulled(n.Right)
	if err != nil {
		return nil, err
	}
	l, m := p.bind(l, p.refs(append(slices.Clip(n.On), r.conds...)...))
	j := *n
	j.Left, j.Right = l.node, r.node
	j.On = append(logical.ReplaceAll(slices.Clip(r.conds), m), logical.ReplaceAll(n.On, m)...)
	return &dependent{node: &j, conds: l.conds, unique: l.unique}, nil
}
