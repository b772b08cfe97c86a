package rule

import (
	"github.com/gannetdb/gannet/operators/function/aggregate"
	"github.com/gannetdb/gannet/planner/logical"
)

// When grouping sets are computed from groups by all keys: there are at least
// fewestSets of them, and at most one such group for rowsPerGroup of at least
// worthGrouping rows. With fewer rows in a group it would be one more grouping
// for little; but of manySets one more is little, and combinations of many keys
// are fewer than the estimate, which takes keys as independent.
const (
	fewestSets    = 3
	manySets      = 5
	rowsPerGroup  = 4
	worthGrouping = 10_000
)

// groupTwice computes grouping sets over the groups by all keys instead of all
// rows, which are then grouped once instead of once for each set:
//
//	aggregate[ROLLUP (a, b); avg(x)](t)
//	  →  aggregate[ROLLUP (a, b); avg of (s, n)](aggregate[a, b; sum(x) s, count(x) n](t))
//
// Refused: aggregates that cannot be had from those of parts, DISTINCT among
// them, since a value may be in several groups.
func groupTwice(c *Context, root logical.Node) (logical.Node, error) {
	return logical.RewriteNodes(root, func(n logical.Node) logical.Node {
		a, ok := n.(*logical.Aggregate)
		if !ok || len(a.Omit) < fewestSets || len(a.Aggs) == 0 {
			return n
		}
		in := c.Estimates.Node(a.Input)
		if in.Rows < worthGrouping || len(a.Omit) < manySets && in.Groups(a.Groups)*rowsPerGroup > in.Rows {
			return n
		}
		inner := &logical.Aggregate{Input: a.Input, Groups: a.Groups}
		outer := *a
		outer.Input, outer.Groups, outer.Aggs = inner, nil, nil
		for _, g := range a.Groups {
			col := c.NewCol(logical.String(g), g.Type())
			inner.GroupCols = append(inner.GroupCols, col)
			outer.Groups = append(outer.Groups, logical.Ref(col))
		}
		for i := range a.Aggs {
			call := a.Aggs[i]
			first, whole, ok := aggregate.Partials(call.Fn)
			if !ok || call.Distinct || len(call.OrderBy) > 0 {
				return n
			}
			var args []logical.Expr
			for _, fn := range first {
				part := call
				part.Fn = fn
				col := c.NewCol(fn.Name, fn.Return)
				inner.Aggs, inner.AggCols = append(inner.Aggs, part), append(inner.AggCols, col)
				args = append(args, logical.Ref(col))
			}
			call.Fn, call.Args, call.Filter = whole, args, nil
			outer.Aggs = append(outer.Aggs, call)
		}
		return &outer
	}), nil
}
