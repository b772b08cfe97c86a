package logical

import "github.com/gannetdb/gannet/operators/function"

// Recursive is a recursive common table expression: the rows of Anchor, then,
// as long as there are any, those of Term, in which a CTERef with the ID reads
// the rows of the round before, and one with Total those of all rounds before.
// Without All a row that was there before does not count. AnchorOut and TermOut
// are the columns that feed Cols.
//
// With Key (USING KEY) a row takes the place of an earlier one that has the same
// values in these columns, and without All only equal rows of one round count
// once. Last then has for each column that is no key the aggregate last(), which
// tells which of several rows of a round stays.
type Recursive struct {
	ID                 int
	Total              int // 0: not read
	Name               string
	All                bool
	Key                []int // places in Cols
	Last               []*function.BoundAgg
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
