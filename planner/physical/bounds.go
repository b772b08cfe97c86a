package physical

import (
	"math"

	"github.com/gannetdb/gannet/operators/agg"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// bounds says what statistics promise of grouping keys that are integers or
// dates; nil when they say nothing.
func bounds(in *cardinality.Stats, groups []logical.Expr) []agg.Bounds {
	var out []agg.Bounds
	for i, g := range groups {
		c, ok := g.(*logical.Column)
		if !ok || !c.Typ.IsInteger() && c.Typ.ID != types.Date {
			continue
		}
		k := in.Cols[c.ID]
		if !k.Bounded || k.Lo < math.MinInt32 || k.Hi > math.MaxUint32 || k.Lo > k.Hi {
			continue // too far apart to be of use, or not exact
		}
		if out == nil {
			out = make([]agg.Bounds, len(groups))
		}
		out[i] = agg.Bounds{Known: true, Min: int64(math.Floor(k.Lo)), Max: int64(math.Ceil(k.Hi))}
	}
	return out
}
