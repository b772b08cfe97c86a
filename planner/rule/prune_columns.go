package rule

import "github.com/gannetdb/gannet/planner/logical"

// pruneColumns removes what nobody reads: columns of scans and VALUES,
// expressions of projections, aggregates, columns of UNION ALL and of CTEs.
// Scans keep columns that only their filters use, but do not put them out.
//
// An expression that may fail is removed as well: SELECT a FROM (SELECT a, 1 //
// 'x' AS b FROM t) gives rows, as lazy errors have it.
func pruneColumns(c *Context, root logical.Node) (logical.Node, error) {
	p := &pruner{ctes: map[int]map[int]bool{}, keep: map[int][]int{}}
	need := map[logical.ColID]bool{}
	for _, id := range c.Output {
		need[id] = true
	}
	return p.prune(root, need), nil
}

type pruner struct {
	ctes map[int]map[int]bool // per CTE, which of its columns are read
	keep map[int][]int        // per CTE, the columns kept, once that is known
}

type colSet = map[logical.ColID]bool

// using returns need and the columns of exprs.
func using(need colSet, exprs ...logical.Expr) colSet {
	out := make(colSet, len(need)+len(exprs))
	for id := range need {
		out[id] = true
	}
	for _, e := range exprs {
		logical.AddColumns(e, out)
	}
	return out
}

func (p *pruner) prune(n logical.Node, need colSet) logical.Node {
	switch n := n.(type) {
	case *logical.Scan:
		return pruneScan(n, need)
	case *logical.Values:
		return pruneValues(n, need)
	case *logical.Project:
		m := &logical.Project{}
		for i, c := range n.Cols {
			if need[c.ID] {
				m.Cols = append(m.Cols, c)
				m.Exprs = append(m.Exprs, n.Exprs[i])
			}
		}
		m.Input = p.prune(n.Input, using(nil, m.Exprs...))
		return m
	case *logical.Aggregate:
		m := &logical.Aggregate{GroupCols: n.GroupCols, Groups: n.Groups, Omit: n.Omit}
		for i, c := range n.AggCols {
			if need[c.ID] {
				m.AggCols = append(m.AggCols, c)
				m.Aggs = append(m.Aggs, n.Aggs[i])
			}
		}
		for _, k := range n.Markings {
			if need[k.Col.ID] {
				m.Markings = append(m.Markings, k)
			}
		}
		if len(m.Groups) == 0 && len(m.Aggs) == 0 && m.Omit == nil {
			return &logical.Values{Rows: [][]logical.Expr{{}}} // one row
		}
		m.Input = p.prune(n.Input, using(nil, logical.Exprs(m)...))
		return m
	case *logical.Window:
		return p.window(n, need)
	case *logical.SetOp:
		return p.setOp(n, need)
	case *logical.CTE:
		return p.cte(n, need)
	case *logical.Recursive:
		m := *n
		anchor, term := colSet{}, colSet{}
		for i := range n.Cols {
			anchor[n.AnchorOut[i]], term[n.TermOut[i]] = true, true
		}
		m.Anchor, m.Term = p.prune(n.Anchor, anchor), p.prune(n.Term, term)
		return &m
	case *logical.CTERef:
		if p.keep[n.ID] == nil {
			read := p.ctes[n.ID]
			if read == nil {
				read = map[int]bool{}
				p.ctes[n.ID] = read
			}
			for i, c := range n.Cols {
				if need[c.ID] {
					read[i] = true
				}
			}
		}
		return n
	case *logical.Join:
		below := using(need, n.On...)
		m := *n
		m.Left, m.Right = p.prune(n.Left, below), p.prune(n.Right, below)
		return &m
	case *logical.DependentJoin:
		below := using(need, n.On...)
		for _, id := range n.Outer {
			below[id] = true
		}
		m := *n
		m.Left, m.Right = p.prune(n.Left, below), p.prune(n.Right, below)
		return &m
	}
	below := using(need, logical.Exprs(n)...)
	return logical.MapChildren(n, func(c logical.Node) logical.Node { return p.prune(c, below) })
}

func pruneScan(n *logical.Scan, need colSet) logical.Node {
	used := using(need, n.Filters...)
	m := *n
	m.Cols, m.Ords, m.Out = nil, nil, []logical.ColID{}
	produced := map[logical.ColID]bool{}
	for _, c := range n.Columns() {
		produced[c.ID] = true
	}
	all := true
	for i, c := range n.Cols {
		if !used[c.ID] {
			continue
		}
		m.Cols = append(m.Cols, c)
		m.Ords = append(m.Ords, n.Ords[i])
		if need[c.ID] && produced[c.ID] {
			m.Out = append(m.Out, c.ID)
		} else {
			all = false
		}
	}
	if all {
		m.Out = nil
	}
	return &m
}

func pruneValues(n *logical.Values, need colSet) logical.Node {
	var at []int
	for i, c := range n.Cols {
		if need[c.ID] {
			at = append(at, i)
		}
	}
	if len(at) == len(n.Cols) {
		return n
	}
	m := &logical.Values{Rows: make([][]logical.Expr, len(n.Rows))}
	for _, i := range at {
		m.Cols = append(m.Cols, n.Cols[i])
	}
	for r, row := range n.Rows {
		m.Rows[r] = make([]logical.Expr, len(at))
		for k, i := range at {
			m.Rows[r][k] = row[i]
		}
	}
	return m
}

func (p *pruner) setOp(n *logical.SetOp, need colSet) logical.Node {
	m := *n
	if n.Kind == logical.Union && n.All {
		m.Cols, m.In = nil, make([][]logical.ColID, len(n.In))
		for k, c := range n.Cols {
			if need[c.ID] {
				m.Cols = append(m.Cols, c)
				for i := range n.In {
					m.In[i] = append(m.In[i], n.In[i][k])
				}
			}
		}
	}
	m.Inputs = make([]logical.Node, len(n.Inputs))
	for i, in := range n.Inputs {
		below := colSet{}
		for _, id := range m.In[i] {
			below[id] = true
		}
		m.Inputs[i] = p.prune(in, below)
	}
	return &m
}

// cte prunes the body first, to learn which columns its references read, then
// the definition, and makes the references agree.
func (p *pruner) cte(n *logical.CTE, need colSet) logical.Node {
	body := p.prune(n.Body, need)
	read := p.ctes[n.ID]
	keep := []int{}
	below := colSet{}
	m := &logical.CTE{ID: n.ID, Name: n.Name}
	for i, id := range n.DefOut {
		if read[i] {
			keep = append(keep, i)
			m.DefOut = append(m.DefOut, id)
			below[id] = true
		}
	}
	m.Def = p.prune(n.Def, below)
	m.Body = logical.RewriteNodes(body, func(x logical.Node) logical.Node {
		r, ok := x.(*logical.CTERef)
		if !ok || r.ID != n.ID || len(r.Cols) == len(keep) {
			return x
		}
		c := &logical.CTERef{ID: r.ID, Name: r.Name}
		for _, i := range keep {
			c.Cols = append(c.Cols, r.Cols[i])
		}
		return c
	})
	return m
}
