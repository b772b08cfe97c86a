package physical

import (
	"context"

	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/cast"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// expr lowers e over the columns of s.
func (b *builder) expr(s *stream, e logical.Expr) (eval.Expr, error) {
	return lower(e, s.position)
}

// Constant evaluates an expression without columns.
func Constant(ctx context.Context, e logical.Expr, session *function.Session) (types.Value, error) {
	if c, ok := e.(*logical.Const); ok {
		return c.Value, nil
	}
	x, err := lower(e, func(id logical.ColID) (int, error) {
		return 0, sqlerr.At(e.Pos(), sqlerr.CodeSyntax, "the expression must be constant")
	})
	if err != nil {
		return types.Value{}, err
	}
	v, err := eval.Fold(ctx, session, x)
	return v, sqlerr.WithPos(err, e.Pos())
}

// lower turns e into an executable expression; position tells where columns
// are.
func lower(e logical.Expr, position func(logical.ColID) (int, error)) (eval.Expr, error) {
	ops := logical.Operands(e)
	args := make([]eval.Expr, len(ops))
	for i, o := range ops {
		var err error
		if args[i], err = lower(o, position); err != nil {
			return nil, err
		}
	}
	switch e := e.(type) {
	case *logical.Column:
		p, err := position(e.ID)
		if err != nil {
			return nil, err
		}
		return eval.NewColumn(p, e.Typ), nil
	case *logical.Const:
		return eval.NewConst(e.Value), nil
	case *logical.Call:
		return eval.NewCall(e.Fn, args...).At(e.Pos()), nil
	case *logical.Cast:
		if e.Arg.Type().Equal(e.To) {
			return args[0], nil
		}
		fn, err := cast.Find(e.Arg.Type(), e.To, e.Try)
		if err != nil {
			return nil, sqlerr.WithPos(err, e.Pos())
		}
		return eval.NewCall(fn, args...).At(e.Pos()), nil
	case *logical.Compare:
		return eval.NewCompare(e.Op, args[0], args[1]), nil
	case *logical.And:
		return eval.NewAnd(args...), nil
	case *logical.Or:
		return eval.NewOr(args...), nil
	case *logical.Not:
		return eval.NewNot(args[0]), nil
	case *logical.IsNull:
		return eval.NewIsNull(args[0], e.Negated), nil
	case *logical.In:
		return eval.NewIn(args[0], args[1:], e.Negated), nil
	case *logical.Case:
		whens := make([]eval.When, len(e.Whens))
		for i := range whens {
			whens[i] = eval.When{Cond: args[2*i], Then: args[2*i+1]}
		}
		return eval.NewCase(whens, args[len(args)-1]), nil
	case *logical.Coalesce:
		return eval.NewCoalesce(args...), nil
	case *logical.Lambda:
		body, err := lower(e.Body, func(id logical.ColID) (int, error) {
			if p := int(-id) - 1; p >= 0 && p < len(e.Params) {
				return p, nil
			}
			return 0, sqlerr.New(sqlerr.CodeInternal, "a lambda refers to column %d", id)
		})
		if err != nil {
			return nil, err
		}
		return eval.NewLambda(lambdaKinds[e.Kind], e.Init, args, body, e.Typ, e.Pos()), nil
	case *logical.Subquery:
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeUnsupported, "this form of correlated subquery is not supported yet")
	case *logical.Param:
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeUndefinedParameter, "no value was given for parameter $%d", e.Index+1)
	}
	return nil, sqlerr.At(e.Pos(), sqlerr.CodeInternal, "expression %T cannot be executed", e)
}

var lambdaKinds = map[logical.LambdaKind]eval.LambdaKind{
	logical.Transform: eval.Transform, logical.ListFilter: eval.ListFilter, logical.Reduce: eval.Reduce,
}
