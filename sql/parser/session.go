package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// sessionStatement parses the statements of ast/session.go; nil when the
// current token begins none.
func (p *parser) sessionStatement(at ast.At) ast.Statement {
	switch p.tok.Keyword {
	case lexer.KwExplain:
		return p.explain(at)
	case lexer.KwSet:
		return p.set(at)
	case lexer.KwReset:
		p.advance()
		r := &ast.Reset{At: at, Scope: p.setScope()}
		if !p.acceptKw(lexer.KwAll) {
			r.Name = p.settingName()
		}
		return r
	case lexer.KwPragma:
		return p.pragma(at)
	case lexer.KwShow, lexer.KwDescribe, lexer.KwDesc:
		return p.describe(at)
	case lexer.KwSummarize:
		p.advance()
		s := &ast.Summarize{At: at}
		if p.atQuery() || p.parensOpenQuery() {
			s.Query = p.query()
		} else {
			s.Table = p.describedTable()
		}
		return s
	case lexer.KwPrepare:
		return p.prepare(at)
	case lexer.KwExecute:
		p.advance()
		e := &ast.Execute{At: at, Name: p.name()}
		if p.at(lexer.LParen) {
			open := p.advance()
			e.Args = p.args()
			p.close(lexer.RParen, `")"`, open)
		}
		return e
	case lexer.KwDeallocate:
		p.advance()
		p.acceptKw(lexer.KwPrepare)
		d := &ast.Deallocate{At: at}
		if !p.acceptKw(lexer.KwAll) {
			d.Name = p.name()
		}
		return d
	case lexer.KwBegin, lexer.KwStart, lexer.KwCommit, lexer.KwEnd, lexer.KwRollback, lexer.KwAbort:
		return p.transaction(at)
	case lexer.KwUse:
		p.advance()
		return &ast.Use{At: at, Name: p.objectName()}
	case lexer.KwCall:
		p.advance()
		return &ast.Call{At: at, Call: p.call(p.pos(), p.objectName())}
	}
	return p.databaseStatement(at)
}

// databaseStatement parses the statements about whole databases.
func (p *parser) databaseStatement(at ast.At) ast.Statement {
	switch p.tok.Keyword {
	case lexer.KwAttach:
		return p.attach(at)
	case lexer.KwDetach:
		p.advance()
		p.acceptKw(lexer.KwDatabase)
		return &ast.Detach{At: at, IfExists: p.acceptKws(lexer.KwIf, lexer.KwExists), Name: p.labelOrName()}
	case lexer.KwCheckpoint:
		p.advance()
		return p.checkpoint(&ast.Checkpoint{At: at})
	case lexer.KwForce:
		switch p.peek(1).Keyword {
		case lexer.KwCheckpoint:
			p.advance()
			p.advance()
			return p.checkpoint(&ast.Checkpoint{At: at, Force: true})
		case lexer.KwInstall:
			p.advance()
			p.advance()
			return p.load(&ast.Load{At: at, Install: true, Force: true})
		}
	case lexer.KwVacuum, lexer.KwAnalyze, lexer.KwAnalyse:
		return p.vacuum(at)
	case lexer.KwExport:
		p.advance()
		p.expectKw(lexer.KwDatabase)
		e := &ast.Export{At: at}
		if !p.tok.IsString() {
			e.Name = p.name()
			p.expectKw(lexer.KwTo)
		}
		e.Path = p.pathLiteral()
		if p.at(lexer.LParen) {
			e.Options = p.optionList()
		}
		return e
	case lexer.KwImport:
		p.advance()
		p.expectKw(lexer.KwDatabase)
		return &ast.Import{At: at, Path: p.pathLiteral()}
	case lexer.KwLoad:
		p.advance()
		return p.load(&ast.Load{At: at})
	case lexer.KwInstall:
		p.advance()
		return p.load(&ast.Load{At: at, Install: true})
	}
	return nil
}

func (p *parser) pathLiteral() ast.Expr {
	return &ast.Literal{At: p.pos(), Kind: ast.LitString, Text: p.stringValue()}
}

func (p *parser) checkpoint(c *ast.Checkpoint) ast.Statement {
	if isName(p.tok) {
		c.Name = p.take()
	}
	return c
}

func (p *parser) load(l *ast.Load) ast.Statement {
	l.Name = p.labelOrString().Name
	if p.acceptKw(lexer.KwFrom) {
		l.From = p.labelOrString().Name
	}
	return l
}

func (p *parser) explain(at ast.At) ast.Statement {
	p.advance()
	e := &ast.Explain{At: at}
	if p.acceptKw(lexer.KwAnalyze) || p.acceptKw(lexer.KwAnalyse) {
		e.Analyze = true
	}
	p.acceptKw(lexer.KwVerbose)
	if p.at(lexer.LParen) && !p.parensOpenQuery() {
		for _, o := range p.optionList() {
			switch o.Name {
			case "analyze", "analyse":
				e.Analyze = true
			case "format":
				e.Format = ast.ExplainFormat(lower(optionText(o.Value)))
			default:
				e.Options = append(e.Options, o)
			}
		}
	}
	e.Stmt = p.statement()
	return e
}

// optionText is the text of a word or string; "" for anything else.
func optionText(v ast.Expr) string {
	switch v := v.(type) {
	case *ast.Literal:
		return v.Text
	case *ast.ColumnRef:
		return ast.Last(v.Parts).Name
	}
	return ""
}

func (p *parser) setScope() ast.SetScope {
	if k := p.peek(1).Kind; k == lexer.Eq || k == lexer.EOF || k == lexer.Semicolon || k == lexer.Dot ||
		p.peek(1).Keyword == lexer.KwTo {
		return ast.ScopeDefault // a setting of that name
	}
	switch {
	case p.acceptKw(lexer.KwSession):
		return ast.ScopeSession
	case p.acceptKw(lexer.KwGlobal):
		return ast.ScopeGlobal
	case p.acceptKw(lexer.KwLocal):
		return ast.ScopeLocal
	case p.acceptKw(lexer.KwVariable):
		return ast.ScopeVariable
	}
	return ast.ScopeDefault
}

// settingName reads a name with dots in it.
func (p *parser) settingName() ast.Ident {
	id := p.labelOrString()
	for p.accept(lexer.Dot) {
		id.Name += "." + p.label().Name
	}
	return id
}

func (p *parser) set(at ast.At) ast.Statement {
	p.advance()
	s := &ast.Set{At: at, Scope: p.setScope()}
	if p.acceptKws(lexer.KwTime, lexer.KwZone) {
		s.Name = ast.Ident{At: at, Name: "TimeZone"}
		s.Value = p.settingValue()
		return s
	}
	s.Name = p.settingName()
	if !p.accept(lexer.Eq) && !p.acceptKw(lexer.KwTo) && !p.accept(lexer.Assign) {
		if !s.Name.Is("schema") || !p.tok.IsString() {
			p.unexpected(`"=" or TO`)
			return s
		}
	}
	if s.Scope == ast.ScopeVariable {
		s.Value = p.expr()
		return s
	}
	s.Value = p.settingValue()
	return s
}

// settingValue parses one value or several separated by commas.
func (p *parser) settingValue() ast.Expr {
	first := p.optionValue()
	if !p.at(lexer.Comma) {
		return first
	}
	row := &ast.Row{At: ast.At(p.tok.Start), Elems: []ast.Expr{first}}
	for p.accept(lexer.Comma) {
		row.Elems = append(row.Elems, p.optionValue())
	}
	return row
}

func (p *parser) pragma(at ast.At) ast.Statement {
	p.advance()
	name := p.settingName()
	switch {
	case p.accept(lexer.Eq):
		return &ast.Set{At: at, Name: name, Value: p.settingValue(), Pragma: true}
	case p.at(lexer.LParen):
		open := p.advance()
		n := &ast.Pragma{At: at, Name: name, Args: p.args()}
		p.close(lexer.RParen, `")"`, open)
		return n
	}
	return &ast.Pragma{At: at, Name: name}
}

// describe parses DESCRIBE and SHOW with their many forms.
func (p *parser) describe(at ast.At) ast.Statement {
	show := p.advance().Keyword == lexer.KwShow
	switch {
	case p.atQuery() || p.parensOpenQuery():
		return &ast.Describe{At: at, Query: p.query()}
	case p.at(lexer.EOF), p.at(lexer.Semicolon), p.at(lexer.RParen):
		return &ast.Describe{At: at}
	case p.acceptKws(lexer.KwAll, lexer.KwTables):
		return &ast.Show{At: at, What: "all tables"}
	}
	if !show {
		return p.describeRest(at)
	}
	words := [...]string{"tables", "databases", "schemas", "columns", "variables", "functions", "settings", "extensions"}
	for _, w := range words {
		if !p.word(w) {
			continue
		}
		switch after := p.peek(1); {
		case after.Kind == lexer.EOF, after.Kind == lexer.Semicolon, after.Kind == lexer.RParen:
			p.advance()
			return &ast.Show{At: at, What: w}
		case after.Keyword == lexer.KwFrom, after.Keyword == lexer.KwIn:
			p.advance()
			p.advance()
			return &ast.Show{At: at, What: w, Name: p.objectName()}
		}
	}
	if p.acceptKws(lexer.KwTime, lexer.KwZone) {
		return &ast.Show{At: at, Name: []ast.Ident{{At: at, Name: "TimeZone"}}}
	}
	if p.acceptKws(lexer.KwTransaction, lexer.KwIsolation, lexer.KwLevel) {
		return &ast.Show{At: at, Name: []ast.Ident{{At: at, Name: "transaction_isolation"}}}
	}
	if p.tok.IsString() {
		return p.describeRest(at)
	}
	if s := p.describedStatement(); s != nil {
		return &ast.Describe{At: at, Query: s}
	}
	return &ast.Show{At: at, Name: p.objectName()}
}

func (p *parser) describeRest(at ast.At) ast.Statement {
	if p.word("tables") {
		switch p.peek(1).Kind {
		case lexer.EOF, lexer.Semicolon, lexer.RParen:
			p.advance()
			return &ast.Show{At: at, What: "tables"}
		}
	}
	if s := p.describedStatement(); s != nil {
		return &ast.Describe{At: at, Query: s}
	}
	return &ast.Describe{At: at, Table: p.describedTable()}
}

// describedStatement parses a change whose result is described; nil for none.
func (p *parser) describedStatement() ast.Statement {
	switch p.tok.Keyword {
	case lexer.KwInsert, lexer.KwUpdate, lexer.KwDelete:
		if k := p.peek(1).Kind; k == lexer.Ident || k == lexer.QuotedIdent {
			return p.statement()
		}
	case lexer.KwSummarize, lexer.KwDescribe, lexer.KwShow:
		return p.statement()
	}
	return nil
}

// describedTable parses a table by name or file, or a call.
func (p *parser) describedTable() ast.TableRef {
	if p.acceptKw(lexer.KwTable) && p.err != nil {
		return nil
	}
	return p.tablePrimary()
}

func (p *parser) prepare(at ast.At) ast.Statement {
	p.advance()
	n := &ast.Prepare{At: at, Name: p.name()}
	if p.at(lexer.LParen) {
		open := p.advance()
		for p.err == nil {
			n.Types = append(n.Types, p.typeName())
			if !p.comma() {
				break
			}
		}
		p.close(lexer.RParen, `")"`, open)
	}
	p.expectKw(lexer.KwAs)
	n.Stmt = p.statement()
	return n
}

func (p *parser) transaction(at ast.At) ast.Statement {
	t := &ast.Transaction{At: at}
	switch p.advance().Keyword {
	case lexer.KwStart:
		p.expectKw(lexer.KwTransaction)
	case lexer.KwCommit, lexer.KwEnd:
		t.Kind = ast.Commit
	case lexer.KwRollback, lexer.KwAbort:
		t.Kind = ast.Rollback
	}
	if !p.acceptKw(lexer.KwTransaction) {
		p.acceptKw(lexer.KwWork)
	}
	if t.Kind == ast.Begin && p.acceptKw(lexer.KwRead) {
		if p.acceptKw(lexer.KwOnly) {
			t.ReadOnly = true
		} else {
			p.expectKw(lexer.KwWrite)
			t.ReadWrite = true
		}
	}
	return t
}

func (p *parser) attach(at ast.At) ast.Statement {
	p.advance()
	a := &ast.Attach{At: at}
	if p.acceptKws(lexer.KwOr, lexer.KwReplace) {
		a.Conflict = ast.CreateOrReplace
	}
	p.acceptKw(lexer.KwDatabase)
	if p.acceptKws(lexer.KwIf, lexer.KwNot, lexer.KwExists) {
		a.Conflict = ast.CreateIfNotExists
	}
	a.Path = p.expr()
	if p.acceptKw(lexer.KwAs) {
		a.Name = p.labelOrName()
	}
	if p.at(lexer.LParen) {
		a.Options = p.optionList()
	}
	return a
}

func (p *parser) vacuum(at ast.At) ast.Statement {
	v := &ast.Vacuum{At: at}
	if p.advance().Keyword == lexer.KwVacuum {
		v.Vacuum = true
		v.Full = p.acceptKw(lexer.KwFull)
		if p.acceptKw(lexer.KwAnalyze) || p.acceptKw(lexer.KwAnalyse) {
			v.Analyze = true
		}
	} else {
		v.Analyze = true
	}
	p.acceptKw(lexer.KwVerbose)
	if isName(p.tok) {
		v.Table = p.qualified()
		if p.at(lexer.LParen) {
			v.Columns = p.nameList()
		}
	}
	return v
}
