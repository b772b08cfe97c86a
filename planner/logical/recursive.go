package logical

// Recursive is a recursive common table expression: the rows of Anchor, then,
// as long as there are any, those of Term, in which a CTERef with the ID reads
// the rows of the round before. Without All a row that was there before does
// not count. AnchorOut and TermOut are the columns that feed Cols.
type Recursive struct {
	ID                 int
	Name               string
	All                bool
	Anchor, Term       Node
	AnchorOut, TermOut []ColID
	Cols               []Column
}

// Children implements Node.
func (n *Recursive) Children() []Node { return []Node{n.Anchor, n.Term} }

// WithChildren implements Node.
func (n *Recursive) WithChildren(c []Node) Node {
	m := *n
	m.Anchor, m.Term = c[0], c[1]
	return &m
}

// Columns implements Node.
func (n *Recursive) Columns() []Column { return n.Cols }
