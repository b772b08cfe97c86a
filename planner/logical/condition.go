package logical

import "github.com/gannetdb/gannet/operators/function"

const volatile = function.Volatile

// Conjuncts splits e at its ANDs. A nil e has none.
func Conjuncts(e Expr) []Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case *And:
		return e.Args
	}
	return []Expr{e}
}

// AndOf returns the conjunction of list: nil for none, the expression itself
// for one. Nested ANDs are flattened.
func AndOf(list []Expr) Expr {
	flat := make([]Expr, 0, len(list))
	for _, e := range list {
		flat = append(flat, Conjuncts(e)...)
	}
	switch len(flat) {
	case 0:
		return nil
	case 1:
		return flat[0]
	}
	return &And{At: At(flat[0].Pos()), Args: flat}
}

// OrOf returns the disjunction of list, which is not empty. Nested ORs are
// flattened.
func OrOf(list []Expr) Expr {
	flat := make([]Expr, 0, len(list))
	for _, e := range list {
		if o, ok := e.(*Or); ok {
			flat = append(flat, o.Args...)
		} else {
			flat = append(flat, e)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return &Or{At: At(flat[0].Pos()), Args: flat}
}

// ColumnsOf returns the columns that e refers to.
func ColumnsOf(e Expr) map[ColID]bool {
	set := map[ColID]bool{}
	AddColumns(e, set)
	return set
}

// RefersOnly reports whether every column that e refers to is in set; true for
// an expression without columns.
func RefersOnly(e Expr, set map[ColID]bool) bool {
	ok := true
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Column:
			ok = ok && set[x.ID]
		case *Subquery:
			for _, id := range x.Outer {
				ok = ok && set[id]
			}
		}
		return ok
	})
	return ok
}

// RefersAny reports whether e refers to some column of set.
func RefersAny(e Expr, set map[ColID]bool) bool {
	found := false
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Column:
			found = found || set[x.ID]
		case *Subquery:
			for _, id := range x.Outer {
				found = found || set[id]
			}
		}
		return !found
	})
	return found
}

// HasSubquery reports whether a subquery is anywhere in e.
func HasSubquery(e Expr) bool {
	found := false
	Walk(e, func(x Expr) bool {
		if _, ok := x.(*Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

// HasVolatile reports whether a volatile call is anywhere in e, subqueries'
// plans included.
func HasVolatile(e Expr) bool {
	found := false
	Walk(e, func(x Expr) bool {
		found = found || IsVolatile(x)
		if s, ok := x.(*Subquery); ok && !found {
			WalkNodes(s.Plan, func(n Node) bool {
				for _, y := range Exprs(n) {
					found = found || HasVolatile(y)
				}
				return !found
			})
		}
		return !found
	})
	return found
}

// CanFail reports whether evaluating e may raise an error for some row. A cast
// counts as failing unless it cannot lose a value; see SafeCast.
func CanFail(e Expr) bool {
	fails := false
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Call:
			fails = fails || x.Fn.CanFail
		case *Cast:
			fails = fails || !x.Try && !SafeCast(x.Arg.Type(), x.To)
		case *Lambda:
			fails = fails || x.Kind == Reduce && !x.Init || CanFail(x.Body)
		case *Subquery:
			fails = true
		}
		return !fails
	})
	return fails
}

// Replace substitutes columns of e by expressions; columns that are not in m
// stay. Subqueries' plans are rewritten as well.
func Replace(e Expr, m map[ColID]Expr) Expr {
	if len(m) == 0 {
		return e
	}
	return Rewrite(e, func(x Expr) Expr {
		switch x := x.(type) {
		case *Column:
			if y, ok := m[x.ID]; ok {
				return y
			}
		case *Subquery:
			touched := false
			for _, id := range x.Outer {
				if _, ok := m[id]; ok {
					touched = true
				}
			}
			if touched {
				c := *x
				c.Plan = ReplaceInPlan(x.Plan, m)
				c.Outer = FreeColumns(c.Plan)
				return &c
			}
		}
		return x
	})
}

// ReplaceInPlan substitutes columns in every expression of the plan n.
func ReplaceInPlan(n Node, m map[ColID]Expr) Node {
	return RewriteNodes(n, func(n Node) Node {
		return MapExprs(n, func(e Expr) Expr { return Replace(e, m) })
	})
}

// ReplaceAll is Replace on each member of a list; the list is not changed.
func ReplaceAll(list []Expr, m map[ColID]Expr) []Expr {
	if len(m) == 0 || len(list) == 0 {
		return list
	}
	out := make([]Expr, len(list))
	for i, e := range list {
		out[i] = Replace(e, m)
	}
	return out
}
