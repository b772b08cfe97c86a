package rule

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// Rule is one rewrite.
type Rule struct {
	// Name is what disabled_optimizers and traces call it.
	Name string
	// Required: execution needs it; it cannot be disabled.
	Required bool
	// Apply returns the root's replacement, or root itself.
	Apply func(c *Context, root logical.Node) (logical.Node, error)
}

// Context is what rules may use. It belongs to one optimization.
type Context struct {
	Ctx       context.Context
	Functions *function.Registry
	// Session is for folding; may be nil, then calls that depend on it stay.
	Session *function.Session
	// FoldStable allows folding of calls that are constant within a statement
	// only (now()): not for plans that are kept.
	FoldStable bool
	// Estimates of the plan's nodes.
	Estimates *cardinality.Estimator
	// Output lists the columns that must come out of the root.
	Output []logical.ColID
	// next is the next free ColID.
	next logical.ColID
}

// NewContext returns the context for optimizing p.
func NewContext(ctx context.Context, p *logical.Plan, functions *function.Registry, session *function.Session) *Context {
	return &Context{Ctx: ctx, Functions: functions, Session: session, Output: p.Output,
		Estimates: cardinality.New(ctx), next: logical.ColID(p.NumCols)}
}

// NumCols is the first ColID that is still free.
func (c *Context) NumCols() int { return int(c.next) }

// NewCol makes a column with a fresh identity.
func (c *Context) NewCol(name string, t types.Type) logical.Column {
	return logical.Column{At: -1, ID: c.newID(), Typ: t, Name: name}
}

func (c *Context) newID() logical.ColID {
	c.next++
	return c.next - 1
}

// unsupported is the error for plans that cannot be executed yet.
func unsupported(pos int, what string, args ...any) error {
	return sqlerr.At(pos, sqlerr.CodeUnsupported, what, args...)
}

func boolConst(pos int, b bool) *logical.Const {
	return &logical.Const{At: logical.At(pos), Value: types.BoolValue(b)}
}

// truth reports whether e is the constant true.
func truth(e logical.Expr) bool {
	c, ok := e.(*logical.Const)
	return ok && !c.Value.IsNull && c.Value.Type.ID == types.Boolean && c.Value.I != 0
}

// never reports whether e is the constant false or NULL: as a condition it lets
// nothing pass.
func never(e logical.Expr) bool {
	c, ok := e.(*logical.Const)
	return ok && (c.Value.IsNull || c.Value.Type.ID == types.Boolean && c.Value.I == 0)
}

// filtered puts conditions on n; none leaves n.
func filtered(n logical.Node, conds []logical.Expr) logical.Node {
	if len(conds) == 0 {
		return n
	}
	if f, ok := n.(*logical.Filter); ok {
		return &logical.Filter{Input: f.Input, Conds: addConds(f.Conds, conds...)}
	}
	return &logical.Filter{Input: n, Conds: conds}
}

// addConds appends those conditions that are not in the list yet, on a copy.
func addConds(list []logical.Expr, more ...logical.Expr) []logical.Expr {
	out := append([]logical.Expr{}, list...)
next:
	for _, e := range more {
		for _, o := range out {
			if logical.Equal(o, e) {
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}

// empty is a relation with n's columns and no rows.
func empty(n logical.Node) logical.Node { return &logical.Values{Cols: n.Columns()} }

// union is the set of both.
func union(a, b map[logical.ColID]bool) map[logical.ColID]bool {
	out := make(map[logical.ColID]bool, len(a)+len(b))
	for id := range a {
		out[id] = true
	}
	for id := range b {
		out[id] = true
	}
	return out
}

func nullOf(t types.Type) logical.Expr {
	return &logical.Const{At: -1, Value: types.NullOf(t)}
}
