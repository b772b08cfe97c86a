package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// selectItem is one output column: its name, its expression as bound over
// FROM's columns (aggregates are references to their columns) and, unless it
// came from a star, its tree.
type selectItem struct {
	name string
	expr logical.Expr
	tree ast.Expr
	// aliased: the name was written after AS.
	aliased bool
}

// selectBody binds a SELECT together with the ORDER BY that applies to it,
// which may use columns that the select list does not have.
func (b *binder) selectBody(s *ast.Select, order []ast.OrderItem, env *cteScope, outer *scope) (*result, error) {
	node, sc, err := b.from(s.From, env, outer)
	if err != nil {
		return nil, err
	}
	if node, err = sample(node, s.Sample); err != nil {
		return nil, err
	}
	return b.selectOver(s, order, env, node, sc)
}

// selectOver binds the rest of a SELECT over what its FROM clause gives.
func (b *binder) selectOver(s *ast.Select, order []ast.OrderItem, env *cteScope, node logical.Node, sc *scope) (*result, error) {
	if err := checkWindows(s.Windows); err != nil {
		return nil, err
	}
	base := exprCtx{scope: sc, env: env, windows: s.Windows}
	for i := range s.Items {
		it := &s.Items[i]
		if it.Alias.Name != "" {
			base.aliases = append(base.aliases, alias{name: it.Alias, expr: it.Expr})
		}
	}
	base.aliasLimit = len(base.aliases)

	if s.Where != nil {
		c := base
		c.clause = "WHERE"
		each, _, err := b.overColumns(&c, s.Where)
		if err != nil {
			return nil, err
		}
		f := &logical.Filter{Input: node}
		for i := range each {
			cond, err := b.condition(&each[i], s.Where, "WHERE")
			if err != nil {
				return nil, err
			}
			f.Conds = append(f.Conds, logical.Conjuncts(cond)...)
		}
		node = f
	}

	aggs := &aggSet{}
	items, err := b.selectItems(s, base, aggs)
	if err != nil {
		return nil, err
	}
	groups, omit, grouped, err := b.groupBy(s.GroupBy, items, base, aggs)
	if err != nil {
		return nil, err
	}
	firsts, err := b.collatedGroups(groups, omit, aggs)
	if err != nil {
		return nil, err
	}
	var having logical.Expr
	if s.Having != nil {
		c := base
		c.clause, c.aggs = "HAVING", aggs
		if having, err = b.condition(&c, s.Having, "HAVING"); err != nil {
			return nil, err
		}
		grouped = true
	}
	var qualify logical.Expr
	if s.Qualify != nil {
		c := base
		c.clause, c.aggs = "QUALIFY", aggs
		if qualify, err = b.condition(&c, s.Qualify, "QUALIFY"); err != nil {
			return nil, err
		}
		if len(aggs.windows) == 0 {
			return nil, windowing(s.Qualify, "QUALIFY needs a window function, there or in the select list")
		}
	}
	keys, err := b.orderKeys(order, items, base, aggs)
	if err != nil {
		return nil, err
	}

	on, err := b.distinctOn(s.DistinctOn, items, base, aggs)
	if err != nil {
		return nil, err
	}
	replace := func(e logical.Expr) (logical.Expr, error) { return e, nil }
	if grouped || len(aggs.calls) > 0 || len(aggs.groupings) > 0 {
		g, err := b.group(node, groups, omit, aggs)
		if err != nil {
			return nil, err
		}
		node = g.node
		g.firsts = firsts
		for i := range items {
			if items[i].expr, err = g.replace(items[i].expr); err != nil {
				return nil, err
			}
		}
		replace = g.replace
		for i := range on {
			if on[i], err = g.replace(on[i]); err != nil {
				return nil, err
			}
		}
		for i := range keys {
			if keys[i].Expr, err = g.replace(keys[i].Expr); err != nil {
				return nil, err
			}
		}
		if having != nil {
			if having, err = g.replace(having); err != nil {
				return nil, err
			}
			node = &logical.Filter{Input: node, Conds: logical.Conjuncts(having)}
		}
		if err := g.replaceWindows(aggs); err != nil {
			return nil, err
		}
		if qualify != nil {
			if qualify, err = g.replace(qualify); err != nil {
				return nil, err
			}
		}
	}
	node = windowed(node, aggs, qualify)
	if node, err = unnested(node, aggs, replace); err != nil {
		return nil, err
	}
	return b.project(s, node, items, keys, on)
}

// selectItems binds the select list.
func (b *binder) selectItems(s *ast.Select, base exprCtx, aggs *aggSet) ([]selectItem, error) {
	var items []selectItem
	aliases := 0
	for i := range s.Items {
		it := &s.Items[i]
		switch e := it.Expr.(type) {
		case *ast.Star:
			more, err := b.starItems(e, it.Alias.Name, base, aggs)
			if err != nil {
				return nil, err
			}
			items = append(items, more...)
			continue
		}
		c := base
		c.clause, c.aggs, c.aliasLimit = "SELECT", aggs, aliases
		if it.Alias.Name != "" {
			aliases++
		}
		more, err := b.unnestItem(&c, it.Expr)
		if err != nil {
			return nil, err
		}
		if more != nil {
			items = append(items, more...)
			continue
		}
		each, cols, err := b.overColumns(&c, it.Expr)
		if err != nil {
			return nil, err
		}
		for k := range each {
			x, err := b.expr(&each[k], it.Expr)
			if err != nil {
				return nil, err
			}
			name := it.Alias.Name
			switch {
			case cols == nil && name == "":
				name = itemName(it.Expr, x)
			case cols != nil && name == "":
				name = cols[k].name
			case cols != nil:
				name = cols[k].aliasFor(name)
			}
			items = append(items, selectItem{name: name, expr: b.settled(x), tree: it.Expr, aliased: it.Alias.Name != ""})
		}
	}
	if len(items) == 0 {
		return nil, sqlerr.At(s.Pos(), sqlerr.CodeSyntax, "the select list is empty after resolving its stars")
	}
	return items, nil
}

// itemName is the name of a select item without an alias.
func itemName(e ast.Expr, x logical.Expr) string {
	if _, ok := e.(*ast.PositionalRef); ok {
		if c, ok := x.(*logical.Column); ok {
			return c.Name
		}
	}
	return columnName(e)
}

// orderKeys binds ORDER BY over FROM's columns: ordinals, output names first,
// then any expression.
func (b *binder) orderKeys(order []ast.OrderItem, items []selectItem, base exprCtx, aggs *aggSet) ([]logical.SortKey, error) {
	var keys []logical.SortKey
	c := base
	c.clause, c.aggs = "ORDER BY", aggs
	for i := range order {
		o := &order[i]
		if o.All {
			for _, it := range items {
				keys = append(keys, b.sortKey(o, it.expr))
			}
			continue
		}
		if star, ok := o.Expr.(*ast.Star); ok {
			all, err := b.starItems(star, "", base, aggs)
			if err != nil {
				return nil, err
			}
			for _, it := range all {
				keys = append(keys, b.sortKey(o, it.expr))
			}
			continue
		}
		tree, coll := collatedOutput(o.Expr)
		n, isOutput, err := ordinal(tree, len(items), "ORDER BY")
		if err != nil {
			return nil, err
		}
		if ref, ok := tree.(*ast.ColumnRef); ok && len(ref.Parts) == 1 {
			n = outputNamed(items, ref.Parts[0])
			isOutput = n >= 0
		}
		if isOutput {
			e := items[n].expr
			if coll != nil {
				if e, err = b.withCollation(e, coll); err != nil {
					return nil, err
				}
			}
			keys = append(keys, b.sortKey(o, e))
			continue
		}
		if err := b.orderLiteral(o.Expr); err != nil {
			return nil, err
		}
		each, _, err := b.overColumns(&c, o.Expr)
		if err != nil {
			return nil, err
		}
		for k := range each {
			e, err := b.expr(&each[k], o.Expr)
			if err != nil {
				return nil, err
			}
			keys = append(keys, b.sortKey(o, b.settled(e)))
		}
	}
	return keys, nil
}

// outputNamed finds the output column that a name in ORDER BY and the like
// means: the last that was given it as an alias, else the one that has it, if
// all that do are the same.
func outputNamed(items []selectItem, name ast.Ident) int {
	at := -1
	for i, it := range items {
		if it.aliased && strings.EqualFold(it.name, name.Name) {
			at = i
		}
	}
	if at >= 0 {
		return at
	}
	for i, it := range items {
		if !strings.EqualFold(it.name, name.Name) {
			continue
		}
		if at >= 0 && !logical.Equal(items[at].expr, it.expr) {
			return -1
		}
		at = max(at, i)
	}
	return at
}

// project makes the output columns, removes duplicates, and sorts.
func (b *binder) project(s *ast.Select, node logical.Node, items []selectItem, keys []logical.SortKey, on []logical.Expr) (*result, error) {
	p := &logical.Project{Input: node}
	have := logical.Produced(node)
	column := func(name string, e logical.Expr) logical.Column {
		for i, old := range p.Exprs {
			if logical.Equal(old, e) {
				c := p.Cols[i]
				c.Name = name
				return c
			}
		}
		col := logical.Column{}
		if c, ok := e.(*logical.Column); ok && have[c.ID] {
			col = *c
			col.Name = name
		} else {
			col = b.newCol(name, e.Type())
		}
		col.At = -1
		p.Cols = append(p.Cols, col)
		p.Exprs = append(p.Exprs, e)
		return col
	}
	r := &result{}
	for _, it := range items {
		r.trees = append(r.trees, it.tree)
		if b.typeOf(it.expr).ID == types.Null {
			// An untyped NULL that nothing typed is an INTEGER, as in DuckDB.
			it.expr = b.cast(it.expr, types.Of(types.Integer))
			c := b.newCol(it.name, it.expr.Type())
			p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, it.expr)
			r.cols = append(r.cols, c)
			b.markUntyped(c)
			continue
		}
		r.cols = append(r.cols, column(it.name, it.expr))
	}
	visible := len(p.Exprs)
	for i := range keys {
		if _, ok := keys[i].Expr.(*logical.Const); ok {
			continue
		}
		c := column("", keys[i].Expr)
		if c.Name == "" {
			c.Name = logical.String(keys[i].Expr)
		}
		keys[i].Expr = logical.Ref(c)
	}
	r.node = p
	if passesThrough(p) {
		r.node = node
	}
	switch {
	case len(on) > 0:
		var err error
		if keys, err = b.firstOf(r, p, column, on, keys); err != nil {
			return nil, err
		}
	case s.Distinct && b.collatedAny(r.cols):
		// Of texts that compare equal the first one stays.
		cols := make([]logical.Column, len(r.cols))
		for i, c := range r.cols {
			if cols[i] = c; b.effective(c.Typ.Collation) != 0 && c.Typ.ID == types.Varchar {
				e := b.key(exprOf(p, c))
				cols[i] = column(logical.String(e), e)
			}
		}
		if !passesThrough(p) {
			r.node = p // which has grown
		}
		var err error
		if keys, err = b.firstRows(r, cols, keys, false); err != nil {
			return nil, err
		}
	case s.Distinct && len(p.Exprs) > visible:
		// A key that is not in the select list is that of the first row, of
		// those that are the same.
		var err error
		if keys, err = b.firstRows(r, r.cols, keys, false); err != nil {
			return nil, err
		}
	case s.Distinct:
		r.node = distinct(r.node, r.cols)
	}
	r.node = sorted(r.node, keys)
	return r, nil
}

// exprOf returns what column c of a projection is.
func exprOf(p *logical.Project, c logical.Column) logical.Expr {
	for i, col := range p.Cols {
		if col.ID == c.ID {
			return p.Exprs[i]
		}
	}
	return logical.Ref(c)
}

// passesThrough reports whether a projection computes nothing.
func passesThrough(p *logical.Project) bool {
	for i, e := range p.Exprs {
		if !logical.IsColumn(e, p.Cols[i].ID) {
			return false
		}
	}
	return true
}
