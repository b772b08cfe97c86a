package cardinality

import "github.com/gannetdb/gannet/planner/logical"

// asof estimates a join of each left row with one right row at most, which most
// find.
func asof(kind logical.JoinKind, l, r *Stats) *Stats {
	out := &Stats{Rows: l.Rows, Base: l.Base, Cols: make(map[logical.ColID]Column, len(l.Cols)+len(r.Cols))}
	for id, c := range l.Cols {
		out.Cols[id] = c
	}
	switch kind {
	case logical.Semi:
		return out
	case logical.Anti:
		out.Rows = max(1, l.Rows*0.05)
		return out
	case logical.Right, logical.Full:
		out.Rows, out.Base = max(l.Rows, r.Rows), max(l.Base, r.Base)
	}
	for id, c := range r.Cols {
		c.NDV = max(1, min(c.NDV, out.Rows))
		out.Cols[id] = c
	}
	return out
}

// positional estimates rows beside each other: as many as the longest input has.
func (e *Estimator) positional(n *logical.PositionalJoin) *Stats {
	out := &Stats{Cols: map[logical.ColID]Column{}}
	for _, in := range n.Inputs {
		s := e.Node(in)
		out.Rows, out.Base = max(out.Rows, s.Rows), max(out.Base, s.Base)
		for id, c := range s.Cols {
			out.Cols[id] = c
		}
	}
	return out
}
