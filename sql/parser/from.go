package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// fromList parses the comma-separated items of FROM.
func (p *parser) fromList() []ast.TableRef {
	var list []ast.TableRef
	for {
		list = append(list, p.tableRef())
		if !p.comma() || p.err != nil {
			return list
		}
	}
}

// tableRef parses an item of FROM with its joins.
func (p *parser) tableRef() ast.TableRef {
	outer := p.scope()
	left := p.tableJoins(p.tablePrimary())
	p.endScope(outer)
	return left
}

// tableJoins parses the joins and pivots that follow left.
func (p *parser) tableJoins(left ast.TableRef) ast.TableRef {
	for p.err == nil {
		switch p.tok.Keyword {
		case lexer.KwPivot, lexer.KwPivotWider:
			left = p.pivotItem(left)
		case lexer.KwUnpivot, lexer.KwPivotLonger:
			left = p.unpivotItem(left)
		default:
			if !p.atJoin() {
				return left
			}
			left = p.join(left)
		}
		p.grow()
	}
	return left
}

// atJoin reports whether a join starts here.
func (p *parser) atJoin() bool {
	switch p.tok.Keyword {
	case lexer.KwJoin, lexer.KwInner, lexer.KwLeft, lexer.KwRight, lexer.KwFull, lexer.KwCross, lexer.KwNatural,
		lexer.KwSemi, lexer.KwAnti, lexer.KwAsof, lexer.KwPositional:
		return true
	}
	return false
}

// join parses one join, from its first keyword to its condition.
func (p *parser) join(left ast.TableRef) ast.TableRef {
	j := &ast.Join{At: p.pos(), Left: left}
	j.Natural = p.acceptKw(lexer.KwNatural)
	j.Asof = p.acceptKw(lexer.KwAsof)
	switch p.tok.Keyword {
	case lexer.KwInner:
		p.advance()
	case lexer.KwLeft, lexer.KwRight, lexer.KwFull:
		j.Kind = map[lexer.Keyword]ast.JoinKind{lexer.KwLeft: ast.JoinLeft, lexer.KwRight: ast.JoinRight,
			lexer.KwFull: ast.JoinFull}[p.tok.Keyword]
		p.advance()
		p.acceptKw(lexer.KwOuter)
	case lexer.KwSemi:
		p.advance()
		j.Kind = ast.JoinSemi
	case lexer.KwAnti:
		p.advance()
		j.Kind = ast.JoinAnti
	case lexer.KwCross:
		p.advance()
		j.Kind = ast.JoinCross
	case lexer.KwPositional:
		p.advance()
		j.Kind = ast.JoinPositional
	}
	p.expectKw(lexer.KwJoin)
	j.Right = p.tablePrimary()
	if j.Natural || j.Kind == ast.JoinCross || j.Kind == ast.JoinPositional {
		return j
	}
	// a JOIN b JOIN c ON x ON y: the inner join is the right side of the outer
	for p.atJoin() && p.err == nil {
		if p.enter() {
			j.Right = p.join(j.Right)
		}
		p.leave()
		p.grow()
	}
	switch {
	case p.acceptKw(lexer.KwOn):
		j.On = p.expr()
	case p.acceptKw(lexer.KwUsing):
		j.Using = p.nameList()
	default:
		p.unexpected("ON or USING")
	}
	return j
}

// atPrefixAlias reports whether a name and a colon stand before the item.
func (p *parser) atPrefixAlias() bool {
	return (isName(p.tok) || p.tok.IsString()) && p.peek(1).Kind == lexer.Colon
}

// tablePrimary parses an item of FROM without the joins around it.
func (p *parser) tablePrimary() ast.TableRef {
	at := p.pos()
	if p.atPrefixAlias() {
		name := p.labelOrString()
		p.advance()
		if p.atPrefixAlias() {
			p.unexpected("a table")
			return nil
		}
		t := p.tablePrimary()
		setTableAlias(t, &ast.TableAlias{At: name.At, Name: name.Name})
		return t
	}
	lateral := p.acceptKw(lexer.KwLateral)
	switch {
	case p.at(lexer.LParen):
		return p.tableParens(at, lateral)
	case p.tok.IsString():
		t := &ast.FileTable{At: at, Path: p.stringValue()}
		t.Alias = p.tableAlias()
		t.Sample = p.tableSample()
		return t
	case p.atKw(lexer.KwValues) && p.peek(1).Kind == lexer.LParen:
		t := &ast.DerivedTable{At: at, Lateral: lateral, Query: &ast.Query{At: at, Body: p.values()}}
		t.Alias = p.tableAlias()
		return t
	case !isFunctionName(p.tok):
		p.unexpected("a table")
		return nil
	case p.tok.Kind == lexer.Ident && p.tok.Keyword.Category() == lexer.TypeFunction && p.peek(1).Kind != lexer.LParen &&
		p.peek(1).Kind != lexer.Dot:
		p.unexpected("a table")
		return nil
	}
	parts := p.objectName()
	if p.at(lexer.LParen) {
		t := &ast.TableFunction{At: at, Lateral: lateral, Call: p.call(at, parts)}
		nameArgs(t.Call)
		if p.acceptKws(lexer.KwWith, lexer.KwOrdinality) {
			t.Ordinality = true
		}
		t.Alias = p.tableAlias()
		t.Sample = p.tableSample()
		return t
	}
	t := &ast.TableName{At: at, Parts: parts}
	if p.atKw(lexer.KwAt) && p.peek(1).Kind == lexer.LParen {
		p.advance()
		open := p.advance()
		t.Version = &ast.TableVersion{At: p.pos(), Unit: lower(p.label().Name)}
		p.expect(lexer.FatArrow, `"=>"`)
		t.Version.Value = p.expr()
		p.close(lexer.RParen, `")"`, open)
	}
	t.Alias = p.tableAlias()
	t.Sample = p.tableSample()
	return t
}

// nameArgs turns the arguments name = value of a table function into named ones.
func nameArgs(c *ast.FuncCall) {
	for i, a := range c.Args {
		if cmp, ok := a.(*ast.Comparison); ok && cmp.Op == ast.OpEq {
			if col, ok := cmp.L.(*ast.ColumnRef); ok && len(col.Parts) == 1 {
				c.Args[i] = &ast.NamedArg{At: col.At, Name: col.Parts[0], Value: cmp.R}
			}
		}
	}
}

// tableParens parses a parenthesis in FROM: a subquery, a description, or joins.
func (p *parser) tableParens(at ast.At, lateral bool) ast.TableRef {
	q, t := p.tableOrQuery()
	if q != nil {
		d := &ast.DerivedTable{At: at, Query: q, Lateral: lateral}
		d.Alias = p.tableAlias()
		d.Sample = p.tableSample()
		return d
	}
	if t == nil {
		return nil
	}
	if a := p.tableAlias(); a != nil {
		switch t := t.(type) {
		case *ast.Join:
			t.Alias = a
		case *ast.StatementTable:
			t.Alias = a
		default:
			// (t) x: as a derived table, so that an alias within stays visible
			// to nobody else, as for a join
			return &ast.DerivedTable{At: at, Query: &ast.Query{At: at, Body: selectAll(at, t)}, Alias: a}
		}
	}
	return t
}

// tableOrQuery parses a parenthesis that holds either a query or table
// references; which one shows only after nested parentheses.
func (p *parser) tableOrQuery() (q *ast.Query, t ast.TableRef) {
	open := p.advance()
	defer p.leave()
	if !p.enter() {
		return nil, nil
	}
	outer := p.scope()
	defer p.endScope(outer)
	switch {
	case p.atQuery():
		q = p.query()
	case startsDescription(p.tok):
		t = &ast.StatementTable{At: p.pos(), Stmt: p.statement()}
	case p.parensOpenQuery():
		at := p.pos()
		q, t = p.tableOrQuery()
		switch {
		case q != nil && p.atQueryTail():
			q = p.queryAfter(q)
		case q != nil && p.at(lexer.RParen):
		case q != nil:
			d := &ast.DerivedTable{At: at, Query: q}
			d.Alias = p.tableAlias()
			d.Sample = p.tableSample()
			q, t = nil, p.tableJoins(d)
		case t != nil:
			t = p.tableJoins(t)
		}
	default:
		t = p.tableRef()
	}
	p.close(lexer.RParen, `")"`, open)
	return q, t
}

// setTableAlias sets the alias of a FROM item that was named before it.
func setTableAlias(t ast.TableRef, a *ast.TableAlias) {
	switch t := t.(type) {
	case *ast.TableName:
		t.Alias = a
	case *ast.FileTable:
		t.Alias = a
	case *ast.TableFunction:
		t.Alias = a
	case *ast.DerivedTable:
		t.Alias = a
	case *ast.StatementTable:
		t.Alias = a
	case *ast.Join:
		t.Alias = a
	}
}

// tableAlias parses [AS] name [(columns)]; nil when there is none.
func (p *parser) tableAlias() *ast.TableAlias {
	at := p.pos()
	var name string
	switch {
	case p.acceptKw(lexer.KwAs):
		name = p.labelOrName().Name
	case isName(p.tok):
		p.alias = p.tok
		name = p.take().Name
	case p.at(lexer.String):
		name = p.labelOrString().Name
	default:
		return nil
	}
	a := &ast.TableAlias{At: at, Name: name}
	if p.at(lexer.LParen) {
		a.Columns = p.nameList()
	}
	return a
}

// tableSample parses TABLESAMPLE; nil when there is none.
func (p *parser) tableSample() *ast.Sample {
	if !p.acceptKw(lexer.KwTablesample) {
		return nil
	}
	return p.sample()
}
