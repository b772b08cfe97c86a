package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

func (p *parser) insert(at ast.At, w *ast.With) ast.Statement {
	p.advance()
	n := &ast.Insert{At: at, With: w}
	if p.acceptKw(lexer.KwOr) {
		switch {
		case p.acceptKw(lexer.KwReplace):
			n.OrAction = "replace"
		case p.acceptKw(lexer.KwIgnore):
			n.OrAction = "ignore"
		default:
			p.unexpected("REPLACE or IGNORE")
		}
	}
	p.expectKw(lexer.KwInto)
	n.Table = p.qualified()
	if p.acceptKw(lexer.KwAs) {
		n.Alias = p.labelOrName()
	}
	if p.acceptKws(lexer.KwBy, lexer.KwName) {
		n.ByName = true
	} else {
		p.acceptKws(lexer.KwBy, lexer.KwPosition)
	}
	if p.at(lexer.LParen) && !p.parensOpenQuery() {
		n.Columns = p.nameList()
	}
	if p.acceptKw(lexer.KwOverriding) {
		if !p.acceptKw(lexer.KwUser) {
			p.expectKw(lexer.KwSystem)
		}
		p.expectKw(lexer.KwValue)
	}
	if p.acceptKws(lexer.KwBy, lexer.KwName) {
		n.ByName = true
	} else {
		p.acceptKws(lexer.KwBy, lexer.KwPosition)
	}
	if len(n.Columns) > 0 || !p.acceptKws(lexer.KwDefault, lexer.KwValues) {
		n.Query = p.query()
	}
	if p.atKw(lexer.KwOn) {
		n.OnConflict = p.onConflict()
	}
	n.Returning = p.returning()
	return n
}

func (p *parser) returning() []ast.SelectItem {
	if !p.acceptKw(lexer.KwReturning) {
		return nil
	}
	return p.selectItems()
}

func (p *parser) onConflict() *ast.ConflictClause {
	c := &ast.ConflictClause{At: p.pos()}
	p.advance()
	p.expectKw(lexer.KwConflict)
	if p.at(lexer.LParen) {
		c.Columns = p.nameList()
	}
	if p.acceptKw(lexer.KwWhere) {
		c.Where = p.expr()
	}
	p.expectKw(lexer.KwDo)
	if p.acceptKw(lexer.KwNothing) {
		return c
	}
	p.expectKw(lexer.KwUpdate)
	p.expectKw(lexer.KwSet)
	c.Update = true
	c.Set = p.assignments()
	if p.acceptKw(lexer.KwWhere) {
		c.UpdateWhere = p.expr()
	}
	return c
}

// assignments parses a = x, (b, c) = (y, z).
func (p *parser) assignments() []ast.Assignment {
	var set []ast.Assignment
	for {
		a := ast.Assignment{At: p.pos()}
		if p.at(lexer.LParen) {
			a.Columns = p.nameList()
		} else {
			a.Columns = []ast.Ident{p.labelOrName()}
		}
		p.expect(lexer.Eq, `"="`)
		a.Value = p.expr()
		set = append(set, a)
		if !p.comma() || p.err != nil {
			return set
		}
	}
}

// target parses the table that a statement changes, with its alias.
func (p *parser) target() ast.TableRef {
	t := &ast.TableName{At: p.pos(), Parts: p.qualified()}
	if p.atKw(lexer.KwAs) || isName(p.tok) && !p.atKw(lexer.KwSet) {
		t.Alias = p.tableAlias()
	}
	return t
}

func (p *parser) update(at ast.At, w *ast.With) ast.Statement {
	p.advance()
	n := &ast.Update{At: at, With: w, Table: p.target()}
	p.expectKw(lexer.KwSet)
	n.Set = p.assignments()
	if p.acceptKw(lexer.KwFrom) {
		n.From = p.fromList()
	}
	if p.acceptKw(lexer.KwWhere) {
		n.Where = p.expr()
	}
	n.Returning = p.returning()
	return n
}

func (p *parser) delete(at ast.At, w *ast.With) ast.Statement {
	n := &ast.Delete{At: at, With: w}
	if p.advance().Keyword == lexer.KwTruncate {
		p.acceptKw(lexer.KwTable)
		n.Truncate = true
		n.Table = p.target()
		return n
	}
	p.expectKw(lexer.KwFrom)
	n.Table = p.target()
	if p.acceptKw(lexer.KwUsing) {
		n.Using = p.fromList()
	}
	if p.acceptKw(lexer.KwWhere) {
		n.Where = p.expr()
	}
	n.Returning = p.returning()
	return n
}

func (p *parser) merge(at ast.At, w *ast.With) ast.Statement {
	p.advance()
	n := &ast.Merge{At: at, With: w}
	p.expectKw(lexer.KwInto)
	n.Target = p.target()
	p.expectKw(lexer.KwUsing)
	n.Source = p.tableRef()
	if p.acceptKw(lexer.KwOn) {
		n.On = p.expr()
	} else {
		p.expectKw(lexer.KwUsing)
		n.Using = p.nameList()
	}
	for p.atKw(lexer.KwWhen) && p.err == nil {
		n.Actions = append(n.Actions, p.mergeAction())
	}
	if len(n.Actions) == 0 {
		p.unexpectedKw(lexer.KwWhen)
	}
	n.Returning = p.returning()
	return n
}

func (p *parser) mergeAction() ast.MergeAction {
	a := ast.MergeAction{At: p.pos()}
	p.advance()
	if p.acceptKw(lexer.KwNot) {
		a.Match = ast.WhenNotMatchedByTarget
	}
	p.expectKw(lexer.KwMatched)
	if a.Match == ast.WhenNotMatchedByTarget && p.acceptKw(lexer.KwBy) {
		if p.acceptKw(lexer.KwSource) {
			a.Match = ast.WhenNotMatchedBySource
		} else if !p.acceptWord("target") {
			p.unexpected("SOURCE or TARGET")
		}
	}
	if p.acceptKw(lexer.KwAnd) {
		a.Cond = p.expr()
	}
	p.expectKw(lexer.KwThen)
	switch {
	case p.acceptKw(lexer.KwUpdate):
		a.Do = ast.MergeUpdate
		a.ByName = p.acceptKws(lexer.KwBy, lexer.KwName)
		if p.acceptKw(lexer.KwSet) && !p.accept(lexer.Star) {
			a.Set = p.assignments()
		}
	case p.acceptKw(lexer.KwDelete):
		a.Do = ast.MergeDelete
	case p.acceptKw(lexer.KwInsert):
		p.mergeInsert(&a)
	case p.acceptKw(lexer.KwDo):
		p.expectKw(lexer.KwNothing)
		a.Do = ast.MergeNothing
	case p.acceptWord("error"):
		a.Do = ast.MergeError
		if !p.atKw(lexer.KwWhen) && !p.at(lexer.EOF) && !p.at(lexer.Semicolon) && !p.atKw(lexer.KwReturning) {
			a.Message = p.expr()
		}
	default:
		p.unexpected("UPDATE, DELETE, INSERT, DO NOTHING or ERROR")
	}
	return a
}

func (p *parser) mergeInsert(a *ast.MergeAction) {
	a.Do = ast.MergeInsert
	a.ByName = p.acceptKws(lexer.KwBy, lexer.KwName)
	if p.accept(lexer.Star) {
		return
	}
	if p.at(lexer.LParen) {
		a.Columns = p.nameList()
	}
	if p.acceptKws(lexer.KwDefault, lexer.KwValues) {
		a.Defaults = true
	} else if p.acceptKw(lexer.KwValues) {
		open := p.expect(lexer.LParen, `"("`)
		a.Values = p.exprList(nil)
		p.close(lexer.RParen, `")"`, open)
	}
}

// copy parses COPY in both directions, with options in either style.
func (p *parser) copy(at ast.At) ast.Statement {
	p.advance()
	n := &ast.Copy{At: at}
	if p.at(lexer.LParen) {
		open := p.advance()
		n.Query = p.statement()
		p.close(lexer.RParen, `")"`, open)
	} else {
		if p.atKw(lexer.KwFrom) {
			p.unsupported(p.tok, "COPY FROM DATABASE")
			return n
		}
		if p.tok.IsString() { // COPY 'file' TO ...
			file := &ast.FileTable{At: p.pos(), Path: p.stringValue()}
			n.Query = &ast.Query{At: file.At, Body: selectAll(file.At, file)}
		} else {
			n.Table = p.qualified()
		}
		if n.Table != nil && p.at(lexer.LParen) {
			n.Columns = p.nameList()
		}
	}
	if n.Query == nil && p.acceptKw(lexer.KwFrom) {
		n.From = true
	} else {
		p.expectKw(lexer.KwTo)
	}
	if isName(p.tok) && !p.atKw(lexer.KwProgram) && p.peek(1).Kind != lexer.LParen && p.peek(1).Kind != lexer.Concat {
		id := p.take() // COPY t TO stdout, or a bare file name
		parts := []ast.Ident{id}
		for p.accept(lexer.Dot) {
			parts = append(parts, p.label())
		}
		n.Target = &ast.ColumnRef{At: id.At, Parts: parts}
	} else {
		n.Target = p.exprPrec(precOp)
	}
	p.acceptKw(lexer.KwWith)
	if p.at(lexer.LParen) {
		n.Options = p.optionList()
		return n
	}
	for isLabel(p.tok) && p.err == nil {
		o := ast.Option{At: p.pos(), Name: lower(p.take().Name)}
		p.acceptKw(lexer.KwAs)
		if p.tok.IsString() || isNumber(p.tok) || p.atKw(lexer.KwTrue) || p.atKw(lexer.KwFalse) {
			o.Value = p.primary()
		} else if p.at(lexer.LParen) {
			o.Value = p.primary()
		}
		n.Options = append(n.Options, o)
	}
	return n
}
