package logical

import (
	"reflect"
	"slices"

	"github.com/gannetdb/gannet/storage"
)

// Same reports whether the plan a computes the rows of b: equal trees over the
// same tables, column numbers, names and the order of inner joins, of conditions
// and of computed columns aside. Projections and groupings of a may compute more columns. It
// returns which column of a each column that comes into being in b is.
// What is volatile, sampled or recursive is the same as nothing else.
func Same(a, b Node) (map[ColID]ColID, bool) {
	m := &matcher{ids: map[ColID]ColID{}, ctes: map[int]int{}}
	if !m.node(a, b) {
		return nil, false
	}
	return m.ids, true
}

// SameRelations finds for every relation of b one of a that is the same, in any
// order, each for one. Of several the first is taken.
func SameRelations(a, b []Node) (map[ColID]ColID, bool) {
	m := &matcher{ids: map[ColID]ColID{}, ctes: map[int]int{}}
	if !m.relations(a, b) {
		return nil, false
	}
	return m.ids, true
}

// matcher collects what corresponds, from b to a.
type matcher struct {
	ids  map[ColID]ColID
	ctes map[int]int // common table expressions defined within
}

func (m *matcher) node(a, b Node) bool {
	if x := InnerBlock(a); x != nil {
		y := InnerBlock(b)
		return y != nil && m.block(x, y)
	}
	ac, bc := a.Children(), b.Children()
	if len(ac) != len(bc) {
		return false
	}
	// What children define is known before the node's own expressions, and a
	// definition before its uses.
	for i := range ac {
		if x, ok := a.(*CTE); ok && i == 1 {
			y, ok := b.(*CTE)
			if !ok || !m.columnList(x.DefOut, y.DefOut) {
				return false
			}
			m.ctes[y.ID] = x.ID
		}
		if !m.node(ac[i], bc[i]) {
			return false
		}
	}
	switch a := a.(type) {
	case *Scan:
		b, ok := b.(*Scan)
		return ok && m.scan(a, b)
	case *Values:
		b, ok := b.(*Values)
		if !ok || len(a.Rows) != len(b.Rows) || !m.define(a.Cols, b.Cols) {
			return false
		}
		for i := range a.Rows {
			if !m.exprs(a.Rows[i], b.Rows[i]) {
				return false
			}
		}
		return true
	case *Filter:
		b, ok := b.(*Filter)
		return ok && m.conds(a.Conds, b.Conds)
	case *Project:
		b, ok := b.(*Project)
		return ok && m.computed(a.Cols, a.Exprs, b.Cols, b.Exprs, false)
	case *Join:
		b, ok := b.(*Join)
		if !ok || a.Kind != b.Kind || !m.conds(a.On, b.On) {
			return false
		}
		return a.Kind != Mark || m.define([]Column{a.MarkCol}, []Column{b.MarkCol})
	case *Aggregate:
		b, ok := b.(*Aggregate)
		return ok && m.aggregate(a, b)
	case *Window:
		b, ok := b.(*Window)
		if !ok || a.Top != b.Top || len(a.Calls) != len(b.Calls) {
			return false
		}
		calls := b.MapCalls(m.rename)
		for i := range a.Calls {
			if !SameCall(&a.Calls[i], &calls[i]) {
				return false
			}
		}
		return m.define(a.Cols, b.Cols)
	case *Unnest:
		b, ok := b.(*Unnest)
		return ok && m.exprs(a.Lists, b.Lists) && m.define(a.Cols, b.Cols)
	case *Sort:
		b, ok := b.(*Sort)
		return ok && m.keys(a.Keys, b.Keys)
	case *TopN:
		b, ok := b.(*TopN)
		return ok && a.Count == b.Count && a.Offset == b.Offset && m.keys(a.Keys, b.Keys)
	case *Limit:
		b, ok := b.(*Limit)
		return ok && a.Percent == b.Percent && sameOptional(a.Count, b.Count) && sameOptional(a.Offset, b.Offset)
	case *SetOp:
		b, ok := b.(*SetOp)
		if !ok || a.Kind != b.Kind || a.All != b.All {
			return false
		}
		for i := range a.In {
			if !m.columnList(a.In[i], b.In[i]) {
				return false
			}
		}
		return m.define(a.Cols, b.Cols)
	case *CTE:
		_, ok := b.(*CTE)
		return ok
	case *CTERef:
		b, ok := b.(*CTERef)
		if !ok {
			return false
		}
		id, local := m.ctes[b.ID]
		if !local {
			id = b.ID
		}
		return a.ID == id && m.define(a.Cols, b.Cols)
	}
	return false
}

// Block is a tree of inner joins: its relations, and all that holds among them.
type Block struct {
	Relations []Node
	Conds     []Expr
}

// InnerBlock returns the inner joins at n, with the filters between them, as a
// block; nil when n is none.
func InnerBlock(n Node) *Block {
	j, ok := n.(*Join)
	if !ok || j.Kind != Inner && j.Kind != Cross {
		return nil
	}
	b := &Block{}
	b.add(n)
	return b
}

func (b *Block) add(n Node) {
	switch x := n.(type) {
	case *Join:
		if x.Kind == Inner || x.Kind == Cross {
			b.add(x.Left)
			b.add(x.Right)
			b.Conds = append(b.Conds, x.On...)
			return
		}
	case *Filter:
		if in := InnerBlock(x.Input); in != nil {
			b.Relations = append(b.Relations, in.Relations...)
			b.Conds = append(append(b.Conds, in.Conds...), x.Conds...)
			return
		}
	}
	b.Relations = append(b.Relations, n)
}

// block compares blocks, the order of whose joins does not matter.
func (m *matcher) block(a, b *Block) bool {
	return m.relations(a.Relations, b.Relations) && m.conds(a.Conds, b.Conds)
}

func (m *matcher) relations(a, b []Node) bool {
	if len(a) != len(b) {
		return false
	}
	used := make([]bool, len(a))
next:
	for _, y := range b {
		for i, x := range a {
			// What a failed attempt noted is noted anew by the one that succeeds.
			if !used[i] && m.node(x, y) {
				used[i] = true
				continue next
			}
		}
		return false
	}
	return true
}

// scan compares scans of one table; columns may be in any order.
func (m *matcher) scan(a, b *Scan) bool {
	if !SameTable(a.Table, b.Table) || len(a.Ords) != len(b.Ords) || len(a.Columns()) != len(b.Columns()) {
		return false
	}
	at := make(map[int]int, len(a.Ords))
	for i, o := range a.Ords {
		at[o] = i
	}
	for i, o := range b.Ords {
		j, ok := at[o]
		if !ok {
			return false
		}
		m.ids[b.Cols[i].ID] = a.Cols[j].ID
	}
	if a.Out != nil || b.Out != nil {
		out := Produced(a)
		for _, c := range b.Columns() {
			if !out[m.ids[c.ID]] {
				return false
			}
		}
	}
	return m.conds(a.Filters, b.Filters)
}

// SameTable reports whether two scans read one snapshot of one table.
func SameTable(a, b storage.Table) bool {
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && t.Comparable() && a == b
}

func (m *matcher) aggregate(a, b *Aggregate) bool {
	if len(a.Omit) != len(b.Omit) || len(a.Markings) != len(b.Markings) {
		return false
	}
	if a.Omit == nil {
		if b.Omit != nil || len(a.Groups) != len(b.Groups) || !m.computed(a.GroupCols, a.Groups, b.GroupCols, b.Groups, true) {
			return false
		}
	} else {
		if !m.exprs(a.Groups, b.Groups) || !m.define(a.GroupCols, b.GroupCols) {
			return false
		}
		for i := range a.Omit {
			if !slices.Equal(a.Omit[i], b.Omit[i]) {
				return false
			}
		}
		for i := range a.Markings {
			if !slices.Equal(a.Markings[i].Groups, b.Markings[i].Groups) ||
				!m.define([]Column{a.Markings[i].Col}, []Column{b.Markings[i].Col}) {
				return false
			}
		}
	}
next:
	for i := range b.Aggs {
		for j := range a.Aggs {
			if m.call(&a.Aggs[j], &b.Aggs[i]) {
				m.ids[b.AggCols[i].ID] = a.AggCols[j].ID
				continue next
			}
		}
		return false
	}
	return true
}

// SameAgg reports whether a and b compute the same from the same rows.
func SameAgg(a, b *AggCall) bool { return (&matcher{}).call(a, b) }

// call reports whether two calls of aggregates compute the same.
func (m *matcher) call(a, b *AggCall) bool {
	if a.Fn.Name != b.Fn.Name || !a.Fn.Return.Equal(b.Fn.Return) || a.Distinct != b.Distinct || !m.exprs(a.Args, b.Args) {
		return false
	}
	if a.Filter == nil || b.Filter == nil {
		if a.Filter != b.Filter {
			return false
		}
	} else if !m.expr(a.Filter, b.Filter) {
		return false
	}
	return m.keys(a.OrderBy, b.OrderBy)
}

// define notes that columns correspond by place.
func (m *matcher) define(a, b []Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Typ.Equal(b[i].Typ) {
			return false
		}
		m.ids[b[i].ID] = a[i].ID
	}
	return true
}

// computed finds b's computed columns among a's, whatever their order, and notes
// them. With all, each of a's has to be among b's as well.
func (m *matcher) computed(ac []Column, ae []Expr, bc []Column, be []Expr, all bool) bool {
	renamed := make([]Expr, len(be))
	for i, e := range be {
		renamed[i] = m.rename(e)
	}
	seen := make([]bool, len(ae))
next:
	for i, e := range renamed {
		for j := range ae {
			// The same place first: equal expressions are the same column.
			k := (i + j) % len(ae)
			if Equal(ae[k], e) {
				m.ids[bc[i].ID] = ac[k].ID
				seen[k] = true
				continue next
			}
		}
		return false
	}
	for k, e := range ae {
		if all && !seen[k] && !slices.ContainsFunc(renamed, func(x Expr) bool { return Equal(e, x) }) {
			return false
		}
	}
	return true
}

// conds compares conjunctions, whose order does not matter.
func (m *matcher) conds(a, b []Expr) bool {
	if len(a) != len(b) {
		return false
	}
	used := make([]bool, len(a))
next:
	for _, e := range b {
		e = m.rename(e)
		for i := range a {
			if !used[i] && (Equal(a[i], e) || Equal(a[i], flipped(e))) {
				used[i] = true
				continue next
			}
		}
		return false
	}
	return true
}

// flipped is a comparison with its sides exchanged, or e.
func flipped(e Expr) Expr {
	c, ok := e.(*Compare)
	if !ok {
		return e
	}
	return &Compare{At: c.At, Op: c.Op.Flip(), Left: c.Right, Right: c.Left}
}

func (m *matcher) columnList(a, b []ColID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if id, ok := m.ids[b[i]]; !ok || id != a[i] {
			return false
		}
	}
	return true
}

func (m *matcher) keys(a, b []SortKey) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Desc != b[i].Desc || a[i].NullsFirst != b[i].NullsFirst || !m.expr(a[i].Expr, b[i].Expr) {
			return false
		}
	}
	return true
}

func (m *matcher) exprs(a, b []Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !m.expr(a[i], b[i]) {
			return false
		}
	}
	return true
}

func (m *matcher) expr(a, b Expr) bool { return Equal(a, m.rename(b)) }

// rename puts a's columns in the place of b's.
func (m *matcher) rename(e Expr) Expr {
	return Rewrite(e, func(x Expr) Expr {
		if c, ok := x.(*Column); ok {
			if id, ok := m.ids[c.ID]; ok && id != c.ID {
				y := *c
				y.ID = id
				return &y
			}
		}
		return x
	})
}
