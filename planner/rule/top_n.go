package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// topN makes one node of a sort and the limit on it:
//
//	limit 10 (sort[a](t))     →  top 10 by a (t)
//	limit 10 (π(sort[a](t)))  →  π(top 10 by a (t))
//
// A limit whose count is a parameter, a percentage or absent stays, and so does
// one that is not constant. LIMIT 0 is empty.
func topN(c *Context, root logical.Node) (logical.Node, error) {
	return logical.RewriteNodes(root, func(n logical.Node) logical.Node {
		l, ok := n.(*logical.Limit)
		if !ok || l.Percent || l.Count == nil {
			return n
		}
		count, ok := rowCount(l.Count)
		if !ok {
			return n
		}
		offset := int64(0)
		if l.Offset != nil {
			if offset, ok = rowCount(l.Offset); !ok {
				return n
			}
		}
		if count == 0 {
			return empty(n)
		}
		switch in := l.Input.(type) {
		case *logical.Sort:
			return &logical.TopN{Input: in.Input, Keys: in.Keys, Count: count, Offset: offset}
		case *logical.Project:
			if s, ok := in.Input.(*logical.Sort); ok {
				m := *in
				m.Input = &logical.TopN{Input: s.Input, Keys: s.Keys, Count: count, Offset: offset}
				return &m
			}
		}
		return n
	}), nil
}

// rowCount is the value of a constant count that is not NULL or negative: those
// are errors, or no limit, at execution.
func rowCount(e logical.Expr) (int64, bool) {
	k, ok := e.(*logical.Const)
	if !ok || k.Value.IsNull || k.Value.Type.ID != types.BigInt || k.Value.I < 0 {
		return 0, false
	}
	return k.Value.I, true
}
