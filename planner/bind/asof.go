package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// asof makes the node of an ASOF join. Of the condition just one conjunct is an
// inequality between the two sides.
func (b *binder) asof(j *ast.Join, kind logical.JoinKind, left, right logical.Node, on []logical.Expr) (logical.Node, error) {
	if b.crossOrDependentUses(left, right) {
		return nil, unsupported(j, "a lateral right side of ASOF JOIN")
	}
	n := &logical.AsofJoin{Kind: kind, Left: left, Right: right}
	lcols, rcols := logical.Produced(left), logical.Produced(right)
	over := func(e logical.Expr, cols map[logical.ColID]bool) bool {
		return len(logical.ColumnsOf(e)) > 0 && logical.RefersOnly(e, cols)
	}
	for _, e := range on {
		if logical.HasSubquery(e) {
			return nil, sqlerr.At(e.Pos(), sqlerr.CodeUnsupported, "a subquery in the condition of an ASOF JOIN is not supported")
		}
		c, ok := e.(*logical.Compare)
		if ok {
			switch c.Op {
			case logical.Lt, logical.Le, logical.Gt, logical.Ge:
			default:
				ok = false
			}
		}
		var l, r logical.Expr
		op := logical.Eq
		switch {
		case ok && over(c.Left, lcols) && over(c.Right, rcols):
			l, r, op = c.Left, c.Right, c.Op
		case ok && over(c.Left, rcols) && over(c.Right, lcols):
			l, r, op = c.Right, c.Left, c.Op.Flip()
		default:
			n.On = append(n.On, e)
			continue
		}
		if n.NearLeft != nil {
			return nil, sqlerr.At(e.Pos(), sqlerr.CodeSyntax, "an ASOF JOIN has one inequality, this is a second one")
		}
		n.Op, n.NearLeft, n.NearRight = op, l, r
	}
	if n.NearLeft == nil {
		return nil, sqlerr.At(j.Pos(), sqlerr.CodeSyntax, "an ASOF JOIN needs an inequality between its two sides")
	}
	return n, nil
}

// positionalJoin makes the node of a positional join; inputs that are one as well,
// and have no alias, are taken apart.
func (b *binder) positionalJoin(j *ast.Join, left, right logical.Node) (logical.Node, error) {
	if b.crossOrDependentUses(left, right) {
		return nil, unsupported(j, "a lateral right side of POSITIONAL JOIN")
	}
	n := &logical.PositionalJoin{}
	for _, in := range []logical.Node{left, right} {
		if p, ok := in.(*logical.PositionalJoin); ok {
			n.Inputs = append(n.Inputs, p.Inputs...)
		} else {
			n.Inputs = append(n.Inputs, in)
		}
	}
	return n, nil
}
