package random

// Shrinker takes parts of a query away while a condition holds.
type Shrinker struct {
	// Fails tells whether the query is as interesting as it was at first.
	Fails func() bool
	// Tries is how many more queries may be tried.
	Tries int
}

// Shrink makes q as small as greedy steps make it: optional parts go, largest
// first, list items go, expressions give way to their parts or to literals.
// The tree is changed in place.
func (s *Shrinker) Shrink(q *Query) {
	for s.Tries > 0 {
		before := q.Root.size()
		s.node(q.Root)
		if q.Root.size() >= before {
			return
		}
	}
}

func (s *Shrinker) fails() bool {
	if s.Tries <= 0 {
		return false
	}
	s.Tries--
	return s.Fails()
}

// node tries everything on n and then on what is left of it.
func (s *Shrinker) node(n *Node) {
	if n.gone {
		return
	}
	if n.by != nil {
		s.node(n.by)
		return
	}
	switch n.Role {
	case Optional:
		if s.without(n) {
			return
		}
	case Expr:
		if s.replace(n, Expr) {
			s.node(n.by)
			return
		}
	case Select:
		if s.replace(n, Select) {
			s.node(n.by)
			return
		}
	case List:
		for _, k := range n.Kids {
			if !k.gone && living(n.Kids) > 1 {
				s.without(k)
			}
		}
	}
	for _, k := range n.Kids {
		s.node(k)
	}
}

func living(kids []*Node) int {
	n := 0
	for _, k := range kids {
		if !k.gone {
			n++
		}
	}
	return n
}

// without takes n and its links away if the query still fails then.
func (s *Shrinker) without(n *Node) bool {
	var taken []*Node
	var take func(n *Node)
	take = func(n *Node) {
		if !n.gone {
			n.gone = true
			taken = append(taken, n)
			for _, l := range n.Links {
				take(l)
			}
		}
	}
	take(n)
	if s.fails() {
		return true
	}
	for _, t := range taken {
		t.gone = false
	}
	return false
}

// replace puts one of the nodes of that role below n, or a literal, in its place.
func (s *Shrinker) replace(n *Node, role Role) bool {
	var inner []*Node
	below(n, role, &inner)
	if role == Expr {
		if len(inner) == 0 && n.size() <= 1 {
			return false
		}
		for _, l := range n.Least {
			inner = append(inner, text(l))
		}
	}
	for _, k := range inner {
		n.by = k
		if s.fails() {
			return true
		}
	}
	n.by = nil
	return false
}

// below collects the nearest nodes of that role under n.
func below(n *Node, role Role, to *[]*Node) {
	for _, k := range n.Kids {
		for k.by != nil {
			k = k.by
		}
		switch {
		case k.gone:
		case k.Role == role:
			*to = append(*to, k)
		default:
			below(k, role, to)
		}
	}
}

// ShrinkRows takes rows away while fails holds for what is left: halves first,
// then ever smaller runs.
func ShrinkRows(rows []string, fails func(rows []string) bool) []string {
	for run := (len(rows) + 1) / 2; run > 0; run /= 2 {
		for i := 0; i < len(rows); {
			less := append(append([]string{}, rows[:i]...), rows[min(i+run, len(rows)):]...)
			if fails(less) {
				rows = less
			} else {
				i += run
			}
		}
	}
	return rows
}
