package eval

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Expr is an executable expression: immutable, safe for concurrent use. The
// New functions make them.
type Expr interface {
	// Type is the type of the result.
	Type() types.Type
	traits() traits
	// node returns the expression's state for one worker.
	node(c *Context) node
}

// traits is what is known about an expression as a whole.
type traits struct {
	canFail  bool // may return an error for some row
	volatile bool // two evaluations of a row may differ
	stable   bool // depends on the session
	columns  bool // depends on the chunk
}

func (t traits) and(o traits) traits {
	return traits{t.canFail || o.canFail, t.volatile || o.volatile, t.stable || o.stable, t.columns || o.columns}
}

func traitsOf(es []Expr) (t traits) {
	for _, e := range es {
		t = t.and(e.traits())
	}
	return t
}

// static reports whether every evaluation in a statement gives the same value.
func static(e Expr) bool {
	t := e.traits()
	return !t.columns && !t.volatile
}

// CanFail reports whether evaluating e may return an error for some row.
func CanFail(e Expr) bool { return e.traits().canFail }

// node evaluates an expression for one worker. sel and n are as in package
// kernel; n may be 0.
type node interface {
	eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error)
	// pick returns, in out, the positions of (sel, n) where the boolean
	// expression is true. out has room for n and may be sel's memory.
	pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error)
}

// Context is one worker's state of some expressions; not safe for concurrent
// use.
type Context struct {
	session *function.Session
	ctx     context.Context
	roots   []node
	results []*vector.Vector // that the session's Mem pays for
	bodies  []*Context       // of lambdas

	most int64 // that results may take; 0: as much as there is
	held int64 // that they take
}

// NewContext returns a worker's state for the given expressions. session may
// be nil when no function needs it.
func NewContext(session *function.Session, exprs ...Expr) *Context {
	c := &Context{session: session, ctx: context.Background()}
	for _, e := range exprs {
		c.roots = append(c.roots, e.node(c))
	}
	return c
}

// truths is pick for nodes that only know eval.
func truths(e node, in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	if n == 0 {
		return out[:0], nil
	}
	v, err := e.eval(in, sel, n)
	if err != nil {
		return nil, err
	}
	return kernel.SelectTrue(v, sel, n, out), nil
}

// nullVector is the result where there are no rows to evaluate or all are NULL.
type nullVector struct{ v *vector.Vector }

func (s *nullVector) get(t types.Type, n int) *vector.Vector {
	if s.v == nil {
		s.v = vector.New(t)
		s.v.SetConstantNull(n)
	}
	s.v.Len = n
	return s.v
}

// room returns a buffer of n positions kept in *buf.
func room(buf *[]uint32, n int) []uint32 {
	if cap(*buf) < n {
		*buf = make([]uint32, max(n, vector.Capacity))
	}
	return (*buf)[:n]
}
