package bind

import (
	"slices"
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/vector/types"
)

// systemTable is a table of what the database knows of itself. Its rows are
// made when it is bound.
type systemTable struct {
	// columns are the names, each with its type behind a space.
	columns []string
	rows    func(b *binder) ([][]any, error)
}

// systemTables are the tables by name; those of information_schema with their
// schema. duckdb_ ones are also functions without arguments. Object identifiers
// are the objects' places in the catalog's order.
func systemTables() map[string]*systemTable {
	return map[string]*systemTable{
		"duckdb_tables": {[]string{
			"database_name VARCHAR", "database_oid BIGINT", "schema_name VARCHAR", "schema_oid BIGINT", "table_name VARCHAR", "table_oid BIGINT",
			"comment VARCHAR", "tags MAP", "internal BOOLEAN", "temporary BOOLEAN", "has_primary_key BOOLEAN", "estimated_size BIGINT",
			"column_count BIGINT", "index_count BIGINT", "check_constraint_count BIGINT", "sql VARCHAR",
		}, (*binder).tableRows},
		"duckdb_views": {[]string{
			"database_name VARCHAR", "database_oid BIGINT", "schema_name VARCHAR", "schema_oid BIGINT", "view_name VARCHAR", "view_oid BIGINT",
			"comment VARCHAR", "tags MAP", "internal BOOLEAN", "temporary BOOLEAN", "column_count BIGINT", "sql VARCHAR", "is_bound BOOLEAN",
		}, (*binder).viewRows},
		"duckdb_columns": {[]string{
			"database_name VARCHAR", "database_oid BIGINT", "schema_name VARCHAR", "schema_oid BIGINT", "table_name VARCHAR", "table_oid BIGINT",
			"column_name VARCHAR", "column_index INTEGER", "comment VARCHAR", "internal BOOLEAN", "column_default VARCHAR", "is_nullable BOOLEAN",
			"data_type VARCHAR", "data_type_id BIGINT", "character_maximum_length INTEGER", "numeric_precision INTEGER",
			"numeric_precision_radix INTEGER", "numeric_scale INTEGER",
		}, (*binder).columnRows},
		"duckdb_schemas": {[]string{
			"oid BIGINT", "database_name VARCHAR", "database_oid BIGINT", "schema_name VARCHAR", "comment VARCHAR", "tags MAP", "internal BOOLEAN", "sql VARCHAR",
		}, (*binder).schemaRows},
		"duckdb_databases": {[]string{
			"database_name VARCHAR", "database_oid BIGINT", "path VARCHAR", "comment VARCHAR", "tags MAP", "internal BOOLEAN", "type VARCHAR", "readonly BOOLEAN",
		}, (*binder).databaseRows},
		"duckdb_types": {[]string{
			"database_name VARCHAR", "database_oid BIGINT", "schema_name VARCHAR", "schema_oid BIGINT", "type_oid BIGINT", "type_name VARCHAR", "type_size BIGINT",
			"logical_type VARCHAR", "type_category VARCHAR", "comment VARCHAR", "tags MAP", "internal BOOLEAN", "labels LIST",
		}, (*binder).typeRows},
		"duckdb_settings": {[]string{
			"name VARCHAR", "value VARCHAR", "description VARCHAR", "input_type VARCHAR", "scope VARCHAR", "aliases LIST",
		}, (*binder).settingRows},
		"duckdb_functions": {[]string{
			"database_name VARCHAR", "database_oid VARCHAR", "schema_name VARCHAR", "function_name VARCHAR", "alias_of VARCHAR", "function_type VARCHAR",
			"description VARCHAR", "comment VARCHAR", "tags MAP", "return_type VARCHAR", "parameters LIST", "parameter_types LIST", "varargs VARCHAR",
			"macro_definition VARCHAR", "has_side_effects BOOLEAN", "internal BOOLEAN", "function_oid BIGINT", "examples LIST", "stability VARCHAR", "categories LIST",
		}, (*binder).functionRows},
		"sqlite_master": {[]string{"type VARCHAR", "name VARCHAR", "tbl_name VARCHAR", "rootpage INTEGER", "sql VARCHAR"}, (*binder).masterRows},
		"information_schema.tables": {[]string{
			"table_catalog VARCHAR", "table_schema VARCHAR", "table_name VARCHAR", "table_type VARCHAR", "self_referencing_column_name VARCHAR",
			"reference_generation VARCHAR", "user_defined_type_catalog VARCHAR", "user_defined_type_schema VARCHAR", "user_defined_type_name VARCHAR",
			"is_insertable_into VARCHAR", "is_typed VARCHAR", "commit_action VARCHAR", "TABLE_COMMENT VARCHAR",
		}, (*binder).informationTables},
		"information_schema.columns": {[]string{
			"table_catalog VARCHAR", "table_schema VARCHAR", "table_name VARCHAR", "column_name VARCHAR", "ordinal_position INTEGER", "column_default VARCHAR",
			"is_nullable VARCHAR", "data_type VARCHAR", "character_maximum_length INTEGER", "character_octet_length INTEGER", "numeric_precision INTEGER",
			"numeric_precision_radix INTEGER", "numeric_scale INTEGER", "datetime_precision INTEGER",
		}, (*binder).informationColumns},
		"information_schema.schemata": {[]string{
			"catalog_name VARCHAR", "schema_name VARCHAR", "schema_owner VARCHAR", "default_character_set_catalog VARCHAR",
			"default_character_set_schema VARCHAR", "default_character_set_name VARCHAR", "sql_path VARCHAR",
		}, (*binder).informationSchemata},
	}
}

// findSystemTable finds a table of the system by its name, nil when there is none.
func findSystemTable(parts []string) *systemTable {
	name := strings.ToLower(strings.Join(parts, "."))
	if !strings.HasPrefix(name, "duckdb_") && !strings.HasPrefix(name, "sqlite_") && !strings.Contains(name, ".") {
		return nil
	}
	for _, schema := range []string{"main.", "system.main.", "pg_catalog."} {
		name = strings.TrimPrefix(name, schema)
	}
	return systemTables()[strings.TrimPrefix(name, "system.")]
}

// system binds a table of the system.
func (b *binder) system(t *systemTable) (*result, error) {
	rows, err := t.rows(b)
	if err != nil {
		return nil, err
	}
	return b.table(t.columns, rows), nil
}

// table makes a result of rows of Go values: nil, string, int, bool, []string.
// The columns are names, each with its type behind a space.
func (b *binder) table(columns []string, rows [][]any) *result {
	v := &logical.Values{}
	for _, c := range columns {
		name, t, _ := strings.Cut(c, " ")
		typ := types.Of(types.Varchar)
		switch t {
		case "BIGINT":
			typ = types.Of(types.BigInt)
		case "INTEGER":
			typ = types.Of(types.Integer)
		case "BOOLEAN":
			typ = types.Of(types.Boolean)
		case "LIST":
			typ = types.ListOf(typ)
		case "MAP":
			typ = types.MapOf(typ, typ)
		}
		v.Cols = append(v.Cols, b.newCol(name, typ))
	}
	for _, r := range rows {
		row := make([]logical.Expr, len(r))
		for i, x := range r {
			row[i] = &logical.Const{At: -1, Value: cell(x, v.Cols[i].Typ)}
		}
		v.Rows = append(v.Rows, row)
	}
	return &result{node: v, cols: v.Cols}
}

func cell(x any, t types.Type) types.Value {
	switch x := x.(type) {
	case string:
		return types.StringValue(x)
	case bool:
		return types.BoolValue(x)
	case int:
		return types.IntValue(t, int64(x))
	case []string:
		v := types.Value{Type: t}
		for _, s := range x {
			v.Children = append(v.Children, types.StringValue(s))
		}
		return v
	}
	if t.ID == types.Map {
		return types.Value{Type: t} // tags: none
	}
	return types.NullOf(t)
}

// tags stands for the empty map of tags.
var tags any

// place is where an object stands, as DuckDB words it: temporary objects have a
// database of their own.
func (b *binder) place(schema string) (database, in string, temp bool) {
	if strings.EqualFold(schema, catalog.Temp) {
		return "temp", catalog.Main, true
	}
	if as, ok := b.o.Catalog.Schema(schema); ok {
		schema = as
	}
	return b.o.Catalog.Database, schema, false
}

// oids number the databases and schemas.
func (b *binder) oids(schema string) (database, in int) {
	for i, s := range b.o.Catalog.Schemas() {
		if strings.EqualFold(s, schema) {
			in = 1000 + i
		}
	}
	if strings.EqualFold(schema, catalog.Temp) {
		return 2, in
	}
	return 1, in
}

// listed are the objects of the catalog, tables and views apart.
type listed struct {
	entry catalog.Entry
	oid   int
}

func (b *binder) listed() []listed {
	var out []listed
	for i, e := range b.o.Catalog.All() {
		out = append(out, listed{e, 2000 + i})
	}
	// Those of main come before others, temporary ones last.
	rank := func(l listed) int {
		switch schema, _ := l.entry.Names(); {
		case strings.EqualFold(schema, catalog.Main):
			return 0
		case strings.EqualFold(schema, catalog.Temp):
			return 2
		}
		return 1
	}
	slices.SortStableFunc(out, func(x, y listed) int { return rank(x) - rank(y) })
	return out
}

// columnsOfEntry are the columns of a table or view; those of a view whose query
// has become wrong are unknown.
func (b *binder) columnsOfEntry(e catalog.Entry) (cols []catalog.Column, ok bool) {
	switch e := e.(type) {
	case *catalog.Table:
		return e.Columns, true
	case *catalog.View:
		r, err := b.view(e, -1)
		if err != nil {
			return nil, false
		}
		for _, c := range r.cols {
			cols = append(cols, catalog.Column{Name: c.Name, Type: c.Typ})
		}
		return cols, true
	}
	return nil, false
}

// tableSQL is the statement that makes a table.
func tableSQL(t *catalog.Table) string {
	var s strings.Builder
	s.WriteString("CREATE ")
	if strings.EqualFold(t.Schema, catalog.Temp) {
		s.WriteString("TEMP ")
	}
	s.WriteString("TABLE ")
	if !strings.EqualFold(t.Schema, catalog.Main) && !strings.EqualFold(t.Schema, catalog.Temp) {
		s.WriteString(format.QuoteIdent(t.Schema) + ".")
	}
	s.WriteString(format.QuoteIdent(t.Name) + "(")
	for i, c := range t.Columns {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(format.QuoteIdent(c.Name) + " " + c.Type.String())
		if c.Default != nil {
			s.WriteString(" DEFAULT(" + format.Expr(c.Default) + ")")
		}
		if c.NotNull {
			s.WriteString(" NOT NULL")
		}
	}
	s.WriteString(");")
	return s.String()
}

// viewSQL is the statement that makes a view.
func viewSQL(v *catalog.View) string {
	s := "CREATE VIEW "
	switch {
	case strings.EqualFold(v.Schema, catalog.Temp):
		s = "CREATE TEMP VIEW "
	case !strings.EqualFold(v.Schema, catalog.Main):
		s += format.QuoteIdent(v.Schema) + "."
	}
	s += format.QuoteIdent(v.Name)
	if len(v.Columns) > 0 {
		names := make([]string, len(v.Columns))
		for i, n := range v.Columns {
			names[i] = format.QuoteIdent(n)
		}
		s += "(" + strings.Join(names, ", ") + ")"
	}
	return s + " AS " + format.Statement(v.Query) + ";"
}

func (b *binder) tableRows() ([][]any, error) {
	var rows [][]any
	for _, l := range b.listed() {
		t, ok := l.entry.(*catalog.Table)
		if !ok {
			continue
		}
		db, in, temp := b.place(t.Schema)
		dbOID, inOID := b.oids(t.Schema)
		size := 0
		if st, err := t.Data.Snapshot().Stats(b.ctx); err == nil {
			size = int(st.NumRows)
		}
		rows = append(rows, []any{db, dbOID, in, inOID, t.Name, l.oid, nil, tags, false, temp, false, size, len(t.Columns), 0, 0, tableSQL(t)})
	}
	return rows, nil
}

func (b *binder) viewRows() ([][]any, error) {
	var rows [][]any
	for _, l := range b.listed() {
		v, ok := l.entry.(*catalog.View)
		if !ok {
			continue
		}
		cols, bound := b.columnsOfEntry(v)
		db, in, temp := b.place(v.Schema)
		dbOID, inOID := b.oids(v.Schema)
		rows = append(rows, []any{db, dbOID, in, inOID, v.Name, l.oid, nil, tags, false, temp, len(cols), viewSQL(v), bound})
	}
	return rows, nil
}

// numeric gives the precision, its radix and the scale of a numeric type.
func numeric(t types.Type) (precision, radix, scale any) {
	switch t.ID {
	case types.TinyInt, types.UTinyInt:
		return 8, 2, 0
	case types.SmallInt, types.USmallInt:
		return 16, 2, 0
	case types.Integer, types.UInteger:
		return 32, 2, 0
	case types.BigInt, types.UBigInt:
		return 64, 2, 0
	case types.HugeInt, types.UHugeInt:
		return 128, 2, 0
	case types.Float:
		return 24, 2, 0
	case types.Double:
		return 53, 2, 0
	case types.Decimal:
		return int(t.Width), 10, int(t.Scale)
	}
	return nil, nil, nil
}

// eachColumn calls f for all columns of all tables and views.
func (b *binder) eachColumn(f func(l listed, i int, c catalog.Column)) {
	for _, l := range b.listed() {
		cols, _ := b.columnsOfEntry(l.entry)
		for i, c := range cols {
			f(l, i, c)
		}
	}
}

func defaultText(c catalog.Column) any {
	if c.Default == nil {
		return nil
	}
	return format.Expr(c.Default)
}

func (b *binder) columnRows() ([][]any, error) {
	var rows [][]any
	b.eachColumn(func(l listed, i int, c catalog.Column) {
		schema, name := l.entry.Names()
		db, in, _ := b.place(schema)
		dbOID, inOID := b.oids(schema)
		p, r, s := numeric(c.Type)
		rows = append(rows, []any{
			db, dbOID, in, inOID, name, l.oid, c.Name, i + 1, nil, false, defaultText(c), !c.NotNull, c.Type.String(), int(c.Type.ID), nil, p, r, s,
		})
	})
	return rows, nil
}

func (b *binder) schemaRows() ([][]any, error) {
	var rows [][]any
	for _, n := range b.o.Catalog.Schemas() {
		db, in, temp := b.place(n)
		dbOID, oid := b.oids(n)
		rows = append(rows, []any{oid, db, dbOID, in, nil, tags, temp || strings.EqualFold(n, catalog.Main), nil})
	}
	for _, n := range []string{"information_schema", "main", "pg_catalog"} {
		rows = append(rows, []any{0, "system", 0, n, nil, tags, true, nil})
	}
	return rows, nil
}

func (b *binder) databaseRows() ([][]any, error) {
	return [][]any{
		{b.o.Catalog.Database, 1, nil, nil, tags, false, "gannet", false},
		{"system", 0, nil, nil, tags, true, "gannet", false},
		{"temp", 2, nil, nil, tags, true, "gannet", false},
	}, nil
}

func (b *binder) typeRows() ([][]any, error) {
	var rows [][]any
	names := types.TypeNames()
	slices.Sort(names)
	for _, n := range append(names, "array", "enum", "list", "map", "row", "struct") {
		kind, size, category := strings.ToUpper(n), 0, any("COMPOSITE")
		if t, err := types.Lookup(n, nil); err == nil {
			kind, size, category = strings.TrimSuffix(t.String(), "(18,3)"), t.Physical().Width(), nil
			switch {
			case t.IsNumeric():
				category = "NUMERIC"
			case t.IsTemporal():
				category = "DATETIME"
			case t.ID == types.Varchar:
				category = "STRING"
			case t.ID == types.Boolean:
				category = "BOOLEAN"
			}
		}
		rows = append(rows, []any{"system", 0, catalog.Main, 0, int(len(rows)), n, size, kind, category, nil, tags, true, nil})
	}
	return rows, nil
}

func (b *binder) settingRows() ([][]any, error) {
	var rows [][]any
	if b.o.Settings == nil {
		return nil, nil
	}
	for _, s := range b.o.Settings() {
		scope := "LOCAL"
		if s.Instance {
			scope = "GLOBAL"
		}
		rows = append(rows, []any{s.Name, s.Value, s.Description, "VARCHAR", scope, append([]string{}, s.Aliases...)})
	}
	return rows, nil
}

func typeTexts(list []types.Type) []string {
	out := []string{}
	for _, t := range list {
		out = append(out, t.String())
	}
	return out
}

func (b *binder) functionRows() ([][]any, error) {
	var rows [][]any
	names := b.o.Functions.Names()
	slices.Sort(names)
	add := func(name, own, kind, description, example, category string, ret any, params []types.Type, variadic, volatile bool) {
		alias := any(nil)
		if name != own {
			alias = own
		}
		varargs := any(nil)
		if variadic && len(params) > 0 {
			varargs = params[len(params)-1].String()
			params = params[:len(params)-1]
		}
		parameters := []string{}
		for i := range params {
			parameters = append(parameters, "col"+itoa(i))
		}
		stability := "CONSISTENT"
		if volatile {
			stability = "VOLATILE"
		}
		rows = append(rows, []any{
			"system", "0", catalog.Main, name, alias, kind, description, nil, tags, ret, parameters, typeTexts(params), varargs, nil, volatile, true, 0,
			[]string{example}, stability, []string{category},
		})
	}
	for _, n := range names {
		if f := b.o.Functions.Scalar(n); f != nil {
			for _, o := range f.Overloads {
				var ret any
				if o.Bind == nil {
					ret = o.Return.String()
				}
				add(n, f.Name, "scalar", f.Description, f.Example, f.Category, ret, o.Params, o.Variadic, o.Vol == function.Volatile)
			}
		}
		if f := b.o.Functions.Aggregate(n); f != nil {
			for _, o := range f.Overloads {
				add(n, f.Name, "aggregate", f.Description, f.Example, f.Category, nil, o.Params, o.Variadic, false)
			}
		}
	}
	for _, n := range tableFunctions {
		add(n, n, "table", "", "", "", nil, nil, false, false)
	}
	return rows, nil
}

func (b *binder) masterRows() ([][]any, error) {
	var rows [][]any
	for _, l := range b.listed() {
		switch e := l.entry.(type) {
		case *catalog.Table:
			rows = append(rows, []any{"table", e.Name, e.Name, 0, tableSQL(e)})
		case *catalog.View:
			rows = append(rows, []any{"view", e.Name, e.Name, 0, viewSQL(e)})
		}
	}
	return rows, nil
}

func (b *binder) informationTables() ([][]any, error) {
	var rows [][]any
	for _, l := range b.listed() {
		schema, name := l.entry.Names()
		db, in, temp := b.place(schema)
		kind, insert, commit := "BASE TABLE", "YES", any(nil)
		switch {
		case l.entry.What() == "view":
			kind, insert = "VIEW", "NO"
		case temp:
			kind, commit = "LOCAL TEMPORARY", "PRESERVE"
		}
		rows = append(rows, []any{db, in, name, kind, nil, nil, nil, nil, nil, insert, "NO", commit, nil})
	}
	return rows, nil
}

func (b *binder) informationColumns() ([][]any, error) {
	var rows [][]any
	b.eachColumn(func(l listed, i int, c catalog.Column) {
		schema, name := l.entry.Names()
		db, in, _ := b.place(schema)
		null := "YES"
		if c.NotNull {
			null = "NO"
		}
		p, r, s := numeric(c.Type)
		rows = append(rows, []any{db, in, name, c.Name, i + 1, defaultText(c), null, c.Type.String(), nil, nil, p, r, s, nil})
	})
	return rows, nil
}

func (b *binder) informationSchemata() ([][]any, error) {
	var rows [][]any
	all, err := b.schemaRows()
	for _, r := range all {
		rows = append(rows, []any{r[1], r[3], "gannet", nil, nil, nil, nil})
	}
	return rows, err
}

// tableInfo lists the columns of a table as PRAGMA table_info does.
func (b *binder) tableInfo(name []ast.Ident) (*result, error) {
	e, err := b.o.Catalog.Lookup(ast.Names(name), b.o.SearchPath, name[0].Pos())
	if err != nil {
		return nil, err
	}
	cols, _ := b.columnsOfEntry(e)
	var rows [][]any
	for i, c := range cols {
		rows = append(rows, []any{i, c.Name, c.Type.String(), c.NotNull, defaultText(c), false})
	}
	return b.table([]string{"cid INTEGER", "name VARCHAR", "type VARCHAR", "notnull BOOLEAN", "dflt_value VARCHAR", "pk BOOLEAN"}, rows), nil
}
