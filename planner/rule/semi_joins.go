package rule

import "github.com/gannetdb/gannet/planner/logical"

// semiPart is which part of a join's work, inputs included, the rows that it makes
// beyond one of each have to be for it to be worth turning into a semi join, which
// leaves less freedom to the order of joins.
const semiPart = 0.1

// semiJoins drops what only multiplies rows, where it does not matter how often a
// row occurs: on the right of semi and anti joins, below DISTINCT and below
// aggregates like max:
//
//	δ[a](t ⋈ u)  →  δ[a](t ⋉ u)
//	t ⋉ (u ⟕ v)  →  t ⋉ u
//
// The side that goes gives no columns. The definition of a common table expression
// is such a place when all its uses are. Refused: what LIMIT, a window or a sample
// looks at, and joins that make few rows of one.
func semiJoins(c *Context, root logical.Node) (logical.Node, error) {
	s := &semiJoiner{w: newWorker(c, root), ctes: map[int]*cteUse{}}
	need := colSet{}
	for _, id := range c.Output {
		need[id] = true
	}
	return s.node(root, need, false), nil
}

type semiJoiner struct {
	w    *worker
	ctes map[int]*cteUse
}

// cteUse is what the uses of a common table expression ask of it.
type cteUse struct {
	columns map[int]bool // places
	counted bool         // somebody minds how often a row occurs
}

// node rewrites n, of which the columns need are read; loose: how often a row
// occurs does not matter.
func (s *semiJoiner) node(n logical.Node, need colSet, loose bool) logical.Node {
	switch n := n.(type) {
	case *logical.Join:
		return s.join(n, need, loose)
	case *logical.Project:
		var read []logical.Expr
		for i, c := range n.Cols {
			if need[c.ID] {
				read = append(read, n.Exprs[i])
			}
		}
		return s.inputs(n, using(nil, read...), loose && !anyVolatile(n))
	case *logical.Filter:
		return s.inputs(n, using(need, n.Conds...), loose && !anyVolatile(n))
	case *logical.Sort:
		return s.inputs(n, using(need, logical.Exprs(n)...), loose)
	case *logical.Aggregate:
		once := !anyVolatile(n)
		for i := range n.Aggs {
			once = once && ignoresRepeats(&n.Aggs[i])
		}
		return s.inputs(n, using(nil, logical.Exprs(n)...), once)
	case *logical.SetOp:
		m := *n
		m.Inputs = make([]logical.Node, len(n.Inputs))
		changed := false
		for i, in := range n.Inputs {
			below := colSet{}
			for _, id := range n.In[i] {
				below[id] = true
			}
			m.Inputs[i] = s.node(in, below, !n.All || loose && n.Kind == logical.Union)
			changed = changed || m.Inputs[i] != in
		}
		if !changed {
			return n
		}
		return &m
	case *logical.CTE:
		body := s.node(n.Body, need, loose)
		below, use := colSet{}, s.ctes[n.ID]
		for i, id := range n.DefOut {
			if use != nil && use.columns[i] {
				below[id] = true
			}
		}
		def := s.node(n.Def, below, use != nil && !use.counted)
		if body == n.Body && def == n.Def {
			return n
		}
		return n.WithChildren([]logical.Node{def, body})
	case *logical.CTERef:
		use := s.ctes[n.ID]
		if use == nil {
			use = &cteUse{columns: map[int]bool{}}
			s.ctes[n.ID] = use
		}
		for i, c := range n.Cols {
			if need[c.ID] {
				use.columns[i] = true
			}
		}
		use.counted = use.counted || !loose
		return n
	}
	return logical.MapChildren(n, func(c logical.Node) logical.Node { return s.node(c, logical.Produced(c), false) })
}

// inputs rewrites what is below n.
func (s *semiJoiner) inputs(n logical.Node, need colSet, loose bool) logical.Node {
	return logical.MapChildren(n, func(c logical.Node) logical.Node { return s.node(c, need, loose) })
}

func (s *semiJoiner) join(n *logical.Join, need colSet, loose bool) logical.Node {
	below := using(need, n.On...)
	left, right := loose, loose
	switch n.Kind {
	case logical.Semi, logical.Anti, logical.NullAnti, logical.Mark:
		right = true
	case logical.Single:
		right = false // a second match is an error
	case logical.Left:
		if loose && !readsAny(need, n.Right) {
			return s.node(n.Left, need, loose)
		}
	case logical.Inner:
		if !loose || len(n.On) == 0 {
			break
		}
		for _, keep := range []bool{true, false} {
			l, r := n.Left, n.Right
			if !keep {
				l, r = r, l
			}
			repeated := (s.w.rows(n) - s.w.rows(l)) * (workProbe + workGroup)
			if readsAny(need, r) || repeated < max(leastSaved, semiPart*s.w.of(n)) {
				continue
			}
			return join(logical.Semi, s.node(l, below, true), s.node(r, below, true), n.On, logical.Column{})
		}
	}
	l, r := s.node(n.Left, below, left), s.node(n.Right, below, right)
	if l == n.Left && r == n.Right {
		return n
	}
	return n.WithChildren([]logical.Node{l, r})
}

// readsAny reports whether need has columns of n.
func readsAny(need colSet, n logical.Node) bool {
	for _, c := range n.Columns() {
		if need[c.ID] {
			return true
		}
	}
	return false
}

func anyVolatile(n logical.Node) bool {
	for _, e := range logical.Exprs(n) {
		if logical.HasVolatile(e) {
			return true
		}
	}
	return false
}

// ignoresRepeats reports whether an aggregate is the same over rows that are there
// more often.
func ignoresRepeats(a *logical.AggCall) bool {
	if len(a.OrderBy) > 0 {
		return false
	}
	if a.Distinct {
		return true
	}
	switch a.Fn.Name {
	case "min", "max", "bool_and", "bool_or", "bit_and", "bit_or":
		return true
	}
	return false
}
