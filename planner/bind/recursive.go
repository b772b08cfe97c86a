package bind

import (
	"strings"

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
	term, err := b.body(set.Terms[last], &cteScope{outer: env, def: def}, outer)
	if err != nil {
		return nil, err
	}
	if len(term.cols) != len(want) {
		return nil, sqlerr.At(set.Terms[last].Pos(), sqlerr.CodeSyntax, "the sides of UNION have %d and %d columns", len(want), len(term.cols))
	}
	if len(logical.FreeColumns(n.Anchor))+len(logical.FreeColumns(term.node)) > 0 {
		return nil, unsupported(c, "a recursive CTE that refers to the query around it")
	}
	n.Term, n.TermOut = b.castColumns(term, want)
	node, err := b.finishCTEs(n, defs)
	return &result{node: node, cols: n.Cols}, err
}

// mentions tells whether a table called name is read somewhere in the body, as
// far as the syntax tells.
func mentions(body ast.Node, name string) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if t, ok := n.(*ast.TableName); ok && len(t.Parts) == 1 && strings.EqualFold(t.Parts[0].Name, name) {
			found = true
		}
		return !found
	})
	return found
}
