package bind

import (
	"slices"
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// aggSet collects the aggregate calls of one query level.
type aggSet struct {
	calls []logical.AggCall
	cols  []logical.Column
	// groupings are the calls of GROUPING, until the groups are known.
	groupings []groupingCall
	// unnests are the calls of unnest in the select list.
	unnests []unnestCall
	deep    bool // one of them goes several levels deep, and must be alone
	// windows are the window functions, over FROM's columns until a grouping
	// replaces them.
	windows    []logical.WindowCall
	windowCols []logical.Column
	// inner are window functions that aggregates are over: computed below the
	// grouping.
	inner     []logical.WindowCall
	innerCols []logical.Column
}

// refers reports whether e uses the result of an aggregate or window function.
func (a *aggSet) refers(e logical.Expr) bool {
	set := map[logical.ColID]bool{}
	for _, c := range a.cols {
		set[c.ID] = true
	}
	for _, c := range a.windowCols {
		set[c.ID] = true
	}
	return logical.RefersAny(e, set)
}

// unnested reports whether e uses what a call of unnest gives.
func (a *aggSet) unnested(e logical.Expr) bool {
	set := map[logical.ColID]bool{}
	for i := range a.unnests {
		set[a.unnests[i].col.ID] = true
	}
	return logical.RefersAny(e, set)
}

// duplicateFree are aggregates that DISTINCT does not change.
var duplicateFree = map[string]bool{"min": true, "max": true, "any_value": true, "bool_and": true, "bool_or": true,
	"bit_and": true, "bit_or": true}

// aggregate binds a call of an aggregate function to a reference to the column
// that will hold its result.
func (b *binder) aggregate(c *exprCtx, f *ast.FuncCall, fn *function.Aggregate) (logical.Expr, error) {
	c, f = underFilter(c, f)
	switch {
	case len(f.WithinGroup) > 0:
		plain, err := withinGroup(f)
		if err != nil {
			return nil, err
		}
		return b.aggregate(c, plain, fn)
	case f.Nulls == ast.NullsIgnore:
		return nil, unsupported(f, "IGNORE NULLS")
	case f.ExportState:
		return nil, unsupported(f, "EXPORT_STATE")
	}
	if plain := fromAbove(f, fn); plain != nil {
		f = plain
	}
	in := *c
	in.inAgg, in.aliasLimit = true, 0
	var args []logical.Expr
	for _, a := range f.Args {
		switch a := a.(type) {
		case *ast.Star:
			if strings.EqualFold(fn.Name, "count") && len(f.Args) == 1 {
				if f.Distinct {
					return nil, sqlerr.At(a.Pos(), sqlerr.CodeSyntax, "DISTINCT does not go with count(*)")
				}
				continue
			}
			return nil, sqlerr.At(a.Pos(), sqlerr.CodeSyntax, "* is an argument of count only")
		case *ast.NamedArg:
			return nil, unsupported(a, "a named argument of an aggregate")
		}
		x, err := b.expr(&in, a)
		if err != nil {
			return nil, err
		}
		if k := shares(f, len(args), a, x); k != nil {
			x = k
		}
		args = append(args, x)
	}
	if len(args) == 0 && strings.EqualFold(fn.Name, "count") {
		if star := b.o.Functions.Aggregate("count_star"); star != nil {
			fn = star
		}
	}
	if fn.Name == "bitstring_agg" && len(args) == 1 {
		var err error
		if args, err = b.overall(c.aggs, f, args[0]); err != nil {
			return nil, err
		}
	}
	fn, args = b.collatedAggregate(fn, args)
	given := args
	bound, args, err := b.resolveAggregate(f, fn, args)
	if err != nil {
		return nil, err
	}
	call := logical.AggCall{At: logical.At(f.Pos()), Fn: bound, Args: args}
	call.Distinct = f.Distinct && !duplicateFree[fn.Name]
	if f.Filter != nil {
		if call.Filter, err = b.condition(&in, f.Filter, "FILTER"); err != nil {
			return nil, err
		}
	}
	if err := b.aggregateOrder(&in, f, given, &call); err != nil {
		return nil, err
	}
	aggs, err := levelOf(c, &call)
	if err != nil {
		return nil, err
	}
	for i := range aggs.calls {
		if sameAgg(&aggs.calls[i], &call) {
			ref := aggs.cols[i]
			ref.At = logical.At(f.Pos())
			return &ref, nil
		}
	}
	col := b.newCol(logical.AggString(&call), call.Fn.Return)
	aggs.calls = append(aggs.calls, call)
	aggs.cols = append(aggs.cols, col)
	ref := col
	ref.At = logical.At(f.Pos())
	return &ref, nil
}

// overall is x, the least and the greatest of its values in all groups.
func (b *binder) overall(a *aggSet, f *ast.FuncCall, x logical.Expr) ([]logical.Expr, error) {
	x = b.settled(x)
	args := []logical.Expr{x}
	for _, name := range []string{"min", "max"} {
		fn := b.o.Functions.Aggregate(name)
		if fn == nil {
			return nil, b.unknownFunction(f)
		}
		call := logical.WindowCall{At: logical.At(f.Pos()), Frame: logical.Frame{
			Mode: function.FrameRange, Start: logical.Bound{Kind: function.UnboundedPreceding}, End: logical.Bound{Kind: function.CurrentRow},
		}}
		var err error
		if call.Agg, call.Args, err = b.resolveAggregate(f, fn, []logical.Expr{x}); err != nil {
			return nil, err
		}
		col := b.newCol(logical.WindowString(&call), call.Type())
		a.inner, a.innerCols = append(a.inner, call), append(a.innerCols, col)
		args = append(args, &col)
	}
	return args, nil
}

// sameAgg reports whether two calls compute the same.
func sameAgg(x, y *logical.AggCall) bool {
	if x.Fn.Name != y.Fn.Name || !x.Fn.Return.Equal(y.Fn.Return) || x.Distinct != y.Distinct ||
		len(x.Args) != len(y.Args) || len(x.OrderBy) != len(y.OrderBy) || (x.Filter == nil) != (y.Filter == nil) {
		return false
	}
	for i := range x.Args {
		if !logical.Equal(x.Args[i], y.Args[i]) {
			return false
		}
	}
	for i := range x.OrderBy {
		p, q := x.OrderBy[i], y.OrderBy[i]
		if p.Desc != q.Desc || p.NullsFirst != q.NullsFirst || !logical.Equal(p.Expr, q.Expr) {
			return false
		}
	}
	return x.Filter == nil || logical.Equal(x.Filter, y.Filter)
}

// resolveAggregate chooses the overload and casts the arguments.
func (b *binder) resolveAggregate(f *ast.FuncCall, fn *function.Aggregate, args []logical.Expr) (*function.BoundAgg, []logical.Expr, error) {
	sigs := make([]signature, len(fn.Overloads))
	for i, o := range fn.Overloads {
		sigs[i] = signature{params: o.Params, variadic: o.Variadic}
	}
	var bindErr error
	for _, i := range b.rank(sigs, args) {
		given, consts := b.argTypes(sigs[i], args)
		bound, err := fn.Overloads[i].Bind(given, consts)
		if err != nil {
			if sqlerr.Is(err, sqlerr.CodeUndefinedFunction) {
				bindErr = err
				continue
			}
			return nil, nil, sqlerr.WithPos(err, f.Pos())
		}
		if bound.Name == "" {
			named := *bound
			named.Name = fn.Name
			bound = &named
		}
		// Constants that an aggregate has taken in are no arguments any more.
		args = args[:min(len(args), len(bound.Params))]
		return bound, b.castArgs(args, bound.Params), nil
	}
	return nil, nil, b.noOverload(f, fn.Name, sigs, args, bindErr)
}

// grouping is an aggregation: what expressions over FROM's columns become
// above it.
type grouping struct {
	node  *logical.Aggregate
	below map[logical.ColID]bool // FROM's columns
	kept  map[logical.ColID]bool // those that are groups themselves
	names map[logical.ColID]string
	// firsts are the groups that collations make other texts of.
	firsts []firstText
	// marks are what calls of GROUPING become.
	marks map[logical.ColID]logical.Expr
}

// group puts an Aggregate on node. A group that is a plain column keeps its
// identity.
func (b *binder) group(node logical.Node, groups []logical.Expr, omit [][]int, aggs *aggSet) (*grouping, error) {
	if len(aggs.inner) > 0 {
		node = &logical.Window{Input: node, Calls: aggs.inner, Cols: aggs.innerCols}
	}
	a := &logical.Aggregate{Input: node, Aggs: aggs.calls, AggCols: aggs.cols, Omit: omit}
	g := &grouping{node: a, below: map[logical.ColID]bool{}, kept: map[logical.ColID]bool{}, names: map[logical.ColID]string{}}
	for _, c := range node.Columns() {
		g.below[c.ID] = true
		g.names[c.ID] = c.Name
	}
	for _, e := range groups {
		if e.Type().ID == types.Null {
			e = b.cast(e, types.Of(types.Integer))
		}
		var col logical.Column
		if c, ok := e.(*logical.Column); ok && g.below[c.ID] && omit == nil {
			col = *c
			col.At = -1
			g.kept[c.ID] = true
		} else {
			col = b.newCol(logical.String(e), e.Type())
		}
		a.GroupCols = append(a.GroupCols, col)
		a.Groups = append(a.Groups, e)
	}
	return g, b.marks(g, aggs)
}

// replace rewrites an expression over FROM's columns to one over the groups
// and aggregates; 42803 when it needs a column that is neither.
func (g *grouping) replace(e logical.Expr) (logical.Expr, error) {
	for i, x := range g.node.Groups {
		if logical.Equal(e, x) {
			ref := g.node.GroupCols[i]
			ref.At = logical.At(e.Pos())
			return &ref, nil
		}
	}
	for _, f := range g.firsts {
		if logical.Equal(e, f.of) {
			return f.first, nil
		}
	}
	switch e := e.(type) {
	case *logical.And:
		// A conjunction that is a group may have become part of a longer one,
		// as x BETWEEN a AND b does.
		for i, x := range g.node.Groups {
			if rest, ok := without(e, x); ok {
				ref := g.node.GroupCols[i]
				ref.At = logical.At(e.Pos())
				return g.replace(logical.AndOf(append([]logical.Expr{&ref}, rest...)))
			}
		}
	case *logical.Column:
		if x, ok := g.marks[e.ID]; ok {
			return x, nil
		}
		if g.below[e.ID] && !g.kept[e.ID] {
			return nil, notGrouped(e.Name, e.Pos())
		}
		return e, nil
	case *logical.Subquery:
		s, err := g.within(e)
		if err != nil {
			return nil, err
		}
		if s != e {
			return g.replace(s)
		}
	}
	ops := logical.Operands(e)
	if len(ops) == 0 {
		return e, nil
	}
	out := make([]logical.Expr, len(ops))
	changed := false
	for i, o := range ops {
		x, err := g.replace(o)
		if err != nil {
			return nil, err
		}
		changed = changed || x != o
		out[i] = x
	}
	if !changed {
		return e, nil
	}
	return logical.WithOperands(e, out), nil
}

// within replaces the groups in the plan of a subquery, which may use no other
// of FROM's columns; e itself when there are none.
func (g *grouping) within(e *logical.Subquery) (*logical.Subquery, error) {
	outer := false
	for _, id := range e.Outer {
		outer = outer || g.below[id] && !g.kept[id]
	}
	if !outer {
		return e, nil
	}
	var err error
	s := *e
	s.Plan = logical.RewriteNodes(e.Plan, func(n logical.Node) logical.Node {
		return logical.MapExprs(n, func(x logical.Expr) logical.Expr {
			if err != nil || !logical.RefersAny(x, g.below) {
				return x
			}
			y, e := g.replace(x)
			if e != nil {
				err = e
				return x
			}
			return y
		})
	})
	s.Outer = logical.FreeColumns(s.Plan)
	for _, id := range s.Outer {
		if err == nil && g.below[id] && !g.kept[id] {
			err = notGrouped(g.names[id], e.Pos())
		}
	}
	return &s, err
}

// without takes the members of the conjunction x, which follow each other, out
// of the longer e.
func without(e *logical.And, x logical.Expr) ([]logical.Expr, bool) {
	and, ok := x.(*logical.And)
	if !ok {
		return nil, false
	}
next:
	for at := 0; at+len(and.Args) < len(e.Args)+1; at++ {
		for i, a := range and.Args {
			if !logical.Equal(e.Args[at+i], a) {
				continue next
			}
		}
		return append(slices.Clone(e.Args[:at]), e.Args[at+len(and.Args):]...), true
	}
	return nil, false
}

func notGrouped(name string, pos int) error {
	return sqlerr.At(pos, sqlerr.CodeGrouping, "column %q must be in GROUP BY or in an aggregate function", name).
		WithHint("add it to GROUP BY, or use any_value(%s) if any of its values will do", name)
}
