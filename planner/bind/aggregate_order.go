package bind

import (
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// aggregateOrder binds ORDER BY within an aggregate: one that depends on order
// becomes the one that takes the keys as further arguments; the others do not
// care.
func (b *binder) aggregateOrder(c *exprCtx, f *ast.FuncCall, call *logical.AggCall) error {
	var keys []function.OrderKey
	var exprs []logical.Expr
	for i := range f.OrderBy {
		o := &f.OrderBy[i]
		if o.All {
			for _, a := range call.Args {
				k := b.sortKey(o, a)
				keys = append(keys, function.OrderKey{Type: a.Type(), Desc: k.Desc, NullsFirst: k.NullsFirst})
				exprs = append(exprs, a)
			}
			continue
		}
		e, err := b.expr(c, o.Expr)
		if err != nil {
			return err
		}
		e = b.settled(e)
		if _, ok := e.(*logical.Const); ok {
			continue
		}
		if call.Distinct && call.Fn.OrderDependent && !contains(call.Args, e) {
			return sqlerr.At(o.Pos(), sqlerr.CodeInvalidColumnRef, "in an aggregate with DISTINCT, ORDER BY expressions must be among its arguments")
		}
		k := b.sortKey(o, e)
		keys = append(keys, function.OrderKey{Type: e.Type(), Desc: k.Desc, NullsFirst: k.NullsFirst})
		exprs = append(exprs, e)
	}
	if len(keys) == 0 || !call.Fn.OrderDependent {
		return nil
	}
	if call.Fn.Ordered == nil {
		return unsupported(f, "ORDER BY within %s", call.Fn.Name)
	}
	bound, err := call.Fn.Ordered(keys)
	if err != nil {
		return sqlerr.WithPos(err, f.Pos())
	}
	call.Fn = bound
	call.Args = append(append([]logical.Expr{}, call.Args...), exprs...)
	call.OrderBy = nil
	return nil
}

func contains(list []logical.Expr, e logical.Expr) bool {
	for _, x := range list {
		if logical.Equal(x, e) {
			return true
		}
	}
	return false
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
	case "percentile_cont", "percentile_disc", "quantile_cont", "quantile_disc", "quantile", "approx_quantile":
		if len(args) != 1 {
			return nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "%s WITHIN GROUP takes one argument", name)
		}
		if o.Dir == ast.DirDesc {
			args = []ast.Expr{&ast.Unary{At: f.At, Op: "-", X: args[0]}}
			if lit, ok := f.Args[0].(*ast.Literal); ok && lit.Kind == ast.LitDecimal && !strings.HasPrefix(lit.Text, "-") {
				neg := *lit
				neg.Text = "-" + lit.Text
				args[0] = &neg
			}
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
