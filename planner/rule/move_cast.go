package rule

import (
	"github.com/gannetdb/gannet/operators/function/cast"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// moveCast moves a cast from a column to the constant that it is compared
// with, where that changes nothing:
//
//	CAST(i AS DECIMAL(12,2)) < 24.50   →  i <= 24
//	CAST(d AS TIMESTAMP) >= '2020-01-01 00:00:00'  →  d >= '2020-01-01'
//
// so that statistics and indexes of the column apply and rows need no cast. It
// is sound for casts that keep order and lose nothing: then x op c is decided
// by the value of x's type nearest to c, with the operator adjusted when that
// value is not c itself. CAST(s AS INTEGER) = 5 stays: '05' is 5 as well.
func (c *Context) moveCast(e *logical.Compare) logical.Expr {
	col, ok := e.Left.(*logical.Cast)
	k, isConst := e.Right.(*logical.Const)
	if !ok || !isConst || col.Try || k.Value.IsNull || !monotonic(col.Arg.Type(), col.To) {
		return e
	}
	near, cmp, ok := c.nearest(k, col.Arg.Type())
	if !ok {
		return e
	}
	op := e.Op
	if cmp != 0 {
		// near is below (-1) or above (1) the constant, with nothing between.
		switch op {
		case logical.Lt, logical.Le:
			op = logical.Le
			if cmp > 0 {
				op = logical.Lt
			}
		case logical.Gt, logical.Ge:
			op = logical.Gt
			if cmp > 0 {
				op = logical.Ge
			}
		default:
			return e
		}
	}
	return &logical.Compare{At: e.At, Op: op, Left: col.Arg, Right: near}
}

// moveCastIn does the same for IN when every member can be cast exactly.
func (c *Context) moveCastIn(e *logical.In) logical.Expr {
	col, ok := e.Arg.(*logical.Cast)
	if !ok || col.Try || !monotonic(col.Arg.Type(), col.To) {
		return e
	}
	list := make([]logical.Expr, len(e.List))
	for i, m := range e.List {
		k, ok := m.(*logical.Const)
		if !ok {
			return e
		}
		if k.Value.IsNull {
			list[i] = &logical.Const{At: k.At, Value: types.NullOf(col.Arg.Type())}
			continue
		}
		near, cmp, ok := c.nearest(k, col.Arg.Type())
		if !ok || cmp != 0 {
			return e
		}
		list[i] = near
	}
	return &logical.In{At: e.At, Arg: col.Arg, List: list, Negated: e.Negated}
}

// monotonic reports whether the cast keeps order and distinctness.
func monotonic(from, to types.Type) bool {
	if from.ID == types.Date {
		return to.ID == types.Timestamp || to.ID == types.TimestampS || to.ID == types.TimestampMS
	}
	return logical.SafeCast(from, to)
}

// nearest casts k to t and back, and tells how the outcome compares with k: 0
// when the cast is exact. ok is false when it fails.
func (c *Context) nearest(k *logical.Const, t types.Type) (near *logical.Const, cmp int, ok bool) {
	there, err := cast.Find(k.Value.Type, t, false)
	if err != nil {
		return nil, 0, false
	}
	back, err := cast.Find(t, k.Value.Type, false)
	if err != nil {
		return nil, 0, false
	}
	v, ok := c.run(there, []logical.Expr{k})
	if !ok || v.IsNull {
		return nil, 0, false
	}
	near = &logical.Const{At: k.At, Value: v}
	w, ok := c.run(back, []logical.Expr{near})
	if !ok || w.IsNull {
		return nil, 0, false
	}
	return near, types.Compare(w, k.Value), true
}
