package bind

import (
	"slices"
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

var joinKinds = map[ast.JoinKind]logical.JoinKind{
	ast.JoinInner: logical.Inner, ast.JoinLeft: logical.Left, ast.JoinRight: logical.Right,
	ast.JoinFull: logical.Full, ast.JoinCross: logical.Cross, ast.JoinSemi: logical.Semi, ast.JoinAnti: logical.Anti,
}

// join binds an explicit join. A right join becomes a left join with its sides
// exchanged, so that rules meet one kind less.
func (b *binder) join(j *ast.Join, env *cteScope, outer *scope) (logical.Node, *scope, error) {
	kind, ok := joinKinds[j.Kind]
	if !ok && j.Kind != ast.JoinPositional {
		return nil, nil, unsupported(j, "%s JOIN", j.Kind)
	}
	left, ls, err := b.tableRef(j.Left, env, outer)
	if err != nil {
		return nil, nil, err
	}
	// The right side of a join may be lateral: it sees the left one.
	seen := &scope{outer: outer, cols: ls.cols, rels: ls.rels}
	right, rs, err := b.tableRef(j.Right, env, seen)
	if err != nil {
		return nil, nil, err
	}
	if err := ls.checkAliases(rs, j.Right.Pos()); err != nil {
		return nil, nil, err
	}
	both := &scope{
		outer: outer,
		cols:  append(append([]scopeCol{}, ls.cols...), rs.cols...),
		rels:  append(append([]*rel{}, ls.rels...), rs.rels...),
	}
	var on []logical.Expr
	var merged *logical.Project
	switch {
	case j.On != nil:
		c := &exprCtx{scope: both, env: env, clause: "JOIN conditions"}
		e, err := b.condition(c, j.On, "JOIN/ON")
		if err != nil {
			return nil, nil, err
		}
		on = logical.Conjuncts(e)
	case j.Natural || len(j.Using) > 0:
		names := j.Using
		if j.Natural {
			names = naturalNames(ls, rs, j)
		}
		on, merged, err = b.using(j, kind, names, ls, rs, both)
		if err != nil {
			return nil, nil, err
		}
	}
	node, err := b.joined(j, kind, left, right, on)
	if err != nil {
		return nil, nil, err
	}
	if merged != nil {
		// What the projection does not pass on nobody can name later.
		for _, r := range both.rels {
			if r.rowid == nil && r.rowIDs() != nil {
				r.addRowID(b)
			}
		}
		// The coalesced columns of a full join, above it.
		for _, c := range node.Columns() {
			merged.Cols = append(merged.Cols, c)
			merged.Exprs = append(merged.Exprs, logical.Ref(c))
		}
		merged.Input = node
		node = merged
		for _, r := range both.rels {
			r.passes = append(r.passes, merged)
		}
	}
	if kind == logical.Semi || kind == logical.Anti {
		both.cols, both.rels = ls.cols, ls.rels
	}
	if j.Alias != nil {
		r := &result{node: node}
		for i := range both.cols {
			if c := &both.cols[i]; !c.hidden {
				col := c.col
				col.Name = c.name
				r.cols = append(r.cols, col)
			}
		}
		return b.aliased(j, r, j.Alias, "")
	}
	return node, both, nil
}

// joined makes the node of a join.
func (b *binder) joined(j *ast.Join, kind logical.JoinKind, left, right logical.Node, on []logical.Expr) (logical.Node, error) {
	switch {
	case j.Kind == ast.JoinPositional:
		return b.positionalJoin(j, left, right)
	case j.Asof:
		return b.asof(j, kind, left, right, on)
	}
	if len(on) == 0 && kind == logical.Inner {
		kind = logical.Cross
	}
	if len(on) > 0 && kind == logical.Cross {
		kind = logical.Inner
	}
	if (kind == logical.Right || kind == logical.Full) && b.crossOrDependentUses(left, right) {
		return nil, sqlerr.At(j.Right.Pos(), sqlerr.CodeInvalidColumnRef, "the right side of a %s JOIN must not refer to the left one", kind).
			WithHint("INNER and LEFT joins may be lateral")
	}
	if kind == logical.Right {
		return &logical.Join{Kind: logical.Left, Left: right, Right: left, On: on}, nil
	}
	return b.crossOrDependent(kind, left, right, on), nil
}

func (b *binder) crossOrDependentUses(left, right logical.Node) bool {
	have := logical.Produced(left)
	for _, id := range logical.FreeColumns(right) {
		if have[id] {
			return true
		}
	}
	return false
}

// naturalNames lists the column names that both sides have.
func naturalNames(ls, rs *scope, j *ast.Join) []ast.Ident {
	var out []ast.Ident
	seen := map[string]bool{}
	for i := range ls.cols {
		if ls.cols[i].hidden || seen[strings.ToLower(ls.cols[i].name)] {
			continue
		}
		for k := range rs.cols {
			if !rs.cols[k].hidden && strings.EqualFold(ls.cols[i].name, rs.cols[k].name) {
				out = append(out, ast.Ident{At: j.At, Name: ls.cols[i].name})
				seen[strings.ToLower(ls.cols[i].name)] = true
				break
			}
		}
	}
	return out
}

// using binds USING: the conditions, and the columns of both in which each
// pair is one. For a full join that one is computed by the projection.
func (b *binder) using(j *ast.Join, kind logical.JoinKind, names []ast.Ident, ls, rs, both *scope) ([]logical.Expr, *logical.Project, error) {
	if len(names) == 0 {
		return nil, nil, sqlerr.At(j.Pos(), sqlerr.CodeUndefinedColumn, "NATURAL JOIN: the two sides have no column name in common")
	}
	var on []logical.Expr
	var merged *logical.Project
	for i, n := range names {
		l, err := usingSide(ls, n, "left")
		if err != nil {
			return nil, nil, err
		}
		r, err := usingSide(rs, n, "right")
		if err != nil {
			return nil, nil, err
		}
		op := logical.Eq
		if j.Asof && i == len(names)-1 {
			op = logical.Ge
		}
		e, err := b.compare(n.Pos(), op, logical.Ref(l.col), logical.Ref(r.col))
		if err != nil {
			return nil, nil, err
		}
		on = append(on, e)
		keep, drop := l.col.ID, r.col.ID
		if kind == logical.Right {
			keep, drop = drop, keep
		}
		if kind == logical.Full {
			pair := []logical.Expr{logical.Ref(l.col), logical.Ref(r.col)}
			t, err := b.common(pair, unifyCompare, "USING")
			if err != nil {
				return nil, nil, err
			}
			if merged == nil {
				merged = &logical.Project{}
			}
			col := b.newCol(l.name, t)
			merged.Cols = append(merged.Cols, col)
			merged.Exprs = append(merged.Exprs, &logical.Coalesce{At: logical.At(n.Pos()), Args: b.castAll(pair, t)})
			both.replace(l.col.ID, r.col.ID, scopeCol{name: l.name, col: col})
			continue
		}
		both.merge(keep, drop)
	}
	return on, merged, nil
}

func usingSide(s *scope, n ast.Ident, side string) (*scopeCol, error) {
	c, err := s.lookup(nil, n)
	if err != nil {
		return nil, err
	}
	if c == nil {
		var names []string
		for i := range s.cols {
			names = append(names, s.cols[i].name)
		}
		e := sqlerr.At(n.Pos(), sqlerr.CodeUndefinedColumn, "column %q of USING is not on the %s side of the join", n.Name, side)
		if near := sqlerr.Nearest(n.Name, names); len(near) > 0 {
			return nil, e.WithHint("did you mean %q?", near[0])
		}
		return nil, e
	}
	return c, nil
}

// merge makes two columns one: keep stands for both, at the place of the first.
func (s *scope) merge(keep, drop logical.ColID) {
	k, d := -1, -1
	for i := range s.cols {
		switch s.cols[i].col.ID {
		case keep:
			k = i
		case drop:
			d = i
		}
	}
	if k < 0 || d < 0 {
		return
	}
	s.cols[d].hidden = true
	s.join(keep, keep, drop)
	if k > d {
		// RIGHT JOIN USING: the kept column moves to the left one's place.
		c := s.cols[k]
		copy(s.cols[d+1:k+1], s.cols[d:k])
		s.cols[d] = c
	}
}

// replace hides two columns behind a new one at the place of the first.
func (s *scope) replace(l, r logical.ColID, c scopeCol) {
	out := make([]scopeCol, 0, len(s.cols)+1)
	for _, old := range s.cols {
		if old.col.ID == l {
			out = append(out, c)
		}
		if old.col.ID == l || old.col.ID == r {
			old.hidden = true
		}
		out = append(out, old)
	}
	s.cols = out
	s.join(c.col.ID, c.col.ID, l, r)
}

// join puts the columns ids, and those that were joined to them before, into one
// group.
func (s *scope) join(group logical.ColID, ids ...logical.ColID) {
	old := map[logical.ColID]bool{}
	in := func(c *scopeCol) bool { return slices.Contains(ids, c.col.ID) }
	for i := range s.cols {
		if c := &s.cols[i]; in(c) && c.group != 0 {
			old[c.group] = true
		}
	}
	for i := range s.cols {
		if c := &s.cols[i]; in(c) || old[c.group] {
			c.group = group
		}
	}
}

// condition binds an expression that must be boolean.
func (b *binder) condition(c *exprCtx, e ast.Expr, what string) (logical.Expr, error) {
	x, err := b.expr(c, e)
	if err != nil {
		return nil, err
	}
	return b.boolean(x, what)
}
