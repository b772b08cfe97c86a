package cardinality

import "github.com/gannetdb/gannet/planner/logical"

// window keeps rows and adds columns.
func (e *Estimator) window(n *logical.Window) *Stats {
	in := e.Node(n.Input)
	s := &Stats{Rows: in.Rows, Base: in.Base, Cols: make(map[logical.ColID]Column, len(in.Cols)+len(n.Cols))}
	for id, c := range in.Cols {
		s.Cols[id] = c
	}
	for _, c := range n.Cols {
		s.Cols[c.ID] = Column{NDV: max(1, s.Rows*0.9), Bytes: typeBytes(c.Typ)}
	}
	return s
}
