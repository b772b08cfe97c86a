package rule

import "github.com/gannetdb/gannet/planner/logical"

// simplifyAnd flattens a conjunction, drops true and repeated terms, and is
// false when a term is. A NULL term stays: NULL AND false is false.
func simplifyAnd(e *logical.And) logical.Expr {
	var out []logical.Expr
	changed := false
	for _, a := range e.Args {
		for _, t := range logical.Conjuncts(a) {
			if truth(t) || len(out) <= maxFactored && containsExpr(out, t) {
				changed = true
				continue
			}
			if k, ok := t.(*logical.Const); ok && !k.Value.IsNull && never(t) {
				return boolConst(e.Pos(), false)
			}
			changed = changed || t != a
			out = append(out, t)
		}
	}
	switch {
	case !changed:
		return e
	case len(out) == 0:
		return boolConst(e.Pos(), true)
	case len(out) == 1:
		return out[0]
	}
	return &logical.And{At: e.At, Args: out}
}

// simplifyOr flattens a disjunction, drops false and repeated terms, is true
// when a term is, takes out what all terms have in common, and joins
// equalities of one expression to an IN:
//
//	(a = b AND x) OR (a = b AND y)  →  a = b AND (x OR y)
//	x = 1 OR x = 2                  →  x IN (1, 2)
func simplifyOr(e *logical.Or) logical.Expr {
	var terms []logical.Expr
	for _, a := range e.Args {
		list := []logical.Expr{a}
		if o, ok := a.(*logical.Or); ok {
			list = o.Args
		}
		for _, t := range list {
			if truth(t) {
				return boolConst(e.Pos(), true)
			}
			if k, ok := t.(*logical.Const); ok && !k.Value.IsNull {
				continue // false
			}
			if len(terms) > maxFactored || !containsExpr(terms, t) {
				terms = append(terms, t)
			}
		}
	}
	switch len(terms) {
	case 0:
		return boolConst(e.Pos(), false)
	case 1:
		return terms[0]
	}
	if out := factor(e, terms); out != nil {
		return out
	}
	terms = equalitiesToIn(terms)
	if len(terms) == 1 {
		return terms[0]
	}
	if len(terms) == len(e.Args) {
		same := true
		for i := range terms {
			same = same && terms[i] == e.Args[i]
		}
		if same {
			return e
		}
	}
	return &logical.Or{At: e.At, Args: terms}
}

// maxFactored bounds the quadratic search for common conjuncts.
const maxFactored = 64

// factor takes out conjuncts that every term has; nil when there are none.
func factor(e *logical.Or, terms []logical.Expr) logical.Expr {
	if len(terms) > maxFactored {
		return nil
	}
	var common []logical.Expr
	first := logical.Conjuncts(terms[0])
	if len(first) > maxFactored {
		return nil
	}
candidates:
	for _, x := range first {
		for _, t := range terms[1:] {
			if !containsExpr(logical.Conjuncts(t), x) {
				continue candidates
			}
		}
		common = append(common, x)
	}
	if len(common) == 0 {
		return nil
	}
	var rest []logical.Expr
	for _, t := range terms {
		var left []logical.Expr
		for _, x := range logical.Conjuncts(t) {
			if !containsExpr(common, x) {
				left = append(left, x)
			}
		}
		if len(left) == 0 {
			// One term is just the common part: it implies all others.
			return logical.AndOf(common)
		}
		rest = append(rest, logical.AndOf(left))
	}
	or := simplifyOr(&logical.Or{At: e.At, Args: rest})
	return logical.AndOf(append(common, or))
}

// equalitiesToIn joins x = 1, x = 2, x IN (3, 4) to one IN.
func equalitiesToIn(terms []logical.Expr) []logical.Expr {
	type group struct {
		at, terms int // place in out, terms joined
		arg       logical.Expr
		list      []logical.Expr
	}
	var out []logical.Expr
	var groups []*group
	for _, t := range terms {
		var arg logical.Expr
		var list []logical.Expr
		switch t := t.(type) {
		case *logical.Compare:
			if _, ok := t.Right.(*logical.Const); ok && t.Op == logical.Eq {
				arg, list = t.Left, []logical.Expr{t.Right}
			}
		case *logical.In:
			if !t.Negated && allConst(t.List) {
				arg, list = t.Arg, t.List
			}
		}
		if arg == nil {
			out = append(out, t)
			continue
		}
		found := false
		for _, g := range groups {
			if logical.Equal(g.arg, arg) {
				g.list = append(g.list, list...)
				g.terms++
				found = true
				break
			}
		}
		if !found {
			if len(groups) < maxFactored {
				groups = append(groups, &group{at: len(out), terms: 1, arg: arg, list: append([]logical.Expr{}, list...)})
			}
			out = append(out, t)
		}
	}
	for _, g := range groups {
		if g.terms == 1 {
			continue
		}
		in := &logical.In{At: logical.At(out[g.at].Pos()), Arg: g.arg}
		seen := map[constKey]bool{}
		for _, m := range g.list {
			if v := m.(*logical.Const).Value; v.IsNull || v.Type.IsNested() || !seen[keyOf(v)] {
				seen[keyOf(v)] = true
				in.List = append(in.List, m)
			}
		}
		out[g.at] = in
	}
	return out
}

func allConst(list []logical.Expr) bool {
	for _, e := range list {
		if _, ok := e.(*logical.Const); !ok {
			return false
		}
	}
	return true
}

func containsExpr(list []logical.Expr, e logical.Expr) bool {
	for _, o := range list {
		if logical.Equal(o, e) {
			return true
		}
	}
	return false
}
