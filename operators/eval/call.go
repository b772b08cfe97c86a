package eval

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/cast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Call is the call of a scalar function.
type Call struct {
	fn    *function.Bound
	args  []Expr
	known traits
	pos   int // in the query text, for errors; -1 unknown
}

// NewCall returns the call of fn; args have the types of fn.Params.
func NewCall(fn *function.Bound, args ...Expr) *Call {
	t := traitsOf(args)
	t.canFail = t.canFail || fn.CanFail
	t.volatile = t.volatile || fn.Vol == function.Volatile
	t.stable = t.stable || fn.Vol == function.Stable
	return &Call{fn, args, t, -1}
}

// At returns the call with its position in the query text, which errors of its
// kernel will carry.
func (e *Call) At(pos int) *Call {
	c := *e
	c.pos = pos
	return &c
}

// NewCast returns arg converted to type to; try: NULL instead of an error. It
// fails with 42846 when there is no such cast.
func NewCast(arg Expr, to types.Type, try bool) (Expr, error) {
	if arg.Type().Equal(to) {
		return arg, nil
	}
	fn, err := cast.Find(arg.Type(), to, try)
	if err != nil {
		return nil, err
	}
	return NewCall(fn, arg), nil
}

// Type implements Expr.
func (e *Call) Type() types.Type { return e.fn.Return }
func (e *Call) traits() traits   { return e.known }

func (e *Call) node(c *Context) node {
	k := len(e.args)
	n := &callNode{
		c: c, fn: e.fn, pos: e.pos, nodes: make([]node, k), static: make([]bool, k), args: make([]*vector.Vector, k),
		call: function.Call{Bound: e.fn, Session: c.session, Tmp: make([]*vector.Vector, k)},
		out:  c.result(e.fn.Return),
		flat: c.result(e.fn.Return),
	}
	for i, a := range e.args {
		n.nodes[i] = a.node(c)
		n.static[i] = static(a)
		n.call.Tmp[i] = vector.New(a.Type())
	}
	return n
}

type callNode struct {
	c      *Context
	fn     *function.Bound
	pos    int
	nodes  []node
	static []bool // the argument is the same for all chunks
	args   []*vector.Vector
	call   function.Call
	out    *vector.Vector
	flat   *vector.Vector // out, when NULLs must be set that its form cannot hold
	null   nullVector
	valid  []uint32
	dict   dictCall
}

func (e *callNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	return truths(e, in, sel, n, out)
}

func (e *callNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	if n == 0 {
		return e.null.get(e.fn.Return, in.Len), nil
	}
	varying, at := 0, 0
	for i, a := range e.nodes {
		v, err := a.eval(in, sel, n)
		if err != nil {
			return nil, err
		}
		e.args[i] = v
		if v.Form != vector.Constant {
			varying, at = varying+1, i
		} else if e.fn.Nulls == function.Propagate && v.IsNull(0) {
			return e.null.get(e.fn.Return, in.Len), nil
		}
	}
	e.call.Ctx = e.c.ctx
	if varying == 0 && e.fn.Vol != function.Volatile {
		return e.once(in.Len)
	}
	if varying == 1 && e.fn.Vol == function.Immutable && e.args[at].Form == vector.Dictionary {
		if v, err := e.overDictionary(at, n); v != nil || err != nil {
			return v, err
		}
	}
	return e.run(in.Len, sel, n)
}

// once computes a call of constants at one position.
func (e *callNode) once(size int) (*vector.Vector, error) {
	v, err := e.run(1, nil, 1)
	if err != nil {
		return nil, err
	}
	if v.Form != vector.Constant && v.Form != vector.Flat {
		kernel.Take(e.flat, v, nil, 1)
		v = e.flat
	}
	v.Form, v.Len = vector.Constant, size
	return v, nil
}

// run calls the kernel over size positions and sets the result's NULLs.
func (e *callNode) run(size int, sel []uint32, n int) (*vector.Vector, error) {
	nullable := false
	if e.fn.Nulls == function.Propagate {
		for _, a := range e.args {
			nullable = nullable || a.MayHaveNulls()
		}
	}
	e.call.N, e.call.Sel = size, sel
	if nullable && e.fn.CanFail {
		alive, m := sel, n
		for _, a := range e.args {
			if a.MayHaveNulls() {
				alive = kernel.SelectValid(a, alive, m, room(&e.valid, n))
				m = len(alive)
			}
		}
		if m == 0 {
			return e.null.get(e.fn.Return, size), nil
		}
		if m < size {
			e.call.Sel = alive
		}
	}
	out := e.out
	out.Type = e.fn.Return
	out.Resize(size)
	if err := e.fn.Kernel(&e.call, e.args, out); err != nil {
		return nil, sqlerr.WithPos(err, e.pos)
	}
	if !nullable || out.Form == vector.Constant && out.IsNull(0) {
		return out, nil
	}
	if out.Form != vector.Flat {
		kernel.Take(e.flat, out, nil, size)
		out = e.flat
	}
	for _, a := range e.args {
		kernel.PropagateNulls(out, a, sel, n)
	}
	return out, nil
}
