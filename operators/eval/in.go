package eval

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// In is membership of a list.
type In struct {
	arg     Expr
	set     *kernel.Set // the constants
	hasNull bool        // a constant is NULL
	others  []Expr
	empty   bool
	negated bool
}

// NewIn returns arg IN (list), or NOT IN when negated; all have arg's type.
// Constants become a hash set; the other elements are compared one by one,
// for the rows that have found no match yet.
func NewIn(arg Expr, list []Expr, negated bool) *In {
	e := &In{arg: arg, empty: len(list) == 0, negated: negated}
	var values []types.Value
	for _, x := range list {
		if c, ok := x.(*Const); ok {
			values = append(values, c.value)
			e.hasNull = e.hasNull || c.value.IsNull
		} else {
			e.others = append(e.others, x)
		}
	}
	e.set = kernel.NewSet(arg.Type(), values)
	return e
}

// Type implements Expr.
func (e *In) Type() types.Type { return boolean }
func (e *In) traits() traits   { return e.arg.traits().and(traitsOf(e.others)) }

func (e *In) node(c *Context) node {
	n := &inNode{In: e, probe: e.arg.node(c), out: vector.New(boolean), caches: make([]kernel.CompareCache, len(e.others))}
	for _, o := range e.others {
		n.elems = append(n.elems, o.node(c))
	}
	return n
}

type inNode struct {
	*In
	probe  node
	elems  []node
	caches []kernel.CompareCache
	out    *vector.Vector
	null   nullVector
	cache  kernel.SetCache
	hit    []uint32
	more   []uint32
	found  [2][]uint32
	rest   []uint32
	nulls  []uint32
}

// matches returns the rows that have a match, and the others. With out, rows
// without a match that met a NULL element are made NULL in it.
func (e *inNode) matches(in *vector.Chunk, v *vector.Vector, sel []uint32, n int, out *vector.Vector) (hit, rest []uint32, err error) {
	hit = e.set.Select(v, sel, n, room(&e.hit, n), &e.cache)
	rest = kernel.Difference(sel, n, hit, room(&e.rest, n))
	turn := 0
	for i, a := range e.elems {
		if len(rest) == 0 {
			break
		}
		w, err := a.eval(in, rest, len(rest))
		if err != nil {
			return nil, nil, err
		}
		if w.Form == vector.Constant || v.Form == vector.Constant {
			e.caches[i].Forget()
		}
		more := kernel.SelectCompare(kernel.Eq, v, w, rest, len(rest), room(&e.more, n), &e.caches[i])
		if out != nil && w.MayHaveNulls() {
			for _, p := range kernel.SelectNull(w, rest, len(rest), room(&e.nulls, n)) {
				out.SetNull(int(p))
			}
		}
		if len(more) > 0 {
			rest = kernel.Difference(rest, len(rest), more, rest)
			hit = kernel.Union(hit, more, room(&e.found[turn], n))
			turn ^= 1
		}
	}
	return hit, rest, nil
}

func (e *inNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	if n == 0 {
		return e.null.get(boolean, in.Len), nil
	}
	v, err := e.probe.eval(in, sel, n)
	if err != nil {
		return nil, err
	}
	out := e.out
	out.Resize(in.Len)
	hit, rest, err := e.matches(in, v, sel, n, out)
	if err != nil {
		return nil, err
	}
	if e.negated {
		kernel.FromSelection(rest, out)
	} else {
		kernel.FromSelection(hit, out)
	}
	if e.empty {
		return out, nil
	}
	if out.Valid != nil {
		for _, p := range hit {
			out.Valid.Set(int(p))
		}
	}
	if e.hasNull {
		for _, p := range rest {
			out.SetNull(int(p))
		}
	}
	kernel.PropagateNulls(out, v, sel, n)
	return out, nil
}

func (e *inNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	if n == 0 {
		return out[:0], nil
	}
	if e.negated && (e.hasNull || e.empty || len(e.elems) > 0) {
		return truths(e, in, sel, n, out)
	}
	v, err := e.probe.eval(in, sel, n)
	if err != nil {
		return nil, err
	}
	hit, rest, err := e.matches(in, v, sel, n, nil)
	if err != nil {
		return nil, err
	}
	if e.negated {
		return kernel.SelectValid(v, rest, len(rest), out), nil
	}
	return append(out[:0], hit...), nil
}
