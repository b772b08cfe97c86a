package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// unnestSubqueries turns subqueries in expressions into joins:
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
// A correlated subquery whose references to the outer query stand in WHERE
// conditions of inner joins is decorrelated by moving these conditions into the
// join (decorrelate.go). What remains correlated is refused with 0A000.
func unnestSubqueries(c *Context, root logical.Node) (logical.Node, error) {
	u := &unnester{c: c}
	return u.node(root)
}

type unnester struct{ c *Context }

// node unnests in n's children, then in n itself.
func (u *unnester) node(n logical.Node) (logical.Node, error) {
	var err error
	n = logical.MapChildren(n, func(ch logical.Node) logical.Node {
		if err != nil {
			return ch
		}
		var out logical.Node
		out, err = u.node(ch)
		if err != nil {
			return ch
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	if d, ok := n.(*logical.DependentJoin); ok {
		return u.dependent(d)
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
			j := *n
			j.On, j.Kind = nil, logical.Cross
			return u.filter(&logical.Filter{Input: &j, Conds: n.On})
		}
		return nil, unsupported(subqueryPos(n), "a subquery in the condition of this kind of join is not supported")
	case *logical.Project, *logical.Aggregate, *logical.Sort, *logical.TopN:
		input := n.Children()[0]
		// Columns that the subqueries add must not come out of a Sort; they do
		// no harm, since results name their columns.
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
	return nil, unsupported(subqueryPos(n), "a subquery is not supported here")
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
	if s, ok := inner.(*logical.Subquery); ok && s.Kind != logical.ScalarSubquery && (s.Arg == nil || !logical.HasSubquery(s.Arg)) {
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
	plan, conds, err := u.subplan(s, s.Kind == logical.Exists)
	if err != nil {
		return nil, err
	}
	kind := logical.Semi
	switch {
	case s.Kind == logical.Exists:
		if negated {
			kind = logical.Anti
		}
		return &logical.Join{Kind: kind, Left: n, Right: plan, On: conds}, nil
	case (s.Kind == logical.Any) != negated:
		// x op ANY, or NOT x op ALL, which is x negated-op ANY.
		op := s.Op
		if s.Kind == logical.All {
			op = op.Negate()
		}
		return &logical.Join{Kind: kind, Left: n, Right: plan, On: append(conds, u.compare(s, op))}, nil
	}
	// NOT x op ANY, or x op ALL: no row may satisfy x op y, nor may one leave
	// it unknown.
	if len(conds) > 0 {
		return nil, unsupported(s.Pos(), "NOT IN or ALL with a correlated subquery is not supported; use NOT EXISTS")
	}
	op := s.Op
	if s.Kind == logical.All {
		op = op.Negate()
	}
	return &logical.Join{Kind: logical.NullAnti, Left: n, Right: plan, On: []logical.Expr{u.compare(s, op)}}, nil
}

// compare makes the comparison of the subquery's argument with its column.
func (u *unnester) compare(s *logical.Subquery, op logical.CompareOp) logical.Expr {
	return &logical.Compare{At: s.At, Op: op, Left: s.Arg, Right: &logical.Column{At: s.At, ID: s.Col, Typ: s.Arg.Type(), Name: columnName(s)}}
}

func columnName(s *logical.Subquery) string {
	for _, c := range s.Plan.Columns() {
		if c.ID == s.Col {
			return c.Name
		}
	}
	return ""
}

// expr replaces the subqueries within e by columns of joins put on n.
func (u *unnester) expr(e logical.Expr, n logical.Node) (logical.Expr, logical.Node, error) {
	var err error
	e = logical.Rewrite(e, func(x logical.Expr) logical.Expr {
		s, ok := x.(*logical.Subquery)
		if !ok || err != nil {
			return x
		}
		var out logical.Expr
		if out, n, err = u.value(s, n); err != nil {
			return x
		}
		return out
	})
	return e, n, err
}

// value joins a subquery whose value is wanted and returns the value.
//
// An operand that is compared twice, as in BETWEEN and CASE x WHEN, occurs
// twice as the same subquery; it is joined once.
func (u *unnester) value(s *logical.Subquery, n logical.Node) (logical.Expr, logical.Node, error) {
	if s.Kind == logical.ScalarSubquery && logical.Produced(n)[s.Col] {
		return &logical.Column{At: s.At, ID: s.Col, Typ: s.Typ, Name: columnName(s)}, n, nil
	}
	plan, conds, err := u.subplan(s, s.Kind == logical.Exists)
	if err != nil {
		return nil, nil, err
	}
	if s.Kind == logical.ScalarSubquery {
		kind := logical.Single
		if len(conds) == 0 && exactlyOneRow(plan) {
			kind = logical.Cross
		}
		col := &logical.Column{At: s.At, ID: s.Col, Typ: s.Typ, Name: columnName(s)}
		return col, &logical.Join{Kind: kind, Left: n, Right: plan, On: conds}, nil
	}
	mark := u.c.NewCol("mark", types.Of(types.Boolean))
	j := &logical.Join{Kind: logical.Mark, Left: n, Right: plan, On: conds, MarkCol: mark}
	ref := &logical.Column{At: s.At, ID: mark.ID, Typ: mark.Typ, Name: mark.Name}
	switch s.Kind {
	case logical.Any:
		j.On = append(conds, u.compare(s, s.Op))
	case logical.All:
		// x op ALL is NOT (x negated-op ANY).
		j.On = append(conds, u.compare(s, s.Op.Negate()))
		if len(conds) > 0 {
			return nil, nil, unsupported(s.Pos(), "ALL with a correlated subquery is not supported")
		}
		return &logical.Not{At: s.At, Arg: ref}, j, nil
	}
	if len(conds) > 0 && s.Kind == logical.Any {
		// A mark join is unknown where any condition is; the correlation's
		// conditions must count as false instead.
		return nil, nil, unsupported(s.Pos(), "IN with a correlated subquery is supported only as a condition of WHERE")
	}
	if s.Kind == logical.Exists && len(j.On) > 0 {
		// EXISTS is never unknown.
		return &logical.Compare{At: s.At, Op: logical.NotDistinct, Left: ref, Right: boolConst(s.Pos(), true)}, j, nil
	}
	return ref, j, nil
}

// exactlyOneRow reports whether n produces one row whatever its input.
func exactlyOneRow(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Groups) == 0
	case *logical.Project:
		return exactlyOneRow(n.Input)
	case *logical.Sort:
		return exactlyOneRow(n.Input)
	case *logical.Values:
		return len(n.Rows) == 1
	case *logical.CTE:
		return exactlyOneRow(n.Body)
	case *logical.Join:
		return n.Kind == logical.Cross && exactlyOneRow(n.Left) && exactlyOneRow(n.Right)
	}
	return false
}

// subplan unnests within a subquery's plan and frees it of references to the
// outer query; these come back as conditions of the join.
func (u *unnester) subplan(s *logical.Subquery, exists bool) (logical.Node, []logical.Expr, error) {
	plan := s.Plan
	if len(s.Outer) > 0 {
		d := &decorrelator{outer: map[logical.ColID]bool{}, exists: exists}
		for _, id := range s.Outer {
			d.outer[id] = true
		}
		var ok bool
		if plan, ok = d.pull(plan, true); !ok || len(logical.FreeColumns(plan)) > 0 && freeOf(plan, d.outer) {
			return nil, nil, unsupported(s.Pos(), "this form of correlated subquery is not supported")
		}
		plan, err := u.node(plan)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range d.conds {
			if logical.HasSubquery(e) {
				return nil, nil, unsupported(s.Pos(), "this form of correlated subquery is not supported")
			}
		}
		return plan, d.conds, nil
	}
	plan, err := u.node(plan)
	return plan, nil, err
}

// freeOf reports whether n still refers to a column of set that it does not
// produce.
func freeOf(n logical.Node, set map[logical.ColID]bool) bool {
	for _, id := range logical.FreeColumns(n) {
		if set[id] {
			return true
		}
	}
	return false
}

// dependent turns a dependent join into a plain one where its right side can be
// freed of references to the left.
func (u *unnester) dependent(n *logical.DependentJoin) (logical.Node, error) {
	if n.Kind == logical.Inner || n.Kind == logical.Left {
		d := &decorrelator{outer: map[logical.ColID]bool{}, values: true}
		for _, id := range n.Outer {
			d.outer[id] = true
		}
		if right, ok := d.pull(n.Right, true); ok && !freeOf(right, d.outer) {
			return &logical.Join{Kind: n.Kind, Left: n.Left, Right: right, On: append(d.conds, n.On...)}, nil
		}
	}
	pos := -1
	set := map[logical.ColID]bool{}
	for _, id := range n.Outer {
		set[id] = true
	}
	logical.WalkNodes(n.Right, func(m logical.Node) bool {
		for _, e := range logical.Exprs(m) {
			logical.Walk(e, func(x logical.Expr) bool {
				if c, ok := x.(*logical.Column); ok && set[c.ID] && pos < 0 {
					pos = c.Pos()
				}
				return true
			})
		}
		return pos < 0
	})
	return nil, unsupported(pos, "this form of lateral subquery is not supported")
}
