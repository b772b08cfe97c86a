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

// aggregateOrder binds ORDER BY within an aggregate: one that depends on order
// becomes the one that takes the keys as further arguments; the others do not
// care. given are the arguments before they were cast.
func (b *binder) aggregateOrder(c *exprCtx, f *ast.FuncCall, given []logical.Expr, call *logical.AggCall) error {
	if len(f.OrderBy) == 0 {
		return nil
	}
	keys, order, err := b.argumentOrder(c, f, given)
	if err != nil || len(keys) == 0 || !call.Fn.OrderDependent {
		return err
	}
	if call.Distinct {
		for _, k := range order {
			if !determined(given, k.Expr) {
				return sqlerr.At(f.Pos(), sqlerr.CodeInvalidColumnRef, "in an aggregate with DISTINCT, ORDER BY expressions must be among its arguments")
			}
		}
	}
	if call.Fn, err = ordered(f, call.Fn, keys); err != nil {
		return err
	}
	call.Args = slices.Clip(call.Args)
	for _, k := range order {
		call.Args = append(call.Args, k.Expr)
	}
	call.OrderBy = nil
	return nil
}

// argumentOrder binds ORDER BY within the parentheses of a call with the given
// arguments. Constant keys are left out.
func (b *binder) argumentOrder(c *exprCtx, f *ast.FuncCall, given []logical.Expr) (keys []function.OrderKey, order []logical.SortKey, err error) {
	add := func(o *ast.OrderItem, e logical.Expr) {
		k := b.sortKey(o, e)
		keys = append(keys, function.OrderKey{Type: e.Type(), Desc: k.Desc, NullsFirst: k.NullsFirst})
		order = append(order, k)
	}
	for i := range f.OrderBy {
		o := &f.OrderBy[i]
		if o.All {
			for _, a := range given {
				add(o, a)
			}
			continue
		}
		if err := b.orderLiteral(o.Expr); err != nil {
			return nil, nil, err
		}
		e, err := b.expr(c, o.Expr)
		if err != nil {
			return nil, nil, err
		}
		e = b.settled(e)
		if _, ok := e.(*logical.Const); ok {
			continue
		}
		if e.Type().ID == types.Null {
			continue
		}
		add(o, e)
	}
	return keys, order, nil
}

// ordered is the aggregate that takes keys behind its arguments.
func ordered(f *ast.FuncCall, fn *function.BoundAgg, keys []function.OrderKey) (*function.BoundAgg, error) {
	if fn.Ordered == nil {
		return nil, unsupported(f, "ORDER BY within %s", fn.Name)
	}
	bound, err := fn.Ordered(keys)
	if err != nil {
		return nil, sqlerr.WithPos(err, f.Pos())
	}
	// Equal calls are found by name.
	named := *bound
	for _, k := range keys {
		named.Name += " by"
		if k.Desc {
			named.Name += " desc"
		}
		if k.NullsFirst {
			named.Name += " nulls first"
		}
	}
	return &named, nil
}

// determined reports whether e has one value for each combination of the values
// of list.
func determined(list []logical.Expr, e logical.Expr) bool {
	for _, x := range list {
		if logical.Equal(x, e) {
			return true
		}
	}
	if logical.HasVolatile(e) {
		return false
	}
	ops := logical.Operands(e)
	if len(ops) == 0 {
		_, constant := e.(*logical.Const)
		return constant
	}
	for _, o := range ops {
		if !determined(list, o) {
			return false
		}
	}
	return true
}

// shares returns the constant that argument n of a call is, when it is a list of
// shares of a quantile; else nil.
func shares(f *ast.FuncCall, n int, a ast.Expr, bound logical.Expr) logical.Expr {
	name := strings.ToLower(ast.Last(f.Name).Name)
	if n == 0 || !strings.Contains(name, "quantile") && !strings.HasPrefix(name, "percentile_") || len(logical.ColumnsOf(bound)) > 0 {
		return nil
	}
	switch a.(type) {
	case *ast.List, *ast.Literal, *ast.Unary:
	default:
		return nil
	}
	v, err := constant(a)
	if err != nil {
		return nil
	}
	return &logical.Const{At: logical.At(a.Pos()), Value: v}
}

// withinGroup rewrites f(share) WITHIN GROUP (ORDER BY x) to f(x, share), and a
// descending order to a share from the other end.
func withinGroup(f *ast.FuncCall) (*ast.FuncCall, error) {
	name := strings.ToLower(ast.Last(f.Name).Name)
	o := f.WithinGroup[0]
	if len(f.WithinGroup) > 1 || o.All || len(f.OrderBy) > 0 {
		return nil, unsupported(f, "WITHIN GROUP with several keys")
	}
	g := *f
	g.WithinGroup = nil
	args := f.Args
	switch name {
	case "mode":
		if len(args) > 0 {
			return nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "mode WITHIN GROUP takes no argument")
		}
		g.OrderBy = f.WithinGroup
	case "percentile_cont", "percentile_disc", "quantile_cont", "quantile_disc", "quantile", "approx_quantile":
		if len(args) != 1 {
			return nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "%s WITHIN GROUP takes one argument", name)
		}
		if negative(args[0]) {
			return nil, sqlerr.At(f.Pos(), sqlerr.CodeInvalidArgument, "the shares of %s are between 0 and 1", name)
		}
		if o.Dir == ast.DirDesc {
			args = []ast.Expr{negated(args[0])}
		}
	case "string_agg", "listagg", "group_concat", "list", "array_agg", "first", "last", "any_value":
		g.OrderBy = f.WithinGroup
		return &g, nil
	default:
		return nil, unsupported(f, "WITHIN GROUP of %s", name)
	}
	g.Args = append([]ast.Expr{o.Expr}, args...)
	return &g, nil
}

// fromAbove rewrites a quantile of values in descending order, f(x, share ORDER BY
// x DESC), to one with the share from the other end; nil when f is no such call.
func fromAbove(f *ast.FuncCall, fn *function.Aggregate) *ast.FuncCall {
	if len(f.OrderBy) != 1 || f.OrderBy[0].All || len(f.Args) != 2 || !strings.HasPrefix(fn.Name, "quantile_") {
		return nil
	}
	g := *f
	g.OrderBy = nil
	if f.OrderBy[0].Dir == ast.DirDesc {
		g.Args = []ast.Expr{f.Args[0], negated(f.Args[1])}
	}
	return &g
}

// negative reports whether e is a negative literal, or a list with one.
func negative(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Literal:
		return e.Kind != ast.LitString && strings.HasPrefix(e.Text, "-")
	case *ast.Unary:
		return e.Op == "-" && !negative(e.X)
	case *ast.List:
		return slices.ContainsFunc(e.Elems, negative)
	}
	return false
}

// negated is -e; of a list each element.
func negated(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.Literal:
		if e.Kind == ast.LitDecimal && !strings.HasPrefix(e.Text, "-") {
			neg := *e
			neg.Text = "-" + e.Text
			return &neg
		}
	case *ast.List:
		list := *e
		list.Elems = nil
		for _, x := range e.Elems {
			list.Elems = append(list.Elems, negated(x))
		}
		return &list
	}
	return &ast.Unary{At: ast.At(e.Pos()), Op: "-", X: e}
}
