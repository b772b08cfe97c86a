package eval

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// Case is CASE WHEN … THEN … ELSE … END.
type Case struct {
	whens []When
	other Expr
}

// NewCase returns the value of the first branch whose condition is true, of
// other when none is; other nil means NULL. All results have the same type.
// Conditions and results are evaluated only for rows that reach them.
func NewCase(whens []When, other Expr) *Case {
	if other == nil {
		other = NewConst(types.NullOf(whens[0].Then.Type()))
	}
	return &Case{whens, other}
}

// Type implements Expr.
func (e *Case) Type() types.Type { return e.other.Type() }

func (e *Case) traits() traits {
	t := e.other.traits()
	for _, w := range e.whens {
		t = t.and(w.Cond.traits()).and(w.Then.traits())
	}
	return t
}

func (e *Case) node(c *Context) node {
	n := &caseNode{parts: newParts(c, e.Type()), other: e.other.node(c)}
	if k, ok := n.other.(*constNode); ok && !e.Type().IsNested() {
		n.base = k.v
	}
	for _, w := range e.whens {
		n.conds = append(n.conds, w.Cond.node(c))
		n.thens = append(n.thens, w.Then.node(c))
	}
	return n
}

// parts assembles a vector from the results for disjoint sets of rows. Nothing
// is assembled when one result covers all.
type parts struct {
	typ     types.Type
	out     *vector.Vector
	null    nullVector
	rest    []uint32
	hit     []uint32
	started bool
	// base is a constant that all rows have which no part covers, nil if it is
	// not known beforehand: to write it everywhere is cheaper than to find
	// their positions.
	base *vector.Vector
}

func newParts(c *Context, t types.Type) parts { return parts{typ: t, out: c.result(t)} }

// add adds v as the result of the rows (sel, m), of n in all. done: v is the
// result of all rows.
func (p *parts) add(v *vector.Vector, size int, sel []uint32, m, n int) (done bool) {
	if m == n {
		return true
	}
	if !p.started {
		p.started = true
		p.out.Resize(size)
		if p.base != nil {
			kernel.Put(p.out, p.base, nil, size)
		}
	}
	kernel.Put(p.out, v, sel, m)
	return false
}

type caseNode struct {
	parts
	conds, thens []node
	other        node
}

func (e *caseNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	if n == 0 {
		return e.null.get(e.typ, in.Len), nil
	}
	e.started = false
	rest, m := sel, n
	for i, c := range e.conds {
		hit, err := c.pick(in, rest, m, room(&e.hit, n))
		if err != nil {
			return nil, err
		}
		if len(hit) == 0 {
			continue
		}
		if len(hit) == n && sel == nil {
			hit = nil // all rows
		}
		k := n
		if hit != nil {
			k = len(hit)
		}
		v, err := e.thens[i].eval(in, hit, k)
		if err != nil || e.add(v, in.Len, hit, k, n) {
			return v, err
		}
		if e.base != nil && i == len(e.conds)-1 {
			return e.out, nil
		}
		rest = kernel.Difference(rest, m, hit, room(&e.rest, n))
		if m = len(rest); m == 0 {
			return e.out, nil
		}
	}
	if e.base != nil && e.started {
		return e.out, nil
	}
	v, err := e.other.eval(in, rest, m)
	if err != nil || e.add(v, in.Len, rest, m, n) {
		return v, err
	}
	return e.out, nil
}

func (e *caseNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	return truths(e, in, sel, n, out)
}

// Coalesce is the first of some values that is not NULL.
type Coalesce struct{ args []Expr }

// NewCoalesce returns the first of args, all of one type, that is not NULL;
// later ones are evaluated only where the earlier are NULL.
func NewCoalesce(args ...Expr) Expr {
	if len(args) == 1 {
		return args[0]
	}
	return &Coalesce{args}
}

// Type implements Expr.
func (e *Coalesce) Type() types.Type { return e.args[0].Type() }
func (e *Coalesce) traits() traits   { return traitsOf(e.args) }

func (e *Coalesce) node(c *Context) node {
	n := &coalesceNode{parts: newParts(c, e.Type())}
	for _, a := range e.args {
		n.args = append(n.args, a.node(c))
	}
	return n
}

type coalesceNode struct {
	parts
	args []node
}

func (e *coalesceNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	if n == 0 {
		return e.null.get(e.typ, in.Len), nil
	}
	e.started = false
	rest, m := sel, n
	for i, a := range e.args {
		v, err := a.eval(in, rest, m)
		if err != nil {
			return nil, err
		}
		hit, k := rest, m
		if i < len(e.args)-1 && v.MayHaveNulls() {
			hit = kernel.SelectValid(v, rest, m, room(&e.hit, n))
			if k = len(hit); k == 0 {
				continue
			}
		}
		if e.add(v, in.Len, hit, k, n) {
			return v, nil
		}
		if k == m {
			break
		}
		rest = kernel.Difference(rest, m, hit, room(&e.rest, n))
		m = len(rest)
	}
	return e.out, nil
}

func (e *coalesceNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	return truths(e, in, sel, n, out)
}
