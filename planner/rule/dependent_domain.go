package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// bound maps columns of the left side to expressions over in's columns that
// have the same value wherever the conditions hold: k for l.c = k.
func (p *puller) bound(in *dependent) map[logical.ColID]logical.Expr {
	m := map[logical.ColID]logical.Expr{}
	for _, e := range in.conds {
		c, ok := e.(*logical.Compare)
		if !ok || c.Op != logical.Eq && c.Op != logical.NotDistinct {
			continue
		}
		for _, s := range [][2]logical.Expr{{c.Left, c.Right}, {c.Right, c.Left}} {
			col, ok := s[0].(*logical.Column)
			if !ok || !p.outer[col.ID] || m[col.ID] != nil || !p.inner(s[1]) || logical.HasVolatile(s[1]) {
				continue
			}
			if c.Op == logical.NotDistinct || sameWhenEqual(col.Typ) {
				m[col.ID] = s[1]
			}
		}
	}
	return m
}

// inner reports whether e is over columns of the right side alone.
func (p *puller) inner(e logical.Expr) bool {
	return len(logical.ColumnsOf(e)) > 0 && !logical.RefersAny(e, p.outer)
}

// sameWhenEqual reports whether equal values of a type can stand for each
// other: not 0 and -0, nor one month and thirty days.
func sameWhenEqual(t types.Type) bool {
	switch t.ID {
	case types.Boolean, types.Varchar, types.Date, types.Timestamp:
		return true
	}
	return t.IsInteger() || t.ID == types.Decimal
}

// refs collects the columns of the left side that expressions use.
func (p *puller) refs(exprs ...logical.Expr) map[logical.ColID]bool {
	out := map[logical.ColID]bool{}
	for _, e := range exprs {
		for id := range logical.ColumnsOf(e) {
			if p.outer[id] {
				out[id] = true
			}
		}
	}
	return out
}

// bind makes the columns refs of the left side available in in, which may get
// D joined to it, and returns what stands for them.
func (p *puller) bind(in *dependent, refs map[logical.ColID]bool) (*dependent, map[logical.ColID]logical.Expr) {
	if len(refs) == 0 {
		return in, nil
	}
	m := p.bound(in)
	for id := range refs {
		if m[id] == nil {
			in = p.materialize(in, refs)
			return in, p.bound(in)
		}
	}
	return in, m
}

// materialize joins D to in: the distinct combinations of the left side's
// columns that the conditions use, and of more. Every row of D then has its
// rows of in beside it, those of in.pad included, and the conditions say which
// row of D is a row of the left side's.
func (p *puller) materialize(in *dependent, more map[logical.ColID]bool) *dependent {
	if p.noDomain {
		p.needed = true
		return &dependent{node: in.node, conds: in.conds, unique: in.unique}
	}
	used := p.refs(in.conds...)
	for id := range more {
		used[id] = true
	}
	for _, e := range in.pad {
		for id := range p.refs(e) {
			used[id] = true
		}
	}
	if len(used) == 0 {
		// No condition: there is a row whatever the left side's is.
		return &dependent{node: in.node, unique: in.unique}
	}
	strict := map[logical.ColID]bool{}
	for _, e := range in.conds {
		if c, ok := e.(*logical.Compare); ok && c.Op == logical.Eq && in.pad == nil {
			for _, s := range []logical.Expr{c.Left, c.Right} {
				if col, ok := s.(*logical.Column); ok && p.outer[col.ID] && sameWhenEqual(col.Typ) {
					strict[col.ID] = true
				}
			}
		}
	}
	dom, m := p.domain(used)
	out := &dependent{unique: in.unique}
	if in.pad != nil {
		out.node = p.padded(dom, in, m)
	} else {
		out.node = innerJoin(dom, in.node, logical.ReplaceAll(in.conds, m))
	}
	for _, id := range p.order {
		if used[id] {
			op := logical.NotDistinct
			if strict[id] {
				op = logical.Eq
			}
			out.conds = append(out.conds, &logical.Compare{At: -1, Op: op, Left: logical.Ref(p.cols[id]), Right: m[id]})
		}
	}
	return out
}

// domain makes D and tells its columns.
func (p *puller) domain(used map[logical.ColID]bool) (logical.Node, map[logical.ColID]logical.Expr) {
	src, ids := p.copyLeft()
	d := &logical.Aggregate{Input: src}
	m := map[logical.ColID]logical.Expr{}
	for _, id := range p.order {
		if !used[id] {
			continue
		}
		from := p.cols[id]
		from.ID = ids[id]
		col := p.u.c.NewCol(from.Name, from.Typ)
		d.GroupCols = append(d.GroupCols, col)
		d.Groups = append(d.Groups, logical.Ref(from))
		m[id] = logical.Ref(col)
	}
	return d, m
}

// copyLeft returns the left side's rows once more, under other columns: read
// again where that is cheap, else by sharing its computation.
func (p *puller) copyLeft() (logical.Node, map[logical.ColID]logical.ColID) {
	newID := func() logical.ColID { return p.u.c.newID() }
	if p.shared == nil && rereadable(p.left) {
		n, ids := logical.Clone(p.left, newID)
		for _, c := range p.left.Columns() {
			if _, ok := ids[c.ID]; !ok {
				ids[c.ID] = c.ID
			}
		}
		return n, ids
	}
	cols := p.left.Columns()
	if p.shared == nil {
		def, ids := logical.Clone(p.left, newID)
		p.shared = &logical.CTE{ID: p.u.nextCTE, Name: "outer", Def: def}
		p.u.nextCTE++
		for _, c := range cols {
			p.shared.DefOut = append(p.shared.DefOut, ids[c.ID])
		}
		p.left = &logical.CTERef{ID: p.shared.ID, Name: p.shared.Name, Cols: cols}
	}
	ref := &logical.CTERef{ID: p.shared.ID, Name: p.shared.Name}
	ids := map[logical.ColID]logical.ColID{}
	for _, c := range cols {
		own := p.u.c.NewCol(c.Name, c.Typ)
		ids[c.ID] = own.ID
		ref.Cols = append(ref.Cols, own)
	}
	return ref, ids
}

// rereadable reports whether computing n twice costs no more than keeping it,
// and gives the same: it reads one table without joining, grouping or sorting.
func rereadable(n logical.Node) bool {
	ok := true
	logical.WalkNodes(n, func(n logical.Node) bool {
		switch n.(type) {
		case *logical.Scan, *logical.Values, *logical.Filter, *logical.Project, *logical.CTERef:
		default:
			ok = false
		}
		for _, e := range logical.Exprs(n) {
			ok = ok && !logical.HasVolatile(e)
		}
		return ok
	})
	return ok
}

// closed makes in a relation of its own, which the conditions have filtered
// and which has a column for each left column of refs beside its own. What is
// left of the conditions is that these are the left row's.
func (p *puller) closed(in *dependent, refs map[logical.ColID]bool) (logical.Node, map[logical.ColID]logical.Column) {
	if in.pad != nil {
		in = p.materialize(in, refs)
	}
	in, m := p.bind(in, refs)
	var own []logical.Expr
	for _, e := range logical.ReplaceAll(in.conds, m) {
		if c, ok := e.(*logical.Compare); ok && logical.Equal(c.Left, c.Right) {
			if c.Op == logical.Eq {
				own = append(own, &logical.IsNull{At: c.At, Arg: c.Left, Negated: true})
			}
			continue
		}
		own = append(own, e)
	}
	pr := &logical.Project{Input: filtered(in.node, own)}
	for _, c := range in.node.Columns() {
		pr.Cols, pr.Exprs = append(pr.Cols, c), append(pr.Exprs, logical.Ref(c))
	}
	cols := map[logical.ColID]logical.Column{}
	for _, id := range p.order {
		if refs[id] {
			col := p.u.c.NewCol(p.cols[id].Name, p.cols[id].Typ)
			cols[id] = col
			pr.Cols, pr.Exprs = append(pr.Cols, col), append(pr.Exprs, m[id])
		}
	}
	return pr, cols
}

// equalTo makes the conditions that columns are those of the left row.
func (p *puller) equalTo(cols map[logical.ColID]logical.Column) []logical.Expr {
	var out []logical.Expr
	for _, id := range p.order {
		if c, ok := cols[id]; ok {
			out = append(out, &logical.Compare{At: -1, Op: logical.NotDistinct, Left: logical.Ref(p.cols[id]), Right: logical.Ref(c)})
		}
	}
	return out
}
