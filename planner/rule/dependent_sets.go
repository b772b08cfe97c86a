package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// apart takes the empty grouping sets out of a grouping: they have a row for
// each left row, also where that gets nothing to group, the others have not.
//
//	γ[sets (a, b), (), ()](R)  →  γ[sets (a, b)](R) ∪ γ[](R) ∪ γ[](R)
//
// nil: there are none.
func (u *unnester) apart(n *logical.Aggregate) logical.Node {
	var rest [][]int
	empty := 0
	for _, o := range n.Omit {
		if len(o) == len(n.Groups) {
			empty++
		} else {
			rest = append(rest, o)
		}
	}
	if empty == 0 || len(n.Groups) == 0 && empty == 1 {
		return nil
	}
	s := &logical.SetOp{Kind: logical.Union, All: true, Cols: n.Columns()}
	add := func(a *logical.Aggregate, finish func(*logical.Aggregate) logical.Node) {
		copied, ids := logical.Clone(a, u.c.newID)
		in := make([]logical.ColID, len(s.Cols))
		for i, c := range s.Cols {
			in[i] = ids[c.ID]
			if in[i] == 0 {
				in[i] = c.ID // a group that is a column of an enclosing query
			}
		}
		s.Inputs, s.In = append(s.Inputs, finish(copied.(*logical.Aggregate))), append(s.In, in)
	}
	if len(rest) > 0 {
		a := *n
		a.Omit = rest
		add(&a, func(a *logical.Aggregate) logical.Node { return a })
	}
	for range empty {
		add(n, func(a *logical.Aggregate) logical.Node {
			p := &logical.Project{Input: &logical.Aggregate{Input: a.Input, Aggs: a.Aggs, AggCols: a.AggCols}}
			for _, c := range a.GroupCols {
				p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, nullOf(c.Typ))
			}
			for _, c := range a.AggCols {
				p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, logical.Ref(c))
			}
			for _, m := range a.Markings {
				all := types.IntValue(m.Col.Typ, 1<<len(m.Groups)-1)
				p.Cols, p.Exprs = append(p.Cols, m.Col), append(p.Exprs, &logical.Const{At: -1, Value: all})
			}
			return p
		})
	}
	if len(s.Inputs) == 1 {
		p := &logical.Project{Input: s.Inputs[0], Cols: s.Cols}
		for i, c := range s.Cols {
			p.Exprs = append(p.Exprs, &logical.Column{At: -1, ID: s.In[0][i], Typ: c.Typ, Name: c.Name})
		}
		return p
	}
	return s
}

// hasEmptySet reports whether a grouping has a grouping set without groups.
func hasEmptySet(n *logical.Aggregate) bool {
	for _, o := range n.Omit {
		if len(o) == len(n.Groups) {
			return true
		}
	}
	return false
}
