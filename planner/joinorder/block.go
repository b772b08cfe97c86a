package joinorder

import (
	"context"

	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Order returns the plan with the joins of every block reordered.
func Order(ctx context.Context, root logical.Node, est *cardinality.Estimator) (logical.Node, error) {
	o := &orderer{ctx: ctx, est: est}
	n := o.node(root)
	if o.err == nil {
		o.err = sqlerr.FromContext(ctx)
	}
	return n, o.err
}

type orderer struct {
	ctx context.Context
	est *cardinality.Estimator
	err error
}

// inBlock reports whether n is part of a block rather than a relation of it.
func inBlock(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Filter:
		return inBlock(n.Input)
	case *logical.Join:
		switch n.Kind {
		case logical.Inner, logical.Cross, logical.Left, logical.Semi, logical.Anti, logical.NullAnti, logical.Single, logical.Mark:
			return true
		}
	}
	return false
}

// node orders the blocks at and below n.
func (o *orderer) node(n logical.Node) logical.Node {
	if o.err != nil {
		return n
	}
	if !inBlock(n) {
		if c, ok := n.(*logical.CTE); ok {
			def := o.node(c.Def)
			// The estimate of the definition is known before the body asks.
			m := *c
			m.Def = def
			o.est.Node(&logical.CTE{ID: c.ID, Def: def, Body: &logical.Values{}, DefOut: c.DefOut})
			m.Body = o.node(c.Body)
			return &m
		}
		return logical.MapChildren(n, o.node)
	}
	if o.err = sqlerr.FromContext(o.ctx); o.err != nil {
		return n
	}
	b := &block{o: o, byCol: map[logical.ColID]int{}}
	b.collect(n)
	if len(b.rels) > maxRelations {
		// Order the sides by themselves.
		return logical.MapChildren(n, o.node)
	}
	return b.order()
}

// relation is a leaf of a block.
type relation struct {
	node  logical.Node
	stats *cardinality.Stats
	width float64
	cols  map[logical.ColID]logical.Column
	// attach tells how the relation must be joined; nil for an inner join.
	attach *attachment
}

// attachment is a join other than an inner one.
type attachment struct {
	kind  logical.JoinKind
	on    []logical.Expr
	mark  logical.Column
	needs set // relations whose columns on uses, without its own
}

// condition is a conjunct of the block's filters and inner joins.
type condition struct {
	expr logical.Expr
	rels set
	// left and right are the relations of the sides of an equality; both empty
	// for other conditions.
	left, right set
	sel         float64
	// pair is the condition that bounds the same value from the other side; -1:
	// there is none.
	pair int
}

// class is a set of equal columns.
type class struct {
	cols []logical.Column
	rels []int     // the relation of each column
	ndv  []float64 // its domain
	all  set
}

// block is a join problem.
type block struct {
	o       *orderer
	rels    []*relation
	byCol   map[logical.ColID]int // column to the relation that brings it in
	pending []logical.Expr        // conditions as found
	conds   []condition
	classes []class
	edges   []edge
	// adjacent holds the edges between single relations.
	adjacent []set
}

// collect gathers relations and conditions; the sides of attachments and the
// leaves are ordered on their own.
func (b *block) collect(n logical.Node) {
	switch n := n.(type) {
	case *logical.Filter:
		if inBlock(n.Input) {
			b.collect(n.Input)
			b.pending = append(b.pending, n.Conds...)
			return
		}
	case *logical.Join:
		switch n.Kind {
		case logical.Inner, logical.Cross:
			b.collect(n.Left)
			b.collect(n.Right)
			b.pending = append(b.pending, n.On...)
			return
		case logical.Left, logical.Semi, logical.Anti, logical.NullAnti, logical.Single, logical.Mark:
			b.collect(n.Left)
			b.add(n.Right, &attachment{kind: n.Kind, on: n.On, mark: n.MarkCol})
			return
		}
	}
	b.add(n, nil)
}

func (b *block) add(n logical.Node, at *attachment) {
	n = b.o.node(n)
	r := &relation{node: n, attach: at, cols: map[logical.ColID]logical.Column{}}
	r.stats = b.o.est.Node(n)
	i := len(b.rels)
	cols := n.Columns()
	r.width = r.stats.Width(cols)
	for _, c := range cols {
		r.cols[c.ID] = c
		b.byCol[c.ID] = i
	}
	if at != nil && at.kind == logical.Mark {
		b.byCol[at.mark.ID] = i
	}
	b.rels = append(b.rels, r)
}

// relsOf is the set of relations whose columns e uses.
func (b *block) relsOf(e logical.Expr) set {
	var s set
	for id := range logical.ColumnsOf(e) {
		if i, ok := b.byCol[id]; ok {
			s = s.or(single(i))
		}
	}
	return s
}

// analyse sorts the conditions into classes, filters on single relations and
// others, and makes the edges.
func (b *block) analyse() {
	for i, r := range b.rels {
		if r.attach == nil {
			continue
		}
		for _, e := range r.attach.on {
			r.attach.needs = r.attach.needs.or(b.relsOf(e))
		}
		r.attach.needs = r.attach.needs.minus(single(i))
	}
	parent := map[logical.ColID]logical.ColID{}
	cols := map[logical.ColID]logical.Column{}
	var order []logical.ColID
	var find func(id logical.ColID) logical.ColID //lint:ignore S1021 it calls itself
	find = func(id logical.ColID) logical.ColID {
		for parent[id] != id {
			parent[id] = parent[parent[id]]
			id = parent[id]
		}
		return id
	}
	for _, e := range b.pending {
		l, r, ok := b.equality(e)
		if !ok {
			b.addCondition(e)
			continue
		}
		for _, c := range []*logical.Column{l, r} {
			if _, seen := parent[c.ID]; !seen {
				parent[c.ID] = c.ID
				cols[c.ID] = *c
				order = append(order, c.ID)
			}
		}
		parent[find(l.ID)] = find(r.ID)
	}
	at := map[logical.ColID]int{}
	for _, id := range order {
		root := find(id)
		k, ok := at[root]
		if !ok {
			k = len(b.classes)
			at[root] = k
			b.classes = append(b.classes, class{})
		}
		cl := &b.classes[k]
		cl.cols = append(cl.cols, cols[id])
		cl.rels = append(cl.rels, b.byCol[id])
		cl.all = cl.all.or(single(b.byCol[id]))
	}
	b.equalWithin()
	for k := range b.classes {
		cl := &b.classes[k]
		for i, c := range cl.cols {
			cl.ndv = append(cl.ndv, max(1, b.rels[cl.rels[i]].stats.Cols[c.ID].NDV))
		}
	}
}

// equality recognises a = b over columns of two inner relations and one type:
// those may be replaced by each other.
func (b *block) equality(e logical.Expr) (l, r *logical.Column, ok bool) {
	c, isCmp := e.(*logical.Compare)
	if !isCmp || c.Op != logical.Eq {
		return nil, nil, false
	}
	l, ok1 := c.Left.(*logical.Column)
	r, ok2 := c.Right.(*logical.Column)
	if !ok1 || !ok2 || !l.Typ.Equal(r.Typ) || l.ID == r.ID {
		return nil, nil, false
	}
	i, ok1 := b.byCol[l.ID]
	j, ok2 := b.byCol[r.ID]
	return l, r, ok1 && ok2 && b.rels[i].attach == nil && b.rels[j].attach == nil
}

// equalWithin makes the members of a class within one relation equal there:
// the joins then need to equate only one of them.
func (b *block) equalWithin() {
	for _, cl := range b.classes {
		first := map[int]logical.Column{}
		for k, c := range cl.cols {
			i := cl.rels[k]
			f, ok := first[i]
			if !ok {
				first[i] = c
				continue
			}
			r := b.rels[i]
			e := &logical.Compare{At: c.At, Op: logical.Eq, Left: logical.Ref(f), Right: logical.Ref(c)}
			r.node = filterOn(r.node, e)
			r.stats = b.o.est.Node(r.node)
		}
	}
}

// filterOn puts conditions on n, into a scan when it is one.
func filterOn(n logical.Node, conds ...logical.Expr) logical.Node {
	if len(conds) == 0 {
		return n
	}
	switch n := n.(type) {
	case *logical.Scan:
		m := *n
		m.Filters = append(n.Filters[:len(n.Filters):len(n.Filters)], conds...)
		return &m
	case *logical.Filter:
		return &logical.Filter{Input: n.Input, Conds: append(n.Conds[:len(n.Conds):len(n.Conds)], conds...)}
	}
	return &logical.Filter{Input: n, Conds: conds}
}

// maxPaired bounds the search for conditions that make a range.
const maxPaired = 500

// addCondition notes a condition, and the one that it makes a range with.
func (b *block) addCondition(e logical.Expr) {
	c := b.condition(e)
	if c.rels.count() > 1 && len(b.conds) < maxPaired {
		for i := range b.conds {
			if o := &b.conds[i]; o.pair < 0 && o.rels.count() > 1 && cardinality.Between(o.expr, e, false) {
				o.pair, c.pair = len(b.conds), i
				break
			}
		}
	}
	b.conds = append(b.conds, c)
}

// condition describes a conjunct that is no equality of columns.
func (b *block) condition(e logical.Expr) condition {
	c := condition{expr: e, rels: b.relsOf(e), pair: -1}
	if cmp, ok := e.(*logical.Compare); ok && (cmp.Op == logical.Eq || cmp.Op == logical.NotDistinct) {
		l, r := b.relsOf(cmp.Left), b.relsOf(cmp.Right)
		if !l.empty() && !r.empty() && !l.meets(r) {
			c.left, c.right = l, r
		}
	}
	return c
}
