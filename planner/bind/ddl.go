package bind

import (
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// target resolves the name of an object to be made: its schema and name.
func (b *binder) target(name []ast.Ident, temp bool) (schema, table string, err error) {
	parts := ast.Names(name)
	schema = catalog.Main
	if len(b.o.SearchPath) > 0 {
		schema = b.o.SearchPath[0]
	}
	if temp {
		schema = catalog.Temp
	}
	switch len(parts) {
	case 3:
		if !strings.EqualFold(parts[0], b.o.Catalog.Database) {
			return "", "", sqlerr.At(name[0].Pos(), sqlerr.CodeUndefinedDatabase, "database %q does not exist", parts[0])
		}
		schema = parts[1]
	case 2:
		schema = parts[0]
		if strings.EqualFold(schema, b.o.Catalog.Database) && !b.o.Catalog.HasSchema(schema) {
			schema = catalog.Main
		}
	}
	if !b.o.Catalog.HasSchema(schema) {
		return "", "", sqlerr.At(name[0].Pos(), sqlerr.CodeUndefinedSchema, "schema %q does not exist", schema)
	}
	if temp && !strings.EqualFold(schema, catalog.Temp) {
		return "", "", sqlerr.At(name[0].Pos(), sqlerr.CodeInvalidTableDef, "a temporary object cannot be in schema %q", schema)
	}
	return schema, parts[len(parts)-1], nil
}

// taken handles an object that has the name already: 42P07, or nothing to do.
func (b *binder) taken(schema, name string, conflict ast.OnConflict, pos int, what string) (exists bool, err error) {
	e := b.o.Catalog.Find([]string{schema, name}, nil)
	switch {
	case e == nil:
		return false, nil
	case conflict == ast.CreateIfNotExists:
		return true, nil
	case conflict == ast.CreateError:
		return false, sqlerr.At(pos, sqlerr.CodeDuplicateTable, "%s %q already exists", e.What(), name)
	case e.What() != what:
		return false, sqlerr.At(pos, sqlerr.CodeWrongObjectType, "%q is a %s, not a %s", name, e.What(), what)
	}
	return false, nil
}

// createTable binds CREATE TABLE, with columns or AS a query.
func (b *binder) createTable(s *ast.CreateTable) (Statement, error) {
	schema, name, err := b.target(s.Name, s.Temp)
	if err != nil {
		return nil, err
	}
	exists, err := b.taken(schema, name, s.Conflict, s.Name[0].Pos(), "table")
	if err != nil {
		return nil, err
	}
	switch {
	case len(s.PartitionBy) > 0:
		return nil, unsupported(s.PartitionBy[0], "PARTITIONED BY")
	case len(s.SortedBy) > 0:
		return nil, unsupported(s.SortedBy[0], "SORTED BY")
	case len(s.Options) > 0:
		return nil, unsupported(&s.Options[0], "the table option %s", s.Options[0].Name)
	}
	t := &catalog.Table{Schema: schema, Name: name}
	if s.As != nil {
		plan, err := b.plan(s.As)
		if err != nil {
			return nil, err
		}
		cols := outputColumns(plan)
		if len(s.Columns) > len(cols) {
			return nil, sqlerr.At(s.Columns[len(cols)].Pos(), sqlerr.CodeInvalidTableDef, "the query has %d columns, the list %d", len(cols), len(s.Columns))
		}
		seen := map[string]int{}
		for i, c := range cols {
			cn := plan.Names[i]
			if i < len(s.Columns) {
				cn = s.Columns[i].Name.Name
			}
			cn = unique(seen, cn)
			t.Columns = append(t.Columns, catalog.Column{Name: cn, Type: c.Typ})
			plan.Names[i] = cn
		}
		return &CreateTableAs{Table: t, Conflict: s.Conflict, Exists: exists, NoData: s.NoData, Plan: plan}, nil
	}
	seen := map[string]bool{}
	for i := range s.Columns {
		d := &s.Columns[i]
		if seen[strings.ToLower(d.Name.Name)] {
			return nil, sqlerr.At(d.Name.Pos(), sqlerr.CodeDuplicateColumn, "column %q is listed twice", d.Name.Name)
		}
		seen[strings.ToLower(d.Name.Name)] = true
		col, err := b.columnDef(d)
		if err != nil {
			return nil, err
		}
		t.Columns = append(t.Columns, col)
	}
	if len(t.Columns) == 0 {
		return nil, sqlerr.At(s.Pos(), sqlerr.CodeInvalidTableDef, "a table needs a column")
	}
	for i := range s.Constraints {
		return nil, unsupported(&s.Constraints[i], "%s", constraintName(s.Constraints[i].Kind))
	}
	return &CreateTable{Table: t, Conflict: s.Conflict, Exists: exists}, nil
}

// unique makes a name that was not given before: a, a_1, a_2.
func unique(seen map[string]int, name string) string {
	k := strings.ToLower(name)
	n, taken := seen[k]
	seen[k] = n + 1
	if !taken {
		return name
	}
	for {
		try := name + "_" + itoa(n)
		if _, also := seen[strings.ToLower(try)]; !also {
			seen[strings.ToLower(try)] = 1
			return try
		}
		n++
	}
}

// columnDef binds one column of CREATE TABLE.
func (b *binder) columnDef(d *ast.ColumnDef) (catalog.Column, error) {
	col := catalog.Column{Name: d.Name.Name}
	if d.Type == nil {
		return col, unsupported(d, "a column without a type")
	}
	t, err := b.typeName(d.Type)
	if err != nil {
		return col, err
	}
	col.Type = t
	for i := range d.Constraints {
		switch k := &d.Constraints[i]; k.Kind {
		case ast.NotNull:
			col.NotNull = true
		case ast.Nullable:
		case ast.DefaultTo:
			if _, err := b.defaultExpr(k.Expr, t); err != nil {
				return col, err
			}
			col.Default = k.Expr
		case ast.CollateWith:
			if t.ID != types.Varchar {
				return col, sqlerr.At(k.Pos(), sqlerr.CodeDatatypeMismatch, "collations are of VARCHAR columns only")
			}
			if col.Type.Collation, err = collationNamed(k.Names); err != nil {
				return col, err
			}
		default:
			return col, unsupported(k, "%s", constraintName(k.Kind))
		}
	}
	return col, nil
}

// defaultExpr binds the expression of a DEFAULT, which sees no columns.
func (b *binder) defaultExpr(e ast.Expr, t types.Type) (logical.Expr, error) {
	if e == nil {
		return &logical.Const{At: -1, Value: types.NullOf(t)}, nil
	}
	x, err := b.expr(&exprCtx{scope: &scope{}, clause: "DEFAULT"}, e)
	if err != nil {
		return nil, err
	}
	if logical.HasSubquery(x) {
		return nil, unsupported(e, "a subquery in DEFAULT")
	}
	if !castable(x.Type(), t) {
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeDatatypeMismatch, "a default of type %s does not fit a column of type %s", x.Type(), t)
	}
	return b.cast(x, t), nil
}

func constraintName(k ast.ConstraintKind) string {
	return map[ast.ConstraintKind]string{
		ast.PrimaryKey: "PRIMARY KEY", ast.Unique: "UNIQUE", ast.Check: "CHECK", ast.Generated: "GENERATED",
		ast.ForeignKey: "REFERENCES", ast.CompressWith: "USING COMPRESSION",
		ast.NotNull: "NOT NULL", ast.Nullable: "NULL", ast.DefaultTo: "DEFAULT",
	}[k]
}

// outputColumns are the columns of a plan's result, in order.
func outputColumns(p *logical.Plan) []logical.Column {
	by := map[logical.ColID]logical.Column{}
	for _, c := range p.Root.Columns() {
		by[c.ID] = c
	}
	out := make([]logical.Column, len(p.Output))
	for i, id := range p.Output {
		out[i] = by[id]
	}
	return out
}

// createView binds CREATE VIEW: the query is bound to find its errors and its
// columns, and kept as a tree.
func (b *binder) createView(s *ast.CreateView) (Statement, error) {
	if s.Recursive {
		return nil, unsupported(s, "a recursive view")
	}
	q, ok := s.Query.(*ast.Query)
	if !ok {
		return nil, unsupported(s, "a view of %s", statementName(s.Query))
	}
	schema, name, err := b.target(s.Name, s.Temp)
	if err != nil {
		return nil, err
	}
	if _, err := b.taken(schema, name, s.Conflict, s.Name[0].Pos(), "view"); err != nil {
		return nil, err
	}
	plan, err := b.plan(q)
	if err != nil {
		return nil, err
	}
	if len(plan.Params) > 0 {
		return nil, unsupported(s, "a parameter in a view")
	}
	v := &catalog.View{Schema: schema, Name: name, Query: q}
	if at := q.Pos(); at >= 0 && at < len(b.o.Text) {
		v.SQL = strings.TrimRight(b.o.Text[at:], " \t\r\n;")
	}
	names := append([]string{}, plan.Names...)
	if len(s.Columns) > len(names) {
		return nil, sqlerr.At(s.Columns[len(names)].Pos(), sqlerr.CodeInvalidTableDef, "the query has %d columns, the list %d", len(names), len(s.Columns))
	}
	for i, c := range s.Columns {
		names[i] = c.Name
		v.Columns = append(v.Columns, c.Name)
	}
	out := &CreateView{View: v, Conflict: s.Conflict, Names: names}
	for _, c := range outputColumns(plan) {
		out.Types = append(out.Types, c.Typ)
	}
	return out, nil
}

// drop binds DROP TABLE and DROP VIEW.
func (b *binder) drop(s *ast.Drop) (Statement, error) {
	want := map[ast.ObjectKind]string{ast.ObjectTable: "table", ast.ObjectView: "view"}[s.Kind]
	if want == "" {
		return nil, unsupported(s, "DROP %s", s.Kind)
	}
	d := &Drop{Cascade: s.Behaviour == ast.DropCascade}
	for _, n := range s.Names {
		parts := ast.Names(n)
		e := b.o.Catalog.Find(parts, b.o.SearchPath)
		if e == nil {
			if s.IfExists {
				continue
			}
			return nil, b.o.Catalog.Missing(want, parts, n[0].Pos())
		}
		if e.What() != want {
			return nil, sqlerr.At(n[0].Pos(), sqlerr.CodeWrongObjectType, "%q is a %s, not a %s", parts[len(parts)-1], e.What(), want).
				WithHint("use DROP %s", strings.ToUpper(e.What()))
		}
		d.Entries = append(d.Entries, e)
	}
	return d, nil
}
