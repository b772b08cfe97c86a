package bind

import (
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// recursive binds a WITH RECURSIVE definition anchor UNION [ALL] term whose
// term reads the definition itself; nil when it is of another form, and thus
// not recursive or wrong.
func (b *binder) recursive(c *ast.CTE, q *ast.Query, env *cteScope, outer *scope) (*result, error) {
	set, ok := q.Body.(*ast.SetOp)
	if !ok || set.Kind != ast.Union || set.ByName || !mentions(set.Terms[len(set.Terms)-1], c.Name.Name) {
		return nil, nil
	}
	if len(q.OrderBy) > 0 || q.Limit != nil {
		return nil, unsupported(c, "ORDER BY or LIMIT of a recursive CTE")
	}
	env, defs, err := b.with(q.With, env, outer)
	if err != nil {
		return nil, err
	}
	last := len(set.Terms) - 1
	var first ast.QueryBody = set.Terms[0]
	if last > 1 {
		s := *set
		s.Terms = set.Terms[:last]
		first = &s
	}
	anchor, err := b.body(first, &cteScope{outer: env, def: &cteDef{name: c.Name.Name, probe: true}}, outer)
	if err != nil {
		return nil, err
	}
	b.nextCTE++
	n := &logical.Recursive{ID: b.nextCTE, Name: c.Name.Name, All: set.All}
	want := make([]types.Type, len(anchor.cols))
	for i, col := range anchor.cols {
		want[i] = col.Typ
		if want[i].ID == types.Null {
			want[i] = types.Of(types.Integer)
		}
		n.Cols = append(n.Cols, b.newCol(col.Name, want[i]))
	}
	n.Anchor, n.AnchorOut = b.castColumns(anchor, want)
	def := &cteDef{id: n.ID, name: n.Name, cols: append([]logical.Column{}, n.Cols...)}
	if err := rename(def.cols, c.Columns, n.Name, c.Pos()); err != nil {
		return nil, err
	}
	if n.Key, err = keyColumns(c, def.cols); err != nil {
		return nil, err
	}
	if n.Last, err = b.lastOf(n); err != nil {
		return nil, err
	}
	b.nextCTE++
	total := *def
	total.id, def.total = b.nextCTE, &total
	term, err := b.body(set.Terms[last], &cteScope{outer: env, def: def}, outer)
	if err != nil {
		return nil, err
	}
	if len(term.cols) != len(want) {
		return nil, sqlerr.At(set.Terms[last].Pos(), sqlerr.CodeSyntax, "the sides of UNION have %d and %d columns", len(want), len(term.cols))
	}
	n.Term, n.TermOut = b.castColumns(term, want)
	if countRefs(n.Term, total.id) > 0 {
		n.Total = total.id
	}
	node, err := b.finishCTEs(n, defs)
	return &result{node: node, cols: n.Cols}, err
}

// keyColumns finds the columns of USING KEY.
func keyColumns(c *ast.CTE, cols []logical.Column) ([]int, error) {
	var out []int
next:
	for _, k := range c.Key {
		var names []string
		for i := range cols {
			if k.Is(cols[i].Name) {
				out = append(out, i)
				continue next
			}
			names = append(names, cols[i].Name)
		}
		err := sqlerr.At(k.Pos(), sqlerr.CodeUndefinedColumn, "column %q of USING KEY is not one of %q", k.Name, c.Name.Name)
		if near := sqlerr.Nearest(k.Name, names); len(near) > 0 {
			err = err.WithHint("did you mean %q?", near[0])
		}
		return nil, err
	}
	return out, nil
}

// lastOf binds last() for the columns that are no keys.
func (b *binder) lastOf(n *logical.Recursive) ([]*function.BoundAgg, error) {
	if len(n.Key) == 0 {
		return nil, nil
	}
	fn := b.o.Functions.Aggregate("last")
	if fn == nil {
		return nil, sqlerr.New(sqlerr.CodeInternal, "there is no aggregate last")
	}
	out := make([]*function.BoundAgg, len(n.Cols))
	for i, c := range n.Cols {
		if slices.Contains(n.Key, i) {
			continue
		}
		bound, _, err := b.resolveAggregate(&ast.FuncCall{Name: []ast.Ident{{Name: "last"}}}, fn, []logical.Expr{logical.Ref(c)})
		if err != nil {
			return nil, err
		}
		out[i] = bound
	}
	return out, nil
}

// mentions tells whether a table called name is read somewhere in the body, as
// far as the syntax tells.
func mentions(body ast.Node, name string) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if t, ok := n.(*ast.TableName); ok && ast.Last(t.Parts).Is(name) && (len(t.Parts) == 1 || recurring(t)) {
			found = true
		}
		return !found
	})
	return found
}

// recurring reports whether a name is recurring.t: all rows of a recursive CTE
// so far.
func recurring(t *ast.TableName) bool { return len(t.Parts) == 2 && t.Parts[0].Is("recurring") }
