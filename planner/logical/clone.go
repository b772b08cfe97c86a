package logical

// Clone copies the plan n under fresh column IDs, which newID hands out, so
// that the same rows can be read twice in one plan. It returns the copy and,
// for every column that comes into being in n, its new ID. Columns of
// enclosing queries stay as they are.
func Clone(n Node, newID func() ColID) (Node, map[ColID]ColID) {
	c := cloner{newID: newID, ids: map[ColID]ColID{}}
	c.declare(n)
	return c.node(n), c.ids
}

type cloner struct {
	newID func() ColID
	ids   map[ColID]ColID
}

// declare gives new IDs to all columns defined in n, subqueries included.
func (c *cloner) declare(n Node) {
	WalkNodes(n, func(n Node) bool {
		for _, col := range definedBy(n) {
			if _, ok := c.ids[col.ID]; !ok {
				c.ids[col.ID] = c.newID()
			}
		}
		for _, e := range Exprs(n) {
			Walk(e, func(x Expr) bool {
				if s, ok := x.(*Subquery); ok {
					c.declare(s.Plan)
				}
				return true
			})
		}
		return true
	})
}

func (c *cloner) id(id ColID) ColID {
	if n, ok := c.ids[id]; ok {
		return n
	}
	return id
}

func (c *cloner) list(ids []ColID) []ColID {
	if ids == nil {
		return nil
	}
	out := make([]ColID, len(ids))
	for i, id := range ids {
		out[i] = c.id(id)
	}
	return out
}

func (c *cloner) cols(cols []Column) []Column {
	out := make([]Column, len(cols))
	for i, col := range cols {
		out[i] = col
		out[i].ID = c.id(col.ID)
	}
	return out
}

func (c *cloner) expr(e Expr) Expr {
	return Rewrite(e, func(x Expr) Expr {
		switch x := x.(type) {
		case *Column:
			if id := c.id(x.ID); id != x.ID {
				y := *x
				y.ID = id
				return &y
			}
		case *Subquery:
			y := *x
			y.Plan = c.node(x.Plan)
			y.Col, y.RestCols = c.id(x.Col), c.list(x.RestCols)
			y.Outer = c.list(x.Outer)
			return &y
		}
		return x
	})
}

func (c *cloner) node(n Node) Node {
	n = MapExprs(MapChildren(n, c.node), c.expr)
	switch n := n.(type) {
	case *Scan:
		m := *n
		m.Cols, m.Out = c.cols(n.Cols), c.list(n.Out)
		return &m
	case *Values:
		m := *n
		m.Cols = c.cols(n.Cols)
		return &m
	case *Recursive:
		m := *n
		m.Cols, m.AnchorOut, m.TermOut = c.cols(n.Cols), c.list(n.AnchorOut), c.list(n.TermOut)
		return &m
	case *Unnest:
		m := *n
		m.Cols = c.cols(n.Cols)
		return &m
	case *CTERef:
		m := *n
		m.Cols = c.cols(n.Cols)
		return &m
	case *Project:
		m := *n
		m.Cols = c.cols(n.Cols)
		return &m
	case *Aggregate:
		m := *n
		m.GroupCols, m.AggCols = c.cols(n.GroupCols), c.cols(n.AggCols)
		m.Markings = append([]Marking(nil), n.Markings...)
		for i := range m.Markings {
			m.Markings[i].Col.ID = c.id(m.Markings[i].Col.ID)
		}
		return &m
	case *Window:
		m := *n
		m.Cols = c.cols(n.Cols)
		return &m
	case *SetOp:
		m := *n
		m.Cols = c.cols(n.Cols)
		m.In = make([][]ColID, len(n.In))
		for i := range n.In {
			m.In[i] = c.list(n.In[i])
		}
		return &m
	case *Join:
		m := *n
		m.MarkCol.ID = c.id(n.MarkCol.ID)
		return &m
	case *DependentJoin:
		m := *n
		m.MarkCol.ID, m.Outer = c.id(n.MarkCol.ID), c.list(n.Outer)
		return &m
	case *CTE:
		m := *n
		m.DefOut = c.list(n.DefOut)
		return &m
	}
	return n
}
