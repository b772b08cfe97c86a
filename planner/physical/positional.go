package physical

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector/types"
)

// positional lowers a positional join. An input that is a source by itself, and
// no union, is read as it is, by one worker; the rows of others are collected
// in the order of their batches first.
func (b *builder) positional(n *logical.PositionalJoin, need map[logical.ColID]bool) (*stream, error) {
	out := &stream{profiles: []*operators.Profile{{}}, pos: map[logical.ColID]int{}, single: true}
	var opens []func(context.Context) (operators.Source, error)
	var kept []*memory.Table
	for _, in := range n.Inputs {
		s, err := b.node(in, only(need, logical.Produced(in)))
		if err != nil {
			return nil, err
		}
		if len(s.ops) > 0 || s.open == nil || !s.single && !b.isScan(in) {
			var table *memory.Table
			s, table = b.collected(s, "positional join")
			kept = append(kept, table)
		}
		for _, id := range s.columnIDs() {
			if need[id] {
				out.pos[id] = len(out.types) + s.pos[id]
			}
		}
		out.types = append(out.types, s.types...)
		out.deps = append(out.deps, s.deps...)
		opens = append(opens, s.open)
	}
	ts := append([]types.Type{}, out.types...)
	out.types = ts
	out.open = func(ctx context.Context) (operators.Source, error) {
		var sources []operators.Source
		for _, open := range opens {
			s, err := open(ctx)
			if err != nil {
				for _, s := range sources {
					s.Close()
				}
				return nil, err
			}
			sources = append(sources, s)
		}
		return join.NewPositional(b.env, sources), nil
	}
	m := b.measure(n, out.profiles[0])
	if len(kept) > 0 {
		m.Extra = keptRows(kept...)
	}
	return out, nil
}

// isScan reports whether n is a scan, perhaps under projections: morsels of a
// table are handed out in order.
func (b *builder) isScan(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Scan:
		return true
	case *logical.Project:
		return b.isScan(n.Input)
	}
	return false
}
