package rule

import (
	"slices"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// free is pull for each kind of node.
func (p *puller) free(n logical.Node) (*dependent, error) {
	if !p.correlated(n) {
		one := exactlyOneRow(n)
		n, err := p.u.flatten(n)
		return &dependent{node: n, unique: one}, err
	}
	switch n := n.(type) {
	case *logical.Filter:
		return p.filter(n)
	case *logical.Project:
		return p.project(n)
	case *logical.Sort:
		in, err := p.pull(n.Input)
		if err != nil || in.unique {
			return in, err
		}
		in, m := p.bind(in, p.refs(logical.Exprs(n)...))
		s := logical.MapExprs(n, func(e logical.Expr) logical.Expr { return logical.Replace(e, m) })
		in.node = s.WithChildren([]logical.Node{in.node})
		return in, nil
	case *logical.Limit:
		return p.limit(n)
	case *logical.Aggregate:
		return p.aggregate(n)
	case *logical.Window:
		return p.window(n)
	case *logical.Join:
		return p.join(n)
	case *logical.AsofJoin:
		return p.asof(n)
	case *logical.DependentJoin:
		return p.nested(n)
	case *logical.SetOp:
		return p.setOp(n)
	case *logical.CTE:
		return p.cte(n)
	case *logical.Values:
		return p.pull(p.u.projected(n))
	case *logical.Unnest:
		return p.unnest(n)
	case *logical.Recursive:
		return p.recursive(n)
	}
	return nil, p.refuse(n, "a correlated subquery of this form")
}

// pulled is pull for an input whose padding has to be rows.
func (p *puller) pulled(n logical.Node) (*dependent, error) {
	in, err := p.pull(n)
	if err == nil && in.pad != nil {
		in = p.materialize(in, nil)
	}
	return in, err
}

// refuse is the error for a node that cannot be freed, at its first reference
// to the left side.
func (p *puller) refuse(n logical.Node, what string) error {
	pos := -1
	logical.WalkNodes(n, func(n logical.Node) bool {
		for _, e := range logical.Exprs(n) {
			logical.Walk(e, func(x logical.Expr) bool {
				if c, ok := x.(*logical.Column); ok && p.outer[c.ID] && pos < 0 {
					pos = c.Pos()
				}
				return pos < 0
			})
		}
		return pos < 0
	})
	return unsupported(pos, "%s is not supported", what)
}

// filter keeps the plain conditions and lets the correlated ones pass.
//
// Where a row stands for an empty group, the conditions must fail for it, else
// it has to be there.
func (p *puller) filter(n *logical.Filter) (*dependent, error) {
	in, err := p.pull(n.Input)
	if err != nil {
		return nil, err
	}
	if in.pad != nil {
		fails := slices.ContainsFunc(n.Conds, func(e logical.Expr) bool { return neverTrue(p.u.c.fold(logical.Replace(e, in.pad))) })
		if fails {
			in = &dependent{node: in.node, conds: in.conds, unique: in.unique}
		} else {
			in = p.materialize(in, nil)
		}
	}
	moved, own := split(n.Conds, func(e logical.Expr) bool { return logical.RefersAny(e, p.outer) })
	return &dependent{node: filtered(in.node, own), conds: append(slices.Clip(in.conds), moved...), unique: in.unique}, nil
}

// project passes on the columns that the conditions use.
func (p *puller) project(n *logical.Project) (*dependent, error) {
	in, err := p.pull(n.Input)
	if err != nil {
		return nil, err
	}
	refs := p.refs(n.Exprs...)
	if in.pad != nil && len(refs) > 0 {
		if bound := p.bound(in); slices.ContainsFunc(p.order, func(id logical.ColID) bool { return refs[id] && bound[id] == nil }) {
			in = p.materialize(in, refs)
		}
	}
	in, m := p.bind(in, refs)
	out := &dependent{conds: in.conds, unique: in.unique}
	if in.pad != nil {
		out.pad = map[logical.ColID]logical.Expr{}
		for i, c := range n.Cols {
			out.pad[c.ID] = p.u.c.fold(logical.Replace(n.Exprs[i], in.pad))
		}
	}
	pr := &logical.Project{Input: in.node, Cols: slices.Clone(n.Cols), Exprs: logical.ReplaceAll(slices.Clone(n.Exprs), m)}
	have := map[logical.ColID]bool{}
	for _, c := range pr.Cols {
		have[c.ID] = true
	}
	used := map[logical.ColID]bool{}
	for _, e := range in.conds {
		logical.AddColumns(e, used)
	}
	for _, c := range in.node.Columns() {
		if used[c.ID] && !have[c.ID] {
			pr.Cols, pr.Exprs = append(pr.Cols, c), append(pr.Exprs, logical.Ref(c))
		}
	}
	out.node = pr
	return out, nil
}

// unnest needs the lists below; the conditions pass, since all columns do.
func (p *puller) unnest(n *logical.Unnest) (*dependent, error) {
	in, err := p.pulled(n.Input)
	if err != nil {
		return nil, err
	}
	in, m := p.bind(in, p.refs(n.Lists...))
	u := *n
	u.Input, u.Lists = in.node, logical.ReplaceAll(slices.Clone(n.Lists), m)
	return &dependent{node: &u, conds: in.conds}, nil
}

// emptyZero are the aggregates that give 0 for no rows; the others give NULL.
var emptyZero = map[string]bool{"count": true, "count_star": true, "count_if": true, "regr_count": true,
	"approx_count_distinct": true, "entropy": true}

// emptyValue is the value of an aggregate of no rows.
func emptyValue(a *logical.AggCall) logical.Expr {
	if !emptyZero[a.Fn.Name] {
		return nullOf(a.Fn.Return)
	}
	return &logical.Const{At: -1, Value: types.Value{Type: a.Fn.Return}}
}

// aggregate groups by the inner sides of equality conditions as well. Other
// conditions pass when they use groups only; else D has to be below.
func (p *puller) aggregate(n *logical.Aggregate) (*dependent, error) {
	if s := p.u.apart(n); s != nil {
		return p.pull(s)
	}
	in, err := p.pulled(n.Input)
	if err != nil {
		return nil, err
	}
	in, m := p.bind(in, p.refs(logical.Exprs(n)...))
	out := logical.MapExprs(n, func(e logical.Expr) logical.Expr { return logical.Replace(e, m) }).(*logical.Aggregate)
	a := *out
	a.GroupCols, a.Groups = slices.Clip(a.GroupCols), slices.Clip(a.Groups)
	for _, e := range in.conds {
		if _, ok := p.grouped(&a, e, false); !ok {
			in = p.materialize(in, nil)
			break
		}
	}
	a.Input = in.node
	d := &dependent{}
	for _, e := range in.conds {
		e, _ = p.grouped(&a, e, true)
		d.conds = append(d.conds, e)
	}
	if len(n.Groups) == 0 {
		d.unique = true
		d.pad = map[logical.ColID]logical.Expr{}
		for i, c := range a.AggCols {
			d.pad[c.ID] = emptyValue(&a.Aggs[i])
		}
	}
	d.node = &a
	return d, nil
}

// grouped rewrites a condition for above the grouping a; with add it may make
// a new group, else it only tells whether that would do.
func (p *puller) grouped(a *logical.Aggregate, e logical.Expr, add bool) (logical.Expr, bool) {
	m := map[logical.ColID]logical.Expr{}
	inner := false
	for id := range logical.ColumnsOf(e) {
		if !p.outer[id] {
			inner = true
		}
	}
	if !inner {
		return e, true
	}
	omitted := map[int]bool{} // such groups are NULL in some sets
	for _, o := range a.Omit {
		for _, i := range o {
			omitted[i] = true
		}
	}
	group := func(x logical.Expr) *logical.Column {
		for i, g := range a.Groups {
			if !omitted[i] && logical.Equal(g, x) {
				return logical.Ref(a.GroupCols[i])
			}
		}
		return nil
	}
	if c, ok := e.(*logical.Compare); ok && (c.Op == logical.Eq || c.Op == logical.NotDistinct) {
		l, r := c.Left, c.Right
		if p.inner(l) {
			l, r = r, l
		}
		if p.inner(r) && len(p.refs(l)) > 0 && logical.RefersOnly(l, p.outer) && !logical.HasVolatile(r) {
			g := group(r)
			if g == nil && add {
				col, ok := r.(*logical.Column)
				if !ok {
					fresh := p.u.c.NewCol("group", r.Type())
					col = &fresh
				}
				a.GroupCols, a.Groups = append(a.GroupCols, *col), append(a.Groups, r)
				g = logical.Ref(*col)
			}
			if !add {
				return nil, true
			}
			return &logical.Compare{At: c.At, Op: c.Op, Left: l, Right: g}, true
		}
	}
	for id := range logical.ColumnsOf(e) {
		if p.outer[id] {
			continue
		}
		g := group(&logical.Column{ID: id})
		if g == nil {
			return nil, false
		}
		m[id] = g
	}
	return logical.Replace(e, m), true
}

// join lets conditions pass as the kind of join allows: those of the left side
// of any, those of the right side of an inner one. A right side that is not
// put out, or padded, gets its conditions into the join, with what the left
// side has for the columns in question.
func (p *puller) join(n *logical.Join) (*dependent, error) {
	l, err := p.pulled(n.Left)
	if err != nil {
		return nil, err
	}
	r, err := p.pulled(n.Right)
	if err != nil {
		return nil, err
	}
	switch n.Kind {
	case logical.Inner, logical.Cross:
		moved, on := split(n.On, func(e logical.Expr) bool { return logical.RefersAny(e, p.outer) })
		on = append(on, p.bridge(l.conds, r.conds)...)
		conds := append(slices.Clip(l.conds), r.conds...)
		return &dependent{node: innerJoin(l.node, r.node, on), conds: append(conds, moved...),
			unique: l.unique && r.unique}, nil
	case logical.Right:
		l, r = r, l
		return p.attach(&logical.Join{Kind: logical.Left, On: n.On}, l, r), nil
	case logical.Full:
		return p.full(n, l, r), nil
	}
	return p.attach(n, l, r), nil
}

// bridge joins two sides on what they both compare with the same of the left
// row: l.c = a on one side and l.c = b on the other give a = b.
func (p *puller) bridge(left, right []logical.Expr) []logical.Expr {
	type pair struct {
		outer, inner logical.Expr
		op           logical.CompareOp
	}
	pairs := func(conds []logical.Expr) []pair {
		var out []pair
		for _, e := range conds {
			c, ok := e.(*logical.Compare)
			if !ok || c.Op != logical.Eq && c.Op != logical.NotDistinct {
				continue
			}
			l, r := c.Left, c.Right
			if p.inner(l) {
				l, r = r, l
			}
			if p.inner(r) && len(p.refs(l)) > 0 && logical.RefersOnly(l, p.outer) && !logical.HasVolatile(e) {
				out = append(out, pair{l, r, c.Op})
			}
		}
		return out
	}
	var out []logical.Expr
	rs := pairs(right)
	for _, l := range pairs(left) {
		for _, r := range rs {
			if !logical.Equal(l.outer, r.outer) {
				continue
			}
			op := logical.NotDistinct
			if l.op == logical.Eq || r.op == logical.Eq {
				op = logical.Eq
			}
			out = append(out, &logical.Compare{At: -1, Op: op, Left: l.inner, Right: r.inner})
		}
	}
	return out
}

// attach makes a join that keeps the rows of l.
func (p *puller) attach(n *logical.Join, l, r *dependent) *dependent {
	l, m := p.bind(l, p.refs(append(slices.Clip(n.On), r.conds...)...))
	right, conds := r.node, logical.ReplaceAll(r.conds, m)
	if n.Kind == logical.Mark || n.Kind == logical.NullAnti {
		right, conds = p.twoValued(right, conds)
	}
	j := *n
	j.Left, j.Right, j.On = l.node, right, append(slices.Clip(conds), logical.ReplaceAll(n.On, m)...)
	one := n.Kind != logical.Left
	return &dependent{node: &j, conds: l.conds, unique: l.unique && one}
}

// full joins two sides that both have what identifies the left row.
func (p *puller) full(n *logical.Join, l, r *dependent) *dependent {
	refs := p.refs(append(append(slices.Clip(n.On), l.conds...), r.conds...)...)
	left, lcols := p.closed(l, refs)
	right, rcols := p.closed(r, refs)
	m := map[logical.ColID]logical.Expr{}
	var same []logical.Expr
	top := &logical.Project{}
	cols := map[logical.ColID]logical.Column{}
	for _, id := range p.order {
		lc, ok := lcols[id]
		if !ok {
			continue
		}
		m[id] = logical.Ref(lc)
		same = append(same, &logical.Compare{At: -1, Op: logical.NotDistinct, Left: logical.Ref(lc), Right: logical.Ref(rcols[id])})
		cols[id] = p.u.c.NewCol(lc.Name, lc.Typ)
		top.Cols = append(top.Cols, cols[id])
		top.Exprs = append(top.Exprs, &logical.Coalesce{At: -1, Args: []logical.Expr{logical.Ref(lc), logical.Ref(rcols[id])}})
	}
	j := &logical.Join{Kind: logical.Full, Left: left, Right: right, On: append(same, logical.ReplaceAll(n.On, m)...)}
	for _, c := range j.Columns() {
		top.Cols, top.Exprs = append(top.Cols, c), append(top.Exprs, logical.Ref(c))
	}
	top.Input = j
	return &dependent{node: top, conds: p.equalTo(cols)}
}

// nested handles a dependent join within the right side: once its own left side
// has what its right side wants of the left side further out, it can be removed
// by itself.
func (p *puller) nested(n *logical.DependentJoin) (*dependent, error) {
	l, err := p.pulled(n.Left)
	if err != nil {
		return nil, err
	}
	refs := p.refs(n.On...)
	for _, id := range logical.FreeColumns(n.Right) {
		if p.outer[id] {
			refs[id] = true
		}
	}
	if in := p.together(n, l, refs); in != nil {
		return in, nil
	}
	l, m := p.bind(l, refs)
	if p.needed {
		return nil, errNeedsDomain
	}
	d := *n
	d.Left, d.On = l.node, logical.ReplaceAll(n.On, m)
	d.Right = n.Right
	if len(m) > 0 {
		d.Right = logical.ReplaceInPlan(n.Right, m)
	}
	node, err := p.u.eliminate(&d)
	if err != nil {
		return nil, err
	}
	one := n.Kind != logical.Inner && n.Kind != logical.Cross && n.Kind != logical.Left
	return &dependent{node: node, conds: l.conds, unique: l.unique && one}, nil
}

// setOp makes what identifies the left row columns of every input.
func (p *puller) setOp(n *logical.SetOp) (*dependent, error) {
	ins := make([]*dependent, len(n.Inputs))
	refs := map[logical.ColID]bool{}
	for i, c := range n.Inputs {
		in, err := p.pulled(c)
		if err != nil {
			return nil, err
		}
		ins[i] = in
		for id := range p.refs(in.conds...) {
			refs[id] = true
		}
	}
	m := *n
	m.Cols, m.In, m.Inputs = slices.Clone(n.Cols), make([][]logical.ColID, len(ins)), make([]logical.Node, len(ins))
	cols := map[logical.ColID]logical.Column{}
	for _, id := range p.order {
		if refs[id] {
			cols[id] = p.u.c.NewCol(p.cols[id].Name, p.cols[id].Typ)
			m.Cols = append(m.Cols, cols[id])
		}
	}
	for i, in := range ins {
		node, have := p.closed(in, refs)
		m.Inputs[i], m.In[i] = node, slices.Clone(n.In[i])
		for _, id := range p.order {
			if refs[id] {
				m.In[i] = append(m.In[i], have[id].ID)
			}
		}
	}
	return &dependent{node: &m, conds: p.equalTo(cols)}, nil
}

// cte frees the definition as one input of a set operation, and lets every
// reference choose the left row's part of it.
func (p *puller) cte(n *logical.CTE) (*dependent, error) {
	c := &logical.CTE{ID: n.ID, Name: n.Name, DefOut: n.DefOut}
	bodyIn := n.Body
	if !p.correlated(n.Def) {
		def, err := p.u.flatten(n.Def)
		if err != nil {
			return nil, err
		}
		c.Def = def
	} else {
		// Every reference reads it; how often rows come may matter to some.
		outside := p.anyRows
		p.anyRows = false
		in, err := p.pulled(n.Def)
		p.anyRows = outside
		if err != nil {
			return nil, err
		}
		refs := p.refs(in.conds...)
		def, cols := p.closed(in, refs)
		c.Def, c.DefOut = def, slices.Clone(n.DefOut)
		for _, id := range p.order {
			if refs[id] {
				c.DefOut = append(c.DefOut, cols[id].ID)
			}
		}
		bodyIn = logical.RewriteNodes(n.Body, func(x logical.Node) logical.Node {
			r, ok := x.(*logical.CTERef)
			if !ok || r.ID != n.ID {
				return x
			}
			ref := &logical.CTERef{ID: r.ID, Name: r.Name, Cols: slices.Clone(r.Cols)}
			own := map[logical.ColID]logical.Column{}
			for _, id := range p.order {
				if refs[id] {
					own[id] = p.u.c.NewCol(p.cols[id].Name, p.cols[id].Typ)
					ref.Cols = append(ref.Cols, own[id])
				}
			}
			return filtered(ref, p.equalTo(own))
		})
	}
	body, err := p.pull(bodyIn)
	if err != nil {
		return nil, err
	}
	c.Body = body.node
	return &dependent{node: c, conds: body.conds, pad: body.pad, unique: body.unique}, nil
}

// projected makes constant rows projections of one empty row each, where
// expressions may refer to columns.
func (u *unnester) projected(n *logical.Values) logical.Node {
	project := func(row []logical.Expr, cols []logical.Column) logical.Node {
		return &logical.Project{Input: &logical.Values{Rows: [][]logical.Expr{{}}}, Cols: cols, Exprs: row}
	}
	if len(n.Rows) == 1 {
		return project(n.Rows[0], n.Cols)
	}
	s := &logical.SetOp{Kind: logical.Union, All: true, Cols: n.Cols}
	for _, row := range n.Rows {
		cols := make([]logical.Column, len(n.Cols))
		ids := make([]logical.ColID, len(n.Cols))
		for i, c := range n.Cols {
			cols[i] = u.c.NewCol(c.Name, c.Typ)
			ids[i] = cols[i].ID
		}
		s.Inputs, s.In = append(s.Inputs, project(row, cols)), append(s.In, ids)
	}
	return s
}
