package rule

import (
	"slices"

	"github.com/gannetdb/gannet/planner/logical"
)

// recursive runs a recursive common table expression for all left rows at once:
// its rows get the columns of the left row that they are for, and those of a
// round before that the term reads are the ones for the same left row.
//
// A left row is done when a round has given nothing for it; rows that the term
// would make from nothing, as an aggregate does, are dropped by a semi join with
// the round before.
func (p *puller) recursive(n *logical.Recursive) (*dependent, error) {
	refs := map[logical.ColID]bool{}
	for _, id := range logical.FreeColumns(n) {
		if p.outer[id] {
			refs[id] = true
		}
	}
	m := *n
	m.Cols, m.Key, m.Last = slices.Clone(n.Cols), slices.Clone(n.Key), slices.Clone(n.Last)
	cols := map[logical.ColID]logical.Column{}
	for _, id := range p.order {
		if !refs[id] {
			continue
		}
		cols[id] = p.u.c.NewCol(p.cols[id].Name, p.cols[id].Typ)
		if len(n.Key) > 0 {
			m.Key, m.Last = append(m.Key, len(m.Cols)), append(m.Last, nil)
		}
		m.Cols = append(m.Cols, cols[id])
	}
	// own is a reading of the rows with fresh columns for those that refs names.
	own := func(ref *logical.CTERef) (*logical.CTERef, map[logical.ColID]logical.Column) {
		r := &logical.CTERef{ID: ref.ID, Name: ref.Name, Cols: slices.Clone(ref.Cols)}
		of := map[logical.ColID]logical.Column{}
		for _, id := range p.order {
			if refs[id] {
				of[id] = p.u.c.NewCol(p.cols[id].Name, p.cols[id].Typ)
				r.Cols = append(r.Cols, of[id])
			}
		}
		return r, of
	}
	side := func(node logical.Node, out []logical.ColID) (logical.Node, []logical.ColID, map[logical.ColID]logical.Column, error) {
		in, err := p.pulled(node)
		if err != nil {
			return nil, nil, nil, err
		}
		node, have := p.closed(in, refs)
		out = slices.Clone(out)
		for _, id := range p.order {
			if refs[id] {
				out = append(out, have[id].ID)
			}
		}
		return node, out, have, nil
	}
	var err error
	if m.Anchor, m.AnchorOut, _, err = side(n.Anchor, n.AnchorOut); err != nil {
		return nil, err
	}
	term := logical.RewriteNodes(n.Term, func(x logical.Node) logical.Node {
		ref, ok := x.(*logical.CTERef)
		if !ok || ref.ID != n.ID && (n.Total == 0 || ref.ID != n.Total) {
			return x
		}
		r, of := own(ref)
		return filtered(r, p.equalTo(of))
	})
	var have map[logical.ColID]logical.Column
	if m.Term, m.TermOut, have, err = side(term, n.TermOut); err != nil {
		return nil, err
	}
	before := &logical.CTERef{ID: n.ID, Name: n.Name}
	for _, c := range n.Cols {
		before.Cols = append(before.Cols, p.u.c.NewCol(c.Name, c.Typ))
	}
	before, of := own(before)
	alive := &logical.Join{Kind: logical.Semi, Left: m.Term, Right: before}
	for _, id := range p.order {
		if refs[id] {
			alive.On = append(alive.On, &logical.Compare{At: -1, Op: logical.NotDistinct, Left: logical.Ref(have[id]), Right: logical.Ref(of[id])})
		}
	}
	m.Term = alive
	return &dependent{node: &m, conds: p.equalTo(cols)}, nil
}
