package eval

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Logic is an n-ary conjunction or disjunction in three-valued logic.
type Logic struct {
	or   bool
	args []Expr
}

// NewAnd returns the conjunction of BOOLEAN expressions; one alone is returned
// as it is, none is true. An argument is evaluated only for rows that no
// earlier one has decided. Select may evaluate arguments in another order, by
// measured cost, but none that can fail before one it was behind.
func NewAnd(args ...Expr) Expr { return newLogic(false, args) }

// NewOr returns the disjunction of BOOLEAN expressions; one alone is returned
// as it is, none is false. An argument is evaluated only for rows that no
// earlier one has decided.
func NewOr(args ...Expr) Expr { return newLogic(true, args) }

func newLogic(or bool, args []Expr) Expr {
	switch len(args) {
	case 0:
		return NewConst(types.BoolValue(!or))
	case 1:
		return args[0]
	}
	return &Logic{or, args}
}

// Type implements Expr.
func (e *Logic) Type() types.Type { return boolean }
func (e *Logic) traits() traits   { return traitsOf(e.args) }

func (e *Logic) node(c *Context) node {
	n := logicNode{or: e.or, out: vector.New(boolean)}
	for _, a := range e.args {
		n.args = append(n.args, a.node(c))
	}
	if e.or {
		return &orNode{logicNode: n}
	}
	return &andNode{logicNode: n, order: newOrder(e.args)}
}

// logicNode is what conjunctions and disjunctions share: the value form, in
// which FALSE decides the one and TRUE the other.
type logicNode struct {
	or      bool
	args    []node
	out     *vector.Vector
	null    nullVector
	rest    []uint32 // rows that are not decided
	decided []uint32
	unknown []uint32
}

func (e *logicNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	if n == 0 {
		return e.null.get(boolean, in.Len), nil
	}
	out := e.out
	out.Resize(in.Len)
	rest, m := sel, n
	undecided := byte(1) // what a row is when no argument decides it
	if e.or {
		undecided = 0
	}
	for i := range out.Data {
		out.Data[i] = undecided
	}
	for _, a := range e.args {
		v, err := a.eval(in, rest, m)
		if err != nil {
			return nil, err
		}
		var hit []uint32
		if e.or {
			hit = kernel.SelectTrue(v, rest, m, room(&e.decided, n))
		} else {
			hit = kernel.SelectFalse(v, rest, m, room(&e.decided, n))
		}
		if v.MayHaveNulls() {
			for _, p := range kernel.SelectNull(v, rest, m, room(&e.unknown, n)) {
				out.SetNull(int(p))
			}
		}
		if len(hit) == 0 {
			continue
		}
		for _, p := range hit {
			out.Data[p] = undecided ^ 1
		}
		if out.Valid != nil {
			for _, p := range hit {
				out.Valid.Set(int(p))
			}
		}
		rest = kernel.Difference(rest, m, hit, room(&e.rest, n))
		if m = len(rest); m == 0 {
			break
		}
	}
	return out, nil
}

type orNode struct {
	logicNode
	found [2][]uint32
}

func (e *orNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	rest, m := sel, n
	var all []uint32
	turn := 0
	for i, a := range e.args {
		hit, err := a.pick(in, rest, m, room(&e.decided, n))
		if err != nil {
			return nil, err
		}
		if len(hit) == 0 {
			continue
		}
		if i < len(e.args)-1 {
			rest = kernel.Difference(rest, m, hit, room(&e.rest, n))
			m = len(rest)
		}
		all = kernel.Union(all, hit, room(&e.found[turn], n))
		turn ^= 1
		if m == 0 {
			break
		}
	}
	return append(out[:0], all...), nil
}

type andNode struct {
	logicNode
	order conjunctOrder
}

func (e *andNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	e.order.begin()
	for _, i := range e.order.seq {
		if n == 0 {
			return out[:0], nil
		}
		start := e.order.clock()
		got, err := e.args[i].pick(in, sel, n, out)
		if err != nil {
			return nil, err
		}
		e.order.count(i, start, n, len(got))
		sel, n = got, len(got)
	}
	return sel, nil
}

// Not is the negation of a BOOLEAN.
type Not struct{ arg Expr }

// NewNot returns NOT arg.
func NewNot(arg Expr) *Not { return &Not{arg} }

// Type implements Expr.
func (e *Not) Type() types.Type { return boolean }
func (e *Not) traits() traits   { return e.arg.traits() }

func (e *Not) node(c *Context) node { return &notNode{arg: e.arg.node(c), out: vector.New(boolean)} }

type notNode struct {
	arg  node
	out  *vector.Vector
	null nullVector
	buf  []uint32
}

func (e *notNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	if n == 0 {
		return e.null.get(boolean, in.Len), nil
	}
	v, err := e.arg.eval(in, sel, n)
	if err != nil {
		return nil, err
	}
	e.out.Resize(in.Len)
	kernel.FromSelection(kernel.SelectFalse(v, sel, n, room(&e.buf, n)), e.out)
	kernel.PropagateNulls(e.out, v, sel, n)
	return e.out, nil
}

func (e *notNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	if n == 0 {
		return out[:0], nil
	}
	v, err := e.arg.eval(in, sel, n)
	if err != nil {
		return nil, err
	}
	return kernel.SelectFalse(v, sel, n, out), nil
}
