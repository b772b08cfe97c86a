package joinorder

import (
	"math"
	"slices"

	"github.com/gannetdb/gannet/planner/logical"
)

// order solves the block and builds its plan.
func (b *block) order() logical.Node {
	b.analyse()
	b.makeEdges()
	t := b.solve()
	if t == nil {
		// No order obeys all rules, which cannot be: the one as written does.
		t = b.asWritten()
	}
	n := b.build(t, b.o)
	// Conditions without columns of the block, or on attachments alone.
	var rest []logical.Expr
	for i := range b.conds {
		if c := &b.conds[i]; c.rels.empty() {
			rest = append(rest, c.expr)
		}
	}
	return filterOn(n, rest...)
}

// boundFrom is how many relations make it worth knowing some tree before the best
// one is looked for.
const boundFrom = 7

// solve finds the best tree: by dynamic programming for each connected part,
// the parts then being multiplied from the smallest on.
func (b *block) solve() *tree {
	s := &search{b: b, best: map[set]*tree{}, bound: math.Inf(1)}
	var all set
	for i := range b.rels {
		all = all.or(single(i))
	}
	comp := b.components()
	var known *tree
	if len(b.rels) >= boundFrom && !slices.ContainsFunc(comp, func(c int) bool { return c != comp[0] }) {
		var leaves []*tree
		for i := range b.rels {
			leaves = append(leaves, b.leaf(i))
		}
		if known = b.greedy(leaves); known != nil {
			s.bound = known.cost
		}
	}
	exact := s.run()
	if exact {
		if t := s.best[all]; t != nil {
			return t
		}
	}
	if known != nil {
		return known
	}
	var parts []*tree
	for i := range b.rels {
		if comp[i] != i && slices.Contains(comp[:i], comp[i]) {
			continue
		}
		var members set
		for k := range comp {
			if comp[k] == comp[i] {
				members = members.or(single(k))
			}
		}
		if exact {
			if t := s.best[members]; t != nil {
				parts = append(parts, t)
				continue
			}
		}
		var leaves []*tree
		for _, k := range members.members() {
			leaves = append(leaves, b.leaf(k))
		}
		t := b.greedy(leaves)
		if t == nil {
			return nil
		}
		parts = append(parts, t)
	}
	return b.greedy(parts)
}

// asWritten joins the relations from left to right.
func (b *block) asWritten() *tree {
	t := b.leaf(0)
	for i := 1; i < len(b.rels); i++ {
		r := b.leaf(i)
		n := &tree{rels: t.rels.or(r.rels), left: t, right: r}
		n.card, n.width = b.size(t, r)
		t = n
	}
	return t
}

// build makes the plan of a tree.
func (b *block) build(t *tree, o *orderer) logical.Node {
	if t.left == nil {
		r := b.rels[t.rel]
		var own []logical.Expr
		if r.attach == nil {
			for i := range b.conds {
				if c := &b.conds[i]; c.rels == t.rels {
					own = append(own, c.expr)
				}
			}
		}
		return filterOn(r.node, own...)
	}
	left, right := b.build(t.left, o), b.build(t.right, o)
	var complete []logical.Expr
	attached := t.right.left == nil && b.rels[t.right.rel].attach != nil
	for i := range b.conds {
		c := &b.conds[i]
		if !c.rels.subsetOf(t.rels) || c.rels.subsetOf(t.left.rels) {
			continue
		}
		if c.rels.subsetOf(t.right.rels) && !attached {
			continue
		}
		complete = append(complete, c.expr)
	}
	if attached {
		at := b.rels[t.right.rel].attach
		var n logical.Node = &logical.Join{Kind: at.kind, Left: left, Right: right, On: at.on, MarkCol: at.mark}
		if at.kind == logical.Left && t.right.card*t.right.width > 2*t.left.card*t.left.width {
			// The smaller side is the one to build from.
			n = &logical.Join{Kind: logical.Right, Left: right, Right: left, On: at.on}
		}
		if len(complete) > 0 {
			n = &logical.Filter{Input: n, Conds: complete}
		}
		return n
	}
	var on []logical.Expr
	for _, cl := range b.classes {
		l, okL := cl.pick(t.left.rels)
		r, okR := cl.pick(t.right.rels)
		if okL && okR {
			on = append(on, &logical.Compare{At: l.At, Op: logical.Eq, Left: &l, Right: &r})
		}
	}
	on = append(on, complete...)
	kind := logical.Inner
	if len(on) == 0 {
		kind = logical.Cross
	}
	return &logical.Join{Kind: kind, Left: left, Right: right, On: on}
}

// pick returns a column of the class that s has.
func (cl *class) pick(s set) (logical.Column, bool) {
	for k, c := range cl.cols {
		if s.has(cl.rels[k]) {
			return c, true
		}
	}
	return logical.Column{}, false
}
