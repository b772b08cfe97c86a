package physical

import (
	"math"
	"slices"

	"github.com/gannetdb/gannet/operators/agg"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// estimate completes a plan over the columns at of its input, which hold exprs:
// what statistics promise of columns that are integers or dates, and how many
// groups they make us expect. calls are the plan's aggregates.
func estimate(plan *agg.Plan, in *cardinality.Stats, exprs []logical.Expr, at []int, calls []logical.AggCall) {
	plan.Bounds = nil
	byColumn := make([]logical.Expr, len(plan.Input))
	for i, e := range exprs {
		byColumn[at[i]] = e
		c, ok := e.(*logical.Column)
		if !ok || !c.Typ.IsInteger() && c.Typ.ID != types.Date {
			continue
		}
		k := in.Cols[c.ID]
		if !k.Bounded || k.Lo < math.MinInt32 || k.Hi > math.MaxUint32 || k.Lo > k.Hi {
			continue // too far apart to be of use, or not exact
		}
		if plan.Bounds == nil {
			plan.Bounds = make([]agg.Bounds, len(plan.Input))
		}
		plan.Bounds[at[i]] = agg.Bounds{Known: true, Min: int64(math.Floor(k.Lo)), Max: int64(math.Ceil(k.Hi))}
	}
	keys := make([]logical.Expr, len(plan.Groups))
	for i, g := range plan.Groups {
		keys[i] = byColumn[g]
	}
	plan.EstGroups = in.Groups(keys)
	for i := range plan.Aggs {
		if plan.Aggs[i].Distinct {
			plan.Aggs[i].EstGroups = in.Groups(append(slices.Clone(keys), calls[i].Args...))
		}
	}
}
