package bind

import (
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// rowsOf is the statement that answers with a table of Go values.
func (b *binder) rowsOf(columns []string, rows [][]any) *Query {
	return &Query{Plan: b.finish(b.table(columns, rows))}
}

// show binds SHOW TABLES and its relatives to rows; SHOW x is DESCRIBE x for a
// table or view, else a setting.
func (b *binder) show(s *ast.Show) (Statement, error) {
	switch s.What {
	case "tables":
		return b.showTables(s)
	case "all tables":
		return b.showAllTables()
	case "databases":
		return b.rowsOf([]string{"database_name"}, [][]any{{b.o.Catalog.Database}}), nil
	case "schemas":
		var rows [][]any
		for _, n := range b.o.Catalog.Schemas() {
			if !strings.EqualFold(n, catalog.Temp) {
				rows = append(rows, []any{b.o.Catalog.Database, n, strings.EqualFold(n, b.current())})
			}
		}
		return b.rowsOf([]string{"database_name", "schema_name", "current BOOLEAN"}, rows), nil
	case "variables":
		var rows [][]any
		for _, v := range b.o.Variables {
			rows = append(rows, []any{v.Name, v.Value.String(), v.Value.Type.String()})
		}
		return b.rowsOf([]string{"name", "value", "type"}, rows), nil
	case "":
		parts := ast.Names(s.Name)
		if b.o.Catalog.Find(parts, b.o.SearchPath) != nil || findSystemTable(parts) != nil {
			return b.describe(&ast.Describe{At: s.At, Table: &ast.TableName{At: s.Name[0].At, Parts: s.Name}})
		}
		return &Show{Name: strings.Join(parts, "."), Pos: s.Name[0].Pos()}, nil
	}
	return nil, unsupported(s, "SHOW %s", strings.ToUpper(s.What))
}

// current is the schema of new objects.
func (b *binder) current() string {
	if len(b.o.SearchPath) > 0 {
		return b.o.SearchPath[0]
	}
	return catalog.Main
}

// showTables lists the objects that a name without a schema may mean, or those
// of one schema.
func (b *binder) showTables(s *ast.Show) (Statement, error) {
	path := append([]string{catalog.Temp}, b.o.SearchPath...)
	if len(b.o.SearchPath) == 0 {
		path = append(path, catalog.Main)
	}
	if len(s.Name) > 0 {
		name, err := b.schemaName(s.Name)
		if err != nil {
			return nil, err
		}
		if name.Is(b.o.Catalog.Database) && !b.o.Catalog.HasSchema(name.Name) {
			name.Name = catalog.Main
		}
		if !b.o.Catalog.HasSchema(name.Name) {
			return nil, sqlerr.At(name.Pos(), sqlerr.CodeUndefinedSchema, "schema %q does not exist", name.Name)
		}
		path = []string{name.Name}
	}
	var names []string
	seen := map[string]bool{}
	for _, p := range path {
		if key := strings.ToLower(p); !seen[key] {
			seen[key] = true
			for _, e := range b.o.Catalog.In(p) {
				_, name := e.Names()
				names = append(names, name)
			}
		}
	}
	sortNames(names)
	var rows [][]any
	for _, n := range names {
		rows = append(rows, []any{n})
	}
	return b.rowsOf([]string{"name"}, rows), nil
}

// showAllTables lists all objects with their columns.
func (b *binder) showAllTables() (Statement, error) {
	var rows [][]any
	for _, l := range b.listed() {
		schema, name := l.entry.Names()
		db, in, temp := b.place(schema)
		names, kinds := []string{}, []string{}
		cols, _ := b.columnsOfEntry(l.entry)
		for _, c := range cols {
			names, kinds = append(names, c.Name), append(kinds, c.Type.String())
		}
		rows = append(rows, []any{db, in, name, names, kinds, temp})
	}
	return b.rowsOf([]string{"database", "schema", "name", "column_names LIST", "column_types LIST", "temporary BOOLEAN"}, rows), nil
}

// describe binds DESCRIBE of a table or query to rows.
func (b *binder) describe(s *ast.Describe) (Statement, error) {
	var cols []logical.Column
	var defs []catalog.Column
	switch {
	case s.Table != nil:
		if t, ok := s.Table.(*ast.TableName); ok {
			if tab, ok := b.o.Catalog.Find(ast.Names(t.Parts), b.o.SearchPath).(*catalog.Table); ok {
				defs = tab.Columns
			}
		}
		_, sc, err := b.tableRef(s.Table, nil, &scope{})
		if err != nil {
			return nil, err
		}
		for _, c := range sc.cols {
			col := c.col
			col.Name = c.name
			cols = append(cols, col)
		}
	case s.Query != nil:
		st, err := b.statement(s.Query)
		if err != nil {
			return nil, err
		}
		q, ok := st.(*Query)
		if !ok {
			return nil, unsupported(s, "DESCRIBE of %s", statementName(s.Query))
		}
		cols = outputColumns(q.Plan)
		for i := range cols {
			cols[i].Name = q.Plan.Names[i]
		}
	default:
		return b.showAllTables()
	}
	b.params = nil
	var rows [][]any
	for i, c := range cols {
		null, def := "YES", any(nil)
		if i < len(defs) {
			if defs[i].NotNull {
				null = "NO"
			}
			if defs[i].Default != nil {
				def = format.Expr(defs[i].Default)
			}
		}
		rows = append(rows, []any{c.Name, c.Typ.String(), null, nil, def, nil})
	}
	return b.rowsOf([]string{"column_name", "column_type", "null", "key", "default", "extra"}, rows), nil
}

// pragma binds the pragmas that answer with rows.
func (b *binder) pragma(s *ast.Pragma) (Statement, error) {
	switch name := strings.ToLower(s.Name.Name); name {
	case "show_tables", "show_tables_expanded", "show_databases":
		return b.show(&ast.Show{At: s.At, What: map[string]string{
			"show_tables": "tables", "show_tables_expanded": "all tables", "show_databases": "databases",
		}[name]})
	case "database_list":
		return b.rowsOf([]string{"seq BIGINT", "name", "file"}, [][]any{{1, b.o.Catalog.Database, nil}}), nil
	case "table_info", "show":
		if len(s.Args) == 1 {
			parts, err := nameArg(s.Args[0])
			if err != nil {
				return nil, err
			}
			if name == "show" {
				return b.describe(&ast.Describe{At: s.At, Table: &ast.TableName{At: s.At, Parts: parts}})
			}
			r, err := b.tableInfo(parts)
			if err != nil {
				return nil, err
			}
			return &Query{Plan: b.finish(r)}, nil
		}
	}
	return nil, unsupported(s, "PRAGMA %s", s.Name.Name)
}

// nameArg is the name that a string argument or a bare name holds.
func nameArg(e ast.Expr) ([]ast.Ident, error) {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return e.Parts, nil
	case *ast.Literal:
		if e.Kind == ast.LitString && e.Text != "" {
			var out []ast.Ident
			for _, p := range strings.Split(e.Text, ".") {
				out = append(out, ast.Ident{At: e.At, Name: strings.Trim(p, `"`)})
			}
			return out, nil
		}
	}
	return nil, sqlerr.At(e.Pos(), sqlerr.CodeInvalidArgument, "the name of a table is wanted")
}
