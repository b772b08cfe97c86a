package bind

import (
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// changed is the table whose rows UPDATE or DELETE changes.
type changed struct {
	table *catalog.Table
	base  storage.Table
	rowid logical.Column
	cols  []logical.Column // the table's, as the scan produces them
	node  logical.Node
	scope *scope
}

// changedTable binds the target of UPDATE or DELETE and joins it with further
// items of FROM.
func (b *binder) changedTable(ref ast.TableRef, more []ast.TableRef, env *cteScope) (*changed, error) {
	t, ok := ref.(*ast.TableName)
	if !ok {
		return nil, sqlerr.At(ref.Pos(), sqlerr.CodeWrongObjectType, "only tables can be changed")
	}
	entry, err := b.o.Catalog.Lookup(ast.Names(t.Parts), b.o.SearchPath, t.Pos())
	if err != nil {
		return nil, err
	}
	table, ok := entry.(*catalog.Table)
	if !ok {
		return nil, sqlerr.At(t.Pos(), sqlerr.CodeWrongObjectType, "%q is a view, its rows cannot be changed", ast.Last(t.Parts).Name)
	}
	c := &changed{table: table, base: b.rows(table)}
	if _, ok := c.base.(storage.RowIdentifier); !ok {
		return nil, unsupported(t, "changing the rows of table %q", table.Name)
	}
	scan := b.baseScan(table, c.base)
	c.cols = scan.Cols
	c.node, c.scope, err = b.qualified(t, &result{node: scan, cols: scan.Cols}, t.Alias, ast.Last(t.Parts).Name,
		[]string{b.o.Catalog.Database, table.Schema})
	if err != nil {
		return nil, err
	}
	rel := c.scope.rels[0]
	rel.scan = scan
	rel.addRowID(b)
	c.rowid = *rel.rowid
	if len(more) == 0 {
		return c, nil
	}
	node, sc, err := b.from(more, env, &scope{cols: c.scope.cols, rels: c.scope.rels})
	if err != nil {
		return nil, err
	}
	if err := c.scope.checkAliases(sc, more[0].Pos()); err != nil {
		return nil, err
	}
	c.node = b.crossOrDependent(logical.Cross, c.node, node, nil)
	c.scope.cols, c.scope.rels = append(c.scope.cols, sc.cols...), append(c.scope.rels, sc.rels...)
	return c, nil
}

// alias returns what the statement calls the table; "" when it has no other name.
func (c *changed) alias() string {
	if r := c.scope.rels[0]; !r.implicit {
		return r.name
	}
	return ""
}

// where adds the condition of UPDATE or DELETE.
func (b *binder) where(c *changed, cond ast.Expr, env *cteScope) error {
	if cond == nil {
		return nil
	}
	x, err := b.condition(&exprCtx{scope: c.scope, env: env, clause: "WHERE"}, cond, "WHERE")
	if err != nil {
		return err
	}
	c.node = &logical.Filter{Input: c.node, Conds: logical.Conjuncts(x)}
	return nil
}

// changes makes the plan of a statement whose output is p, by row ID.
func (b *binder) changes(p *logical.Project, defs []*cteDef) (*logical.Plan, error) {
	sort := &logical.Sort{Input: p, Keys: []logical.SortKey{{Expr: logical.Ref(p.Cols[0])}}}
	node, err := b.finishCTEs(sort, defs)
	if err != nil {
		return nil, err
	}
	return b.finish(&result{node: node, cols: p.Cols}), nil
}

// update binds UPDATE.
func (b *binder) update(s *ast.Update) (Statement, error) {
	env, defs, err := b.with(s.With, nil, nil)
	if err != nil {
		return nil, err
	}
	c, err := b.changedTable(s.Table, s.From, env)
	if err != nil {
		return nil, err
	}
	if err := b.where(c, s.Where, env); err != nil {
		return nil, err
	}
	values := make([]logical.Expr, len(c.table.Columns))
	for i := range s.Set {
		if err := b.assign(c, &s.Set[i], env, values); err != nil {
			return nil, err
		}
	}
	p := &logical.Project{Input: c.node, Cols: []logical.Column{b.newCol("rowid", c.rowid.Typ)}, Exprs: []logical.Expr{logical.Ref(c.rowid)}}
	for i, col := range c.table.Columns {
		x := values[i]
		if x == nil {
			x = logical.Ref(c.cols[i])
		}
		p.Cols, p.Exprs = append(p.Cols, b.newCol(col.Name, col.Type)), append(p.Exprs, x)
	}
	plan, err := b.changes(p, defs)
	if err != nil {
		return nil, err
	}
	ret, err := b.returning(s.Returning, c.table, c.alias(), plan)
	if err != nil {
		return nil, err
	}
	return &Update{Table: c.table, Base: c.base, Plan: plan, Returning: ret}, nil
}

// assign binds one assignment of SET.
func (b *binder) assign(c *changed, a *ast.Assignment, env *cteScope, values []logical.Expr) error {
	list := []ast.Expr{a.Value}
	if row, ok := a.Value.(*ast.Row); ok && len(a.Columns) > 1 {
		list = row.Elems
	}
	if len(list) != len(a.Columns) {
		return unsupported(a.Value, "assigning anything but a row of %d values here", len(a.Columns))
	}
	for k, id := range a.Columns {
		i := columnOf(c.table, id)
		switch {
		case i < 0 && id.Is("rowid"):
			return sqlerr.At(id.Pos(), sqlerr.CodeWrongObjectType, "the rowid of a row cannot be changed")
		case i < 0:
			return noColumn(c.table, id)
		case values[i] != nil:
			return sqlerr.At(id.Pos(), sqlerr.CodeDuplicateColumn, "column %q is assigned twice", id.Name)
		}
		col := c.table.Columns[i]
		if _, ok := list[k].(*ast.Default); ok {
			x, err := b.defaultExpr(col.Default, col.Type)
			if err != nil {
				return err
			}
			values[i] = x
			continue
		}
		x, err := b.expr(&exprCtx{scope: c.scope, env: env, clause: "UPDATE"}, list[k])
		if err != nil {
			return err
		}
		if !castable(x.Type(), col.Type) {
			return sqlerr.At(list[k].Pos(), sqlerr.CodeDatatypeMismatch, "column %q is of type %s, the value of type %s", col.Name, col.Type, x.Type())
		}
		values[i] = b.cast(b.settled(x), col.Type)
	}
	return nil
}

// columnOf finds a column of a table; -1 when there is none.
func columnOf(t *catalog.Table, id ast.Ident) int {
	for i, c := range t.Columns {
		if id.Is(c.Name) {
			return i
		}
	}
	return -1
}

func noColumn(t *catalog.Table, id ast.Ident) error {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	err := sqlerr.At(id.Pos(), sqlerr.CodeUndefinedColumn, "table %q has no column %q", t.Name, id.Name)
	if near := sqlerr.Nearest(id.Name, names); len(near) > 0 {
		return err.WithHint("did you mean %s?", catalog.Quoted(near))
	}
	return err
}

// remove binds DELETE and TRUNCATE.
func (b *binder) remove(s *ast.Delete) (Statement, error) {
	env, defs, err := b.with(s.With, nil, nil)
	if err != nil {
		return nil, err
	}
	c, err := b.changedTable(s.Table, s.Using, env)
	if err != nil {
		return nil, err
	}
	if s.Where == nil && len(s.Using) == 0 && len(s.Returning) == 0 {
		return &Delete{Table: c.table, Base: c.base, All: true}, nil
	}
	if err := b.where(c, s.Where, env); err != nil {
		return nil, err
	}
	p := &logical.Project{Input: c.node, Cols: []logical.Column{b.newCol("rowid", c.rowid.Typ)}, Exprs: []logical.Expr{logical.Ref(c.rowid)}}
	if len(s.Returning) > 0 {
		for _, col := range c.cols {
			p.Cols, p.Exprs = append(p.Cols, b.newCol(col.Name, col.Typ)), append(p.Exprs, logical.Ref(col))
		}
	}
	plan, err := b.changes(p, defs)
	if err != nil {
		return nil, err
	}
	ret, err := b.returning(s.Returning, c.table, c.alias(), plan)
	if err != nil {
		return nil, err
	}
	return &Delete{Table: c.table, Base: c.base, Plan: plan, Returning: ret}, nil
}

// alter binds ALTER TABLE and ALTER VIEW.
func (b *binder) alter(s *ast.Alter) (Statement, error) {
	parts := ast.Names(s.Name)
	e := b.o.Catalog.Find(parts, b.o.SearchPath)
	what := strings.ToLower(s.Kind.String())
	if e == nil {
		if s.IfExists {
			return &Alter{}, nil
		}
		return nil, b.o.Catalog.Missing(what, parts, s.Name[0].Pos())
	}
	if what != e.What() {
		return nil, sqlerr.At(s.Name[0].Pos(), sqlerr.CodeWrongObjectType, "%q is a %s, not a %s", parts[len(parts)-1], e.What(), what)
	}
	out := &Alter{Old: e, Pos: s.Name[0].Pos()}
	if v, ok := e.(*catalog.View); ok {
		n := *v
		out.New = &n
		switch s.Action {
		case ast.AlterRename:
			n.Name = s.NewName.Name
			return out, nil
		}
		return nil, unsupported(s, "this form of ALTER VIEW")
	}
	old := e.(*catalog.Table)
	n := *old
	n.Columns = append([]catalog.Column{}, old.Columns...)
	out.New = &n
	return b.alterTable(s, out, old, &n)
}

// alterTable binds an action of ALTER TABLE, which n is changed by.
func (b *binder) alterTable(s *ast.Alter, out *Alter, old, n *catalog.Table) (Statement, error) {
	switch s.Action {
	case ast.AlterRename:
		n.Name = s.NewName.Name
		return out, nil
	case ast.AlterSetSchema:
		if !b.o.Catalog.HasSchema(s.NewName.Name) {
			return nil, sqlerr.At(s.NewName.Pos(), sqlerr.CodeUndefinedSchema, "schema %q does not exist", s.NewName.Name)
		}
		n.Schema, _ = b.o.Catalog.Schema(s.NewName.Name)
		return out, nil
	case ast.AlterAddColumn:
		return b.addColumn(s, out, old, n)
	}
	switch s.Action {
	case ast.AlterRenameColumn, ast.AlterDropColumn, ast.AlterColumnType, ast.AlterSetDefault, ast.AlterDropDefault, ast.AlterSetNotNull, ast.AlterDropNotNull:
	default:
		return nil, unsupported(s, "this form of ALTER TABLE")
	}
	if len(s.Column) != 1 {
		return nil, unsupported(s, "altering the fields of a struct")
	}
	i := columnOf(old, s.Column[0])
	if i < 0 {
		if s.IfColumn {
			return &Alter{}, nil
		}
		return nil, noColumn(old, s.Column[0])
	}
	col := &n.Columns[i]
	switch s.Action {
	case ast.AlterRenameColumn:
		if k := columnOf(old, s.NewName); k >= 0 && k != i {
			return nil, sqlerr.At(s.NewName.Pos(), sqlerr.CodeDuplicateColumn, "table %q has a column %q already", old.Name, s.NewName.Name)
		}
		col.Name = s.NewName.Name
	case ast.AlterSetDefault:
		if _, err := b.defaultExpr(s.Expr, col.Type); err != nil {
			return nil, err
		}
		col.Default = s.Expr
	case ast.AlterDropDefault:
		col.Default = nil
	case ast.AlterSetNotNull, ast.AlterDropNotNull:
		col.NotNull = s.Action == ast.AlterSetNotNull
		return b.copied(out, old, n, nil)
	case ast.AlterDropColumn:
		if len(old.Columns) == 1 {
			return nil, sqlerr.At(s.Column[0].Pos(), sqlerr.CodeInvalidTableDef, "column %q cannot be dropped: the table has no other", old.Columns[i].Name)
		}
		n.Columns = append(n.Columns[:i:i], n.Columns[i+1:]...)
		return b.copied(out, old, n, func(scan *logical.Scan, _ *scope) ([]logical.Expr, error) {
			var exprs []logical.Expr
			for k, c := range scan.Cols {
				if k != i {
					exprs = append(exprs, logical.Ref(c))
				}
			}
			return exprs, nil
		})
	case ast.AlterColumnType:
		if s.Type != nil {
			var err error
			if col.Type, err = b.typeName(s.Type); err != nil {
				return nil, err
			}
		}
		return b.copied(out, old, n, func(scan *logical.Scan, sc *scope) ([]logical.Expr, error) {
			var exprs []logical.Expr
			for _, c := range scan.Cols {
				exprs = append(exprs, logical.Ref(c))
			}
			if s.Expr != nil {
				x, err := b.expr(&exprCtx{scope: sc, clause: "USING"}, s.Expr)
				if err != nil {
					return nil, err
				}
				exprs[i] = x
				if s.Type == nil {
					// Without a type the column takes the expression's.
					if col.Type = b.typeOf(b.settled(x)); col.Type.ID == types.Null {
						col.Type = types.Of(types.Integer)
					}
				}
			}
			if from := exprs[i].Type(); !castable(from, col.Type) {
				return nil, sqlerr.At(s.Column[0].Pos(), sqlerr.CodeCannotCoerce, "cannot cast type %s to %s", from, col.Type)
			}
			exprs[i] = b.cast(exprs[i], col.Type)
			return exprs, nil
		})
	}
	return out, nil
}

// addColumn binds ADD COLUMN: the rows that are there get the default.
func (b *binder) addColumn(s *ast.Alter, out *Alter, old, n *catalog.Table) (Statement, error) {
	if len(s.Column) > 0 {
		return nil, unsupported(s, "altering the fields of a struct")
	}
	if columnOf(old, s.Def.Name) >= 0 {
		if s.IfColumn {
			return &Alter{}, nil
		}
		return nil, sqlerr.At(s.Def.Name.Pos(), sqlerr.CodeDuplicateColumn, "table %q has a column %q already", old.Name, s.Def.Name.Name)
	}
	col, err := b.columnDef(s.Def)
	if err != nil {
		return nil, err
	}
	n.Columns = append(n.Columns, col)
	return b.copied(out, old, n, func(scan *logical.Scan, _ *scope) ([]logical.Expr, error) {
		var exprs []logical.Expr
		for _, c := range scan.Cols {
			exprs = append(exprs, logical.Ref(c))
		}
		x, err := b.defaultExpr(col.Default, col.Type)
		return append(exprs, x), err
	})
}

// copied makes the plan by which the rows of old become those of n: exprs gives n's
// columns over a scan of old, nil: they are the same.
func (b *binder) copied(out *Alter, old, n *catalog.Table, exprs func(*logical.Scan, *scope) ([]logical.Expr, error)) (Statement, error) {
	out.Base = old.Data.Snapshot()
	scan := b.baseScan(old, out.Base)
	sc := &scope{}
	sc.add(&rel{name: old.Name, implicit: true}, scan.Cols)
	p := &logical.Project{Input: scan}
	if exprs == nil {
		for _, c := range scan.Cols {
			p.Exprs = append(p.Exprs, logical.Ref(c))
		}
	} else {
		var err error
		if p.Exprs, err = exprs(scan, sc); err != nil {
			return nil, err
		}
	}
	for i, c := range n.Columns {
		p.Cols = append(p.Cols, b.newCol(c.Name, p.Exprs[i].Type()))
	}
	out.Plan = b.finish(&result{node: p, cols: p.Cols})
	return out, nil
}
