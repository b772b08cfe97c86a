package logical

import (
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector/types"
)

// Window adds the results of window functions to its input's rows: Cols[i] is
// that of Calls[i]. Calls may differ in partitions and order.
type Window struct {
	Input Node
	Calls []WindowCall
	Cols  []Column
	// Top, unless zero, says that only rows are asked for in which the result of a
	// call, one of row_number, rank and dense_rank, is small: others may be
	// missing.
	Top WindowTop
}

// WindowTop asks for rows in which call number Call gives at most N.
type WindowTop struct {
	Call int
	N    int64 // 0: all rows
}

// WindowCall is one window function. Exactly one of Fn and Agg is set. Args
// have the types of its Params.
type WindowCall struct {
	At
	Fn   *function.BoundWindow
	Agg  *function.BoundAgg
	Args []Expr
	// ArgOrder is ORDER BY within the arguments: the order in which the function
	// sees the rows of its frame. Aggregates have these keys at the end of Args
	// instead, and KeyArgs of them.
	ArgOrder    []SortKey
	KeyArgs     int
	Filter      Expr // aggregates only; nil: all rows
	Distinct    bool // aggregates only
	IgnoreNulls bool
	Partition   []Expr
	Order       []SortKey
	Frame       Frame
}

// Frame is which rows of the partition a call sees.
type Frame struct {
	Mode       function.FrameMode
	Start, End Bound
	Exclude    function.Exclusion
}

// Bound is one end of a frame. Offset, for Preceding and Following, is BIGINT
// for ROWS and GROUPS. For RANGE it is the value that bounds the frame: the
// only order key with the offset added or taken off, of the type of the key.
type Bound struct {
	Kind   function.BoundKind
	Offset Expr
}

// Name returns the function's name.
func (c *WindowCall) Name() string {
	if c.Fn != nil {
		return c.Fn.Name
	}
	return c.Agg.Name
}

// Type returns the type of the results.
func (c *WindowCall) Type() types.Type {
	if c.Fn != nil {
		return c.Fn.Return
	}
	return c.Agg.Return
}

// Params returns the types of the arguments.
func (c *WindowCall) Params() []types.Type {
	if c.Fn != nil {
		return c.Fn.Params
	}
	return c.Agg.Params
}

// Children implements Node.
func (n *Window) Children() []Node { return []Node{n.Input} }

// WithChildren implements Node.
func (n *Window) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// Columns implements Node.
func (n *Window) Columns() []Column {
	in := n.Input.Columns()
	return append(in[:len(in):len(in)], n.Cols...)
}

// Visit calls f for the call's expressions, in a fixed order.
func (c *WindowCall) Visit(f func(Expr)) {
	c.mapExprs(func(e Expr) Expr { f(e); return e })
}

// mapExprs returns c with f of each of its expressions.
func (c WindowCall) mapExprs(f func(Expr) Expr) WindowCall {
	all := func(list []Expr) []Expr {
		if list == nil {
			return nil
		}
		out := make([]Expr, len(list))
		for i, e := range list {
			out[i] = f(e)
		}
		return out
	}
	c.Args = all(c.Args)
	keysOf := func(list []SortKey) []SortKey {
		out := make([]SortKey, len(list))
		for i, k := range list {
			out[i] = k
			out[i].Expr = f(k.Expr)
		}
		return out
	}
	if c.ArgOrder != nil {
		c.ArgOrder = keysOf(c.ArgOrder)
	}
	if c.Filter != nil {
		c.Filter = f(c.Filter)
	}
	c.Partition = all(c.Partition)
	c.Order = keysOf(c.Order)
	if c.Frame.Start.Offset != nil {
		c.Frame.Start.Offset = f(c.Frame.Start.Offset)
	}
	if c.Frame.End.Offset != nil {
		c.Frame.End.Offset = f(c.Frame.End.Offset)
	}
	return c
}

// MapCalls returns the calls with f of each of their expressions.
func (n *Window) MapCalls(f func(Expr) Expr) []WindowCall {
	out := make([]WindowCall, len(n.Calls))
	for i, c := range n.Calls {
		out[i] = c.mapExprs(f)
	}
	return out
}

// SameOrder reports whether a and b have the same partitions and order.
func SameOrder(a, b *WindowCall) bool {
	return equalLists(a.Partition, b.Partition) && sameKeys(a.Order, b.Order)
}

func sameKeys(a, b []SortKey) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x.Desc != y.Desc || x.NullsFirst != y.NullsFirst || !Equal(x.Expr, y.Expr) {
			return false
		}
	}
	return true
}

// SameCall reports whether a and b compute the same.
func SameCall(a, b *WindowCall) bool {
	return a.Name() == b.Name() && (a.Fn == nil) == (b.Fn == nil) && a.Type().Equal(b.Type()) && equalLists(a.Args, b.Args) &&
		sameOptional(a.Filter, b.Filter) && a.Distinct == b.Distinct && a.IgnoreNulls == b.IgnoreNulls && a.KeyArgs == b.KeyArgs &&
		sameKeys(a.ArgOrder, b.ArgOrder) && SameOrder(a, b) &&
		a.Frame.Mode == b.Frame.Mode && a.Frame.Exclude == b.Frame.Exclude &&
		sameBound(a.Frame.Start, b.Frame.Start) && sameBound(a.Frame.End, b.Frame.End)
}

func sameBound(a, b Bound) bool { return a.Kind == b.Kind && sameOptional(a.Offset, b.Offset) }

func sameOptional(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return Equal(a, b)
}

// verify checks what is special to a Window.
func (n *Window) verify() error {
	if len(n.Calls) != len(n.Cols) {
		return broken("window has %d columns for %d calls", len(n.Cols), len(n.Calls))
	}
	for i := range n.Calls {
		c := &n.Calls[i]
		if (c.Fn == nil) == (c.Agg == nil) {
			return broken("window call %s has no function, or two", n.Cols[i].Name)
		}
		if !c.Type().Equal(n.Cols[i].Typ) {
			return broken("window column %s is %s, its call %s", n.Cols[i].Name, n.Cols[i].Typ, c.Type())
		}
		for j, e := range c.Args {
			if p := c.Params(); j < len(p) && !accepts(p[j], e.Type()) {
				return broken("argument %d of %s is %s instead of %s", j+1, c.Name(), e.Type(), p[j])
			}
		}
		if c.Filter != nil && c.Filter.Type().ID != types.Boolean {
			return broken("filter of %s is not boolean", c.Name())
		}
		for _, b := range []Bound{c.Frame.Start, c.Frame.End} {
			has := b.Kind == function.Preceding || b.Kind == function.Following
			switch {
			case has != (b.Offset != nil):
				return broken("frame of %s has a bound with a wrong offset", c.Name())
			case !has:
			case c.Frame.Mode == function.FrameRange:
				if len(c.Order) != 1 || !c.Order[0].Expr.Type().Equal(b.Offset.Type()) {
					return broken("RANGE bound of %s is not of the type of the key", c.Name())
				}
			case b.Offset.Type().ID != types.BigInt:
				return broken("frame offset of %s is %s", c.Name(), b.Offset.Type())
			}
		}
	}
	return nil
}

// WindowString renders a window call for EXPLAIN and messages.
func WindowString(c *WindowCall) string {
	var p printer
	name := c.Name()
	if name == "count_star" {
		p.b.WriteString("count(*")
	} else {
		p.b.WriteString(name + "(")
	}
	if c.Distinct {
		p.b.WriteString("DISTINCT ")
	}
	p.list(c.Args)
	if len(c.ArgOrder) > 0 {
		p.b.WriteString(" ORDER BY " + KeysString(c.ArgOrder))
	}
	if c.IgnoreNulls {
		p.b.WriteString(" IGNORE NULLS")
	}
	p.b.WriteString(")")
	if c.Filter != nil {
		p.b.WriteString(" FILTER (WHERE ")
		p.expr(c.Filter, 0)
		p.b.WriteString(")")
	}
	p.b.WriteString(" OVER (")
	var parts []string
	if len(c.Partition) > 0 {
		var q printer
		q.list(c.Partition)
		parts = append(parts, "PARTITION BY "+q.b.String())
	}
	if len(c.Order) > 0 {
		parts = append(parts, "ORDER BY "+KeysString(c.Order))
	}
	if f := c.Frame.String(); f != "" {
		parts = append(parts, f)
	}
	p.b.WriteString(strings.Join(parts, " ") + ")")
	return p.b.String()
}

// String renders a frame as SQL, RANGE offsets as the values that bound it; the
// default frame is empty.
func (f *Frame) String() string {
	if f.Mode == function.FrameRange && f.Start.Kind == function.UnboundedPreceding && f.End.Kind == function.CurrentRow &&
		f.Exclude == function.ExcludeNothing {
		return ""
	}
	s := f.Mode.String() + " BETWEEN " + f.Start.String() + " AND " + f.End.String()
	if f.Exclude != function.ExcludeNothing {
		s += " EXCLUDE " + f.Exclude.String()
	}
	return s
}

func (b Bound) String() string {
	if b.Offset != nil {
		return String(b.Offset) + " " + b.Kind.String()
	}
	return b.Kind.String()
}
