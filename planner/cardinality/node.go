package cardinality

import (
	"slices"

	"math"

	"github.com/gannetdb/gannet/planner/logical"
)

// estimate computes the estimate of a node from those of its children.
func (e *Estimator) estimate(n logical.Node) *Stats {
	switch n := n.(type) {
	case *logical.Scan:
		return e.table(Apply(e.scan(n), n.Filters))
	case *logical.Values:
		s := &Stats{Rows: float64(len(n.Rows)), Base: float64(len(n.Rows)), Cols: map[logical.ColID]Column{}}
		for _, c := range n.Cols {
			s.Cols[c.ID] = Column{NDV: max(1, s.Rows), Bytes: typeBytes(c.Typ)}
		}
		return s
	case *logical.Filter:
		return Apply(e.Node(n.Input), n.Conds)
	case *logical.Project:
		in := e.Node(n.Input)
		s := &Stats{Rows: in.Rows, Base: in.Base, Cols: map[logical.ColID]Column{}}
		for i, c := range n.Cols {
			s.Cols[c.ID] = in.column(n.Exprs[i])
		}
		return s
	case *logical.Join:
		return Join(n.Kind, e.Node(n.Left), e.Node(n.Right), n.On, n.MarkCol)
	case *logical.DependentJoin:
		return Join(n.Kind, e.Node(n.Left), e.Node(n.Right), n.On, n.MarkCol)
	case *logical.AsofJoin:
		return asof(n.Kind, e.Node(n.Left), e.Node(n.Right))
	case *logical.PositionalJoin:
		return e.positional(n)
	case *logical.Aggregate:
		return e.aggregate(n)
	case *logical.Window:
		return e.window(n)
	case *logical.Unnest:
		in := *e.Node(n.Input)
		in.Rows *= 4 // elements of a list, for all we know
		return &in
	case *logical.Sort:
		return e.Node(n.Input)
	case *logical.Sample:
		if n.Percent {
			return e.Node(n.Input).atMost(e.Node(n.Input).Rows * n.Size / 100)
		}
		return e.Node(n.Input).atMost(n.Size)
	case *logical.Limit:
		count := math.Inf(1)
		if k, ok := n.Count.(*logical.Const); ok && !n.Percent && !k.Value.IsNull {
			count = float64(k.Value.I)
		} else if ok && n.Percent && !k.Value.IsNull {
			count = e.Node(n.Input).Rows * k.Value.F / 100
		}
		return e.Node(n.Input).atMost(count)
	case *logical.TopN:
		return e.Node(n.Input).atMost(float64(n.Count))
	case *logical.SetOp:
		return e.setOp(n)
	case *logical.CTE:
		e.ctes[n.ID], e.out[n.ID] = e.Node(n.Def), n.DefOut
		return e.Node(n.Body)
	case *logical.CTERef:
		def := e.ctes[n.ID]
		s := &Stats{Rows: 1000, Base: 1000, Cols: map[logical.ColID]Column{}}
		if def == nil {
			return s
		}
		s.Rows, s.Base = def.Rows, def.Base
		for i, c := range n.Cols {
			if i < len(e.out[n.ID]) {
				s.Cols[c.ID] = def.Cols[e.out[n.ID][i]]
			}
		}
		return e.table(s)
	}
	return &Stats{Rows: 1000, Base: 1000, Cols: map[logical.ColID]Column{}}
}

// table makes the columns of s those of a table of its own.
func (e *Estimator) table(s *Stats) *Stats {
	e.tables++
	out := &Stats{Rows: s.Rows, Base: s.Base, Cols: make(map[logical.ColID]Column, len(s.Cols))}
	for id, c := range s.Cols {
		c.Table, c.TableRows = e.tables, s.Rows
		out.Cols[id] = c
	}
	return out
}

// column is the estimate of an expression's values.
func (s *Stats) column(e logical.Expr) Column {
	if c, ok := e.(*logical.Column); ok {
		if k, ok := s.Cols[c.ID]; ok {
			return k
		}
	}
	return Column{NDV: s.ndvOf(e), Bytes: typeBytes(e.Type())}
}

// atMost caps the rows.
func (s *Stats) atMost(rows float64) *Stats {
	if s.Rows <= rows {
		return s
	}
	return &Stats{Rows: rows, Base: rows, Cols: s.Cols}
}

func (e *Estimator) aggregate(n *logical.Aggregate) *Stats {
	in := e.Node(n.Input)
	s := &Stats{Rows: 1, Base: 1, Cols: map[logical.ColID]Column{}}
	if len(n.Groups) > 0 {
		s.Rows = in.Groups(n.Groups)
		s.Base = s.Rows
	}
	for _, o := range n.Omit {
		if len(o) == 0 {
			continue
		}
		var rest []logical.Expr
		for i, g := range n.Groups {
			if !slices.Contains(o, i) {
				rest = append(rest, g)
			}
		}
		s.Rows += in.Groups(rest)
	}
	for _, m := range n.Markings {
		s.Cols[m.Col.ID] = Column{NDV: float64(max(1, len(n.Omit))), Bytes: 8}
	}
	for i, c := range n.GroupCols {
		k := in.column(n.Groups[i])
		k.NDV = max(1, min(k.NDV, s.Rows))
		s.Cols[c.ID] = k
	}
	for _, c := range n.AggCols {
		s.Cols[c.ID] = Column{NDV: max(1, s.Rows*0.9), Bytes: typeBytes(c.Typ)}
	}
	return s
}

// Groups estimates the distinct combinations of the given expressions.
func (s *Stats) Groups(groups []logical.Expr) float64 {
	n := 1.0
	tables := map[int]float64{} // combinations of the columns of a table
	for _, g := range groups {
		d := max(1, min(s.ndvOf(g), max(s.Rows, 1)))
		if s.nulls(g) > 0 {
			d++
		}
		if c, ok := g.(*logical.Column); ok && s.Cols[c.ID].Table > 0 {
			k := s.Cols[c.ID]
			before := max(1, tables[k.Table])
			d = max(1, min(before*d, max(k.TableRows, 1))/before)
			tables[k.Table] = before * d
		}
		if n *= d; n > s.Rows {
			break
		}
	}
	return max(1, min(n, s.Rows))
}

func (e *Estimator) setOp(n *logical.SetOp) *Stats {
	s := &Stats{Cols: map[logical.ColID]Column{}}
	for i, in := range n.Inputs {
		x := e.Node(in)
		switch {
		case n.Kind == logical.Union || i == 0:
			s.Rows += x.Rows
		case n.Kind == logical.Intersect:
			s.Rows = min(s.Rows, x.Rows)
		default:
			s.Rows = max(1, s.Rows/2)
		}
		for k, c := range n.Cols {
			col := x.Cols[n.In[i][k]]
			old, ok := s.Cols[c.ID]
			if ok && n.Kind == logical.Union {
				col.NDV += old.NDV
				col.Bounded, col.Table = col.Bounded && old.Bounded, 0
				col.Lo, col.Hi = min(col.Lo, old.Lo), max(col.Hi, old.Hi)
			}
			if !ok || n.Kind == logical.Union {
				s.Cols[c.ID] = col
			}
		}
	}
	s.Base = s.Rows
	return s
}
