package rule

import "github.com/gannetdb/gannet/planner/logical"

// eliminateDistinct removes a duplicate elimination that cannot find any, or
// whose outcome cannot matter:
//
//	distinct[a](aggregate[group a](t))   →  π[a](aggregate[group a](t))
//	semi join(t, distinct(u))            →  semi join(t, u)
//	any aggregate without arguments DISTINCT over a grouping likewise
//
// The input of the first has one row for each combination of its groups, so it
// must have all of them among its columns: SELECT DISTINCT n FROM (SELECT a,
// count(*) n FROM t GROUP BY a) stays.
func eliminateDistinct(c *Context, root logical.Node) (logical.Node, error) {
	return logical.RewriteNodes(root, func(n logical.Node) logical.Node {
		switch n := n.(type) {
		case *logical.Aggregate:
			if len(n.Aggs) == 0 && len(n.Groups) > 0 && n.Omit == nil && uniqueOn(n.Input, n.Groups) {
				return &logical.Project{Input: n.Input, Cols: n.GroupCols, Exprs: n.Groups}
			}
		case *logical.Join:
			if n.Kind != logical.Semi && n.Kind != logical.Anti && n.Kind != logical.NullAnti && n.Kind != logical.Mark {
				return n
			}
			if r, ok := withoutDistinct(n.Right); ok {
				m := *n
				m.Right = r
				return &m
			}
		}
		return n
	}), nil
}

// withoutDistinct strips a duplicate elimination from the top of n, beneath
// filters and projections.
func withoutDistinct(n logical.Node) (logical.Node, bool) {
	switch n := n.(type) {
	case *logical.Aggregate:
		if len(n.Aggs) == 0 && len(n.Groups) > 0 && n.Omit == nil {
			return &logical.Project{Input: n.Input, Cols: n.GroupCols, Exprs: n.Groups}, true
		}
	case *logical.Filter:
		if in, ok := withoutDistinct(n.Input); ok {
			return &logical.Filter{Input: in, Conds: n.Conds}, true
		}
	case *logical.Project:
		if in, ok := withoutDistinct(n.Input); ok {
			return &logical.Project{Input: in, Cols: n.Cols, Exprs: n.Exprs}, true
		}
	case *logical.Sort:
		return n.Input, true
	}
	return nil, false
}

// uniqueOn reports whether no two rows of n agree on the given expressions.
func uniqueOn(n logical.Node, exprs []logical.Expr) bool {
	switch n := n.(type) {
	case *logical.Filter:
		return uniqueOn(n.Input, exprs)
	case *logical.Sort:
		return uniqueOn(n.Input, exprs)
	case *logical.TopN:
		return uniqueOn(n.Input, exprs)
	case *logical.Limit:
		return uniqueOn(n.Input, exprs)
	case *logical.Project:
		m := map[logical.ColID]logical.Expr{}
		for i, c := range n.Cols {
			m[c.ID] = n.Exprs[i]
		}
		return uniqueOn(n.Input, logical.ReplaceAll(exprs, m))
	case *logical.Aggregate:
		if n.Omit != nil {
			return false
		}
		for _, c := range n.GroupCols {
			found := false
			for _, e := range exprs {
				found = found || logical.IsColumn(e, c.ID)
			}
			if !found {
				return false
			}
		}
		return true
	}
	return false
}
