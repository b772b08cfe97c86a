package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
)

// setOpJoins turns INTERSECT and EXCEPT without ALL into joins:
//
//	a INTERSECT b  →  semi join(distinct(a), b) ON every column IS NOT DISTINCT FROM
//	a EXCEPT b     →  anti join(distinct(a), b) ON …
//
// since both give the distinct rows of a that are, or are not, in b, NULLs being
// equal. With ALL, rows count; those are lowered as they are.
func setOpJoins(c *Context, root logical.Node) (logical.Node, error) {
	return logical.RewriteNodes(root, func(n logical.Node) logical.Node {
		s, ok := n.(*logical.SetOp)
		if !ok || s.Kind == logical.Union || s.All {
			return n
		}
		// The result's columns, as the first input has them.
		a := &logical.Aggregate{Input: s.Inputs[0], GroupCols: s.Cols}
		first := typesOf(s.Inputs[0])
		for _, id := range s.In[0] {
			a.Groups = append(a.Groups, logical.Ref(first[id]))
		}
		var left logical.Node = a
		kind := logical.Semi
		if s.Kind == logical.Except {
			kind = logical.Anti
		}
		for i, in := range s.Inputs[1:] {
			have := typesOf(in)
			j := &logical.Join{Kind: kind, Left: left, Right: in}
			for k, id := range s.In[i+1] {
				j.On = append(j.On, &logical.Compare{At: -1, Op: logical.NotDistinct, Left: logical.Ref(s.Cols[k]), Right: logical.Ref(have[id])})
			}
			left = j
		}
		return left
	}), nil
}

func typesOf(n logical.Node) map[logical.ColID]logical.Column {
	m := map[logical.ColID]logical.Column{}
	for _, c := range n.Columns() {
		m[c.ID] = c
	}
	return m
}
