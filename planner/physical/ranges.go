package physical

import (
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// JoinLimits are the numbers of rows, as estimated, that decide how a join by
// inequalities runs.
type JoinLimits struct {
	// NestedLoop: with as few rows on a side, pairs are tried one by one.
	NestedLoop float64
	// Merge: with as few rows on both sides, one inequality is answered by the
	// order of rows and others by trying the pairs that are left.
	Merge float64
	// AsofLoop: with as few rows on its left side, an ASOF join does not order
	// the right one.
	AsofLoop float64
	// PreferRange: rows of a key are ordered by inequalities in any case, not
	// only when they are expected to be many.
	PreferRange bool
}

// DefaultJoinLimits returns the limits of a new session.
func DefaultJoinLimits() JoinLimits { return JoinLimits{NestedLoop: 5, Merge: 1000, AsofLoop: 64} }

// rowsOfKey is how many build rows must be expected for a key to be worth
// ordering.
const rowsOfKey = 64

// rangeKey is an inequality left op right between expressions over the two
// sides of a join. known: NULL counts as false.
type rangeKey struct {
	left, right logical.Expr
	op          logical.CompareOp
	known       bool
}

// asRange recognises an inequality between the two sides.
func asRange(e logical.Expr, lcols, rcols map[logical.ColID]bool) (r rangeKey, ok bool) {
	c, ok := e.(*logical.Compare)
	if !ok {
		return r, false
	}
	if k, isConst := c.Right.(*logical.Const); isConst && c.Op == logical.NotDistinct && k.Value.Type.ID == types.Boolean && !k.Value.IsNull && k.Value.I == 1 {
		r, ok = asRange(c.Left, lcols, rcols)
		r.known = true
		return r, ok
	}
	switch c.Op {
	case logical.Lt, logical.Le, logical.Gt, logical.Ge:
	default:
		return r, false
	}
	l, rt, op, ok := bySide(c, lcols, rcols)
	return rangeKey{left: l, right: rt, op: op}, ok
}

// bySide turns a comparison so that its left operand is over the left side.
func bySide(c *logical.Compare, lcols, rcols map[logical.ColID]bool) (l, r logical.Expr, op logical.CompareOp, ok bool) {
	over := func(e logical.Expr, cols map[logical.ColID]bool) bool {
		return len(logical.ColumnsOf(e)) > 0 && logical.RefersOnly(e, cols)
	}
	switch {
	case over(c.Left, lcols) && over(c.Right, rcols):
		return c.Left, c.Right, c.Op, true
	case over(c.Left, rcols) && over(c.Right, lcols):
		return c.Right, c.Left, c.Op.Flip(), true
	}
	return nil, nil, c.Op, false
}

// chooseRanges decides which of the conditions of j that are no equalities are
// answered by the order of the build rows: up to two inequalities, unless a
// side is small or, beside equalities, there are few rows of each key or only one
// inequality.
func (b *builder) chooseRanges(j *joinParts) {
	l, r := b.est.Node(j.left), b.est.Node(j.right)
	lim := &b.joins
	if min(l.Rows, r.Rows) <= lim.NestedLoop {
		return
	}
	if len(j.lkeys) > 0 && !lim.PreferRange && r.Rows < rowsOfKey*r.Groups(j.rkeys) {
		return
	}
	most := 2
	if max(l.Rows, r.Rows) <= lim.Merge {
		most = 1
	}
	threeValued := j.kind == join.Mark || j.kind == join.NullAnti
	if threeValued && len(j.lkeys) > 0 {
		return
	}
	lcols, rcols := logical.Produced(j.left), logical.Produced(j.right)
	var ranges []rangeKey
	var rest []logical.Expr
	for _, e := range j.rest {
		k, ok := asRange(e, lcols, rcols)
		switch {
		case !ok || len(ranges) == most, !join.CanRange(k.left.Type()) || !k.left.Type().Equal(k.right.Type()),
			// The order does not tell false from unknown, unless it is all.
			threeValued && !k.known && len(j.rest) > 1:
			rest = append(rest, e)
		default:
			ranges = append(ranges, k)
		}
	}
	// Of the rows of a key one inequality leaves too many to be worth the order.
	if len(ranges) > 0 && (len(j.lkeys) == 0 || len(ranges) == 2 || b.joins.PreferRange) {
		j.ranges, j.rest = ranges, rest
	}
}

// asof lowers an ASOF join.
func (b *builder) asof(n *logical.AsofJoin, need map[logical.ColID]bool) (*stream, error) {
	j := &joinParts{kind: joinKinds[n.Kind], left: n.Left, right: n.Right, asof: true}
	near := rangeKey{left: n.NearLeft, right: n.NearRight, op: n.Op}
	if !join.CanRange(near.left.Type()) {
		return nil, sqlerr.At(near.left.Pos(), sqlerr.CodeUnsupported, "an ASOF join by a %s is not supported", near.left.Type())
	}
	j.split(n.On)
	// A row that fails a condition of its own is near to none: NULL.
	lcols, rcols := logical.Produced(n.Left), logical.Produced(n.Right)
	var lown, rown, rest []logical.Expr
	for _, e := range j.rest {
		switch {
		case logical.HasVolatile(e):
			rest = append(rest, e)
		case logical.RefersOnly(e, lcols):
			lown = append(lown, e)
		case logical.RefersOnly(e, rcols):
			rown = append(rown, e)
		default:
			rest = append(rest, e)
		}
	}
	near.left, near.right = onlyWhere(near.left, lown), onlyWhere(near.right, rown)
	j.ranges, j.rest = []rangeKey{near}, rest
	j.loop = len(rest) == 0 && b.est.Node(n.Left).Rows <= b.joins.AsofLoop
	return b.lowerJoin(n, j, need, func(left *stream, build *join.Build, fill *pipeline.Pipeline) {
		b.pushFilters(j, n.On, left, build, fill)
	})
}

// onlyWhere is e where the conditions hold, else NULL.
func onlyWhere(e logical.Expr, conds []logical.Expr) logical.Expr {
	if len(conds) == 0 {
		return e
	}
	at := logical.At(e.Pos())
	return &logical.Case{
		At: at, Whens: []logical.When{{Cond: logical.AndOf(conds), Then: e}},
		Else: &logical.Const{At: at, Value: types.NullOf(e.Type())}, Typ: e.Type(),
	}
}
