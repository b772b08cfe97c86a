package logical

// Children implements Node.
func (n *Scan) Children() []Node          { return nil }
func (n *Values) Children() []Node        { return nil }
func (n *Filter) Children() []Node        { return []Node{n.Input} }
func (n *Project) Children() []Node       { return []Node{n.Input} }
func (n *Join) Children() []Node          { return []Node{n.Left, n.Right} }
func (n *DependentJoin) Children() []Node { return []Node{n.Left, n.Right} }
func (n *Aggregate) Children() []Node     { return []Node{n.Input} }
func (n *Sort) Children() []Node          { return []Node{n.Input} }
func (n *Limit) Children() []Node         { return []Node{n.Input} }
func (n *TopN) Children() []Node          { return []Node{n.Input} }
func (n *SetOp) Children() []Node         { return n.Inputs }
func (n *CTE) Children() []Node           { return []Node{n.Def, n.Body} }
func (n *CTERef) Children() []Node        { return nil }

// WithChildren implements Node.
func (n *Scan) WithChildren(c []Node) Node   { return n }
func (n *Values) WithChildren(c []Node) Node { return n }
func (n *CTERef) WithChildren(c []Node) Node { return n }

// WithChildren implements Node.
func (n *Filter) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// WithChildren implements Node.
func (n *Project) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// WithChildren implements Node.
func (n *Join) WithChildren(c []Node) Node { m := *n; m.Left, m.Right = c[0], c[1]; return &m }

// WithChildren implements Node.
func (n *DependentJoin) WithChildren(c []Node) Node { m := *n; m.Left, m.Right = c[0], c[1]; return &m }

// WithChildren implements Node.
func (n *Aggregate) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// WithChildren implements Node.
func (n *Sort) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// WithChildren implements Node.
func (n *Limit) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// WithChildren implements Node.
func (n *TopN) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// WithChildren implements Node.
func (n *SetOp) WithChildren(c []Node) Node { m := *n; m.Inputs = c; return &m }

// WithChildren implements Node.
func (n *CTE) WithChildren(c []Node) Node { m := *n; m.Def, m.Body = c[0], c[1]; return &m }

// Columns implements Node.
func (n *Scan) Columns() []Column {
	if n.Out == nil {
		return n.Cols
	}
	out := make([]Column, 0, len(n.Out))
	for _, id := range n.Out {
		for _, c := range n.Cols {
			if c.ID == id {
				out = append(out, c)
			}
		}
	}
	return out
}

// Columns implements Node.
func (n *Values) Columns() []Column { return n.Cols }

// Columns implements Node.
func (n *Filter) Columns() []Column { return n.Input.Columns() }

// Columns implements Node.
func (n *Project) Columns() []Column { return n.Cols }

// Columns implements Node.
func (n *Join) Columns() []Column { return appendColumns(nil, n) }

// Columns implements Node.
func (n *DependentJoin) Columns() []Column { return appendColumns(nil, n) }

// appendColumns appends n's columns to dst; trees of joins are gathered without
// copying at every level.
func appendColumns(dst []Column, n Node) []Column {
	switch n := n.(type) {
	case *Join:
		return appendJoin(dst, n.Kind, n.Left, n.Right, n.MarkCol)
	case *DependentJoin:
		return appendJoin(dst, n.Kind, n.Left, n.Right, n.MarkCol)
	case *Filter:
		return appendColumns(dst, n.Input)
	case *Sort:
		return appendColumns(dst, n.Input)
	case *Limit:
		return appendColumns(dst, n.Input)
	case *TopN:
		return appendColumns(dst, n.Input)
	}
	return append(dst, n.Columns()...)
}

func appendJoin(dst []Column, kind JoinKind, left, right Node, mark Column) []Column {
	dst = appendColumns(dst, left)
	switch kind {
	case Semi, Anti, NullAnti:
		return dst
	case Mark:
		return append(dst, mark)
	}
	return appendColumns(dst, right)
}

// Columns implements Node.
func (n *Aggregate) Columns() []Column {
	out := append(n.GroupCols[:len(n.GroupCols):len(n.GroupCols)], n.AggCols...)
	for _, m := range n.Markings {
		out = append(out, m.Col)
	}
	return out
}

// Columns implements Node.
func (n *Sort) Columns() []Column { return n.Input.Columns() }

// Columns implements Node.
func (n *Limit) Columns() []Column { return n.Input.Columns() }

// Columns implements Node.
func (n *TopN) Columns() []Column { return n.Input.Columns() }

// Columns implements Node.
func (n *SetOp) Columns() []Column { return n.Cols }

// Columns implements Node.
func (n *CTE) Columns() []Column { return n.Body.Columns() }

// Columns implements Node.
func (n *CTERef) Columns() []Column { return n.Cols }
