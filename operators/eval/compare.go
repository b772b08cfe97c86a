package eval

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

var boolean = types.Of(types.Boolean)

// Compare is a comparison of two values of the same type.
type Compare struct {
	op          kernel.CompareOp
	left, right Expr
}

// NewCompare returns left op right, which have the same type.
func NewCompare(op kernel.CompareOp, left, right Expr) *Compare { return &Compare{op, left, right} }

// Type implements Expr.
func (e *Compare) Type() types.Type { return boolean }
func (e *Compare) traits() traits   { return e.left.traits().and(e.right.traits()) }

func (e *Compare) node(c *Context) node {
	return &compareNode{
		op: e.op, left: e.left.node(c), right: e.right.node(c), out: vector.New(boolean),
		static: [2]bool{static(e.left), static(e.right)},
	}
}

type compareNode struct {
	op          kernel.CompareOp
	left, right node
	static      [2]bool
	out         *vector.Vector
	null        nullVector
	cache       kernel.CompareCache
}

// sides evaluates both sides.
func (e *compareNode) sides(in *vector.Chunk, sel []uint32, n int) (a, b *vector.Vector, err error) {
	if a, err = e.left.eval(in, sel, n); err != nil {
		return nil, nil, err
	}
	if b, err = e.right.eval(in, sel, n); err != nil {
		return nil, nil, err
	}
	// What is remembered of a dictionary holds for one constant only.
	if a.Form == vector.Constant && !e.static[0] || b.Form == vector.Constant && !e.static[1] {
		e.cache.Forget()
	}
	return a, b, nil
}

func (e *compareNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	if n == 0 {
		return e.null.get(boolean, in.Len), nil
	}
	a, b, err := e.sides(in, sel, n)
	if err != nil {
		return nil, err
	}
	kernel.Compare(e.op, a, b, sel, n, in.Len, e.out, &e.cache)
	return e.out, nil
}

func (e *compareNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	if n == 0 {
		return out[:0], nil
	}
	a, b, err := e.sides(in, sel, n)
	if err != nil {
		return nil, err
	}
	return kernel.SelectCompare(e.op, a, b, sel, n, out, &e.cache), nil
}

// IsNull tells whether a value is NULL.
type IsNull struct {
	arg     Expr
	negated bool
}

// NewIsNull returns arg IS NULL, or arg IS NOT NULL when negated.
func NewIsNull(arg Expr, negated bool) *IsNull { return &IsNull{arg, negated} }

// Type implements Expr.
func (e *IsNull) Type() types.Type { return boolean }
func (e *IsNull) traits() traits   { return e.arg.traits() }

func (e *IsNull) node(c *Context) node {
	return &isNullNode{arg: e.arg.node(c), negated: e.negated, out: vector.New(boolean)}
}

type isNullNode struct {
	arg     node
	negated bool
	out     *vector.Vector
	buf     []uint32
}

func (e *isNullNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	got, err := e.pick(in, sel, n, room(&e.buf, n))
	if err != nil {
		return nil, err
	}
	e.out.Resize(in.Len)
	kernel.FromSelection(got, e.out)
	return e.out, nil
}

func (e *isNullNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	if n == 0 {
		return out[:0], nil
	}
	v, err := e.arg.eval(in, sel, n)
	if err != nil {
		return nil, err
	}
	if e.negated {
		return kernel.SelectValid(v, sel, n, out), nil
	}
	return kernel.SelectNull(v, sel, n, out), nil
}
