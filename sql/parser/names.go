package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// isName reports whether t may be the name of a column or table.
func isName(t lexer.Token) bool {
	switch t.Kind {
	case lexer.Ident:
		return t.Keyword.Category() <= lexer.ColumnName
	case lexer.QuotedIdent:
		return true
	}
	return false
}

// isFunctionName reports whether t may name a function or type.
func isFunctionName(t lexer.Token) bool {
	return t.Kind == lexer.QuotedIdent || t.Kind == lexer.Ident && t.Keyword.Category() != lexer.Reserved
}

// isLabel reports whether t may follow AS or a dot: any word.
func isLabel(t lexer.Token) bool { return t.Kind == lexer.Ident || t.Kind == lexer.QuotedIdent }

// take makes an identifier of the current token and moves on.
func (p *parser) take() ast.Ident {
	t := p.advance()
	return ast.Ident{At: ast.At(t.Start), Name: p.lex.IdentValue(t)}
}

// name reads the name of a column or table.
func (p *parser) name() ast.Ident {
	if !isName(p.tok) {
		p.unexpected("a name")
		return ast.Ident{}
	}
	return p.take()
}

// nameOrString reads the name of a column or table, which may be a string.
func (p *parser) nameOrString() ast.Ident {
	if p.tok.IsString() {
		return p.labelOrString()
	}
	return p.name()
}

// label reads any word as a name.
func (p *parser) label() ast.Ident {
	if !isLabel(p.tok) {
		p.unexpected("a name")
		return ast.Ident{}
	}
	return p.take()
}

// labelOrString reads a name that may be written as a string.
func (p *parser) labelOrString() ast.Ident {
	if p.tok.IsString() {
		t := p.tok
		id := ast.Ident{At: ast.At(t.Start), Name: p.stringValue()}
		if id.Name == "" && p.err == nil {
			p.fail(int(t.Start), sqlerr.CodeInvalidName, "a name must not be empty")
		}
		return id
	}
	return p.label()
}

// qualified reads name.name.name.
func (p *parser) qualified() []ast.Ident {
	parts := []ast.Ident{p.name()}
	for p.accept(lexer.Dot) {
		parts = append(parts, p.label())
	}
	return parts
}

// objectName is qualified that also takes function and type names and strings.
func (p *parser) objectName() []ast.Ident {
	var first ast.Ident
	switch {
	case p.tok.IsString():
		first = p.labelOrString()
	case isFunctionName(p.tok):
		first = p.take()
	default:
		first = p.name()
	}
	parts := []ast.Ident{first}
	for p.accept(lexer.Dot) {
		parts = append(parts, p.label())
	}
	return parts
}

// nameList reads (a, b, c), the parentheses included.
func (p *parser) nameList() []ast.Ident {
	open := p.expect(lexer.LParen, `"("`)
	var list []ast.Ident
	for {
		list = append(list, p.labelOrName())
		if !p.comma() {
			break
		}
	}
	p.close(lexer.RParen, `")"`, open)
	return list
}

// labelOrName reads a column name where strings are taken too.
func (p *parser) labelOrName() ast.Ident {
	if p.tok.IsString() {
		return p.labelOrString()
	}
	if isFunctionName(p.tok) {
		return p.take()
	}
	return p.name()
}

// comma moves over a comma and reports whether another element follows; a
// trailing comma is allowed before a closing bracket, a clause and the end.
func (p *parser) comma() bool {
	if !p.accept(lexer.Comma) {
		return false
	}
	switch p.tok.Kind {
	case lexer.RParen, lexer.RBracket, lexer.RBrace, lexer.EOF, lexer.Semicolon:
		return false
	case lexer.Ident:
		switch p.tok.Keyword {
		case lexer.KwFrom, lexer.KwWhere, lexer.KwGroup, lexer.KwHaving, lexer.KwOrder, lexer.KwLimit, lexer.KwQualify,
			lexer.KwWindow, lexer.KwUnion, lexer.KwExcept, lexer.KwIntersect, lexer.KwUsing, lexer.KwInto, lexer.KwOn:
			return false
		}
	}
	return true
}

// stringValue reads a string literal; strings that only a line break separates
// are one.
func (p *parser) stringValue() string {
	if !p.tok.IsString() {
		p.unexpected("a string")
		return ""
	}
	t := p.advance()
	value := p.lex.StringValue(t)
	for t.Kind != lexer.Dollar && p.tok.Kind == lexer.String && p.lineBreakBetween(t, p.tok) {
		t = p.advance()
		value += p.lex.StringValue(t)
	}
	return value
}

func (p *parser) lineBreakBetween(a, b lexer.Token) bool {
	for i := int(a.End); i < int(b.Start); i++ {
		if p.lex.Text()[i] == '\n' {
			return true
		}
	}
	return false
}
