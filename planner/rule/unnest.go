package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// unnestSubqueries turns subqueries in expressions into joins, and dependent
// joins, which those of correlated subqueries and LATERAL are, into plain ones:
//
//	WHERE EXISTS (S)           →  semi join with S
//	WHERE NOT EXISTS (S)       →  anti join
//	WHERE x IN (S)             →  semi join ON x = S.col
//	WHERE x NOT IN (S)         →  null-aware anti join
//	WHERE x op ANY (S)         →  semi join ON x op S.col
//	WHERE x op ALL (S)         →  null-aware anti join ON x negated-op S.col
//	… (SELECT v) …             →  single join; cross join when S has one row for certain
//	… EXISTS, IN elsewhere …   →  mark join, whose column takes the place
//
// A subquery in the condition of an outer join is joined to the side whose
// columns it uses; where it uses both sides', the join itself becomes a
// dependent one over the filtered right side.
//
// What the dependent joins become is told in dependent.go.
//
// The subquery of a CASE branch is joined for all rows. One with several rows
// raises 21000 only for a row that reaches the branch (only_row.go); one that
// fails otherwise does so for any.
func unnestSubqueries(c *Context, root logical.Node) (logical.Node, error) {
	if !hasNested(root) {
		return root, nil
	}
	u := &unnester{c: c, nextCTE: 1 + maxCTE(root)}
	root, err := u.node(root)
	if err != nil {
		return nil, err
	}
	return u.flatten(root)
}

type unnester struct {
	c        *Context
	nextCTE  int
	together int // attempts so far
	// checked are the subqueries that may have too many rows for those who reach
	// them, by the column that is their value.
	checked map[logical.ColID]*logical.Call
	inOrder int // > 0: joins for values must keep the order of the left side
}

// hasNested reports whether there is anything to unnest.
func hasNested(root logical.Node) bool {
	found := false
	logical.WalkNodes(root, func(n logical.Node) bool {
		if _, ok := n.(*logical.DependentJoin); ok {
			found = true
		}
		for _, e := range logical.Exprs(n) {
			found = found || logical.HasSubquery(e)
		}
		return !found
	})
	return found
}

// maxCTE is the highest number of a CTE in n, recursive ones and subqueries
// included.
func maxCTE(n logical.Node) int {
	top := 0
	logical.WalkNodes(n, func(n logical.Node) bool {
		switch n := n.(type) {
		case *logical.CTE:
			top = max(top, n.ID)
		case *logical.CTERef:
			top = max(top, n.ID)
		case *logical.Recursive:
			top = max(top, n.ID, n.Total)
		}
		for _, e := range logical.Exprs(n) {
			logical.Walk(e, func(x logical.Expr) bool {
				if s, ok := x.(*logical.Subquery); ok {
					top = max(top, maxCTE(s.Plan))
				}
				return true
			})
		}
		return true
	})
	return top
}

// mapChildren is logical.MapChildren for a function that may fail.
func mapChildren(n logical.Node, f func(logical.Node) (logical.Node, error)) (logical.Node, error) {
	var err error
	n = logical.MapChildren(n, func(ch logical.Node) logical.Node {
		if err != nil {
			return ch
		}
		var out logical.Node
		if out, err = f(ch); err != nil {
			return ch
		}
		return out
	})
	return n, err
}

// node makes joins of the subqueries in n's children, then of those in n
// itself.
func (u *unnester) node(n logical.Node) (logical.Node, error) {
	n, err := mapChildren(n, u.node)
	if err != nil {
		return nil, err
	}
	has := false
	for _, e := range logical.Exprs(n) {
		has = has || logical.HasSubquery(e)
	}
	if !has {
		return n, nil
	}
	switch n := n.(type) {
	case *logical.Filter:
		return u.filter(n)
	case *logical.Join:
		if n.Kind == logical.Inner || n.Kind == logical.Cross {
			return u.filter(&logical.Filter{Input: &logical.Join{Kind: logical.Cross, Left: n.Left, Right: n.Right}, Conds: n.On})
		}
		return u.outerJoin(n.Kind, n.Left, n.Right, n.On, n.MarkCol, subqueryPos(n))
	case *logical.DependentJoin:
		if n.Kind == logical.Inner || n.Kind == logical.Cross {
			d := *n
			d.Kind, d.On = logical.Inner, nil
			return u.filter(&logical.Filter{Input: &d, Conds: n.On})
		}
		return u.outerJoin(n.Kind, n.Left, n.Right, n.On, n.MarkCol, subqueryPos(n))
	}
	if l, ok := n.(*logical.Limit); ok {
		return u.limit(l)
	}
	// Nodes over one input get the subqueries joined to that. Columns that this
	// adds may come out of a Sort; they do no harm, since results name theirs.
	children := n.Children()
	if len(children) != 1 {
		return nil, unsupported(subqueryPos(n), "a subquery is not supported here")
	}
	input := children[0]
	m := logical.MapExprs(n, func(e logical.Expr) logical.Expr {
		if err != nil || !logical.HasSubquery(e) {
			return e
		}
		var out logical.Expr
		if out, input, err = u.expr(e, input); err != nil {
			return e
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	return m.WithChildren([]logical.Node{input}), nil
}

// limit joins the subqueries of LIMIT and OFFSET to its input, below a sort; by
// joins that keep the order of the rows.
func (u *unnester) limit(n *logical.Limit) (logical.Node, error) {
	m := *n
	sort, sorted := n.Input.(*logical.Sort)
	input := n.Input
	if sorted {
		input = sort.Input
	}
	u.inOrder++
	defer func() { u.inOrder-- }()
	for _, e := range []*logical.Expr{&m.Count, &m.Offset} {
		if *e == nil {
			continue
		}
		var err error
		if *e, input, err = u.expr(*e, input); err != nil {
			return nil, err
		}
	}
	if sorted {
		input = sort.WithChildren([]logical.Node{input})
	}
	m.Input = input
	return &m, nil
}

// outerJoin makes joins of the subqueries in the condition of a join that is
// no inner one.
func (u *unnester) outerJoin(kind logical.JoinKind, left, right logical.Node, on []logical.Expr, mark logical.Column, pos int) (logical.Node, error) {
	lcols, rcols := logical.Produced(left), logical.Produced(right)
	var plain, below []logical.Expr
	for _, e := range on {
		if !logical.HasSubquery(e) {
			plain = append(plain, e)
			continue
		}
		sideL, sideR := true, true
		logical.Walk(e, func(x logical.Expr) bool {
			if s, ok := x.(*logical.Subquery); ok {
				sideL = sideL && !logical.RefersAny(s, rcols)
				sideR = sideR && !logical.RefersAny(s, lcols)
			}
			return true
		})
		var err error
		switch {
		case sideR && (kind == logical.Left || kind == logical.Semi || kind == logical.Anti || kind == logical.Full || kind == logical.Single):
			e, right, err = u.expr(e, right)
			plain = append(plain, e)
		case sideL && kind != logical.Right:
			e, left, err = u.expr(e, left)
			plain = append(plain, e)
		default:
			below = append(below, e)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(below) > 0 {
		if kind != logical.Left && kind != logical.Semi && kind != logical.Anti {
			return nil, unsupported(pos, "a subquery over both sides of a %s JOIN is not supported", kind)
		}
		var err error
		if right, err = u.filter(&logical.Filter{Input: right, Conds: below}); err != nil {
			return nil, err
		}
	}
	return join(kind, left, right, plain, mark), nil
}

// join makes a join, a dependent one when right refers to columns of left.
func join(kind logical.JoinKind, left, right logical.Node, on []logical.Expr, mark logical.Column) logical.Node {
	if outer := outerColumns(left, right); len(outer) > 0 {
		if kind == logical.Cross {
			kind = logical.Inner
		}
		return &logical.DependentJoin{Kind: kind, Left: left, Right: right, On: on, Outer: outer, MarkCol: mark}
	}
	return &logical.Join{Kind: kind, Left: left, Right: right, On: on, MarkCol: mark}
}

// outerColumns lists the columns of left that right refers to.
func outerColumns(left, right logical.Node) []logical.ColID {
	have := logical.Produced(left)
	var out []logical.ColID
	for _, id := range logical.FreeColumns(right) {
		if have[id] {
			out = append(out, id)
		}
	}
	return out
}

// subqueryPos is the position of the first subquery in n's expressions.
func subqueryPos(n logical.Node) int {
	pos := -1
	for _, e := range logical.Exprs(n) {
		logical.Walk(e, func(x logical.Expr) bool {
			if s, ok := x.(*logical.Subquery); ok && pos < 0 {
				pos = s.Pos()
			}
			return pos < 0
		})
	}
	return pos
}

// filter handles the conjuncts of a filter: plain ones first, so that the
// joins for the others get fewer rows.
func (u *unnester) filter(f *logical.Filter) (logical.Node, error) {
	var plain []logical.Expr
	var rest []logical.Expr
	for _, e := range f.Conds {
		if logical.HasSubquery(e) {
			rest = append(rest, e)
		} else {
			plain = append(plain, e)
		}
	}
	n := filtered(f.Input, plain)
	for _, e := range rest {
		var err error
		if n, err = u.conjunct(e, n); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// conjunct joins one condition with subqueries to n.
func (u *unnester) conjunct(e logical.Expr, n logical.Node) (logical.Node, error) {
	inner, negated := e, false
	if not, ok := e.(*logical.Not); ok {
		inner, negated = not.Arg, true
	}
	if s, ok := inner.(*logical.Subquery); ok && s.Kind != logical.ScalarSubquery {
		return u.membership(s, negated, n)
	}
	e, n, err := u.expr(e, n)
	if err != nil {
		return nil, err
	}
	return filtered(n, []logical.Expr{e}), nil
}

// membership joins EXISTS, ANY or ALL as a condition.
func (u *unnester) membership(s *logical.Subquery, negated bool, n logical.Node) (logical.Node, error) {
	plan, err := u.plan(s)
	if err != nil {
		return nil, err
	}
	if s.Kind == logical.Exists {
		kind := logical.Semi
		if negated {
			kind = logical.Anti
		}
		return join(kind, n, plan, nil, logical.Column{}), nil
	}
	args, n, err := u.args(s, n)
	if err != nil {
		return nil, err
	}
	// x op ALL is NOT (x negated-op ANY).
	op, kind := s.Op, logical.Semi
	if s.Kind == logical.All {
		op = op.Negate()
	}
	if (s.Kind == logical.All) != negated {
		// No row may satisfy x op y, nor may one leave it unknown.
		kind = logical.NullAnti
	}
	return join(kind, n, plan, compare(s, op, args), logical.Column{}), nil
}

// args joins the subqueries within the arguments of ANY or ALL to n.
func (u *unnester) args(s *logical.Subquery, n logical.Node) ([]logical.Expr, logical.Node, error) {
	args := make([]logical.Expr, 0, 1+len(s.Rest))
	for _, e := range logical.Operands(s) {
		var err error
		if e, n, err = u.expr(e, n); err != nil {
			return nil, nil, err
		}
		args = append(args, e)
	}
	return args, n, nil
}

// compare makes the comparisons of the subquery's arguments with its columns,
// all of which have to hold.
func compare(s *logical.Subquery, op logical.CompareOp, args []logical.Expr) []logical.Expr {
	out := make([]logical.Expr, len(args))
	for i, arg := range args {
		id := s.Col
		if i > 0 {
			id = s.RestCols[i-1]
		}
		out[i] = &logical.Compare{At: s.At, Op: op, Left: arg, Right: &logical.Column{At: s.At, ID: id, Typ: arg.Type(), Name: columnName(s, id)}}
	}
	return out
}

func columnName(s *logical.Subquery, id logical.ColID) string {
	for _, c := range s.Plan.Columns() {
		if c.ID == id {
			return c.Name
		}
	}
	return ""
}

// expr replaces the subqueries within e by columns of joins put on n.
func (u *unnester) expr(e logical.Expr, n logical.Node) (logical.Expr, logical.Node, error) {
	e, err := u.within(e, &n, false)
	return e, n, err
}

// within is expr for an expression that, when lazy, some rows do not reach.
func (u *unnester) within(e logical.Expr, n *logical.Node, lazy bool) (logical.Expr, error) {
	if !logical.HasSubquery(e) {
		return e, nil
	}
	ops := logical.Operands(e)
	out := make([]logical.Expr, len(ops))
	changed := false
	for i, o := range ops {
		x, err := u.within(o, n, lazy || conditional(e, i))
		if err != nil {
			return nil, err
		}
		changed = changed || x != o
		out[i] = x
	}
	if changed {
		e = logical.WithOperands(e, out)
	}
	s, ok := e.(*logical.Subquery)
	if !ok {
		return e, nil
	}
	x, joined, err := u.value(s, *n, lazy)
	if err != nil {
		return nil, err
	}
	*n = joined
	return x, nil
}

// value joins a subquery whose value is wanted and returns the value.
//
// An operand that is compared twice, as in BETWEEN and CASE x WHEN, occurs
// twice as the same subquery; it is joined once.
func (u *unnester) value(s *logical.Subquery, n logical.Node, lazy bool) (logical.Expr, logical.Node, error) {
	if call := u.checked[s.Col]; call != nil && s.Kind == logical.ScalarSubquery && logical.RefersOnly(call, logical.Produced(n)) {
		return call, n, nil
	}
	if s.Kind == logical.ScalarSubquery && logical.Produced(n)[s.Col] {
		return &logical.Column{At: s.At, ID: s.Col, Typ: s.Typ, Name: columnName(s, s.Col)}, n, nil
	}
	plan, err := u.plan(s)
	if err != nil {
		return nil, nil, err
	}
	if s.Kind == logical.ScalarSubquery {
		if lazy {
			if x, joined := u.onlyRow(s, plan, n); x != nil {
				return x, joined, nil
			}
		}
		kind := logical.Single
		if exactlyOneRow(plan) && u.inOrder == 0 {
			kind = logical.Cross
		}
		col := &logical.Column{At: s.At, ID: s.Col, Typ: s.Typ, Name: columnName(s, s.Col)}
		return col, join(kind, n, plan, nil, logical.Column{}), nil
	}
	mark := u.c.NewCol("mark", types.Of(types.Boolean))
	ref := &logical.Column{At: s.At, ID: mark.ID, Typ: mark.Typ, Name: mark.Name}
	switch s.Kind {
	case logical.Any:
		return ref, join(logical.Mark, n, plan, compare(s, s.Op, logical.Operands(s)), mark), nil
	case logical.All:
		// x op ALL is NOT (x negated-op ANY).
		return &logical.Not{At: s.At, Arg: ref}, join(logical.Mark, n, plan, compare(s, s.Op.Negate(), logical.Operands(s)), mark), nil
	}
	return ref, join(logical.Mark, n, plan, nil, mark), nil
}

// plan makes joins of the subqueries within a subquery's plan; of an EXISTS,
// what does not change whether there are rows goes.
func (u *unnester) plan(s *logical.Subquery) (logical.Node, error) {
	plan := s.Plan
	if s.Kind == logical.Exists {
		plan = strip(plan)
	}
	return u.node(plan)
}

// strip removes from the plan of an EXISTS what does not change whether there
// are rows. A grouping without groups, or with a grouping set without any, has
// one whatever it reads.
func strip(n logical.Node) logical.Node {
	for {
		switch m := n.(type) {
		case *logical.Project:
			n = m.Input
			continue
		case *logical.Sort:
			n = m.Input
			continue
		case *logical.Aggregate:
			if len(m.Groups) > 0 && !hasEmptySet(m) {
				n = m.Input
				continue
			}
			return &logical.Values{Rows: [][]logical.Expr{{}}}
		case *logical.Limit:
			if k, ok := m.Count.(*logical.Const); ok && m.Offset == nil && !m.Percent && !k.Value.IsNull && k.Value.I > 0 {
				n = m.Input
				continue
			}
		}
		return n
	}
}

// exactlyOneRow reports whether n produces one row whatever its input.
func exactlyOneRow(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Groups) == 0 && len(n.Omit) <= 1
	case *logical.Project:
		return exactlyOneRow(n.Input)
	case *logical.Sort:
		return exactlyOneRow(n.Input)
	case *logical.Values:
		return len(n.Rows) == 1
	case *logical.CTE:
		return exactlyOneRow(n.Body)
	case *logical.Join:
		switch n.Kind {
		case logical.Cross:
			return exactlyOneRow(n.Left) && exactlyOneRow(n.Right)
		case logical.Single, logical.Mark:
			return exactlyOneRow(n.Left)
		}
	case *logical.DependentJoin:
		switch n.Kind {
		case logical.Inner:
			return len(n.On) == 0 && exactlyOneRow(n.Left) && exactlyOneRow(n.Right)
		case logical.Single, logical.Mark:
			return exactlyOneRow(n.Left)
		}
	}
	return false
}
