package rule

import "github.com/gannetdb/gannet/planner/logical"

// implied adds to a conjunction what equalities of columns imply: a condition
// on one column, against constants only, holds for every column equal to it.
//
//	a = b AND a > 5           →  … AND b > 5
//	a = b AND b = c AND a IN (1, 2)  →  … AND b IN (1, 2) AND c IN (1, 2)
//
// Conditions that may fail are not copied. Comparisons, IN and LIKE over the
// same value and type give the same answer for equal columns; −0 and 0, which
// are equal floats, are told apart by few functions, hence only those.
func (p *pusher) implied(conds []logical.Expr) []logical.Expr {
	classes := newClasses(conds)
	if len(classes.cols) == 0 {
		return conds
	}
	out := conds
	for _, e := range conds {
		id, ok := transferable(e)
		if !ok {
			continue
		}
		for _, other := range classes.equalTo(id) {
			m := map[logical.ColID]logical.Expr{id: logical.Ref(other)}
			if x := logical.Replace(e, m); !containsExpr(out, x) {
				out = append(out[:len(out):len(out)], x)
			}
		}
	}
	return out
}

// transferable reports the one column that e compares with constants.
func transferable(e logical.Expr) (logical.ColID, bool) {
	constant := func(x logical.Expr) bool {
		switch x.(type) {
		case *logical.Const, *logical.Param:
			return true
		}
		return false
	}
	column := func(x logical.Expr) (logical.ColID, bool) {
		c, ok := x.(*logical.Column)
		if !ok {
			return 0, false
		}
		return c.ID, true
	}
	switch e := e.(type) {
	case *logical.Compare:
		if constant(e.Right) && e.Op != logical.Distinct && e.Op != logical.NotDistinct {
			return column(e.Left)
		}
	case *logical.In:
		for _, m := range e.List {
			if !constant(m) {
				return 0, false
			}
		}
		return column(e.Arg)
	case *logical.Call:
		if (e.Fn.Name == "~~" || e.Fn.Name == "starts_with") && len(e.Args) == 2 && constant(e.Args[1]) && !e.Fn.CanFail {
			return column(e.Args[0])
		}
	case *logical.Or:
		var id logical.ColID
		for _, a := range e.Args {
			x, ok := transferable(a)
			if !ok || id != 0 && x != id {
				return 0, false
			}
			id = x
		}
		return id, id != 0
	}
	return 0, false
}

// classes are sets of columns that equalities make equal.
type classes struct {
	parent map[logical.ColID]logical.ColID
	cols   map[logical.ColID]logical.Column
	order  []logical.ColID
}

// newClasses collects the equalities of columns of the same type.
func newClasses(conds []logical.Expr) *classes {
	c := &classes{parent: map[logical.ColID]logical.ColID{}, cols: map[logical.ColID]logical.Column{}}
	for _, e := range conds {
		if l, r, ok := columnEquality(e); ok {
			c.add(l)
			c.add(r)
			c.parent[c.find(l.ID)] = c.find(r.ID)
		}
	}
	return c
}

// columnEquality recognises l = r over two columns of one type.
func columnEquality(e logical.Expr) (l, r *logical.Column, ok bool) {
	cmp, isCmp := e.(*logical.Compare)
	if !isCmp || cmp.Op != logical.Eq {
		return nil, nil, false
	}
	l, ok1 := cmp.Left.(*logical.Column)
	r, ok2 := cmp.Right.(*logical.Column)
	return l, r, ok1 && ok2 && l.ID != r.ID && l.Typ.Equal(r.Typ)
}

func (c *classes) add(col *logical.Column) {
	if _, ok := c.parent[col.ID]; !ok {
		c.parent[col.ID] = col.ID
		c.cols[col.ID] = *col
		c.order = append(c.order, col.ID)
	}
}

func (c *classes) find(id logical.ColID) logical.ColID {
	for c.parent[id] != id {
		c.parent[id] = c.parent[c.parent[id]]
		id = c.parent[id]
	}
	return id
}

// equalTo lists the other members of id's class, in a fixed order.
func (c *classes) equalTo(id logical.ColID) []logical.Column {
	if _, ok := c.parent[id]; !ok {
		return nil
	}
	root := c.find(id)
	var out []logical.Column
	for _, o := range c.order {
		if o != id && c.find(o) == root {
			out = append(out, c.cols[o])
		}
	}
	return out
}
