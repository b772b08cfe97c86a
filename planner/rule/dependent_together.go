package rule

import (
	"errors"
	"slices"

	"github.com/gannetdb/gannet/planner/logical"
)

// errNeedsDomain ends an attempt to do without D.
var errNeedsDomain = errors.New("the left side's values are needed")

// maxTogether bounds the attempts of one query, which otherwise could double
// with every level of nesting.
const maxTogether = 100

// pull frees n of references to the left side (see dependent).
func (p *puller) pull(n logical.Node) (*dependent, error) {
	outside := p.anyRows
	switch n := n.(type) {
	case *logical.Filter, *logical.Project, *logical.Sort, *logical.CTE, *logical.DependentJoin:
	case *logical.Aggregate:
		p.anyRows = len(n.Groups) > 0 && len(n.Aggs) == 0
	case *logical.Join:
		p.anyRows = outside && n.Kind != logical.Single
	case *logical.SetOp:
		p.anyRows = outside && n.Kind == logical.Union
	default:
		p.anyRows = false
	}
	in, err := p.free(n)
	p.anyRows = outside
	if err == nil && p.needed {
		err = errNeedsDomain
	}
	return in, err
}

// together frees the right side of a dependent join within the right side from
// both left sides at once, so that conditions over the outermost pass:
//
//	o ⋉dep (l ⋉dep σ[x < o.a AND y = l.b](r))  →  o ⋉[x < o.a] (l ⋈[y = l.b] r)
//
// for which a semi join has to be an inner one. It may, where it does not
// matter how often a row comes. nil: that cannot be had, since a value of the
// outermost side is needed below, or it is no gain.
func (p *puller) together(n *logical.DependentJoin, l *dependent, refs map[logical.ColID]bool) *dependent {
	semi := n.Kind == logical.Semi && p.anyRows
	if !semi && n.Kind != logical.Inner && n.Kind != logical.Cross || p.u.together >= maxTogether {
		return nil
	}
	bound := p.bound(l)
	gain := false
	for id := range refs {
		gain = gain || bound[id] == nil
	}
	if !gain {
		return nil
	}
	p.u.together++
	sub := &puller{u: p.u, left: l.node, outer: map[logical.ColID]bool{}, cols: map[logical.ColID]logical.Column{},
		noDomain: true, anyRows: semi || p.anyRows}
	for _, id := range p.order {
		sub.outer[id], sub.cols[id] = true, p.cols[id]
		sub.order = append(sub.order, id)
	}
	of := outerColumns(l.node, n.Right)
	for _, c := range l.node.Columns() {
		if slices.Contains(of, c.ID) {
			sub.outer[c.ID], sub.cols[c.ID] = true, c
			sub.order = append(sub.order, c.ID)
		}
	}
	r, err := sub.pull(n.Right)
	if err != nil || r.pad != nil {
		return nil
	}
	moved, own := split(append(slices.Clone(r.conds), n.On...), func(e logical.Expr) bool { return logical.RefersAny(e, p.outer) })
	return &dependent{node: innerJoin(l.node, r.node, own), conds: append(slices.Clone(l.conds), moved...),
		unique: l.unique && r.unique && !semi}
}
