package rule

import "github.com/gannetdb/gannet/planner/logical"

// mergeProjects joins a projection with the one below it, and removes those
// that compute nothing:
//
//	π[x + 1 AS y](π[a * 2 AS x](t))  →  π[a * 2 + 1 AS y](t)
//
// An expression below that is used more than once is not copied unless it is a
// column or a constant, and a volatile one never is.
func mergeProjects(c *Context, root logical.Node) (logical.Node, error) {
	return logical.RewriteNodes(root, func(n logical.Node) logical.Node {
		p, ok := n.(*logical.Project)
		if !ok {
			return n
		}
		for {
			q, ok := p.Input.(*logical.Project)
			if !ok || !mergeable(p, q) {
				break
			}
			m := make(map[logical.ColID]logical.Expr, len(q.Cols))
			for i, col := range q.Cols {
				m[col.ID] = q.Exprs[i]
			}
			p = &logical.Project{Input: q.Input, Cols: p.Cols, Exprs: logical.ReplaceAll(p.Exprs, m)}
		}
		if identity(p) {
			return p.Input
		}
		return p
	}), nil
}

// mergeable reports whether substituting q's expressions into p computes
// nothing twice.
func mergeable(p, q *logical.Project) bool {
	uses := map[logical.ColID]int{}
	for _, e := range p.Exprs {
		logical.Walk(e, func(x logical.Expr) bool {
			if c, ok := x.(*logical.Column); ok {
				uses[c.ID]++
			}
			return true
		})
	}
	for i, c := range q.Cols {
		switch q.Exprs[i].(type) {
		case *logical.Column, *logical.Const, *logical.Param:
			continue
		}
		if uses[c.ID] > 1 || uses[c.ID] == 1 && logical.HasVolatile(q.Exprs[i]) {
			return false
		}
	}
	return true
}

// identity reports whether a projection only passes columns on: its parents
// find them below as well.
func identity(p *logical.Project) bool {
	for i, e := range p.Exprs {
		if !logical.IsColumn(e, p.Cols[i].ID) {
			return false
		}
	}
	return true
}
