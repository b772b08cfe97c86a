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

// windowing is the 42P20 error at node n.
func windowing(n ast.Node, format string, args ...any) error {
	return sqlerr.At(n.Pos(), sqlerr.CodeWindowing, format, args...)
}

// window binds a call with OVER to a reference to the column that will hold
// its result. Arguments and keys may use aggregates, but no window functions.
func (b *binder) window(c *exprCtx, f *ast.FuncCall, name string) (logical.Expr, error) {
	fn, agg := b.o.Functions.Window(name), b.o.Functions.Aggregate(name)
	switch {
	case fn == nil && agg == nil && b.o.Functions.Scalar(name) == nil && construct(name) == nil:
		return nil, b.unknownFunction(f)
	case fn == nil && agg == nil:
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeWrongObjectType, "%s is not an aggregate or window function", name)
	case c.inWindow:
		return nil, windowing(f, "window function calls cannot be nested")
	case c.inAgg:
		return nil, windowing(f, "aggregate function calls cannot contain window function calls")
	case c.aggs == nil || c.clause == "HAVING":
		return nil, windowing(f, "window functions are not allowed in %s", c.clause)
	case len(f.WithinGroup) > 0:
		plain, err := withinGroup(f)
		if err != nil {
			return nil, err
		}
		return b.window(c, plain, name)
	case f.ExportState:
		return nil, unsupported(f, "EXPORT_STATE with OVER")
	}
	in := *c
	in.inWindow = true
	call := logical.WindowCall{At: logical.At(f.Pos()), IgnoreNulls: f.Nulls == ast.NullsIgnore}
	args, star, err := b.windowArgs(&in, f)
	if err != nil {
		return nil, err
	}
	if fn != nil {
		err = b.positional(&in, f, fn, args, star, &call)
	} else {
		err = b.windowAggregate(&in, f, agg, args, star, &call)
	}
	if err != nil {
		return nil, err
	}
	if err := b.over(&in, f.Over, &call); err != nil {
		return nil, err
	}
	if len(call.ArgOrder) > 0 && !call.Fn.UsesFrame && call.Frame.Exclude != function.ExcludeNothing {
		return nil, unsupported(f, "EXCLUDE with ORDER BY in the arguments of %s", call.Fn.Name)
	}
	a := c.aggs
	for i := range a.windows {
		if logical.SameCall(&a.windows[i], &call) {
			ref := a.windowCols[i]
			ref.At = call.At
			return &ref, nil
		}
	}
	col := b.newCol(logical.WindowString(&call), call.Type())
	a.windows, a.windowCols = append(a.windows, call), append(a.windowCols, col)
	col.At = call.At
	return &col, nil
}

// windowArgs binds the arguments; star says that there is one *.
func (b *binder) windowArgs(in *exprCtx, f *ast.FuncCall) (args []logical.Expr, star bool, err error) {
	for _, a := range f.Args {
		switch a := a.(type) {
		case *ast.Star:
			if len(f.Args) > 1 {
				return nil, false, sqlerr.At(a.Pos(), sqlerr.CodeSyntax, "* is an argument of count only")
			}
			return nil, true, nil
		case *ast.NamedArg:
			return nil, false, unsupported(a, "a named argument of a window function")
		}
		x, err := b.expr(in, a)
		if err != nil {
			return nil, false, err
		}
		if k := shares(f, len(args), a, x); k != nil {
			args = append(args, k)
			continue
		}
		x = b.settled(x)
		if x.Type().ID == types.Null {
			x = b.cast(x, types.Of(types.Integer))
		}
		args = append(args, x)
	}
	return args, false, nil
}

// positional binds a function that exists only with OVER.
func (b *binder) positional(in *exprCtx, f *ast.FuncCall, fn *function.Window, args []logical.Expr, star bool, call *logical.WindowCall) error {
	switch {
	case star:
		return sqlerr.At(f.Pos(), sqlerr.CodeSyntax, "* is an argument of count only")
	case f.Distinct:
		return windowing(f, "DISTINCT goes with aggregates only, not with %s", fn.Name)
	case f.Filter != nil:
		return windowing(f, "FILTER goes with aggregates only, not with %s", fn.Name)
	}
	sigs := make([]signature, len(fn.Overloads))
	for i, o := range fn.Overloads {
		sigs[i] = signature{params: o.Params}
	}
	ranked := b.rank(sigs, args)
	if len(ranked) == 0 {
		return b.noOverload(f, fn.Name, sigs, args, nil)
	}
	i := ranked[0]
	given, _ := b.argTypes(sigs[i], args)
	bound, err := fn.Overloads[i].Bind(given)
	if err != nil {
		return sqlerr.WithPos(err, f.Pos())
	}
	if call.IgnoreNulls && !bound.Values {
		return windowing(f, "IGNORE NULLS goes with functions that pick a value, not with %s", fn.Name)
	}
	call.Fn, call.Args = bound, b.castArgs(args, bound.Params)
	if len(f.OrderBy) == 0 {
		return nil
	}
	if !bound.ArgOrder {
		return unsupported(f, "ORDER BY in the arguments of %s", fn.Name)
	}
	_, call.ArgOrder, err = b.argumentOrder(in, f, args)
	return err
}

// windowAggregate binds an aggregate over a window.
func (b *binder) windowAggregate(in *exprCtx, f *ast.FuncCall, fn *function.Aggregate, args []logical.Expr, star bool, call *logical.WindowCall) (err error) {
	switch {
	case call.IgnoreNulls:
		return windowing(f, "IGNORE NULLS goes with functions that pick a value, not with %s", fn.Name)
	case star && !strings.EqualFold(fn.Name, "count"):
		return sqlerr.At(f.Pos(), sqlerr.CodeSyntax, "* is an argument of count only")
	case star && f.Distinct:
		return sqlerr.At(f.Pos(), sqlerr.CodeSyntax, "DISTINCT does not go with count(*)")
	}
	if len(args) == 0 && strings.EqualFold(fn.Name, "count") {
		if star := b.o.Functions.Aggregate("count_star"); star != nil {
			fn = star
		}
	}
	if fn.Name == "bitstring_agg" && len(args) == 1 {
		return unsupported(f, "bitstring_agg with OVER and without bounds")
	}
	if call.Agg, call.Args, err = b.resolveAggregate(f, fn, args); err != nil {
		return err
	}
	if len(f.OrderBy) > 0 && call.Agg.OrderDependent {
		keys, order, err := b.argumentOrder(in, f, args)
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			if call.Agg, err = ordered(f, call.Agg, keys); err != nil {
				return err
			}
			call.Args = slices.Clip(call.Args)
			for _, k := range order {
				call.Args = append(call.Args, k.Expr)
			}
			call.KeyArgs = len(keys)
		}
	}
	call.Distinct = f.Distinct && !duplicateFree[fn.Name]
	if f.Filter != nil {
		call.Filter, err = b.condition(in, f.Filter, "FILTER")
	}
	return err
}

// definition returns the window that spec stands for, with the named windows it
// builds on; limit is how many definitions of the WINDOW clause it may see.
func (b *binder) definition(c *exprCtx, spec *ast.WindowSpec, limit int) (*ast.WindowSpec, error) {
	if spec.Base.Name == "" {
		return spec, nil
	}
	for i := limit - 1; i >= 0; i-- {
		def := &c.windows[i]
		if !def.Name.Is(spec.Base.Name) {
			continue
		}
		base, err := b.definition(c, def.Spec, i)
		if err != nil || spec.NameOnly {
			return base, err
		}
		switch {
		case base.Frame != nil:
			return nil, windowing(spec, "cannot copy window %q because it has a frame clause", spec.Base.Name)
		case len(base.PartitionBy) > 0 && len(spec.PartitionBy) > 0:
			return nil, windowing(spec, "cannot override PARTITION BY of window %q", spec.Base.Name)
		case len(base.OrderBy) > 0 && len(spec.OrderBy) > 0:
			return nil, windowing(spec, "cannot override ORDER BY of window %q", spec.Base.Name)
		}
		out := *spec
		if len(base.PartitionBy) > 0 {
			out.PartitionBy = base.PartitionBy
		}
		if len(base.OrderBy) > 0 {
			out.OrderBy = base.OrderBy
		}
		return &out, nil
	}
	return nil, sqlerr.At(spec.Base.Pos(), sqlerr.CodeUndefinedObject, "window %q does not exist", spec.Base.Name)
}

// checkWindows refuses a WINDOW clause that defines a name twice.
func checkWindows(defs []ast.WindowDef) error {
	for i := range defs {
		for k := range i {
			if defs[i].Name.Is(defs[k].Name.Name) {
				return windowing(&defs[i], "window %q is already defined", defs[i].Name.Name)
			}
		}
	}
	return nil
}

// over binds partitions, order and frame.
func (b *binder) over(c *exprCtx, spec *ast.WindowSpec, call *logical.WindowCall) error {
	spec, err := b.definition(c, spec, len(c.windows))
	if err != nil {
		return err
	}
	key := func(e ast.Expr) (logical.Expr, error) {
		x, err := b.expr(c, e)
		if err != nil {
			return nil, err
		}
		x = b.settled(x)
		if x.Type().ID == types.Null {
			x = b.cast(x, types.Of(types.Integer))
		}
		return x, nil
	}
	for _, e := range spec.PartitionBy {
		x, err := key(e)
		if err != nil {
			return err
		}
		call.Partition = append(call.Partition, b.key(x))
	}
	for i := range spec.OrderBy {
		o := &spec.OrderBy[i]
		if o.All {
			return windowing(o, "ORDER BY ALL is not allowed in a window")
		}
		x, err := key(o.Expr)
		if err != nil {
			return err
		}
		call.Order = append(call.Order, b.sortKey(o, x))
	}
	call.Frame = logical.Frame{Mode: function.FrameRange, Start: logical.Bound{Kind: function.UnboundedPreceding}, End: logical.Bound{Kind: function.CurrentRow}}
	if spec.Frame == nil {
		return nil
	}
	return b.frame(c, spec.Frame, call)
}

// frame binds a frame clause.
func (b *binder) frame(c *exprCtx, f *ast.Frame, call *logical.WindowCall) error {
	fr := &call.Frame
	fr.Mode = [...]function.FrameMode{ast.FrameRows: function.FrameRows, ast.FrameRange: function.FrameRange, ast.FrameGroups: function.FrameGroups}[f.Mode]
	fr.Exclude = [...]function.Exclusion{ast.ExcludeNoOthers: function.ExcludeNothing, ast.ExcludeCurrentRow: function.ExcludeCurrentRow,
		ast.ExcludeGroup: function.ExcludeGroup, ast.ExcludeTies: function.ExcludeTies}[f.Exclude]
	kinds := [...]function.BoundKind{ast.UnboundedPreceding: function.UnboundedPreceding, ast.Preceding: function.Preceding,
		ast.CurrentRow: function.CurrentRow, ast.Following: function.Following, ast.UnboundedFollowing: function.UnboundedFollowing}
	fr.Start.Kind, fr.End.Kind = kinds[f.Start.Kind], kinds[f.End.Kind]
	switch {
	case fr.Start.Kind == function.UnboundedFollowing:
		return windowing(&f.Start, "a frame cannot start at UNBOUNDED FOLLOWING")
	case fr.End.Kind == function.UnboundedPreceding:
		return windowing(&f.End, "a frame cannot end at UNBOUNDED PRECEDING")
	case fr.Start.Kind == function.CurrentRow && fr.End.Kind == function.Preceding:
		return windowing(&f.End, "a frame that starts at the current row cannot end before it")
	case fr.Start.Kind == function.Following && (fr.End.Kind == function.Preceding || fr.End.Kind == function.CurrentRow):
		return windowing(&f.End, "a frame that starts behind the current row cannot end before that")
	}
	if f.Start.Offset == nil && f.End.Offset == nil {
		return nil
	}
	if fr.Mode == function.FrameRange {
		return b.rangeFrame(c, f, call)
	}
	one := func(at *ast.FrameBound, to *logical.Bound) error {
		if at.Offset == nil {
			return nil
		}
		x, err := b.expr(c, at.Offset)
		if err != nil {
			return err
		}
		to.Offset = b.cast(b.settled(x), types.Of(types.BigInt))
		return nil
	}
	if err := one(&f.Start, &fr.Start); err != nil {
		return err
	}
	return one(&f.End, &fr.End)
}

// rangeFrame binds RANGE with offsets: bounds become values to be compared with
// the key, key - offset for rows that come before it, all of one type.
func (b *binder) rangeFrame(c *exprCtx, f *ast.Frame, call *logical.WindowCall) error {
	if len(call.Order) != 1 {
		return windowing(f, "a RANGE frame with an offset needs exactly one ORDER BY expression")
	}
	key := &call.Order[0]
	values := []logical.Expr{key.Expr}
	one := func(at *ast.FrameBound) error {
		if at.Offset == nil {
			return nil
		}
		x, err := b.expr(c, at.Offset)
		if err != nil {
			return err
		}
		if k, ok := x.(*logical.Const); ok && k.Value.IsNull {
			return windowing(at.Offset, "the offset of a RANGE frame cannot be NULL")
		}
		op := "+"
		if (at.Kind == ast.Preceding) != key.Desc {
			op = "-"
		}
		v, err := b.builtin(at.Offset, op, key.Expr, x)
		if err != nil {
			return err
		}
		values = append(values, v)
		return nil
	}
	if err := one(&f.Start); err != nil {
		return err
	}
	if err := one(&f.End); err != nil {
		return err
	}
	t, err := b.resultType(values, "a RANGE frame")
	if err != nil {
		return err
	}
	values = b.castAll(values, t)
	key.Expr = values[0]
	next := 1
	if f.Start.Offset != nil {
		call.Frame.Start.Offset = values[next]
		next++
	}
	if f.End.Offset != nil {
		call.Frame.End.Offset = values[next]
	}
	return nil
}

// windowed puts a Window over node for the calls that were collected, and
// QUALIFY on it.
func windowed(node logical.Node, a *aggSet, qualify logical.Expr) logical.Node {
	if len(a.windows) > 0 {
		node = &logical.Window{Input: node, Calls: a.windows, Cols: a.windowCols}
	}
	if qualify != nil {
		node = &logical.Filter{Input: node, Conds: logical.Conjuncts(qualify)}
	}
	return node
}

// replaceWindows rewrites what the window functions use for above a grouping.
func (g *grouping) replaceWindows(a *aggSet) (err error) {
	n := &logical.Window{Calls: a.windows}
	a.windows = n.MapCalls(func(e logical.Expr) logical.Expr {
		x, rerr := g.replace(e)
		if rerr != nil {
			if err == nil {
				err = rerr
			}
			return e
		}
		return x
	})
	return err
}
