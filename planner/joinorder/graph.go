package joinorder

import "math/bits"

// edge is a hyperedge: a condition that connects the relations of u with those
// of v once each side is together. Some stand for no condition: where parts
// that nothing connects must come together before an attachment.
type edge struct {
	u, v set
}

// addEdge adds a hyperedge; those between two single relations are kept as
// adjacency, where they are fast to ask about.
func (b *block) addEdge(u, v set) {
	if u.empty() || v.empty() || u.meets(v) {
		return
	}
	if u.count() == 1 && v.count() == 1 {
		i, j := u.min(), v.min()
		b.adjacent[i] = b.adjacent[i].or(v)
		b.adjacent[j] = b.adjacent[j].or(u)
		return
	}
	for _, e := range b.edges {
		if e.u == u && e.v == v || e.u == v && e.v == u {
			return
		}
	}
	b.edges = append(b.edges, edge{u, v})
}

// makeEdges builds the hypergraph.
func (b *block) makeEdges() {
	b.adjacent = make([]set, len(b.rels))
	add := b.addEdge
	for _, cl := range b.classes {
		m := cl.all.members()
		for i := range m {
			for j := i + 1; j < len(m); j++ {
				add(single(m[i]), single(m[j]))
			}
		}
	}
	for _, c := range b.conds {
		if b.attached(c.rels) {
			continue // a filter after the attachment, no connection
		}
		switch {
		case !c.left.empty():
			add(c.left, c.right)
		case c.rels.count() == 2:
			m := c.rels.members()
			add(single(m[0]), single(m[1]))
		}
	}
	// What an attachment needs must come together before it, and so must the
	// sides of a hyperedge.
	for i, r := range b.rels {
		if r.attach != nil {
			b.connect(r.attach.needs)
			if r.attach.needs.empty() {
				add(b.anchor(i), single(i))
			} else {
				add(r.attach.needs, single(i))
			}
		}
	}
	for _, c := range b.conds {
		if !b.attached(c.rels) {
			b.connect(c.left)
			b.connect(c.right)
		}
	}
}

// attached reports whether s has a relation that is attached.
func (b *block) attached(s set) bool {
	for _, i := range s.members() {
		if b.rels[i].attach != nil {
			return true
		}
	}
	return false
}

// anchor is what an attachment without a condition is joined to: the relation
// that a filter compares it with, so that the filter comes as early as it can,
// or else the first relation.
func (b *block) anchor(i int) set {
	for _, c := range b.conds {
		if others := c.rels.minus(single(i)); c.rels.has(i) && others.count() == 1 && !b.attached(others) {
			return others
		}
	}
	for k, r := range b.rels {
		if r.attach == nil && k != i {
			return single(k)
		}
	}
	return set{}
}

// connect adds cross edges between members of s that nothing connects.
func (b *block) connect(s set) {
	m := s.members()
	if len(m) < 2 {
		return
	}
	comp := b.components()
	for _, i := range m[1:] {
		if comp[i] == comp[m[0]] {
			continue
		}
		b.addEdge(single(m[0]), single(i))
		old := comp[i]
		for k := range comp {
			if comp[k] == old {
				comp[k] = comp[m[0]]
			}
		}
	}
}

// components numbers the connected parts of the graph.
func (b *block) components() []int {
	comp := make([]int, len(b.rels))
	for i := range comp {
		comp[i] = i
	}
	for changed := true; changed; {
		changed = false
		for i, a := range b.adjacent {
			for _, k := range a.members() {
				if comp[k] != comp[i] {
					least := min(comp[k], comp[i])
					comp[k], comp[i] = least, least
					changed = true
				}
			}
		}
		for _, e := range b.edges {
			all := e.u.or(e.v).members()
			least := comp[all[0]]
			for _, i := range all {
				least = min(least, comp[i])
			}
			for _, i := range all {
				if comp[i] != least {
					comp[i] = least
					changed = true
				}
			}
		}
	}
	return comp
}

// around is the set of relations that simple edges join to some member of s.
func (b *block) around(s set) set {
	var out set
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			out = out.or(b.adjacent[w<<6+bits.TrailingZeros64(word)])
		}
	}
	return out
}

// connected reports whether some edge joins s1 with s2.
func (b *block) connected(s1, s2 set) bool {
	if b.around(s1).meets(s2) {
		return true
	}
	for i := range b.edges {
		e := &b.edges[i]
		if e.u.subsetOf(s1) && e.v.subsetOf(s2) || e.u.subsetOf(s2) && e.v.subsetOf(s1) {
			return true
		}
	}
	return false
}

// neighbours is DPhyp's neighbourhood of s without the relations in x: of each
// hyperedge that starts within s, the least relation of the other side.
func (b *block) neighbours(s, x set) set {
	no := s.or(x)
	out := b.around(s).minus(no)
	for i := range b.edges {
		e := &b.edges[i]
		if e.u.subsetOf(s) && !e.v.meets(no) {
			out = out.or(single(e.v.min()))
		}
		if e.v.subsetOf(s) && !e.u.meets(no) {
			out = out.or(single(e.u.min()))
		}
	}
	return out
}
