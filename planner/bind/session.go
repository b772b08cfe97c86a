package bind

import (
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// constant evaluates what a setting or an option is given: literals, bare
// words (as strings), lists and structs of them.
func constant(e ast.Expr) (types.Value, error) {
	switch e := e.(type) {
	case *ast.Literal:
		x, err := literalExpr(e)
		if err != nil {
			return types.Value{}, err
		}
		return x.(*logical.Const).Value, nil
	case *ast.ColumnRef:
		return types.StringValue(strings.Join(ast.Names(e.Parts), ".")), nil
	case *ast.TypedLiteral:
		return types.StringValue(e.Text), nil
	case *ast.Unary:
		if l, ok := e.X.(*ast.Literal); ok && e.Op == "-" && !strings.HasPrefix(l.Text, "-") {
			n := *l
			n.Text = "-" + l.Text
			return constant(&n)
		}
	case *ast.List:
		return constantList(e.Elems)
	case *ast.Row:
		return constantList(e.Elems)
	case *ast.Struct:
		v := types.Value{Type: types.StructOf()}
		for _, f := range e.Fields {
			x, err := constant(f.Value)
			if err != nil {
				return v, err
			}
			v.Type.Ext.Fields = append(v.Type.Ext.Fields, types.Field{Name: f.Name, Type: x.Type})
			v.Children = append(v.Children, x)
		}
		return v, nil
	}
	return types.Value{}, unsupported(e, "anything but a constant here")
}

func constantList(elems []ast.Expr) (types.Value, error) {
	v := types.Value{Type: types.ListOf(types.Of(types.Varchar))}
	for i, x := range elems {
		k, err := constant(x)
		if err != nil {
			return v, err
		}
		if i == 0 {
			v.Type = types.ListOf(k.Type)
		}
		v.Children = append(v.Children, k)
	}
	return v, nil
}

func (b *binder) set(s *ast.Set) (Statement, error) {
	if s.Scope == ast.ScopeVariable {
		return nil, unsupported(s, "SET VARIABLE")
	}
	out := &Set{Scope: s.Scope, Name: s.Name.Name, Pos: s.Name.Pos()}
	list := []ast.Expr{s.Value}
	switch v := s.Value.(type) {
	case *ast.Default:
		out.Default = true
		return out, nil
	case *ast.Row:
		list = v.Elems
	}
	for _, e := range list {
		v, err := constant(e)
		if err != nil {
			return nil, err
		}
		out.Values = append(out.Values, v)
	}
	return out, nil
}

// textTable makes a query whose rows are given as text; "" in a nullable
// column is NULL.
func (b *binder) textTable(names []string, rows [][]string, nullable ...bool) *Query {
	v := &logical.Values{}
	for _, n := range names {
		v.Cols = append(v.Cols, b.newCol(n, types.Of(types.Varchar)))
	}
	for _, r := range rows {
		row := make([]logical.Expr, len(r))
		for i, s := range r {
			val := types.StringValue(s)
			if s == "" && i < len(nullable) && nullable[i] {
				val = types.NullOf(types.Of(types.Varchar))
			}
			row[i] = &logical.Const{At: -1, Value: val}
		}
		v.Rows = append(v.Rows, row)
	}
	return &Query{Plan: b.finish(&result{node: v, cols: v.Cols})}
}

// show binds SHOW TABLES and its relatives to rows; SHOW x is DESCRIBE x for a
// table or view, else a setting.
func (b *binder) show(s *ast.Show) (Statement, error) {
	switch s.What {
	case "tables", "all tables":
		var schema string
		if len(s.Name) > 0 {
			schema = ast.Last(s.Name).Name
			if !b.o.Catalog.HasSchema(schema) {
				return nil, sqlerr.At(s.Name[0].Pos(), sqlerr.CodeUndefinedSchema, "schema %q does not exist", schema)
			}
		}
		all := s.What == "all tables"
		var rows [][]string
		for _, e := range b.o.Catalog.All() {
			in, name := e.Names()
			if schema != "" && !strings.EqualFold(in, schema) {
				continue
			}
			if all {
				rows = append(rows, []string{b.o.Catalog.Database, in, name})
			} else {
				rows = append(rows, []string{name})
			}
		}
		if all {
			return b.textTable([]string{"database", "schema", "name"}, rows), nil
		}
		return b.textTable([]string{"name"}, rows), nil
	case "databases":
		return b.textTable([]string{"database_name"}, [][]string{{b.o.Catalog.Database}}), nil
	case "schemas":
		var rows [][]string
		for _, n := range b.o.Catalog.Schemas() {
			rows = append(rows, []string{b.o.Catalog.Database, n})
		}
		return b.textTable([]string{"database_name", "schema_name"}, rows), nil
	case "":
		if e := b.o.Catalog.Find(ast.Names(s.Name), b.o.SearchPath); e != nil {
			return b.describe(&ast.Describe{At: s.At, Table: &ast.TableName{At: s.Name[0].At, Parts: s.Name}})
		}
		return &Show{Name: strings.Join(ast.Names(s.Name), "."), Pos: s.Name[0].Pos()}, nil
	}
	return nil, unsupported(s, "SHOW %s", strings.ToUpper(s.What))
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
		return b.show(&ast.Show{At: s.At, What: "tables"})
	}
	b.params = nil
	var rows [][]string
	for i, c := range cols {
		null := "YES"
		if i < len(defs) && defs[i].NotNull {
			null = "NO"
		}
		rows = append(rows, []string{c.Name, c.Typ.String(), null, "", "", ""})
	}
	return b.textTable([]string{"column_name", "column_type", "null", "key", "default", "extra"}, rows,
		false, false, false, true, true, true), nil
}

// prepare binds the inner statement once, to find its errors.
func (b *binder) prepare(s *ast.Prepare) (Statement, error) {
	out := &Prepare{Name: s.Name.Name, Stmt: s.Stmt}
	for _, t := range s.Types {
		typ, err := b.typeName(t)
		if err != nil {
			return nil, err
		}
		out.Types = append(out.Types, typ)
	}
	if _, err := b.statement(s.Stmt); err != nil {
		return nil, err
	}
	return out, nil
}

// execute binds the arguments, which see no columns.
func (b *binder) execute(s *ast.Execute) (Statement, error) {
	out := &Execute{Name: s.Name.Name, Pos: s.Name.Pos()}
	c := &exprCtx{scope: &scope{}, clause: "EXECUTE"}
	for _, a := range s.Args {
		name := ""
		if n, ok := a.(*ast.NamedArg); ok {
			name, a = n.Name.Name, n.Value
		}
		x, err := b.expr(c, a)
		if err != nil {
			return nil, err
		}
		if logical.HasSubquery(x) {
			return nil, unsupported(a, "a subquery as an argument of EXECUTE")
		}
		out.Args = append(out.Args, b.settled(x))
		out.Names = append(out.Names, name)
	}
	return out, nil
}

func (b *binder) use(s *ast.Use) (Statement, error) {
	parts := ast.Names(s.Name)
	last := parts[len(parts)-1]
	if !b.o.Catalog.HasSchema(last) && !strings.EqualFold(last, b.o.Catalog.Database) {
		return nil, sqlerr.At(s.Name[0].Pos(), sqlerr.CodeUndefinedSchema, "schema %q does not exist", last)
	}
	return &Use{Name: parts, Pos: s.Name[0].Pos()}, nil
}
