package rule

import (
	"slices"

	"github.com/gannetdb/gannet/planner/logical"
)

// window passes conditions on columns by which all calls partition:
//
//	σ[p = 1](window[sum(x) over (partition by p)](t))
//	  →  window[sum(x) over (partition by p)](σ[p = 1](t))
//
// They keep or drop whole partitions. Others stay: WHERE x > 5 over sum(x)
// OVER () must not change the sum, nor WHERE p = 1 over rank() OVER (ORDER BY
// x).
func (p *pusher) window(n *logical.Window, conds []logical.Expr, nonNull map[logical.ColID]bool) logical.Node {
	keys := map[logical.ColID]bool{}
	for i := range n.Calls {
		here := map[logical.ColID]bool{}
		for _, e := range n.Calls[i].Partition {
			if c, ok := e.(*logical.Column); ok && (i == 0 || keys[c.ID]) {
				here[c.ID] = true
			}
		}
		keys = here
	}
	// What refers to no column at all is the same for all partitions.
	down, stay := split(conds, func(e logical.Expr) bool { return logical.RefersOnly(e, keys) })
	below := map[logical.ColID]bool{}
	for id := range nonNull {
		if keys[id] {
			below[id] = true
		}
	}
	out := *n
	out.Input = p.push(n.Input, down, below)
	return p.rest(&out, stay)
}

// window drops the calls that nobody reads.
func (p *pruner) window(n *logical.Window, need colSet) logical.Node {
	m := &logical.Window{}
	for i, c := range n.Cols {
		if need[c.ID] {
			m.Cols, m.Calls = append(m.Cols, c), append(m.Calls, n.Calls[i])
		}
	}
	if len(m.Calls) == 0 {
		return p.prune(n.Input, need)
	}
	m.Input = n.Input // for Exprs
	m.Input = p.prune(n.Input, using(need, logical.Exprs(m)...))
	return m
}

// window computes window functions for each row of the left side: what the
// conditions compare with it becomes a partition key,
//
//	… dependent (window[sum(y) over ()](σ[u.k = t.k](u)))
//	  →  … join[u.k = t.k] window[sum(y) over (partition by u.k)](u)
//
// and where a condition does not say which rows belong together, rows are
// computed for each different row of the left side.
func (p *puller) window(n *logical.Window) (*dependent, error) {
	in, err := p.pulled(n.Input)
	if err != nil {
		return nil, err
	}
	in, m := p.bind(in, p.refs(logical.Exprs(n)...))
	for _, e := range in.conds {
		if _, ok := p.grouped(&logical.Aggregate{}, e, false); !ok {
			in = p.materialize(in, nil)
			break
		}
	}
	var keys logical.Aggregate // to collect the keys
	for _, e := range in.conds {
		p.grouped(&keys, e, true)
	}
	out := &logical.Window{Input: in.node, Cols: n.Cols}
	out.Calls = n.MapCalls(func(e logical.Expr) logical.Expr { return logical.Replace(e, m) })
	for i := range out.Calls {
		out.Calls[i].Partition = append(slices.Clip(out.Calls[i].Partition), keys.Groups...)
	}
	return &dependent{node: out, conds: in.conds, unique: in.unique}, nil
}
