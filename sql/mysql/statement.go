package mysql

import (
	"strings"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// statement converts a whole statement.
func (c *converter) statement(s sqlparser.Statement) ast.Statement {
	start := ast.At(c.st.start)
	switch s := s.(type) {
	case sqlparser.TableStatement:
		return c.query(s)
	case *sqlparser.Insert:
		return c.insert(s)
	case *sqlparser.Update:
		return c.update(s)
	case *sqlparser.Delete:
		return c.delete(s)
	case *sqlparser.CreateTable:
		return c.createTable(s)
	case *sqlparser.CreateView:
		return c.createView(s)
	case *sqlparser.DropTable:
		return c.drop(ast.ObjectTable, s.IfExists, s.FromTables)
	case *sqlparser.DropView:
		return c.drop(ast.ObjectView, s.IfExists, s.FromTables)
	case *sqlparser.CreateDatabase:
		out := &ast.CreateSchema{At: start, Name: []ast.Ident{c.ident(s.DBName.String())}}
		if s.IfNotExists {
			out.Conflict = ast.CreateIfNotExists
		}
		return out
	case *sqlparser.DropDatabase:
		return &ast.Drop{At: start, Kind: ast.ObjectSchema, IfExists: s.IfExists, Names: [][]ast.Ident{{c.ident(s.DBName.String())}}}
	case *sqlparser.TruncateTable:
		n := c.tableParts(s.Table)
		return &ast.Delete{At: start, Table: &ast.TableName{At: n[0].At, Parts: n}, Truncate: true}
	case *sqlparser.Set:
		return c.set(s)
	case *sqlparser.Show:
		return c.show(s)
	case *sqlparser.Use:
		if s.DBName.String() != "" {
			return &ast.Use{At: start, Name: []ast.Ident{c.ident(s.DBName.String())}}
		}
	case *sqlparser.ExplainTab:
		n := c.tableParts(s.Table)
		return &ast.Describe{At: start, Table: &ast.TableName{At: n[0].At, Parts: n}}
	case *sqlparser.ExplainStmt:
		return c.explain(s)
	case *sqlparser.Begin:
		out := &ast.Transaction{At: start, Kind: ast.Begin}
		for _, m := range s.TxAccessModes {
			out.ReadOnly = out.ReadOnly || m == sqlparser.ReadOnly
			out.ReadWrite = out.ReadWrite || m == sqlparser.ReadWrite
		}
		return out
	case *sqlparser.Commit:
		return &ast.Transaction{At: start, Kind: ast.Commit}
	case *sqlparser.Rollback:
		return &ast.Transaction{At: start, Kind: ast.Rollback}
	case *sqlparser.Analyze:
		return &ast.Vacuum{At: start, Analyze: true, Table: c.tableParts(s.Table)}
	case *sqlparser.CommentOnly:
		c.fail(start, sqlerr.CodeSyntax, "the query is empty")
		return nil
	}
	words := strings.Fields(c.text[c.st.start:min(c.st.end, c.st.start+64)])
	c.unsupported(start, "%s", strings.ToUpper(strings.Join(words[:min(2, len(words))], " ")))
	return nil
}

func (c *converter) explain(s *sqlparser.ExplainStmt) ast.Statement {
	out := &ast.Explain{At: ast.At(c.st.start)}
	switch s.Type {
	case sqlparser.AnalyzeType:
		out.Analyze = true
	case sqlparser.JSONType:
		out.Format = "json"
	}
	defer c.leave()
	if c.enter() {
		out.Stmt = c.statement(s.Statement)
	}
	return out
}

func (c *converter) insert(s *sqlparser.Insert) ast.Statement {
	out := &ast.Insert{At: ast.At(c.st.start)}
	c.find("into")
	t, ok := s.Table.Expr.(sqlparser.TableName)
	if !ok || len(s.Partitions) > 0 {
		c.unsupported(c.at, "INSERT into anything but a table")
		return out
	}
	out.Table = c.tableParts(t)
	out.Columns = c.idents(s.Columns)
	switch {
	case s.Action == sqlparser.ReplaceAct:
		out.OrAction = "replace"
	case bool(s.Ignore):
		out.OrAction = "ignore"
	}
	if len(s.OnDup) > 0 {
		c.unsupported(c.find("duplicate"), "ON DUPLICATE KEY UPDATE")
	}
	switch r := s.Rows.(type) {
	case sqlparser.Values:
		c.find("values")
		if len(r) == 1 && len(r[0]) == 0 && len(out.Columns) == 0 {
			return out // VALUES (): defaults
		}
		v := c.values(r)
		out.Query = &ast.Query{At: v.At, Body: v}
	case sqlparser.TableStatement:
		out.Query = c.query(r)
	default:
		c.unsupported(c.at, "this INSERT")
	}
	return out
}

func (c *converter) assignments(list sqlparser.UpdateExprs) []ast.Assignment {
	var out []ast.Assignment
	for _, u := range list {
		name := c.ident(u.Name.Name.String())
		out = append(out, ast.Assignment{At: name.At, Columns: []ast.Ident{name}, Value: c.number(c.expr(u.Expr))})
	}
	return out
}

func (c *converter) update(s *sqlparser.Update) ast.Statement {
	out := &ast.Update{At: ast.At(c.st.start), With: c.with(s.With)}
	if len(s.TableExprs) != 1 || len(s.OrderBy) > 0 || s.Limit != nil || bool(s.Ignore) {
		c.unsupported(out.At, "UPDATE of several tables, with ORDER BY, LIMIT or IGNORE,")
		return out
	}
	out.Table = c.tableRef(s.TableExprs[0])
	if _, ok := out.Table.(*ast.TableName); !ok {
		c.unsupported(out.At, "UPDATE of several tables")
	}
	out.Set = c.assignments(s.Exprs)
	if s.Where != nil {
		out.Where = c.expr(s.Where.Expr)
	}
	return out
}

func (c *converter) delete(s *sqlparser.Delete) ast.Statement {
	out := &ast.Delete{At: ast.At(c.st.start), With: c.with(s.With)}
	if len(s.TableExprs) != 1 || len(s.Targets) > 0 || len(s.Partitions) > 0 || len(s.OrderBy) > 0 || s.Limit != nil || bool(s.Ignore) {
		c.unsupported(out.At, "DELETE of several tables, with ORDER BY, LIMIT or IGNORE,")
		return out
	}
	out.Table = c.tableRef(s.TableExprs[0])
	if s.Where != nil {
		out.Where = c.expr(s.Where.Expr)
	}
	return out
}

func (c *converter) createView(s *sqlparser.CreateView) ast.Statement {
	out := &ast.CreateView{At: ast.At(c.st.start), Name: c.tableParts(s.ViewName), Columns: c.idents(s.Columns)}
	if s.IsReplace {
		out.Conflict = ast.CreateOrReplace
	}
	if s.CheckOption != "" {
		c.unsupported(out.At, "WITH CHECK OPTION")
	}
	out.Query = c.query(s.Select)
	return out
}

func (c *converter) drop(kind ast.ObjectKind, ifExists bool, names sqlparser.TableNames) ast.Statement {
	out := &ast.Drop{At: ast.At(c.st.start), Kind: kind, IfExists: ifExists}
	for _, n := range names {
		out.Names = append(out.Names, c.tableParts(n))
	}
	return out
}

// set converts SET name = value, of which a statement may hold only one.
func (c *converter) set(s *sqlparser.Set) ast.Statement {
	out := &ast.Set{At: ast.At(c.st.start)}
	if len(s.Exprs) != 1 {
		c.unsupported(out.At, "SET of several variables")
		return out
	}
	e := s.Exprs[0]
	name := e.Var.Name.String()
	at := c.find(name)
	out.Name = ast.Ident{At: at, Name: name}
	switch e.Var.Scope {
	case sqlparser.VariableScope:
		c.unsupported(at, "the user variable @%s", name)
	case sqlparser.GlobalScope:
		out.Scope = ast.ScopeGlobal
	case sqlparser.NoScope, sqlparser.SessionScope:
	default:
		c.unsupported(at, "this scope of SET")
	}
	out.Value = c.expr(e.Expr)
	return out
}

// show converts the SHOW statements that the engine answers.
func (c *converter) show(s *sqlparser.Show) ast.Statement {
	at := ast.At(c.st.start)
	b, ok := s.Internal.(*sqlparser.ShowBasic)
	if ok && b.Filter == nil {
		switch b.Command {
		case sqlparser.Table:
			out := &ast.Show{At: at, What: "tables"}
			if db := b.DbName.String(); db != "" {
				out.Name = []ast.Ident{c.ident(db)}
			}
			return out
		case sqlparser.Database, sqlparser.Keyspace:
			return &ast.Show{At: at, What: "schemas"}
		case sqlparser.Column:
			parts := c.tableParts(b.Tbl)
			if db := b.DbName.String(); db != "" && len(parts) == 1 {
				parts = append([]ast.Ident{c.ident(db)}, parts...)
			}
			return &ast.Describe{At: at, Table: &ast.TableName{At: parts[0].At, Parts: parts}}
		}
	}
	c.unsupported(at, "this SHOW")
	return nil
}
