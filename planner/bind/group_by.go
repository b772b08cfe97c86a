package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	// maxGroupingSets bounds what CUBE and products of grouping sets expand to.
	maxGroupingSets = 4096
	// maxGroupingArgs are the bits of a BIGINT that is not negative.
	maxGroupingArgs = 63
)

// groupBy binds GROUP BY: ordinals, columns, aliases, expressions, ALL, and
// grouping sets, for which omit lists the groups that each leaves out.
func (b *binder) groupBy(g *ast.GroupBy, items []selectItem, base exprCtx, aggs *aggSet) (groups []logical.Expr, omit [][]int, grouped bool, err error) {
	if g == nil {
		return nil, nil, false, nil
	}
	add := func(e logical.Expr) int {
		for i, o := range groups {
			if logical.Equal(o, e) {
				return i
			}
		}
		groups = append(groups, e)
		return len(groups) - 1
	}
	if g.All {
		for _, it := range items {
			// What refers to no column is the same for all rows: it is no key,
			// and without any key nothing is grouped. What unnest gives is known
			// after grouping only.
			if aggs.refers(it.expr) || aggs.unnested(it.expr) || len(logical.ColumnsOf(it.expr)) == 0 {
				continue
			}
			add(it.expr)
		}
		return groups, nil, len(groups) > 0, nil
	}
	c := base
	c.clause = "GROUP BY"
	one := func(e ast.Expr) (int, error) {
		n, isOrdinal, err := ordinal(e, len(items), "GROUP BY")
		if err != nil {
			return 0, err
		}
		var x logical.Expr
		if !isOrdinal {
			n, isOrdinal = subqueryNamed(e, items, base.scope)
		}
		if isOrdinal {
			x = items[n].expr
		} else if x, err = b.expr(&c, e); err != nil {
			return 0, err
		}
		if aggs.refers(x) {
			return 0, sqlerr.At(e.Pos(), sqlerr.CodeGrouping, "aggregate functions are not allowed in GROUP BY")
		}
		if aggs.unnested(x) {
			return 0, unsupported(e, "unnest in GROUP BY")
		}
		return add(b.settled(x)), nil
	}
	sets, err := groupingSets(g.Items, one)
	if err != nil {
		return nil, nil, false, err
	}
	plain := true
	for i := range g.Items {
		plain = plain && (g.Items[i].Kind == ast.GroupExpr || g.Items[i].Kind == ast.GroupSet)
	}
	if plain {
		return groups, nil, true, nil
	}
	for _, s := range sets {
		in := make([]bool, len(groups))
		for _, i := range s {
			in[i] = true
		}
		left := []int{}
		for i := range groups {
			if !in[i] {
				left = append(left, i)
			}
		}
		omit = append(omit, left)
	}
	return groups, omit, true, nil
}

// groupingSets expands items to the sets of groups that their product means;
// one binds an expression to the number of its group.
func groupingSets(items []ast.GroupItem, one func(ast.Expr) (int, error)) ([][]int, error) {
	product := [][]int{nil}
	for i := range items {
		sets, err := groupingItem(&items[i], one)
		if err != nil {
			return nil, err
		}
		if len(product)*len(sets) > maxGroupingSets {
			return nil, tooManySets(&items[i])
		}
		var next [][]int
		for _, p := range product {
			for _, s := range sets {
				next = append(next, append(p[:len(p):len(p)], s...))
			}
		}
		product = next
	}
	return product, nil
}

func tooManySets(it *ast.GroupItem) error {
	return sqlerr.At(it.Pos(), sqlerr.CodeTooComplex, "GROUP BY expands to more than %d grouping sets", maxGroupingSets)
}

// groupingItem expands one item to its sets.
func groupingItem(it *ast.GroupItem, one func(ast.Expr) (int, error)) ([][]int, error) {
	switch it.Kind {
	case ast.GroupExpr, ast.GroupSet:
		var set []int
		for _, e := range it.Exprs {
			i, err := one(e)
			if err != nil {
				return nil, err
			}
			set = append(set, i)
		}
		return [][]int{set}, nil
	case ast.GroupSets:
		var sets [][]int
		for i := range it.Items {
			more, err := groupingItem(&it.Items[i], one)
			if err != nil {
				return nil, err
			}
			if sets = append(sets, more...); len(sets) > maxGroupingSets {
				return nil, tooManySets(it)
			}
		}
		return sets, nil
	}
	// Each member of ROLLUP and CUBE stands for the groups of its own.
	var parts [][]int
	for i := range it.Items {
		set, err := groupingItem(&it.Items[i], one)
		if err != nil {
			return nil, err
		}
		if len(set) != 1 {
			return nil, sqlerr.At(it.Pos(), sqlerr.CodeSyntax, "ROLLUP and CUBE take expressions and lists of them")
		}
		parts = append(parts, set[0])
	}
	join := func(has func(i int) bool) []int {
		var set []int
		for i, p := range parts {
			if has(i) {
				set = append(set, p...)
			}
		}
		return set
	}
	var sets [][]int
	if it.Kind == ast.GroupRollup {
		for n := len(parts); n >= 0; n-- {
			sets = append(sets, join(func(i int) bool { return i < n }))
		}
		return sets, nil
	}
	if len(parts) > 12 {
		return nil, tooManySets(it)
	}
	for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
		sets = append(sets, join(func(i int) bool { return mask>>(len(parts)-1-i)&1 != 0 }))
	}
	return sets, nil
}

// groupingCall is a call of GROUPING, bound to a column that replaces it until
// the groups are known.
type groupingCall struct {
	col  logical.Column
	args []logical.Expr
	pos  int
}

// groupingCall binds GROUPING(a, b, ...) and GROUPING_ID().
func (b *binder) groupingCall(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	switch {
	case c.aggs == nil:
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeGrouping, "GROUPING is not allowed in %s", c.clause)
	case c.inAgg:
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeGrouping, "GROUPING is not allowed within an aggregate")
	case len(f.Args) > maxGroupingArgs:
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeTooComplex, "GROUPING takes at most %d expressions", maxGroupingArgs)
	}
	in := *c
	in.inAgg = true
	args, err := b.exprs(&in, f.Args...)
	if err != nil {
		return nil, err
	}
	g := groupingCall{col: b.newCol("grouping", types.Of(types.BigInt)), args: args, pos: f.Pos()}
	c.aggs.groupings = append(c.aggs.groupings, g)
	ref := g.col
	ref.At = logical.At(f.Pos())
	return &ref, nil
}

// marks finds out what the calls of GROUPING mean, now that the groups are
// known: a column of the aggregation, 0 when there is but one grouping.
func (b *binder) marks(g *grouping, aggs *aggSet) error {
	g.marks = map[logical.ColID]logical.Expr{}
	for _, call := range aggs.groupings {
		m := logical.Marking{Col: call.col}
		if len(call.args) == 0 {
			for i := range g.node.Groups {
				m.Groups = append(m.Groups, i)
			}
		}
		for _, e := range call.args {
			at := -1
			for i, x := range g.node.Groups {
				if logical.Equal(e, x) {
					at = i
				}
			}
			if at < 0 {
				return sqlerr.At(call.pos, sqlerr.CodeGrouping, "the arguments of GROUPING must be expressions of GROUP BY")
			}
			m.Groups = append(m.Groups, at)
		}
		if g.node.Omit == nil {
			if len(g.node.Groups) == 0 {
				return sqlerr.At(call.pos, sqlerr.CodeGrouping, "GROUPING wants a GROUP BY clause")
			}
			g.marks[call.col.ID] = &logical.Const{At: logical.At(call.pos), Value: types.IntValue(types.Of(types.BigInt), 0)}
			continue
		}
		g.node.Markings = append(g.node.Markings, m)
		ref := m.Col
		g.marks[call.col.ID] = &ref
	}
	return nil
}
