package physical

import (
	"github.com/gannetdb/gannet/operators/filter"
	"github.com/gannetdb/gannet/planner/logical"
)

// unnest lowers an Unnest to an operator over list columns.
func (b *builder) unnest(n *logical.Unnest, need map[logical.ColID]bool) (*stream, error) {
	below := logical.Produced(n.Input)
	keep := map[logical.ColID]bool{}
	for id := range need {
		if below[id] {
			keep[id] = true
		}
	}
	s, err := b.node(n.Input, with(keep, n.Lists...))
	if err != nil {
		return nil, err
	}
	lists, err := b.columns(s, n.Lists, keep)
	if err != nil {
		return nil, err
	}
	pos := map[logical.ColID]int{}
	var kept []int
	at := map[int]int{} // position below to position above
	for _, id := range s.columnIDs() {
		if !keep[id] {
			continue
		}
		p, ok := at[s.pos[id]]
		if !ok {
			p = len(kept)
			at[s.pos[id]] = p
			kept = append(kept, s.pos[id])
		}
		pos[id] = p
	}
	for i, c := range n.Cols {
		pos[c.ID] = len(kept) + i
	}
	op := filter.NewUnnest(b.env, s.types, kept, lists)
	b.measure(n, s.add(op))
	s.types, s.pos, s.feeds = op.Types(), pos, nil
	return s, nil
}
