package engine

import (
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/cast"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// substitute replaces a plan's parameters by constants, cast to the types that
// their contexts want. Errors: 42P02 for a missing value, 22P02 and 22003 for
// one that does not fit.
func substitute(plan *logical.Plan, params Params, session *function.Session) (*logical.Plan, error) {
	if len(plan.Params) == 0 {
		return plan, nil
	}
	values := make([]types.Value, len(plan.Params))
	for i, t := range plan.Params {
		v, err := valueOf(plan, params, i)
		if err != nil {
			return nil, err
		}
		if values[i], err = cast.CastValue(v, t, session); err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.Code(err), "parameter %d: %s", i+1, err)
		}
	}
	root := logical.RewriteNodes(plan.Root, func(n logical.Node) logical.Node {
		return logical.MapExprs(n, func(e logical.Expr) logical.Expr {
			return logical.Rewrite(e, func(x logical.Expr) logical.Expr {
				if p, ok := x.(*logical.Param); ok {
					return &logical.Const{At: p.At, Value: values[p.Index]}
				}
				return x
			})
		})
	})
	out := *plan
	out.Root, out.Params = root, nil
	return &out, nil
}

func valueOf(plan *logical.Plan, params Params, i int) (types.Value, error) {
	if i < len(plan.ParamNames) && plan.ParamNames[i] != "" {
		name := plan.ParamNames[i]
		if v, ok := params.Named[strings.ToLower(name)]; ok {
			return v, nil
		}
		return types.Value{}, sqlerr.New(sqlerr.CodeUndefinedParameter, "no value was given for parameter $%s", name)
	}
	if i < len(params.Positional) {
		return params.Positional[i], nil
	}
	return types.Value{}, sqlerr.New(sqlerr.CodeUndefinedParameter, "no value was given for parameter $%d", i+1)
}
