package rule

import (
	"slices"
	"strconv"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// mergedPart is the part of the separate work that a merged aggregation may take.
const mergedPart = 0.8

// mergeAggregates computes aggregates over the same relations in one pass, if
// there are no groups and nothing but conditions differ:
//
//	γ[sum(a)](σ[p](t)) × γ[max(b)](σ[q](t))
//	  →  γ[sum(a) FILTER (p), max(b) FILTER (q)](σ[p OR q](t))
//
// The relations may be joins, as long as the same conditions join them. Arguments
// that may fail are computed where the condition holds only, as before.
//
// Refused: groups, conditions on the aggregates (HAVING), what is volatile, and
// relations that are no scans unless they are the same with their conditions.
func mergeAggregates(c *Context, root logical.Node) (logical.Node, error) {
	m := &aggregateMerger{c: c}
	c.Estimates.Node(root) // common table expressions are known from here on
	return m.node(root), nil
}

type aggregateMerger struct{ c *Context }

// node merges within the products at and below n.
func (m *aggregateMerger) node(n logical.Node) logical.Node {
	if !isProduct(n) {
		return logical.MapChildren(n, m.node)
	}
	var leaves []*single
	n = m.collect(n, &leaves)
	if len(leaves) < 2 {
		return n
	}
	w := newWorker(m.c, n)
	gone := map[logical.Node]logical.Node{}
	for i, first := range leaves {
		if first == nil {
			continue
		}
		members := []*single{first}
		for k := i + 1; k < len(leaves); k++ {
			if leaves[k] != nil && leaves[k].like(first) {
				members = append(members, leaves[k])
				leaves[k] = nil
			}
		}
		if len(members) < 2 {
			continue
		}
		merged := m.merge(members)
		if !m.pays(w, members, merged) {
			continue
		}
		gone[first.node] = merged
		for _, s := range members[1:] {
			gone[s.node] = nil
		}
	}
	if len(gone) == 0 {
		return n
	}
	return without(n, gone)
}

// isProduct reports whether n joins rows that each occur once for all rows of
// the other side.
func isProduct(n logical.Node) bool {
	j, ok := n.(*logical.Join)
	if !ok {
		return false
	}
	switch j.Kind {
	case logical.Inner, logical.Cross:
		return true
	case logical.Single:
		return len(j.On) == 0 && exactlyOneRow(j.Right)
	}
	return false
}

// collect gathers the aggregates without groups among the leaves of the product n,
// whose other leaves are merged on their own.
func (m *aggregateMerger) collect(n logical.Node, leaves *[]*single) logical.Node {
	if isProduct(n) {
		return logical.MapChildren(n, func(c logical.Node) logical.Node { return m.collect(c, leaves) })
	}
	n = logical.MapChildren(n, m.node)
	if s := newSingle(n); s != nil {
		*leaves = append(*leaves, s)
	}
	return n
}

// without is the product n after leaves were replaced; by nil: removed, which
// leaves of a join its other side.
func without(n logical.Node, gone map[logical.Node]logical.Node) logical.Node {
	if r, ok := gone[n]; ok {
		return r
	}
	if !isProduct(n) {
		return n
	}
	j := *n.(*logical.Join)
	j.Left, j.Right = without(j.Left, gone), without(j.Right, gone)
	switch {
	case j.Left == nil && j.Right == nil:
		return nil
	case j.Left == nil:
		return filtered(j.Right, j.On)
	case j.Right == nil:
		return filtered(j.Left, j.On)
	}
	return &j
}

// single is an aggregation without groups, perhaps under a projection.
type single struct {
	node      logical.Node
	project   *logical.Project // nil: none
	aggregate *logical.Aggregate
	relations []logical.Node // of its input, scans without their conditions
	conds     []logical.Expr
	// ids tells which columns of the first member these are; nil for that one.
	ids map[logical.ColID]logical.Expr
}

// newSingle returns n as one; nil when it is something else.
func newSingle(n logical.Node) *single {
	s := &single{node: n}
	if p, ok := n.(*logical.Project); ok {
		s.project = p
		n = p.Input
	}
	a, ok := n.(*logical.Aggregate)
	if !ok || len(a.Groups) > 0 || a.Omit != nil || len(a.Markings) > 0 {
		return nil
	}
	s.aggregate = a
	for _, e := range logical.Exprs(a) {
		if logical.HasVolatile(e) {
			return nil
		}
	}
	s.add(a.Input)
	for _, e := range s.conds {
		if logical.HasVolatile(e) || logical.HasSubquery(e) {
			return nil
		}
	}
	return s
}

// add takes the input apart.
func (s *single) add(n logical.Node) {
	switch x := n.(type) {
	case *logical.Filter:
		s.conds = append(s.conds, x.Conds...)
		s.add(x.Input)
		return
	case *logical.Join:
		if x.Kind == logical.Inner || x.Kind == logical.Cross {
			s.conds = append(s.conds, x.On...)
			s.add(x.Left)
			s.add(x.Right)
			return
		}
	case *logical.Scan:
		s.conds = append(s.conds, x.Filters...)
		bare := *x
		bare.Filters, bare.Out = nil, nil
		n = &bare
	}
	s.relations = append(s.relations, n)
}

// like reports whether s has the relations of first, joined by the same
// conditions, and if so puts first's columns into its conditions.
func (s *single) like(first *single) bool {
	ids, ok := logical.SameRelations(first.relations, s.relations)
	if !ok {
		return false
	}
	m := make(map[logical.ColID]logical.Expr, len(ids))
	for _, r := range first.relations {
		for _, c := range r.Columns() {
			for id, to := range ids {
				if to == c.ID && id != to {
					m[id] = logical.Ref(c)
				}
			}
		}
	}
	conds := logical.ReplaceAll(s.conds, m)
	if !joinsOf(first.relations, first.conds, conds) || !joinsOf(first.relations, conds, first.conds) {
		return false
	}
	s.ids, s.conds = m, conds
	return true
}

// joinsOf reports whether those of conds that are over several relations are
// among others.
func joinsOf(relations []logical.Node, conds, others []logical.Expr) bool {
	for _, e := range conds {
		within := slices.ContainsFunc(relations, func(n logical.Node) bool { return logical.RefersOnly(e, logical.Produced(n)) })
		if !within && !hasCond(others, e) {
			return false
		}
	}
	return true
}

// hasCond reports whether e, or e with its sides exchanged, is in list.
func hasCond(list []logical.Expr, e logical.Expr) bool {
	if containsExpr(list, e) {
		return true
	}
	c, ok := e.(*logical.Compare)
	return ok && containsExpr(list, &logical.Compare{At: c.At, Op: c.Op.Flip(), Left: c.Right, Right: c.Left})
}

// merge makes one aggregation of the members.
func (m *aggregateMerger) merge(members []*single) logical.Node {
	first := members[0]
	var common []logical.Expr
	for _, e := range first.conds {
		if !slices.ContainsFunc(members, func(s *single) bool { return !hasCond(s.conds, e) }) {
			common = append(common, e)
		}
	}
	// What is left of each member's conditions becomes a column, once.
	flags := &logical.Project{}
	var terms []logical.Expr // nil once a member wants all rows
	all := false
	own := make([]logical.Expr, len(members))
	for i, s := range members {
		_, rest := split(s.conds, func(e logical.Expr) bool { return hasCond(common, e) })
		cond := logical.AndOf(rest)
		if cond == nil {
			all = true
			continue
		}
		at := slices.IndexFunc(terms, func(e logical.Expr) bool { return logical.Equal(e, cond) })
		if at < 0 {
			at = len(terms)
			terms = append(terms, cond)
			flags.Cols = append(flags.Cols, m.c.NewCol("wanted"+strconv.Itoa(len(terms)), types.Of(types.Boolean)))
			flags.Exprs = append(flags.Exprs, cond)
		}
		own[i] = logical.Ref(flags.Cols[at])
	}
	conds := common
	if !all && len(terms) > 0 {
		conds = append(slices.Clone(common), m.c.fold(logical.OrOf(terms)))
	}
	input := first.relations[0]
	for _, r := range first.relations[1:] {
		input = join(logical.Cross, input, r, nil, logical.Column{})
	}
	p := &pusher{c: m.c}
	input = p.push(input, conds, nil)

	merged := &logical.Aggregate{}
	out := &logical.Project{}
	used := map[logical.ColID]bool{}
	for i, s := range members {
		calls := m.calls(s, own[i], used)
		at := map[logical.ColID]logical.Expr{}
		for k := range calls {
			col := s.aggregate.AggCols[k]
			j := slices.IndexFunc(merged.Aggs, func(o logical.AggCall) bool { return logical.SameAgg(&o, &calls[k]) })
			if j < 0 {
				j = len(merged.Aggs)
				merged.Aggs, merged.AggCols = append(merged.Aggs, calls[k]), append(merged.AggCols, col)
			}
			at[col.ID] = logical.Ref(merged.AggCols[j])
		}
		for k, c := range s.node.Columns() {
			e := logical.Expr(logical.Ref(c))
			if s.project != nil {
				e = s.project.Exprs[k]
			}
			out.Cols, out.Exprs = append(out.Cols, c), append(out.Exprs, logical.Replace(e, at))
		}
	}
	merged.Input = input
	if len(flags.Cols) > 0 {
		for _, c := range input.Columns() {
			if used[c.ID] {
				flags.Cols, flags.Exprs = append(flags.Cols, c), append(flags.Exprs, logical.Ref(c))
			}
		}
		flags.Input = input
		merged.Input = flags
	}
	out.Input = merged
	return out
}

// calls are the member's aggregates over the first member's columns, for the rows
// that fulfil cond; nil: for all. The columns that they read are added to used.
func (m *aggregateMerger) calls(s *single, cond logical.Expr, used map[logical.ColID]bool) []logical.AggCall {
	a := logical.MapExprs(s.aggregate, func(e logical.Expr) logical.Expr { return logical.Replace(e, s.ids) }).(*logical.Aggregate)
	calls := slices.Clone(a.Aggs)
	for i := range calls {
		call := &calls[i]
		if cond != nil {
			args := make([]logical.Expr, len(call.Args))
			for k, e := range call.Args {
				args[k] = e
				if logical.CanFail(e) {
					args[k] = &logical.Case{At: -1, Whens: []logical.When{{Cond: cond, Then: e}}, Else: nullOf(e.Type()), Typ: e.Type()}
				}
			}
			call.Args = args
			if call.Filter != nil {
				call.Filter = logical.AndOf([]logical.Expr{cond, call.Filter})
			} else {
				call.Filter = cond
			}
		}
	}
	for _, e := range logical.Exprs(&logical.Aggregate{Aggs: calls}) {
		logical.AddColumns(e, used)
	}
	return calls
}

// pays reports whether one pass is less work than several.
func (m *aggregateMerger) pays(w *worker, members []*single, merged logical.Node) bool {
	for _, e := range logical.Exprs(merged) {
		logical.AddColumns(e, w.used)
	}
	logical.WalkNodes(merged, func(n logical.Node) bool {
		for _, e := range logical.Exprs(n) {
			logical.AddColumns(e, w.used)
		}
		return true
	})
	apart := 0.0
	for _, s := range members {
		apart += w.of(s.node)
	}
	return w.of(merged) < mergedPart*apart
}
