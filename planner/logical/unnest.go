package logical

// Unnest puts out each input row once for every element of its Lists, beside
// each other: Cols[i] holds the elements of Lists[i], NULL behind the end of a
// shorter list. A row whose lists are all empty or NULL vanishes.
type Unnest struct {
	Input Node
	Lists []Expr
	Cols  []Column
}

// Children implements Node.
func (n *Unnest) Children() []Node { return []Node{n.Input} }

// WithChildren implements Node.
func (n *Unnest) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// Columns implements Node.
func (n *Unnest) Columns() []Column {
	in := n.Input.Columns()
	return append(in[:len(in):len(in)], n.Cols...)
}
