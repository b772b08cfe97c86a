package format

import (
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
)

// statement prints queries, changes of data, and hands on the others.
func (p *printer) statement(s ast.Statement) {
	switch s := s.(type) {
	case *ast.Query:
		p.query(s)
	case *ast.Insert:
		p.insert(s)
	case *ast.Update:
		p.with(s.With)
		p.str("UPDATE ")
		p.table(s.Table)
		p.str(" SET ")
		p.assignments(s.Set)
		p.from(" FROM ", s.From)
		p.clause(" WHERE ", s.Where)
		p.returning(s.Returning)
	case *ast.Delete:
		p.with(s.With)
		p.str(pick(s.Truncate, "TRUNCATE ", "DELETE FROM "))
		p.table(s.Table)
		p.from(" USING ", s.Using)
		p.clause(" WHERE ", s.Where)
		p.returning(s.Returning)
	case *ast.Merge:
		p.merge(s)
	case *ast.Copy:
		p.str("COPY ")
		if s.Query != nil {
			p.str("(")
			p.statement(s.Query)
			p.str(")")
		} else {
			p.name(s.Table)
			p.optNames(s.Columns)
		}
		p.str(pick(s.From, " FROM ", " TO "))
		p.expr(s.Target)
		p.options(" ", s.Options)
	case *ast.Explain:
		p.str("EXPLAIN ")
		p.flag(s.Analyze, "ANALYZE ")
		opts := s.Options
		if s.Format != "" {
			opts = append([]ast.Option{{Name: "format", Value: word(string(s.Format))}}, opts...)
		}
		if len(opts) > 0 {
			p.options("", opts)
			p.str(" ")
		}
		p.statement(s.Stmt)
	default:
		if !p.definition(s) {
			p.session(s)
		}
	}
}

func word(s string) ast.Expr { return &ast.ColumnRef{Parts: []ast.Ident{{Name: s}}} }

func (p *printer) returning(items []ast.SelectItem) {
	if len(items) > 0 {
		p.str(" RETURNING ")
		p.items(items)
	}
}

func (p *printer) insert(s *ast.Insert) {
	p.with(s.With)
	p.str("INSERT ")
	if s.OrAction != "" {
		p.str("OR ", strings.ToUpper(s.OrAction), " ")
	}
	p.str("INTO ")
	p.name(s.Table)
	if s.Alias.Name != "" {
		p.str(" AS ")
		p.ident(s.Alias)
	}
	if len(s.Columns) > 0 {
		p.str(" ")
		p.names(s.Columns)
	}
	p.flag(s.ByName, " BY NAME")
	p.str(" ")
	if s.Query == nil {
		p.str("DEFAULT VALUES")
	} else {
		p.query(s.Query)
	}
	if c := s.OnConflict; c != nil {
		p.str(" ON CONFLICT")
		if len(c.Columns) > 0 {
			p.str(" ")
			p.names(c.Columns)
		}
		p.clause(" WHERE ", c.Where)
		if c.Update {
			p.str(" DO UPDATE SET ")
			p.assignments(c.Set)
			p.clause(" WHERE ", c.UpdateWhere)
		} else {
			p.str(" DO NOTHING")
		}
	}
	p.returning(s.Returning)
}

func (p *printer) assignments(set []ast.Assignment) {
	for i, a := range set {
		p.sep(i)
		if len(a.Columns) == 1 {
			p.ident(a.Columns[0])
		} else {
			p.names(a.Columns)
		}
		p.clause(" = ", a.Value)
	}
}

func (p *printer) merge(s *ast.Merge) {
	p.with(s.With)
	p.str("MERGE INTO ")
	p.table(s.Target)
	p.str(" USING ")
	p.table(s.Source)
	p.clause(" ON ", s.On)
	if len(s.Using) > 0 {
		p.str(" USING ")
		p.names(s.Using)
	}
	for i := range s.Actions {
		p.mergeAction(&s.Actions[i])
	}
	p.returning(s.Returning)
}

func (p *printer) mergeAction(a *ast.MergeAction) {
	p.str([...]string{" WHEN MATCHED", " WHEN NOT MATCHED", " WHEN NOT MATCHED BY SOURCE"}[a.Match])
	p.clause(" AND ", a.Cond)
	p.str(" THEN ")
	switch a.Do {
	case ast.MergeUpdate:
		p.str("UPDATE")
		p.flag(a.ByName, " BY NAME")
		if len(a.Set) > 0 {
			p.str(" SET ")
			p.assignments(a.Set)
		}
	case ast.MergeDelete:
		p.str("DELETE")
	case ast.MergeInsert:
		p.str("INSERT")
		p.flag(a.ByName, " BY NAME")
		if len(a.Columns) > 0 {
			p.str(" ")
			p.names(a.Columns)
		}
		if a.Defaults {
			p.str(" DEFAULT VALUES")
		} else if len(a.Values) > 0 {
			p.str(" VALUES (")
			p.exprs(a.Values)
			p.str(")")
		}
	case ast.MergeNothing:
		p.str("DO NOTHING")
	case ast.MergeError:
		p.str("ERROR")
		p.clause(" ", a.Message)
	}
}

// options prints (name value, ...) if there are any, after space.
func (p *printer) options(space string, list []ast.Option) {
	if len(list) == 0 {
		return
	}
	p.str(space, "(")
	for i, o := range list {
		p.sep(i)
		for j, part := range strings.Split(o.Name, ".") {
			p.flag(j > 0, ".")
			p.str(QuoteIdent(part))
		}
		p.clause(" ", o.Value)
	}
	p.str(")")
}

// session prints the statements of ast/session.go.
func (p *printer) session(s ast.Statement) {
	switch s := s.(type) {
	case *ast.Set:
		if s.Pragma {
			p.str("PRAGMA ")
		} else {
			p.str("SET ")
			p.scope(s.Scope)
		}
		p.setting(s.Name)
		p.str(" = ")
		if row, ok := s.Value.(*ast.Row); ok && !row.Explicit && s.Scope != ast.ScopeVariable {
			p.exprs(row.Elems)
		} else {
			p.expr(s.Value)
		}
	case *ast.Reset:
		p.str("RESET ")
		p.scope(s.Scope)
		if s.Name.Name == "" {
			p.str("ALL")
		} else {
			p.setting(s.Name)
		}
	case *ast.Pragma:
		p.str("PRAGMA ")
		p.setting(s.Name)
		list(p, "(", s.Args, p.expr)
	case *ast.Show:
		p.str("SHOW")
		if s.What != "" {
			p.str(" ", strings.ToUpper(s.What))
			p.flag(len(s.Name) > 0, " FROM")
		}
		if len(s.Name) > 0 {
			p.str(" ")
			p.name(s.Name)
		}
	case *ast.Describe:
		p.str("DESCRIBE")
		if s.Table != nil || s.Query != nil {
			p.str(" ")
		}
		p.table(s.Table)
		p.statement(s.Query)
	case *ast.Summarize:
		p.str("SUMMARIZE ")
		p.table(s.Table)
		p.query(s.Query)
	case *ast.Prepare:
		p.str("PREPARE ")
		p.ident(s.Name)
		list(p, "(", s.Types, p.typ)
		p.str(" AS ")
		p.statement(s.Stmt)
	case *ast.Execute:
		p.str("EXECUTE ")
		p.ident(s.Name)
		list(p, "(", s.Args, p.expr)
	case *ast.Deallocate:
		p.str("DEALLOCATE ")
		p.orAll(s.Name)
	case *ast.Transaction:
		p.str(s.Kind.String())
		p.flag(s.ReadOnly, " TRANSACTION READ ONLY")
		p.flag(s.ReadWrite, " TRANSACTION READ WRITE")
	case *ast.Use:
		p.str("USE ")
		p.name(s.Name)
	case *ast.Call:
		p.str("CALL ")
		p.call(s.Call)
	default:
		p.database(s)
	}
}

func (p *printer) orAll(id ast.Ident) {
	if id.Name == "" {
		p.str("ALL")
		return
	}
	p.ident(id)
}

func (p *printer) scope(s ast.SetScope) {
	if k := s.String(); k != "" {
		p.str(k, " ")
	}
}

// setting prints a name whose dots are part of it.
func (p *printer) setting(id ast.Ident) {
	for i, part := range strings.Split(id.Name, ".") {
		p.flag(i > 0, ".")
		p.str(QuoteIdent(part))
	}
}

// database prints the statements about whole databases.
func (p *printer) database(s ast.Statement) {
	switch s := s.(type) {
	case *ast.Attach:
		p.str("ATTACH ", [...]string{"", "OR REPLACE ", "IF NOT EXISTS "}[s.Conflict])
		p.expr(s.Path)
		if s.Name.Name != "" {
			p.str(" AS ")
			p.ident(s.Name)
		}
		p.options(" ", s.Options)
	case *ast.Detach:
		p.str("DETACH ", pick(s.IfExists, "DATABASE IF EXISTS ", ""))
		p.ident(s.Name)
	case *ast.Checkpoint:
		p.str(pick(s.Force, "FORCE CHECKPOINT", "CHECKPOINT"))
		if s.Name.Name != "" {
			p.str(" ")
			p.ident(s.Name)
		}
	case *ast.Vacuum:
		switch {
		case !s.Vacuum:
			p.str("ANALYZE")
		default:
			p.str("VACUUM", pick(s.Full, " FULL", ""), pick(s.Analyze, " ANALYZE", ""))
		}
		if len(s.Table) > 0 {
			p.str(" ")
			p.name(s.Table)
			p.optNames(s.Columns)
		}
	case *ast.Export:
		p.str("EXPORT DATABASE ")
		if s.Name.Name != "" {
			p.ident(s.Name)
			p.str(" TO ")
		}
		p.expr(s.Path)
		p.options(" ", s.Options)
	case *ast.Import:
		p.str("IMPORT DATABASE ")
		p.expr(s.Path)
	case *ast.Load:
		p.flag(s.Force, "FORCE ")
		p.str(pick(s.Install, "INSTALL ", "LOAD "), QuoteString(s.Name))
		if s.From != "" {
			p.str(" FROM ", QuoteString(s.From))
		}
	}
}
