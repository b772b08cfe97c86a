package joinorder

// MaxPairs bounds the pairs of connected sets that dynamic programming compares;
// beyond, the order is chosen greedily. That is a star of eleven relations, or a
// longer chain, and some 10 ms.
const MaxPairs = 10_000

// tree is a join tree over a set of relations.
type tree struct {
	rels        set
	left, right *tree // nil: a relation
	rel         int
	card        float64 // estimated rows
	width       float64 // mean bytes of a row
	cost        float64
}

// search is one run of DPhyp.
type search struct {
	b     *block
	best  map[set]*tree
	pairs int
	steps int
	// bound is the cost of a tree that is known: what costs as much is no part of
	// a better one.
	bound float64
}

// maxSteps bounds the recursion of DPhyp where subsets multiply without
// giving pairs.
const maxSteps = 4 * MaxPairs

// over reports whether the budget ran out or nobody waits for the answer.
func (s *search) over() bool {
	if s.pairs&1023 == 0 && s.b.o.ctx.Err() != nil {
		return true
	}
	return s.pairs > MaxPairs || s.steps > maxSteps
}

// run enumerates all pairs; ok is false when the budget ran out.
func (s *search) run() (ok bool) {
	n := len(s.b.rels)
	for i := range n {
		s.best[single(i)] = s.b.leaf(i)
	}
	for i := n - 1; i >= 0 && !s.over(); i-- {
		v := single(i)
		s.emitCsg(v)
		s.csgRec(v, upTo(i))
	}
	return !s.over()
}

// subsets calls f for the non-empty subsets of n.
func (s *search) subsets(n set, f func(set)) {
	m := n.members()
	if len(m) > 20 {
		s.steps = maxSteps + 1
		return
	}
	for bits := 1; bits < 1<<len(m) && !s.over(); bits++ {
		s.steps++
		var sub set
		for i, v := range m {
			if bits>>i&1 != 0 {
				sub = sub.or(single(v))
			}
		}
		f(sub)
	}
}

func (s *search) csgRec(s1, x set) {
	n := s.b.neighbours(s1, x)
	if n.empty() {
		return
	}
	s.subsets(n, func(sub set) {
		if u := s1.or(sub); s.best[u] != nil {
			s.emitCsg(u)
		}
	})
	s.subsets(n, func(sub set) { s.csgRec(s1.or(sub), x.or(n)) })
}

func (s *search) emitCsg(s1 set) {
	x := s1.or(upTo(s1.min()))
	n := s.b.neighbours(s1, x)
	m := n.members()
	for i := len(m) - 1; i >= 0 && !s.over(); i-- {
		v := single(m[i])
		if s.b.connected(s1, v) {
			s.emitPair(s1, v)
		}
		s.cmpRec(s1, v, x.or(n.and(upTo(m[i]))))
	}
}

func (s *search) cmpRec(s1, s2, x set) {
	n := s.b.neighbours(s2, x)
	if n.empty() {
		return
	}
	s.subsets(n, func(sub set) {
		if u := s2.or(sub); s.best[u] != nil && s.b.connected(s1, u) {
			s.emitPair(s1, u)
		}
	})
	s.subsets(n, func(sub set) { s.cmpRec(s1, s2.or(sub), x.or(n)) })
}

// emitPair considers both orders of joining two sets.
func (s *search) emitPair(s1, s2 set) {
	a, b := s.best[s1], s.best[s2]
	if a == nil || b == nil || a.cost+b.cost >= s.bound {
		return
	}
	s.pairs++
	u := s1.or(s2)
	old := s.best[u]
	best := old
	if t := s.b.join(a, b, best); t != nil && t.cost < s.bound {
		best = t
	}
	if t := s.b.join(b, a, best); t != nil && t.cost < s.bound {
		best = t
	}
	if best != old {
		s.best[u] = best
	}
}

// greedy joins the trees until one is left: of the pairs that may be joined,
// connected ones first, the one with the smallest result.
func (b *block) greedy(trees []*tree) *tree {
	known := map[[2]*tree]*tree{} // joins looked at in earlier rounds
	for len(trees) > 1 && b.o.ctx.Err() == nil {
		var best *tree
		bi, bj := -1, -1
		for pass := 0; pass < 2 && best == nil; pass++ {
			for i := range trees {
				for j := range trees {
					if i == j || pass == 0 && !b.connected(trees[i].rels, trees[j].rels) {
						continue
					}
					k := [2]*tree{trees[i], trees[j]}
					t, seen := known[k]
					if !seen {
						t = b.join(trees[i], trees[j], nil)
						known[k] = t
					}
					if t == nil {
						continue
					}
					if best == nil || t.card < best.card || t.card == best.card && t.cost < best.cost {
						best, bi, bj = t, i, j
					}
				}
			}
		}
		if best == nil {
			return nil
		}
		var rest []*tree
		for i, t := range trees {
			if i != bi && i != bj {
				rest = append(rest, t)
			}
		}
		trees = append(rest, best)
	}
	if len(trees) > 1 {
		return nil // cancelled
	}
	return trees[0]
}
