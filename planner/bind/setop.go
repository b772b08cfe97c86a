package bind

import (
	"fmt"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// setOp binds UNION, INTERSECT and EXCEPT. Inputs are cast to common types;
// UNION without ALL is a UNION ALL with its duplicates removed.
func (b *binder) setOp(s *ast.SetOp, env *cteScope, outer *scope) (*result, error) {
	inputs := make([]*result, len(s.Terms))
	for i, t := range s.Terms {
		if err := b.relation(t.Pos()); err != nil {
			return nil, err
		}
		r, err := b.body(t, env, outer)
		if err != nil {
			return nil, err
		}
		if i > 0 && !s.ByName && len(r.cols) != len(inputs[0].cols) {
			return nil, sqlerr.At(t.Pos(), sqlerr.CodeSyntax, "the sides of %s have %d and %d columns", s.Kind, len(inputs[0].cols), len(r.cols))
		}
		inputs[i] = r
	}
	if s.ByName {
		if err := b.byName(s, inputs); err != nil {
			return nil, err
		}
	}
	want := make([]types.Type, len(inputs[0].cols))
	for c := range want {
		want[c] = b.typeOf(&inputs[0].cols[c])
		for i, r := range inputs[1:] {
			t, ok := b.pair(want[c], b.typeOf(&r.cols[c]), unifyColumns)
			if !ok {
				return nil, sqlerr.At(s.Terms[i+1].Pos(), sqlerr.CodeDatatypeMismatch, "%s cannot mix types %s and %s in column %d",
					s.Kind, want[c], r.cols[c].Typ, c+1).WithHint("add an explicit cast")
			}
			want[c] = t
		}
	}
	n := &logical.SetOp{Kind: logical.SetOpKind(s.Kind), All: s.All || s.Kind == ast.Union}
	for c, t := range want {
		if t.ID == types.Null {
			want[c] = types.Of(types.Integer)
		}
		col := b.newCol(inputs[0].cols[c].Name, want[c])
		if t.ID == types.Null {
			b.markUntyped(col)
		}
		n.Cols = append(n.Cols, col)
	}
	for _, r := range inputs {
		node, ids := b.castColumns(r, want)
		n.Inputs = append(n.Inputs, node)
		n.In = append(n.In, ids)
	}
	out := &result{node: n, cols: n.Cols}
	for _, r := range inputs {
		out.inputs = append(out.inputs, r.known()...)
	}
	collated := b.collatedAny(n.Cols)
	switch {
	case s.Kind != ast.Union && collated:
		return nil, unsupported(s, "%s of texts with a collation", s.Kind)
	case s.All || s.Kind != ast.Union:
	case collated:
		// Of texts that compare equal the first one stays.
		p := &logical.Project{Input: n}
		keys := make([]logical.Column, len(n.Cols))
		for i, c := range n.Cols {
			p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, logical.Ref(c))
			if keys[i] = c; b.key(&keys[i]) != &keys[i] {
				k := b.key(logical.Ref(c))
				keys[i] = b.newCol(c.Name, k.Type())
				p.Cols, p.Exprs = append(p.Cols, keys[i]), append(p.Exprs, k)
			}
		}
		out.node, out.cols = p, append([]logical.Column{}, n.Cols...)
		if _, err := b.firstRows(out, keys, nil, false); err != nil {
			return nil, err
		}
	default:
		out.node = distinct(n, n.Cols)
	}
	return out, nil
}

// distinct removes duplicate rows; the columns keep their identity.
func distinct(n logical.Node, cols []logical.Column) logical.Node {
	a := &logical.Aggregate{Input: n}
	seen := map[logical.ColID]bool{}
	for _, c := range cols {
		if seen[c.ID] {
			continue
		}
		seen[c.ID] = true
		a.GroupCols = append(a.GroupCols, c)
		a.Groups = append(a.Groups, logical.Ref(c))
	}
	return a
}

// castColumns makes the result's columns have the given types, each a column
// of its own.
func (b *binder) castColumns(r *result, want []types.Type) (logical.Node, []logical.ColID) {
	ids := make([]logical.ColID, len(r.cols))
	plain := true
	for i, c := range r.cols {
		ids[i] = c.ID
		plain = plain && c.Typ.Equal(want[i])
	}
	if plain {
		return r.node, ids // SetOp.In may name a column twice
	}
	p := &logical.Project{Input: r.node}
	done := map[logical.ColID]bool{}
	for i, c := range r.cols {
		if c.Typ.Equal(want[i]) {
			if !done[c.ID] {
				p.Cols = append(p.Cols, c)
				p.Exprs = append(p.Exprs, logical.Ref(c))
				done[c.ID] = true
			}
			continue
		}
		col := b.newCol(c.Name, want[i])
		ref := c
		ref.At = -1
		p.Cols = append(p.Cols, col)
		p.Exprs = append(p.Exprs, b.cast(&ref, want[i]))
		ids[i] = col.ID
	}
	return p, ids
}

// values binds VALUES. want, when given, are the types of the columns that the
// rows go to, with defaults in place of DEFAULT; else columns take common types.
func (b *binder) values(v *ast.Values, env *cteScope, outer *scope, want *insertTarget) (*result, error) {
	c := &exprCtx{scope: &scope{outer: outer}, env: env, clause: "VALUES"}
	rows := make([][]logical.Expr, len(v.Rows))
	dependent := false
	for i, row := range v.Rows {
		if len(row) != len(v.Rows[0]) {
			return nil, sqlerr.At(row[0].Pos(), sqlerr.CodeSyntax, "VALUES lists have %d and %d members", len(v.Rows[0]), len(row))
		}
		rows[i] = make([]logical.Expr, len(row))
		for j, e := range row {
			if d, ok := e.(*ast.Default); ok {
				if want == nil || j >= len(want.types) {
					return nil, sqlerr.At(d.Pos(), sqlerr.CodeSyntax, "DEFAULT is allowed in INSERT only")
				}
				x, err := want.defaultAt(b, j)
				if err != nil {
					return nil, err
				}
				rows[i][j] = x
				continue
			}
			x, err := b.expr(c, e)
			if err != nil {
				return nil, err
			}
			dependent = dependent || logical.HasSubquery(x)
			rows[i][j] = x
		}
	}
	n := &logical.Values{}
	for j := range v.Rows[0] {
		var t types.Type
		if want != nil && j < len(want.types) {
			t = want.types[j]
		} else {
			list := make([]logical.Expr, len(rows))
			for i := range rows {
				list[i] = rows[i][j]
			}
			var err error
			if t, err = b.common(list, unifyResult, "VALUES"); err != nil {
				return nil, err
			}
			if t.ID == types.Null {
				t = b.settled(list[0]).Type()
				if t.ID == types.Null {
					t = types.Of(types.Integer)
				}
			}
		}
		for i := range rows {
			rows[i][j] = b.cast(rows[i][j], t)
		}
		n.Cols = append(n.Cols, b.newCol(fmt.Sprintf("col%d", j), t))
	}
	n.Rows = rows
	if dependent {
		return b.valuesWithSubqueries(v, n)
	}
	return &result{node: n, cols: n.Cols}, nil
}

// valuesWithSubqueries makes rows that contain subqueries projections of one
// empty row each, where the unnesting rules can reach them.
func (b *binder) valuesWithSubqueries(v *ast.Values, n *logical.Values) (*result, error) {
	if len(n.Rows) > 100 {
		return nil, unsupported(v, "subqueries in a VALUES list of more than 100 rows")
	}
	u := &logical.SetOp{Kind: logical.Union, All: true, Cols: n.Cols}
	for _, row := range n.Rows {
		p := &logical.Project{Input: &logical.Values{Rows: [][]logical.Expr{{}}}, Exprs: row}
		var ids []logical.ColID
		for _, c := range n.Cols {
			col := b.newCol(c.Name, c.Typ)
			p.Cols = append(p.Cols, col)
			ids = append(ids, col.ID)
		}
		u.Inputs = append(u.Inputs, p)
		u.In = append(u.In, ids)
	}
	return &result{node: u, cols: u.Cols}, nil
}
