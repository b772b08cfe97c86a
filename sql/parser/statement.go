package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// statement parses one statement.
func (p *parser) statement() ast.Statement {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	if p.tok.Kind == lexer.LParen {
		if p.parensOpenQuery() {
			return p.query()
		}
		p.unexpected("a statement")
		return nil
	}
	at := p.pos()
	switch p.tok.Keyword {
	case lexer.KwSelect, lexer.KwFrom, lexer.KwValues, lexer.KwTable, lexer.KwPivot, lexer.KwUnpivot,
		lexer.KwPivotWider, lexer.KwPivotLonger:
		return p.query()
	case lexer.KwWith:
		return p.withStatement(at)
	case lexer.KwInsert:
		return p.insert(at, nil)
	case lexer.KwUpdate:
		return p.update(at, nil)
	case lexer.KwDelete, lexer.KwTruncate:
		return p.delete(at, nil)
	case lexer.KwMerge:
		return p.merge(at, nil)
	case lexer.KwCreate:
		return p.create(at)
	case lexer.KwDrop:
		return p.drop(at)
	case lexer.KwAlter:
		return p.alter(at)
	case lexer.KwComment:
		return p.comment(at)
	case lexer.KwCopy:
		return p.copy(at)
	}
	if s := p.sessionStatement(at); s != nil || p.err != nil {
		return s
	}
	return p.unknownStatement()
}

// unknownStatement fails, with a hint when the word is nearly a statement.
func (p *parser) unknownStatement() ast.Statement {
	hint := p.misspelt(p.tok, statementWords)
	p.unexpected("a statement")
	if p.err != nil && hint != "" {
		p.err.Hint = hint
	}
	return nil
}

// withStatement parses WITH ... and the query or change it belongs to.
func (p *parser) withStatement(at ast.At) ast.Statement {
	outer := p.scope()
	defer p.endScope(outer)
	w := p.with()
	switch p.tok.Keyword {
	case lexer.KwInsert:
		return p.insert(at, w)
	case lexer.KwUpdate:
		return p.update(at, w)
	case lexer.KwDelete:
		return p.delete(at, w)
	case lexer.KwMerge:
		return p.merge(at, w)
	}
	q := &ast.Query{At: at, With: w}
	q.Body = p.setOps(nil, false)
	return p.queryTail(q)
}

// optionList parses (name value, name = value, ...).
func (p *parser) optionList() []ast.Option {
	open := p.expect(lexer.LParen, `"("`)
	var list []ast.Option
	for !p.at(lexer.RParen) && p.err == nil {
		o := ast.Option{At: p.pos(), Name: lower(p.labelOrString().Name)}
		for p.accept(lexer.Dot) {
			o.Name += "." + lower(p.label().Name)
		}
		if !p.accept(lexer.Eq) {
			p.acceptKw(lexer.KwAs)
		}
		if !p.at(lexer.Comma) && !p.at(lexer.RParen) {
			o.Value = p.optionValue()
		}
		list = append(list, o)
		if !p.comma() {
			break
		}
	}
	p.close(lexer.RParen, `")"`, open)
	return list
}

// optionValue parses a value, where any single word is one too.
func (p *parser) optionValue() ast.Expr {
	if p.tok.Kind == lexer.Ident && p.tok.Keyword != lexer.NotKeyword {
		switch after := p.peek(1); after.Kind {
		case lexer.Comma, lexer.RParen, lexer.EOF, lexer.Semicolon:
			switch p.tok.Keyword {
			case lexer.KwTrue, lexer.KwFalse, lexer.KwNull, lexer.KwDefault:
			default:
				id := p.take()
				return &ast.ColumnRef{At: id.At, Parts: []ast.Ident{id}}
			}
		}
	}
	return p.expr()
}

// withOptions parses WITH (options) if it is there.
func (p *parser) withOptions() []ast.Option {
	if p.atKw(lexer.KwWith) && p.peek(1).Kind == lexer.LParen {
		p.advance()
		return p.optionList()
	}
	return nil
}
