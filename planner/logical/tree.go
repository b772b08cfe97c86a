package logical

// WalkNodes calls f for n and, while it returns true, for the nodes below.
// Plans of subqueries inside expressions are not entered.
func WalkNodes(n Node, f func(Node) bool) {
	if !f(n) {
		return
	}
	for _, c := range n.Children() {
		WalkNodes(c, f)
	}
}

// RewriteNodes rebuilds n bottom-up: f gets each node with rewritten children
// and returns its replacement (itself when unchanged).
func RewriteNodes(n Node, f func(Node) Node) Node {
	return f(MapChildren(n, func(c Node) Node { return RewriteNodes(c, f) }))
}

// MapChildren returns n over f of its children; n itself when none changed.
func MapChildren(n Node, f func(Node) Node) Node {
	old := n.Children()
	if len(old) == 0 {
		return n
	}
	changed := false
	out := make([]Node, len(old))
	for i, c := range old {
		out[i] = f(c)
		changed = changed || out[i] != c
	}
	if !changed {
		return n
	}
	return n.WithChildren(out)
}

// Exprs lists the expressions of n itself, not of its children.
func Exprs(n Node) []Expr {
	var out []Expr
	visit(n, func(e Expr) { out = append(out, e) })
	return out
}

func visit(n Node, f func(Expr)) {
	all := func(list []Expr) {
		for _, e := range list {
			f(e)
		}
	}
	keys := func(list []SortKey) {
		for _, k := range list {
			f(k.Expr)
		}
	}
	switch n := n.(type) {
	case *Scan:
		all(n.Filters)
	case *Values:
		for _, r := range n.Rows {
			all(r)
		}
	case *Filter:
		all(n.Conds)
	case *Project:
		all(n.Exprs)
	case *Join:
		all(n.On)
	case *DependentJoin:
		all(n.On)
	case *AsofJoin:
		all(n.On)
		f(n.NearLeft)
		f(n.NearRight)
	case *Aggregate:
		all(n.Groups)
		for i := range n.Aggs {
			a := &n.Aggs[i]
			all(a.Args)
			if a.Filter != nil {
				f(a.Filter)
			}
			keys(a.OrderBy)
		}
	case *Window:
		for i := range n.Calls {
			n.Calls[i].Visit(f)
		}
	case *Unnest:
		all(n.Lists)
	case *Sort:
		keys(n.Keys)
	case *TopN:
		keys(n.Keys)
	case *Limit:
		if n.Count != nil {
			f(n.Count)
		}
		if n.Offset != nil {
			f(n.Offset)
		}
	}
}

// MapExprs returns n with f of each of its own expressions; n itself when none
// changed. f must keep types.
func MapExprs(n Node, f func(Expr) Expr) Node {
	changed := false
	one := func(e Expr) Expr {
		if e == nil {
			return nil
		}
		x := f(e)
		changed = changed || x != e
		return x
	}
	all := func(list []Expr) []Expr {
		if list == nil {
			return nil
		}
		out := make([]Expr, len(list))
		for i, e := range list {
			out[i] = one(e)
		}
		return out
	}
	keys := func(list []SortKey) []SortKey {
		if list == nil {
			return nil
		}
		out := make([]SortKey, len(list))
		for i, k := range list {
			out[i] = k
			out[i].Expr = one(k.Expr)
		}
		return out
	}
	var m Node
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Filters = all(n.Filters)
		m = &c
	case *Values:
		c := *n
		c.Rows = make([][]Expr, len(n.Rows))
		for i, r := range n.Rows {
			c.Rows[i] = all(r)
		}
		m = &c
	case *Filter:
		c := *n
		c.Conds = all(n.Conds)
		m = &c
	case *Project:
		c := *n
		c.Exprs = all(n.Exprs)
		m = &c
	case *Join:
		c := *n
		c.On = all(n.On)
		m = &c
	case *DependentJoin:
		c := *n
		c.On = all(n.On)
		m = &c
	case *AsofJoin:
		c := *n
		c.On, c.NearLeft, c.NearRight = all(n.On), one(n.NearLeft), one(n.NearRight)
		m = &c
	case *Aggregate:
		c := *n
		c.Groups = all(n.Groups)
		c.Aggs = make([]AggCall, len(n.Aggs))
		for i, a := range n.Aggs {
			a.Args = all(a.Args)
			a.Filter = one(a.Filter)
			a.OrderBy = keys(a.OrderBy)
			c.Aggs[i] = a
		}
		m = &c
	case *Window:
		c := *n
		c.Calls = n.MapCalls(one)
		m = &c
	case *Unnest:
		c := *n
		c.Lists = all(n.Lists)
		m = &c
	case *Sort:
		c := *n
		c.Keys = keys(n.Keys)
		m = &c
	case *TopN:
		c := *n
		c.Keys = keys(n.Keys)
		m = &c
	case *Limit:
		c := *n
		c.Count, c.Offset = one(n.Count), one(n.Offset)
		m = &c
	default:
		return n
	}
	if !changed {
		return n
	}
	return m
}

// Produced returns the set of columns that n produces.
func Produced(n Node) map[ColID]bool {
	set := map[ColID]bool{}
	for _, c := range n.Columns() {
		set[c.ID] = true
	}
	return set
}

// FreeColumns lists the columns that the plan n refers to and no node of it
// produces: those of enclosing queries, in order of their first use.
func FreeColumns(n Node) []ColID {
	defined := map[ColID]bool{}
	var used []ColID
	seen := map[ColID]bool{}
	use := func(id ColID) {
		if !seen[id] {
			seen[id] = true
			used = append(used, id)
		}
	}
	WalkNodes(n, func(n Node) bool {
		for _, c := range definedBy(n) {
			defined[c.ID] = true
		}
		for _, e := range Exprs(n) {
			Walk(e, func(x Expr) bool {
				switch x := x.(type) {
				case *Column:
					use(x.ID)
				case *Subquery:
					for _, id := range x.Outer {
						use(id)
					}
				}
				return true
			})
		}
		return true
	})
	var free []ColID
	for _, id := range used {
		if !defined[id] {
			free = append(free, id)
		}
	}
	return free
}

// IsColumn reports whether e is a plain reference to column id.
func IsColumn(e Expr, id ColID) bool {
	c, ok := e.(*Column)
	return ok && c.ID == id
}

// Ref returns an expression for the column c.
func Ref(c Column) *Column { return &c }

// definedBy lists the columns that come into being at n: those it produces
// and did not merely pass on.
func definedBy(n Node) []Column {
	switch n := n.(type) {
	case *Scan:
		return n.Cols
	case *Values:
		return n.Cols
	case *CTERef:
		return n.Cols
	case *Unnest:
		return n.Cols
	case *Recursive:
		return n.Cols
	case *SetOp:
		return n.Cols
	case *Project:
		return fresh(n.Cols, n.Exprs)
	case *Window:
		return n.Cols
	case *Aggregate:
		out := append(fresh(n.GroupCols, n.Groups), n.AggCols...)
		for _, m := range n.Markings {
			out = append(out, m.Col)
		}
		return out
	case *Join:
		if n.Kind == Mark {
			return []Column{n.MarkCol}
		}
	case *DependentJoin:
		if n.Kind == Mark {
			return []Column{n.MarkCol}
		}
	}
	return nil
}

// fresh lists those columns that are not references to themselves.
func fresh(cols []Column, exprs []Expr) []Column {
	out := make([]Column, 0, len(cols))
	for i, c := range cols {
		if !IsColumn(exprs[i], c.ID) {
			out = append(out, c)
		}
	}
	return out
}
