package logical

import "github.com/gannetdb/gannet/vector/types"

// AsofJoin joins every left row with one right row at most: among those that
// satisfy On and NearLeft Op NearRight, where Op is an inequality, one whose
// NearRight is nearest to NearLeft. Kind is Inner, Left, Right, Full, Semi or
// Anti; for the middle two, right rows that are nearest to no left row come
// out as well.
type AsofJoin struct {
	Kind        JoinKind
	Left, Right Node
	On          []Expr
	Op          CompareOp
	// NearLeft is over the left side's columns, NearRight over the right's, of
	// one type.
	NearLeft, NearRight Expr
}

// Children implements Node.
func (n *AsofJoin) Children() []Node { return []Node{n.Left, n.Right} }

// WithChildren implements Node.
func (n *AsofJoin) WithChildren(c []Node) Node { m := *n; m.Left, m.Right = c[0], c[1]; return &m }

// Columns implements Node.
func (n *AsofJoin) Columns() []Column { return appendJoin(nil, n.Kind, n.Left, n.Right, Column{}) }

func (n *AsofJoin) verify() error {
	for _, e := range n.On {
		if e.Type().ID != types.Boolean {
			return broken("join condition %s is not boolean", String(e))
		}
	}
	switch n.Op {
	case Lt, Le, Gt, Ge:
	default:
		return broken("ASOF join by %s", n.Op)
	}
	if !n.NearLeft.Type().Equal(n.NearRight.Type()) {
		return broken("ASOF join by %s and %s", n.NearLeft.Type(), n.NearRight.Type())
	}
	if !RefersOnly(n.NearLeft, Produced(n.Left)) || !RefersOnly(n.NearRight, Produced(n.Right)) {
		return broken("ASOF join by %s and %s of the other side", String(n.NearLeft), String(n.NearRight))
	}
	return nil
}

// PositionalJoin puts the i-th rows of its inputs beside each other; where an
// input has ended, its columns are NULL.
type PositionalJoin struct{ Inputs []Node }

// Children implements Node.
func (n *PositionalJoin) Children() []Node { return n.Inputs }

// WithChildren implements Node.
func (n *PositionalJoin) WithChildren(c []Node) Node { return &PositionalJoin{Inputs: c} }

// Columns implements Node.
func (n *PositionalJoin) Columns() []Column {
	var out []Column
	for _, in := range n.Inputs {
		out = appendColumns(out, in)
	}
	return out
}
