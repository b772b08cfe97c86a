package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// Dependent joins are removed from the outermost inwards (Neumann and Kemper,
// "Unnesting Arbitrary Queries", BTW 2015; Neumann, "Improving Unnesting of
// Complex Queries", BTW 2025). The right side R of a dependent join with L is
// rebuilt bottom-up as a relation R' that refers to L nowhere, and a list of
// conditions over the columns of both (pull):
//
//	R for a row l of L  =  the rows of R' that satisfy the conditions with l
//
// A correlated condition of a filter simply joins the list, and most operators
// let the list pass: a grouping makes the inner side of each equality a group.
// So for
//
//	SELECT … FROM l WHERE x < (SELECT avg(y) FROM r WHERE r.k = l.k)
//
// R' is avg(y) by r.k, the condition is r.k = l.k, and no more is needed. Where
// an operator must know values of L, or cannot let a condition pass, those are
// joined in as a relation D, the distinct combinations of the columns in
// question (materialize), and the conditions become l.c IS NOT DISTINCT FROM
// D.c. That is always possible, so the method is complete for every operator
// that some row of L can have for itself.
//
// A grouping without groups has one row for each row of L, also where it gets
// nothing to group. R' has no row there, and pad holds what the row would be.
type dependent struct {
	node  logical.Node
	conds []logical.Expr
	// pad: a row of L for which node has no row that satisfies conds stands for
	// one row with these values, columns that are not in it being irrelevant.
	// nil: it stands for none.
	pad map[logical.ColID]logical.Expr
	// unique: at most one row of node satisfies conds for each row of L.
	unique bool
}

// flatten removes the dependent joins from n, which refers to no enclosing
// query.
func (u *unnester) flatten(n logical.Node) (logical.Node, error) {
	if d, ok := n.(*logical.DependentJoin); ok {
		return u.eliminate(d)
	}
	return mapChildren(n, u.flatten)
}

// eliminate replaces a dependent join by a plain one.
func (u *unnester) eliminate(d *logical.DependentJoin) (logical.Node, error) {
	left, err := u.flatten(d.Left)
	if err != nil {
		return nil, err
	}
	outer := outerColumns(left, d.Right)
	if len(outer) == 0 {
		right, err := u.flatten(d.Right)
		if err != nil {
			return nil, err
		}
		return u.plain(d, left, right, d.On), nil
	}
	p := &puller{u: u, left: left, outer: map[logical.ColID]bool{}, cols: map[logical.ColID]logical.Column{}}
	switch d.Kind {
	case logical.Semi, logical.Anti, logical.NullAnti, logical.Mark:
		p.anyRows = true
	}
	for _, id := range outer {
		p.outer[id] = true
	}
	for _, c := range left.Columns() {
		if p.outer[c.ID] {
			p.cols[c.ID] = c
			p.order = append(p.order, c.ID)
		}
	}
	if pr, ok := d.Right.(*logical.Project); ok && p.inExprs(pr) {
		if n := u.computed(d, left, pr); n != nil {
			return u.flatten(n)
		}
	}
	in, err := p.pull(d.Right)
	if err != nil {
		return nil, err
	}
	return p.finish(d, in), nil
}

// plain makes the join that d is, over sides that are independent.
func (u *unnester) plain(d *logical.DependentJoin, left, right logical.Node, on []logical.Expr) logical.Node {
	switch d.Kind {
	case logical.Inner, logical.Cross:
		return innerJoin(left, right, on)
	}
	return &logical.Join{Kind: d.Kind, Left: left, Right: right, On: on, MarkCol: d.MarkCol}
}

// innerJoin joins, unless one side is a row without columns.
func innerJoin(left, right logical.Node, on []logical.Expr) logical.Node {
	if oneEmptyRow(right) {
		return filtered(left, on)
	}
	kind := logical.Inner
	if len(on) == 0 {
		kind = logical.Cross
	}
	return &logical.Join{Kind: kind, Left: left, Right: right, On: on}
}

func oneEmptyRow(n logical.Node) bool {
	v, ok := n.(*logical.Values)
	return ok && len(v.Rows) == 1 && len(v.Cols) == 0
}

// computed moves the projection at the top of the right side above the join,
// where its references to the left side are no matter:
//
//	L ⋈dep π[l.a + r.b](R)  →  π[l.*, l.a + r.b](L ⋈dep R)
//
// In a row that an outer join pads the expressions are NULL, which a constant
// column beside R tells. nil: the kind of join does not put out the projection.
func (u *unnester) computed(d *logical.DependentJoin, left logical.Node, pr *logical.Project) logical.Node {
	m := map[logical.ColID]logical.Expr{}
	for i, c := range pr.Cols {
		if !logical.IsColumn(pr.Exprs[i], c.ID) {
			if logical.HasVolatile(pr.Exprs[i]) && len(d.On) > 0 {
				return nil
			}
			m[c.ID] = pr.Exprs[i]
		}
	}
	top := &logical.Project{}
	for _, c := range left.Columns() {
		top.Cols, top.Exprs = append(top.Cols, c), append(top.Exprs, logical.Ref(c))
	}
	on := logical.ReplaceAll(d.On, m)
	switch d.Kind {
	case logical.Inner, logical.Cross:
		top.Cols, top.Exprs = append(top.Cols, pr.Cols...), append(top.Exprs, pr.Exprs...)
		top.Input = filtered(join(logical.Inner, left, pr.Input, nil, logical.Column{}), on)
		return top
	case logical.Left, logical.Single:
	default:
		return nil
	}
	marker := u.c.NewCol("present", types.Of(types.Boolean))
	right := &logical.Project{Input: pr.Input, Cols: []logical.Column{marker}, Exprs: []logical.Expr{boolConst(-1, true)}}
	for _, c := range pr.Input.Columns() {
		right.Cols, right.Exprs = append(right.Cols, c), append(right.Exprs, logical.Ref(c))
	}
	for i, c := range pr.Cols {
		e := pr.Exprs[i]
		if !logical.IsColumn(e, c.ID) {
			present := &logical.IsNull{At: -1, Arg: logical.Ref(marker), Negated: true}
			e = &logical.Case{At: -1, Whens: []logical.When{{Cond: present, Then: e}}, Else: nullOf(c.Typ), Typ: c.Typ}
		}
		top.Cols, top.Exprs = append(top.Cols, c), append(top.Exprs, e)
	}
	top.Input = join(d.Kind, left, right, on, logical.Column{})
	return top
}

// puller frees the right side of one dependent join.
type puller struct {
	u     *unnester
	left  logical.Node
	outer map[logical.ColID]bool
	cols  map[logical.ColID]logical.Column
	order []logical.ColID // outer, as left has them
	// shared is the CTE that computes left once when D needs it as well.
	shared *logical.CTE
	// noDomain: D cannot be had; needed notes that it would have been.
	noDomain, needed bool
	// anyRows: how often a row of the node at hand comes does not matter.
	anyRows bool
}

func (p *puller) inExprs(n logical.Node) bool {
	for _, e := range logical.Exprs(n) {
		if logical.RefersAny(e, p.outer) {
			return true
		}
	}
	return false
}

// correlated reports whether n refers to the left side.
func (p *puller) correlated(n logical.Node) bool {
	for _, id := range logical.FreeColumns(n) {
		if p.outer[id] {
			return true
		}
	}
	return false
}

// finish joins the left side with what its right side has become.
func (p *puller) finish(d *logical.DependentJoin, in *dependent) logical.Node {
	if in.pad != nil {
		switch {
		case d.Kind == logical.Inner || d.Kind == logical.Cross || (d.Kind == logical.Left || d.Kind == logical.Single) && len(d.On) == 0:
			// pad implies unique: a left join does for a single one.
			return p.wrap(filtered(p.padded(p.left, in, nil), d.On))
		}
		in = p.materialize(in, nil)
	}
	node, conds := in.node, in.conds
	switch d.Kind {
	case logical.Mark, logical.NullAnti:
		node, conds = p.twoValued(node, conds)
	case logical.Single:
		if in.unique {
			c := *d
			c.Kind = logical.Left
			d = &c
		}
	}
	on := append(append([]logical.Expr{}, conds...), d.On...)
	return p.wrap(p.u.plain(d, p.left, node, on))
}

// wrap puts the shared computation of the left side around n.
func (p *puller) wrap(n logical.Node) logical.Node {
	if p.shared == nil {
		return n
	}
	c := *p.shared
	c.Body = n
	return &c
}

// twoValued makes conditions fit for a join whose condition is three-valued as
// a whole, though they only filter its right side, for which unknown is false:
// l.k = r.k becomes l.k IS NOT DISTINCT FROM r.k over rows in which r.k is not
// NULL, which remains a key; any other p becomes p IS NOT DISTINCT FROM true.
func (p *puller) twoValued(right logical.Node, conds []logical.Expr) (logical.Node, []logical.Expr) {
	have := logical.Produced(right)
	var own, out []logical.Expr
	for _, e := range conds {
		c, ok := e.(*logical.Compare)
		switch {
		case logical.RefersOnly(e, have):
			own = append(own, e)
		case ok && c.Op == logical.NotDistinct:
			out = append(out, e)
		case ok && c.Op == logical.Eq && (oneSided(c.Left, c.Right, have) || oneSided(c.Right, c.Left, have)):
			inner := c.Right
			if logical.RefersOnly(c.Left, have) && len(logical.ColumnsOf(c.Left)) > 0 {
				inner = c.Left
			}
			own = append(own, &logical.IsNull{At: c.At, Arg: inner, Negated: true})
			out = append(out, &logical.Compare{At: c.At, Op: logical.NotDistinct, Left: c.Left, Right: c.Right})
		default:
			out = append(out, &logical.Compare{At: logical.At(e.Pos()), Op: logical.NotDistinct, Left: e, Right: boolConst(e.Pos(), true)})
		}
	}
	return filtered(right, own), out
}

// oneSided reports whether y is over the columns have alone and x over none of
// them.
func oneSided(x, y logical.Expr, have map[logical.ColID]bool) bool {
	return !logical.RefersAny(x, have) && logical.RefersOnly(y, have) && len(logical.ColumnsOf(y)) > 0
}

// padded joins in to left, keeping left's rows; those without a partner get the
// values of in.pad. m replaces columns of the left side, nil where left has
// them.
func (p *puller) padded(left logical.Node, in *dependent, m map[logical.ColID]logical.Expr) logical.Node {
	on := logical.ReplaceAll(in.conds, m)
	isNull := func(e logical.Expr) bool {
		k, ok := e.(*logical.Const)
		return ok && k.Value.IsNull
	}
	plain := true
	for _, e := range in.pad {
		plain = plain && isNull(e)
	}
	if plain {
		return &logical.Join{Kind: logical.Left, Left: left, Right: in.node, On: on}
	}
	marker := p.u.c.NewCol("present", types.Of(types.Boolean))
	right := &logical.Project{Input: in.node, Cols: []logical.Column{marker}, Exprs: []logical.Expr{boolConst(-1, true)}}
	top := &logical.Project{}
	pass := func(pr *logical.Project, c logical.Column) {
		pr.Cols, pr.Exprs = append(pr.Cols, c), append(pr.Exprs, logical.Ref(c))
	}
	for _, c := range left.Columns() {
		pass(top, c)
	}
	renamed := map[logical.ColID]logical.Expr{}
	for _, c := range in.node.Columns() {
		pad, ok := in.pad[c.ID]
		if !ok || isNull(pad) {
			pass(right, c)
			pass(top, c)
			continue
		}
		own := p.u.c.NewCol(c.Name, c.Typ)
		renamed[c.ID] = logical.Ref(own)
		right.Cols, right.Exprs = append(right.Cols, own), append(right.Exprs, logical.Ref(c))
		absent := &logical.IsNull{At: -1, Arg: logical.Ref(marker)}
		top.Cols = append(top.Cols, c)
		top.Exprs = append(top.Exprs, &logical.Case{At: -1, Typ: c.Typ, Else: logical.Ref(own),
			Whens: []logical.When{{Cond: absent, Then: logical.Replace(pad, m)}}})
	}
	top.Input = &logical.Join{Kind: logical.Left, Left: left, Right: right, On: logical.ReplaceAll(on, renamed)}
	return top
}
